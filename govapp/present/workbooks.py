"""Workbooks: numbers as numbers with their format, all else as text that is never a formula or a link (R34)."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, NamedTuple

import xlsxwriter

from govapp.present.csv_text import safe_cell

_WIDEST, _MARGIN = 60, 2


class Amount(NamedTuple):
    """An amount with the decimals of its currency."""

    value: Decimal
    decimals: int


class Share(NamedTuple):
    """A share of one, shown in percent."""

    value: Decimal


Cell = str | int | Decimal | Amount | Share | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: name, heads, rows. Rows whose place is in `strong` are sums."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    strong: frozenset[int] = frozenset()


def plain(cell: Cell) -> Any:
    """A cell for CSV: the bare number, nothing where nothing is known."""
    return cell.value if isinstance(cell, Amount | Share) else cell


def write_workbook(target: IO[bytes], sheets: Sequence[Sheet]) -> None:
    """Write sheets, row by row; a spreadsheet has no exact numbers, only 15 digits.

    Heads are bold and stay in sight, columns are as wide as their content.
    """
    options = {
        "in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(target, options) as book:
        formats = _Formats(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name[:31]), sheet, formats)


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The workbook as bytes."""
    target = io.BytesIO()
    write_workbook(target, sheets)
    return target.getvalue()


class _Formats:
    """Formats of a book, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.made: dict[tuple[str, bool], Any] = {}

    def of(self, number: str, *, bold: bool) -> Any:
        """The format for a number format ('' for text)."""
        if (number, bold) not in self.made:
            said = ({"num_format": number} if number else {}) | ({"bold": True} if bold else {})
            self.made[number, bold] = self.book.add_format(said)
        return self.made[number, bold]


def _write(page: Any, sheet: Sheet, formats: _Formats) -> None:
    page.freeze_panes(1, 1)
    widths = [len(head) for head in sheet.heads]
    for place, head in enumerate(sheet.heads):
        page.write_string(0, place, safe_cell(head), formats.of("", bold=True))
    for number, cells in enumerate(sheet.rows, 1):
        bold = number - 1 in sheet.strong
        for place, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            value = plain(cell)
            if isinstance(value, int | Decimal):
                said = _number_format(cell)
                page.write_number(number, place, value, formats.of(said, bold=bold))
                shown = len(f"{value:,f}") if isinstance(value, Decimal) else len(str(value))
            else:
                text = safe_cell(value)
                page.write_string(number, place, text, formats.of("", bold=bold))
                shown = len(text)
            widths[place] = max(widths[place], shown)
    for place, width in enumerate(widths):
        page.set_column(place, place, min(width, _WIDEST) + _MARGIN)


def _number_format(cell: Cell) -> str:
    if isinstance(cell, Share):
        return "0.0%"
    if isinstance(cell, Amount):
        return "#,##0" + (f".{'0' * cell.decimals}" if cell.decimals else "")
    return "General"


def of_columns(
    name: str, heads: Sequence[str], rows: Iterable[Mapping[str, Cell]], columns: Sequence[str]
) -> Sheet:
    """A sheet of rows that are told by column; a row that says `strong` is a sum."""
    kept = list(rows)
    strong = frozenset(place for place, row in enumerate(kept) if row.get("strong"))
    return Sheet(name, heads, [[row.get(column) for column in columns] for row in kept], strong)
