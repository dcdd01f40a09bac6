"""Forms of the money grid: save cells, fill from the run rate, copy the plan, take a table over; its template."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter
from flask import make_response, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.grid_pages import currencies_of, read_grid
from govapp.data.ledger_pages import confirmed_by
from govapp.data.measure_queries import in_short
from govapp.data.snapshots import load_measure, place_of
from govapp.domain.cells import CellKey, cell_of, name_of
from govapp.domain.errors import Invalid, KeyReused, NotFound, Stale
from govapp.domain.money import FTE_DECIMALS, decimals_of, exact_minor, from_minor
from govapp.domain.number_text import NumberRefused, read_number, write_grouped
from govapp.domain.pasting import template_rows
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.present.csv_text import csv_line
from govapp.present.dates import day as day_words
from govapp.present.errors import sentence_of
from govapp.present.grid_words import confirmed_words
from govapp.present.measures import fault_sentences
from govapp.services.grid_files import PasteGrid, paste_grid, table_of
from govapp.services.grids import Cell, CopyPlan, FillPlan, SaveGrid, copy_plan, fill_plan, save_grid
from govapp.web._context import actor, origin, zone
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._finance import Again, decimal_mark, finance_page, months_of_page
from govapp.web.measures._typed import Typed, attempt

P = Permission
SERIES = ("baseline", "target", "plan", "forecast", "actual")
XLSX_DIGITS = 15
STILL = "amount_confirmed"
LARGEST = 2**63 - 1  # minor units that a cell can hold


def _here(key: str) -> str:
    """The page with the years it showed."""
    years = "&".join(
        f"{name}={request.form[name]}"
        for name in ("year", "years", "every", "lines")
        if request.form.get(name, "").isascii() and request.form.get(name, "").isdigit()
    )
    return f"/measures/{key}/finance?{years}#grid"


def _saved(key: str, changed: int) -> Response:
    if not changed:
        return see_other(_here(key), _("Nothing was changed."))
    return see_other(_here(key), ngettext("%(num)s amount saved.", "%(num)s amounts saved.", changed))


@route(bp, "/measures/<key>/finance/grid", permission=P.FINANCE_VIEW, methods=["POST"])
def save_amounts(key: str) -> Response:
    """Save the cells that were changed; 409 with both values where somebody else was faster."""
    typed = Typed()
    texts = {name[2:]: text for name, text in request.form.items() if name.startswith("c:")}
    source = typed.text("source")
    seen: dict[str, int | None] = {}
    try:
        was = _seen()
        cells = _cells(key, typed, texts, was)
        seen = {name: was.get(name) for name in (*(name_of(cell.key) for cell in cells), *typed.faults)}
        if typed.faults:
            raise Invalid("grid_invalid", typed.faults)
        changed = save_grid(SaveGrid(key, cells, origin(), source, typed.key()))
    except (Invalid, Stale, KeyReused) as error:
        overtaken = error.values.get("cells", ())
        now = {name for name, *_ in overtaken}
        again = Again(
            {name: texts[name] for name in seen if name in texts},
            {name: minor for name, minor in seen.items() if name not in now},
            _faults(error) if isinstance(error, Invalid) else {}, overtaken, (), source,
        )  # fmt: skip
        status = 422 if isinstance(error, Invalid) else 409
        problem = sentence_of(error.code, error.values)
        return finance_page(key, grid=again, part="grid", status=status, problem=problem)
    return _saved(key, changed)


def _faults(error: Invalid) -> dict[str, list[str]]:
    """Faults by cell in words; of a confirmed amount, who confirmed it, and what helps."""
    said = fault_sentences(error.errors, error.values)
    still = {name: cell for name, codes in error.errors.items() if STILL in codes and (cell := cell_of(name))}
    if still:
        with reading() as session:
            by = confirmed_by(session, still.values())
        for name, cell in still.items():
            if cell in by:
                who, at = by[cell]
                said[name] = [confirmed_words(who, day_words(at, zone()))]
    return said


def _cells(key: str, typed: Typed, texts: dict[str, str], seen: Mapping[str, int]) -> tuple[Cell, ...]:
    """Cells whose amount is not the one that was seen, with what was seen; what cannot be read is a fault."""
    mark = decimal_mark()
    currencies = _currencies(key)
    found = []
    for name, text in texts.items():
        cell = cell_of(name)
        if cell is None or cell[0] not in currencies:
            raise NotFound("not_found")
        currency, before = currencies[cell[0]], seen.get(name)
        if text in _shown(before, currency, mark):
            continue
        try:
            amount = _amount(text, currency, mark)
        except NumberRefused as error:
            typed.faults[name] = [error.code]
            continue
        if not _is_seen(amount, currency, before):
            found.append(Cell(*cell, before, amount))
    return tuple(found)


def _shown(minor: int | None, currency: str, mark: str) -> tuple[str, ...]:
    """How a page shows an amount: with all decimals of its currency, or none. It may be larger than what is read."""
    if minor is None:
        return ("",)
    value, most = from_minor(minor, currency), decimals_of(currency)
    whole = value == value.to_integral_value()
    return tuple(write_grouped(value, places, mark) for places in ((0, most) if whole else (most,)))


def _amount(text: str, currency: str, mark: str) -> Decimal | None:
    decimals = decimals_of(currency) if currency else FTE_DECIMALS
    return read_number(text, decimals, mark) if text.strip() else None


def _is_seen(amount: Decimal | None, currency: str, before: int | None) -> bool:
    try:
        return (None if amount is None else exact_minor(amount, currency)) == before
    except (ValueError, ArithmeticError):
        return False


def _seen() -> dict[str, int]:
    """What the form showed, by name of the cell. Raises Invalid when it is not what a page of ours sends."""
    try:
        found = json.loads(request.form.get("seen", "") or "{}")
    except (ValueError, RecursionError) as error:
        raise Invalid("grid_invalid") from error
    if not isinstance(found, dict) or not all(
        type(value) is int and abs(value) <= LARGEST for value in found.values()
    ):
        raise Invalid("grid_invalid")
    return found


def _currencies(key: str) -> dict[int, str]:
    """Currencies of a measure's lines by number. Raises NotFound for a measure one may not read, and Refused."""
    with reading() as session:
        found = in_short(session, key)
        place = place_of(session, found.id) if found else None
        if found is None or place is None:
            raise NotFound("not_found")
        may(actor(), P.FINANCE_VIEW, place)
        return currencies_of(session, found.id)


@route(bp, "/measures/<key>/finance/fill", permission=P.FINANCE_VIEW, methods=["POST"])
def fill_from_run_rate(key: str) -> Response:
    """Fill plan months of a line from its run rate, with a ramp."""
    typed = Typed()

    def verb() -> Response:
        command = FillPlan(
            key, typed.whole("line") or 0, typed.whole("count") or 0, origin(), _ramp(typed), _month(typed, "first"),
            typed.key(),
        )  # fmt: skip
        typed.checked()
        return _saved(key, fill_plan(command))

    answer: Response = attempt(verb, _again(key, "fill"))
    return answer


def _again(key: str, part: str) -> Callable[..., Response]:
    """The page again; faults of cells stand with the grid, those of the form's fields with these."""

    def page(faults: Mapping[str, list[str]], **again: Any) -> Response:
        cells = {name: said for name, said in faults.items() if cell_of(name)}
        fields = {name: said for name, said in faults.items() if name not in cells}
        return finance_page(key, part=part, grid=Again(faults=cells), faults=fields, **again)

    return page


def _ramp(typed: Typed) -> tuple[Decimal, ...]:
    try:
        return tuple(
            read_number(each.replace("%", ""), 4, ".")
            for each in typed.text("ramp").replace(";", " ").split()
        )
    except NumberRefused:
        typed.faults["ramp"] = ["percent_form"]
        return ()


def _month(typed: Typed, name: str) -> date | None:
    value = typed.text(name).strip()
    try:
        return date.fromisoformat(f"{value}-01") if value else None
    except ValueError:
        typed.faults[name] = ["first_month_form"]
        return None


@route(bp, "/measures/<key>/finance/forecast", permission=P.FINANCE_VIEW, methods=["POST"])
def take_plan_over(key: str) -> Response:
    """The plan in force becomes the forecast of open months."""
    typed = Typed()
    line = typed.whole("line")
    answer: Response = attempt(
        lambda: _saved(key, copy_plan(CopyPlan(key, origin(), line, typed.key()))), _again(key, "copy")
    )
    return answer


@route(bp, "/measures/<key>/finance/table", permission=P.FINANCE_VIEW, methods=["POST"])
def take_table_over(key: str) -> Response:
    """A pasted table or a file, stored as a whole or refused with every fault by row and column."""
    typed = Typed()
    try:
        upload = request.files.get("file")
        text = typed.text("table")
        table = table_of(upload.stream.read() if upload and upload.filename else text.encode())
        mark, source = decimal_mark(), typed.text("source")
        changed = paste_grid(PasteGrid(key, table, origin(), mark, source, typed.key()))
    except (Invalid, Stale, KeyReused) as error:
        problems = [
            [row, column, heading, value, sentence_of(code, error.values)]
            for row, column, heading, value, code in error.values.get("problems", ())
        ]
        again = Again(problems=problems, source=typed.text("source"))
        status, problem = (422 if isinstance(error, Invalid) else 409), sentence_of(error.code, error.values)
        return finance_page(
            key, grid=again, part="table", status=status, problem=problem, form=request.form.to_dict()
        )
    return _saved(key, changed)


@route(bp, "/measures/<key>/finance/template.csv", permission=P.FINANCE_VIEW)
def template_as_csv(key: str) -> Response:
    """The table to fill in as CSV, with what is there, for the months that the page shows."""
    return _file(key, "csv", "text/csv; charset=utf-8", _csv)


@route(bp, "/measures/<key>/finance/template.xlsx", permission=P.FINANCE_VIEW)
def template_as_workbook(key: str) -> Response:
    """The same table as a workbook."""
    return _file(key, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx)


def _file(key: str, ending: str, media: str, write: Callable[[list[list[Any]]], bytes]) -> Response:
    with reading() as session:
        loaded = load_measure(session, key)
        if loaded is None:
            raise NotFound("not_found")
        may(actor(), P.FINANCE_VIEW, loaded.place)
        data = read_grid(session, loaded, months_of_page(session, loaded))
    currencies = {line.id: line.currency for line in data.lines}
    amounts: dict[CellKey, Decimal] = {
        cell: from_minor(amount, currencies[cell[0]])
        for cell, amount in data.amounts.items()
        if cell[1] in SERIES
    }
    lines = [(line.id, line.name, line.currency) for line in data.lines]
    rows = template_rows(lines, SERIES, data.months, amounts)
    response = make_response(write(rows))
    response.headers["Content-Type"] = media
    response.headers["Content-Disposition"] = f'attachment; filename="{key}-amounts.{ending}"'
    return response


def _csv(rows: list[list[Any]]) -> bytes:
    return "".join(csv_line(row) for row in rows).encode("utf-8-sig")


def _xlsx(rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet("Amounts")
        sheet.freeze_panes(1, 5)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, int | Decimal) and len(Decimal(value).as_tuple().digits) <= XLSX_DIGITS:
                    sheet.write_number(number, column, float(value))
                elif value is not None:
                    sheet.write_string(number, column, str(value))
    return target.getvalue()
