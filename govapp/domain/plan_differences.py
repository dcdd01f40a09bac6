"""What lies between two plans, line by line and month by month; whether a plan still gives its run rate.

Amounts are minor units of the line's currency (posts: 1/10,000).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.domain.effect_rules import RECURRING
from govapp.domain.plan_versions import FIELDS, PlanLine
from govapp.domain.planning import YEAR, apart

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# A plan is expected to give its run rate a year within so many percent; no version of the set names a figure.
FITS_PERCENT = 10
Starts = Mapping[int, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class CellChange:
    """The plan amount of a month (None: undated) in both plans; None where a plan has none."""

    month: date | None
    old: int | None
    new: int | None

    @property
    def difference(self) -> int:
        """By how much the amount changes."""
        return (self.new or 0) - (self.old or 0)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of which anything differs: added, removed or changed. `old` and `new` are its plan totals.

    `fields`: name, value before and after of what gives the amounts their meaning, and of where the line starts.
    """

    id: int
    what: str
    name: str
    kind: str
    currency: str
    old: int | None
    new: int | None
    fields: tuple[tuple[str, Any, Any], ...]
    cells: tuple[CellChange, ...]

    def said(self) -> dict[str, Any]:
        """For the log: codes and amounts by month, as YYYY-MM or `total`."""
        return {
            "line": self.id, "what": self.what, "name": self.name, "kind": self.kind, "currency": self.currency,
            "plan": [self.old, self.new], "fields": {name: [old, new] for name, old, new in self.fields},
            "months": {f"{c.month:%Y-%m}" if c.month else "total": [c.old, c.new] for c in self.cells},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """Months in a row whose amounts change in the same way; `old`, `new` and `difference` are those of one month."""

    first: date | None
    last: date | None
    months: int
    old: int | None
    new: int | None

    @property
    def difference(self) -> int:
        """By how much each month changes."""
        return (self.new or 0) - (self.old or 0)


def line_changes(
    before: Iterable[PlanLine],
    after: Iterable[PlanLine],
    began: Starts | None = None,
    begins: Starts | None = None,
) -> tuple[LineChange, ...]:
    """Lines that differ, in order of id. Lines that bear no plan in either are left out.

    `began` and `begins`: by line the day or milestone (`start`, `start_milestone`) with which it starts in each plan.
    """
    old = {line.id: line for line in before if line.planned}
    new = {line.id: line for line in after if line.planned}
    found = []
    for number in sorted(old.keys() | new.keys()):
        was, now = old.get(number), new.get(number)
        line = now or was
        if line is None:
            continue
        fields = _fields(was, now, (began or {}).get(number, {}), (begins or {}).get(number, {}))
        cells = _cells(was.amounts if was else {}, now.amounts if now else {})
        what = CHANGED if was and now else ADDED if now else REMOVED
        if fields or cells or what != CHANGED:
            totals = (was.total if was else None, now.total if now else None)
            found.append(
                LineChange(number, what, line.name, line.kind, line.currency, *totals, fields, cells)
            )
    return tuple(found)


def _fields(
    was: PlanLine | None,
    now: PlanLine | None,
    began: Mapping[str, str | None],
    begins: Mapping[str, str | None],
) -> tuple[tuple[str, Any, Any], ...]:
    """Of a line in both plans every field that differs; of one that comes or goes its run rate and where it counts."""
    if was is None or now is None:
        there = {name: getattr(now or was, name) for name in ("run_rate", "category", "cost_object")}
        pairs = [(name, *((None, value) if now else (value, None))) for name, value in there.items()]
        return tuple(each for each in pairs if each[1] or each[2])
    pairs = [(name, getattr(was, name), getattr(now, name)) for name in FIELDS]
    pairs += [
        (name, began.get(name), begins.get(name)) for name in ("start", "start_milestone") if began and begins
    ]
    return tuple(each for each in pairs if each[1] != each[2])


def _cells(was: Mapping[date | None, int], now: Mapping[date | None, int]) -> tuple[CellChange, ...]:
    months = sorted(was.keys() | now.keys(), key=lambda month: month or date.min)
    return tuple(
        CellChange(month, was.get(month), now.get(month))
        for month in months
        if was.get(month) != now.get(month)
    )


def spans(cells: Iterable[CellChange]) -> list[Span]:
    """The same cells with months in a row taken together where old and new are the same."""
    found: list[Span] = []
    for cell in cells:
        last = found[-1] if found else None
        if (
            last is not None and last.last and cell.month and apart(last.last, cell.month) == 1
            and (last.old, last.new) == (cell.old, cell.new)
        ):  # fmt: skip
            found[-1] = Span(last.first, cell.month, last.months + 1, last.old, last.new)
        else:
            found.append(Span(cell.month, cell.month, 1, cell.old, cell.new))
    return found


@dataclass(frozen=True, slots=True)
class Misfit:
    """A recurring line whose months give `year` a year although its run rate says otherwise."""

    name: str
    currency: str
    run_rate: int
    year: int


def misfits(lines: Iterable[PlanLine]) -> tuple[Misfit, ...]:
    """Recurring lines whose plan by month no longer gives their run rate.

    A year is twelve times the last month, or the sum of the last twelve where that is nearer: seasons even out.
    """
    found = []
    for line in lines:
        dated = sorted((month, amount) for month, amount in line.amounts.items() if month)
        if line.timing != RECURRING or line.run_rate is None or not dated:
            continue
        amounts = [amount for _, amount in dated]
        year = _year(amounts, line.run_rate)
        if abs(year - line.run_rate) * 100 > FITS_PERCENT * abs(line.run_rate):
            found.append(Misfit(line.name, line.currency, line.run_rate, year))
    return tuple(found)


def _year(amounts: Sequence[int], run_rate: int) -> int:
    years = [amounts[-1] * YEAR]
    if len(amounts) >= YEAR:
        years.append(sum(amounts[-YEAR:]))
    return min(years, key=lambda each: abs(each - run_rate))
