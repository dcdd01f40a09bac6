"""Closed months of an organization, what still awaits confirmation by month, and what was added to closed months."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from govapp.data.finance import AWAITS, EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PeriodLock
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.structure import Organization

CANCELLED = "cancelled"
MOST_LATE = 100


def locked_until(session: Session, organization_id: int, *, hold: bool = False) -> date | None:
    """First day of the newest closed month; every month up to it is closed too. None when none is closed.

    `hold`: no month is closed until this transaction ends, so that what is written into an open month is there before
    it closes. Whoever writes asks so.
    """
    if hold:
        shared = select(Organization.id).where(Organization.id == organization_id)
        session.execute(shared.with_for_update(read=True, of=Organization))
    return session.scalar(
        select(func.max(PeriodLock.month)).where(PeriodLock.organization_id == organization_id)
    )


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A closed month: who closed it, for whom, when, and what was said to it."""

    month: date
    by: str
    on_behalf_of: str
    at: datetime
    note: str


def closed_months(session: Session, organization_id: int) -> list[ClosedMonth]:
    """Closed months of an organization, the newest first."""
    absent = aliased(Person)
    rows = session.execute(
        select(PeriodLock.month, Person.name, absent.name, PeriodLock.at, PeriodLock.note)
        .outerjoin(Person, Person.id == PeriodLock.person_id)
        .outerjoin(absent, absent.id == PeriodLock.on_behalf_of)
        .where(PeriodLock.organization_id == organization_id)
        .order_by(PeriodLock.month.desc())
    )
    return [ClosedMonth(month, by or "", behalf or "", at, note) for month, by, behalf, at, note in rows]


def awaiting_by_month(session: Session, organization_id: int) -> dict[date, int]:
    """How many actual amounts of money await confirmation, by month; of cancelled and archived measures none."""
    rows = session.execute(
        select(EffectValue.month, func.count())
        .join(Measure, Measure.id == EffectValue.measure_id)
        .join(EffectLine, EffectLine.id == EffectValue.line_id)
        .where(
            EffectLine.currency != "",
            EffectValue.standing == AWAITS,
            EffectValue.month.is_not(None),
            Measure.organization_id == organization_id,
            Measure.state != CANCELLED,
            Measure.archived.is_(False),
        )
        .group_by(EffectValue.month)
    )
    return {row.month: int(row[1]) for row in rows}


@dataclass(frozen=True, slots=True)
class LateEntry:
    """What was added to a closed month: an actual amount that was entered, or a row of the ledger."""

    what: str
    month: date
    measure: str
    line: str
    amount: int
    currency: str
    on: date | None
    at: datetime | None


def late_entries(session: Session, organization_ids: Collection[int]) -> list[LateEntry]:
    """The latest entries into closed months, at most MOST_LATE; amounts in minor units of the line's currency."""
    entered = (
        select(
            EffectValue.month, Measure.key, EffectLine.name, EffectValue.amount, EffectLine.currency,
            EffectValue.late_on,
        )
        .join(EffectLine, EffectLine.id == EffectValue.line_id)
        .join(Measure, Measure.id == EffectValue.measure_id)
        .where(EffectValue.late_on.is_not(None), Measure.organization_id.in_(organization_ids))
        .order_by(EffectValue.late_on.desc(), EffectValue.id.desc())
        .limit(MOST_LATE)
    )  # fmt: skip
    booked = (
        select(LedgerRow.kind, LedgerRow.month, Measure.key, EffectLine.name, LedgerRow.amount, LedgerRow.currency,
               LedgerRow.at)
        .join(EffectLine, EffectLine.id == LedgerRow.line_id)
        .join(Measure, Measure.id == LedgerRow.measure_id)
        .where(LedgerRow.late.is_(True), LedgerRow.month.is_not(None), Measure.organization_id.in_(organization_ids))
        .order_by(LedgerRow.id.desc())
        .limit(MOST_LATE)
    )  # fmt: skip
    found = [
        LateEntry("actual", row.month, row.key, row.name, row.amount, row.currency, row.late_on, None)
        for row in session.execute(entered)
        if row.month is not None
    ]
    found += [
        LateEntry(row.kind, row.month, row.key, row.name, row.amount, row.currency, None, row.at)
        for row in session.execute(booked)
        if row.month is not None
    ]
    return sorted(found, key=lambda one: (one.month, one.measure), reverse=True)[:MOST_LATE]
