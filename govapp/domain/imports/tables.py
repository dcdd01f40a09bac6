"""From lines of text to records: delimiter, heads, rows passed over, records in rows or in columns."""

import csv
import itertools
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

from govapp.domain.imports.columns import Columns, may_mean
from govapp.domain.imports.decoding import SUSPECT, Data, lines_of
from govapp.domain.imports.results import FileRefused
from govapp.domain.imports.rules import Layout, RowTest, Span

_CANDIDATES = (",", ";", "\t", "|")
_HEAD_LINES = 1000


@dataclass(slots=True)
class Record:
    """One record as cells; `suspect`: undefined bytes or controls in it; `fault`: a problem code."""

    number: int
    line: int
    cells: list[str]
    suspect: bool
    fault: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file opened with a mapping: where each address stands in the cells, how it is shown, the records."""

    indexes: dict[str, int]
    shown: dict[str, str]
    records: Iterator[Record]
    across: bool


def open_table(layout: Layout, data: Data, addresses: tuple[str, ...]) -> Table:
    """Find the columns a mapping names and hand out the records.

    Raises FileRefused: empty_file, no_header, unknown_columns, ambiguous_column, delimiter_unclear,
    other_encoding, no_byte_order, nul_in_header, broken_quotes, broken_gzip, file_too_large.
    """
    tests = (*layout.skip_where, *layout.stop_at)
    wanted = tuple(dict.fromkeys((*addresses, *(test.column for test in tests), *layout.carry_down)))
    lines = lines_of(data, layout.encoding)
    if layout.delimiter == "auto":
        head = list(itertools.islice(lines, _HEAD_LINES))
        layout = replace(layout, delimiter=_delimiter_of(head, layout, wanted))
        lines = itertools.chain(head, lines)
    raw = _raw_records(lines, layout)
    if layout.orientation == "columns":
        return _open_across(layout, raw, wanted)
    columns = _header(layout, raw)
    indexes = columns.indexes(wanted)
    return Table(indexes, columns.shown(indexes), _chosen(layout, raw, indexes, len(columns.names)), False)


def _delimiter_of(head: list[str], layout: Layout, wanted: tuple[str, ...]) -> str:
    fitting: dict[str, int] = {}
    seen: tuple[str, ...] = ()
    for sign in _CANDIDATES:
        trial = replace(layout, delimiter=sign)
        raw = _raw_records(iter(head), trial)
        try:
            across = layout.orientation == "columns"
            columns = _labels(trial, list(raw)) if across else _header(trial, raw)
            if len(columns.names) > len(seen):
                seen = tuple(columns.names)
            columns.indexes(wanted)
            fitting[sign] = len(columns.names)
        except FileRefused as refused:
            if refused.code not in ("unknown_columns", "no_header", "broken_quotes"):
                raise
    if len(fitting) == 1 or (fitting and set(fitting.values()) == {1}):
        return next(iter(fitting))
    if not fitting and len(seen) > 1:
        raise FileRefused(
            "unknown_columns", ", ".join(f"“{name}”" for name in wanted if name not in seen), seen
        )
    raise FileRefused("delimiter_unclear", "", seen)


def _raw_records(lines: Iterator[str], layout: Layout) -> Iterator[Record]:
    suspect = False

    def watched() -> Iterator[str]:
        nonlocal suspect
        for line in lines:
            if SUSPECT.search(line):
                suspect = True
            yield line

    reader = csv.reader(
        watched(),
        delimiter=layout.delimiter,
        quotechar=layout.quotechar,
        escapechar=layout.escapechar,
        quoting=csv.QUOTE_MINIMAL if layout.quotechar else csv.QUOTE_NONE,
        strict=layout.strict_quotes,
    )
    for number in itertools.count(1):
        line = reader.line_num + 1
        suspect = False
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(number, line, [], suspect, _csv_fault(str(error)), str(reader.line_num))
        else:
            yield Record(number, line, cells, suspect)


def _csv_fault(message: str) -> str:
    if "field larger" in message:
        return "cell_too_long"
    return "unfinished_quote" if "unexpected end" in message else "broken_quotes"


def _header(layout: Layout, raw: Iterator[Record]) -> Columns:
    if not layout.header_rows:
        return Columns([], named=False)
    rows: list[list[str]] = []
    for record in raw:
        if record.number in layout.header_rows:
            if record.fault:
                raise FileRefused(record.fault, row=record.number)
            if any("\0" in cell for cell in record.cells):
                raise FileRefused("nul_in_header", row=record.number)
            rows.append(record.cells)
        if record.number == layout.header_rows[-1]:
            break
    if len(rows) < len(layout.header_rows):
        raise FileRefused("no_header", str(layout.header_rows[-1]))
    width = max(map(len, rows))
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    if layout.header_fill:
        padded = [*map(_filled, padded[:-1]), padded[-1]]
    names = [" ".join(filter(None, (cell.strip() for cell in stack))) for stack in zip(*padded, strict=True)]
    while names and not names[-1] and layout.pad_short_rows:
        names.pop()
    return Columns(names)


def _filled(cells: list[str]) -> list[str]:
    filled, last = [], ""
    for cell in cells:
        last = cell if cell.strip() else last
        filled.append(last)
    return filled


def _in_spans(number: int, spans: tuple[Span, ...]) -> bool:
    return any(span.first <= number <= span.last for span in spans)


def _meets(cells: list[str], tests: tuple[RowTest, ...], indexes: dict[str, int]) -> bool:
    for test in tests:
        index = indexes[test.column]
        if test.pattern.matches(cells[index].strip() if index < len(cells) else ""):
            return True
    return False


def _blank(cells: list[str]) -> bool:
    return not any(cell and not cell.isspace() for cell in cells)


def _chosen(layout: Layout, raw: Iterator[Record], indexes: dict[str, int], width: int) -> Iterator[Record]:
    carried = {indexes[address]: "" for address in layout.carry_down}
    last = max(indexes.values())
    for record in raw:
        if _in_spans(record.number, layout.skip_rows):
            continue
        if record.fault:
            yield record
            continue
        cells = record.cells
        if _blank(cells):
            continue
        if _meets(cells, layout.stop_at, indexes):
            return
        if _meets(cells, layout.skip_where, indexes):
            continue
        width = width or len(cells)
        if len(cells) != width:
            _fit(record, width, layout.pad_short_rows)
        if not record.fault:
            if last >= len(cells):
                record.fault, record.detail = "ragged", f"{len(cells)}/{last + 1}"
            else:
                _carry(cells, carried)
        yield record


def _carry(cells: list[str], carried: dict[int, str]) -> None:
    for index, above in carried.items():
        carried[index] = cells[index] if cells[index].strip() else above
        cells[index] = carried[index]


def _fit(record: Record, width: int, pad: bool) -> None:
    cells = record.cells
    if pad and len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    elif pad and _blank(cells[width:]):
        del cells[width:]
    else:
        record.fault, record.detail = "ragged", f"{len(cells)}/{width}"


class _Packed:
    """The cells of one long line in a single text, so that 100,000 records in columns stay small."""

    def __init__(self, cells: list[str]) -> None:
        self._text = "".join(cells)
        self._ends = array("Q", itertools.accumulate(map(len, cells)))

    def __len__(self) -> int:
        return len(self._ends)

    def cell(self, index: int) -> str:
        return self._text[self._ends[index - 1] if index else 0 : self._ends[index]]


def _labels(layout: Layout, records: list[Record]) -> Columns:
    kept = [record for record in records if not _in_spans(record.number, layout.skip_rows)]
    for record in kept:
        if record.fault:
            raise FileRefused("broken_quotes", row=record.number)
    return Columns([_label(layout, record) for record in kept], [record.number - 1 for record in kept])


def _label(layout: Layout, record: Record) -> str:
    place = layout.header_column - 1
    return record.cells[place] if place < len(record.cells) else ""


def _open_across(layout: Layout, raw: Iterator[Record], wanted: tuple[str, ...]) -> Table:
    names: list[str] = []
    kept: list[tuple[int, _Packed]] = []
    positions: list[int] = []
    suspect = False
    for record in raw:
        if _in_spans(record.number, layout.skip_rows):
            continue
        if record.fault:
            raise FileRefused(record.fault, row=record.number)
        name = _label(layout, record)
        if any(may_mean(address, name, record.number - 1) for address in wanted):
            kept.append((len(names), _Packed(record.cells)))
        names.append(name)
        positions.append(record.number - 1)
        suspect = suspect or record.suspect
    if not names:
        raise FileRefused("no_header", "1")
    columns = Columns(names, positions)
    places = columns.indexes(wanted)
    order = {place: index for index, (place, _) in enumerate(kept)}
    indexes = {address: order[place] for address, place in places.items()}
    records = _across(layout, [packed for _, packed in kept], indexes, suspect)
    return Table(indexes, columns.shown(places), records, True)


def _across(
    layout: Layout, packed: list[_Packed], indexes: dict[str, int], suspect: bool
) -> Iterator[Record]:
    width = max(map(len, packed), default=0)
    shortest = min(map(len, packed), default=0)
    carried = {indexes[address]: "" for address in layout.carry_down}
    for place in range(layout.header_column, width):
        if _in_spans(place + 1, layout.skip_columns):
            continue
        cells = [line.cell(place) if place < len(line) else "" for line in packed]
        if _blank(cells):
            continue
        if _meets(cells, layout.stop_at, indexes):
            return
        if _meets(cells, layout.skip_where, indexes):
            continue
        record = Record(place + 1, 1, cells, suspect)
        if place >= shortest and not layout.pad_short_rows:
            record.fault, record.detail = "ragged", f"{shortest}/{width}"
        _carry(cells, carried)
        yield record
