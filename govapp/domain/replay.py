"""A snapshot as JSON and back, and an answer as JSON: what is kept of a decision so that it can be asked again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from govapp.domain.asks import Ask, AskKind, Decision
from govapp.domain.rules import Rules
from govapp.domain.snapshot import (
    ConditionFact,
    EvidenceFact,
    Held,
    KpiFact,
    LineFact,
    LookbackFact,
    MilestoneFact,
    PredecessorFact,
    ReviewFact,
    RiskFact,
    Snapshot,
    StepFact,
    VoteFact,
)
from govapp.domain.table import path_for

_LISTS: dict[str, type] = {
    "evidence": EvidenceFact,
    "milestones": MilestoneFact,
    "risks": RiskFact,
    "predecessors": PredecessorFact,
    "conditions": ConditionFact,
    "lookbacks": LookbackFact,
    "lines": LineFact,
    "kpis": KpiFact,
    "steps": StepFact,
    "votes": VoteFact,
}
_MOMENTS = frozenset({"at", "opened_at"})
_DAYS = frozenset({"valid_until", "plan_date", "actual_date", "due"})
_SETS = frozenset({"submitters", "named", "electors"})
_TUPLES = frozenset({"no_rate", "unrated", "claims", "excepted"})
_BY_MONTH = frozenset({"baseline", "plan", "actual", "readings"})
_ZERO_SAYS_SOMETHING = frozenset({"state", "version", "run_rate", "baseline", "target"})


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return _sparse(value)
    return value


def _sparse(value: Any) -> dict[str, Any]:
    """The fields of a fact that say something, so that a record stays short."""
    return {
        each.name: _plain(said)
        for each in fields(value)
        if (said := getattr(value, each.name))
        or (said is not None and said != () and each.name in _ZERO_SAYS_SOMETHING)
    }


def snapshot_to_json(snapshot: Snapshot) -> dict[str, Any]:
    """All that `decide` reads, as values JSON can hold; amounts and days as text."""
    return _sparse(snapshot)


def snapshot_from_json(given: Mapping[str, Any]) -> Snapshot:
    """The same snapshot again. Raises TypeError where the record lacks what a fact needs."""
    said = {name: _fact_field(name, value) for name, value in given.items()}
    said["stage"] = given.get("stage")
    if "parts" in given:
        said["parts"] = {part: Held(**held) for part, held in _held(given["parts"]).items()}
    measure_fields = dict(given.get("fields", {}))
    if isinstance(measure_fields.get("value"), str):
        measure_fields["value"] = Decimal(measure_fields["value"])
    said["fields"] = measure_fields
    if "review" in given:
        said["review"] = _fact(ReviewFact, given["review"])
    return Snapshot(**said)


def _held(parts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {part: {"active": False, "name": "", **held} for part, held in parts.items()}


_EMPTY: dict[type, dict[str, Any]] = {
    EvidenceFact: {"submitters": frozenset(), "kind_version": 1},
    MilestoneFact: {"name": "", "owner_id": None, "plan_date": None, "actual_date": None},
    RiskFact: {"rating": "", "owner_id": None, "response": "", "blocking": False, "open": False},
    PredecessorFact: {"stage": None},
    ConditionFact: {"blocking": False},
    LineFact: {"name": "", "kind": "", "timing": ""},
    KpiFact: {"name": "", "unit": "", "source": "", "better": ""},
    StepFact: {"id": 0, "rule": {}, "deciders": {}, "waits_for": ""},
    VoteFact: {"basis": ""},
    ReviewFact: {"basis": "", "dossier": 0, "asked_by": 0},
}


def _fact(kind: type, given: Mapping[str, Any]) -> Any:
    return kind(**_EMPTY.get(kind, {}) | {name: _fact_field(name, value) for name, value in given.items()})


def _fact_field(name: str, value: Any) -> Any:
    if name in _LISTS:
        return tuple(_fact(_LISTS[name], each) for each in value)
    if name in _SETS:
        return frozenset(value)
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    if name in _DAYS and isinstance(value, str):
        return date.fromisoformat(value)
    if name in _BY_MONTH and isinstance(value, list):
        return tuple(tuple(each) for each in value)
    return tuple(value) if name in _TUPLES or (name == "due" and isinstance(value, list)) else value


def given_to_json(snapshot: Snapshot, holders: Mapping[str, frozenset[int]] | None) -> dict[str, Any]:
    """The snapshot, and who held the roles and groups of the path where the answer looked at them."""
    return snapshot_to_json(snapshot) | ({} if holders is None else {"holders": _plain(holders)})


def given_from_json(given: Mapping[str, Any]) -> tuple[Snapshot, dict[str, frozenset[int]] | None]:
    """The same again; holders are None where the answer did not look at them."""
    holders = given.get("holders")
    said = {name: value for name, value in given.items() if name != "holders"}
    return snapshot_from_json(said), (
        None if holders is None else {key: frozenset(people) for key, people in holders.items()}
    )


def ask_to_json(ask: Ask) -> dict[str, Any]:
    """What was asked; the reason counts by whether there is one."""
    return {
        "kind": str(ask.kind),
        "stage": ask.stage,
        "reason": ask.reason,
        "details": _plain(ask.details),
    }


def ask_from_json(given: Mapping[str, Any]) -> Ask:
    """The same ask again."""
    return Ask(AskKind(given["kind"]), given["stage"], given["reason"], given["details"])


def answer_to_json(rules: Rules, snapshot: Snapshot, decision: Decision) -> dict[str, Any]:
    """What was answered: the outcome, every finding as [key, met, code], and the steps of the path asked for."""
    into = decision.to if decision.ask.kind is AskKind.ADVANCE and decision.to in rules.gates else None
    path = path_for(rules, into, snapshot) if into else ()
    return {
        "outcome": str(decision.outcome),
        "to": decision.to,
        "findings": [[finding.key, finding.met, finding.code] for finding in decision.findings],
        "steps": [[chosen.step.key, chosen.step.order] for chosen in path],
    }
