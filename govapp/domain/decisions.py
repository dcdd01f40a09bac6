"""The decisions beside a plain advance as data: who may ask, what each needs (product.md, Words: Decision)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from govapp.domain.number_text import NumberRefused, read_number

WORDING_LIMIT = 500
Faults = dict[str, str]
_DAYS = ("review_date", "lookback_due")


@dataclass(frozen=True, slots=True)
class Askers:
    """Who may ask: holders of these parts on the measure, of these roles on its branch, members of these groups.

    Holders of `not_parts` may not, whatever else they are. Naming nobody leaves it to the permission.
    """

    parts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    not_parts: tuple[str, ...] = ()

    @property
    def names_somebody(self) -> bool:
        """True when the rules name who asks."""
        return bool(self.parts or self.roles or self.groups)


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """One kind of decision in a governance set."""

    key: str
    askers: Askers = Askers()
    # from a stage on others ask: who may cancel once it is decided
    askers_from: Mapping[str, Askers] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    into_stages: tuple[str, ...] = ()
    not_into: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    max_days_to_review: int | None = None
    limit_per_measure: int | None = None
    sign: bool = False
    conditions: Mapping[str, Any] = field(default_factory=dict)
    lookback: Mapping[str, Any] = field(default_factory=dict)


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _askers(who: Mapping[str, Any]) -> Askers:
    return Askers(*(_tuple(who.get(name)) for name in ("parts", "roles", "groups", "not_parts")))


def parse_decisions(data: Mapping[str, Any]) -> dict[str, DecisionRule]:
    """The decisions of a governance set by key."""
    return {str(raw["key"]): _decision(raw) for raw in data.get("decisions", ())}


def _decision(raw: Mapping[str, Any]) -> DecisionRule:
    who = raw.get("who") or {}
    start = "from_stage_"
    return DecisionRule(
        str(raw["key"]),
        _askers(who),
        {name.removeprefix(start): _askers(said) for name, said in who.items() if name.startswith(start)},
        _tuple(raw.get("needs")),
        {name: _tuple(keys) for name, keys in (raw.get("choices") or {}).items()},
        _tuple(raw.get("into_stages")),
        _tuple(who.get("not_into")),
        _tuple(raw.get("blocked_by")),
        raw.get("max_days_to_review"),
        raw.get("limit_per_measure"),
        bool(raw.get("sign_in_again")),
        raw.get("conditions") or {},
        raw.get("lookback") or {},
    )


def working_days_after(day: date, count: int) -> date:
    """The day that lies so many days, Monday to Friday, after a day."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or ""))
    except ValueError:
        return None


def detail_faults(rule: DecisionRule, details: Mapping[str, Any], today: date) -> Faults:
    """Codes of what is missing or wrong among the details a decision needs, by the detail's name.

    Reason and stage are looked at elsewhere. Days are those of the organization's zone; one that is given is looked at
    even where the rule does not ask for it. A signed decision carries `signed` once the person has proved who they are.
    """
    faults: Faults = {}
    for name in dict.fromkeys((*rule.needs, *(name for name in _DAYS if details.get(name)))):
        if name in {"reason", "to_stage", "conditions"}:
            continue
        fault = _fault(rule, name, details.get(name), today)
        if fault:
            faults[name] = fault
    if rule.sign and not details.get("signed"):
        faults["password"] = "signature_needed"  # nosec B105  # the code of a fault
    return faults


def _amount_fault(value: Any) -> str:
    if value is None or not str(value).strip():
        return "required"
    try:
        return "amount_negative" if read_number(str(value), 2) < 0 else ""
    except NumberRefused as refused:
        return refused.code


def _fault(rule: DecisionRule, name: str, value: Any, today: date) -> str:
    if name == "sunk_cost":
        return _amount_fault(value)
    if not value:
        return "required"
    if name in rule.choices and value not in rule.choices[name]:
        return "unknown_choice"
    if name == "review_date":
        return _between(_day(value), today, today + timedelta(days=rule.max_days_to_review or 3650))
    if name == "lookback_due":
        days = int(rule.lookback.get("max_working_days", 10))
        return _between(_day(value), today, working_days_after(today, days))
    return ""


def _between(day: date | None, earliest: date, latest: date) -> str:
    if day is None:
        return "date_invalid"
    if day < earliest:
        return "date_past"
    return "date_too_late" if day > latest else ""


def condition_faults(
    rule: DecisionRule,
    conditions: list[Mapping[str, Any]],
    today: date,
    people: frozenset[int],
    setters: frozenset[int] = frozenset(),
) -> list[Faults]:
    """Faults of the conditions set with a vote, one mapping for each; `people` are ids of those who may own one.

    Nobody owns a condition that they set, in their own voice or an absent person's: they confirm it. One more mapping,
    at the end, names `count` where there are too few or too many.
    """
    found = [_condition_faults(rule, one, today, people, setters) for one in conditions]
    least, most = int(rule.conditions.get("min_count", 1)), int(rule.conditions.get("max_count", 5))
    if not least <= len(conditions) <= most:
        found.append({"count": "conditions_few" if len(conditions) < least else "conditions_many"})
    return found


def _condition_faults(
    rule: DecisionRule, one: Mapping[str, Any], today: date, people: frozenset[int], setters: frozenset[int]
) -> Faults:
    faults: Faults = {}
    wording = str(one.get("wording") or "").strip()
    if len(wording) < 3:
        faults["wording"] = "required"
    elif len(wording) > WORDING_LIMIT:
        faults["wording"] = "text_too_long"
    if one.get("owner") not in people:
        faults["owner"] = "person_unknown"
    elif one["owner"] in setters:
        faults["owner"] = "condition_owner_sets"
    latest = today + timedelta(days=int(rule.conditions.get("max_days", 90)))
    if fault := _between(_day(one.get("due")), today, latest):
        faults["due"] = fault
    return faults
