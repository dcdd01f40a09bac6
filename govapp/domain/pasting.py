"""Tables of amounts as files and clipboards carry them: rows are line and series, columns months. Faults by place."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from govapp.domain.cells import CellKey, series_fault
from govapp.domain.money import FTE_DECIMALS, decimals_of
from govapp.domain.number_text import NumberRefused, read_number

LINE, NAME, CURRENCY, SERIES, WHOLE_LIFE = HEADS = ("Line", "Name", "Currency", "Series", "Whole life")
MOST_CELLS = 50_000
TWICE = "cell_twice"
# a line's months reach fifty years either way (domain.cells), and the heads stand beside them
MOST_COLUMNS = 1_250
Value = str | Decimal | date
Table = Sequence[Sequence[Value]]
_MONTH = re.compile(r"(\d{4})-(\d{2})(-\d{2})?( 00:00:00)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: row and column as a spreadsheet numbers them, from 1."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be taken over: where, under which heading, what stands there, and why (a code)."""

    place: Place
    heading: str
    value: str
    code: str


@dataclass
class Pasted:
    """What a table says: amounts by cell with their places, and problems; with any problem nothing may be stored.

    `rows`: the lines and series that have had their row.
    """

    amounts: dict[CellKey, Decimal | None] = field(default_factory=dict)
    places: dict[CellKey, Place] = field(default_factory=dict)
    headings: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    rows: set[tuple[int, str]] = field(default_factory=set)

    def fault(self, row: int, column: int, value: Value, code: str) -> None:
        """Note a problem."""
        heading = self.headings.get(column, "")
        self.problems.append(Problem(Place(row, column), heading, str(value)[:60], code))


def rows_of_text(text: str) -> list[list[Value]]:
    """Rows of a pasted block or CSV text; the separator is the one its first line holds most of: tab, semicolon, comma.

    Raises csv.Error for what is no table.
    """
    first = text.split("\n", 1)[0]
    separator = max("\t;,", key=first.count)
    return [list(row) for row in csv.reader(text.splitlines(), delimiter=separator)]


def read_table(table: Table, lines: Mapping[int, tuple[str, str]], mark: str = "") -> Pasted:
    """Amounts of a table whose first row has headings: Line (number, or a name that only one line has), Series, months
    as 2026-05, Whole life for the undated amount; other columns of the template are passed over. What is too large is
    refused before its amounts are read.

    `lines`: name and currency by number. An empty cell takes an amount back; a column or row left out leaves its
    amounts alone. Numbers are read as `number_text.read_number` does. Amounts are in units of the line's currency.
    """
    found = Pasted()
    rows = [(number, row) for number, row in enumerate(table, 1) if any(_text(value) for value in row)]
    if not rows:
        found.fault(1, 1, "", "table_empty")
        return found
    if len(rows[0][1]) > MOST_COLUMNS:
        found.fault(1, 1, str(len(rows[0][1])), "too_many_columns")
        return found
    columns = _columns(found, *rows[0])
    cells = len(rows) * max(len(columns.months), 1)
    if cells > MOST_CELLS:
        found.fault(1, 1, str(cells), "too_many_cells")
    if found.problems:
        return found
    by_name: dict[str, list[int]] = {}
    for line, (name, _) in lines.items():
        by_name.setdefault(name.casefold(), []).append(line)
    for number, row in rows[1:]:
        _row(found, number, row, columns, lines, by_name, mark)
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    line: int
    series: int
    months: tuple[tuple[int, date | None], ...]


def _columns(found: Pasted, number: int, heads: Sequence[Value]) -> _Columns:
    places: dict[str, int] = {}
    months: list[tuple[int, date | None]] = []
    for column, value in enumerate(heads):
        text = _text(value)
        found.headings[column + 1] = text
        month = _month(value)
        known = next((head for head in HEADS if head.casefold() == text.casefold()), "")
        if month is not None:
            months.append((column, month))
        elif known == WHOLE_LIFE:
            months.append((column, None))
        elif known:
            places[known] = column
        elif text:
            found.fault(number, column + 1, text, "column_unknown")
    for head in (LINE, SERIES):
        if head not in places:
            found.fault(number, 1, head, "column_missing")
    said = Counter(month for _, month in months)
    for column, month in months:
        if said[month] > 1:
            found.fault(number, column + 1, _text(heads[column]), "column_twice")
    return _Columns(places.get(LINE, 0), places.get(SERIES, 0), tuple(months))


def _row(
    found: Pasted,
    number: int,
    row: Sequence[Value],
    columns: _Columns,
    lines: Mapping[int, tuple[str, str]],
    by_name: Mapping[str, list[int]],
    mark: str,
) -> None:
    said, series = _at(row, columns.line), _text(_at(row, columns.series)).lower()
    line = _line(_text(said), lines, by_name)
    if line is None:
        found.fault(number, columns.line + 1, said, "line_unknown")
    if fault := series_fault(series):
        found.fault(number, columns.series + 1, series, fault)
    if line is None or fault:
        return
    if (line, series) in found.rows:
        found.fault(number, columns.series + 1, series, TWICE)
        return
    found.rows.add((line, series))
    decimals = decimals_of(lines[line][1]) if lines[line][1] else FTE_DECIMALS
    for column, month in columns.months:
        value, cell = _at(row, column), (line, series, month)
        found.places[cell] = Place(number, column + 1)
        try:
            found.amounts[cell] = _amount(value, decimals, mark)
        except NumberRefused as error:
            found.fault(number, column + 1, value, error.code)


def _line(said: str, lines: Mapping[int, tuple[str, str]], by_name: Mapping[str, list[int]]) -> int | None:
    if said.isascii() and said.isdigit() and len(said) < 16 and int(said) in lines:
        return int(said)
    named = by_name.get(said.casefold(), [])
    return named[0] if len(named) == 1 else None


def _at(row: Sequence[Value], column: int) -> Value:
    return row[column] if column < len(row) else ""


def _text(value: Value) -> str:
    return value.strip() if isinstance(value, str) else str(value)


def _month(value: Value) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, 1)
    match = _MONTH.fullmatch(_text(value))
    try:
        return date(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return None


def _amount(value: Value, decimals: int, mark: str) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, date | datetime):
        raise NumberRefused("number")
    return read_number(value, decimals, mark) if value.strip() else None


def template_rows(
    lines: Iterable[tuple[int, str, str]],
    series: Sequence[str],
    months: Sequence[date],
    amounts: Mapping[CellKey, Decimal],
) -> list[list[str | int | Decimal | None]]:
    """The table to fill in, with what is there: as `read_table` takes it. Of `lines` number, name and currency."""
    rows: list[list[str | int | Decimal | None]] = [[*HEADS, *(f"{month:%Y-%m}" for month in months)]]
    for line, name, currency in lines:
        for each in series:
            cells = [amounts.get((line, each, month)) for month in (None, *months)]
            rows.append([line, name, currency, each, *cells])
    return rows
