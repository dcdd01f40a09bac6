"""Reviews with their dossiers, steps, votes and conditions."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import BigId, CanonicalJson

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
    """One step of a review. States: waiting, open, granted, refused, ended, dropped (the table asks for it no more).

    Its deciders stand in step_decider too. `because` are the ids of the rows of the decision table that asked for it;
    `target_at` counts in working hours of `calendar`; `look_at` is the moment of its next reminder or escalation,
    `points_done` the percent of the target already told.
    """

    __tablename__ = "review_step"
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), index=True)
    key: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    waits_for: Mapped[str]
    rule: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    needed: Mapped[int]
    deciders: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    quorum: Mapped[int | None]
    veto: Mapped[bool] = mapped_column(default=False)
    sign: Mapped[bool] = mapped_column(default=False)
    attests: Mapped[str] = mapped_column(default="")
    because: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    state: Mapped[str]
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    target_hours: Mapped[int | None]
    escalation: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    target_at: Mapped[datetime | None]
    calendar: Mapped[str] = mapped_column(default="")
    reminded_at: Mapped[datetime | None]
    points_done: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(index=True)
    seq: Mapped[int] = mapped_column(default=0)


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
    conditions: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    signed_name: Mapped[str] = mapped_column(default="")
    attested_revision_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)


class Condition(Identified, Kept, Base):
    """A condition set with a decision, with owner and due date. States: open, fulfilled, confirmed, lifted.

    Whether it is overdue follows from `due` and the day; nothing is set by a nightly job.
    """

    __tablename__ = "condition"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    wording: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due: Mapped[date]
    blocking: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default="open")
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    fulfilled_by: Mapped[int | None] = mapped_column(BigId)
    fulfilled_at: Mapped[datetime | None]
    fulfilled_note: Mapped[str] = mapped_column(default="")
    confirmed_by: Mapped[int | None] = mapped_column(BigId)
    confirmed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Lookback(Identified, Kept, Base):
    """What an emergency advance still owes: a report by `due`, accepted by its judge. States: open, accepted.

    `debts` are the criteria that were unmet when the gate was skipped.
    """

    __tablename__ = "lookback"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    into: Mapped[str]
    reason: Mapped[str]
    incident: Mapped[str] = mapped_column(default="")
    informed: Mapped[list[int]] = mapped_column(CanonicalJson, default=list)
    debts: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    due: Mapped[date]
    state: Mapped[str] = mapped_column(default="open")
    set_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_revision.id"))
    version: Mapped[int] = mapped_column(default=1)


class DecisionRecord(Identified, Base):
    """What the gate engine was asked and answered, with all it read, so that it can be asked again under other rules.

    `given` is the snapshot as JSON (`domain/replay.py`), `answer` the outcome with findings and steps.
    """

    __tablename__ = "decision_record"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"))
    day: Mapped[date]
    ask: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    right_used: Mapped[str]
    given: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    answer: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0, index=True)
