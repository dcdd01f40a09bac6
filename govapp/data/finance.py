"""Effect lines, their values and rates of exchange. Amounts are integers of minor units (FTE: 1/10,000)."""

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson, Money

AWAITS, CONFIRMED, REFUSED = "awaits", "confirmed", "refused"
DRAFT = 0  # the plan version of the working plan; frozen ones count from 1
_AWAITING = f"standing = '{AWAITS}'"


class EffectLine(Identified, Kept, Base):
    """A signed change against a baseline, of one kind, recurring or one-off. `currency` is empty for FTE.

    It starts on a day, or with a milestone: then its forecast moves with that milestone.
    """

    __tablename__ = "effect_line"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    timing: Mapped[str]
    category: Mapped[str] = mapped_column(default="")
    cost_object: Mapped[str] = mapped_column(default="", index=True)
    currency: Mapped[str] = mapped_column(default="")
    run_rate: Mapped[int | None] = mapped_column(Money)
    start: Mapped[date | None]
    start_milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"))
    version: Mapped[int] = mapped_column(default=1)


class EffectValue(Identified, Kept, Base):
    """An amount of a line in a series for a month (its first day), or undated for a whole-life figure.

    Series: baseline, target, plan, forecast, actual; confirmed amounts stand in the ledger only. Of plan, version 0 is
    the draft and higher numbers are frozen. Of an actual amount, `standing` is awaits, confirmed or refused; `hands`
    are all who entered or edited it, acting and absent; `late_on` is the day it was added to a closed month.
    """

    __tablename__ = "effect_value"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("effect_line.id"))
    series: Mapped[str]
    month: Mapped[date | None]
    plan_version: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(Money)
    standing: Mapped[str] = mapped_column(default="")
    hands: Mapped[list[int]] = mapped_column(CanonicalJson, default=list)
    source: Mapped[str] = mapped_column(default="")
    late_on: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("line_id", "series", "month", "plan_version"),
        Index("ix_effect_value_line", "line_id"),
        Index(
            "ix_effect_value_awaits",
            "measure_id",
            "month",
            sqlite_where=text(_AWAITING),
            postgresql_where=text(_AWAITING),
        ),
    )


class CurrencyRate(Identified, Kept, Base):
    """What one unit of `currency` is worth in the organization's own, as text decimal, from a day on.

    Kind: plan, or actual, which counts for the month that begins on `from_day` only. A corrected rate is the next
    `version`; frozen and confirmed amounts keep the one they were made with.
    """

    __tablename__ = "currency_rate"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    kind: Mapped[str]
    currency: Mapped[str]
    from_day: Mapped[date]
    rate: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("organization_id", "kind", "currency", "from_day"),)
