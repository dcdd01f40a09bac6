"""What a measure's own fields may hold: limits, lists, ratings, and the words that effects and statuses are made of."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from govapp.domain.money import to_minor
from govapp.domain.rules import Rules

SHORT, NAME, LONG = 200, 400, 10_240
TEXTS: dict[str, int] = {
    "title": SHORT,
    "description": LONG,
    "problem": LONG,
    "expected_effect": LONG,
    "steering_committee": NAME,
}
# Field -> the organization's list it is chosen from; while that list is empty, any short text is taken.
CHOSEN: dict[str, str] = {
    "business_unit": "business_units",
    "legal_entity": "legal_entities",
    "function": "functions",
    "service": "services",
    "request_category": "request_categories",
    "vendor": "vendors",
}
CHANGE_TYPES = ("process", "standard", "normal", "major", "emergency")
RATINGS = ("low", "medium", "high", "critical")
FIXED: dict[str, tuple[str, ...]] = {"change_type": CHANGE_TYPES, "risk_rating": RATINGS}
FLAGS = ("security_relevant", "no_dependencies_declared")
FIELDS = (*TEXTS, *CHOSEN, *FIXED, "vendor_spend", *FLAGS)

EFFECT_KINDS = ("ebitda", "cash", "cost-avoidance", "fte")
TIMINGS = ("recurring", "one_off")
SERIES = ("baseline", "target", "plan", "forecast", "actual")
STATUS_KINDS = ("implementation", "potential")
COLOURS = ("green", "yellow", "red")
STATUS_DAYS = 30
STATUS_REASON = 30

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]"
)  # with what turns text around
_EARLIEST, _LATEST = date(1950, 1, 1), date(2200, 12, 31)


def risk_rating(likelihood: int, impact: int) -> str:
    """Rating of likelihood times impact, both 1-5: low to 4, medium to 9, high to 16, critical above (risk_scale)."""
    score = likelihood * impact
    return (
        RATINGS[0] if score <= 4 else RATINGS[1] if score <= 9 else RATINGS[2] if score <= 16 else RATINGS[3]
    )


def text_fault(text: str, limit: int) -> str:
    """Why a text cannot be kept: '', too_long or control_characters."""
    if len(text) > limit:
        return "too_long"
    return "control_characters" if _CONTROL.search(text) else ""


def date_fault(day: date | None) -> str:
    """Why a day cannot be kept: '' or date_out_of_range (1950 to 2200)."""
    return "date_out_of_range" if day is not None and not _EARLIEST <= day <= _LATEST else ""


def plan_date_fault(before: date | None, after: date | None, *, stands: bool) -> str:
    """Why a milestone does not take another plan date: '' or plan_date_stands.

    `stands`: the milestone is done or its measure's plan is frozen. Then what it is held against comes no later and
    does not go away, so that a late tick is late for ever (issue: Statuses).
    """
    later = before is not None and (after is None or after > before)
    return "plan_date_stands" if stands and later else ""


def _chosen_fault(name: str, value: str, choices: Mapping[str, frozenset[str]]) -> str:
    known = FIXED.get(name) or choices.get(CHOSEN.get(name, ""), frozenset())
    if known:
        return "unknown_choice" if value and value not in known else ""
    return text_fault(value, SHORT)


def clean_fields(
    values: Mapping[str, Any],
    choices: Mapping[str, frozenset[str]],
    currency: str,
    kept: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Clean values by field, and codes of faults by field. `vendor_spend` comes as Decimal and leaves in minor units.

    `choices` are the keys of the organization's lists; a value equal to the one in `kept` stays although its list
    has changed. Names that are no field are a fault.
    """
    clean: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for name, value in values.items():
        fault = ""
        if name in FLAGS:
            clean[name] = bool(value)
        elif name == "vendor_spend":
            fault = _spend(value, currency, clean)
        elif name in TEXTS:
            clean[name] = str(value or "").replace("\r\n", "\n").strip()
            fault = text_fault(clean[name], TEXTS[name])
        elif name in CHOSEN or name in FIXED:
            clean[name] = str(value or "").strip()
            if kept is None or kept.get(name) != clean[name]:
                fault = _chosen_fault(name, clean[name], choices)
        else:
            fault = "unknown_field"
        if fault:
            faults[name] = [fault]
    if "title" in clean and not clean["title"]:
        faults["title"] = ["required"]
    return clean, faults


def _spend(value: Decimal | None, currency: str, clean: dict[str, Any]) -> str:
    if value is not None and value.is_finite() and value < 0:
        return "amount_negative"
    try:
        clean["vendor_spend"] = None if value is None else to_minor(value, currency)
    except (ValueError, ArithmeticError):
        return "amount_out_of_range"
    return ""


def required_parts(rules: Rules, stage: str | None) -> tuple[str, ...]:
    """Parts that must be held by now: those any gate up to the next one asks for."""
    reach = rules.order.get(stage or "", -1) + 1
    gates = [rules.gates[each.key] for each in rules.stages[: reach + 1]]
    named = [c.params["part"] for gate in gates for c in gate.criteria if c.kind == "role"]
    return tuple(dict.fromkeys(named))


def entered_later(actual: date | None, entered_at: datetime | None, zone: str) -> date | None:
    """The day on which a milestone's actual date was entered, when that was after it; else None."""
    if actual is None or entered_at is None:
        return None
    entered = entered_at.astimezone(ZoneInfo(zone)).date()
    return entered if entered > actual else None
