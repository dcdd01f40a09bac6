"""Amounts of effect lines as plain rows, read and written many at once: as objects they cost ten times as much."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from govapp.data.engine import among
from govapp.data.finance import DRAFT, EffectValue
from govapp.data.types import canonical

ACTUAL = "actual"
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
# as the driver gives them: of thousands of rows, what SQLAlchemy makes of days and lists is most of the time
_READ = select(*(type_coerce(_TABLE.c[name], NullType) for name in _NAMES))
Raw = Sequence[tuple[Any, ...]]


def raw_values(session: Session, lines: Iterable[int], series: Iterable[str] | None = None) -> Raw:
    """Amounts of lines as they are worked on (of plan the draft), as the database gives them."""
    statement = _READ.where(_TABLE.c.line_id.in_(list(lines)), _TABLE.c.plan_version == DRAFT)
    if series is not None:
        statement = statement.where(_TABLE.c.series.in_(list(series)))
    return [tuple(row) for row in session.execute(statement)]


def values_of(raw: Raw) -> list[ValueRow]:
    """Rows as values."""
    days: dict[Any, date | None] = {None: None}
    hands: dict[str, tuple[int, ...]] = {}

    def day(said: Any) -> date | None:
        if said not in days:
            days[said] = date.fromisoformat(said) if isinstance(said, str) else said
        return days[said]

    found = []
    for number, measure_id, line, series, month, version, amount, standing, who, source, late_on in raw:
        if who not in hands:
            hands[who] = tuple(json.loads(who))
        found.append(
            ValueRow(
                number, measure_id, line, series, day(month), version, amount, standing, hands[who], source,
                day(late_on),
            )
        )  # fmt: skip
    return found


def insert_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Insert rows that bear their numbers already."""
    names, marks = ", ".join(_NAMES), ", ".join("?" * len(_NAMES))
    # names of a table and its columns, nothing that came from outside
    one = f"INSERT INTO {NAME} ({names}) VALUES ({marks})"  # nosec B608
    _send(session, rows, _NAMES, one, f"INSERT INTO {NAME} ({names}) SELECT {names} FROM")  # nosec B608


def set_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Set what changes of rows that are there: the amount; of an actual one standing, hands, source, late day too."""
    for actual in (False, True):
        changing = _SET if actual else _SET[:1]
        marks = ", ".join(f"{name} = ?" for name in changing)
        new = ", ".join(f"{name} = new.{name}" for name in changing)
        these = [row for row in rows if (row.series == ACTUAL) == actual]
        # names of a table and its columns, nothing that came from outside
        one = f"UPDATE {NAME} SET {marks} WHERE id = ?"  # nosec B608
        all_of = f"UPDATE {NAME} AS old SET {new} FROM"  # nosec B608
        _send(session, these, (*changing, "id"), one, all_of, " WHERE old.id = new.id")


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
    kinds = [_KINDS[place] for place in places]
    arrays = [
        column if kind == "text" else _array(column) for column, kind in zip(columns, kinds, strict=True)
    ]
    marks = ", ".join(f"%s::{kind}[]" for kind in kinds)
    connection.exec_driver_sql(f"{all_of} unnest({marks}) AS new ({', '.join(names)}){end}", tuple(arrays))


def _array(column: Sequence[int | date | None]) -> str:
    """An array of PostgreSQL as text; of numbers and days the driver takes far longer to make one."""
    return "{" + ",".join("NULL" if each is None else str(each) for each in column) + "}"
