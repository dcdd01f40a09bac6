"""Databases for tests: migrated once a process with the cast in them, then copied for each test."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url

from govapp.config import ROOT
from govapp.data import engine as storage
from govapp.data.runtime import Runtime, configure
from tests.support import servers
from tests.support.reuse import Pool, Rows

AUDIT_KEY = "a key of the history used in tests, 0123456789"
SECRET_KEY = "a key for cookies and tokens in tests, 0123456789"
KEY_ID = "k1"
ZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Template:
    """Where copies come from: the URL of a database nobody is connected to."""

    url: str

    @property
    def file(self) -> Path | None:
        """SQLite's file."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite") else None


_made: dict[str, Engine] = {}


def open_engine(url: str) -> Engine:
    """An engine as create_app makes it."""
    engine = share_statements(create_engine(url))
    storage.prepare(engine)
    return engine


def share_statements(engine: Engine) -> Engine:
    """Let statements made for one copy of a database serve the next one too.

    SQLAlchemy keeps them by engine, and making them anew for each test took a fifth of the time of all tests.
    """
    first = _made.setdefault(engine.dialect.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


def use(engine: Engine, files: Path) -> Engine:
    """Make this the database of the process."""
    configure(Runtime(engine, {KEY_ID: AUDIT_KEY.encode()}, KEY_ID, files, ZONE))
    return engine


def migrate(engine: Engine, to: str = "head") -> None:
    """Run the migrations on an open engine."""
    config = Config(str(ROOT / "migrations" / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.connect().execution_options(govapp_write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def new_template(dialect: str, folder: Path, fill: Callable[[], None]) -> Template:
    """A migrated database, filled by `fill()` while it is the process's own."""
    file = folder / f"template-{uuid4().hex[:8]}.db"
    template = Template(f"sqlite:///{file}" if dialect == "sqlite" else servers.postgres_url())
    engine = use(open_engine(template.url), folder / "files")
    migrate(engine)
    fill()
    if dialect == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return template


def copy_of(template: Template, folder: Path) -> str:
    """URL of a fresh copy."""
    if template.file is None:
        return _pool(str(make_url(template.url).database)).take()
    shutil.copyfile(template.file, folder / "test.db")
    return f"sqlite:///{folder / 'test.db'}"


def copy_file(source: Path, target: Path) -> None:
    """SQLite's own copy, which takes what is in the log along and is safe while others have the target open."""
    here, there = sqlite3.connect(source), sqlite3.connect(target)
    there.execute("PRAGMA synchronous = OFF")
    here.backup(there)
    there.close()
    here.close()


_pools: dict[str, Pool] = {}


def _pool(template: str) -> Pool:
    return _pools.setdefault(template, Pool(template))


def rows_of(url: str) -> Rows | None:
    """What a copy on PostgreSQL held when it was made; None for SQLite's."""
    return next((pool.original(url) for pool in _pools.values() if url in pool.used), None)


def drop(url: str) -> None:
    """Give a copy back; SQLite's goes with its folder."""
    for pool in _pools.values():
        if url in pool.used:
            pool.give(url)
            return
