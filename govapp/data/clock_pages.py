"""What pages read of clocks: how the target of an open step stands now, and who held the steps of reviews."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from govapp.data.calendars import CalendarRow, WaitingSpan
from govapp.data.measures import Measure
from govapp.data.reviews import ReviewStep
from govapp.data.working_calendars import calendar_of
from govapp.domain.clocks import Clock, Waited, clock_of

# of the calendar by which a step's target counts, for a statement about steps that joins it by CLOCK_OF_STEP
CLOCK_COLUMNS: tuple[Any, ...] = tuple(
    getattr(CalendarRow, name).label(f"calendar_{name}")
    for name in ("key", "timezone", "days", "hours", "closed", "country", "subdivision")
)
CLOCK_OF_STEP = and_(
    CalendarRow.organization_id == Measure.organization_id, CalendarRow.key == ReviewStep.calendar
)


@dataclass(frozen=True, slots=True)
class SpanRead(Waited):
    """A stretch with the review it belongs to."""

    review_id: int


def clock_of_row(row: Any, now: datetime) -> Clock | None:
    """How the target of a step stands, from a row with `target_hours`, `target_at` and CLOCK_COLUMNS."""
    if row.target_at is None or row.calendar_key is None:
        return None
    lists = (tuple(each) for each in (row.calendar_days, row.calendar_hours, row.calendar_closed))
    calendar = calendar_of(
        row.calendar_key, row.calendar_timezone, *lists, row.calendar_country, row.calendar_subdivision
    )
    return clock_of(calendar, row.target_hours, row.target_at, now)


def spans_of(session: Session, review_ids: Iterable[int]) -> list[SpanRead]:
    """All stretches of reviews, in the order in which they began."""
    rows = session.scalars(
        select(WaitingSpan)
        .where(WaitingSpan.review_id.in_(set(review_ids)))
        .order_by(WaitingSpan.from_at, WaitingSpan.id)
    )
    return [
        SpanRead(row.step_id, row.party, row.paused, row.from_at, row.until_at, row.review_id) for row in rows
    ]
