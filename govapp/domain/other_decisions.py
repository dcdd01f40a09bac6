"""The decisions beside a plain advance: emergency advance, recycle, hold, release, cancel, reopen (product.md, 6-8)."""

from datetime import date

from govapp.domain.asks import NO_RULE, Ask, AskKind, not_next, rule_finding, state_rule
from govapp.domain.criteria import Finding
from govapp.domain.decisions import detail_faults
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot


def emergency(rules: Rules, snapshot: Snapshot, ask: Ask, today: date) -> tuple[str | None, list[Finding]]:
    """Where an emergency advance would lead, and what forbids it: it skips the gate, never a stage."""
    rule = rules.decisions.get(str(AskKind.EMERGENCY))
    if rule is None:
        return ask.stage, [rule_finding("no-emergency")]
    refused = not_next(rules, snapshot, ask)
    if refused:
        return ask.stage, [refused]
    if rule.into_stages and ask.stage not in rule.into_stages:
        return ask.stage, [rule_finding("no-emergency-into", stage=ask.stage)]
    if rule.limit_per_measure and len(snapshot.lookbacks) >= rule.limit_per_measure:
        return ask.stage, [rule_finding("emergency-used", limit=rule.limit_per_measure)]
    return ask.stage, unfrozen(rules, snapshot, ask.stage)


def unfrozen(rules: Rules, snapshot: Snapshot, into: str | None) -> list[Finding]:
    """What keeps the plan from being frozen on the way into a stage: a currency without plan rate (never 1.0)."""
    if snapshot.unrated and rules.frozen_in(into) and not rules.frozen_in(snapshot.stage):
        return [rule_finding("rate-missing", currencies=list(snapshot.unrated))]
    return []


def recycle(rules: Rules, snapshot: Snapshot, ask: Ask) -> tuple[str | None, list[Finding]]:
    """Where a recycle would lead, and what forbids it."""
    stopped = state_rule(snapshot)
    if stopped:
        return ask.stage, [stopped]
    if ask.stage not in rules.order:
        return ask.stage, [rule_finding("unknown-stage", stage=ask.stage)]
    if snapshot.stage is None:
        return ask.stage, [rule_finding("proposed")]
    if rules.stage(snapshot.stage).terminal:
        return ask.stage, [rule_finding("closed", stage=snapshot.stage)]
    if rules.order[ask.stage] >= rules.order[snapshot.stage]:
        return ask.stage, [rule_finding("earlier-stage-only", stage=ask.stage)]
    return ask.stage, []


def reopen(rules: Rules, snapshot: Snapshot) -> tuple[str | None, list[Finding]]:
    """Where a reopened measure would stand: closed ones before the last gate, cancelled ones where they left."""
    if snapshot.state == "cancelled":
        return snapshot.stage, []
    if snapshot.state == "active" and snapshot.stage and rules.stage(snapshot.stage).terminal:
        return rules.stages[rules.order[snapshot.stage] - 1].key, []
    return snapshot.stage, [rule_finding("not-closed")]


def state_change(rules: Rules, snapshot: Snapshot, ask: Ask) -> tuple[str | None, list[Finding]]:
    """What forbids hold, release or cancel; the stage stays."""
    allowed = {
        AskKind.HOLD: ("active",),
        AskKind.RELEASE: ("on_hold",),
        AskKind.CANCEL: ("active", "on_hold"),
    }[ask.kind]
    if snapshot.state == "proposed" or snapshot.stage is None:
        return snapshot.stage, [rule_finding("proposed")]
    if snapshot.state not in allowed:
        return snapshot.stage, [
            rule_finding(f"not-for-{snapshot.state.replace('_', '-')}", ask=str(ask.kind))
        ]
    if snapshot.state == "active" and rules.stage(snapshot.stage).terminal:
        return snapshot.stage, [rule_finding("closed", stage=snapshot.stage)]
    return snapshot.stage, []


def held_by(rules: Rules, snapshot: Snapshot, ask: Ask, today: date) -> list[Finding]:
    """What must not be while a condition is overdue: a move, since the measure is about to be held, and a release."""
    rule = rules.decisions.get(str(ask.kind), NO_RULE)
    overdue = [one for one in snapshot.conditions if one.overdue(today)]
    moves = ask.kind in {AskKind.EMERGENCY, AskKind.RECYCLE}
    if overdue and (moves or "overdue_condition" in rule.blocked_by):
        due = min(one.due for one in overdue).isoformat()
        return [rule_finding("condition-overdue", count=len(overdue), due=due)]
    return []


def lacking(rules: Rules, ask: Ask, today: date) -> list[Finding]:
    """Reason and details a decision needs and lacks; the form that asks for them names each."""
    found = [rule_finding("reason-needed", ask=str(ask.kind))] if len(ask.reason.strip()) < 3 else []
    faults = detail_faults(rules.decisions.get(str(ask.kind), NO_RULE), ask.details, today)
    if faults:
        found.append(rule_finding("details-needed", ask=str(ask.kind), faults=faults))
    return found
