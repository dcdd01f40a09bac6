"""What is kept of an effect line by fiscal year: pure sums of its amounts, for the roll-ups of thousands of lines.

Amounts are minor units of the line's currency (FTE: 1/10,000), but `booked`: those of the organization's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

BASELINE, TARGET, PLAN, FORECAST, ACTUAL = "baseline", "target", "plan", "forecast", "actual"
FIRST_PLAN, CONFIRMED, BOOKED, RUN_RATE = "first_plan", "confirmed", "booked", "run_rate"
KEPT = (BASELINE, TARGET, PLAN, FIRST_PLAN, FORECAST, ACTUAL, CONFIRMED, BOOKED, RUN_RATE)
OPEN = "open"  # actual less confirmed amounts, where the two are read together
UNDATED = 0
TOTAL = 12  # place of the sum after the twelve months

# Rate of exchange that stands for good ('' where today's holds), twelve months of a fiscal year and their sum.
Row = tuple[str, tuple[int, ...]]


class Cell(NamedTuple):
    """An amount of a line in a series for a month (its first day), or undated."""

    series: str
    month: date | None
    amount: int
    plan_version: int = 0


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a frozen plan version says of one line: its number, the plan rate of the currency ('' own), the run rate."""

    number: int
    rate: str = ""
    run_rate: int | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line with its run rate as drafted, all its amounts, ledger sums by month, and the frozen versions in order."""

    run_rate: int | None
    cells: Iterable[Cell]
    ledger: Mapping[date | None, tuple[int, int]] = field(default_factory=dict)
    frozen: tuple[Frozen, ...] = ()


@lru_cache(maxsize=4096)
def fiscal_place(month: date | None, fiscal_month: int) -> tuple[int, int]:
    """Year in which the fiscal year of a month starts, and its place in it (0-11); undated: year 0, the sum's place."""
    if month is None:
        return UNDATED, TOTAL
    place = (month.month - fiscal_month) % 12
    return (month.year if month.month >= fiscal_month else month.year - 1), place


def month_at(year: int, place: int, fiscal_month: int) -> date:
    """The month at a place (0-11) of the fiscal year that starts in a calendar year."""
    months = fiscal_month - 1 + place
    return date(year + months // 12, months % 12 + 1, 1)


def rows_of(line: LineFacts, fiscal_month: int) -> dict[tuple[str, int], Row]:
    """Rows by series and year. Plan: the highest frozen version, else the draft; first plan: the lowest, else the plan.

    Baseline, target, plan and run rate carry the frozen plan rate of the version in force, the first plan its own. A
    run rate counts from when the line is planned: a rough one stands in the pipeline and in no sum of plans.
    """
    first, current = (line.frozen[0], line.frozen[-1]) if line.frozen else (Frozen(0), Frozen(0))
    run_rate = current.run_rate if line.frozen else line.run_rate
    rates = dict.fromkeys((BASELINE, TARGET, PLAN, RUN_RATE), current.rate) | {FIRST_PLAN: first.rate}
    sums: dict[tuple[str, int], list[int]] = {}

    def add(series: str, month: date | None, amount: int) -> None:
        year, place = fiscal_place(month, fiscal_month)
        row = sums.setdefault((series, year), [0] * (TOTAL + 1))
        if place != TOTAL:
            row[place] += amount
        row[TOTAL] += amount

    for cell in line.cells:
        if cell.series != PLAN:
            add(cell.series, cell.month, cell.amount)
            continue
        if cell.plan_version == current.number:
            add(PLAN, cell.month, cell.amount)
        if cell.plan_version == first.number:
            add(FIRST_PLAN, cell.month, cell.amount)
    for month, (amount, booked) in line.ledger.items():
        add(CONFIRMED, month, amount)
        add(BOOKED, month, booked)
    if run_rate is not None and any(series == PLAN for series, _ in sums):
        add(RUN_RATE, None, run_rate)
    return {key: (rates.get(key[0], ""), tuple(months)) for key, months in sums.items()}
