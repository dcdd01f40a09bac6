"""The forecast of a line moves with the milestone it starts with (product.md: keep milestones and forecast true)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from govapp.data.finance import EffectLine
from govapp.data.grid_queries import day_of
from govapp.data.measures import Milestone
from govapp.data.snapshots import Loaded
from govapp.domain.cells import CellKey
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.measures import date_fault
from govapp.domain.planning import apart, first_of, shifted
from govapp.services._cells import Changed, _log_where, _sheet, _store
from govapp.services._value_states import told
from govapp.services._work import Work


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many months a milestone moved, and how many lines' forecasts moved with it."""

    months: int = 0
    lines: int = 0


def _shift_forecasts(work: Work, loaded: Loaded, stone: Milestone, before: date | None, right: str) -> Shift:
    """Move the forecast of lines that start with a milestone whose day (done, expected, planned) came into another
    month; never the plan, nothing confirmed or actual, nothing in a closed month. The caller settles.

    Raises Invalid (milestone_invalid) when an amount would leave the years a month may have.
    """
    after = day_of(stone)
    if before is None or after is None or first_of(before) == first_of(after):
        return Shift()
    lines = {
        row.id: row
        for row in work.session.scalars(
            select(EffectLine).where(EffectLine.start_milestone_id == stone.id).order_by(EffectLine.id)
        )
    }
    if not lines:
        return Shift()
    asked = apart(before, after)
    sheet = _sheet(work, loaded, lines, ["forecast", "actual"])
    changed: Changed = {}
    moved: dict[str, int] = {}
    for number, line in lines.items():
        by, cells = shifted(
            sheet.months(number, "forecast"), asked, sheet.closed, sheet.months(number, "actual")
        )
        for month, new in cells.items():
            if date_fault(month):
                raise Invalid("milestone_invalid", {"forecast_date": ["date_out_of_range"]})
            cell: CellKey = (number, "forecast", month)
            changed[cell] = (sheet.amount(cell), new)
        if cells:
            moved[str(number)] = by
            line.version += 1
    if not changed:
        return Shift(asked)
    _store(work, loaded, sheet, changed)
    payload = {
        "milestone": stone.id,
        "name": stone.name,
        "months": asked,
        "moved": moved,
        "lines": {number: [lines[int(number)].name, lines[int(number)].currency] for number in moved},
        "cells": told(changed),
    }
    work.log(Event.FORECAST_SHIFTED, payload, right=right, **_log_where(loaded))
    return Shift(asked, len(moved))
