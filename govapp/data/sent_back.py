"""Reads measures whose latest review was sent back: by whom, why, and on which basis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.measure_queries import readable_by
from govapp.data.measures import Measure, Part
from govapp.data.people import Person
from govapp.data.reviews import Dossier, Review, Vote
from govapp.domain.rights import Actor

SHOWN = 50


@dataclass(frozen=True, slots=True)
class SentBack:
    """A review that was sent back and after which none was opened; `basis` is that of its newest dossier."""

    review_id: int
    measure_id: int
    key: str
    title: str
    into: str
    came_from: str | None
    reason: str
    at: datetime
    by: str
    basis: str


def _latest() -> Select[Any]:
    later = aliased(Review)
    vote = (
        select(func.max(Vote.id))
        .where(Vote.review_id == Review.id, Vote.verdict == "send_back")
        .correlate(Review)
        .scalar_subquery()
    )
    dossier = (
        select(func.max(Dossier.number))
        .where(Dossier.review_id == Review.id)
        .correlate(Review)
        .scalar_subquery()
    )
    columns: tuple[Any, ...] = (
        Review.id, Review.measure_id, Measure.key, Measure.title, Review.into, Review.came_from, Review.reason,
        Review.ended_at, Person.name, Dossier.basis_digest,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Measure, Measure.id == Review.measure_id)
        .join(Vote, Vote.id == vote)
        .join(Person, Person.id == Vote.person_id)
        .join(Dossier, (Dossier.review_id == Review.id) & (Dossier.number == dossier))
        .where(
            Review.state == "sent_back",
            Measure.state.in_(("active", "proposed")),
            Measure.archived.is_(False),
            ~exists().where(later.measure_id == Review.measure_id, later.id > Review.id),
        )
        .order_by(Review.ended_at.desc(), Review.id.desc())
        .limit(SHOWN)
    )


def sent_back_on(session: Session, measure_id: int) -> Sequence[SentBack]:
    """The latest review of a measure when it was sent back."""
    rows = session.execute(_latest().where(Review.measure_id == measure_id))
    return [SentBack(*row) for row in rows]


def sent_back_to(session: Session, actor: Actor) -> Sequence[SentBack]:
    """The same of measures on which the person holds a part or asked, newest first, as far as they may be read."""
    mine = exists().where(Part.measure_id == Measure.id, Part.person_id == actor.id)
    statement = _latest().where(or_(mine, Review.asked_by == actor.id), readable_by(actor))
    return [SentBack(*row) for row in session.execute(statement)]
