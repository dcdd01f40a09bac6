"""What may be asked for, by whom, and what an answer is (product.md, Words: Decision; What a drop means, 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from govapp.domain.criteria import Finding
from govapp.domain.decisions import Askers, DecisionRule
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, right_of, with_voice
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot


class AskKind(StrEnum):
    """The decisions one may ask for."""

    ADVANCE = "advance"
    RECYCLE = "recycle"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    REOPEN = "reopen"
    EMERGENCY = "emergency_advance"


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
    AskKind.EMERGENCY: Permission.MEASURE_EMERGENCY,
}
NO_RULE = DecisionRule("")


def askers_of(rules: Rules, kind: AskKind, stage: str | None) -> Askers:
    """Who may ask for a decision on a measure in a stage: from some stage on it may be others (decisions.who)."""
    rule = rules.decisions.get(str(kind), NO_RULE)
    reached = [said for since, said in rule.askers_from.items() if rules.reached(stage, since)]
    return reached[-1] if reached else rule.askers


def right_to_ask(
    actor: Actor,
    rules: Rules,
    kind: AskKind,
    place: Place,
    *,
    stage: str | None = None,
    groups: frozenset[str] = frozenset(),
) -> str | None:
    """The part, grant or group by which the actor may ask for this decision, or None.

    The permission alone is not enough where the rules name who asks: an approver who may hold what they sponsor may
    not hold what they do not (decisions.who in the governance set). A part that needs a role gives nothing once the
    role has ended (R06, R07). `groups` are those the actor belongs to.
    """
    permission = PERMISSION_FOR[kind]
    voiced = with_voice(place, actor, rules.roles_of_parts)
    right, askers = right_of(actor, permission, voiced), askers_of(rules, kind, stage)
    if right is None or actor.is_system:
        return right
    if kind is AskKind.EMERGENCY and str(kind) not in rules.decisions:
        return None
    if any(place.parts.get(part) == actor.id for part in askers.not_parts):
        return None
    if not askers.names_somebody:
        return right
    for part in askers.parts:
        if voiced.parts.get(part) == actor.id:
            return f"part:{part}"
    for grant in actor.grants:
        if (
            grant.role in askers.roles
            and permission in grant.permissions
            and place.path.startswith(grant.path)
        ):
            return f"role:{grant.role}@{grant.branch_id}"
    return next((f"group:{group}" for group in askers.groups if group in groups), None)


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
        """True when nothing but reason and details stand in the way."""
        codes = {finding.code for finding in self.unmet}
        return bool(codes) and codes <= {"rule_reason_needed", "rule_details_needed"}


def interpret(rules: Rules, snapshot: Snapshot, stage: str) -> AskKind:
    """What a drop on a stage asks for: an earlier stage means recycle, anything else advance."""
    here = rules.order.get(snapshot.stage or "", -1)
    return AskKind.RECYCLE if -1 < rules.order.get(stage, len(rules.stages)) < here else AskKind.ADVANCE


def rule_finding(name: str, **values: Any) -> Finding:
    """A rule of the board that stands in the way."""
    return Finding(f"rule:{name}", False, f"rule_{name.replace('-', '_')}", values)


def state_rule(snapshot: Snapshot) -> Finding | None:
    """Why a measure that is on hold or cancelled does not move, or None."""
    if snapshot.state == "on_hold":
        return rule_finding("on-hold")
    if snapshot.state == "cancelled":
        return rule_finding("cancelled")
    return None


def not_next(rules: Rules, snapshot: Snapshot, ask: Ask) -> Finding | None:
    """Why a measure cannot go to that stage in one step forward, or None."""
    stopped = state_rule(snapshot)
    if stopped:
        return stopped
    if ask.stage not in rules.order:
        return rule_finding("unknown-stage", stage=ask.stage)
    following = rules.next_stage(snapshot.stage)
    if ask.stage == snapshot.stage:
        return rule_finding("already-there", stage=ask.stage)
    if following is None:
        return rule_finding("closed", stage=ask.stage)
    if ask.stage != following:
        return rule_finding("next-stage-only", stage=ask.stage, next=following)
    return None
