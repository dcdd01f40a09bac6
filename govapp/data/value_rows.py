"""Amounts of effect lines as plain rows, read and written many at once: as objects they cost ten times as much."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from govapp.data.engine import among
from govapp.data.finance import DRAFT, EffectValue
from govapp.data.types import canonical

NAME = EffectValue.__tablename__
_TABLE: Any = EffectValue.__table__


class ValueRow(NamedTuple):
    """A row of `effect_value`, its columns by name; the amount in minor units, `hands` as a tuple."""

    id: int
    measure_id: int
    line_id: int
    series: str
    month: date | None
    plan_version: int
    amount: int
    standing: str = ""
    hands: tuple[int, ...] = ()
    source: str = ""
    late_on: date | None = None


# kind of each column on PostgreSQL, in the order of ValueRow
_KINDS = ("bigint", "bigint", "bigint", "text", "date", "integer", "bigint", "text", "text", "text", "date")
_NAMES = ValueRow._fields
_SET = ("amount", "standing", "hands", "source", "late_on")
_READ = select(*(_TABLE.c[name] for name in _NAMES))


def working_values(
    session: Session, lines: Iterable[int], series: Iterable[str] | None = None
) -> list[ValueRow]:
    """Amounts of lines as they are worked on: of plan the draft."""
    statement = _READ.where(_TABLE.c.line_id.in_(list(lines)), _TABLE.c.plan_version == DRAFT)
    if series is not None:
        statement = statement.where(_TABLE.c.series.in_(list(series)))
    return [_row(*found) for found in session.execute(statement)]


def _row(*found: Any) -> ValueRow:
    *before, hands, source, late_on = found
    return ValueRow._make((*before, tuple(hands), source, late_on))


def insert_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Insert rows that bear their numbers already."""
    names = ", ".join(_NAMES)
    _send(
        session, rows, _NAMES, f"INSERT INTO {NAME} ({names}) VALUES ({', '.join('?' * len(_NAMES))})",
        f"INSERT INTO {NAME} ({names}) SELECT {names} FROM",
    )  # fmt: skip


def set_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Set what changes of rows that are there: amount, standing, hands, source, day of a late entry."""
    marks = ", ".join(f"{name} = ?" for name in _SET)
    new = ", ".join(f"{name} = new.{name}" for name in _SET)
    _send(
        session, rows, (*_SET, "id"), f"UPDATE {NAME} SET {marks} WHERE id = ?", f"UPDATE {NAME} AS old SET {new} FROM",
        " WHERE old.id = new.id",
    )  # fmt: skip


def delete_values(session: Session, ids: Sequence[int]) -> None:
    """Delete rows by their numbers."""
    if ids:
        gone = delete(EffectValue).where(among(session, _TABLE.c.id, ids))
        session.execute(gone.execution_options(synchronize_session=False))


def _send(
    session: Session, rows: Sequence[ValueRow], names: Sequence[str], one: str, all_of: str, end: str = ""
) -> None:
    """SQLite takes rows one by one in a loop of its own; PostgreSQL takes them as columns, in one statement."""
    if not rows:
        return
    places = [_NAMES.index(name) for name in names]
    hands = _NAMES.index("hands")
    said = {each: canonical(list(each)) for each in {row.hands for row in rows}}
    columns: list[list[Any]] = [
        [said[row.hands] for row in rows] if place == hands else [row[place] for row in rows]
        for place in places
    ]
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        texts = [
            [each.isoformat() if isinstance(each, date) else each for each in column] for column in columns
        ]
        connection.exec_driver_sql(one, list(zip(*texts, strict=True)))
        return
    arrays = ", ".join(f"%s::{_KINDS[place]}[]" for place in places)
    connection.exec_driver_sql(f"{all_of} unnest({arrays}) AS new ({', '.join(names)}){end}", tuple(columns))
