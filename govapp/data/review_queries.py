"""Reads reviews for their pages: one review with dossiers, steps and votes; what a person asked for and decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, union
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import Stage
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Card, Measure
from govapp.data.people import Person
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.domain.rights import Actor

DECIDED = ("passed", "sent_back")
Rows = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ReviewHead:
    """A review, its measure's key, who asked, and the last decided review of the measure before it."""

    id: int
    key: str
    into: str
    came_from: str | None
    state: str
    reason: str
    opened_at: datetime
    ended_at: datetime | None
    asked_by: int
    asked_by_name: str
    on_behalf_of: str
    previous_id: int | None
    behalf_id: int | None = None

    @property
    def askers(self) -> frozenset[int]:
        """Who asked, and for whom."""
        return frozenset({self.asked_by} | ({self.behalf_id} if self.behalf_id else set()))


@dataclass(frozen=True, slots=True)
class DossierHead:
    """A dossier without its content."""

    id: int
    review_id: int
    number: int
    at: datetime
    content_digest: str
    basis_digest: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    """A vote with names; `basis` is that of the dossier it was given on."""

    step_id: int
    person_id: int
    person: str
    on_behalf_of: str
    verdict: str
    reason: str
    meaning: str
    right_used: str
    at: datetime
    dossier: int
    basis: str
    behalf_id: int | None = None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a review with its votes, oldest first."""

    id: int
    key: str
    name: str
    waits_for: str
    deciders: Mapping[str, Any]
    state: str
    opened_at: datetime | None
    decided_at: datetime | None
    target_hours: int | None
    target_at: datetime | None
    reminded_at: datetime | None
    votes: tuple[VoteRow, ...]


def review_head(session: Session, review_id: int) -> ReviewHead | None:
    """A review by its number."""
    asker, behalf, earlier = aliased(Person), aliased(Person), aliased(Review)
    previous = (
        select(func.max(earlier.id))
        .where(earlier.measure_id == Review.measure_id, earlier.id < Review.id, earlier.state.in_(DECIDED))
        .correlate(Review)
        .scalar_subquery()
    )
    row: Any = session.execute(
        select(
            Review.id, Measure.key, Review.into, Review.came_from, Review.state, Review.reason, Review.opened_at,
            Review.ended_at, Review.asked_by, asker.name, func.coalesce(behalf.name, ""), previous,
            Review.on_behalf_of,
        )
        .join(Measure, Measure.id == Review.measure_id)
        .join(asker, asker.id == Review.asked_by)
        .outerjoin(behalf, behalf.id == Review.on_behalf_of)
        .where(Review.id == review_id)
    ).first()  # fmt: skip
    return None if row is None else ReviewHead(*row)


def dossiers(session: Session, review_ids: Iterable[int]) -> list[DossierHead]:
    """The dossiers of these reviews without their contents, in order."""
    rows: Any = session.execute(
        select(
            Dossier.id,
            Dossier.review_id,
            Dossier.number,
            Dossier.at,
            Dossier.content_digest,
            Dossier.basis_digest,
        )
        .where(Dossier.review_id.in_(list(review_ids)))
        .order_by(Dossier.review_id, Dossier.number)
    )
    return [DossierHead(*row) for row in rows]


def contents(session: Session, dossier_ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """Contents of dossiers by their id."""
    rows = session.execute(select(Dossier.id, Dossier.content).where(Dossier.id.in_(list(dossier_ids))))
    return {row.id: row.content for row in rows}


def steps(session: Session, review_id: int) -> list[StepRow]:
    """The steps of a review with their votes, in one statement."""
    behalf = aliased(Person)
    rows: Any = session.execute(
        select(
            ReviewStep.id, ReviewStep.key, ReviewStep.name, ReviewStep.waits_for, ReviewStep.deciders, ReviewStep.state,
            ReviewStep.opened_at, ReviewStep.decided_at, ReviewStep.target_hours, ReviewStep.target_at,
            ReviewStep.reminded_at,
            Vote.id, Vote.person_id, Person.name, func.coalesce(behalf.name, ""), Vote.verdict, Vote.reason,
            Vote.meaning, Vote.right_used, Vote.at, Dossier.number, Dossier.basis_digest,
            Vote.on_behalf_of,
        )
        .outerjoin(Vote, Vote.step_id == ReviewStep.id)
        .outerjoin(Person, Person.id == Vote.person_id)
        .outerjoin(behalf, behalf.id == Vote.on_behalf_of)
        .outerjoin(Dossier, Dossier.id == Vote.dossier_id)
        .where(ReviewStep.review_id == review_id)
        .order_by(ReviewStep.position, ReviewStep.id, Vote.id)
    ).all()  # fmt: skip
    heads: dict[int, list[Any]] = {row[0]: [*row[:11]] for row in rows}
    votes: dict[int, list[VoteRow]] = {key: [] for key in heads}
    for row in rows:
        if row[11] is not None:
            votes[row[0]].append(VoteRow(row[0], *row[12:]))
    return [StepRow(*[*head, tuple(votes[key])]) for key, head in heads.items()]


_LATELY = 200  # so many votes and requests are looked through for the latest


def asked_and_open(session: Session, actor: Actor, limit: int = 50) -> Rows:
    """Open reviews the person asked for and may still read, oldest first, with what each waits for."""
    statement = (
        select(
            Review.id, Measure.key, Measure.title, Review.into, Review.came_from, Review.opened_at, Card.waits_for,
            Card.waits_words, Card.waits_whom, Card.waits_since, Card.stale_votes, Measure.workflow_version_id,
        )
        .join(Measure, Measure.id == Review.measure_id)
        .outerjoin(Card, Card.measure_id == Measure.id)
        .where(Review.asked_by == actor.id, Review.state == "open", readable_by(actor))
        .order_by(Review.opened_at, Review.id)
        .limit(limit)
    )  # fmt: skip
    return tuple(session.execute(statement).all())


def recently_decided(session: Session, actor: Actor, limit: int = 20) -> Rows:
    """The person's latest votes, and reviews they asked for that ended, as far as they may read them: newest first."""
    voted = select(Vote.review_id).where(Vote.person_id == actor.id).order_by(Vote.id.desc()).limit(_LATELY)
    ended = (
        select(Review.id)
        .where(Review.asked_by == actor.id, Review.state != "open")
        .order_by(Review.id.desc())
        .limit(_LATELY)
    )
    mine = union(select(voted.subquery().c.review_id), select(ended.subquery().c.id))
    newest = (
        select(func.max(Vote.id))
        .where(Vote.review_id == Review.id, Vote.person_id == actor.id)
        .correlate(Review)
        .scalar_subquery()
    )
    at = case((Vote.id.is_not(None), Vote.at), else_=Review.ended_at)
    statement = (
        select(
            Review.id, Measure.key, Measure.title, Review.into, Review.came_from, Review.state, Vote.verdict,
            at.label("at"), Measure.workflow_version_id,
        )
        .join(Measure, Measure.id == Review.measure_id)
        .outerjoin(Vote, Vote.id == newest)
        .where(Review.id.in_(mine), readable_by(actor))
        .order_by(Review.id.desc())
        .limit(limit)
    )  # fmt: skip
    return tuple(session.execute(statement).all())


def stage_names(session: Session, version_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """Names of stages by workflow version and key."""
    rows = session.execute(
        select(Stage.workflow_version_id, Stage.key, Stage.name).where(
            Stage.workflow_version_id.in_(set(version_ids))
        )
    )
    return {(row.workflow_version_id, row.key): row.name for row in rows}


def stage_of_review(session: Session, review_id: int) -> str:
    """The name of the stage a review is about."""
    name = session.scalar(
        select(Stage.name)
        .join(Review, (Review.workflow_version_id == Stage.workflow_version_id) & (Review.into == Stage.key))
        .where(Review.id == review_id)
    )
    return name or ""
