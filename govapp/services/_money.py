"""The part of settle that keeps the sums of money: by line and year, and what a measure adds to its branch.

A measure whose money did not change and that stays in its branch costs no statement.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from govapp.data.ledger import PlanVersion
from govapp.data.measures import Card
from govapp.data.money_rows import (
    KeptLine,
    Meta,
    Scope,
    add_totals,
    branch_sums,
    changes_money,
    drop_rows,
    kept_lines,
    kept_sums,
    line_rows,
    line_values,
    plan_versions,
    set_totals,
    write_rows,
    year_values,
)
from govapp.data.money_totals import MoneyLine, MoneyYear
from govapp.data.snapshots import Loaded
from govapp.domain.money_rows import BOOKED, TOTAL, Row
from govapp.services._work import Work

CANCELLED = "cancelled"
_Rows = dict[tuple[str, int], Row]


def _settle_money(work: Work, measures: Sequence[Loaded], *, anew: bool = False) -> set[str]:
    """Renew kept sums of the lines that were touched, or of all lines (`anew`, or the measure changes its branch).

    Returns keys of measures of which something kept was not what it is now. The caller holds the measures' rows.
    """
    due = [loaded for loaded in measures if anew or _is_due(work, loaded)]
    if not due:
        return set()
    if changes_money(work.session):
        work.session.flush()
    whole = {loaded.measure.id for loaded in due if anew or _moves(loaded)}
    touched = {line for loaded in due for line in work.money.pop(loaded.measure.id, ())}
    scope = Scope(sorted(whole), sorted(touched))
    versions = _versions(work, [loaded.measure.id for loaded in due])
    found = line_rows(work.session, scope, versions, {each.measure.id: each.currency for each in due})
    kept = kept_lines(work.session, scope)
    change = _Change(work)
    for loaded in due:
        change.into(loaded)
        for line_id in sorted(
            {i for i, (measure, *_) in found.items() if measure == loaded.measure.id}
            | {i for i, each in kept.items() if each.measure_id == loaded.measure.id}
        ):
            _, meta, rows = found.get(line_id, (0, None, {}))
            change.line(line_id, kept.get(line_id), meta, rows)
        change.done(versions[loaded.measure.id][-1].number if loaded.measure.id in versions else 0)
    change.write()
    return change.changed


def _versions(work: Work, measures: Sequence[int]) -> dict[int, list[PlanVersion]]:
    """Frozen plans by measure, in order; one that this transaction freezes is still to be written."""
    found = plan_versions(work.session, measures)
    for row in work.late:
        if isinstance(row, PlanVersion) and row.measure_id in measures:
            found.setdefault(row.measure_id, []).append(row)
    return found


def _branch_of(loaded: Loaded) -> int | None:
    """The branch whose sums include the measure; None for what is cancelled or archived."""
    gone = loaded.measure.archived or loaded.measure.state == CANCELLED
    return None if gone else loaded.measure.branch_id


def _moves(loaded: Loaded) -> bool:
    return _card(loaded).money_branch != _branch_of(loaded)


def _is_due(work: Work, loaded: Loaded) -> bool:
    if loaded.measure.id in work.money:
        return True
    if not _moves(loaded):
        return False
    if not loaded.lines:
        _card(loaded).money_branch = _branch_of(loaded)
        return False
    return True


def _card(loaded: Loaded) -> Card:
    if loaded.card is None:
        raise RuntimeError("settle makes the card first")
    return loaded.card


class _Change:
    """What is to be written: rows that differ, rows to delete, and differences of branch sums."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.changed: set[str] = set()
        self.lines: list[dict[str, Any]] = []
        self.years: list[dict[str, Any]] = []
        self.no_lines: list[tuple[int, str, int]] = []
        self.no_years: list[tuple[int, int]] = []

    def into(self, loaded: Loaded) -> None:
        """The lines that follow are those of this measure."""
        self.loaded = loaded
        self.left, self.right = _card(loaded).money_branch, _branch_of(loaded)

    def line(self, line_id: int, kept: KeptLine | None, meta: Meta | None, rows: _Rows) -> None:
        """One line: what is kept of it, and what it should be."""
        measure_id = self.loaded.measure.id
        before = kept.rows if kept else {}
        for (series, year), row in rows.items():
            if before.get((series, year)) != row:
                self.lines.append(line_values(line_id, measure_id, series, year, row))
        self.no_lines += [(line_id, *key) for key in before.keys() - rows.keys()]
        years = {year for _, year in rows}
        known = kept.meta if kept else {}
        told = [year_values(line_id, measure_id, year, meta, rows) for year in sorted(years)] if meta else []
        new = [
            each for each in told if each["year"] not in known or known[each["year"]][1] != _in_order(each)
        ]
        self.years += new
        self.no_years += [(line_id, year) for year in known.keys() - years]
        if new or before != rows or set(known) != years:
            self.changed.add(self.loaded.measure.key)
        for (series, year), row in before.items():
            if year in known:
                self._add(self.left, known[year][0], series, year, row, -1)
        for (series, year), row in rows.items():
            if meta:
                self._add(self.right, meta, series, year, row, 1)

    def _add(self, branch: int | None, meta: Meta, series: str, year: int, row: Row, sign: int) -> None:
        if branch is None:
            return
        currency = self.loaded.currency if series == BOOKED else meta.currency
        key = (branch, series, meta.kind, meta.timing, currency, row[0], year)
        sums = self.work.money_totals.setdefault(key, [0] * (TOTAL + 1))
        for place, amount in enumerate(row[1]):
            sums[place] += sign * amount

    def done(self, plan_number: int) -> None:
        """The lines of the measure have all been seen; its plan in force has this number."""
        card = _card(self.loaded)
        card.money_branch, card.plan_number = self.right, plan_number

    def write(self) -> None:
        """Write what differs; sums of branches follow at the end of the transaction."""
        session = self.work.session
        drop_rows(session, self.no_lines, self.no_years)
        write_rows(session, MoneyLine, self.lines)
        write_rows(session, MoneyYear, self.years)
        self.work.before_log.append(partial(_write_money_totals, self.work))


def _in_order(values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values[column.name] for column in MoneyYear.__table__.columns)


def _write_money_totals(work: Work) -> None:
    """Add what this transaction changed, once and in order of key; stage totals come before."""
    sums = dict(work.money_totals)
    work.money_totals.clear()
    add_totals(work.session, sums)


def _rebuild_totals(work: Work, branch_id: int, own: str) -> int:
    """Set the sums of a branch to those of its lines; returns how many were wrong."""
    kept = kept_sums(work.session, branch_id)
    right = branch_sums(work.session, branch_id, own)
    nothing = (0,) * (TOTAL + 1)
    wrong = {
        key: right.get(key, nothing)
        for key in kept.keys() | right.keys()
        if kept.get(key, nothing) != right.get(key, nothing)
    }
    set_totals(work.session, wrong)
    return len(wrong)
