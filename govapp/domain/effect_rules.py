"""What a workflow version says about money: kinds, categories, confirmation, changes of plans and forecasts, checks.

Source: sections `effects` and `sustain` of a governance set. A version without them follows the constants below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

COST, GAIN = "cost", "gain"
ONE_OFF, RECURRING = "one_off", "recurring"


@dataclass(frozen=True, slots=True)
class KindRule:
    """A kind of effect. Only one with `saving` adds to savings; one that is no money has a unit instead of currency."""

    key: str
    name: str
    money: bool = True
    saving: bool = False
    unit: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A category of lines: of which timing and kinds; `direction` cost says that its amounts are negative."""

    key: str
    name: str
    timing: str = ""
    kinds: tuple[str, ...] = ()
    direction: str = ""


@dataclass(frozen=True, slots=True)
class PlanChangeRule:
    """From which change of a frozen plan on somebody must approve: an amount in the set's currency, or percent."""

    approval_from: Decimal = Decimal(10_000)
    approval_percent: Decimal = Decimal(10)
    by_parts: tuple[str, ...] = ("controller", "sponsor")


@dataclass(frozen=True, slots=True)
class ForecastRule:
    """From which change in percent on a forecast needs a reason, and from which the controller is asked."""

    reason_from_percent: Decimal = Decimal(10)
    controller_agrees_from_percent: Decimal = Decimal(25)


@dataclass(frozen=True, slots=True)
class SustainRule:
    """Checks after closing: after how many months, by which evidence kind, and what loss reopens the measure."""

    after_months: tuple[int, ...] = (3, 6, 12)
    kind: str = "sustain-check"
    reopen_percent: Decimal = Decimal(50)


_KINDS = (
    KindRule("ebitda", "EBITDA effect", saving=True),
    KindRule("cash", "Cash effect"),
    KindRule("cost-avoidance", "Cost avoidance"),
    KindRule("fte", "Capacity freed", money=False, unit="FTE"),
)


@dataclass(frozen=True, slots=True)
class EffectRules:
    """The money part of a workflow version. `due_days`: working days after the month's end to confirm an amount.

    `sign_in_again`: whoever confirms, refuses or reverses signs with their password (R27).
    """

    kinds: Mapping[str, KindRule] = field(default_factory=lambda: {each.key: each for each in _KINDS})
    categories: Mapping[str, CategoryRule] = field(default_factory=dict)
    confirmed_by: str = "controller"
    due_days: int = 15
    plan_change: PlanChangeRule = PlanChangeRule()
    forecast: ForecastRule = ForecastRule()
    cost_object_kinds: tuple[str, ...] = (
        "contract",
        "licence-pool",
        "cost-centre",
        "service",
        "cloud-account",
    )
    sustain: SustainRule = SustainRule()
    sign_in_again: bool = False

    def is_cost(self, category: str, total: int) -> bool:
        """Whether a one-off line is a cost: its category says so, or, where none is known, its amount is no gain."""
        known = self.categories.get(category)
        if known is None:
            return total <= 0
        return known.direction == COST or (not known.direction and total < 0)

    @property
    def saving_kinds(self) -> frozenset[str]:
        """Kinds that add to savings."""
        return frozenset(key for key, kind in self.kinds.items() if kind.saving)


def parse_effects(data: Mapping[str, Any]) -> EffectRules:
    """Sections `effects` and `sustain` of a set. Raises KeyError, TypeError, ValueError, ArithmeticError."""
    raw, default = data.get("effects") or {}, EffectRules()
    kinds = {each["key"]: _kind(each) for each in raw.get("kinds") or ()}
    confirmation = raw.get("confirmation") or {}
    return EffectRules(
        kinds or default.kinds,
        {each["key"]: _category(each) for each in raw.get("categories") or ()},
        str(confirmation.get("by_part", default.confirmed_by)),
        int(confirmation.get("due_working_days_after_month_end", default.due_days)),
        _plan_change(raw.get("plan_change") or {}),
        _forecast(raw.get("forecast_change") or {}),
        tuple(raw.get("cost_object_kinds") or default.cost_object_kinds),
        _sustain(data.get("sustain") or {}),
        bool(confirmation.get("sign_in_again")),
    )


def _kind(raw: Mapping[str, Any]) -> KindRule:
    money = bool(raw.get("money", True))
    return KindRule(
        raw["key"],
        raw["name"],
        money,
        money and bool(raw.get("counts_as_saving")),
        raw.get("unit", ""),
        raw.get("summary", ""),
    )


def _category(raw: Mapping[str, Any]) -> CategoryRule:
    kinds = tuple(raw.get("kinds") or ())
    return CategoryRule(raw["key"], raw["name"], raw.get("timing", ""), kinds, raw.get("direction", ""))


def _plan_change(raw: Mapping[str, Any]) -> PlanChangeRule:
    default = PlanChangeRule()
    return PlanChangeRule(
        Decimal(str(raw.get("approval_from", default.approval_from))),
        Decimal(str(raw.get("approval_percent", default.approval_percent))),
        tuple(raw.get("by_parts") or default.by_parts),
    )


def _forecast(raw: Mapping[str, Any]) -> ForecastRule:
    default = ForecastRule()
    agrees = raw.get("controller_agrees_from_percent", default.controller_agrees_from_percent)
    reason = raw.get("reason_from_percent", default.reason_from_percent)
    return ForecastRule(Decimal(str(reason)), Decimal(str(agrees)))


def _sustain(raw: Mapping[str, Any]) -> SustainRule:
    default = SustainRule()
    return SustainRule(
        tuple(int(each) for each in raw.get("after_months") or default.after_months),
        str(raw.get("kind", default.kind)),
        Decimal(str(raw.get("reopen_when_lost_percent_over", default.reopen_percent))),
    )
