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
        "source_needed": lambda: _(
            "This replaces an amount that came from another source. Say under the grid where the new one comes from."
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
        "cell_twice": lambda: _(
            "An earlier row has this line and series already; all of this row is left out."
        ),
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
    planned = _("Plans are entered by the owner or the finance contact of the measure")
    return {
        "plan_frozen": _("The plan is frozen; it changes by a change request"),
        "amount_confirmed": _("Confirmed, so nobody edits it; the controller can take the confirmation back"),
        "period_locked": _("The month is closed; a controller still adds to it"),
        "measure_over": _("The measure is cancelled or archived"),
        "not_plan": planned,
        "not_baseline": planned,
        "not_target": planned,
        "not_forecast": _("The forecast is kept by the owner of the measure"),
        "not_actual": _("Actual amounts are entered by the finance contact of the measure"),
    }.get(code, "")


def legend(typing: Any, closed: Any) -> list[str]:
    """Which cells this person types into, and why not into the others; empty for who types nowhere."""
    if not typing.series and not typing.into_closed:
        return []
    said = []
    open_ones = typing.series.difference({"plan"} if typing.frozen else ())
    mine = [series_word(series).lower() for series in ("plan", "forecast", "actual") if series in open_ones]
    if mine:
        said.append(_("You type into the boxes: %(series)s.", series=", ".join(mine)))
    if typing.into_closed and closed:
        said.append(
            _(
                "Into months closed up to %(month)s you enter forecast and actual amounts as late entries; another "
                "controller confirms those.",
                month=dates.month(closed),
            )
        )
    elif typing.into_closed:
        said.append(_("Once a month is closed, you enter late amounts into it. No month is closed yet."))
    if typing.frozen:
        said.append(_("The plan is frozen and changes by a change request."))
    if "actual" not in typing.series:
        said.append(_("Actual amounts of open months are entered by the finance contact."))
    if "forecast" not in typing.series:
        said.append(_("The forecast of open months is kept by the owner."))
    return said


def confirmed_words(who: str, when: str) -> str:
    """Why a confirmed amount stands still, who confirmed it, and what helps."""
    said = _("%(who)s confirmed this amount on %(day)s, so it stands still.", who=who, day=when)
    return (
        said
        + " "
        + _("Ask the controller to take the confirmation back in the ledger; then enter the new amount.")
    )


def standing_word(standing: str) -> str:
    """How an actual amount stands."""
    return {"awaits": _("awaits"), "confirmed": _("confirmed"), "refused": _("refused")}.get(standing, "")
