"""Rows of a subquery as one JSON array, on SQLite and PostgreSQL, so that one statement reads a whole measure."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _JsonRows(FunctionElement[str]):
    """Aggregates its arguments, one array a row."""

    type = Text()
    inherit_cache = True
    name = "json_rows"


@compiles(_JsonRows, "sqlite")
def _sqlite(element: _JsonRows, compiler: Any, **kw: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


@compiles(_JsonRows, "postgresql")
def _postgresql(element: _JsonRows, compiler: Any, **kw: Any) -> str:
    return f"CAST(coalesce(json_agg(json_build_array({compiler.process(element.clauses, **kw)})), '[]'::json) AS text)"


class _JsonText(FunctionElement[str]):
    """One entry of a JSON object that is kept as text, as text."""

    type = Text()
    inherit_cache = True
    name = "json_text"


@compiles(_JsonText, "sqlite")
def _sqlite_text(element: _JsonText, compiler: Any, **kw: Any) -> str:
    column, key = (compiler.process(one, **kw) for one in element.clauses)
    return f"json_extract({column}, '$.' || {key})"


@compiles(_JsonText, "postgresql")
def _postgresql_text(element: _JsonText, compiler: Any, **kw: Any) -> str:
    column, key = (compiler.process(one, **kw) for one in element.clauses)
    return f"(CAST({column} AS json) ->> {key})"


def json_text(column: Any, key: str) -> ColumnElement[str]:
    """An entry of the object that a JSON column holds, NULL when it has none. `key` is a plain name of ours."""
    return _JsonText(column, literal_column(f"'{key}'"))


def json_rows(
    statement: Select[*tuple[Any, ...]], *, correlate: FromClause | None = None
) -> ColumnElement[str]:
    """A scalar subquery with the rows of `statement` as JSON text: an array of arrays, in the statement's order."""
    inner = statement.subquery() if correlate is None else statement.correlate(correlate).subquery()
    return select(_JsonRows(*inner.c)).scalar_subquery()


def json_pairs(*columns: Any) -> ColumnElement[str]:
    """An aggregate: the values of a group as JSON text, an array of arrays in no order."""
    return _JsonRows(*columns)


def moment_of(value: str) -> datetime:
    """A time from such JSON (SQLite's has no zone, PostgreSQL's has one), in UTC."""
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
