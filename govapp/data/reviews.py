"""Reviews with their dossiers, steps, votes and conditions."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson

IS_OPEN = text(
    "state = 'open'"
)  # written out: SQLite uses the index only where a query says it to the letter


class Review(Identified, Kept, Base):
    """One request to pass one gate; at most one is open per measure.

    States: open, passed, sent_back, withdrawn, overtaken.
    """

    __tablename__ = "review"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    into: Mapped[str]
    came_from: Mapped[str | None]
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]
    opened_seq: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    ended_seq: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        Index("ix_review_measure", "measure_id", "id"),
        Index("ix_review_state", "state", "opened_at"),
        Index("ix_review_open", "measure_id", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )


class Dossier(Identified, Base):
    """What the deciders have before them, frozen and numbered within its review."""

    __tablename__ = "dossier"
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"))
    number: Mapped[int]
    content: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    content_digest: Mapped[str]
    basis_digest: Mapped[str]
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("review_id", "number"),)


class ReviewStep(Identified, Base):
    """One step of a review. States: waiting, open, granted, refused, ended. Its deciders stand in step_decider too."""

    __tablename__ = "review_step"
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    key: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    waits_for: Mapped[str]
    rule: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    needed: Mapped[int]
    deciders: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    state: Mapped[str]
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    target_hours: Mapped[int | None]
    reminded_at: Mapped[datetime | None]


BARRED = "barred_"


class StepDecider(Base):
    """Who decides a step of an open review: a part on the measure, a role in the branch, or a group; and who may not.

    One row each, for the inbox; they go when the review ends. What was asked of whom stays in `ReviewStep.deciders`.
    A person who is barred stands here by id, the kind being BARRED with the code of the reason.
    """

    __tablename__ = "step_decider"
    step_id: Mapped[int] = mapped_column(ForeignKey("review_step.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    __table_args__ = (Index("ix_step_decider_named", "kind", "key"),)


class Vote(Identified, Base):
    """A vote on a numbered dossier. Never changed: a changed mind is a later row."""

    __tablename__ = "vote"
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("review_step.id"), index=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    right_used: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    meaning: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)


class Condition(Identified, Kept, Base):
    """A condition set with a decision, with owner and due date."""

    __tablename__ = "condition"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    wording: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due: Mapped[date]
    blocking: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default="open")
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)
