"""Figures of finance as files: the same cells as CSV and as a workbook; no text is taken for a formula (R34)."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from govapp.domain.money import from_minor
from govapp.domain.rollups import Figures, Sum
from govapp.present.csv_text import safe_cell

FIGURES = ("target", "plan", "forecast", "actual", "confirmed")
GROUP_COLUMNS = ("group", "title", "currency", "run_rate", *FIGURES)
LINE_COLUMNS = (
    "measure", "title", "line", "kind", "timing", "category", "cost_object", "currency", "run_rate", *FIGURES,
    "translated_currency", *(f"translated_{name}" for name in FIGURES),
)  # fmt: skip
Cells = Sequence[Any]


def group_cells(key: str, title: str, figures: Figures, run_rate: Sum, own: str) -> list[list[Any]]:
    """A group: one row for each currency in which something of it stands; amounts in units."""
    sums = [run_rate, *_sums(figures)]
    currencies = sorted({currency for each in sums for currency in each.by}) or [own]
    return [
        [key, title, currency or "FTE", *(from_minor(each.by.get(currency, 0), currency) for each in sums)]
        for currency in currencies
    ]


def line_cells(source: Any, own: str) -> list[Any]:
    """A line: its amounts in its own currency, and translated as far as rates are known."""
    line, currency = source.line, source.line.currency
    return [
        line.measure, line.title, line.name, line.kind, line.timing, line.category, line.cost_object, currency or "FTE",
        from_minor(source.run_rate.by.get(currency, 0), currency),
        *(from_minor(each.by.get(currency, 0), currency) for each in _sums(source.own)), own if currency else "",
        *(_one(each, own) if currency else "" for each in _sums(source.translated)),
    ]  # fmt: skip


def _sums(figures: Figures) -> list[Sum]:
    return [getattr(figures, name) for name in FIGURES]


def _one(value: Sum, own: str) -> Any:
    minor = value.in_one(own)
    return "" if minor is None else from_minor(minor, own)


def workbook(columns: Sequence[str], rows: Iterable[Cells], sheet: str) -> bytes:
    """A workbook of one sheet: numbers as numbers, everything else as text that is never a formula or a link."""
    target = io.BytesIO()
    options = {
        "in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(target, options) as book:
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True})
        page.freeze_panes(1, 0)
        for place, name in enumerate(columns):
            page.write_string(0, place, name, bold)
        for number, cells in enumerate(rows, 1):
            for place, cell in enumerate(cells):
                if isinstance(cell, int | Decimal):
                    page.write_number(number, place, cell)  # a spreadsheet has no exact numbers: 15 digits
                else:
                    page.write_string(number, place, safe_cell(cell))
    return target.getvalue()
