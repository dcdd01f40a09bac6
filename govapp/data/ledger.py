"""What is decided about money: frozen plans, changes of plans, the ledger, rulings on cells, closed periods.

Rows of all tables here but `plan_change` are facts: never changed, corrected by a later row.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson, Money

FILED = "digest != ''"


class Act:
    """Who did it, on whose behalf, by which right, when; `seq` is the log row that made it."""

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    right_used: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)


class PlanChange(Identified, Kept, Base):
    """A change request for a frozen plan. States: draft, asked, frozen, refused, withdrawn.

    `needs` are the parts whose approval it takes; `delta` is the change of the plan's total by currency (minor units).
    """

    __tablename__ = "plan_change"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    needs: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    delta: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class PlanChangeVote(Identified, Act, Base):
    """An approval or refusal of a change request by the holder of a part, bound to the draft by its digest."""

    __tablename__ = "plan_change_vote"
    change_id: Mapped[int] = mapped_column(ForeignKey("plan_change.id"), index=True)
    part: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    asked_digest: Mapped[str] = mapped_column(default="")


class PlanVersion(Identified, Act, Base):
    """A frozen plan. Its amounts are `effect_value` rows with its number. Cause: decided, or change.

    `lines`: by line id what gives the amounts their meaning (name, kind, timing, category, cost object, currency, run
    rate); `rates`: the plan rate of each currency; `translated`: by line id its total in the organization's currency.
    """

    __tablename__ = "plan_version"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    number: Mapped[int]
    cause: Mapped[str]
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    change_id: Mapped[int | None] = mapped_column(ForeignKey("plan_change.id"))
    lines: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    rates: Mapped[dict[str, str]] = mapped_column(CanonicalJson, default=dict)
    translated: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    __table_args__ = (UniqueConstraint("measure_id", "number"),)


class LedgerRow(Identified, Act, Base):
    """One row of the ledger: a confirmation, the reversal of one (`reverses_id`), or leakage after closing.

    `amount` is signed, in minor units of the line's currency: confirmed totals are plain sums of rows. `claimed` is the
    actual amount it was confirmed from; `rate` and `translated` (organization's currency) stand for good. `late`: the
    month had been closed before.
    """

    __tablename__ = "ledger_row"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("effect_line.id"))
    month: Mapped[date | None]
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(Money)
    claimed: Mapped[int | None] = mapped_column(Money)
    currency: Mapped[str] = mapped_column(default="")
    rate: Mapped[str] = mapped_column(default="")
    translated: Mapped[int] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(default="")
    late: Mapped[bool] = mapped_column(default=False)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_row.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_revision.id"))
    document: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(default="")
    signed_name: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index("ix_ledger_row_measure_id", "measure_id", "seq"),
        Index("ix_ledger_row_line", "line_id", "month"),
        Index("ix_ledger_row_digest", "digest", sqlite_where=text(FILED), postgresql_where=text(FILED)),
    )


class CellRuling(Identified, Act, Base):
    """The controller refuses an actual amount, or excepts a due month that bears none, with a reason.

    A refusal stands while the actual amount is the one `claimed`.
    """

    __tablename__ = "cell_ruling"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("effect_line.id"))
    month: Mapped[date | None]
    verdict: Mapped[str]
    claimed: Mapped[int | None] = mapped_column(Money)
    reason: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(default="")
    signed_name: Mapped[str] = mapped_column(default="")
    __table_args__ = (
        Index("ix_cell_ruling_measure_id", "measure_id", "seq"),
        Index("ix_cell_ruling_line", "line_id", "month"),
        Index("ix_cell_ruling_digest", "digest", sqlite_where=text(FILED), postgresql_where=text(FILED)),
    )


class PeriodLock(Identified, Act, Base):
    """A closed month of an organization: from then on only a controller adds to it, as a dated late entry."""

    __tablename__ = "period_lock"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    month: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("organization_id", "month"),)
