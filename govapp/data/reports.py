"""PDF reports: one row per report identity, and who asked for it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import BigId, CanonicalJson


class Report(Identified, Base):
    """A report in the archive. `identity` says what it shows (kind, object, as-of sequence, reach of rights).

    States are those of data-report-state. Of a filed dossier `review_id` is the review it belongs to and `asked_by`
    whoever decided last.
    """

    __tablename__ = "report"
    identity: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    review_id: Mapped[int | None] = mapped_column(BigId, index=True)
    as_of_seq: Mapped[int] = mapped_column(BigId)
    as_of: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str]
    phase: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(default="")
    file_digest: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    params: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    __table_args__ = (Index("ix_report_state", "state", "beat_at"),)


class ReportRequest(Base):
    """Somebody who asked for a report and may see it in the archive."""

    __tablename__ = "report_request"
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime]
