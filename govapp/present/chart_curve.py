"""Curves of money over the months of a year: plan, forecast, actual and confirmed, by month or added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from govapp.domain.money import from_minor
from govapp.present import charts
from govapp.present.language import gettext as _
from govapp.present.money import number, percent, places_of, short_amount, short_number

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 566.0, 14.0, 178.0
_HEIGHT, _GAP = 200.0, 13.0
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class CurveSeries:
    """A series in minor units of the chart's currency by month; None where there is nothing to draw yet."""

    key: str
    name: str
    points: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class CurveLine:
    """A series in place: a line, or dots where it is what is confirmed; its label beside the last point."""

    key: str
    points: str
    dots: tuple[tuple[float, float], ...]
    label: str
    label_y: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The whole drawing: grid, months, lines, the end of the last month that is over, and the data table.

    `sums`: rows below those of the months, where their sum stands beside them.
    """

    caption: str
    alternative: str
    head: str
    ticks: tuple[tuple[float, str], ...]
    months: tuple[tuple[float, str], ...]
    lines: tuple[CurveLine, ...]
    today_x: float | None
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    base_y: float
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    left: float = _LEFT
    right: float = _RIGHT
    top: float = _TOP
    bottom: float = _BOTTOM
    height: float = _HEIGHT
    label_x: float = _RIGHT + 8
    width: int = charts.WIDTH


def curve(
    series: Sequence[CurveSeries], months: Sequence[str], currency: str, caption: str, head: str, over: int | None,
    sums: Sequence[tuple[str, Sequence[int]]] = (),
) -> Curve:  # fmt: skip
    """Place the lines. `months` are their names; `over`: how many of them have ended, None for no mark.

    `sums`: rows below those of the months in the table, in minor units by series.
    """
    known = [from_minor(point, currency) for each in series for point in each.points if point is not None]
    low, high, step = _scale([*known, Decimal(0)])
    unit = Decimal(_BOTTOM - _TOP) / (high - low)

    def y_of(value: Decimal) -> float:
        return round(_BOTTOM - float((value - low) * unit), 1)

    wide = (_RIGHT - _LEFT) / max(len(months) - 1, 1)
    x = [round(_LEFT + wide * place, 1) for place in range(len(months))]
    lines = []
    for each in series:
        placed = [
            (x[n], y_of(from_minor(point, currency)))
            for n, point in enumerate(each.points)
            if point is not None
        ]
        if placed:
            last = next(point for point in reversed(each.points) if point is not None)
            label = f"{each.name} {short_number(from_minor(last, currency))}"
            dots = tuple(placed) if each.key == "confirmed" else ()
            text = " ".join(f"{left},{top}" for left, top in placed)
            lines.append(CurveLine(each.key, text, dots, label, placed[-1][1] + 4))
    count = int((high - low) / step)
    places = places_of([*known, *(from_minor(m, currency) for _name, row in sums for m in row)], currency)
    return Curve(
        caption=caption,
        alternative=_alternative(series, months, currency),
        head=head,
        ticks=tuple((y_of(low + step * n), short_number(low + step * n, 2)) for n in range(count + 1)),
        months=tuple(zip(x, months, strict=True)),
        lines=_apart(lines),
        today_x=None if not over or over >= len(months) else round(_LEFT + wide * (over - 0.5), 1),
        names=tuple(each.name for each in series),
        rows=tuple(
            (month, tuple(number(None if (point := each.points[n]) is None else from_minor(point, currency), places)
                          for each in series))
            for n, month in enumerate(months)
        ),
        base_y=y_of(Decimal(0)),
        sums=tuple((name, tuple(number(from_minor(m, currency), places) for m in row)) for name, row in sums),
    )  # fmt: skip


def _scale(values: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """Lowest and highest line of the grid and the step between lines, which is a round number."""
    low, high = min(values), max(values)
    rough = (high - low) / 4 or Decimal(1)
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * each for each in _STEPS if power * each >= rough)
    bottom, top = _down(low, step), -_down(-high, step)
    return bottom, top if top > bottom else bottom + step, step


def _down(value: Decimal, step: Decimal) -> Decimal:
    """The multiple of the step at or below a value."""
    return (value // step - (value % step < 0)) * step


def _apart(lines: Sequence[CurveLine]) -> tuple[CurveLine, ...]:
    """The lines with labels pushed apart, so that none lies on another."""
    found: list[CurveLine] = []
    lowest = _TOP - _GAP
    for line in sorted(lines, key=lambda each: each.label_y):
        y = max(line.label_y, lowest + _GAP)
        found.append(CurveLine(line.key, line.points, line.dots, line.label, round(y, 1)))
        lowest = y
    over = max(lowest - (_HEIGHT - 4), 0)
    return tuple(
        CurveLine(each.key, each.points, each.dots, each.label, round(each.label_y - over, 1))
        for each in found
    )


def _alternative(series: Sequence[CurveSeries], months: Sequence[str], currency: str) -> str:
    said = []
    for each in series:
        known = [
            (month, point) for month, point in zip(months, each.points, strict=True) if point is not None
        ]
        if known:
            month, point = known[-1]
            said.append(
                _("%(name)s %(amount)s in %(month)s", name=each.name, month=month,
                  amount=short_amount(from_minor(point, currency), currency))
            )  # fmt: skip
    return _("Curves by month: %(series)s.", series="; ".join(said))


def curve_finding(
    plan: int, actual: int, confirmed: int, forecast_year: int, plan_year: int, currency: str, until: str
) -> str:
    """What the year says so far; minor units of one currency, `until` the last month that is over ('' for none)."""

    def short(minor: int) -> str:
        return short_amount(from_minor(minor, currency), currency)

    difference = forecast_year - plan_year
    ahead = (
        _("the forecast of the year keeps to the plan")
        if not difference
        else _("the forecast of the year is %(amount)s above plan", amount=short(difference))
        if difference > 0
        else _("the forecast of the year is %(amount)s below plan", amount=short(-difference))
    )
    if not until:
        return _("Nothing of the year is over yet; %(ahead)s", ahead=ahead)
    values = {
        "until": until, "actual": short(actual), "plan": short(plan), "confirmed": short(confirmed),
        "share": percent(Decimal(actual) / plan) if plan > 0 else "", "ahead": ahead,
    }  # fmt: skip
    if plan > 0 and 0 <= confirmed <= actual:
        return _(
            "To %(until)s %(actual)s of %(plan)s planned have come (%(share)s), "
            "%(confirmed)s of it confirmed; %(ahead)s",
            **values,
        )
    return _("To %(until)s: actual %(actual)s, plan %(plan)s, confirmed %(confirmed)s; %(ahead)s", **values)
