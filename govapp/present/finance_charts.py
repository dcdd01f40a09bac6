"""Charts of money of one set of lines: months of a year, added up, and the way from target to confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from govapp.domain.money_rows import ACTUAL, CONFIRMED, FORECAST, PLAN, TOTAL, month_at
from govapp.domain.rollups import Basis, Figures, Rows, Sum, by_month, cumulated, figures, waterfall
from govapp.present import dates
from govapp.present.chart_curve import Curve, CurveSeries, curve, curve_finding
from govapp.present.chart_waterfall import Waterfall, waterfall_chart
from govapp.present.finance import series_word
from govapp.present.language import gettext as _

_COME = frozenset({ACTUAL, CONFIRMED})


@dataclass(frozen=True, slots=True)
class YearPoints:
    """The months of a fiscal year in minor units of one currency, by series, each for itself and added up.

    `months` of them are over; actual and confirmed amounts are drawn for the first `drawn`.
    """

    unit: str
    days: tuple[date, ...]
    months: int
    drawn: int
    each: tuple[tuple[str, tuple[int, ...]], ...]
    added: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class YearCharts:
    """Figures so far and of the whole year, with their charts; those are None where currencies stand side by side."""

    so_far: Figures
    whole: Figures
    cumulative: Curve | None
    monthly: Curve | None
    waterfall: Waterfall | None


def year_charts(
    rows: Rows, basis: Basis, plan: str, year: int, months: int, unit: str, period: str
) -> YearCharts:
    """Charts of a fiscal year, `months` of which are over. `unit`: the currency of the page, '' for posts."""
    so_far, whole = figures(rows, basis, plan, (0, months)), figures(rows, basis, plan)
    points = year_points(rows, basis, plan, year, months, unit)
    return YearCharts(
        so_far,
        whole,
        cumulative_chart(points) if points else None,
        monthly_chart(points) if points else None,
        waterfall_of(whole, unit, period),
    )


def waterfall_of(whole: Figures, unit: str, period: str) -> Waterfall | None:
    """From target to confirmed; None where there is nothing, or nothing in one currency."""
    way = way_of(whole, unit)
    return waterfall_chart(waterfall(*way), unit, period) if way else None


def way_of(whole: Figures, unit: str) -> tuple[int, int, int, int, int] | None:
    """Target, plan, forecast, actual, confirmed in minor units; None where nothing is, or not in one currency."""
    known = [each.in_one(unit) for each in whole.all]
    if None in known or not any(known):
        return None
    target, plan, forecast, actual, confirmed = (minor or 0 for minor in known)
    return target, plan, forecast, actual, confirmed


def year_points(rows: Rows, basis: Basis, plan: str, year: int, months: int, unit: str) -> YearPoints | None:
    """The points of a year; None where there are none, or not in one currency."""
    series = {PLAN: plan, FORECAST: FORECAST, ACTUAL: ACTUAL, CONFIRMED: CONFIRMED}
    each, added = [], []
    for key, kept in series.items():
        alone = _minors(by_month(rows, kept, basis), unit)
        together = _minors(cumulated(rows, kept, basis), unit)
        if alone is None or together is None:
            return None
        each.append((key, alone))
        added.append((key, together))
    if not any(any(points) for _, points in each):
        return None
    last = max(
        (n + 1 for key, points in each if key in _COME for n, minor in enumerate(points) if minor), default=0
    )
    days = tuple(month_at(year, place, basis.fiscal_month) for place in range(TOTAL))
    return YearPoints(unit, days, months, max(last, months), tuple(each), tuple(added))


def cumulative_chart(points: YearPoints) -> Curve:
    """The year added up month by month."""
    return curve(
        _drawn(points.added, points.drawn), _labels(points.days), points.unit, _finding(points),
        _("Added up by month"), _over(points),
    )  # fmt: skip


def monthly_chart(points: YearPoints) -> Curve:
    """The year month by month."""
    return curve(
        _drawn(points.each, points.drawn), _labels(points.days), points.unit, _month_finding(points), _("By month"),
        _over(points),
    )  # fmt: skip


def _over(points: YearPoints) -> int | None:
    return points.months if 0 < points.months < TOTAL else None


def _minors(sums: Sequence[Sum], unit: str) -> tuple[int, ...] | None:
    known = [each.in_one(unit) for each in sums]
    return None if None in known else tuple(minor or 0 for minor in known)


def _labels(days: Sequence[date]) -> list[str]:
    """Months, the year where it begins."""
    names = [dates.month(day) for day in days]
    return [
        name if place == 0 or day.month == 1 else name.split()[0]
        for place, (day, name) in enumerate(zip(days, names, strict=True))
    ]


def _drawn(points: Iterable[tuple[str, tuple[int, ...]]], last: int) -> list[CurveSeries]:
    """Plan and forecast over all months, actual and confirmed as far as there is any or the year is over."""
    return [
        CurveSeries(key, series_word(key), values if key not in _COME else _until(values, last))
        for key, values in points
    ]


def _until(values: tuple[int, ...], last: int) -> tuple[int | None, ...]:
    return tuple(minor if n < last else None for n, minor in enumerate(values))


def _finding(points: YearPoints) -> str:
    added = dict(points.added)
    over = points.months > 0
    now = max(points.months - 1, 0)
    return curve_finding(
        added[PLAN][now] if over else 0, added[ACTUAL][now] if over else 0, added[CONFIRMED][now] if over else 0,
        added[FORECAST][-1], added[PLAN][-1], points.unit, dates.month(points.days[now]) if over else "",
    )  # fmt: skip


def _month_finding(points: YearPoints) -> str:
    """The month in which actual and plan are furthest apart, among those that hold actual amounts."""
    each = dict(points.each)
    apart = [(abs(a - p), n) for n, (a, p) in enumerate(zip(each[ACTUAL], each[PLAN], strict=True)) if a]
    if not apart:
        return _("No month holds actual amounts yet")
    gap, place = max(apart)
    if not gap:
        return _("In every month the actual amounts are those of the plan")
    return _("Actual and plan are furthest apart in %(month)s", month=dates.month(points.days[place]))
