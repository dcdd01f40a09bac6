"""An operating figure before and after a measure: readings by month against baseline and target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from govapp.domain.kpis import attained, mean_of_last, value_of
from govapp.present import charts, dates
from govapp.present.kpi_words import better_word, value
from govapp.present.language import gettext as _
from govapp.present.money import number

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 56.0, 96.0, 14.0, 26.0, 220.0
_LABELS = 8
_APART = 13.0
LAST = 3


@dataclass(frozen=True, slots=True)
class Point:
    """A reading in place."""

    x: float
    y: float
    month: str
    said: str
    after: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its label at the right: baseline or target."""

    y: float
    label: str
    label_y: float
    name: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A month named below the drawing."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class KpiChart:
    """The whole drawing: caption, alternative text, points, levels, and where the measure was implemented."""

    caption: str
    note: str
    alternative: str
    points: tuple[Point, ...]
    path: str
    levels: tuple[Level, ...]
    ticks: tuple[Tick, ...]
    low: str
    high: str
    turn_x: float | None
    turn: str
    rows: tuple[tuple[str, str, str], ...]
    width: int = charts.WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = charts.WIDTH - _RIGHT
    top: float = _TOP
    floor: float = _HEIGHT - _BOTTOM


def kpi_chart(
    name: str, unit: str, better: str, readings: Sequence[tuple[date, int]], baseline: int | None = None,
    target: int | None = None, since: date | None = None,
) -> KpiChart:  # fmt: skip
    """Place the readings (1/10,000 of the unit, by month, oldest first). `since`: the day it was implemented."""
    values = [reading for _month, reading in readings]
    levels = [level for level in (baseline, target) if level is not None]
    low, high = _range(values + levels)
    span = Decimal(high - low)
    room_x, room_y = charts.WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    first = readings[0][0] if readings else date(2000, 1, 1)
    months = max(_between(first, readings[-1][0]), 1) if readings else 1

    def y(reading: int) -> float:
        return round(_TOP + room_y * float(1 - Decimal(reading - low) / span), 1)

    def x(month: date) -> float:
        return round(_LEFT + room_x * _between(first, month) / months, 1)

    turn = since.replace(day=1) if since else None
    points = tuple(
        Point(
            x(month), y(reading), dates.month(month), value(reading, unit), turn is not None and month > turn
        )
        for month, reading in readings
    )
    inside = turn is not None and readings and first <= turn <= readings[-1][0]
    return KpiChart(
        caption=_finding(name, unit, better, readings, baseline, target),
        note=_("Readings by month; %(which)s.", which=better_word(better)),
        alternative=_alternative(name, unit, readings, baseline, target),
        points=points,
        path=" ".join(f"{'L' if place else 'M'}{each.x} {each.y}" for place, each in enumerate(points)),
        levels=_levels(unit, y, baseline, target),
        ticks=_ticks(readings, x),
        low=number(value_of(low)),
        high=number(value_of(high)),
        turn_x=x(turn) if inside and turn else None,
        turn=_("implemented"),
        rows=tuple((dates.month(month), value(reading, unit), _side(month, turn)) for month, reading in readings),
    )  # fmt: skip


def _side(month: date, turn: date | None) -> str:
    return "" if turn is None else _("after") if month > turn else _("before")


def _between(one: date, other: date) -> int:
    return (other.year - one.year) * 12 + other.month - one.month


def _range(values: Sequence[int]) -> tuple[int, int]:
    """Lowest and highest value of the drawing, a little wider than what is in it, never empty. From zero where near."""
    low, high = min(values, default=0), max(values, default=0)
    if low == high:
        return low - 10_000, high + 10_000
    edge = (high - low) // 10 or 1
    return (0 if 0 <= low < (high - low) else low - edge), high + edge


def _levels(
    unit: str, y: Callable[[int], float], baseline: int | None, target: int | None
) -> tuple[Level, ...]:
    """Baseline and target; labels that would overlap are set apart."""
    found = []
    for name, level, word in (("plan", baseline, _("baseline")), ("fore", target, _("target"))):
        if level is not None:
            text = f"{word} {number(value_of(level))}"
            found.append(Level(y(level), charts.shortened(text, _RIGHT - 8), y(level) + 4, name))
    if len(found) == 2 and abs(found[0].label_y - found[1].label_y) < _APART:
        upper, lower = sorted(found, key=lambda each: each.y)
        middle = (upper.label_y + lower.label_y) / 2
        found = [
            Level(
                each.y, each.label, round(middle + (-_APART if each is upper else _APART) / 2, 1), each.name
            )
            for each in (upper, lower)
        ]
    return tuple(found)


def _ticks(readings: Sequence[tuple[date, int]], x: Callable[[date], float]) -> tuple[Tick, ...]:
    """So many months as have room for their names, the first and the last among them."""
    step = -(-len(readings) // _LABELS) if readings else 1
    chosen = [month for place, (month, _value) in enumerate(reversed(readings)) if place % step == 0]
    last = readings[-1][0] if readings else None
    return tuple(
        Tick(x(month), dates.month(month), "end" if month == last and len(readings) > 1 else "middle")
        for month in reversed(chosen)
    )


def _finding(
    name: str, unit: str, better: str, readings: Sequence[tuple[date, int]], baseline: int | None, target: int | None
) -> str:  # fmt: skip
    """What the readings say of the target, as a sentence without its full stop."""
    if not readings:
        return _("%(name)s has no readings yet", name=name)
    mean = mean_of_last([("", reading) for _month, reading in readings], LAST)
    if mean is None or target is None:
        said = {"name": name, "value": value(readings[-1][1], unit), "month": dates.month(readings[-1][0])}
        return _("%(name)s: %(value)s in %(month)s", **said)
    said = {"name": name, "mean": value(mean, unit), "target": value(target, unit)}
    if (mean <= target) if better == "lower" else (mean >= target):
        return _(
            "%(name)s has reached its target of %(target)s: the last three readings give %(mean)s", **said
        )
    if baseline is None or baseline == target:
        return _("%(name)s misses its target of %(target)s: the last three readings give %(mean)s", **said)
    way = attained(better, baseline, target, int(mean))
    if way <= 0:
        return _("%(name)s is no better than before: %(mean)s, target %(target)s", **said)
    return _(
        "%(name)s has covered %(way)s %% of the way to its target of %(target)s: the last three readings give %(mean)s",
        way=number(way, 0), **said,
    )  # fmt: skip


def _alternative(
    name: str, unit: str, readings: Sequence[tuple[date, int]], baseline: int | None, target: int | None
) -> str:  # fmt: skip
    said = "; ".join(f"{dates.month(month)} {value(reading, unit)}" for month, reading in readings) or _(
        "none"
    )
    return _(
        "Readings of %(name)s by month: %(said)s. Baseline %(baseline)s, target %(target)s.", name=name, said=said,
        baseline=value(baseline, unit), target=value(target, unit),
    )  # fmt: skip
