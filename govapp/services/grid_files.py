"""A whole table of amounts at once: pasted, or from a CSV, TSV or XLSX file; and the template to fill in."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.grid_queries import lines_of
from govapp.data.measure_queries import MeasureInShort, in_short
from govapp.data.numbering import next_numbers
from govapp.data.period_queries import locked_until
from govapp.data.snapshots import Loaded
from govapp.data.structure import Organization
from govapp.data.value_rows import raw_values
from govapp.domain.basis import digest_of
from govapp.domain.cells import CellKey, cell_of, name_of
from govapp.domain.errors import Invalid, Stale
from govapp.domain.finance import Faults, minor_of
from govapp.domain.pasting import TWICE, Pasted, Place, Problem, Table, Value, read_table, rows_of_text
from govapp.domain.permissions import Permission
from govapp.forms.content import BROKEN, ContentRefused
from govapp.forms.file_contents import CHECKS
from govapp.services._belongs import _locked_for, _settle_again
from govapp.services._cells import Sheet, _allowed, _sheet, _write, by_cell, changes_in
from govapp.services._keys import consume, consumed
from govapp.services._value_states import Foreseen, Writer, count_new, foresee
from govapp.services._work import Origin, Work, now, writing

Known = Mapping[int, tuple[str, str]]
_XLSX = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class PasteGrid:
    """Take a table over into the grid of a measure. `mark`: the decimal mark of its writer, or ''."""

    key: str
    table: Table
    origin: Origin
    mark: str = ""
    source: str = ""
    action_key: str = ""


def paste_grid(command: PasteGrid) -> int:
    """Store a table of amounts, all or nothing; returns how many cells changed.

    The table is as `domain.pasting.read_table` says: an empty cell takes its amount back. Raises NotFound, Refused,
    KeyReused, and Invalid (paste_invalid) with `problems`: [row, column, heading, value, code] of every fault, among
    them the codes of `services.grids.save_grid`. Raises Stale when lines were added, renamed or restated meanwhile.
    """
    # read before the transaction, with all that can be made of it: meanwhile others write
    with reading() as session:
        measure = in_short(session, command.key)
        lines = lines_of(session, measure.id) if measure else {}
        pasted = read_table(command.table, _known(lines), command.mark)
        wanted, faults = _wanted(pasted, lines)
        foreseen = Foreseen()
        if measure and wanted and not (pasted.problems or faults):
            foreseen = _foresee(session, command, measure, lines, wanted)
    read = Read(_known(lines), pasted, wanted, faults, foreseen)
    table = [[str(value) for value in row] for row in command.table]
    body = ["paste", command.key, digest_of(table), command.mark, command.source]
    return writing(
        command.origin, lambda work: _paste_grid(work, command, body, read), action_key=command.action_key
    )


@dataclass(frozen=True, slots=True)
class Read:
    """A table as read before the transaction: the lines it was read against, its amounts, what is to be written.

    `wanted` are the amounts in minor units by cell, `faults` those of what is none.
    """

    known: Known
    pasted: Pasted
    wanted: Mapping[CellKey, int | None]
    faults: Faults
    foreseen: Foreseen


def _known(lines: Mapping[int, EffectLine]) -> Known:
    return {number: (line.name, line.currency) for number, line in lines.items()}


def _foresee(
    session: Session,
    command: PasteGrid,
    measure: MeasureInShort,
    lines: Mapping[int, EffectLine],
    wanted: Mapping[CellKey, int | None],
) -> Foreseen:
    """What will be written unless something changes before. The transaction checks all, and makes anew what is else."""
    zone = session.get_one(Organization, measure.organization_id).timezone
    raw = raw_values(session, lines, {series for _, series, _ in wanted})
    sheet = Sheet(lines, by_cell(raw))
    changed = changes_in(sheet, wanted)
    numbers = next_numbers(session, EffectValue, count_new(sheet.held, changed))
    asks = command.origin.person_id
    people = frozenset(() if asks is None else (asks,))
    today = (command.origin.at or now()).astimezone(ZoneInfo(zone)).date()
    closed = locked_until(session, measure.organization_id)
    writer = Writer(measure.id, people, today, closed, command.source.strip())
    return foresee(raw, sheet.held, changed, writer, numbers)


def _paste_grid(work: Work, command: PasteGrid, body: list[Any], read: Read) -> int:
    loaded, _ = _locked_for(work, command.key, Permission.FINANCE_VIEW)
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    lines = lines_of(work.session, loaded.measure.id)
    if _known(lines) != read.known:
        raise Stale("stale_row")
    changed = _take_over(work, loaded, lines, read, command.source.strip())
    consume(work, command.action_key, body, {"changed": changed})
    return changed


def _wanted(pasted: Pasted, lines: Mapping[int, EffectLine]) -> tuple[dict[CellKey, int | None], Faults]:
    """Amounts of a table in minor units by cell, and faults of what is none."""
    faults: Faults = {}
    wanted = {
        cell: minor_of(amount, lines[cell[0]].currency, faults, name_of(cell))
        for cell, amount in pasted.amounts.items()
    }
    return wanted, faults


def _take_over(work: Work, loaded: Loaded, lines: Mapping[int, EffectLine], read: Read, source: str) -> int:
    pasted, wanted = read.pasted, read.wanted
    sheet = _sheet(work, loaded, lines, {series for _, series, _ in wanted}, read.foreseen)
    if pasted.problems or read.faults:
        _allowed(work, loaded, sheet, changes_in(sheet, wanted))
        _refuse(pasted, read.faults)
    try:
        changed = _write(work, loaded, sheet, wanted, source, foreseen=read.foreseen)
    except Invalid as error:
        _refuse(pasted, error.errors, **error.values)
        raise
    if changed:
        _settle_again(work, loaded.measure.id)
    return len(changed)


def _refuse(pasted: Pasted, faults: Mapping[str, list[str]], **values: Any) -> None:
    """Raise Invalid for all problems, faults of cells at the places where they stand; rows said twice come last."""
    found = list(pasted.problems)
    for name, codes in faults.items():
        cell = cell_of(name)
        place = pasted.places.get(cell, Place(0, 0)) if cell else Place(0, 0)
        amount = pasted.amounts.get(cell) if cell else None
        heading = pasted.headings.get(place.column, "")
        found += [Problem(place, heading, "" if amount is None else str(amount), code) for code in codes]
    if found:
        found.sort(key=lambda each: (each.code == TWICE, each.place.row, each.place.column))
        said = [[p.place.row, p.place.column, p.heading, p.value, p.code] for p in found]
        raise Invalid("paste_invalid", problems=said, **values)


def table_of(data: bytes) -> Table:
    """Rows of a file: XLSX (its first sheet), else text in UTF-8, UTF-16 or Windows-1252, separated as its first line.

    Raises Invalid (file_unreadable).
    """
    if data.startswith(_XLSX):
        return _sheet_rows(data)
    try:
        return rows_of_text(_decoded(data))
    except csv.Error as error:
        raise Invalid("file_unreadable") from error


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _sheet_rows(data: bytes) -> Table:
    try:
        CHECKS["xlsx"](io.BytesIO(data), len(data))
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        return [[_value(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (ContentRefused, CalamineError, *BROKEN) as error:
        raise Invalid("file_unreadable") from error


def _value(cell: Any) -> Value:
    """A cell of a workbook: numbers with the fifteen digits that it keeps, days, text."""
    if isinstance(cell, bool | time):
        return str(cell)
    if isinstance(cell, int | float):
        return Decimal(format(cell, ".15g"))
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else str(cell)
