"""Reads what is on record about one measure: statuses, comments, evidence, reviews with votes, and its history."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from govapp.data.audit import AuditLog
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.measure_pages import Rows, plain_rows
from govapp.data.measures import Comment, StatusEntry
from govapp.data.people import Person
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.domain.events import BUSINESS


def statuses(session: Session, measure_id: int, limit: int = 2) -> Rows:
    """The latest status entries of each kind with the person's name, newest first."""
    statement = (
        select(StatusEntry, Person.name.label("person"))
        .outerjoin(Person, Person.id == StatusEntry.person_id)
        .where(StatusEntry.measure_id == measure_id)
        .order_by(StatusEntry.id.desc())
        .limit(limit * 10)
    )
    return plain_rows(session, statement, StatusEntry)


def comments(session: Session, measure_id: int, limit: int = 20) -> Rows:
    """The latest comments with their author's name, newest first."""
    statement = select(Comment.text, Comment.at, Person.name).join(Person, Person.id == Comment.person_id)
    return tuple(
        session.execute(
            statement.where(Comment.measure_id == measure_id).order_by(Comment.id.desc()).limit(limit)
        ).all()
    )


def evidence(session: Session, measure_id: int) -> Rows:
    """The latest revision of each piece of evidence with who handed it in, newest first."""
    statement = (
        select(
            Evidence.id,
            Evidence.kind,
            EvidenceRevision.number,
            EvidenceRevision.digest,
            EvidenceRevision.judged,
            EvidenceRevision.at,
            EvidenceRevision.valid_until,
            Person.name,
        )
        .join(
            EvidenceRevision,
            (EvidenceRevision.evidence_id == Evidence.id) & (EvidenceRevision.number == Evidence.revisions),
        )
        .join(Person, Person.id == EvidenceRevision.person_id)
        .where(Evidence.measure_id == measure_id)
        .order_by(EvidenceRevision.id.desc())
    )
    return tuple(session.execute(statement).all())


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review with its steps, and the votes of each step."""

    review: Any
    steps: Rows
    votes: Mapping[int, Rows]


def reviews(session: Session, measure_id: int, limit: int = 50) -> list[ReviewRow]:
    """The latest reviews of a measure with steps and votes, newest first, in three statements."""
    asker, behalf = aliased(Person), aliased(Person)
    dossiers = select(func.max(Dossier.number)).where(Dossier.review_id == Review.id).scalar_subquery()
    found = session.execute(
        select(
            Review.id, Review.into, Review.came_from, Review.state, Review.reason, Review.opened_at, Review.ended_at,
            asker.name.label("asked_by"), behalf.name.label("on_behalf_of"), dossiers.label("dossiers"),
        )
        .join(asker, asker.id == Review.asked_by)
        .outerjoin(behalf, behalf.id == Review.on_behalf_of)
        .where(Review.measure_id == measure_id)
        .order_by(Review.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    ids = [row.id for row in found]
    columns = (
        ReviewStep.id,
        ReviewStep.review_id,
        ReviewStep.key,
        ReviewStep.name,
        ReviewStep.state,
        ReviewStep.deciders,
    )
    times = (ReviewStep.opened_at, ReviewStep.decided_at, ReviewStep.target_hours)
    steps = session.execute(
        select(*columns, *times)
        .where(ReviewStep.review_id.in_(ids))
        .order_by(ReviewStep.position, ReviewStep.id)
    ).all()
    votes = session.execute(
        select(
            Vote.review_id,
            Vote.step_id,
            Vote.verdict,
            Vote.reason,
            Vote.at,
            Person.name,
            behalf.name.label("on_behalf_of"),
            Dossier.number.label("dossier"),
        )
        .join(Person, Person.id == Vote.person_id)
        .outerjoin(behalf, behalf.id == Vote.on_behalf_of)
        .join(Dossier, Dossier.id == Vote.dossier_id)
        .where(Vote.review_id.in_(ids))
        .order_by(Vote.id)
    ).all()
    return [
        ReviewRow(
            row,
            tuple(step for step in steps if step.review_id == row.id),
            {
                step.id: tuple(vote for vote in votes if vote.step_id == step.id)
                for step in steps
                if step.review_id == row.id
            },
        )
        for row in found
    ]


def step_targets(session: Session, review_id: int) -> dict[int, tuple[int | None, Any]]:
    """Target in working hours and target moment of each open step of a review, by step."""
    columns = (ReviewStep.id, ReviewStep.target_hours, ReviewStep.target_at)
    rows = session.execute(
        select(*columns).where(ReviewStep.review_id == review_id, ReviewStep.state == "open")
    )
    return {number: (hours, target) for number, hours, target in rows}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of the history of a measure."""

    sequence: int
    at: Any
    actor: str
    event: str
    payload: Mapping[str, Any] | None
    object_id: str
    on_behalf_of: int | None


def history(
    session: Session,
    measure_id: int,
    *,
    without: Collection[str] = (),
    before: int | None = None,
    limit: int = 100,
) -> list[HistoryRow]:
    """Log rows of a measure, newest first, those before a sequence; `without` events the reader may not read."""
    log = AuditLog
    columns = (log.sequence, log.at, log.actor, log.event, log.payload, log.object_id, log.on_behalf_of)
    statement = select(*columns).where(log.measure_id == measure_id, log.chain == BUSINESS)
    if before is not None:
        statement = statement.where(log.sequence < before)
    if without:
        statement = statement.where(log.event.not_in(sorted(without)))
    rows = session.execute(statement.order_by(log.sequence.desc()).limit(limit))
    return [
        HistoryRow(
            r.sequence, r.at, r.actor, r.event, json.loads(r.payload or "null"), r.object_id, r.on_behalf_of
        )
        for r in rows
    ]


def names_of(session: Session, people: set[int]) -> dict[int, str]:
    """Names by id."""
    if not people:
        return {}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).all())
