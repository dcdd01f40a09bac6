"""Searching text whatever its case, on both databases without a function call for every row."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Like(FunctionElement[bool]):
    """`column LIKE pattern` without regard to case; SQLite's own LIKE already is so for ASCII."""

    type = Boolean()
    inherit_cache = True


@compiles(_Like)
def _ilike(element: _Like, compiler: SQLCompiler, **more: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **more)} ILIKE {compiler.process(pattern, **more)} ESCAPE '/'"


@compiles(_Like, "sqlite")
def _like(element: _Like, compiler: SQLCompiler, **more: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **more)} LIKE {compiler.process(pattern, **more)} ESCAPE '/'"


def says(text: str, *columns: Any) -> ColumnElement[bool]:
    """One of the columns contains the text, whatever the case, its wildcards taken as they are.

    SQLite folds the case of ASCII only, so other texts are tried in their usual spellings.
    """
    spellings = (
        {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    )
    escaped = [each.replace("/", "//").replace("%", "/%").replace("_", "/_") for each in sorted(spellings)]
    return or_(*(_Like(column, f"%{each}%") for column in columns for each in escaped))
