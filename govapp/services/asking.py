"""Ask and Remind: a notice for those who can supply what is missing, or who are to decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from govapp.data.notices import Notice
from govapp.data.people import Person
from govapp.data.reviews import ReviewStep
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import standings
from govapp.domain.criteria import UNJUDGED, Finding, find
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of
from govapp.domain.snapshot import ReviewFact
from govapp.services._absent import deputies_now
from govapp.services._belongs import visible
from govapp.services._reviews import deciders_of
from govapp.services._work import Origin, Work, writing
from govapp.services.board_moves import holders_of, standing_of

ASK_AGAIN = timedelta(hours=4)
ASKING = (Permission.MEASURE_MOVE, Permission.EVIDENCE_SUBMIT, Permission.REVIEW_DECIDE)


@dataclass(frozen=True, slots=True)
class AskPeople:
    """Ask or remind: who can supply a criterion (`finding`), or the deciders of the open steps when it is empty."""

    key: str
    origin: Origin
    finding: str = ""


def right_to_ask_people(actor: Actor, place: Place) -> str | None:
    """The right of whoever takes part in a measure's way over the gates; who only reads, an auditor say, has none."""
    return next((right for each in ASKING if (right := right_of(actor, each, place))), None)


def ask_people(command: AskPeople) -> list[str]:
    """Leave a notice for those who can help; returns the names of those who got one.

    Whoever moves, supplies or decides there may ask who can supply something, and, reading its reviews, the deciders.
    Asks the same person about the same thing at most every four hours. Raises NotFound, Refused, and Invalid:
    nobody_to_ask, or asked_already when nobody is left to whom it would be news.
    """
    return writing(command.origin, lambda work: _ask(work, command))


def _ask(work: Work, command: AskPeople) -> list[str]:
    loaded = visible(work, command.key)
    if not command.finding:
        may(work.actor, Permission.REVIEW_VIEW, loaded.place)
    right = right_to_ask_people(work.actor, loaded.place)
    if right is None:
        raise Refused("no_right", permission=str(Permission.REVIEW_DECIDE))
    review = loaded.snapshot.review
    payload: dict[str, Any] = {"finding": command.finding}
    if command.finding:
        found = _finding(work, loaded, command.finding)
        people, kind = _suppliers(work, loaded, found), "supply_asked"
        if found.code == UNJUDGED:
            kind = "judgement_waits"
            payload |= {"kind": found.values["kind"], "evidence": found.values["evidence"]}
    elif review is not None:
        people, kind = _still_to_vote(work, loaded, review), "decision_reminder"
    else:
        raise Invalid("nobody_to_ask")
    names = _active(work, people)
    if not names:
        raise Invalid("nobody_to_ask")
    recent = _asked_lately(work, loaded, names, kind, payload)
    told = {person: name for person, name in names.items() if person not in recent}
    if not told:
        raise Invalid("asked_already", who=", ".join(names.values()))
    for person in told:
        work.tell(
            person, kind, measure_id=loaded.measure.id, review_id=review.id if review else None,
            payload=payload,
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
    states = standings(review, review.basis, loaded.rules)
    waiting = [step for step in review.steps if states[step.id].state == "open"]
    people = deciders_of(loaded, waiting)
    return people + [deputy for deputy, _ in deputies_now(work, loaded, people)]


def _finding(work: Work, loaded: Loaded, key: str) -> Finding:
    """The answer of a criterion of the next gate."""
    following = loaded.rules.next_stage(loaded.snapshot.stage)
    gate = loaded.rules.gates.get(following or "")
    criterion = next((c for c in gate.criteria if c.key == key), None) if gate else None
    if criterion is None:
        raise NotFound("unknown_finding")
    return find(criterion, loaded.rules, loaded.snapshot, work.today(loaded.timezone))


def _suppliers(work: Work, loaded: Loaded, finding: Finding) -> list[int]:
    """People behind `supplied_by` of a finding, as its refusal says; else the program leads."""
    now = standing_of(loaded, work.at)
    for keys in (finding.supplied_by, ("program_lead",)):
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
    work: Work, loaded: Loaded, people: Iterable[int], kind: str, payload: dict[str, Any]
) -> frozenset[int]:
    found = work.session.scalars(
        select(Notice.person_id).where(
            Notice.person_id.in_(people),
            Notice.kind == kind,
            Notice.measure_id == loaded.measure.id,
            Notice.at > work.at - ASK_AGAIN,
            Notice.payload == payload,
        )
    )
    return frozenset(found)
