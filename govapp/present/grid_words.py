"""Sentences for what the money grid refuses, and words of its cells."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from govapp.domain.cells import CONFIRMED, UNDATED, cell_of
from govapp.present import dates, errors
from govapp.present.language import gettext as _
from govapp.present.measures import word


def series_word(series: str) -> str:
    """A series by name."""
    return _("Confirmed") if series == CONFIRMED else word("field", series)


def month_word(name: str) -> str:
    """A month as cells name it (`2026-05`), or the undated amount."""
    return _("whole life") if name == UNDATED else name


errors.SENTENCES.update(
    {
        "grid_invalid": lambda: _(
            "Nothing was saved. Please look at the marked cells; what you typed is kept."
        ),
        "grid_changed": lambda: _(
            "Somebody else changed amounts meanwhile, so nothing was saved. Both values stand beside each other below; "
            "yours are kept in the cells: save again to put them in place."
        ),
        "fill_invalid": lambda: _("Nothing was filled. Please look at the marked fields."),
        "paste_invalid": lambda: _("Nothing was stored: every fault is named below by row and column."),
        "confirmed_not_entered": lambda: _(
            "Confirmed amounts are not entered: they come from the controller's confirmations."
        ),
        "month_out_of_range": lambda: _(
            "This month lies more than 10 years after the start of the line, or 50 years before it."
        ),
        "month_before_start": lambda: _("The line has not started in this month."),
        "period_locked": lambda: _(
            "This month is closed. Only a controller of the measure still adds to it, as a dated late entry."
        ),
        "sign_wrong": lambda: _("This category holds costs: its amounts are negative or zero."),
        "start_twice": lambda: _("Choose a day or a milestone, not both."),
        "line_in_frozen_plan": lambda: _(
            "A frozen plan names this line, so it stays. Take its plan amounts back in the new draft instead."
        ),
        "line_in_ledger": lambda: _(
            "Amounts of this line are confirmed with what it says here. The controller can take the confirmations back."
        ),
        "milestone_starts_lines": lambda: _(
            "Effect lines start with this milestone. Give them another start on the finance page first."
        ),
        "run_rate_missing": lambda: _(
            "This line has no run rate. Enter it with the line, then fill the plan."
        ),
        "count_of_months": lambda: _("Between 1 and 600 months."),
        "first_month_form": lambda: _("A month looks like 2026-05."),
        "line_unknown": lambda: _("No line has this number, and not exactly one this name."),
        "column_unknown": lambda: _(
            "This heading is neither a month such as 2026-05 nor one of the template."
        ),
        "column_missing": lambda: _("The table needs a column with this heading."),
        "column_twice": lambda: _("This month has two columns."),
        "cell_twice": lambda: _("An earlier row has this line and series already."),
        "table_empty": lambda: _("There is no table here: the first row has the headings."),
        "too_many_cells": lambda: _("At most 50,000 cells at once."),
        "too_many_columns": lambda: _("At most 1,250 columns at once."),
        "file_unreadable": lambda: _("This file cannot be read as a table. Save it as CSV or XLSX."),
        "percent_form": lambda: _("Percents between 0 and 1000, such as 50; 75; 100."),
    }
)


class CellSaid(NamedTuple):
    """A cell in words, and the currency of its line."""

    label: str
    currency: str


def cell_said(name: str, lines: Iterable[Any]) -> CellSaid:
    """A cell by name, of lines with id, name and currency."""
    cell = cell_of(name)
    line = next((each for each in lines if cell and each.id == cell[0]), None)
    if cell is None or line is None:
        return CellSaid(name, "")
    when = dates.month(cell[2]) if cell[2] else _("whole life")
    return CellSaid(f"{line.name}, {series_word(cell[1])}, {when}", line.currency)


def why(code: str) -> str:
    """Why a cell stands still, in a few words."""
    return {
        "plan_frozen": _("The plan is frozen"),
        "amount_confirmed": _("Confirmed, so nobody edits it"),
        "period_locked": _("The month is closed"),
    }.get(code, "")


def standing_word(standing: str) -> str:
    """How an actual amount stands."""
    return {"awaits": _("awaits"), "confirmed": _("confirmed"), "refused": _("refused")}.get(standing, "")
