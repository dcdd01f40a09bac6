"""bin/run: sets everything up, then starts database, Valkey, web server, workers and clock under one supervisor."""

import argparse
import errno
import fcntl
import hashlib
import http.client
import ipaddress
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import _setup
from _supervise import Child, Supervisor, read_procfile
from _system import PANGO, ROOT, VAR, SetupError, by_hand, ensure_pango, make_var, say

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_LONGEST_SOCKET = 100  # the kernel takes 107 bytes
_SEEDED = VAR / "demo-seeded"


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description="Set govapp up where needed, start everything, stop everything with Ctrl-C.",
    )
    parser.add_argument(
        "--demo", action="store_true", help="demonstration: fills an empty database, one-click sign-in"
    )
    parser.add_argument("--host", help="address to listen on (GOVAPP_HOST; default 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, help="port to listen on, 0 for any free one (GOVAPP_PORT; default 8000)"
    )
    parser.add_argument(
        "--setup-only", action="store_true", help="set up and bring the database up to date, start nothing"
    )
    return parser.parse_args()


def claim() -> int:
    """Take the lock of this installation; it ends with this process. Raises SetupError when govapp runs already."""
    make_var()
    lock = os.open(VAR / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.read(lock, 200).decode().strip() or "another process"
        raise SetupError(
            f"govapp runs already in this folder ({who}): stop it first, or use another checkout."
        ) from None
    return lock


def announce(lock: int, text: str) -> None:
    """Leave in the lock file who holds it."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def free_port(host: str, port: int) -> int:
    """The port when it can be listened on (0: any free one). Raises SetupError with what to do when not."""
    if not 0 <= port <= 65535:
        raise SetupError(f"{port} is no port number: choose one from 1024 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            return int(trial.getsockname()[1])
    except PermissionError:
        raise SetupError(
            f"Port {port} needs more rights than this user has: choose one above 1023."
        ) from None
    except socket.gaierror:
        raise SetupError(f"{host} is no address of this machine: choose another with --host.") from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise SetupError(f"{host} is no address of this machine: choose another with --host.") from None
        raise SetupError(
            f"Port {port} on {host} is taken by another program: choose another with bin/run --port {port + 1}."
        ) from None


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address (the default one when empty), or None for another database."""
    if not url:
        return VAR / "govapp.db"
    if not url.startswith("sqlite"):
        return None
    return ROOT / url.partition(":///")[2].partition("?")[0]


def ask_sqlite(file: Path | None, query: str) -> object:
    """The first value of a query on the SQLite database; None without file, table or row."""
    if file is None or not file.exists():
        return None
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            row = connection.execute(query).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    return row[0] if row else None


def newest_migration() -> str | None:
    """The migration no other one follows."""
    texts = [path.read_text("utf-8") for path in (ROOT / "migrations" / "versions").glob("*.py")]
    name = r"^{}\b[^=\n]*=\s*[\"']([^\"']+)[\"']"
    known = {match[1] for text in texts if (match := re.search(name.format("revision"), text, re.MULTILINE))}
    followed = {
        match[1] for text in texts if (match := re.search(name.format("down_revision"), text, re.MULTILINE))
    }
    heads = known - followed
    return heads.pop() if len(heads) == 1 else None


def migrate(file: Path | None, env: dict[str, str]) -> None:
    """Bring the database up to date; a SQLite database that already is costs no time."""
    version = ask_sqlite(file, "SELECT version_num FROM alembic_version")
    if version is not None and version == newest_migration():
        return
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if version is None:
            _SEEDED.unlink(missing_ok=True)
    say("Bringing the database up to date")
    done = _setup.flask("db", "upgrade", env=env)
    if done.returncode:
        raise SetupError(f"The database could not be brought up to date: {_last(done.stderr or done.stdout)}")


def seed(url: str, env: dict[str, str]) -> None:
    """Fill an empty database with the demonstration; a seeding that was interrupted goes on."""
    mark = hashlib.sha256(url.encode()).hexdigest()
    if _SEEDED.exists() and _SEEDED.read_text("utf-8") == mark:
        return
    say("Filling the database with the demonstration programme (this takes a while the first time)")
    command = [str(_setup.PYTHON), "-m", "flask", "--app", "wsgi", "seed", "demo"]
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SetupError("The demonstration could not be filled in; the reason stands above.")
    _SEEDED.write_text(mark, "utf-8")


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def _valkey_socket() -> Path:
    """The socket of the embedded Valkey: under var/, or in a short private folder where that path is too long."""
    path = VAR / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    folder = (
        Path(tempfile.gettempdir())
        / f"govapp-{os.getuid()}-{hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]}"
    )
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise SetupError(f"{folder} belongs to someone else: remove it, or set GOVAPP_REDIS_URL.")
    return folder / "valkey.sock"


def children(settings: dict[str, str], env: dict[str, str]) -> tuple[list[Child], list[Child]]:
    """What starts at once (Valkey first, then the web server) and what starts when the first page is there."""
    embedded = not settings.get("GOVAPP_REDIS_URL")
    if embedded:
        path = _valkey_socket()
        env |= {"GOVAPP_VALKEY_SOCKET": str(path), "GOVAPP_VALKEY_LOG": str(VAR / "valkey.log")}
        if path.parent != VAR:
            env["GOVAPP_REDIS_URL"] = f"unix://{path}"
    commands = read_procfile(ROOT / "Procfile", env)
    if not embedded:
        del commands["valkey"]
    workers = int(settings.get("GOVAPP_JOB_WORKERS") or 1)
    first = [Child(name, commands[name], env, ROOT) for name in ("valkey", "web") if name in commands]
    later = [Child("clock", commands["clock"], env, ROOT)]
    later += [
        Child("worker" if workers == 1 else f"worker.{number}", commands["worker"], env, ROOT)
        for number in range(1, workers + 1)
    ]
    return first, later


def _own_address(host: str) -> str:
    """Where this machine reaches a server that listens on the host: 'every address' is none to connect to."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not number.is_unspecified:
        return host
    return "127.0.0.1" if number.version == 4 else "::1"


def answers(host: str, port: int) -> bool:
    """True when the web server gives its first page."""
    target = _own_address(host)
    connection = http.client.HTTPConnection(target, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def environment(asked: argparse.Namespace, settings: dict[str, str]) -> tuple[dict[str, str], str, int]:
    """The environment of all processes, with host and port as they will be."""
    host = asked.host or settings.get("GOVAPP_HOST") or "127.0.0.1"
    if asked.demo and host not in _LOOPBACK:
        raise SetupError(
            f"The demonstration lets anyone in with one click, so it runs only on 127.0.0.1, not on {host}."
        )
    text = settings.get("GOVAPP_PORT") or "8000"
    if asked.port is None and not text.isdecimal():
        raise SetupError(f"GOVAPP_PORT is {text!r}, which is no number.")
    port = free_port(host, int(text) if asked.port is None else asked.port)
    path = f"{_setup.VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = dict(os.environ, PATH=path, PYTHONUNBUFFERED="1", GOVAPP_HOST=host, GOVAPP_PORT=str(port))
    env.setdefault("MALLOC_ARENA_MAX", "2")  # a heap for every thread would double what a web process holds
    if asked.demo:
        env["GOVAPP_ENV"] = "demo"
    return env, host, port


def run(asked: argparse.Namespace) -> int:
    """Set up, then supervise until stopped. Returns the exit status."""
    lock = claim()
    settings = _setup.read_settings()
    asked.demo = asked.demo or settings.get("GOVAPP_ENV") == "demo"
    env, host, port = environment(asked, settings)
    announce(lock, f"process {os.getpid()}, port {port}")
    _setup.ensure_venv()
    _setup.ensure_packages("runtime")
    _setup.ensure_frontend()
    pdf = ensure_pango()
    os.umask(0o077)
    file = sqlite_file(settings.get("GOVAPP_DATABASE_URL", ""))
    _setup.ensure_settings(file)
    migrate(file, env)
    if asked.demo:
        seed(settings.get("GOVAPP_DATABASE_URL", ""), env)
    if not pdf:
        say(
            f"PDF reports are off (Pango is missing): {by_hand(PANGO)}. The rest runs; reports are printable pages."
        )
    if asked.setup_only:
        return 0
    address = settings.get("GOVAPP_BASE_URL") or f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def started() -> None:
        say(f"\ngovapp runs at {address}")
        if asked.demo:
            say(f"Sign in as anyone of the demonstration with one click: {address}/sign-in")
        elif file is None or not ask_sqlite(file, "SELECT 1 FROM person LIMIT 1"):
            token = _setup.flask("user", "setup-token", env=env)
            say(token.stdout.strip() if token.returncode == 0 else f"Sign in: {address}/sign-in")
        else:
            say(f"Sign in: {address}/sign-in")
        say("Ctrl-C stops everything.\n")

    first, later = children(settings, env)
    try:
        status = Supervisor(first, later, lambda: answers(host, port), started).run()
    finally:
        own = Path(env.get("GOVAPP_VALKEY_SOCKET", "")).parent
        if own.name.startswith("govapp-"):
            shutil.rmtree(own, ignore_errors=True)
    if status:
        raise SetupError("govapp could not start; the reason stands above.")
    say("govapp has stopped.")
    return status


def main() -> int:
    """Run, with every trouble the person can mend in one line."""
    try:
        return run(arguments())
    except SetupError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
