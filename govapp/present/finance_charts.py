"""Charts of money of one set of lines: months of a year, added up, and the way from target to confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from govapp.domain.money_rows import ACTUAL, CONFIRMED, FORECAST, PLAN, TOTAL, month_at
from govapp.domain.rollups import Basis, Figures, Rows, Sum, by_month, cumulated, figures, waterfall
from govapp.present import dates
from govapp.present.chart_curve import Curve, CurveSeries, curve, curve_finding
from govapp.present.chart_waterfall import Waterfall, waterfall_chart
from govapp.present.finance import series_word
from govapp.present.language import gettext as _


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
    drawn = year_curves(rows, basis, plan, year, months, unit)
    return YearCharts(so_far, whole, *drawn, waterfall_of(whole, unit, period))


def waterfall_of(whole: Figures, unit: str, period: str) -> Waterfall | None:
    """From target to confirmed; None where there is nothing, or nothing in one currency."""
    sums = (whole.target, whole.plan, whole.forecast, whole.actual, whole.confirmed)
    known = [minor for each in sums if (minor := each.in_one(unit)) is not None]
    if len(known) < len(sums) or not any(known):
        return None
    return waterfall_chart(waterfall(*known), unit, period)


def year_curves(
    rows: Rows, basis: Basis, plan: str, year: int, months: int, unit: str
) -> tuple[Curve | None, Curve | None]:  # fmt: skip
    """Added up and by month; None where there is nothing, or nothing in one currency."""
    series = {PLAN: plan, FORECAST: FORECAST, ACTUAL: ACTUAL, CONFIRMED: CONFIRMED}
    each = {key: _minors(by_month(rows, kept, basis), unit) for key, kept in series.items()}
    summed = {key: _minors(cumulated(rows, kept, basis), unit) for key, kept in series.items()}
    if None in (*each.values(), *summed.values()) or not any(any(points or ()) for points in each.values()):
        return None, None
    known = {key: points or [] for key, points in each.items()}
    added = {key: points or [] for key, points in summed.items()}
    last = max(
        (n + 1 for key in (ACTUAL, CONFIRMED) for n, minor in enumerate(known[key]) if minor), default=0
    )
    last = max(last, months)
    days = [month_at(year, place, basis.fiscal_month) for place in range(TOTAL)]
    over = months if 0 < months < TOTAL else None
    caption = _finding(added, months, days, unit)
    return (
        curve(_drawn(added, last), _labels(days), unit, caption, _("Added up by month"), over),
        curve(
            _drawn(known, last), _labels(days), unit, _month_finding(known, days, unit), _("By month"), over
        ),
    )


def _minors(sums: Sequence[Sum], unit: str) -> list[int] | None:
    known = [each.in_one(unit) for each in sums]
    return None if None in known else [minor or 0 for minor in known]


def _labels(days: Sequence[date]) -> list[str]:
    """Months, the year where it begins."""
    names = [dates.month(day) for day in days]
    return [
        name if place == 0 or day.month == 1 else name.split()[0]
        for place, (day, name) in enumerate(zip(days, names, strict=True))
    ]


def _drawn(points: dict[str, list[int]], last: int) -> list[CurveSeries]:
    """Plan and forecast over all months, actual and confirmed as far as there is any or the year is over."""
    return [
        CurveSeries(
            key, series_word(key),
            tuple(minor if key in {PLAN, FORECAST} or n < last else None for n, minor in enumerate(values)),
        )
        for key, values in points.items()
    ]  # fmt: skip


def _finding(added: dict[str, list[int]], months: int, days: Sequence[date], unit: str) -> str:
    now = max(months - 1, 0)
    over = bool(months)
    return curve_finding(
        added[PLAN][now] if over else 0, added[ACTUAL][now] if over else 0, added[CONFIRMED][now] if over else 0,
        added[FORECAST][-1], added[PLAN][-1], unit, dates.month(days[now]) if over else "",
    )  # fmt: skip


def _month_finding(points: dict[str, list[int]], days: Sequence[date], unit: str) -> str:
    """The month in which actual and plan are furthest apart, among those that hold actual amounts."""
    apart = [(abs(a - p), n) for n, (a, p) in enumerate(zip(points[ACTUAL], points[PLAN], strict=True)) if a]
    if not apart:
        return _("No month holds actual amounts yet")
    gap, place = max(apart)
    if not gap:
        return _("In every month the actual amounts are those of the plan")
    return _("Actual and plan are furthest apart in %(month)s", month=dates.month(days[place]))
