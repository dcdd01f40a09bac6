"""The criterion kinds: each says met or not, with a code and the values of its sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from govapp.domain.criteria_figures import confirmation, figures, kpi
from govapp.domain.effect_rules import EffectRules
from govapp.domain.rules import CriterionRule, Rules
from govapp.domain.snapshot import EvidenceFact, Snapshot
from govapp.domain.when import holds


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer about one criterion or board rule. `key` is the value of data-finding."""

    key: str
    met: bool
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    wording: str = ""
    supplied_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppliers:
    """Who can supply a finding, as a reader sees it: others by name, parts and roles nobody holds, the reader too."""

    names: tuple[str, ...] = ()
    vacant: tuple[str, ...] = ()
    yours: bool = False


def applies(criterion: CriterionRule, snapshot: Snapshot) -> bool:
    """True when every condition in `when` holds for the measure; a list means any of."""
    return holds(criterion.when, snapshot.fields)


_Answer = tuple[bool, str, dict[str, Any]]


def _filled(value: Any, params: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        length = len(value.strip())
        return bool(params.get("min_length", 1) <= length <= params.get("max_length", length))
    if isinstance(value, list | tuple | frozenset | dict):
        return bool(len(value) >= params.get("min_count", 1))
    return bool(value)


def _field(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    filled = [name for name in params["fields"] if _filled(snapshot.fields.get(name), params)]
    lacking = [name for name in params["fields"] if name not in filled]
    met = bool(filled) if params.get("match") == "any" else not lacking
    values: dict[str, Any] = {"fields": lacking, "match": params.get("match", "all")}
    if not met and "min_length" in params and len(params["fields"]) == 1:
        values |= {"min": params["min_length"], "max": params.get("max_length")}
        values["length"] = len(str(snapshot.fields.get(lacking[0]) or "").strip())
    return met, "field_filled" if met else "field_missing", values


def _role(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    held = snapshot.parts.get(params["part"])
    if held is None:
        return False, "part_vacant", {"part": params["part"]}
    if not held.active:
        return False, "part_inactive", {"part": params["part"], "name": held.name}
    return True, "part_held", {"part": params["part"], "name": held.name}


def _distinct(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    people = {part: snapshot.parts[part].person_id for part in params["parts"] if part in snapshot.parts}
    if len(people) < len(params["parts"]):
        return False, "parts_vacant", {"parts": [part for part in params["parts"] if part not in people]}
    met = len(set(people.values())) == len(people)
    return met, "parts_distinct" if met else "parts_same", {"parts": list(params["parts"])}


UNJUDGED = "evidence_unjudged"
MILESTONE_FIELD = "milestone"
FINAL_MILESTONE = "final_milestone"


def final_milestone(snapshot: Snapshot) -> str | None:
    """The name of the measure's final milestone; None while none is marked as final."""
    return next((one.name for one in snapshot.milestones if one.final), None)


def same_name(one: str, other: str) -> bool:
    """True for names that differ by blanks and capitals only."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def is_about(params: Mapping[str, Any], fact: EvidenceFact, snapshot: Snapshot) -> bool:
    """Whether a piece is about what a criterion asks: with `per: final_milestone` it must name the final one."""
    if params.get("per") != FINAL_MILESTONE:
        return True
    final = final_milestone(snapshot)
    return final is not None and same_name(fact.milestone, final)


def names_milestone(rules: Rules, kind: str) -> bool:
    """True when some gate asks for evidence of this kind about a milestone, so that its form must name one."""
    return any(
        criterion.kind == "evidence" and criterion.params["kind"] == kind and "per" in criterion.params
        for gate in rules.gates.values()
        for criterion in gate.criteria
    )


def counts_on_any_day(fact: EvidenceFact, rules: Rules, snapshot: Snapshot) -> str:
    """Why a piece does not count whatever the day: '', 'returned', 'unjudged' or 'earlier_passage'."""
    kind = rules.kinds.get(fact.kind)
    if fact.judged == "returned":
        return "returned"
    if kind and kind.judged and fact.judged != "accepted":
        return "unjudged"
    if kind and kind.once_per_passage and fact.passage_id != snapshot.passage_id:
        return "earlier_passage"
    return ""


def counts(fact: EvidenceFact, rules: Rules, snapshot: Snapshot, today: date) -> str:
    """Why a piece does not count today: as on any day, or 'expired'."""
    lapsed = fact.valid_until is not None and fact.valid_until < today
    return counts_on_any_day(fact, rules, snapshot) or ("expired" if lapsed else "")


def _evidence(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    all_facts = [fact for fact in snapshot.evidence if fact.kind == params["kind"]]
    facts = [fact for fact in all_facts if is_about(params, fact, snapshot)]
    needed = params.get("min_count", 1)
    good = [fact for fact in facts if not counts(fact, rules, snapshot, today)]
    values: dict[str, Any] = {"kind": params["kind"], "needed": needed, "have": len(good)}
    if len(good) >= needed:
        newest = max(good, key=lambda fact: fact.revision_id)
        ends = newest.valid_until.isoformat() if newest.valid_until else None
        return True, "evidence_valid", values | {"revision": newest.revision, "until": ends}
    bad = [fact for fact in facts if fact not in good]
    if not bad and all_facts and not facts:
        values |= {"milestone": final_milestone(snapshot) or "", "named": all_facts[-1].milestone}
        return False, "evidence_other_milestone", values
    if not bad:
        return False, "evidence_missing", values
    newest = max(bad, key=lambda fact: fact.revision_id)
    ends = newest.valid_until.isoformat() if newest.valid_until else None
    values |= {"until": ends, "evidence": newest.evidence_id}
    return False, f"evidence_{counts(newest, rules, snapshot, today)}", values


def _milestone(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    if params["check"] == "planned":
        planned = [m for m in snapshot.milestones if m.owner_id and m.plan_date]
        needed = params.get("min_count", 1)
        met = len(planned) >= needed
        return (
            met,
            "milestones_planned" if met else "milestones_few",
            {"have": len(planned), "needed": needed},
        )
    open_ones = [m.name for m in snapshot.milestones if m.actual_date is None]
    values: dict[str, Any] = {"open": open_ones[:5], "count": len(open_ones), "all": len(snapshot.milestones)}
    if not snapshot.milestones:
        return False, "milestones_none", values
    return not open_ones, "milestones_done" if not open_ones else "milestones_open", values


def _dependency(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    needed = params["min_stage"]
    behind = [
        p.key
        for p in snapshot.predecessors
        if p.state == "cancelled" or not rules.reached(p.stage, _earlier(rules, needed, p.needs))
    ]
    values = {"behind": behind[:5], "stage": needed, "all": len(snapshot.predecessors)}
    return not behind, "predecessors_there" if not behind else "predecessors_behind", values


def _earlier(rules: Rules, one: str, other: str) -> str:
    """A predecessor need not be further than its own dependency says."""
    return min(one, other, key=lambda stage: rules.order.get(stage, len(rules.stages)))


def _risk(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    check = params["check"]
    if check == "rating_set":
        rating = snapshot.fields.get("risk_rating") or ""
        return bool(rating), "risk_rated" if rating else "risk_unrated", {"rating": rating}
    if check == "no_open_blocking":
        blocking = [r.id for r in snapshot.risks if r.open and r.blocking]
        return (
            not blocking,
            "risk_none_blocking" if not blocking else "risk_blocking",
            {"count": len(blocking)},
        )
    bare = [r.id for r in snapshot.risks if r.open and not (r.owner_id and r.response.strip())]
    enough = len(snapshot.risks) >= params.get("min_count", 1)
    values = {"count": len(bare), "all": len(snapshot.risks), "needed": params.get("min_count", 1)}
    if not enough:
        return False, "risk_few", values
    return not bare, "risk_answered" if not bare else "risk_unanswered", values


def _condition(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    """`none_open_blocking` looks at blocking conditions only; one reported as fulfilled is open until confirmed."""
    blocking_only = params.get("check") == "none_open_blocking"
    open_ones = [c for c in snapshot.conditions if c.blocking or not blocking_only]
    values = {"count": len(open_ones), "overdue": sum(c.overdue(today) for c in open_ones)}
    return not open_ones, "conditions_none" if not open_ones else "conditions_open", values


def _lookback(params: Mapping[str, Any], rules: Rules, snapshot: Snapshot, today: date) -> _Answer:
    open_ones = [one for one in snapshot.lookbacks if one.state == "open"]
    due = min((one.due.isoformat() for one in open_ones), default="")
    values = {"count": len(open_ones), "due": due}
    return not open_ones, "lookback_none" if not open_ones else "lookback_open", values


_Money = Callable[[Mapping[str, Any], EffectRules, Snapshot], _Answer]


def _by_effects(check: _Money) -> "_Check":
    return lambda params, rules, snapshot, today: check(params, rules.effects, snapshot)


_Check = Callable[[Mapping[str, Any], Rules, Snapshot, date], _Answer]
CHECKS: dict[str, _Check] = {
    "field": _field,
    "role": _role,
    "distinct": _distinct,
    "evidence": _evidence,
    "milestone": _milestone,
    "dependency": _dependency,
    "risk": _risk,
    "condition": _condition,
    "lookback": _lookback,
    "figures": _by_effects(figures),
    "kpi": _by_effects(kpi),
    "confirmation": _by_effects(confirmation),
}


def find(criterion: CriterionRule, rules: Rules, snapshot: Snapshot, today: date) -> Finding:
    """The answer of one criterion. A kind nobody knows is never met."""
    check = CHECKS.get(criterion.kind)
    met, code, values = (
        check(criterion.params, rules, snapshot, today) if check else (False, "kind_unknown", {})
    )
    supplied_by = criterion.supplied_by
    if code == UNJUDGED:
        supplied_by = _judges(rules, criterion.params["kind"])
    return Finding(criterion.key, met, code, values, criterion.wording, supplied_by)


def _judges(rules: Rules, kind: str) -> tuple[str, ...]:
    """Who supplies what evidence that waits lacks: its judges, by part, role and `group:...`."""
    judge = rules.kinds[kind].judge
    return () if judge is None else (*judge.parts, *judge.roles, *(f"group:{key}" for key in judge.groups))
