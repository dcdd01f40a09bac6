"""Rows as files: CSV, streamed, and a workbook."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response as FlaskResponse
from flask import request, stream_with_context

from govapp.present.csv_text import BOM, csv_line
from govapp.present.finance_files import workbook
from govapp.web._context import today

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> FlaskResponse:
    """A CSV file of rows as they come; `bom=1` in the address marks it for spreadsheets."""
    bom = BOM if request.args.get("bom") else ""

    def lines() -> Iterator[str]:
        yield bom + csv_line(columns)
        for cells in rows:
            yield csv_line(cells)

    answer = FlaskResponse(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{today().isoformat()}.csv"'
    return answer


def as_workbook(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> FlaskResponse:
    """A workbook of one sheet."""
    answer = FlaskResponse(workbook(columns, rows, name), mimetype=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{today().isoformat()}.xlsx"'
    return answer
