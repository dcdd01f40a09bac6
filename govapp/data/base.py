"""The declarative base and the `_history` twins of tables whose rows change."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Date, Index, MetaData, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from govapp.data.types import BigId, UtcDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text, datetime: UtcDateTime, date: Date}


class Identified:
    """A table with a number of its own."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)


class Kept:
    """Rows of such a table change; each state is kept in `<table>_history` with from_seq and to_seq."""

    __kept__: ClassVar[bool] = True


HISTORY: dict[str, Table] = {}


def make_history_twins() -> None:
    """Give every Kept table its twin: its columns, from_seq, to_seq. Called once, after all tables are declared."""
    for mapper in list(Base.registry.mappers):
        table = mapper.local_table
        if (
            not getattr(mapper.class_, "__kept__", False)
            or not isinstance(table, Table)
            or table.name in HISTORY
        ):
            continue
        name = f"{table.name}_history"
        twin = Table(
            name,
            Base.metadata,
            Column("history_id", BigId, primary_key=True, autoincrement=True),
            *(Column(c.name, c.type, nullable=True) for c in table.columns),
            Column("from_seq", BigId, nullable=False),
            Column("to_seq", BigId, nullable=True),
        )
        key = [c.name for c in table.primary_key]
        Index(f"ix_{name}_key", *(twin.c[k] for k in key), twin.c.to_seq)
        if "measure_id" in table.c:
            Index(f"ix_{name}_measure_id", twin.c.measure_id, twin.c.from_seq)
        HISTORY[table.name] = twin
