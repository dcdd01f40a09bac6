"""Makes the two pictures of the README from a running demonstration: `.venv/bin/python bin/_pictures.py http://127.0.0.1:8000`."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent.parent / "docs"
OWNER = "lucia.fernandez@example.com"
LEADER = "ingrid.halvorsen@example.com"
COLOURS = 96


def save(picture: bytes, name: str, width: int) -> None:
    """Scale, reduce to a small palette and write."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(HERE / name, optimize=True)
    print(f"{name}: {(HERE / name).stat().st_size // 1024} kB")


def sign_in(page: Page, address: str, email: str) -> None:
    """One-click sign-in of the demonstration."""
    page.goto(f"{address}/sign-in")
    page.locator(f'[data-demo-person="{email}"] button').click()
    page.wait_for_load_state()


def board(page: Page, address: str) -> None:
    """The board with a refusal."""
    sign_in(page, address, OWNER)
    page.goto(f"{address}/board?branch=OI&owner=me")
    page.locator('[data-card="M-135"] button').first.click()
    page.wait_for_selector("dialog[open]")
    page.wait_for_timeout(300)
    save(page.screenshot(), "board-refused.png", 1200)


def dossier(page: Page, address: str) -> None:
    """The first page of a measure dossier, made by the job."""
    page.context.clear_cookies()
    sign_in(page, address, LEADER)
    page.goto(f"{address}/reports?kind=dossier&measure=M-101")
    page.locator('form[action="/reports"] button').first.click()
    page.wait_for_selector('[data-report-state="ready"]', timeout=60_000)
    href = page.locator('a[href$="/file"]').first.get_attribute("href")
    answer = page.request.get(f"{address}{href}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dossier.pdf"
        file.write_bytes(answer.body())
        subprocess.run(
            ["pdftoppm", "-r", "80", "-f", "1", "-l", "1", "-png", file, f"{folder}/page"], check=True
        )
        save(next(Path(folder).glob("page*.png")).read_bytes(), "dossier.png", 620)


def main(address: str) -> None:
    """Both pictures."""
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        board(page, address)
        dossier(page, address)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
