"""Charts of money of one set of lines: months of a year, added up, and the way from target to confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from govapp.domain.money_rows import ACTUAL, CONFIRMED, FORECAST, PLAN, TOTAL, month_at
from govapp.domain.rollups import (
    EACH,
    Basis,
    Figures,
    Rows,
    Sum,
    by_month,
    cumulated,
    figures,
    waterfall,
)
from govapp.present import charts, dates
from govapp.present.chart_curve import Curve, CurveSeries, curve, curve_finding
from govapp.present.chart_waterfall import Waterfall, waterfall_chart
from govapp.present.finance import series_word
from govapp.present.language import gettext as _

_COME = frozenset({ACTUAL, CONFIRMED})


@dataclass(frozen=True, slots=True)
class YearPoints:
    """The months of a fiscal year in minor units of one currency, by series, each for itself and added up.

    `months` of them are over; actual and confirmed amounts are drawn for the first `drawn`. `left`: currencies in which
    further amounts stand, which are not drawn.
    """

    unit: str
    days: tuple[date, ...]
    months: int
    drawn: int
    each: tuple[tuple[str, tuple[int, ...]], ...]
    added: tuple[tuple[str, tuple[int, ...]], ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """The charts of one currency; None where it holds nothing to draw."""

    unit: str
    cumulative: Curve | None
    monthly: Curve | None
    waterfall: Waterfall | None


@dataclass(frozen=True, slots=True)
class YearCharts:
    """Figures so far and of the whole year, with their charts: of the page's currency, or of each for itself.

    `left`: amounts by series (target, plan, forecast, actual, confirmed) that no chart shows, for want of a rate.
    """

    so_far: Figures
    whole: Figures
    drawn: tuple[Drawing, ...]
    left: Figures


def year_charts(
    rows: Rows, basis: Basis, plan: str, year: int, months: int, unit: str, period: str
) -> YearCharts:
    """Charts of a fiscal year, `months` of which are over. `unit`: the currency of the page, '' for posts."""
    so_far, whole = figures(rows, basis, plan, (0, months)), figures(rows, basis, plan)
    drawn = []
    for each in units_of(whole, basis, unit):
        points = year_points(rows, basis, plan, year, months, each)
        drawn.append(
            Drawing(
                each,
                cumulative_chart(points) if points else None,
                monthly_chart(points) if points else None,
                waterfall_of(whole, each, period, _beside(whole, basis, each)),
            )
        )
    return YearCharts(so_far, whole, tuple(drawn), left_out(whole, basis, unit))


def whole_life_charts(whole: Figures, basis: Basis, unit: str, period: str) -> YearCharts:
    """Ways from target to confirmed alone: a whole life has no months to draw."""
    drawn = tuple(
        Drawing(each, None, None, waterfall_of(whole, each, period, _beside(whole, basis, each)))
        for each in units_of(whole, basis, unit)
    )
    return YearCharts(whole, whole, drawn, left_out(whole, basis, unit))


def units_of(whole: Figures, basis: Basis, unit: str) -> tuple[str, ...]:
    """The currencies that are drawn: that of the page, or each for itself where nothing is translated."""
    if basis.how != EACH or not unit:
        return (unit,)
    return tuple(sorted(_currencies(whole), key=lambda each: (each != unit, each)))


def left_out(whole: Figures, basis: Basis, unit: str) -> Figures:
    """What is not drawn of figures: amounts that stand in another currency because a rate is missing."""
    units = units_of(whole, basis, unit)
    return Figures(
        *(Sum({code: minor for code, minor in each.by.items() if code not in units}) for each in whole.all)
    )


def _currencies(whole: Figures) -> set[str]:
    return {code for each in whole.all for code, minor in each.by.items() if minor}


def _beside(whole: Figures, basis: Basis, unit: str) -> tuple[str, ...]:
    """Currencies whose amounts belong into a chart of this one and are left out of it."""
    return () if basis.how == EACH else tuple(sorted(_currencies(whole) - {unit}))


def waterfall_of(whole: Figures, unit: str, period: str, left: Sequence[str] = ()) -> Waterfall | None:
    """From target to confirmed; None where `way_of` is."""
    way = way_of(whole, unit)
    return waterfall_way(way, unit, period, left) if way else None


def waterfall_way(
    way: tuple[int, int, int, int, int], unit: str, period: str, left: Sequence[str] = ()
) -> Waterfall:
    """The chart of a way; its caption names the currencies that are left out of it."""
    chart = waterfall_chart(waterfall(*way), unit, period)
    return replace(chart, caption=_with_left(chart.caption, left))


def way_of(whole: Figures, unit: str) -> tuple[int, int, int, int, int] | None:
    """Target, plan, forecast, actual, confirmed in minor units of a currency; None where nothing is.

    None, too, where a series stands in other currencies only: a step to nothing would be no change.
    """
    known = [each.by.get(unit, 0) for each in whole.all]
    if not any(known) or any(each and not minor for each, minor in zip(whole.all, known, strict=True)):
        return None
    target, plan, forecast, actual, confirmed = known
    return target, plan, forecast, actual, confirmed


def year_points(rows: Rows, basis: Basis, plan: str, year: int, months: int, unit: str) -> YearPoints | None:
    """The points of a year in one currency; None where there are none.

    A series that stands in other currencies only is left out: a line at zero would say that nothing is there.
    """
    series = {PLAN: plan, FORECAST: FORECAST, ACTUAL: ACTUAL, CONFIRMED: CONFIRMED}
    each, added, left = [], [], set()
    for key, kept in series.items():
        sums = by_month(rows, kept, basis)
        alone = _minors(sums, unit)
        others = {code for one in sums for code, minor in one.by.items() if minor and code != unit}
        left |= others
        if any(alone) or not others:
            each.append((key, alone))
            added.append((key, _minors(cumulated(rows, kept, basis), unit)))
    if not any(any(points) for _, points in each):
        return None
    last = max(
        (n + 1 for key, points in each if key in _COME for n, minor in enumerate(points) if minor), default=0
    )
    days = tuple(month_at(year, place, basis.fiscal_month) for place in range(TOTAL))
    beside = () if basis.how == EACH else tuple(sorted(left))
    return YearPoints(unit, days, months, max(last, months), tuple(each), tuple(added), beside)


def cumulative_chart(points: YearPoints) -> Curve:
    """The year added up month by month."""
    return curve(
        _drawn(points.added, points.drawn), _labels(points.days), points.unit,
        _with_left(_finding(points), points.left), _("Added up by month"), _over(points),
    )  # fmt: skip


def monthly_chart(points: YearPoints) -> Curve:
    """The year month by month; below its table the sum of the year, and what rounding leaves between."""
    wholes = [added[-1] for _key, added in points.added]
    rests = [whole - sum(months) for whole, (_key, months) in zip(wholes, points.each, strict=True)]
    rounding = [(_("Rounding"), rests)] if any(rests) else []
    return curve(
        _drawn(points.each, points.drawn), _labels(points.days), points.unit,
        _with_left(_month_finding(points), points.left), _("By month"), _over(points),
        [*rounding, (_("Year"), wholes)],
    )  # fmt: skip


def _with_left(finding: str, left: Sequence[str]) -> str:
    if not left:
        return finding
    return _(
        "%(finding)s; amounts in %(currencies)s are left out", finding=finding, currencies=charts.listed(left)
    )


def _over(points: YearPoints) -> int | None:
    return points.months if 0 < points.months < TOTAL else None


def _minors(sums: Sequence[Sum], unit: str) -> tuple[int, ...]:
    return tuple(each.by.get(unit, 0) for each in sums)


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
    if not {PLAN, FORECAST, ACTUAL, CONFIRMED} <= set(added):
        return _("What of the year stands in %(currency)s", currency=points.unit)
    over = points.months > 0
    now = max(points.months - 1, 0)
    return curve_finding(
        added[PLAN][now] if over else 0, added[ACTUAL][now] if over else 0, added[CONFIRMED][now] if over else 0,
        added[FORECAST][-1], added[PLAN][-1], points.unit, dates.month(points.days[now]) if over else "",
    )  # fmt: skip


def _month_finding(points: YearPoints) -> str:
    """The month in which actual and plan are furthest apart, among those that hold actual amounts."""
    each = dict(points.each)
    if not {PLAN, ACTUAL} <= set(each):
        return _("Plan and actual amounts do not stand in one currency")
    apart = [(abs(a - p), n) for n, (a, p) in enumerate(zip(each[ACTUAL], each[PLAN], strict=True)) if a]
    if not apart:
        return _("No month holds actual amounts yet")
    gap, place = max(apart)
    if not gap:
        return _("In every month the actual amounts are those of the plan")
    return _("Actual and plan are furthest apart in %(month)s", month=dates.month(points.days[place]))
