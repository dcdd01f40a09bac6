"""What the factories have made once is put back instead of made again, where a test begins as another one did.

Bringing a measure to a stage takes a dozen verbs, and hundreds of tests begin with the same ones. A call of a factory
decorated with `remembered` is known by its arguments and by all such calls before it, as long as nobody else wrote into
the database. The second time it is met, what it left behind (rows, stored files, what it returned) is kept; from the
third time on it is put back. The rows are those that the verbs wrote; only their times are up to ten minutes old.
Nothing is put back under another clock or where a test patches the program.
"""

import functools
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import text

from govapp.data.runtime import current
from tests import databases
from tests.support.reuse import Rows, changed, read_rows, write_rows

P = ParamSpec("P")
T = TypeVar("T")

_AGE = 600.0  # seconds
_ZONE = ZoneInfo("Europe/Berlin")
_CLOCK = time.time() - time.perf_counter()  # what a test's own clock leaves alone


@dataclass
class _World:
    """What a call left behind: the file or the rows, the stored files, the answer, and when.

    On PostgreSQL the rows are those of the tables that may not be as the template has them.
    """

    rows: Path | Rows
    files: Path | None
    answer: Any
    at: float


class Worlds:
    """What is remembered in this process, and where the database of the running test stands."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], _World] = {}
        self.met: set[tuple[str, ...]] = set()
        self.path: tuple[str, ...] = ()
        self.state: object = None
        self.depth = 0
        self.since: Rows | None = None
        self.written: set[str] | None = set()  # tables that may not be as the template has them; None: any
        self.folder: TemporaryDirectory[str] | None = None
        self.numbers = count(1)

    def begin(self, template: str, since: Rows | None) -> None:
        """The process's database is a fresh copy of a template, on PostgreSQL with these rows."""
        self.since, self.written = since, set()
        with current().engine.connect() as connection:  # from here on SQLite has an index of its log
            connection.execute(text("SELECT count(*) FROM person"))
        self.path, self.state = (template,), _state()

    def forget(self) -> None:
        """Nothing is known about the process's database."""
        self.path = ()

    def call(self, make: Callable[[], Any], name: str) -> Any:
        """Make something, or put back what it left behind the last time."""
        if self.depth or not self.path or not _untouched_clock() or self.state != _state():
            return make()
        runtime = current()
        key = (*self.path, runtime.audit_key_id, runtime.timezone, str(runtime.upload_quota), name)
        found = self.kept.get(key)
        if found and _recent(found.at):
            _put_back(found)
            answer = found.answer
            self.written = set(found.rows.tables) if isinstance(found.rows, Rows) else set()
        else:
            self.depth += 1
            try:
                answer = make()
            finally:
                self.depth -= 1
            if key in self.met:
                self.kept[key] = self._keep(answer)
            else:
                self.written = None
            self.met.add(key)
        self.path, self.state = key, _state()
        return answer

    def clear(self) -> None:
        """Let go of everything that was kept; the process ends."""
        self.kept.clear()
        if self.folder:
            self.folder.cleanup()

    def _keep(self, answer: Any) -> _World:
        self.folder = self.folder or TemporaryDirectory(prefix="govapp-worlds-")
        place, files, at = Path(self.folder.name) / str(next(self.numbers)), current().files, time.time()
        kept = shutil.copytree(files, place / "files") if files.exists() else None
        if self.since is None:
            place.mkdir(exist_ok=True)
            databases.copy_file(_file(), place / "world.db")
            return _World(place / "world.db", kept, answer, at)
        now = read_rows(_url())
        rows = now if self.written is None else changed(now, self.since, self.written)
        self.written = set(rows.tables)
        return _World(rows, kept, answer, at)


worlds = Worlds()


def remembered(make: Callable[P, T]) -> Callable[P, T]:
    """Decorate a factory that does the same to the same database whenever its arguments are the same."""

    @functools.wraps(make)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        name = f"{make.__module__}.{make.__name__}{args!r}{sorted(kwargs.items())!r}"
        answer: T = worlds.call(lambda: make(*args, **kwargs), name)
        return answer

    return call


def _untouched_clock() -> bool:
    return abs(time.time() - time.perf_counter() - _CLOCK) < 2


def _recent(at: float) -> bool:
    before, now = (datetime.fromtimestamp(moment, _ZONE) for moment in (at, time.time()))
    return time.time() - at < _AGE and before.date() == now.date()


def _state() -> object:
    """What changes with every transaction that writes."""
    engine = current().engine
    if engine.dialect.name == "sqlite":
        # of the log's index: the number of changes, the number of pages, salts and sums
        return Path(f"{engine.url.database}-shm").read_bytes()[8:48]
    with engine.connect() as connection:
        return connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")).scalar_one()


def _put_back(world: _World) -> None:
    if world.files:
        shutil.copytree(world.files, current().files, dirs_exist_ok=True)
    if isinstance(world.rows, Path):
        databases.copy_file(world.rows, _file())
    else:
        write_rows(_url(), world.rows)


def _url() -> str:
    return current().engine.url.render_as_string(hide_password=False)


def _file() -> Path:
    return Path(str(current().engine.url.database))
