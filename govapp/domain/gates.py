"""The gate engine: may this measure go there, and if not, why (product.md, What a drop means)."""

from collections.abc import Mapping
from datetime import date

from govapp.domain.approvals import (
    Defect,
    all_granted,
    barred_holders,
    barred_people,
    defect_of,
    with_people,
)
from govapp.domain.asks import Ask, AskKind, Decision, Outcome, not_next, rule_finding
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.criteria import Finding, applies, find
from govapp.domain.other_decisions import emergency, held_by, lacking, recycle, reopen, state_change, unfrozen
from govapp.domain.rules import GateRule, Rules, StepRule
from govapp.domain.snapshot import Snapshot
from govapp.domain.staffing import short, wanted
from govapp.domain.table import VALUE, facts_read, path_for


def gate_findings(rules: Rules, gate: GateRule, snapshot: Snapshot, today: date) -> tuple[Finding, ...]:
    """One finding for each criterion of the gate that applies to the measure."""
    return tuple(find(c, rules, snapshot, today) for c in gate.criteria if applies(c, snapshot))


def _no_decider(step: StepRule, defect: Defect, who: list[str]) -> Finding:
    values = {"step": step.name, "who": who, "have": defect.have, "need": defect.need}
    code = {
        "too_few": "rule_too_few_deciders", "member_barred": "rule_member_barred", "shared": "rule_shared_deciders",
    }.get(defect.code, "rule_no_decider")  # fmt: skip
    return Finding(f"rule:no-decider-{step.key}", False, code, values)


def path_defects(
    rules: Rules, gate: GateRule, snapshot: Snapshot, holders: Mapping[str, frozenset[int]] | None
) -> list[Finding]:
    """Steps of the path into a gate that nobody, or too few, could decide: a review could never end.

    Nobody decides two steps, so steps that share their deciders may lack somebody though each alone does not.
    `holders` are active people by 'role:<key>' and 'group:<key>'; without it only holders of parts are looked at.
    """
    found, able = [], []
    for chosen in path_for(rules, gate.into, snapshot):
        step = chosen.step
        barred = barred_people(rules, gate, snapshot, None, step.excludes)
        stuck = barred_holders(step.deciders, snapshot, barred)
        if holders is None:
            if stuck:
                found.append(_no_decider(step, Defect("nobody"), stuck))
            continue
        as_fact = with_people(step, snapshot, barred, holders)
        defect = defect_of(as_fact, "")
        if defect:
            found.append(_no_decider(step, defect, stuck))
        else:
            able.append((step, wanted(as_fact, "")))
    lacking = short([each for _, each in able])
    return found + [
        _no_decider(step, Defect("shared", need - lack, need), [])
        for (step, (need, _)), lack in zip(able, lacking, strict=True)
        if lack
    ]


def _advance(
    rules: Rules,
    snapshot: Snapshot,
    ask: Ask,
    today: date,
    holders: Mapping[str, frozenset[int]] | None,
) -> Decision:
    refused = not_next(rules, snapshot, ask)
    if refused:
        return Decision(Outcome.REFUSED, ask, ask.stage, (refused,))
    following = ask.stage or ""
    gate = rules.gates[following]
    findings = gate_findings(rules, gate, snapshot, today)
    blocked = [finding for finding in findings if not finding.met] + _blocked(
        rules, snapshot, following, today
    )
    if blocked:
        more = tuple(finding for finding in blocked if finding not in findings)
        return Decision(Outcome.REFUSED, ask, following, (*findings, *more))
    if not path_for(rules, following, snapshot):
        return Decision(Outcome.ALLOWED, ask, following, findings)
    review = snapshot.review
    if review is None or review.into != following:
        nobody = path_defects(rules, gate, snapshot, holders)
        if nobody:
            return Decision(Outcome.REFUSED, ask, following, (*findings, *nobody))
        return Decision(Outcome.NEEDS_REVIEW, ask, following, findings)
    basis = digest_of(basis_of(rules, gate, snapshot))
    granted = all_granted(review, basis, rules)
    return Decision(Outcome.ALLOWED if granted else Outcome.WAITING, ask, following, findings)


def _blocked(rules: Rules, snapshot: Snapshot, into: str, today: date) -> list[Finding]:
    """What stops a measure beside its gate: an overdue condition (it is about to be held), a value without a rate."""
    found = []
    overdue = [one for one in snapshot.conditions if one.overdue(today)]
    if overdue:
        found.append(
            rule_finding("condition-overdue", count=len(overdue), due=min(o.due for o in overdue).isoformat())
        )
    if snapshot.no_rate and VALUE in facts_read(rules, into):
        found.append(rule_finding("no-rate", currencies=list(snapshot.no_rate)))
    return found + unfrozen(rules, snapshot, into)


def decide(
    rules: Rules,
    snapshot: Snapshot,
    ask: Ask,
    today: date,
    *,
    right: str | None,
    holders: Mapping[str, frozenset[int]] | None = None,
) -> Decision:
    """May this measure go there, and if not, why: every finding, never only the first.

    `right` is the grant, part or group that lets the actor ask (right_to_ask), None when there is none; `today` is the
    day in the organization's zone; `holders` are active people by 'role:...' and 'group:...', for steps nobody could
    decide. The hint while dragging, the form, bulk, import and the drop all use this function.
    """
    if right is None:
        return Decision(Outcome.REFUSED, ask, ask.stage, (rule_finding("no-right", ask=str(ask.kind)),))
    if ask.kind is AskKind.ADVANCE:
        return _advance(rules, snapshot, ask, today, holders)
    if ask.kind is AskKind.EMERGENCY:
        to, findings = emergency(rules, snapshot, ask, today)
    elif ask.kind is AskKind.RECYCLE:
        to, findings = recycle(rules, snapshot, ask)
    elif ask.kind is AskKind.REOPEN:
        to, findings = reopen(rules, snapshot)
    else:
        to, findings = state_change(rules, snapshot, ask)
    if not findings:
        findings = held_by(rules, snapshot, ask, today)
    if not findings:
        findings = lacking(rules, ask, today)
    return Decision(Outcome.REFUSED if findings else Outcome.ALLOWED, ask, to, tuple(findings))
