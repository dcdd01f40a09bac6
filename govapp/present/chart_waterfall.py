"""The waterfall of money: from the target over plan, forecast and actual to what is confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from govapp.domain.money import from_minor
from govapp.domain.rollups import Step
from govapp.present import charts
from govapp.present.language import gettext as _
from govapp.present.money import amount, number, percent, places_of, short_amount, short_number, signed

_LEFT, _ROOM, _TOP, _STEP, _BAR = 150.0, 440.0, 8.0, 24.0, 16.0


@dataclass(frozen=True, slots=True)
class WaterfallBar:
    """A bar in place with its texts. Levels stand on the ground, changes hang between them; `less`: it takes away."""

    name: str
    label: str
    x: float
    y: float
    width: float
    label_x: float
    text_y: float
    level: bool
    less: bool
    link_x: float


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """A row of the data table: name and exact amount."""

    name: str
    text: str
    level: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The whole drawing with caption, alternative text and data table."""

    caption: str
    alternative: str
    head: str
    bars: tuple[WaterfallBar, ...]
    rows: tuple[WaterfallRow, ...]
    base_x: float
    height: float
    width: int = charts.WIDTH
    bar: float = _BAR
    step: float = _STEP


def names() -> dict[str, str]:
    """What the steps are called."""
    return {
        "target": _("Target"), "planned": _("Planned above or below"), "plan": _("Plan"),
        "forecast_change": _("Change of forecast"), "forecast": _("Forecast"), "to_come": _("Not come yet"),
        "actual": _("Actual"), "unconfirmed": _("Not confirmed"), "confirmed": _("Confirmed"),
    }  # fmt: skip


def _called(step: Step) -> str:
    """A step by name; one that rises, above the forecast or a cost still to come, is called by its ends."""
    rising = {"to_come": _("Forecast to actual"), "unconfirmed": _("Actual to confirmed")}
    return rising[step.name] if step.minor > 0 and step.name in rising else names()[step.name]


def waterfall_chart(steps: Sequence[Step], currency: str, period: str) -> Waterfall:
    """Place the bars; amounts are minor units of one currency. `period` is what they are for, in words."""
    values = [(step, from_minor(step.minor, currency)) for step in steps]
    edges = [Decimal(0)]
    ground = Decimal(0)
    for step, value in values:
        ground = value if step.level else ground + value
        edges.append(ground)
    low, high = min(edges), max(edges)
    unit = Decimal(_ROOM) / ((high - low) or 1)

    def at(value: Decimal) -> float:
        return round(_LEFT + float((value - low) * unit), 1)

    bars: list[WaterfallBar] = []
    ground = Decimal(0)
    for place, (step, value) in enumerate(values):
        start = Decimal(0) if step.level else ground
        ground = value if step.level else ground + value
        left, right = sorted((at(start), at(ground)))
        y = _TOP + place * _STEP
        bars.append(
            WaterfallBar(
                name=charts.shortened(_called(step), _LEFT - 8),
                label=short_number(value) if step.level else _change(value),
                x=left,
                y=y,
                width=round(right - left, 1),
                label_x=round(max(right, at(Decimal(0))) + 6, 1),
                text_y=y + 12,
                level=step.level,
                less=value < 0,
                link_x=at(ground),
            )
        )
    places = places_of([value for _step, value in values], currency)
    told = [f"{_called(step)} {amount(value, currency)}" for step, value in values]
    return Waterfall(
        caption=_finding(values, currency, period),
        alternative=_("Waterfall. %(steps)s.", steps="; ".join(told)),
        head=_("%(currency)s, %(period)s", currency=currency, period=period),
        bars=tuple(bars),
        rows=tuple(
            WaterfallRow(_called(s), number(v, places) if s.level else signed(v, places), s.level)
            for s, v in values
        ),
        base_x=at(Decimal(0)),
        height=_TOP + len(bars) * _STEP + 4,
    )  # fmt: skip


def _change(value: Decimal) -> str:
    text = short_number(value)
    return f"+{text}" if value > 0 else text


def _finding(values: Sequence[tuple[Step, Decimal]], currency: str, period: str) -> str:
    by_name = {step.name: value for step, value in values}
    goal = "target" if "target" in by_name else "plan"
    wanted, confirmed = by_name[goal], by_name["confirmed"]
    told = short_amount(confirmed, currency)
    if not confirmed:
        return _("Nothing is confirmed for %(period)s yet", period=period)
    if not wanted:
        return _(
            "%(confirmed)s are confirmed for %(period)s; nothing was planned", confirmed=told, period=period
        )
    values_ = {"confirmed": told, "period": period, "goal": short_amount(wanted, currency)}
    if wanted < 0 or confirmed < 0:  # no share can be told of a loss
        if goal == "target":
            return _("For %(period)s %(confirmed)s are confirmed, the target is %(goal)s", **values_)
        return _("For %(period)s %(confirmed)s are confirmed, the plan is %(goal)s", **values_)
    values_["share"] = percent(confirmed / wanted)
    if goal == "target":
        return _("%(confirmed)s of the target of %(goal)s for %(period)s are confirmed, %(share)s", **values_)
    return _("%(confirmed)s of the plan of %(goal)s for %(period)s are confirmed, %(share)s", **values_)
