"""What an effect line may hold, and what of it stands still once the plan is frozen (product.md, Words: Effect)."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from govapp.domain.claims import object_key
from govapp.domain.effect_rules import COST, EffectRules
from govapp.domain.measures import NAME, SERIES, SHORT, TIMINGS, date_fault, text_fault
from govapp.domain.money import CURRENCIES, exact_minor

FTE = "fte"
SAVING_KINDS = frozenset({"ebitda"})
SIGNED_SERIES = frozenset({"target", "plan", "forecast"})
Faults = dict[str, list[str]]


def value_of(lines: Iterable[tuple[str, str, str, int | None]]) -> dict[str, int]:
    """The card's value in minor units by currency: run rate of recurring savings; cost avoidance is never added.

    Of each line: kind, timing, currency, run rate (product.md, Words: Effect).
    """
    sums: dict[str, int] = {}
    for kind, timing, currency, run_rate in lines:
        if timing == "recurring" and kind in SAVING_KINDS and run_rate is not None and currency:
            sums[currency] = sums.get(currency, 0) + run_rate
    return sums


def clean_line(
    values: Mapping[str, Any],
    totals: Mapping[str, Decimal | None],
    effects: EffectRules,
    kept: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, int | None], Faults]:
    """Clean fields of a line, its totals by series, and codes of faults by field.

    Amounts come in units of the currency and leave in minor units (posts and the like: 1/10,000; no currency). Kind and
    category come from `effects`, where it names any; a category equal to the one `kept` stays although it is gone.
    """
    clean = {**values, **{name: values[name].strip() for name in ("name", "category")}}
    clean["cost_object"] = object_key(values["cost_object"])
    money = values["kind"] not in effects.kinds or effects.kinds[values["kind"]].money
    clean["currency"] = values["currency"].strip().upper() if money else ""
    faults = _field_faults(clean, effects, kept or {})
    if "currency" in faults:
        return clean, {}, faults
    if clean["timing"] == "one_off" and clean["run_rate"] is not None:
        faults["run_rate"] = ["run_rate_of_one_off"]
    else:
        clean["run_rate"] = minor_of(clean["run_rate"], clean["currency"], faults, "run_rate")
        if sign_is_wrong(effects, clean["category"], "plan", clean["run_rate"]):
            faults["run_rate"] = ["sign_wrong"]
    minors = {
        series: minor_of(amount, clean["currency"], faults, series) for series, amount in totals.items()
    }
    for series, minor in minors.items():
        if sign_is_wrong(effects, clean["category"], series, minor):
            faults[series] = ["sign_wrong"]
    if unknown := [series for series in totals if series not in SERIES]:
        faults[unknown[0]] = ["unknown_choice"]
    return clean, minors, faults


def sign_is_wrong(effects: EffectRules, category: str, series: str, amount: int | None) -> bool:
    """Whether an amount stands above zero in a category of costs. A booked amount may: a credit note is one."""
    known = effects.categories.get(category)
    return (
        known is not None
        and known.direction == COST
        and series in SIGNED_SERIES
        and amount is not None
        and amount > 0
    )


def _field_faults(clean: Mapping[str, Any], effects: EffectRules, kept: Mapping[str, Any]) -> Faults:
    faults: Faults = {}
    for name, known in (("kind", effects.kinds), ("timing", TIMINGS)):
        if clean[name] not in known:
            faults[name] = ["required" if not clean[name] else "unknown_choice"]
    for name, limit in (("name", SHORT), ("category", NAME), ("cost_object", NAME)):
        if fault := text_fault(clean[name], limit):
            faults[name] = [fault]
    category = clean["category"]
    known_ones = {"", kept.get("category"), *effects.categories}
    if effects.categories and category not in known_ones:
        faults["category"] = ["unknown_choice"]
    if not clean["name"]:
        faults["name"] = ["required"]
    if date_fault(clean["start"]):
        faults["start"] = ["date_out_of_range"]
    money = clean["kind"] not in effects.kinds or effects.kinds[clean["kind"]].money
    if money and clean["currency"] not in CURRENCIES:
        faults["currency"] = ["currency_unknown"]
    return faults


def minor_of(amount: Decimal | None, currency: str, faults: Faults, name: str) -> int | None:
    """An amount in minor units; what is none is noted as a fault under `name`."""
    try:
        return None if amount is None else exact_minor(amount, currency)
    except (ValueError, ArithmeticError) as error:
        finer = str(error) == "amount_too_precise"
        faults[name] = ["amount_too_precise" if finer else "amount_out_of_range"]
        return None


def unit_faults(
    changed: Collection[str], held: Collection[tuple[str, bool]], restated: Collection[str]
) -> Faults:
    """Faults of a new kind or currency: amounts already held would come to mean something else.

    `held`: series, and whether by month, of every amount of the line. An undated one may be `restated` in the same
    breath; one by month may not.
    """
    left = [series for series, by_month in held if by_month or series not in restated]
    return {name: ["line_holds_amounts"] for name in ("kind", "currency") if name in changed and left}


def frozen_faults(changed: Collection[str], moved: Collection[str], *, planned: bool, asked: bool) -> Faults:
    """Faults of changing a line whose plan is frozen: run rate and plan, and what gives them their meaning or place.

    `planned`: the line holds a run rate or plan amounts. `asked`: a change of the plan is voted on, which shows where
    its lines start (R04).
    """
    still = (
        ("run_rate", "kind", "timing", "category", "cost_object", "currency") if planned else ("run_rate",)
    )
    if asked:
        still = (*still, "start", "start_milestone_id")
    names = [name for name in still if name in changed] + [series for series in moved if series == "plan"]
    return {name: ["plan_frozen"] for name in names}
