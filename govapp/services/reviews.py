"""Votes and what belongs to them: decide, accept a proposal, withdraw (product.md, What a drop means, 3-7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from govapp.data.actors import groups_of
from govapp.data.measures import Measure
from govapp.data.reviews import Dossier, Review, Vote
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import (
    APPROVE,
    APPROVING,
    CLOSE,
    COMMENT,
    REFUSED,
    SEND_BACK,
    VERDICTS,
    WITH_CONDITIONS,
    all_granted,
    standings,
    with_electors,
)
from govapp.domain.asks import Ask, AskKind, Outcome
from govapp.domain.deputies import ASK, DECIDE
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of
from govapp.domain.snapshot import ReviewFact, StepFact, VoteFact
from govapp.services._belongs import visible
from govapp.services._keys import consume, consumed
from govapp.services._review_end import _end_review
from govapp.services._revisions import Submission
from govapp.services._settle import settle
from govapp.services._vote_checks import check_vote
from govapp.services._voting import Ballot, ballot_for, closing_for, require_others_decidable, voices_of
from govapp.services._work import Origin, Work, writing
from govapp.services.evidence import _attest
from govapp.services.moves import MoveOutcome, _carry_out

REASON_LIMIT = 4000
_NEEDS_WORDS = frozenset({SEND_BACK, COMMENT, WITH_CONDITIONS})


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote on a numbered dossier: approve, approve_with_conditions, send_back (with reason), comment, close_ballot.

    `conditions` each hold wording, owner (person id), due (ISO day) and blocking. `signed`: the person has just proved
    who they are (R27). `step`: the key of the step voted on; without one, the first open step that names the person.
    `attestation` is what the step asks to be signed with an approval; left out where nothing in it is required.
    """

    review_id: int
    verdict: str
    dossier: int
    origin: Origin
    reason: str = ""
    action_key: str = ""
    conditions: tuple[Mapping[str, Any], ...] = ()
    signed: bool = False
    step: str = ""
    attestation: Submission | None = None


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What the vote led to: kept, moved, sent_back, or granted (approved, but criteria are unmet).

    `into` names the stage it is about; '' for a replay.
    """

    key: str
    result: str
    step: str
    move: MoveOutcome | None = None
    into: str = ""


def cast_vote(command: CastVote) -> VoteOutcome:
    """Keep a vote; the one that completes the last step moves the measure in the same transaction.

    Raises NotFound, Refused (not named by an open step, or barred: `code` says why), Stale (the dossier is not the
    latest, or the review has ended), Invalid (verdict, reason, conditions, signature or attestation), KeyReused.
    """
    return writing(command.origin, lambda work: _cast_vote(work, command), action_key=command.action_key)


def _locked(work: Work, review_id: int, dossier: int = 0) -> tuple[Loaded, int | None]:
    """The measure of a review, it and its neighbours locked; and the id of one of the review's dossiers.

    Whatever changes a review holds the row of its measure, so an open one is as the snapshot has it.
    """
    wanted = select(Dossier.id).where(Dossier.review_id == Review.id, Dossier.number == dossier)
    row = work.session.execute(
        select(Measure.key, wanted.scalar_subquery())
        .join(Review, Review.measure_id == Measure.id)
        .where(Review.id == review_id)
    ).first()
    if row is None:
        raise NotFound("not_found")
    return visible(work, row.key, moves=True), row[1]


def _cast_vote(work: Work, command: CastVote) -> VoteOutcome:
    loaded, dossier_id = _locked(work, command.review_id, command.dossier)
    body: list[Any] = ["vote", command.review_id, command.verdict, command.reason, command.dossier]
    body += [list(command.conditions)] if command.conditions else []
    body += [command.step] if command.step else []
    body += [dict(command.attestation.values)] if command.attestation else []
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return VoteOutcome(loaded.measure.key, earlier["result"], earlier["step"])
    fact = loaded.snapshot.review
    _may_decide(work, loaded)
    _check_words(command)
    if fact is None or fact.id != command.review_id:
        raise Stale("review_ended", state=work.session.get_one(Review, command.review_id).state)
    if loaded.snapshot.state not in {"active", "proposed"}:
        raise Stale("review_paused", state=loaded.snapshot.state)
    if command.verdict == CLOSE:
        step, named = closing_for(work.actor, loaded, command.step)
    else:
        ballot = _ballot(work, loaded, command.step)
        step, named = ballot.step, ballot.named
    check_vote(work, loaded, step, command)
    outcome = _vote(work, loaded, step, named, command, dossier_id)
    consume(work, command.action_key, body, {"result": outcome.result, "step": outcome.step})
    return replace(outcome, into=loaded.rules.stage(fact.into).name)


def _may_decide(work: Work, loaded: Loaded) -> str:
    """The right to decide here, one's own or lent. Raises Refused."""
    lent = (right_of(voice, Permission.REVIEW_DECIDE, loaded.place) for voice in _voices(work))
    return next((right for right in lent if right), "") or may(
        work.actor, Permission.REVIEW_DECIDE, loaded.place
    )


def _voices(work: Work) -> tuple[Actor, ...]:
    return voices_of(work.actor, work.origin.on_behalf_of)


def _ballot(work: Work, loaded: Loaded, wanted: str = "") -> Ballot:
    """The step to vote on; from here on the voice is used for which it is."""

    review = loaded.snapshot.review
    named = review is not None and any(step.deciders.get("groups") for step in review.steps)

    def groups(voice: Actor) -> frozenset[str]:
        return (
            groups_of(work.session, voice.id or 0, loaded.measure.organization_id) if named else frozenset()
        )

    ballot = ballot_for(work.actor, groups, loaded, work.origin.on_behalf_of, wanted)
    work.speak_for(ballot.voice, DECIDE)
    return ballot


def _check_words(command: CastVote) -> None:
    if command.verdict not in VERDICTS:
        raise Invalid("vote_invalid", {"verdict": ["verdict_unknown"]})
    if command.verdict in _NEEDS_WORDS and len(command.reason.strip()) < 3:
        raise Invalid(
            "vote_invalid",
            {"reason": ["comment_needed" if command.verdict == COMMENT else "reason_needed"]},
        )
    if len(command.reason) > REASON_LIMIT:
        raise Invalid("vote_invalid", {"reason": ["reason_too_long"]})


def _vote(
    work: Work, loaded: Loaded, step: StepFact, named: str, command: CastVote, dossier_id: int | None = None
) -> VoteOutcome:
    review, reason = loaded.snapshot.review, command.reason.strip()
    if review is None:
        raise Stale("review_ended", state="ended")
    if command.dossier != review.dossier:
        raise Stale("dossier_changed", seen=command.dossier, dossier=review.dossier)
    vote = VoteFact(work.actor.id or 0, command.verdict, review.basis, work.at, work.on_behalf_of)
    require_others_decidable(loaded, step, vote)
    if dossier_id is None:
        dossier_id = work.session.execute(
            select(Dossier.id).where(Dossier.review_id == review.id, Dossier.number == review.dossier)
        ).scalar_one()
    row = Vote(
        review_id=review.id, step_id=step.id, dossier_id=dossier_id, person_id=work.actor.id, right_used=named,
        verdict=command.verdict, reason=reason, meaning=step.key, at=work.at, on_behalf_of=work.on_behalf_of,
        conditions=[dict(one) for one in command.conditions],
        signed_name=work.actor.name if step.sign and command.verdict != COMMENT else "",
        attested_revision_id=_attested(work, loaded, step, command),
    )  # fmt: skip
    work.session.add(row)
    said: dict[str, Any] = {"step": step.key, "verdict": command.verdict, "dossier": review.dossier}
    said |= {"basis": review.basis, "reason": reason}
    said |= {"signed": row.signed_name} if row.signed_name else {}
    said |= {"conditions": len(command.conditions)} if command.conditions else {}
    work.log(
        Event.VOTE_CAST, said, made=(row,), right=named, object_type="review", object_id=str(review.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    steps = tuple(replace(s, votes=(*s.votes, vote)) if s.id == step.id else s for s in review.steps)
    loaded.snapshot = with_electors(
        loaded.rules, replace(loaded.snapshot, review=replace(review, steps=steps)), loaded.named
    )
    return _draw(work, loaded, step, command)


def _attested(work: Work, loaded: Loaded, step: StepFact, command: CastVote) -> int | None:
    """Sign what the step asks to be signed with an approval (product.md, Words: attestation); the revision's id."""
    if not step.attests or command.verdict not in APPROVING:
        return None
    signed = command.attestation
    given = Submission(step.attests, signed.values if signed else {})
    return _attest(work, loaded, given).id


def _draw(work: Work, loaded: Loaded, step: StepFact, command: CastVote) -> VoteOutcome:
    """What follows from the votes as they now stand."""
    review = loaded.snapshot.review
    key = loaded.measure.key
    if review is None:
        raise Stale("review_ended", state="ended")
    states = standings(review, review.basis, loaded.rules)
    if any(state.state == REFUSED for state in states.values()):
        settle(work, [loaded])
        return VoteOutcome(key, "sent_back", step.key)
    if command.verdict != COMMENT and all_granted(review, review.basis, loaded.rules):
        move = _carry_out(work, loaded, Ask(AskKind.ADVANCE, review.into), f"vote:{step.key}")
        moved = move.outcome is Outcome.ALLOWED
        if moved:
            _tell_asker(work, loaded, review, "moved", {"to": review.into})
        return VoteOutcome(key, "moved" if moved else "granted", step.key, move)
    settle(work, [loaded])
    return VoteOutcome(key, "kept", step.key)


def _tell_asker(work: Work, loaded: Loaded, review: ReviewFact, kind: str, payload: dict[str, Any]) -> None:
    work.tell(review.asked_by, kind, measure_id=loaded.measure.id, review_id=review.id, payload=payload)


@dataclass(frozen=True, slots=True)
class AcceptProposal:
    """A program lead takes a proposal in: opens the review into the first stage and approves it in one act.

    `seen_change` is the history's sequence at which the card seen had last changed: evidence, plan and figures, which
    leave the measure's version as it is, count too, so nothing is approved that nobody saw.
    """

    key: str
    seen_change: int
    origin: Origin
    action_key: str = ""


def accept_proposal(command: AcceptProposal) -> VoteOutcome | MoveOutcome:
    """Ask for acceptance and approve at once. Refused findings come back as a MoveOutcome; nothing is skipped.

    Raises NotFound, Refused (not a decider, barred), Stale (it has changed, or is no proposal any more), KeyReused.
    """
    return writing(command.origin, lambda work: _accept(work, command), action_key=command.action_key)


def _accept(work: Work, command: AcceptProposal) -> VoteOutcome | MoveOutcome:
    loaded = visible(work, command.key, moves=True)
    body = ["accept", command.key, command.seen_change]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return VoteOutcome(command.key, earlier["result"], earlier["step"])
    right = work.may(Permission.REVIEW_DECIDE, loaded.place)
    changed = loaded.card.change_seq if loaded.card else 0
    if loaded.snapshot.state != "proposed" or command.seen_change != changed:
        raise Stale("stale_measure", key=command.key, seen=command.seen_change, changed=changed)
    first = loaded.rules.stages[0].key
    if loaded.snapshot.review is None:
        move = _carry_out(work, loaded, Ask(AskKind.ADVANCE, first), right, more_follows=True)
        if move.outcome is not Outcome.WAITING:
            return move
    ballot = _ballot(work, loaded)
    review = loaded.snapshot.review
    vote = CastVote(review.id if review else 0, APPROVE, review.dossier if review else 0, command.origin)
    check_vote(work, loaded, ballot.step, vote)
    outcome = _vote(work, loaded, ballot.step, ballot.named, vote)
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

    Who asked may, the owner, and a program lead. Raises NotFound, Refused, Stale, KeyReused.
    """
    return writing(command.origin, lambda work: _withdraw(work, command), action_key=command.action_key)


def _withdraw(work: Work, command: WithdrawReview) -> str:
    loaded, _ = _locked(work, command.review_id)
    body = ["withdraw", command.review_id]
    if consumed(work, command.action_key, body) is not None:
        return loaded.measure.key
    review = work.session.get_one(Review, command.review_id)
    askers = frozenset({review.asked_by} | ({review.on_behalf_of} if review.on_behalf_of else set()))
    voice = withdrawing_as(work.actor, askers, loaded.place)
    if voice is None:
        raise Refused("no_right", permission=str(Permission.REVIEW_WITHDRAW))
    work.speak_for(voice, ASK)
    if review.state != "open":
        raise Stale("review_ended", state=review.state)
    _end_review(work, loaded, "withdrawn", command.reason.strip()[:REASON_LIMIT])
    settle(work, [loaded])
    consume(work, command.action_key, body, {"done": True})
    return loaded.measure.key


def withdrawing_as(actor: Actor, askers: Collection[int], place: Place) -> Actor | None:
    """In whose voice somebody may withdraw: their own, else that of somebody whose deputy they are; or None.

    Who asked may, the owner, and whoever may edit any measure there (product.md, What a drop means, 7).
    """
    for voice in (actor, *actor.absent_for(ASK)):
        if voice.id in askers:
            return voice
        leads = voice.grant_for(Permission.MEASURE_EDIT_ANY, place.path) is not None
        if place.parts.get("owner") != voice.id and not leads:
            continue
        if right_of(voice, Permission.REVIEW_WITHDRAW, place) is not None:
            return voice
    return None
