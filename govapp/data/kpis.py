"""Operating figures (KPI), their readings by month, and what a measure promises of them; checks after closing."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import Money


class Kpi(Identified, Kept, Base):
    """An operating figure of an organization. `better`: lower or higher. Values: integers of 1/10,000 of the unit."""

    __tablename__ = "kpi"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    service: Mapped[str] = mapped_column(default="")
    better: Mapped[str] = mapped_column(default="lower")
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("organization_id", "key"),)


class KpiReading(Identified, Kept, Base):
    """The value of a figure in a month (its first day)."""

    __tablename__ = "kpi_reading"
    kpi_id: Mapped[int] = mapped_column(ForeignKey("kpi.id"))
    month: Mapped[date]
    value: Mapped[int] = mapped_column(Money)
    source: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("kpi_id", "month"),)


class MeasureKpi(Identified, Kept, Base):
    """The figure by which a measure is judged, with baseline and target.

    Where the target was missed: the explanation, and the controller who signed it.
    """

    __tablename__ = "measure_kpi"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    kpi_id: Mapped[int] = mapped_column(ForeignKey("kpi.id"), index=True)
    baseline: Mapped[int | None] = mapped_column(Money)
    target: Mapped[int | None] = mapped_column(Money)
    explanation: Mapped[str] = mapped_column(default="")
    explained_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_for: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_name: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("measure_id", "kpi_id"),)


class SustainCheck(Identified, Kept, Base):
    """A check 3, 6 or 12 months after closing: is the effect still there? States: due, kept, partly, lost, void."""

    __tablename__ = "sustain_check"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey("stage_passage.id"))
    months_after: Mapped[int]
    due: Mapped[date]
    state: Mapped[str]
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_revision.id"))
    told_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_sustain_check_due", "state", "due"),)
