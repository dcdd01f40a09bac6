"""Measures and what belongs to them: parts, milestones, risks, dependencies, statuses, comments, derived cards."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import BigId, CanonicalJson, Money

WAITING, READY, MISSING = "waiting", "ready", "missing"
EXPIRED, VACANT, COLLIDING = "expired <> '[]'", "vacant <> '[]'", "colliding <> '[]'"


class Measure(Identified, Kept, Base):
    """The smallest governed unit. No `stage` while proposed; `stage_seq` is the log row that set stage or state."""

    __tablename__ = "measure"
    key: Mapped[str] = mapped_column(unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"))
    stage: Mapped[str | None]
    state: Mapped[str]
    stage_seq: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")
    expected_effect: Mapped[str] = mapped_column(default="")
    business_unit: Mapped[str] = mapped_column(default="")
    legal_entity: Mapped[str] = mapped_column(default="")
    function: Mapped[str] = mapped_column(default="")
    service: Mapped[str] = mapped_column(default="")
    request_category: Mapped[str] = mapped_column(default="")
    vendor: Mapped[str] = mapped_column(default="")
    vendor_spend: Mapped[int | None] = mapped_column(Money)
    steering_committee: Mapped[str] = mapped_column(default="")
    change_type: Mapped[str] = mapped_column(default="")
    risk_rating: Mapped[str] = mapped_column(default="")
    security_relevant: Mapped[bool] = mapped_column(default=False)
    no_dependencies_declared: Mapped[bool] = mapped_column(default=False)
    external_source: Mapped[str] = mapped_column(default="")
    external_key: Mapped[str] = mapped_column(default="")
    opened_at_stage: Mapped[str | None]
    hold_cause: Mapped[str] = mapped_column(default="")
    hold_review_date: Mapped[date | None]
    cancel_cause: Mapped[str] = mapped_column(default="")
    value_treatment: Mapped[str] = mapped_column(default="")
    sustain_dates: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        Index("ix_measure_board", "branch_id", "stage", "state", "stage_seq"),
        Index("ix_measure_stage", "stage", "state", "stage_seq"),
        Index("ix_measure_external", "external_source", "external_key"),
        # All that a search by words and the order by title look at, so that neither reads whole rows.
        Index("ix_measure_words", "title", "key", "branch_id", "stage", "state", "archived"),
    )


class Part(Identified, Kept, Base):
    """A part on a measure (owner, sponsor, controller, ...) held by one person."""

    __tablename__ = "part"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    part: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        UniqueConstraint("measure_id", "part"),
        Index("ix_part_person", "person_id", "part", "measure_id"),
    )


class Milestone(Identified, Kept, Base):
    """A milestone. `first_plan_date` is the first plan date ever given and never changes.

    `actual_at` is when the actual date was entered, which may be long after it.
    """

    __tablename__ = "milestone"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    name: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    plan_date: Mapped[date | None]
    first_plan_date: Mapped[date | None]
    forecast_date: Mapped[date | None]
    actual_date: Mapped[date | None]
    actual_at: Mapped[datetime | None]
    final: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class Risk(Identified, Kept, Base):
    """A risk: likelihood and impact 1-5, rating, response; blocking or not; open or closed."""

    __tablename__ = "risk"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    text: Mapped[str]
    likelihood: Mapped[int]
    impact: Mapped[int]
    rating: Mapped[str]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    response: Mapped[str] = mapped_column(default="")
    blocking: Mapped[bool] = mapped_column(default=False)
    open: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class Dependency(Identified, Kept, Base):
    """This measure needs `on_measure_id` to have reached `stage`."""

    __tablename__ = "dependency"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    on_measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    stage: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("measure_id", "on_measure_id"),)


class StatusEntry(Identified, Kept, Base):
    """One declared status (implementation or potential) with its reason and how long it holds.

    `computed` is the colour that was computed at that moment: the declared one lapses when that changes.
    """

    __tablename__ = "status_entry"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    kind: Mapped[str]
    origin: Mapped[str]
    colour: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    computed: Mapped[str] = mapped_column(default="")
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (Index("ix_status_entry_measure", "measure_id", "kind", "id"),)


class Comment(Identified, Base):
    """A remark by a person on a measure; never edited."""

    __tablename__ = "comment"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)


class Card(Base):
    """What `settle` derives for one measure: readiness, waiting, statuses, value, its share of stage_total.

    `standing` before the next gate: waiting (a review is open), ready, missing, or empty where no gate is ahead now.
    `judging`: revision, kind and key of whom evidence that waits names as judge; `ends_told`: by revision, of which end
    the owner was told (expiring, expired). `lookback_due`: of the open look-back, where there is one.
    `computed`: by status kind, the computed colour with its reasons (ids and values of the rows that apply).
    `money_branch`: the branch whose money totals include this measure; `plan_number`: its plan version in force.
    `overlapping`: cost objects with an unresolved overlap of claims.
    """

    __tablename__ = "card"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    next_stage: Mapped[str | None]
    met: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    missing_keys: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    review_id: Mapped[int | None]
    standing: Mapped[str] = mapped_column(default="", index=True)
    waits_for: Mapped[str] = mapped_column(default="", index=True)
    waits_words: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    waits_whom: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    waits_since: Mapped[datetime | None]
    target_at: Mapped[datetime | None]
    stale_votes: Mapped[int] = mapped_column(default=0)
    expired: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    vacant: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    colliding: Mapped[list[list[str]]] = mapped_column(CanonicalJson, default=list)
    judging: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    ends_told: Mapped[dict[str, str]] = mapped_column(CanonicalJson, default=dict)
    implementation: Mapped[str] = mapped_column(default="none")
    potential: Mapped[str] = mapped_column(default="none")
    computed: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    money_branch: Mapped[int | None] = mapped_column(BigId)
    plan_number: Mapped[int] = mapped_column(default=0)
    overlapping: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    values: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    counted: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    lookback_due: Mapped[date | None]
    check_at: Mapped[datetime | None] = mapped_column(index=True)
    change_seq: Mapped[int] = mapped_column(default=0, index=True)
    # The few with something expired, vacant or in one hand; the conditions stand in EXPIRED and the like to the letter.
    __table_args__ = (
        Index("ix_card_expired", "measure_id", sqlite_where=text(EXPIRED), postgresql_where=text(EXPIRED)),
        Index("ix_card_vacant", "measure_id", sqlite_where=text(VACANT), postgresql_where=text(VACANT)),
        Index(
            "ix_card_colliding", "measure_id", sqlite_where=text(COLLIDING), postgresql_where=text(COLLIDING)
        ),
    )


class StagePassage(Identified, Base):
    """A stay of a measure in a stage: how and when it came and left, its value (minor units by currency) at entry.

    `confirmed`: of a passage into the last stage, what the ledger held then, by currency (*confirmed at closing*).
    """

    __tablename__ = "stage_passage"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    stage: Mapped[str]
    how: Mapped[str]
    entered_at: Mapped[datetime]
    entered_seq: Mapped[int] = mapped_column(default=0)
    left_at: Mapped[datetime | None]
    left_seq: Mapped[int | None]
    values: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    review_id: Mapped[int | None]
    confirmed: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    __table_args__ = (
        Index("ix_stage_passage_measure", "measure_id", "id"),
        Index("ix_stage_passage_stage", "stage", "entered_at"),
    )


class StageTotal(Base):
    """Totals kept by `settle`. A row without currency counts measures; one with it adds their values (minor units)."""

    __tablename__ = "stage_total"
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    standing: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    value: Mapped[int] = mapped_column(Money, default=0)


class StatusReport(Identified, Base):
    """A published status report of a measure for a month; a correction is the next number, with its reason.

    A fact. `computed` and `shown`: colours by status kind with reasons; `figures`: the year's figures in minor units.
    """

    __tablename__ = "status_report"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    month: Mapped[date]
    number: Mapped[int]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("status_report.id"))
    text: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    computed: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    shown: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    figures: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    right_used: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("measure_id", "month", "number"),)
