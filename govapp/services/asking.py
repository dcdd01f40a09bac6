"""Ask and Remind: a notice for those who can supply what is missing, or who are to decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from govapp.data.notices import Notice
from govapp.data.people import Person
from govapp.data.reviews import ReviewStep
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import standings
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.domain.snapshot import ReviewFact
from govapp.services._belongs import visible
from govapp.services._reviews import deciders_of
from govapp.services._work import Origin, Work, writing
from govapp.services.board_moves import holders_of, standing_of

ASK_AGAIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class AskPeople:
    """Ask or remind: who can supply a criterion (`finding`), or the deciders of the open steps when it is empty."""

    key: str
    origin: Origin
    finding: str = ""


def ask_people(command: AskPeople) -> list[str]:
    """Leave a notice for those who can help; returns the names of those who got one.

    Anyone who may read the measure may ask who can supply something, and who may read its reviews the deciders. Asks
    the same person about the same thing at most every four hours. Raises NotFound, Refused, and Invalid: nobody_to_ask,
    or asked_already when nobody is left to whom it would be news.
    """
    return writing(command.origin, lambda work: _ask(work, command))


def _ask(work: Work, command: AskPeople) -> list[str]:
    loaded = visible(work, command.key)
    asked_for = Permission.MEASURE_VIEW if command.finding else Permission.REVIEW_VIEW
    right = may(work.actor, asked_for, loaded.place)
    review = loaded.snapshot.review
    if command.finding:
        people, kind = _suppliers(work, loaded, command.finding), "supply_asked"
    elif review is not None:
        people, kind = _still_to_vote(work, loaded, review), "decision_reminder"
    else:
        raise Invalid("nobody_to_ask")
    names = _active(work, people)
    if not names:
        raise Invalid("nobody_to_ask")
    recent = _asked_lately(work, loaded, names, kind, command.finding)
    told = {person: name for person, name in names.items() if person not in recent}
    if not told:
        raise Invalid("asked_already", who=", ".join(names.values()))
    for person in told:
        work.tell(
            person, kind, measure_id=loaded.measure.id, review_id=review.id if review else None,
            payload={"finding": command.finding},
        )  # fmt: skip
    if review is not None and not command.finding:
        for step in work.session.scalars(
            select(ReviewStep).where(ReviewStep.review_id == review.id, ReviewStep.state == "open")
        ):
            step.reminded_at = work.at
    work.log(
        Event.ASKED, {"kind": kind, "finding": command.finding, "people": sorted(told)},
        right=right, object_type="measure", object_id=loaded.measure.key,
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return list(told.values())


def _still_to_vote(work: Work, loaded: Loaded, review: ReviewFact) -> list[int]:
    """Deciders of the open steps; who has decided another one is barred from these."""
    states = standings(review, review.basis)
    waiting = [step for step in review.steps if states[step.id].state == "open"]
    return deciders_of(work, loaded, waiting)


def _suppliers(work: Work, loaded: Loaded, finding: str) -> list[int]:
    """People behind `supplied_by` of a criterion of the next gate, as its refusal says; else the program leads."""
    following = loaded.rules.next_stage(loaded.snapshot.stage)
    gate = loaded.rules.gates.get(following or "")
    criterion = next((c for c in gate.criteria if c.key == finding), None) if gate else None
    if criterion is None:
        raise NotFound("unknown_finding")
    now = standing_of(loaded, work.at)
    for keys in (criterion.supplied_by, ("program_lead",)):
        people = [person for held in holders_of(work.session, now, keys).values() for person in held]
        if people:
            return people
    return []


def _active(work: Work, people: list[int]) -> dict[int, str]:
    """Names of those who can be asked: active, and not the asker."""
    rows = work.session.execute(
        select(Person.id, Person.name)
        .where(Person.id.in_(people), Person.active.is_(True), Person.id != work.actor.id)
        .order_by(Person.name, Person.id)
    )
    return {row.id: row.name for row in rows.all()}


def _asked_lately(
    work: Work, loaded: Loaded, people: Iterable[int], kind: str, finding: str
) -> frozenset[int]:
    found = work.session.scalars(
        select(Notice.person_id).where(
            Notice.person_id.in_(people),
            Notice.kind == kind,
            Notice.measure_id == loaded.measure.id,
            Notice.at > work.at - ASK_AGAIN,
            Notice.payload == {"finding": finding},
        )
    )
    return frozenset(found)
