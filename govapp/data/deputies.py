"""Deputies: who stands in for whom, between which days, for which kinds of work."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson


class Deputy(Identified, Kept, Base):
    """`deputy_id` stands in for `person_id` from a day until a day (both included), unless ended before.

    `kinds` are kinds of work (`domain/deputies.py`); an empty list means all of them. `told_on`: the day on which the
    deputy was told that it begins, with what waits.
    """

    __tablename__ = "deputy"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_day: Mapped[date]
    until_day: Mapped[date]
    kinds: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    reason: Mapped[str] = mapped_column(default="")
    set_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        Index("ix_deputy_person", "person_id", "until_day"),
        Index("ix_deputy_deputy", "deputy_id", "until_day"),
    )
