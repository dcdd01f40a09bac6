"""Numbers for rows made many at once: with them one statement brings all, without them each row is one of its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from govapp.data.base import Base

FEW = 4


def number_many(session: Session) -> None:
    """Give ids to new rows of tables of which this flush inserts more than a few.

    SQLite has one writer, so the numbers after the highest are free; PostgreSQL hands out those of its sequence.
    """
    new: dict[type[Base], list[Any]] = {}
    for row in session.new:
        if isinstance(row, Base) and getattr(row, "id", 0) is None:
            new.setdefault(type(row), []).append(row)
    for table, rows in new.items():
        if len(rows) > FEW:
            for number, row in zip(next_numbers(session, table, len(rows)), rows, strict=True):
                row.id = number


Counts = Mapping[type[Base], int]
Numbers = dict[type[Base], list[int]]
NO_NUMBERS: Counts = {}


def number_columns(session: Session, counts: Counts) -> list[ColumnElement[Any]]:
    """Columns for any statement of a write transaction that reserve so many numbers of each table: see `numbers_in`."""
    if session.get_bind().dialect.name == "sqlite":
        return [select(func.coalesce(func.max(_id(table)), 0)).scalar_subquery() for table in counts]
    return [_handed_out(table, count) for table, count in counts.items()]


def _id(table: type[Base]) -> Any:
    return table.__table__.c.id


def _handed_out(table: Any, count: int) -> ColumnElement[Any]:
    number = func.nextval(func.pg_get_serial_sequence(table.__tablename__, "id"))
    places = func.generate_series(1, count).table_valued("n")
    return select(func.array_agg(number)).select_from(places).scalar_subquery()


def numbers_in(counts: Counts, said: Iterable[Any]) -> Numbers:
    """The reserved numbers by table from the values of these columns: the highest so far, or the numbers themselves."""
    found = {}
    for (table, count), value in zip(counts.items(), said, strict=True):
        found[table] = [*range(value + 1, value + count + 1)] if isinstance(value, int) else list(value or ())
    return found


def reserve(session: Session, counts: Counts) -> Numbers:
    """So many numbers of each table, in one statement."""
    return numbers_in(counts, session.execute(select(*number_columns(session, counts))).one())


def next_numbers(session: Session, table: Any, count: int, drawn: Sequence[int] = ()) -> list[int]:
    """Numbers for new rows. `drawn`: what this gave before the transaction; PostgreSQL gives those to nobody else."""
    if not count:
        return []
    if session.get_bind().dialect.name == "sqlite":
        with session.no_autoflush:
            last = session.scalar(select(func.max(table.id))) or 0
        return list(range(last + 1, last + count + 1))
    if len(drawn) >= count:
        return list(drawn[:count])
    sequence = func.nextval(func.pg_get_serial_sequence(table.__tablename__, "id"))
    numbers = func.generate_series(1, count).table_valued("n")
    with session.no_autoflush:
        return list(session.scalars(select(sequence).select_from(numbers)))
