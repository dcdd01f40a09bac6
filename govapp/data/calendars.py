"""Calendars of working time, and the stretches of time in which something waited for somebody."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson


class CalendarRow(Identified, Kept, Base):
    """Working days and hours of an organization or of a unit in it; public holidays by country and subdivision.

    `days` are `mon` to `sun`, `hours` stretches such as `08:30-12:30`, `closed` days of every year such as `12-24`.
    The `standard` one counts where neither legal entity nor business unit has one of its own.
    """

    __tablename__ = "calendar"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str]
    days: Mapped[list[str]] = mapped_column(CanonicalJson)
    hours: Mapped[list[str]] = mapped_column(CanonicalJson)
    country: Mapped[str] = mapped_column(default="")
    subdivision: Mapped[str] = mapped_column(default="")
    closed: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    standard: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("organization_id", "key"),)


class WaitingSpan(Identified, Base):
    """A stretch in which a review, or one step of it, waited for one party; written by settle, open without `until_at`.

    `party` is a code: `step:<key>` or `criteria`, `move`, `hold` of a review; `person:<id>`, `part:...`, `role:...`,
    `group:...` of a step. A paused stretch counts no working time.
    """

    __tablename__ = "waiting_span"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("review_step.id"))
    party: Mapped[str]
    paused: Mapped[bool] = mapped_column(default=False)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_waiting_span_review", "review_id", "step_id", "from_at"),)
