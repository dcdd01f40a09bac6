"""Ask and Remind: a notice for those who can supply what is missing, or who are to decide."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from govapp.data.notices import Notice
from govapp.data.people import Person
from govapp.data.reviews import ReviewStep
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import standings
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.rules import StepRule
from govapp.domain.snapshot import ReviewFact
from govapp.services._belongs import visible
from govapp.services._reviews import deciders_of
from govapp.services._work import Origin, Work, writing

ASK_AGAIN = timedelta(hours=4)


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
        people, kind = _still_to_vote(work, loaded, review), "decision_reminder"
    else:
        raise Invalid("nobody_to_ask")
    people = [person for person in people if person != work.actor.id]
    if not people:
        raise Invalid("nobody_to_ask")
    names = _tell_once(work, loaded, people, kind, command.finding, review.id if review else None)
    if not names:
        raise Invalid("nobody_to_ask")
    if review is not None and not command.finding:
        for step in work.session.scalars(
            select(ReviewStep).where(ReviewStep.review_id == review.id, ReviewStep.state == "open")
        ):
            step.reminded_at = work.at
    work.log(
        Event.ASKED, {"kind": kind, "finding": command.finding, "people": people},
        object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return names


def _still_to_vote(work: Work, loaded: Loaded, review: ReviewFact) -> list[int]:
    """Deciders of the open steps, without those who have decided another one."""
    states = standings(review, review.basis)
    done = {person for state in states.values() for vote in state.counting for person in vote.people}
    waiting = [step for step in review.steps if states[step.id].state == "open"]
    return [person for person in deciders_of(work, loaded, waiting) if person not in done]


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
    return deciders_of(work, loaded, (StepRule("ask", "", "", {"roles": roles or ("program_lead",)}),))


def _tell_once(
    work: Work, loaded: Loaded, people: list[int], kind: str, finding: str, review_id: int | None
) -> list[str]:
    recent = set(
        work.session.scalars(
            select(Notice.person_id).where(
                Notice.person_id.in_(people),
                Notice.kind == kind,
                Notice.measure_id == loaded.measure.id,
                Notice.at > work.at - ASK_AGAIN,
                Notice.payload == {"finding": finding},
            )
        )
    )
    rows: Any = work.session.execute(
        select(Person.id, Person.name).where(Person.id.in_(people), Person.active.is_(True))
    )
    names = {row.id: row.name for row in rows}
    for person in names.keys() - recent:
        work.tell(
            person, kind, measure_id=loaded.measure.id, review_id=review_id, payload={"finding": finding}
        )
    return [names[person] for person in people if person in names]
