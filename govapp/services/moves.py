"""The one verb that moves a measure over the gate board (product.md, What a drop means)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from govapp.data.actors import groups_of
from govapp.data.audit import AuditLog
from govapp.data.measure_pages import those_here
from govapp.data.measures import Measure
from govapp.data.reviews import DecisionRecord
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.types import canonical
from govapp.domain.asks import (
    PERMISSION_FOR,
    Ask,
    AskKind,
    Decision,
    Outcome,
    interpret,
)
from govapp.domain.deputies import ASK
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.gates import decide, gate_findings
from govapp.domain.replay import answer_to_json, ask_to_json, given_to_json
from govapp.domain.rights import Actor, may
from govapp.domain.snapshot import Snapshot
from govapp.services._belongs import visible
from govapp.services._conditions import _set_conditions
from govapp.services._holders import Holders, holders_of_path
from govapp.services._keys import consume, consumed
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._reviews import _open_review
from govapp.services._settle import settle
from govapp.services._stage import _change_stage, _change_state
from govapp.services._telling import _tell_of_state
from govapp.services._vote_checks import conditions_given
from govapp.services._work import Origin, Work, now, writing
from govapp.services.askers import act_of, asker_right
from govapp.services.board_moves import Standing, standing_of
from govapp.services.duties import _speak
from govapp.services.evidence import Submission, _body, _submit
from govapp.services.lookbacks import _owe_lookback


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
        command.origin, lambda work: _move(work, command), action_key=command.action_key, moves=command.key
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
    right = _right(work, loaded, kind)
    if right is None:
        may(work.actor, PERMISSION_FOR[kind], loaded.place)
        raise Refused("no_right", permission=str(PERMISSION_FOR[kind]))
    voice = work.voice
    if command.seen_version != loaded.measure.version:
        raise Stale(
            "stale_measure", key=command.key, seen=command.seen_version, version=loaded.measure.version
        )
    _require_known(work, loaded, command.details)
    kept = ""
    if command.evidence is not None:
        kept = _submit(work, loaded, command.evidence).kind
        work.speak_for(voice, ASK)
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


def _require_known(work: Work, loaded: Loaded, details: Mapping[str, Any]) -> None:
    """People named among the details are people here, with an active account: they are told of the measure."""
    named = set(details.get("informed_people") or ())
    if not named:
        return
    if named - those_here(work.session, loaded.place, work.today(loaded.timezone), named):
        raise Invalid("details_invalid", {"informed_people": ["person_unknown"]})


def _right(work: Work, loaded: Loaded, kind: AskKind) -> str | None:
    """The part, grant or group by which the actor may ask, or somebody whose deputy they are: then in that voice."""

    def groups(voice: Actor) -> frozenset[str]:
        return groups_of(work.session, voice.id or 0, loaded.measure.organization_id)

    right = asker_right(work.actor, loaded.rules, kind, loaded.place, loaded.snapshot.stage, groups)
    return _speak(work, loaded, ASK, right, act_of(kind))


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


def _carry_out(
    work: Work, loaded: Loaded, ask: Ask, right: str, *, more_follows: bool = False
) -> MoveOutcome:
    """Decide and do; shared by drop, last vote and clock. Settles the measure and those that wait for it.

    `more_follows`: the transaction goes on with a review that this opens.
    """
    today = work.today(loaded.timezone)
    decision = decide(loaded.rules, loaded.snapshot, ask, today, right=right)
    holders: Holders | None = None
    if decision.outcome is Outcome.NEEDS_REVIEW:
        holders = holders_of_path(work.session, loaded, decision.to, today)
        decision = decide(loaded.rules, loaded.snapshot, ask, today, right=right, holders=holders)
    given = loaded.snapshot
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
        if _record_refusal(work, loaded, decision, right):
            _keep_decision(work, loaded, given, decision, right, holders)
        settle(work, [loaded])
        return outcome
    if decision.outcome is Outcome.WAITING:
        settle(work, [loaded])
        return outcome
    if decision.outcome is Outcome.NEEDS_REVIEW:
        opened = _open_review(work, loaded, decision.to or "", right, holders or {}, at_once=more_follows)
        _keep_decision(work, loaded, given, decision, right, holders)
        settle(work, [loaded])
        return replace(outcome, outcome=Outcome.WAITING, review_id=opened.id, opened=True)
    _do(work, loaded, decision, right)
    _tell_of_state(work, loaded, ask)
    _keep_decision(work, loaded, given, decision, right, holders)
    settle(work, [loaded, *_successors(work, loaded)])
    return outcome


def _keep_decision(
    work: Work, loaded: Loaded, given: Snapshot, decision: Decision, right: str, holders: Holders | None
) -> None:
    """Keep what was asked, read and answered, so that other rules can be asked the same (domain/replay.py)."""
    row = DecisionRecord(
        measure_id=loaded.measure.id,
        workflow_version_id=loaded.measure.workflow_version_id,
        day=work.today(loaded.timezone),
        ask=ask_to_json(decision.ask),
        right_used=right,
        given=given_to_json(given, holders),
        answer=answer_to_json(loaded.rules, given, decision),
        at=work.at,
    )

    def numbered(seq: int) -> None:
        row.seq = seq
        work.session.add(row)

    work.at_seq.append(numbered)


def _successors(work: Work, loaded: Loaded) -> list[Loaded]:
    """Measures that wait for this one, read after it has changed; `visible` locked those that were known then."""
    if not loaded.successors:
        return []
    work.session.flush()
    return load_measures(work.session, loaded.successors, lock=True)


def _record_refusal(work: Work, loaded: Loaded, decision: Decision, right: str) -> bool:
    """Log the attempt, once for each form; True when it was. Where only the reason is missing it is a question."""
    if decision.wants_reason:
        return False
    findings = [[finding.key, finding.code] for finding in decision.unmet]
    said = {
        "ask": str(decision.ask.kind),
        "from": loaded.snapshot.stage,
        "to": decision.to,
        "findings": findings,
    }
    if _logged_already(work, loaded, said):
        return False
    if _count_refusal(work, f"move:{work.actor.id}") > LOGGED_A_MINUTE:
        return False
    work.log(
        Event.MOVE_REFUSED, said,
        right=right, object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return True


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
    ask, to = decision.ask, decision.to or ""
    said = {"reason": ask.reason, **ask.details}
    if ask.kind is AskKind.ADVANCE:
        _advance(work, loaded, to, right)
    elif ask.kind is AskKind.EMERGENCY:
        gate = loaded.rules.gates[to]
        today = work.today(loaded.timezone)
        debts = [f.key for f in gate_findings(loaded.rules, gate, loaded.snapshot, today) if not f.met]
        _change_stage(work, loaded, to, "emergency", right, debts=debts, **said)
        _owe_lookback(work, loaded, ask, to, debts, right)
    elif ask.kind is AskKind.RECYCLE:
        _change_stage(work, loaded, to, "recycle", right, **said)
    elif ask.kind is AskKind.REOPEN and loaded.snapshot.state != "cancelled":
        _change_stage(work, loaded, to, "reopen", right, **said)
    else:
        state, event = _STATE_CHANGES[ask.kind]
        if ask.kind is AskKind.REOPEN:
            said["to"] = loaded.snapshot.stage
        _note_state(loaded.measure, state, ask)
        _change_state(work, loaded, state, event, right, said)


def _note_state(measure: Measure, state: str, ask: Ask) -> None:
    """Why it is held or cancelled, until when, and what becomes of its value; released or reopened, none of it."""
    held, cancelled = state == "on_hold", state == "cancelled"
    measure.hold_cause = str(ask.details.get("hold_cause") or "") if held else ""
    review = ask.details.get("review_date") if held else None
    measure.hold_review_date = date.fromisoformat(str(review)) if review else None
    measure.cancel_cause = str(ask.details.get("cancel_cause") or "") if cancelled else ""
    measure.value_treatment = str(ask.details.get("value_treatment") or "") if held or cancelled else ""


def _advance(work: Work, loaded: Loaded, to: str, right: str) -> None:
    """Pass a gate: the step that the drop and the last vote share. Conditions of the votes become binding with it."""
    review = loaded.snapshot.review
    conditions = conditions_given(work, loaded.rules, review) if review and review.into == to else []
    more = {"conditions": sum(len(each.conditions) for each in conditions)} if conditions else {}
    _change_stage(work, loaded, to, "advance", right, **more)
    if conditions and review:
        _set_conditions(work, loaded, review.id, conditions, right)
