"""The board in Chromium: `python -m tests.bench.bench_browser FILE [BRANCH] [TIMES]` (budget B4).

FILE is a database that tests.bench.fill has made, of at least 300 measures. Prints the bytes of a first visit, when the
board is painted, elements a card, and how long a drop takes until the answer's card stands in its place: refused, with
a review opened, and sent back with the reason asked for. Everything runs on this machine; medians of TIMES (20).
"""

import gzip
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from govapp.data.measures import Card, Measure
from tests import databases
from tests.bench.bench_web import LEAD, keys, withdraw
from tests.bench.served import Client, Served, server

CHROMIUM = os.environ.get("GOVAPP_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# When the number of cards last changed, told in the frame after the one that painted them.
_PAINTED = """
window.bench = { cards: 0, painted: 0 };
const look = () => {
  const cards = document.getElementsByClassName("mc").length;
  if (cards !== bench.cards) {
    bench.cards = cards;
    requestAnimationFrame(() => { bench.painted = performance.now(); });
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_TIMES = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  byte: performance.getEntriesByType("navigation")[0].responseStart,
  loaded: performance.getEntriesByType("navigation")[0].loadEventEnd,
  cards: bench.cards, painted: bench.painted,
})"""
# Beginning with the next release of the pointer or, `click`, with the next click. Where the answer only asks for a
# reason, the same card is put back and the dialog ends the wait.
_WATCH = """([key, begin, asks]) => {
  const find = () => document.querySelector(`:is(#board, #intake) .mc[data-card="${key}"]`);
  const old = find();
  const bench = (window.bench = {});
  addEventListener(begin, () => { bench.began = performance.now(); }, { capture: true, once: true });
  new MutationObserver((_, observer) => {
    const card = find();
    const one = (name) => document.querySelector(name);
    const there = asks ? one("dialog:modal") : card !== old && !one("#arrivals .mc");
    if (!bench.began || !card || !there) return;
    observer.disconnect();
    bench.placed = performance.now() - bench.began;
    bench.column = card.closest("[data-column]")?.dataset.column;
    Promise.all(card.getAnimations().map((one) => one.finished)).then(() => {
      bench.still = performance.now() - bench.began;
      bench.dialog = Boolean(document.querySelector("dialog:modal"));
    });
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["open"] });
}"""
_CARDS = """() => [...document.querySelectorAll("#board .mc")].map((card) => card.querySelectorAll("*").length + 1)"""


def milliseconds(what: str, took: list[float]) -> None:
    """One line: median, 95th percentile and worst."""
    took = sorted(took)
    if took:
        print(f"{what:48} p50 {median(took):7.1f} ms  p95 {took[ceil(len(took) * 0.95) - 1]:7.1f}"
              f"  worst {took[-1]:7.1f}  ({len(took)} times)", flush=True)  # fmt: skip


def until(page: Page, true: str) -> None:
    """Wait in steps; the policy of the pages forbids what `wait_for_function` does."""
    end = time.monotonic() + 20
    while not page.evaluate(true):
        if time.monotonic() > end:
            raise AssertionError((true, page.evaluate("() => window.bench")))
        page.wait_for_timeout(10)


@contextmanager
def visitor(browser: Browser, served: Served, client: Client, **options: Any) -> Iterator[BrowserContext]:
    """A browser of its own, with an empty cache, signed in."""
    here = f"http://127.0.0.1:{served.port}"
    context = browser.new_context(base_url=here, viewport={"width": 1440, "height": 900}, **options)
    context.add_cookies([{"name": n, "value": v, "url": here} for n, v in client.cookies.items()])
    yield context
    context.close()


def bytes_of_a_visit(context: BrowserContext, address: str) -> None:
    """Every file of a first visit, as sent and as gzip would make it; the application itself does not compress."""
    page, answers = context.new_page(), list[Response]()
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright sets an attribute on it
    page.goto(address, wait_until="networkidle")
    raw = zipped = 0
    for answer in answers:
        body = answer.body()
        small = len(gzip.compress(body, 6))
        path = urlsplit(answer.url).path
        print(f"{path:48} {len(body) / 1000:7.1f} kB  gzip {small / 1000:6.1f} kB", flush=True)
        if not path.startswith("/board"):
            raw, zipped = raw + len(body), zipped + small
    print(f"{'all assets':48} {raw / 1000:7.1f} kB  gzip {zipped / 1000:6.1f} kB", flush=True)
    found = page.evaluate(_CARDS)
    whole = page.evaluate("document.querySelectorAll('*').length")
    print(
        f"{'elements a card':48} median {median(found):.0f}, most {max(found)}; {len(found)} cards, page {whole}"
    )


def painted(page: Page, address: str) -> dict[str, float]:
    """When things were there after the start of the navigation, in ms."""
    page.goto(address, wait_until="load")
    until(page, "() => bench.painted > 0 && performance.now() > bench.painted + 100")
    found: dict[str, float] = page.evaluate(_TIMES)
    return found | {"painted": max(found["painted"], found["first"])}


def visits(browser: Browser, served: Served, client: Client, address: str, times: int) -> None:
    """First visits with an empty cache, then returning ones."""
    first, again = [], []
    for _ in range(times):
        with visitor(browser, served, client) as context:
            context.add_init_script(_PAINTED)
            page = context.new_page()
            first.append(painted(page, address))
            again.append(painted(page, address))
    for name, found in (("first visit", first), ("later visit", again)):
        for what, key in (
            ("first byte", "byte"),
            ("first contentful paint", "first"),
            ("all cards painted", "painted"),
        ):
            milliseconds(f"{name}, {what}", [one[key] for one in found])


def drag(page: Page, key: str, stage: str) -> None:
    """Take a card by its handle, in the middle of the window, and drop it beside on another column."""
    card = page.locator(f'#board [data-card="{key}"]')
    card.evaluate('one => one.scrollIntoView({ block: "center", behavior: "instant" })')
    page.wait_for_timeout(100)
    grip, target = (
        card.locator(".grip").bounding_box(),
        page.locator(f'[data-column="{stage}"]').bounding_box(),
    )
    if not grip or not target:
        raise AssertionError(f"{key} or {stage} is not on the board")
    x, y = grip["x"] + 12, grip["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 10, steps=4)
    page.mouse.move(
        target["x"] + target["width"] / 2, y + 120, steps=8
    )  # below its head, which grows by a sentence
    page.wait_for_timeout(250)  # a hand takes longer; the hints of the columns are there by then
    page.mouse.up()


def settled(page: Page, column: str) -> dict[str, Any]:
    """What the page noted; raises when the card came to stand elsewhere."""
    until(page, "() => bench.still !== undefined")
    found: dict[str, Any] = page.evaluate("() => bench")
    if found["column"] != column:
        raise AssertionError(found)
    return found


class Drops:
    """Drops on one board, each after a fresh load; the uppermost fitting card of the column is taken."""

    def __init__(self, page: Page, address: str, times: int) -> None:
        self.page, self.address, self.times = page, address, times
        self.took: dict[str, list[float]] = {}
        page.add_init_script("history.scrollRestoration = 'manual'")

    def note(self, what: str, found: dict[str, Any]) -> None:
        """Keep a reading."""
        for end in ("placed", "still"):
            self.took.setdefault(
                f"{what}, {'answer in place' if end == 'placed' else 'and at rest'}", []
            ).append(found[end])

    def shown(self, column: str, among: list[str]) -> list[str]:
        """Cards of a column on a fresh page that are among these."""
        self.page.goto(self.address, wait_until="load")
        cards = self.page.locator(f"#cards-{column} .mc:has(.grip)")
        return [
            key for key in cards.evaluate_all("all => all.map((card) => card.dataset.card)") if key in among
        ]

    def drop(self, key: str, to: str, stands: str, what: str, asks: bool = False) -> dict[str, Any]:
        """One drop, from the release of the pointer."""
        self.page.evaluate(_WATCH, [key, "pointerup", asks])
        drag(self.page, key, to)
        found = settled(self.page, stands)
        self.note(what, found)
        return found

    def refused(self) -> None:
        """Into a gate whose criteria are not met; the dialog opens."""
        lacking = keys("defined", Card.missing > 0, limit=10**6)
        for _ in range(self.times):
            key = self.shown("defined", lacking)[0]
            if not self.drop(key, "identified", "defined", "drop refused")["dialog"]:
                raise AssertionError("no dialog")

    def asked(self) -> None:
        """Into a gate with deciders: accepted, the card waits where it stands. The review is withdrawn each time."""
        for _ in range(self.times):
            ready = keys("defined", Card.missing == 0, Card.review_id.is_(None), limit=10**6)
            key = self.shown("defined", ready)[0]
            self.drop(key, "identified", "defined", "drop accepted, review opened")
            withdraw([key])

    def sent_back(self) -> None:
        """To an earlier stage: the drop asks for the reason, giving it moves the card."""
        for _ in range(self.times):
            found = self.shown("identified", keys("identified", Measure.state == "active", limit=10**6))
            if not found:
                return
            self.drop(found[0], "defined", "identified", "drop sent back, reason asked for", asks=True)
            self.page.fill("dialog [name=reason]", "The baseline was counted wrongly")
            self.page.evaluate(_WATCH, [found[0], "click", False])
            self.page.click("dialog .btn-primary")
            self.note("reason given, card moved", settled(self.page, "defined"))


def main() -> None:
    """Measure everything once."""
    where = sys.argv[1]
    branch = sys.argv[2] if len(sys.argv) > 2 else "service-quality"
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    url, address = f"sqlite:///{where}", f"/board?branch={branch}"
    databases.use(databases.open_engine(url), databases.ROOT / "var" / "bench-files")
    with server("wsgi:app", GOVAPP_DATABASE_URL=url) as served, sync_playwright() as playwright:
        client = Client(served.port).sign_in(LEAD)
        client.ask("GET", address)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with visitor(browser, served, client) as context:
            bytes_of_a_visit(context, address)
        visits(browser, served, client, address, times)
        for calm in (False, True):
            print("without gliding (prefers-reduced-motion)" if calm else "with gliding (120 ms)")
            with visitor(
                browser, served, client, reduced_motion="reduce" if calm else "no-preference"
            ) as context:
                drops = Drops(context.new_page(), address, times)
                drops.refused()
                drops.asked()
                drops.sent_back()
                for what, took in drops.took.items():
                    milliseconds(what, took)
        browser.close()


if __name__ == "__main__":
    main()
