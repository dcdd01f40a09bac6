"""Closed months of an organization."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.ledger import PeriodLock


def locked_until(session: Session, organization_id: int) -> date | None:
    """First day of the newest closed month; every month up to it is closed too. None when none is closed."""
    return session.scalar(
        select(func.max(PeriodLock.month)).where(PeriodLock.organization_id == organization_id)
    )
