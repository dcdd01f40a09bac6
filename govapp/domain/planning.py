"""Amounts by month: run rate with ramp, a forecast that moves with its milestone, a run rate that follows the plan.

All amounts are integers of minor units; months are named by their first day.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

YEAR = 12
MOST_MONTHS = 600
_FULL = Decimal(100)


def first_of(day: date) -> date:
    """The month of a day."""
    return day.replace(day=1)


def later(month: date, by: int) -> date:
    """The month so many months later (earlier when negative). Raises ValueError outside the years 1 to 9999."""
    count = month.year * YEAR + month.month - 1 + by
    return date(count // YEAR, count % YEAR + 1, 1)


def apart(earlier: date, after: date) -> int:
    """How many months the second month lies after the first."""
    return (after.year - earlier.year) * YEAR + after.month - earlier.month


def fiscal_year(month: date, first_month: int) -> int:
    """The calendar year in which the fiscal year of a month begins."""
    return month.year if month.month >= first_month else month.year - 1


def fiscal_months(year: int, first_month: int, years: int = 1) -> tuple[date, ...]:
    """The months of fiscal years, from the one that begins in a calendar year."""
    start = date(year, first_month, 1)
    return tuple(later(start, n) for n in range(YEAR * years))


def ramped(yearly: int, percents: Sequence[Decimal], count: int) -> list[int]:
    """A run rate by month: first so many percent of a twelfth each, then full twelfths, `count` months in all.

    Each is rounded half up; every twelfth full month takes the residual, so that twelve of them make the run rate.
    """
    months = [_part(yearly, percent) for percent in percents[:count]]
    twelfth = _part(yearly, _FULL)
    for n in range(1, count - len(months) + 1):
        months.append(yearly - twelfth * (YEAR - 1) if n % YEAR == 0 else twelfth)
    return months


def _part(yearly: int, percent: Decimal) -> int:
    exact = Decimal(yearly) * percent / (YEAR * _FULL)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def levelled(level: int, percents: Sequence[Decimal], count: int) -> list[int]:
    """As `ramped` for posts, which are a level and no flow: the full amount each month, after the ramp."""
    months = [
        int((level * percent / _FULL).quantize(Decimal(1), ROUND_HALF_UP)) for percent in percents[:count]
    ]
    return months + [level] * (count - len(months))


def following(run_rate: int | None, before: int | None, after: int | None, factor: int) -> int | None:
    """The run rate after the plan changed: an explicit one stays, one that followed the last plan month follows it.

    `before`, `after`: the plan's last month; `factor`: 12, or 1 for posts.
    """
    if run_rate is not None and (before is None or run_rate != factor * before):
        return run_rate
    return None if after is None else factor * after


def shifted(
    forecast: Mapping[date, int], by: int, closed: date | None, actuals: Collection[date]
) -> tuple[int, dict[date, int | None]]:
    """How far a forecast moves with its milestone, and what changes: new amounts by month, None where none is left.

    What lies in closed months (up to `closed`) or before or in the last month with an actual amount stays. The rest
    moves as a whole, backwards no further than to the first month after these. Raises ValueError past the year 9999.
    """
    fixed = [month for month in (closed, *actuals) if month is not None]
    open_from = later(max(fixed), 1) if fixed else None
    moving = {month: amount for month, amount in forecast.items() if open_from is None or month >= open_from}
    if not moving:
        return 0, {}
    if open_from is not None:
        by = max(by, apart(min(moving), open_from))
    if by == 0:
        return 0, {}
    moved: dict[date, int | None] = dict.fromkeys(moving)
    moved |= {later(month, by): amount for month, amount in moving.items()}
    return by, {month: amount for month, amount in moved.items() if forecast.get(month) != amount}
