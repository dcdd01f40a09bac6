"""Rows as files: CSV, streamed, and a workbook."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response as FlaskResponse
from flask import request, stream_with_context

from govapp.present.csv_text import BOM, csv_line
from govapp.present.workbooks import Cell, Sheet, plain, workbook
from govapp.web._context import today

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> FlaskResponse:
    """A CSV file of rows as they come; `bom=1` in the address marks it for spreadsheets."""
    bom = BOM if request.args.get("bom") else ""

    def lines() -> Iterator[str]:
        yield bom + csv_line(columns)
        for cells in rows:
            yield csv_line(plain(cell) for cell in cells)

    answer = FlaskResponse(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{today().isoformat()}.csv"'
    return answer


def as_workbook(columns: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> FlaskResponse:
    """A workbook of one sheet."""
    return as_sheets([Sheet(name, columns, rows)], name)


def as_sheets(sheets: Sequence[Sheet], name: str) -> FlaskResponse:
    """A workbook of several sheets."""
    answer = FlaskResponse(workbook(sheets), mimetype=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{today().isoformat()}.xlsx"'
    return answer
