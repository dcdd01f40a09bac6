"""Reads the history in order and fast, as the texts its macs cover."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, String, bindparam, func, select, type_coerce
from sqlalchemy.exc import DBAPIError

from govapp.data.audit import Anchor, AuditHead, AuditLog
from govapp.data.runtime import current
from govapp.domain.chain import COVERED, ROWS_DIGEST
from govapp.domain.events import Event

TABLE = AuditLog.__table__


ChainRow = tuple[list[str], str | None, str]
"""The texts the mac covers, first those of COVERED in its order, the payload, the mac. Plain: millions are read."""

SEQUENCE, PAYLOAD_DIGEST, KEY_ID, PREVIOUS_MAC = (
    COVERED.index(name) for name in ("sequence", "payload_digest", "key_id", "previous_mac")
)
_AT = COVERED.index("at")
_NUMBERS = tuple(COVERED.index(name) for name in ("actor_id", "on_behalf_of", "measure_id", "branch_id"))


class UnreadableRow(Exception):
    """A row whose bytes are no text any more."""


@contextmanager
def unmoving() -> Iterator[Connection]:
    """A read transaction that sees one state of the database throughout, also on PostgreSQL."""
    engine = current().engine
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def rows_after(connection: Connection, chain: str, sequence: int, limit: int) -> list[ChainRow]:
    """The next rows of a chain. Raises UnreadableRow when the very first of them cannot be read as text."""
    statement, moment = _statement(connection.dialect.name)
    try:
        found = connection.execute(statement, {"chain": chain, "after": sequence, "most": limit}).all()
    except (DBAPIError, UnicodeDecodeError) as error:
        if limit == 1:
            raise UnreadableRow(str(sequence + 1)) from error
        return rows_after(connection, chain, sequence, 1 if limit < 50 else limit // 10)
    return [_row(row, moment) for row in found]


def _statement(dialect: str) -> tuple[Select[Any], Callable[[Any], str]]:
    """Times come as SQLite stores them: making datetimes and taking them apart again would be half the work."""
    at: Any = type_coerce(TABLE.c.at, String) if dialect == "sqlite" else TABLE.c.at
    columns = [at if name == "at" else TABLE.c[name] for name in COVERED]
    statement = (
        select(*columns, TABLE.c[ROWS_DIGEST], TABLE.c.payload, TABLE.c.mac)
        .where(TABLE.c.chain == bindparam("chain"), TABLE.c.sequence > bindparam("after"))
        .order_by(TABLE.c.sequence)
        .limit(bindparam("most"))
    )
    return statement, _sqlite_time if dialect == "sqlite" else _utc_time


def _sqlite_time(stored: Any) -> str:
    return f"{stored[:10]}T{stored[11:]}+00:00" if isinstance(stored, str) else str(stored)


def _utc_time(stored: datetime) -> str:
    return stored.astimezone(UTC).isoformat(timespec="microseconds")


def _row(row: Any, moment: Callable[[Any], str]) -> ChainRow:
    *texts, rows_digest, payload, mac = row
    texts[SEQUENCE] = str(texts[SEQUENCE])
    texts[_AT] = moment(texts[_AT])
    for place in _NUMBERS:
        value = texts[place]
        texts[place] = "-" if value is None else str(value)
    if rows_digest is not None:
        texts.append(rows_digest)
    return texts, payload, mac


def head_of(connection: Connection, chain: str) -> tuple[int, str] | None:
    """Sequence and mac of the head row, or None."""
    row = connection.execute(
        select(AuditHead.sequence, AuditHead.mac).where(AuditHead.chain == chain)
    ).first()
    return None if row is None else (row.sequence, row.mac)


def anchors_of(connection: Connection, chain: str) -> dict[int, str]:
    """The macs this database itself remembers having anchored, by sequence."""
    rows = connection.execute(select(Anchor.sequence, Anchor.mac).where(Anchor.chain == chain))
    return {row.sequence: row.mac for row in rows}


def redacted_by_log(connection: Connection) -> list[str]:
    """Payloads of the acts that redacted others."""
    where = (AuditLog.event == str(Event.PAYLOAD_REDACTED), AuditLog.payload.is_not(None))
    return list(connection.scalars(select(AuditLog.payload).where(*where)))


def rows_in(connection: Connection, chain: str) -> int:
    """How many rows a chain has, for progress: its head says so."""
    return connection.scalar(select(func.max(AuditHead.sequence)).where(AuditHead.chain == chain)) or 0
