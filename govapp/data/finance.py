"""Effect lines and their values. Amounts are integers of minor units (FTE: 1/10,000)."""

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import Money


class EffectLine(Identified, Kept, Base):
    """A signed change against a baseline, of one kind, recurring or one-off. `currency` is empty for FTE."""

    __tablename__ = "effect_line"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    timing: Mapped[str]
    category: Mapped[str] = mapped_column(default="")
    cost_object: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    run_rate: Mapped[int | None] = mapped_column(Money)
    start: Mapped[date | None]
    start_milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"))
    version: Mapped[int] = mapped_column(default=1)


class EffectValue(Identified, Kept, Base):
    """An amount of a line in a series for a month (its first day), or undated for a whole-life figure."""

    __tablename__ = "effect_value"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("effect_line.id"))
    series: Mapped[str]
    month: Mapped[date | None]
    plan_version: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(Money)
    __table_args__ = (
        UniqueConstraint("line_id", "series", "month", "plan_version"),
        Index("ix_effect_value_line", "line_id"),
    )


class CurrencyRate(Identified, Kept, Base):
    """What one unit of `currency` is worth in the organization's own, as text decimal, from a day on. Kind: plan."""

    __tablename__ = "currency_rate"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    kind: Mapped[str]
    currency: Mapped[str]
    from_day: Mapped[date]
    rate: Mapped[str]
    __table_args__ = (UniqueConstraint("organization_id", "kind", "currency", "from_day"),)
