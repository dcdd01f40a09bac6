"""Numbers for rows made many at once: with them one statement brings all, without them each row is one of its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
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
