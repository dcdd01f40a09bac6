"""The one verb that moves a measure over the gate board (product.md, What a drop means)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.types import canonical
from govapp.domain.errors import Refused, Stale
from govapp.domain.events import Event
from govapp.domain.gates import (
    PERMISSION_FOR,
    Ask,
    AskKind,
    Decision,
    Outcome,
    decide,
    interpret,
    right_to_ask,
)
from govapp.domain.rights import may
from govapp.services._belongs import visible
from govapp.services._keys import consume, consumed
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._reviews import _open_review
from govapp.services._settle import settle
from govapp.services._stage import _change_stage, _change_state
from govapp.services._work import Origin, Work, now, writing
from govapp.services.board_moves import Standing, standing_of
from govapp.services.evidence import Submission, _body, _submit


@dataclass(frozen=True, slots=True)
class MoveMeasure:
    """Ask for a decision. Without `ask`, the stage says which: a later one means advance, an earlier one recycle."""

    key: str
    origin: Origin
    seen_version: int
    stage: str | None = None
    ask: AskKind | None = None
    reason: str = ""
    action_key: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    evidence: Submission | None = None


@dataclass(frozen=True, slots=True)
class MoveOutcome:
    """What came of it: allowed (done), waiting (a review is open) or refused; `came_from` and `to` are stages.

    `now` is how the measure stands at the commit; None for a replay and for a proposal.
    """

    key: str
    outcome: Outcome
    ask: AskKind
    came_from: str | None
    to: str | None
    decision: Decision | None = None
    review_id: int | None = None
    opened: bool = False
    evidence_kept: str = ""
    now: Standing | None = None


def move_measure(command: MoveMeasure) -> MoveOutcome:
    """Judge the ask and carry it out in one transaction: moved, waiting for approvals, or refused with every finding.

    Evidence handed in along with it is kept even when the move is refused. A refusal is logged and consumes no key.
    Raises NotFound, Refused (no right), Stale (another version or revision was seen), KeyReused, Invalid (evidence).
    """
    outcome, loaded = writing(
        command.origin, lambda work: _move(work, command), action_key=command.action_key
    )
    if loaded is None or loaded.measure.stage is None:
        return outcome
    return replace(outcome, now=standing_of(loaded, command.origin.at or now()))


def _move(work: Work, command: MoveMeasure) -> tuple[MoveOutcome, Loaded | None]:
    loaded = visible(work, command.key, moves=True)
    body: list[Any] = [
        command.key,
        str(command.ask or ""),
        command.stage,
        command.reason,
        dict(command.details),
        command.seen_version,
    ]
    body.append(_body(command.evidence) if command.evidence else None)
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return _again(command, earlier), None
    kind = command.ask or interpret(loaded.rules, loaded.snapshot, command.stage or "")
    may(work.actor, PERMISSION_FOR[kind], loaded.place)
    right = right_to_ask(work.actor, loaded.rules, kind, loaded.place)
    if right is None:
        raise Refused("no_right", permission=str(PERMISSION_FOR[kind]))
    if command.seen_version != loaded.measure.version:
        raise Stale(
            "stale_measure", key=command.key, seen=command.seen_version, version=loaded.measure.version
        )
    kept = ""
    if command.evidence is not None:
        kept = _submit(work, loaded, command.evidence).kind
        work.session.flush()
        loaded = load_measures(work.session, [loaded.measure.id])[0]
    outcome = _carry_out(
        work, loaded, Ask(kind, command.stage, command.reason.strip(), command.details), right
    )
    outcome = replace(outcome, evidence_kept=kept)
    if outcome.outcome is not Outcome.REFUSED or kept:
        stored = {
            "outcome": str(outcome.outcome),
            "ask": str(kind),
            "from": outcome.came_from,
            "to": outcome.to,
        }
        consume(work, command.action_key, body, stored | {"review": outcome.review_id, "kept": kept})
    return outcome, loaded


def _again(command: MoveMeasure, earlier: Mapping[str, Any]) -> MoveOutcome:
    return MoveOutcome(
        command.key,
        Outcome(earlier["outcome"]),
        AskKind(earlier["ask"]),
        earlier["from"],
        earlier["to"],
        review_id=earlier["review"],
        evidence_kept=earlier["kept"],
    )


def _carry_out(work: Work, loaded: Loaded, ask: Ask, right: str) -> MoveOutcome:
    """Decide and do; shared by the drop and the last vote. Settles the measure and those that wait for it."""
    decision = decide(loaded.rules, loaded.snapshot, ask, work.today(loaded.timezone), right=right)
    came_from = loaded.snapshot.stage
    review = loaded.snapshot.review
    outcome = MoveOutcome(
        loaded.measure.key,
        decision.outcome,
        ask.kind,
        came_from,
        decision.to,
        decision,
        review.id if review else None,
    )
    if decision.outcome is Outcome.REFUSED:
        _record_refusal(work, loaded, decision, right)
        settle(work, [loaded])
        return outcome
    if decision.outcome is Outcome.WAITING:
        settle(work, [loaded])
        return outcome
    if decision.outcome is Outcome.NEEDS_REVIEW:
        opened = _open_review(work, loaded, decision.to or "", right)
        settle(work, [loaded])
        return replace(outcome, outcome=Outcome.WAITING, review_id=opened.id, opened=True)
    _do(work, loaded, decision, right)
    settle(work, [loaded, *_successors(work, loaded)])
    return outcome


def _successors(work: Work, loaded: Loaded) -> list[Loaded]:
    """Measures that wait for this one, read after it has changed; `visible` locked those that were known then."""
    if not loaded.successors:
        return []
    work.session.flush()
    return load_measures(work.session, loaded.successors, lock=True)


def _record_refusal(work: Work, loaded: Loaded, decision: Decision, right: str) -> None:
    """Log the attempt, once for each form. Where only the reason is missing it is a question (product.md, 6)."""
    if decision.wants_reason:
        return
    findings = [[finding.key, finding.code] for finding in decision.unmet]
    said = {
        "ask": str(decision.ask.kind),
        "from": loaded.snapshot.stage,
        "to": decision.to,
        "findings": findings,
    }
    if _logged_already(work, loaded, said):
        return
    if _count_refusal(work, f"move:{work.actor.id}") > LOGGED_A_MINUTE:
        return
    work.log(
        Event.MOVE_REFUSED, said,
        right=right, object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip


def _logged_already(work: Work, loaded: Loaded, said: dict[str, Any]) -> bool:
    """True when the same form was sent and refused for the same before: a refusal consumes no key."""
    if not work.action_key:
        return False
    row = select(AuditLog.sequence).where(
        AuditLog.measure_id == loaded.measure.id,
        AuditLog.event == str(Event.MOVE_REFUSED),
        AuditLog.actor_id == work.actor.id,
        AuditLog.action_key == work.action_key,
        AuditLog.payload == canonical(said),
    )
    return work.session.scalar(row.limit(1)) is not None


_STATE_CHANGES = {
    AskKind.HOLD: ("on_hold", Event.MEASURE_HELD),
    AskKind.RELEASE: ("active", Event.MEASURE_RELEASED),
    AskKind.CANCEL: ("cancelled", Event.MEASURE_CANCELLED),
    AskKind.REOPEN: ("active", Event.MEASURE_REOPENED),
}


def _do(work: Work, loaded: Loaded, decision: Decision, right: str) -> None:
    ask = decision.ask
    said = {"reason": ask.reason, **ask.details}
    if ask.kind is AskKind.ADVANCE:
        _advance(work, loaded, decision.to or "", right)
    elif ask.kind is AskKind.RECYCLE:
        _change_stage(work, loaded, decision.to or "", "recycle", right, **said)
    elif ask.kind is AskKind.REOPEN and loaded.snapshot.state != "cancelled":
        _change_stage(work, loaded, decision.to or "", "reopen", right, **said)
    else:
        state, event = _STATE_CHANGES[ask.kind]
        if ask.kind is AskKind.REOPEN:
            said["to"] = loaded.snapshot.stage
        loaded.measure.hold_cause = str(ask.details.get("cause", "")) if state == "on_hold" else ""
        review = ask.details.get("review_date") if state == "on_hold" else None
        loaded.measure.hold_review_date = date.fromisoformat(str(review)) if review else None
        _change_state(work, loaded, state, event, right, said)


def _advance(work: Work, loaded: Loaded, to: str, right: str) -> None:
    """Pass a gate: the step that the drop and the last vote share."""
    _change_stage(work, loaded, to, "advance", right)
