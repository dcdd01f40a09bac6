"""The gate engine: may this measure go there, and if not, why (product.md, What a drop means)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from govapp.domain.approvals import all_granted, barred_holders, barred_people
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.criteria import Finding, applies, find
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, right_of
from govapp.domain.rules import GateRule, Rules
from govapp.domain.snapshot import Snapshot


class AskKind(StrEnum):
    """The decisions one may ask for."""

    ADVANCE = "advance"
    RECYCLE = "recycle"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    REOPEN = "reopen"


class Outcome(StrEnum):
    """What becomes of an ask."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    NEEDS_REVIEW = "needs_review"
    WAITING = "waiting"


PERMISSION_FOR: dict[AskKind, Permission] = {
    AskKind.ADVANCE: Permission.MEASURE_MOVE,
    AskKind.RECYCLE: Permission.MEASURE_RECYCLE,
    AskKind.HOLD: Permission.MEASURE_HOLD,
    AskKind.RELEASE: Permission.MEASURE_HOLD,
    AskKind.CANCEL: Permission.MEASURE_CANCEL,
    AskKind.REOPEN: Permission.MEASURE_REOPEN,
}


def right_to_ask(actor: Actor, rules: Rules, kind: AskKind, place: Place) -> str | None:
    """The part or grant by which the actor may ask for this decision, or None.

    The permission alone is not enough where the rules name who asks: an approver who may hold what they sponsor may
    not hold what they do not (decisions.who in the governance set).
    """
    permission = PERMISSION_FOR[kind]
    right, askers = right_of(actor, permission, place), rules.askers.get(str(kind))
    if right is None or askers is None or actor.is_system:
        return right
    for part in askers.parts:
        if place.parts.get(part) == actor.id:
            return f"part:{part}"
    for grant in actor.grants:
        if (
            grant.role in askers.roles
            and permission in grant.permissions
            and place.path.startswith(grant.path)
        ):
            return f"role:{grant.role}@{grant.branch_id}"
    return None


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for. `stage` is needed for advance and recycle; all but advance need a reason."""

    kind: AskKind
    stage: str | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer with all its reasons. `to` is where the measure would stand."""

    outcome: Outcome
    ask: Ask
    to: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The findings that stand in the way."""
        return tuple(finding for finding in self.findings if not finding.met)

    @property
    def wants_reason(self) -> bool:
        """True when nothing but the reason stands in the way."""
        return [finding.code for finding in self.unmet] == ["rule_reason_needed"]


def interpret(rules: Rules, snapshot: Snapshot, stage: str) -> AskKind:
    """What a drop on a stage asks for: an earlier stage means recycle, anything else advance."""
    here = rules.order.get(snapshot.stage or "", -1)
    return AskKind.RECYCLE if -1 < rules.order.get(stage, len(rules.stages)) < here else AskKind.ADVANCE


def gate_findings(rules: Rules, gate: GateRule, snapshot: Snapshot, today: date) -> tuple[Finding, ...]:
    """One finding for each criterion of the gate that applies to the measure."""
    return tuple(find(c, rules, snapshot, today) for c in gate.criteria if applies(c, snapshot))


def _rule(name: str, **values: Any) -> Finding:
    return Finding(f"rule:{name}", False, f"rule_{name.replace('-', '_')}", values)


def _state_rule(snapshot: Snapshot) -> Finding | None:
    if snapshot.state == "on_hold":
        return _rule("on-hold")
    if snapshot.state == "cancelled":
        return _rule("cancelled")
    return None


def _nobody_decides(rules: Rules, gate: GateRule, snapshot: Snapshot) -> list[Finding]:
    """The steps of a gate whose every decider is barred from deciding: a review could never end."""
    barred = barred_people(rules, gate, snapshot)
    return [
        Finding(
            f"rule:no-decider-{step.key}",
            False,
            "rule_no_decider",
            {"step": step.name, "who": names},
        )
        for step in gate.steps
        if (names := barred_holders(step.deciders, snapshot, barred))
    ]


def _advance(rules: Rules, snapshot: Snapshot, ask: Ask, today: date) -> Decision:
    def no(finding: Finding) -> Decision:
        return Decision(Outcome.REFUSED, ask, ask.stage, (finding,))

    stopped = _state_rule(snapshot)
    if stopped:
        return no(stopped)
    if ask.stage not in rules.order:
        return no(_rule("unknown-stage", stage=ask.stage))
    following = rules.next_stage(snapshot.stage)
    if ask.stage == snapshot.stage:
        return no(_rule("already-there", stage=ask.stage))
    if following is None:
        return no(_rule("closed", stage=ask.stage))
    if ask.stage != following:
        return no(_rule("next-stage-only", stage=ask.stage, next=following))
    gate = rules.gates[following]
    findings = gate_findings(rules, gate, snapshot, today)
    if any(not finding.met for finding in findings):
        return Decision(Outcome.REFUSED, ask, following, findings)
    if not gate.steps:
        return Decision(Outcome.ALLOWED, ask, following, findings)
    review = snapshot.review
    if review is None or review.into != following:
        nobody = _nobody_decides(rules, gate, snapshot)
        if nobody:
            return Decision(Outcome.REFUSED, ask, following, (*findings, *nobody))
        return Decision(Outcome.NEEDS_REVIEW, ask, following, findings)
    basis = digest_of(basis_of(rules, gate, snapshot))
    granted = all_granted(review, basis)
    return Decision(Outcome.ALLOWED if granted else Outcome.WAITING, ask, following, findings)


def _recycle(rules: Rules, snapshot: Snapshot, ask: Ask) -> tuple[str | None, list[Finding]]:
    stopped = _state_rule(snapshot)
    if stopped:
        return ask.stage, [stopped]
    if ask.stage not in rules.order:
        return ask.stage, [_rule("unknown-stage", stage=ask.stage)]
    if snapshot.stage is None:
        return ask.stage, [_rule("proposed")]
    if rules.stage(snapshot.stage).terminal:
        return ask.stage, [_rule("closed", stage=snapshot.stage)]
    if rules.order[ask.stage] >= rules.order[snapshot.stage]:
        return ask.stage, [_rule("earlier-stage-only", stage=ask.stage)]
    return ask.stage, []


def _reopen(rules: Rules, snapshot: Snapshot) -> tuple[str | None, list[Finding]]:
    if snapshot.state == "cancelled":
        return snapshot.stage, []
    if snapshot.state == "active" and snapshot.stage and rules.stage(snapshot.stage).terminal:
        return rules.stages[rules.order[snapshot.stage] - 1].key, []
    return snapshot.stage, [_rule("not-closed")]


def _state_change(rules: Rules, snapshot: Snapshot, ask: Ask) -> tuple[str | None, list[Finding]]:
    allowed = {
        AskKind.HOLD: ("active",),
        AskKind.RELEASE: ("on_hold",),
        AskKind.CANCEL: ("active", "on_hold"),
    }[ask.kind]
    if snapshot.state == "proposed" or snapshot.stage is None:
        return snapshot.stage, [_rule("proposed")]
    if snapshot.state not in allowed:
        return snapshot.stage, [_rule(f"not-for-{snapshot.state.replace('_', '-')}", ask=str(ask.kind))]
    if snapshot.state == "active" and rules.stage(snapshot.stage).terminal:
        return snapshot.stage, [_rule("closed", stage=snapshot.stage)]
    return snapshot.stage, []


def decide(rules: Rules, snapshot: Snapshot, ask: Ask, today: date, *, right: str | None) -> Decision:
    """May this measure go there, and if not, why: every finding, never only the first.

    `right` is the grant or part that lets the actor ask (rights.right_of), None when there is none; `today` is the day
    in the organization's zone. The hint while dragging, the form, import and the drop all use this function.
    """
    if right is None:
        return Decision(Outcome.REFUSED, ask, ask.stage, (_rule("no-right", ask=str(ask.kind)),))
    if ask.kind is AskKind.ADVANCE:
        return _advance(rules, snapshot, ask, today)
    if ask.kind is AskKind.RECYCLE:
        to, findings = _recycle(rules, snapshot, ask)
    elif ask.kind is AskKind.REOPEN:
        to, findings = _reopen(rules, snapshot)
    else:
        to, findings = _state_change(rules, snapshot, ask)
    if not findings and len(ask.reason.strip()) < 3:
        findings = [_rule("reason-needed", ask=str(ask.kind))]
    return Decision(Outcome.REFUSED if findings else Outcome.ALLOWED, ask, to, tuple(findings))
