"""Votes and what belongs to them: decide, withdraw, ask, remind (product.md, What a drop means, 3-7)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from govapp.data.measures import Measure
from govapp.data.notices import Notice
from govapp.data.people import Person
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.approvals import APPROVE, COMMENT, SEND_BACK, VERDICTS, all_granted, barred, named_as, standings
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.gates import Ask, AskKind, Outcome
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may, right_of
from govapp.domain.snapshot import StepFact, VoteFact
from govapp.services._keys import consume, consumed
from govapp.services._reviews import deciders_of
from govapp.services._settle import settle
from govapp.services._stage import _end_review
from govapp.services._work import Origin, Work, writing
from govapp.services.evidence import visible
from govapp.services.moves import MoveOutcome, _carry_out

REASON_LIMIT = 4000
ASK_AGAIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote on a numbered dossier: approve, send_back (with reason) or comment."""

    review_id: int
    verdict: str
    dossier: int
    origin: Origin
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What the vote led to: kept, moved, sent_back, or granted (approved, but criteria are unmet)."""

    key: str
    result: str
    step: str
    move: MoveOutcome | None = None


def cast_vote(command: CastVote) -> VoteOutcome:
    """Keep a vote; the one that completes the last step moves the measure in the same transaction.

    Raises NotFound, Refused (not named by an open step, or barred: `code` says why), Stale (the dossier is not the
    latest, or the review has ended), Invalid (verdict or reason), KeyReused.
    """
    return writing(command.origin, lambda work: _cast_vote(work, command), action_key=command.action_key)


def _locked(work: Work, review_id: int) -> tuple[Review, Loaded]:
    """The review and its measure, the measure locked first."""
    key = work.session.scalar(select(Measure.key).join(Review, Review.measure_id == Measure.id).where(Review.id == review_id))
    if key is None:
        raise NotFound("not_found")
    loaded = visible(work, key)
    review = work.session.get_one(Review, review_id, with_for_update=True)
    return review, loaded


def _cast_vote(work: Work, command: CastVote) -> VoteOutcome:
    review, loaded = _locked(work, command.review_id)
    body = ["vote", command.review_id, command.verdict, command.reason, command.dossier]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return VoteOutcome(loaded.measure.key, earlier["result"], earlier["step"])
    may(work.actor, Permission.REVIEW_DECIDE, loaded.place)
    _check_words(command)
    if review.state != "open":
        raise Stale("review_ended", state=review.state)
    if loaded.snapshot.state not in {"active", "proposed"}:
        raise Stale("review_paused", state=loaded.snapshot.state)
    step, named = _step_for(work, loaded)
    outcome = _vote(work, loaded, step, named, command.verdict, command.reason.strip(), command.dossier)
    consume(work, command.action_key, body, {"result": outcome.result, "step": outcome.step})
    return outcome


def _check_words(command: CastVote) -> None:
    if command.verdict not in VERDICTS:
        raise Invalid("vote_invalid", {"verdict": ["verdict_unknown"]})
    if command.verdict in {SEND_BACK, COMMENT} and len(command.reason.strip()) < 3:
        raise Invalid("vote_invalid", {"reason": ["reason_needed" if command.verdict == SEND_BACK else "comment_needed"]})
    if len(command.reason) > REASON_LIMIT:
        raise Invalid("vote_invalid", {"reason": ["reason_too_long"]})


def _step_for(work: Work, loaded: Loaded) -> tuple[StepFact, str]:
    """The open step that names the actor. Raises Refused with the reason when there is none or the actor is barred."""
    snapshot = loaded.snapshot
    review = snapshot.review
    if review is None or work.actor.id is None:
        raise Refused("not_a_decider")
    roles = work.actor.roles_on(loaded.place.path)
    groups = work.groups()
    states = standings(review, review.basis)
    named = [(step, as_what) for step in review.steps if (as_what := named_as(step.deciders, work.actor.id, snapshot, roles, groups))]
    if not named:
        raise Refused("not_a_decider")
    open_ones = [(step, as_what) for step, as_what in named if states[step.id].state in {"open", "refused"}]
    if not open_ones:
        raise Refused("step_decided" if states[named[0][0].id].state == "granted" else "step_not_open")
    gate = loaded.rules.gates[review.into]
    reasons = [barred(work.actor.id, gate, snapshot, roles, step_id=step.id) for step, _ in open_ones]
    if all(reasons):
        raise Refused(f"barred_{reasons[0]}")
    return next(pair for pair, reason in zip(open_ones, reasons, strict=True) if not reason)


def _vote(work: Work, loaded: Loaded, step: StepFact, named: str, verdict: str, reason: str, seen: int) -> VoteOutcome:
    review = loaded.snapshot.review
    if review is None:
        raise Stale("review_ended", state="ended")
    if seen != review.dossier:
        raise Stale("dossier_changed", seen=seen, dossier=review.dossier)
    dossier_id = work.session.execute(
        select(Dossier.id).where(Dossier.review_id == review.id, Dossier.number == review.dossier)
    ).scalar_one()
    row = Vote(
        review_id=review.id, step_id=step.id, dossier_id=dossier_id, person_id=work.actor.id, right_used=named,
        verdict=verdict, reason=reason, meaning=step.key, at=work.at,
    )  # fmt: skip
    work.session.add(row)
    work.log(
        Event.VOTE_CAST,
        {"step": step.key, "verdict": verdict, "dossier": review.dossier, "basis": review.basis, "reason": reason},
        made=(row,), right=named, object_type="review", object_id=str(review.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    vote = VoteFact(work.actor.id or 0, verdict, review.basis, work.at)
    steps = tuple(replace(s, votes=(*s.votes, vote)) if s.id == step.id else s for s in review.steps)
    loaded.snapshot = replace(loaded.snapshot, review=replace(review, steps=steps))
    return _draw(work, loaded, step, verdict, reason)


def _draw(work: Work, loaded: Loaded, step: StepFact, verdict: str, reason: str) -> VoteOutcome:
    """What follows from the votes as they now stand."""
    review = loaded.snapshot.review
    key = loaded.measure.key
    if review is None:
        raise Stale("review_ended", state="ended")
    states = standings(review, review.basis)
    if any(state.state == "refused" for state in states.values()):
        work.tell(review.asked_by, "sent_back", measure_id=loaded.measure.id, review_id=review.id, payload={"reason": reason})
        _end_review(work, loaded, "sent_back", reason)
        settle(work, [loaded])
        return VoteOutcome(key, "sent_back", step.key)
    if verdict != COMMENT and all_granted(review, review.basis):
        move = _carry_out(work, loaded, Ask(AskKind.ADVANCE, review.into), f"vote:{step.key}")
        moved = move.outcome is Outcome.ALLOWED
        if moved:
            work.tell(review.asked_by, "moved", measure_id=loaded.measure.id, review_id=review.id, payload={"to": review.into})
        return VoteOutcome(key, "moved" if moved else "granted", step.key, move)
    settle(work, [loaded])
    return VoteOutcome(key, "kept", step.key)


@dataclass(frozen=True, slots=True)
class AcceptProposal:
    """A program lead takes a proposal in: opens the review into the first stage and approves it in one act."""

    key: str
    seen_version: int
    origin: Origin
    action_key: str = ""


def accept_proposal(command: AcceptProposal) -> VoteOutcome | MoveOutcome:
    """Ask for acceptance and approve at once. Refused findings come back as a MoveOutcome; nothing is skipped.

    Raises NotFound, Refused (not a decider, barred), Stale, KeyReused.
    """
    return writing(command.origin, lambda work: _accept(work, command), action_key=command.action_key)


def _accept(work: Work, command: AcceptProposal) -> VoteOutcome | MoveOutcome:
    loaded = visible(work, command.key)
    body = ["accept", command.key, command.seen_version]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return VoteOutcome(command.key, earlier["result"], earlier["step"])
    right = may(work.actor, Permission.REVIEW_DECIDE, loaded.place)
    if command.seen_version != loaded.measure.version:
        raise Stale("stale_measure", key=command.key, seen=command.seen_version, version=loaded.measure.version)
    first = loaded.rules.stages[0].key
    if loaded.snapshot.review is None:
        move = _carry_out(work, loaded, Ask(AskKind.ADVANCE, first), right)
        if move.outcome is not Outcome.WAITING:
            return move
    step, named = _step_for(work, loaded)
    review = loaded.snapshot.review
    outcome = _vote(work, loaded, step, named, APPROVE, "", review.dossier if review else 0)
    consume(work, command.action_key, body, {"result": outcome.result, "step": outcome.step})
    return outcome


@dataclass(frozen=True, slots=True)
class WithdrawReview:
    """Take back the request to pass a gate."""

    review_id: int
    origin: Origin
    reason: str = ""
    action_key: str = ""


def withdraw_review(command: WithdrawReview) -> str:
    """End the open review as withdrawn; returns the measure's key.

    Who asked may, and who may withdraw on the measure. Raises NotFound, Refused, Stale, KeyReused.
    """
    return writing(command.origin, lambda work: _withdraw(work, command), action_key=command.action_key)


def _withdraw(work: Work, command: WithdrawReview) -> str:
    review, loaded = _locked(work, command.review_id)
    body = ["withdraw", command.review_id]
    if consumed(work, command.action_key, body) is not None:
        return loaded.measure.key
    if review.asked_by != work.actor.id:
        may(work.actor, Permission.REVIEW_WITHDRAW, loaded.place)
    if review.state != "open":
        raise Stale("review_ended", state=review.state)
    _end_review(work, loaded, "withdrawn", command.reason.strip()[:REASON_LIMIT])
    settle(work, [loaded])
    consume(work, command.action_key, body, {"done": True})
    return loaded.measure.key


@dataclass(frozen=True, slots=True)
class AskPeople:
    """Ask or remind: who can supply a criterion (`finding`), or the deciders of the open steps when it is empty."""

    key: str
    origin: Origin
    finding: str = ""


def ask_people(command: AskPeople) -> list[str]:
    """Leave a notice for those who can help; returns their names. Anyone who may read the measure may ask.

    Asks the same person about the same thing at most every four hours. Raises NotFound, Invalid when nobody is there.
    """
    return writing(command.origin, lambda work: _ask(work, command))


def _ask(work: Work, command: AskPeople) -> list[str]:
    loaded = visible(work, command.key)
    review = loaded.snapshot.review
    if command.finding:
        people, kind = _suppliers(work, loaded, command.finding), "supply_asked"
    elif review is not None:
        gate = loaded.rules.gates[review.into]
        people, kind = _still_to_vote(work, loaded, deciders_of(work, loaded, gate.steps)), "decision_reminder"
    else:
        raise Invalid("nobody_to_ask")
    people = [person for person in people if person != work.actor.id]
    if not people:
        raise Invalid("nobody_to_ask")
    names = _tell_once(work, loaded, people, kind, command.finding, review.id if review else None)
    if review is not None and not command.finding:
        for step in work.session.scalars(select(ReviewStep).where(ReviewStep.review_id == review.id, ReviewStep.state == "open")):
            step.reminded_at = work.at
    work.log(
        Event.ASKED, {"kind": kind, "finding": command.finding, "people": people},
        object_type="measure", object_id=loaded.measure.key, measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return names


def _still_to_vote(work: Work, loaded: Loaded, people: list[int]) -> list[int]:
    review = loaded.snapshot.review
    states = standings(review, review.basis) if review else {}
    done = {person for state in states.values() for vote in state.counting for person in vote.people}
    return [person for person in people if person not in done]


def _suppliers(work: Work, loaded: Loaded, finding: str) -> list[int]:
    """People behind `supplied_by` of a criterion of the next gate."""
    following = loaded.rules.next_stage(loaded.snapshot.stage)
    gate = loaded.rules.gates.get(following or "")
    criterion = next((c for c in gate.criteria if c.key == finding), None) if gate else None
    if criterion is None:
        raise NotFound("unknown_finding")
    parts = [loaded.snapshot.parts[p].person_id for p in criterion.supplied_by if p in loaded.snapshot.parts]
    if parts:
        return parts
    roles = tuple(key for key in criterion.supplied_by if key not in loaded.place.parts)
    if "submitter" in roles and loaded.measure.created_by:
        return [loaded.measure.created_by]
    step = replace(gate.steps[0], deciders={"roles": roles or ("program_lead",)}) if gate and gate.steps else None
    return deciders_of(work, loaded, (step,)) if step else []


def _tell_once(work: Work, loaded: Loaded, people: list[int], kind: str, finding: str, review_id: int | None) -> list[str]:
    recent = set(
        work.session.scalars(
            select(Notice.person_id).where(
                Notice.person_id.in_(people), Notice.kind == kind, Notice.measure_id == loaded.measure.id, Notice.at > work.at - ASK_AGAIN
            )
        )
    )
    for person in people:
        if person not in recent:
            work.tell(person, kind, measure_id=loaded.measure.id, review_id=review_id, payload={"finding": finding})
    rows: Any = work.session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    return [row.name for row in rows]


def resettle(work: Work, ids: list[int]) -> None:
    """Bring measures up to date after rights or groups changed what they wait for."""
    settle(work, load_measures(work.session, ids, lock=True))


def may_withdraw(actor_id: int | None, asked_by: int, place: Place, actor: Any) -> bool:
    """True when the person asked for the review or may withdraw on this measure."""
    return actor_id == asked_by or right_of(actor, Permission.REVIEW_WITHDRAW, place) is not None

