"""Steps that write amounts of effect lines: one way for grid, totals, months, files and moved forecasts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from govapp.data.finance import CONFIRMED, EffectLine, EffectValue
from govapp.data.grid_queries import has_draft_change, lives_of
from govapp.data.numbering import next_numbers
from govapp.data.period_queries import locked_until
from govapp.data.snapshots import Loaded
from govapp.data.value_rows import (
    NAME,
    Raw,
    ValueRow,
    delete_values,
    insert_values,
    raw_values,
    set_values,
    values_of,
)
from govapp.domain.cells import (
    BY_PERIOD,
    CellKey,
    Life,
    month_fault,
    name_of,
    right_for,
    series_fault,
    standing_fault,
)
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.finance import Faults, sign_is_wrong
from govapp.domain.planning import YEAR, following
from govapp.services._belongs import _where
from govapp.services._confirming import late_right
from govapp.services._value_states import Foreseen, Writer, count_new, states_now, told_now
from govapp.services._work import Work

Changed = dict[CellKey, tuple[int | None, int | None]]
STILL = frozenset({"plan_frozen", "amount_confirmed", "period_locked"})


@dataclass
class Sheet:
    """Lines of a measure with what they hold: rows of amounts by cell, the newest closed month, when they start."""

    lines: Mapping[int, EffectLine]
    held: dict[CellKey, ValueRow] = field(default_factory=dict)
    closed: date | None = None
    lives: Mapping[int, Life] = field(default_factory=dict)

    def amount(self, cell: CellKey) -> int | None:
        """What a cell holds, in minor units."""
        row = self.held.get(cell)
        return None if row is None else row.amount

    def months(self, line_id: int, series: str) -> dict[date, int]:
        """Amounts of a line in a series by month."""
        return {
            month: row.amount
            for (line, name, month), row in self.held.items()
            if line == line_id and name == series and month is not None
        }

    def is_confirmed(self, cell: CellKey) -> bool:
        """Whether a cell's actual amount is confirmed and not taken back since."""
        row = self.held.get(cell)
        return row is not None and row.standing == CONFIRMED

    def is_closed(self, month: date | None) -> bool:
        """Whether a month is closed; what is undated never is."""
        return month is not None and self.closed is not None and month <= self.closed


def _sheet(
    work: Work,
    loaded: Loaded,
    lines: Mapping[int, EffectLine],
    series: Iterable[str] | None = None,
    foreseen: Foreseen | None = None,
) -> Sheet:
    """What lines hold, of all series or of some."""
    raw = raw_values(work.session, lines, series)
    return Sheet(
        lines,
        dict(foreseen.held) if foreseen and raw == foreseen.raw else by_cell(raw),
        locked_until(work.session, loaded.measure.organization_id, hold=True),
        lives_of(work.session, lines.values()),
    )


def by_cell(raw: Raw) -> dict[CellKey, ValueRow]:
    """Rows of amounts by cell."""
    return {(row.line_id, row.series, row.month): row for row in values_of(raw)}


def changes_in(sheet: Sheet, wanted: Mapping[CellKey, int | None]) -> Changed:
    """Old and new of every cell that would change."""
    return {cell: (old, new) for cell, new in wanted.items() if (old := sheet.amount(cell)) != new}


def _plan_stands(work: Work, loaded: Loaded) -> bool:
    """Whether the plan is frozen and no change of it is being drafted."""
    if loaded.rules.frozen_in(loaded.snapshot.stage) is None:
        return False
    return not has_draft_change(work.session, loaded.measure.id)


def _allowed(work: Work, loaded: Loaded, sheet: Sheet, cells: Collection[CellKey]) -> tuple[str, bool]:
    """The right used for writing these cells, and whether it reaches closed months.

    Into closed months writes who confirms amounts here or is a controller of the branch, and needs nothing else there
    (a dated late entry); in all others each series takes its own right. Raises Refused without it.
    """
    late: set[str] = set()
    now: set[str] = set()
    for _, series, month in cells:
        (late if series in BY_PERIOD and sheet.is_closed(month) else now).add(series)
    right, reaches = "", False
    for permission in sorted({right_for(series) for series in now}):
        right = work.may(permission, loaded.place)
    if late:
        try:
            right, reaches = _late_right(work, loaded), True
        except Refused:
            for permission in sorted({right_for(series) for series in late}):
                right = work.may(permission, loaded.place)
    return right, reaches


def _late_right(work: Work, loaded: Loaded) -> str:
    return "system" if work.actor.is_system else late_right(work, loaded)


def _cell_faults(
    sheet: Sheet, changed: Changed, today: date, *, frozen: bool, reaches_closed: bool
) -> Faults:
    """Why cells do not take their new amounts, by name of the cell; what is taken back may lie anywhere."""
    faults: Faults = {}
    for cell, (_, new) in changed.items():
        line, series, month = cell
        code = series_fault(series)
        if not code and new is not None:
            code = month_fault(series, month, sheet.lives.get(line, Life()), today)
        code = code or standing_fault(
            series,
            frozen=frozen,
            confirmed=sheet.is_confirmed(cell),
            closed=sheet.is_closed(month) and not reaches_closed,
        )
        if code:
            faults[name_of(cell)] = [code]
    return faults


def _store(
    work: Work,
    loaded: Loaded,
    sheet: Sheet,
    changed: Changed,
    source: str = "",
    foreseen: Foreseen | None = None,
) -> None:
    """Set amounts; None deletes. An actual amount awaits confirmation anew, and who wrote it is among its hands."""
    foreseen = foreseen or Foreseen()
    session, writer = work.session, _writer(work, loaded, sheet, source)
    session.flush()
    numbers = next_numbers(session, EffectValue, count_new(sheet.held, changed), foreseen.numbers)
    states = states_now(foreseen, sheet.held, changed, writer, numbers)
    insert_values(session, states.new)
    set_values(session, states.set)
    delete_values(session, states.gone)
    if states.new or states.set or states.gone:
        kept = work.kept_rows(NAME)
        kept.known = {**kept.known, **foreseen.digests}
        kept.begin(states.new, new=True)
        kept.begin(states.set)
        kept.end(states.gone)
    for cell, (_, new) in changed.items():
        if new is None:
            sheet.held.pop(cell, None)
    sheet.held.update({(row.line_id, row.series, row.month): row for row in (*states.new, *states.set)})
    work.touched_money(loaded.measure.id, *{line for line, _, _ in changed})


def _writer(work: Work, loaded: Loaded, sheet: Sheet, source: str) -> Writer:
    return Writer(loaded.measure.id, people_of(work), work.today(loaded.timezone), sheet.closed, source)


def people_of(work: Work) -> frozenset[int]:
    """The acting person and the absent one."""
    return frozenset(person for person in (work.actor.id, work.on_behalf_of) if person is not None)


def hands_of(work: Work, before: Iterable[int] | None) -> list[int]:
    """All who entered or edited an amount, the acting person and the absent one too: none of them confirms it (R05)."""
    return sorted(people_of(work).union(before or ()))


def _follow_plan(sheet: Sheet, changed: Changed) -> dict[int, list[int | None]]:
    """Let run rates follow the last plan month where they did before; old and new by line.

    To be called once the new amounts are stored: what was before is taken from `changed`.
    """
    lines = {line for line, series, month in changed if series == "plan" and month}
    after: dict[int, dict[date, int]] = {line: {} for line in lines}
    for (line, series, month), row in sheet.held.items():
        if series == "plan" and month and line in lines:
            after[line][month] = row.amount
    before = {line: dict(months) for line, months in after.items()}
    for (line, series, month), (old, _) in changed.items():
        if series == "plan" and month:
            before[line].pop(month, None)
            if old is not None:
                before[line][month] = old
    moved: dict[int, list[int | None]] = {}
    for number in sorted(lines):
        own = sheet.lines[number]
        factor = YEAR if own.currency else 1
        new = following(own.run_rate, _last(before[number]), _last(after[number]), factor)
        if own.timing == "recurring" and new != own.run_rate:
            moved[number] = [own.run_rate, new]
            own.run_rate = new
    return moved


def _last(months: Mapping[date, int]) -> int | None:
    return months[max(months)] if months else None


def _log_where(loaded: Loaded) -> dict[str, Any]:
    return {"object_type": "measure", "object_id": loaded.measure.key, **_where(loaded)}


def _source_lost(sheet: Sheet, cell: CellKey, new: int | None) -> bool:
    """Whether a late entry would stand beside the source of the amount it replaces."""
    row = sheet.held.get(cell)
    return row is not None and bool(row.source) and new is not None and sheet.is_closed(cell[2])


def _refuse_cells(loaded: Loaded, faults: Faults) -> None:
    """Raise Invalid for faults by name of the cell."""
    if faults:
        stage = loaded.rules.frozen_in(loaded.snapshot.stage)
        raise Invalid("grid_invalid", faults, stage=stage.name if stage else "")


def _refuse_overtaken(
    sheet: Sheet, seen: Mapping[CellKey, int | None], wanted: Mapping[CellKey, int | None]
) -> None:
    """Raise Stale where a cell holds neither what was seen nor what is wanted (and something was to change there)."""
    overtaken = [
        [name_of(cell), seen[cell], sheet.amount(cell), new]
        for cell, new in wanted.items()
        if new != seen[cell] and sheet.amount(cell) not in (seen[cell], new)
    ]
    if overtaken:
        raise Stale("grid_changed", cells=overtaken)


def _checked(work: Work, loaded: Loaded, sheet: Sheet, changed: Changed, source: str) -> tuple[str, Faults]:
    """The right used for these changes, and codes by name of the cell of all that stands against them.

    Raises Refused.
    """
    right, reaches = _allowed(work, loaded, sheet, changed)
    frozen = any(series == "plan" for _, series, _ in changed) and _plan_stands(work, loaded)
    today = work.today(loaded.timezone)
    faults = _cell_faults(sheet, changed, today, frozen=frozen, reaches_closed=reaches)
    effects = loaded.rules.effects
    costs = {n: line.category for n, line in sheet.lines.items() if line.category in effects.categories}
    for cell, (_, new) in changed.items():
        if cell[0] in costs and sign_is_wrong(effects, costs[cell[0]], cell[1], new):
            faults.setdefault(name_of(cell), ["sign_wrong"])
        if not source and cell[1] == "actual" and _source_lost(sheet, cell, new):
            faults.setdefault(name_of(cell), ["source_needed"])
    return right, faults


def _write(
    work: Work,
    loaded: Loaded,
    sheet: Sheet,
    wanted: Mapping[CellKey, int | None],
    source: str = "",
    *,
    follow: bool = True,
    foreseen: Foreseen | None = None,
    seen: Mapping[CellKey, int | None] | None = None,
) -> Changed:
    """Check and store cells (minor units), let run rates follow, log old and new; what changed. The caller settles.

    Raises Refused, and Invalid (grid_invalid) with codes by name of the cell, all of them; then nothing is stored. A
    late entry over an amount with a source needs one of its own (source_needed). With what was `seen` in the cells
    Stale, unless some stand still: saving once more would not help there.
    """
    changed = changes_in(sheet, wanted)
    if not changed:
        return changed
    right, faults = _checked(work, loaded, sheet, changed, source)
    if seen is not None and STILL.isdisjoint(code for codes in faults.values() for code in codes):
        _refuse_overtaken(sheet, seen, wanted)
    _refuse_cells(loaded, faults)
    _store(work, loaded, sheet, changed, source, foreseen)
    run_rates = _follow_plan(sheet, changed) if follow else {}
    touched = sorted({line for line, _, _ in changed})
    for number in touched:
        sheet.lines[number].version += 1
    payload: dict[str, Any] = {
        "cells": told_now(foreseen or Foreseen(), changed),
        "lines": {str(n): [sheet.lines[n].name, sheet.lines[n].currency] for n in touched},
    }
    payload |= {"run_rates": {str(n): pair for n, pair in run_rates.items()}} if run_rates else {}
    payload |= {"source": source} if source else {}
    work.log(Event.GRID_CHANGED, payload, right=right, **_log_where(loaded))
    return changed
