"""bin/test: installs what the tests need, then lint and types, then every test. Its last line is pytest's summary."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from _check import check
from _setup import PYTHON, VENV, ensure_frontend, ensure_packages, ensure_venv
from _system import PANGO, ROOT, SetupError, apt_install, by_hand, has_pango, logged, say

# A command that must be there -> the Debian package that brings it.
_COMMANDS = {"pdftotext": "poppler-utils", "qpdf": "qpdf", "fc-list": "fontconfig", "git": "git"}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FONTS = {"Liberation Sans": "fonts-liberation", "DejaVu Sans": "fonts-dejavu-core"}


def browser() -> str | None:
    """The system's Chromium, or the one that was fetched into .venv. Ubuntu's is a snap, which no test can drive."""
    for name in _BROWSERS:
        path = shutil.which(name)
        if path and not os.path.realpath(path).startswith("/snap/") and _is_no_snap_stub(Path(path)):
            return path
    fetched = sorted(VENV.glob("browsers/chromium-*/chrome-linux*/chrome"))
    return str(fetched[-1]) if fetched else None


def _is_no_snap_stub(path: Path) -> bool:
    with path.open("rb") as file:
        return b"snap" not in file.read(2048)


def missing_packages() -> list[str]:
    """Debian packages the tests need and the machine lacks."""
    wanted = [package for command, package in _COMMANDS.items() if not shutil.which(command)]
    if not has_pango():
        wanted += [package for package in PANGO if package not in wanted]
    known = ""
    if shutil.which("fc-list"):
        known = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True).stdout
    wanted += [package for family, package in _FONTS.items() if family not in known and package not in wanted]
    if browser() is None:
        wanted.append("chromium")
    return wanted


def ensure_browser() -> None:
    """Where apt has no Chromium a test can drive (Ubuntu), let Playwright fetch one into .venv."""
    if browser() is None:
        say("Fetching Chromium for the browser tests")
        env = dict(os.environ, PLAYWRIGHT_BROWSERS_PATH=str(VENV / "browsers"))
        logged([str(PYTHON), "-m", "playwright", "install", "--with-deps", "chromium"], env)


def set_up() -> None:
    """Install everything the tests need. Raises SetupError with the command to type where that is not possible here."""
    ensure_venv()
    ensure_packages("runtime", "test")
    ensure_frontend(with_tests=True)
    wanted = missing_packages()
    plain = [package for package in wanted if package != "chromium"]
    if plain:
        apt_install(plain)
    if "chromium" in wanted:  # apart: where apt has none, the others must not fail with it
        apt_install(["chromium"])
    ensure_browser()
    lacking = missing_packages()
    if lacking:
        raise SetupError(f"Tests need more of this machine: {by_hand(lacking)}")


def main(arguments: list[str]) -> int:
    """Set up, check, test. The exit status is pytest's, or 1 when only lint or types are wrong."""
    env = dict(os.environ, PYTHONUNBUFFERED="1")
    if "--long" in arguments:
        arguments = [argument for argument in arguments if argument != "--long"]
        env["GOVAPP_TEST_LONG"] = "1"
    try:
        set_up()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    env["GOVAPP_TEST_CHROMIUM"] = browser() or ""
    unclean = check()
    command = [str(PYTHON), "-m", "pytest"]
    if not any(argument.startswith("-n") for argument in arguments):
        command += ["-n", "2"]
    return subprocess.run([*command, *arguments], cwd=ROOT, env=env).returncode or unclean


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
