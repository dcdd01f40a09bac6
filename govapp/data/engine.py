"""SQLite and PostgreSQL behave alike here: how transactions begin, pragmas, and short read transactions."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from govapp.data.runtime import current
from govapp.data.writers import WritersQueue, turn

BUSY_MILLISECONDS = 2500
WRITE = "govapp_write"
_LOCK_TIMEOUT = "55P03"
_RETRIED_STATES = {"40001", "40P01", _LOCK_TIMEOUT}


def prepare(engine: Engine) -> None:
    """Set pragmas and let transactions begin where we say: BEGIN IMMEDIATE for writes, BEGIN for reads (R14)."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _bound_waiting)
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "cache_size=-8000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _bound_waiting(connection: Any, record: Any) -> None:
    """PostgreSQL waits for a lock as long as SQLite does (R14)."""
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_MILLISECONDS}")
    connection.autocommit = before


@contextmanager
def reading() -> Iterator[Session]:
    """One short read transaction; only frozen values should leave it."""
    with current().engine.connect() as connection, Session(connection, autoflush=False) as session:
        yield session


@contextmanager
def write_session() -> Iterator[Session]:
    """A session in a fresh write transaction, committed at the end, rolled back whole on any exception (R11).

    On SQLite writers take turns first: its own waiting is unfair (budgets.md, Known from trials).
    Raises WritersQueue when it is not their turn in time.
    """
    engine = current().engine
    if engine.dialect.name != "sqlite":
        with (
            engine.connect() as connection,
            Session(connection, autoflush=False) as session,
            connection.begin(),
        ):
            yield session
            session.flush()
        return
    with (
        turn(engine.url.database, BUSY_MILLISECONDS / 1000),
        engine.connect().execution_options(**{WRITE: True}) as connection,
        connection.begin(),
        Session(connection, autoflush=False) as session,
    ):
        yield session
        session.flush()


def hold(session: Session, *names: str) -> None:
    """Hold names until the transaction ends, waiting while another has one: for what has no row to lock yet.

    SQLite's writers take turns anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(cast(:names AS text[])) AS name"
        session.execute(text(lock), {"names": sorted(set(names))})


def among(session: Session, column: ColumnElement[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Clause: the column holds one of any number of ids, which go as one value; a list of marks has an end."""
    if session.get_bind().dialect.name == "postgresql":
        return column == func.any(bindparam(None, list(ids), ARRAY(BigInteger)))
    held = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(held.c.value))


def worth_retrying(error: DBAPIError) -> bool:
    """True for lock and serialization failures, after which the whole transaction may be tried again."""
    if getattr(error.orig, "sqlstate", None) in _RETRIED_STATES:
        return True
    return is_busy(error)


def is_busy(error: BaseException) -> bool:
    """True when the database gave up waiting for a lock."""
    if not isinstance(error, OperationalError):
        return False
    locked = any(word in str(error.orig) for word in ("locked", "busy"))
    return locked or getattr(error.orig, "sqlstate", None) == _LOCK_TIMEOUT


def ping() -> None:
    """Ask the database for one row; raises when it does not answer."""
    with current().engine.connect() as connection:
        connection.execute(text("SELECT 1"))


__all__ = [
    "WritersQueue", "among", "hold", "is_busy", "ping", "prepare", "reading", "worth_retrying", "write_session",
]  # fmt: skip
