"""The gate funnel: per stage how many measures, what they are worth, how many are on hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from govapp.present import charts
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import percent, short_amount, short_number

_LEFT, _ROOM, _TOP, _STEP, _BAR, _COUNTS, _HOLDS = 112.0, 380.0, 24.0, 28.0, 20.0, 580.0, 696.0
_FROZEN_GAP = 22.0


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One stage: measures in it, their value a year in the chart's currency, how many of them are on hold.

    `more`: the values in the other currencies of the table, in their order.
    """

    name: str
    count: int
    value: Decimal | None = None
    on_hold: int = 0
    more: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """A bar in place, with its texts. `strong` marks the bar the caption speaks of."""

    name: str
    y: float
    x: float
    width: float
    height: float
    label: str
    label_x: float
    text_y: float
    count: int
    on_hold: int
    strong: bool


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole drawing: caption, alternative text, bars, and the line from which the plan is frozen."""

    caption: str
    note: str
    alternative: str
    head: str
    bars: tuple[FunnelBar, ...]
    rows: tuple[FunnelStage, ...]
    currency: str
    base_x: float
    height: float
    frozen_y: float | None
    total: Decimal
    more: tuple[str, ...] = ()
    width: int = charts.WIDTH
    counts_x: float = _COUNTS
    holds_x: float = _HOLDS


def funnel(
    stages: Sequence[FunnelStage], currency: str = "", frozen_from: str = "", more: Sequence[str] = ()
) -> Funnel:
    """Place the bars. Lengths are values in `currency`; where no stage has a value, they are numbers of
    measures.

    `frozen_from` names the stage from which on the plan is frozen: a dashed line stands above it. `more`: other
    currencies, which have columns in the table and no bars, since amounts of two currencies have no common length.
    """
    by_value = bool(currency) and any(stage.value for stage in stages)
    lengths = [_length(stage, by_value) for stage in stages]
    low, high = min([Decimal(0), *lengths]), max([Decimal(0), *lengths])
    unit = Decimal(_ROOM) / ((high - low) or 1)
    base = _LEFT + float(-low * unit)
    top = max(lengths, default=Decimal(0))
    bars: list[FunnelBar] = []
    frozen_y: float | None = None
    y = _TOP
    for stage, length in zip(stages, lengths, strict=True):
        if stage.name == frozen_from and bars:
            frozen_y = y + _FROZEN_GAP / 2 - 8
            y += _FROZEN_GAP
        wide = abs(float(length * unit))
        start = base if length >= 0 else base - wide
        bars.append(
            FunnelBar(
                name=charts.shortened(stage.name, _LEFT - 8),
                y=y,
                x=round(start, 1),
                width=round(wide, 1),
                height=_BAR,
                label=short_number(length) if by_value else str(stage.count),
                label_x=round(max(start + wide, base) + 6, 1),
                text_y=y + 14,
                count=stage.count,
                on_hold=stage.on_hold,
                strong=top > 0 and length == top,
            )
        )
        y += _STEP
    return Funnel(
        caption=_finding(stages, currency, by_value),
        note=_note(more) if by_value else "",
        alternative=_alternative(stages, currency, by_value),
        head=_("Value of the measures now in the stage, %(currency)s a year", currency=currency)
        if by_value
        else _("Measures now in the stage"),
        bars=tuple(bars),
        rows=tuple(stages),
        currency=currency if by_value else "",
        base_x=round(base, 1),
        height=y,
        frozen_y=frozen_y,
        total=sum(lengths, Decimal(0)),
        more=tuple(more) if by_value else (),
    )


def _note(more: Sequence[str]) -> str:
    text = _("Value: recurring effect of a full year of the measures that are in the stage now.")
    if not more:
        return text
    return text + " " + _("Values in %(currencies)s stand in the table.", currencies=charts.listed(more))


def _length(stage: FunnelStage, by_value: bool) -> Decimal:
    return (stage.value or Decimal(0)) if by_value else Decimal(stage.count)


def _finding(stages: Sequence[FunnelStage], currency: str, by_value: bool) -> str:
    count = sum(stage.count for stage in stages)
    if not count:
        return _("No measure is on the board yet")
    lengths = [_length(stage, by_value) for stage in stages]
    top = max(lengths)
    names = charts.listed(
        [stage.name for stage, length in zip(stages, lengths, strict=True) if length == top]
    )
    if top <= 0:
        return _("No stage holds a value above zero")
    if not by_value:
        return _(
            "Most measures are in %(stages)s: %(top)s of %(count)s", stages=names, top=f"{top:f}", count=count
        )
    value = short_amount(top, currency)
    total = sum(lengths, Decimal(0))
    if min(lengths) < 0 or top == total:
        return _("The largest value is in %(stages)s: %(value)s a year", stages=names, value=value)
    return _(
        "The largest value is in %(stages)s: %(value)s a year, %(share)s of %(total)s",
        stages=names,
        value=value,
        share=percent(top / total),
        total=short_amount(total, currency),
    )


def _alternative(stages: Sequence[FunnelStage], currency: str, by_value: bool) -> str:
    parts = []
    for stage in stages:
        part = ngettext(
            "%(name)s: %(num)s measure", "%(name)s: %(num)s measures", stage.count, name=stage.name
        )
        if by_value:
            part += _(", %(value)s a year", value=short_amount(stage.value or Decimal(0), currency))
        if stage.on_hold:
            part += _(", %(n)s on hold", n=stage.on_hold)
        parts.append(part)
    return _("Gate funnel. %(stages)s.", stages="; ".join(parts))
