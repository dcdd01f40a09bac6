"""Derived figures, written by settle only: by line and year, and by branch, in minor units, months of a fiscal year.

`year` is the calendar year in which a fiscal year starts, m01 its first month; year 0 holds undated amounts in `total`.
Series: baseline, target, plan (the version in force), first_plan (as first frozen), forecast, actual, confirmed
(ledger, in the line's currency), booked (ledger as translated for good; its currency is the organization's), run_rate
(year 0). `rate` is the frozen plan rate of baseline, target, plans and run rate; '' in the own currency, while open
and elsewhere: then that of the day holds. Words and sums: domain/money_rows.py.
"""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base
from govapp.data.types import BigId, Money

OPEN_COLUMNS = tuple(f"o{place:02}" for place in range(1, 13))
MONTH_COLUMNS = tuple(f"m{place:02}" for place in range(1, 13))


class Months:
    """Twelve months of a fiscal year and their sum."""

    m01: Mapped[int] = mapped_column(Money, default=0)
    m02: Mapped[int] = mapped_column(Money, default=0)
    m03: Mapped[int] = mapped_column(Money, default=0)
    m04: Mapped[int] = mapped_column(Money, default=0)
    m05: Mapped[int] = mapped_column(Money, default=0)
    m06: Mapped[int] = mapped_column(Money, default=0)
    m07: Mapped[int] = mapped_column(Money, default=0)
    m08: Mapped[int] = mapped_column(Money, default=0)
    m09: Mapped[int] = mapped_column(Money, default=0)
    m10: Mapped[int] = mapped_column(Money, default=0)
    m11: Mapped[int] = mapped_column(Money, default=0)
    m12: Mapped[int] = mapped_column(Money, default=0)
    total: Mapped[int] = mapped_column(Money, default=0)


class MoneyLine(Months, Base):
    """A line's amounts in one series and year: for grids, curves and months under any filter."""

    __tablename__ = "money_line"
    line_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    measure_id: Mapped[int] = mapped_column(BigId, index=True)
    rate: Mapped[str] = mapped_column(default="")


class Open:
    """Actual less confirmed amounts by month: what the rate of its month translates, the rest being booked."""

    o01: Mapped[int] = mapped_column(Money, default=0)
    o02: Mapped[int] = mapped_column(Money, default=0)
    o03: Mapped[int] = mapped_column(Money, default=0)
    o04: Mapped[int] = mapped_column(Money, default=0)
    o05: Mapped[int] = mapped_column(Money, default=0)
    o06: Mapped[int] = mapped_column(Money, default=0)
    o07: Mapped[int] = mapped_column(Money, default=0)
    o08: Mapped[int] = mapped_column(Money, default=0)
    o09: Mapped[int] = mapped_column(Money, default=0)
    o10: Mapped[int] = mapped_column(Money, default=0)
    o11: Mapped[int] = mapped_column(Money, default=0)
    o12: Mapped[int] = mapped_column(Money, default=0)


class MoneyYear(Open, Base):
    """A line's year with its series side by side: for year figures under any filter.

    What the amounts mean (kind to currency) is as the plan in force keeps it, else as the line has it.
    """

    __tablename__ = "money_year"
    line_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    measure_id: Mapped[int] = mapped_column(BigId, index=True)
    kind: Mapped[str]
    timing: Mapped[str]
    category: Mapped[str]
    cost_object: Mapped[str] = mapped_column(default="", index=True)
    currency: Mapped[str]
    rate: Mapped[str] = mapped_column(default="")
    first_rate: Mapped[str] = mapped_column(default="")
    baseline: Mapped[int] = mapped_column(Money, default=0)
    target: Mapped[int] = mapped_column(Money, default=0)
    plan: Mapped[int] = mapped_column(Money, default=0)
    first_plan: Mapped[int] = mapped_column(Money, default=0)
    forecast: Mapped[int] = mapped_column(Money, default=0)
    actual: Mapped[int] = mapped_column(Money, default=0)
    confirmed: Mapped[int] = mapped_column(Money, default=0)
    booked: Mapped[int] = mapped_column(Money, default=0)
    run_rate: Mapped[int] = mapped_column(Money, default=0)
    # In the order in which roll-ups group, so that no sort of a hundred thousand rows is needed, and with all that they
    # add up, so that none of those rows is looked up.
    __table_args__ = (
        Index(
            "ix_money_year_keys", "year", "kind", "timing", "currency", "rate", "first_rate", "measure_id", "category",
            "target", "plan", "first_plan", "forecast", "actual", "confirmed", "booked", "run_rate", *OPEN_COLUMNS,
        ),
    )  # fmt: skip


class MoneyTotal(Months, Base):
    """The sums of a branch's own measures (cancelled and archived ones left out). Branches below it add their own."""

    __tablename__ = "money_total"
    branch_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    series: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    timing: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    rate: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
