"""What the machine itself must have: system packages by apt, and the libraries WeasyPrint loads."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
LOG = VAR / "setup.log"

PANGO = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"]
# Any one name of each row will do: Linux, macOS, macOS with Homebrew.
_PANGO_FILES = (
    ("libpango-1.0.so.0", "libpango-1.0.dylib", "/opt/homebrew/lib/libpango-1.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "/opt/homebrew/lib/libpangoft2-1.0.dylib"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib", "/opt/homebrew/lib/libharfbuzz-subset.0.dylib"),
)


class SetupError(Exception):
    """Something the person has to mend; the text is the one line that says what."""


def say(text: str) -> None:
    """Print one line for the person at once."""
    print(text, flush=True)


def make_var() -> None:
    """Make the private folder of everything this installation keeps."""
    VAR.mkdir(mode=0o700, exist_ok=True)


def logged(command: list[str], env: dict[str, str] | None = None) -> bool:
    """Run a command with its output in var/setup.log; true when it ended well."""
    make_var()
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=ROOT)
    return done.returncode == 0


def last_line() -> str:
    """The last line with words in var/setup.log, for a message."""
    lines = [line.strip() for line in LOG.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _apt() -> list[str] | None:
    """The beginning of an apt-get command this user may run without being asked unexpectedly, or None."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    sudo = shutil.which("sudo")
    if not sudo:
        return None
    if subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n", "apt-get"]
    if sys.stdin.isatty() and sys.stdout.isatty():
        say("sudo may ask for your password to install system packages.")
        if subprocess.run([sudo, "-v"]).returncode == 0:
            return [sudo, "-n", "apt-get"]
    return None


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages as root or with sudo; false when that is not possible here."""
    apt = _apt()
    if apt is None:
        return False
    say(f"Installing system packages: {' '.join(packages)}")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    if logged(install, env):
        return True
    logged([*apt, "update"], env)
    return logged(install, env)


def by_hand(packages: list[str]) -> str:
    """The command a person types to install Debian packages, or the names where there is no apt."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install {' '.join(packages)}"
    if sys.platform == "darwin":
        return "brew install pango"
    return f"install the packages {' '.join(packages)} (Debian's names)"


def has_pango() -> bool:
    """True when the libraries WeasyPrint needs can be loaded."""
    return all(any(_loads(name) for name in names) for names in _PANGO_FILES)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def ensure_pango() -> bool:
    """Install Pango where missing, trying only once per installation; true when PDF can be made."""
    if has_pango():
        return True
    tried = VAR / "pango-tried"
    if not tried.exists():
        apt_install(PANGO)
        tried.touch()
    return has_pango()
