"""The basis of a vote: exactly what a gate's criteria and steps read (product.md, Words: Review; R04)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from govapp.domain.criteria import applies, counts_on_any_day, is_about
from govapp.domain.rules import GateRule, Rules
from govapp.domain.snapshot import EvidenceFact, Snapshot
from govapp.domain.table import facts_read, path_for
from govapp.domain.when import names_read


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def counted_evidence(rules: Rules, gate: GateRule, snapshot: Snapshot) -> dict[str, list[EvidenceFact]]:
    """The newest revisions the gate counts, by kind.

    What has expired stays among them: it was counted when it was handed in, and time alone makes no vote stale.
    """
    asked = [c.params for c in gate.criteria if c.kind == "evidence" and applies(c, snapshot)]
    good = [fact for fact in snapshot.evidence if not counts_on_any_day(fact, rules, snapshot)]
    return {
        kind: [
            fact
            for fact in good
            if fact.kind == kind and any(p["kind"] == kind and is_about(p, fact, snapshot) for p in asked)
        ]
        for kind in {params["kind"] for params in asked}
    }


def counted_submitters(rules: Rules, gate: GateRule, snapshot: Snapshot) -> frozenset[int]:
    """Everyone who handed in a counted revision, for themselves or for somebody."""
    counted = counted_evidence(rules, gate, snapshot).values()
    return frozenset().union(*(fact.submitters for facts in counted for fact in facts))


def _named_fields(rules: Rules, gate: GateRule) -> set[str]:
    names = facts_read(rules, gate.into)
    for criterion in gate.criteria:
        names |= names_read(criterion.when)
        if criterion.kind == "field":
            names.update(criterion.params["fields"])
        if criterion.kind == "risk" and criterion.params.get("check") == "rating_set":
            names.add("risk_rating")
    return names


def _named_parts(rules: Rules, gate: GateRule, snapshot: Snapshot) -> set[str]:
    names: set[str] = {"owner"}
    for criterion in gate.criteria:
        if criterion.kind == "role":
            names.add(criterion.params["part"])
        if criterion.kind == "distinct":
            names.update(criterion.params["parts"])
    for chosen in path_for(rules, gate.into, snapshot):
        names.update(chosen.step.deciders.get("parts", ()), chosen.step.excludes)
    return names


def basis_of(rules: Rules, gate: GateRule, snapshot: Snapshot) -> Mapping[str, Any]:
    """Named fields, parts, counted evidence with digests, plan figures, milestones, risks, predecessors, rule version.

    Holds nothing that depends on the clock: time alone makes no vote stale.
    """
    kinds = {criterion.kind for criterion in gate.criteria}
    checks = {criterion.params.get("check") for criterion in gate.criteria}
    basis: dict[str, Any] = {
        "rules": [rules.workflow, rules.version],
        "into": gate.into,
        "fields": {name: snapshot.fields.get(name) for name in sorted(_named_fields(rules, gate))},
        "parts": {
            part: snapshot.parts[part].person_id
            for part in sorted(_named_parts(rules, gate, snapshot))
            if part in snapshot.parts
        },
        "evidence": {
            kind: sorted((fact.evidence_id, fact.revision, fact.digest) for fact in facts)
            for kind, facts in counted_evidence(rules, gate, snapshot).items()
        },
        "figures": dict(snapshot.figures),
    }
    if "milestone" in kinds:
        planned, done = "planned" in checks, "all_done" in checks
        basis["milestones"] = [
            [
                m.id,
                *([m.owner_id, str(m.plan_date)] if planned else ()),
                *([str(m.actual_date)] if done else ()),
            ]
            for m in snapshot.milestones
        ]
    if "risk" in kinds and checks & {"no_open_blocking", "risks_with_owner_and_response"}:
        basis["risks"] = [
            [r.id, r.rating, r.owner_id, r.response, r.blocking, r.open] for r in snapshot.risks
        ]
    if "dependency" in kinds:
        basis["predecessors"] = sorted([p.key, p.needs] for p in snapshot.predecessors)
    if "condition" in kinds:
        basis["conditions"] = sorted(one.id for one in snapshot.conditions)
    if "lookback" in kinds:
        basis["lookbacks"] = sorted([one.id, one.state] for one in snapshot.lookbacks)
    return basis | _money(gate, kinds, checks, snapshot)


def _money(gate: GateRule, kinds: set[str], checks: set[Any], snapshot: Snapshot) -> dict[str, Any]:
    """What a gate reads of money and operating figures: baseline and plan by month, and what its criteria ask for."""
    found: dict[str, Any] = {
        "amounts": {
            str(line.id): [line.baseline, line.plan] for line in snapshot.lines if line.baseline or line.plan
        }
    }
    if "figures" in kinds:
        found["lines"] = [[o.id, o.kind, o.timing, o.category, o.currency, o.name] for o in snapshot.lines]
    if "no_unresolved_claim_overlap" in checks:
        found["claims"] = snapshot.claims
    if "confirmation" in kinds or "one_off_booked" in checks:
        found["actual"] = {str(line.id): [line.actual, sorted(line.excepted)] for line in snapshot.lines}
    for criterion in gate.criteria:
        if criterion.kind == "kpi":
            last = int(criterion.params.get("min_readings", 0))
            found["kpis"] = [
                [
                    o.id,
                    o.unit,
                    o.source,
                    o.better,
                    o.baseline,
                    o.target,
                    o.signed,
                    o.readings[-last:] if last else (),
                ]
                for o in snapshot.kpis
            ]
    return found
