"""How a review ends: passed, sent back, withdrawn or overtaken; what was refused ends it wherever that is noticed."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import delete, select

from govapp.data.reviews import Review, ReviewStep, StepDecider, Vote
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import REFUSED, SEND_BACK, StepStanding
from govapp.domain.events import Event
from govapp.services._filing import _file_dossier
from govapp.services._work import Work


def _end_review(work: Work, loaded: Loaded, state: str, reason: str = "") -> None:
    """End the open review as passed, sent_back, withdrawn or overtaken; its steps end with it."""
    fact = loaded.snapshot.review
    if fact is None:
        return
    rows = work.session.execute(
        select(Review, ReviewStep)
        .outerjoin(ReviewStep, ReviewStep.review_id == Review.id)
        .where(Review.id == fact.id)
    ).all()
    review: Review = rows[0].Review
    review.state, review.reason, review.ended_at = state, reason, work.at
    review.version += 1
    work.at_seq.append(lambda seq: setattr(review, "ended_seq", seq))
    _forget_deciders(work, {step.id for step in fact.steps})
    for step in (row.ReviewStep for row in rows if row.ReviewStep is not None):
        step.look_at = None
        if step.state in {"open", "waiting"}:
            passed = state == "passed" and step.state == "open"
            step.state = "granted" if passed else "ended"
            step.decided_at = work.at
    work.log(
        Event.REVIEW_ENDED,
        {"review": fact.id, "into": fact.into, "state": state, "reason": reason},
        object_type="review", object_id=str(fact.id), measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    _file_dossier(work, loaded, review, fact.dossier)
    loaded.snapshot = replace(loaded.snapshot, review=None)


def _forget_deciders(work: Work, steps: set[int]) -> None:
    """Who decides a step and who may not is kept while its review is open; what is not written yet never is."""
    for row in [each for each in work.session.new if isinstance(each, StepDecider) and each.step_id in steps]:
        work.session.expunge(row)
    work.session.execute(delete(StepDecider).where(StepDecider.step_id.in_(sorted(steps))))


def _send_back(work: Work, loaded: Loaded, states: Mapping[int, StepStanding]) -> bool:
    """End the review when one of its steps is refused, with the reason of who refused; True when it did.

    A step is refused by a vote, and also when approvals it still needs can no longer come: a member has left.
    """
    review = loaded.snapshot.review
    refused = [number for number, state in states.items() if state.state == REFUSED]
    if review is None or not refused:
        return False
    work.session.flush()
    said = work.session.scalars(
        select(Vote.reason)
        .where(Vote.step_id.in_(refused), Vote.verdict == SEND_BACK)
        .order_by(Vote.id.desc())
        .limit(1)
    ).first()
    reason = said or ""
    work.tell(
        review.asked_by, "sent_back", measure_id=loaded.measure.id, review_id=review.id, payload={"reason": reason}
    )  # fmt: skip
    _end_review(work, loaded, "sent_back", reason)
    return True
