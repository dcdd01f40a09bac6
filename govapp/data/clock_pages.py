"""What pages read of clocks: how the targets of rows stand now, and who held the steps of reviews for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.calendars import WaitingSpan
from govapp.data.working_calendars import calendars_by_organization
from govapp.domain.clocks import Clock, Waited, clock_of


class Timed(Protocol):
    """A row about an open step of a measure, with what tells its calendar."""

    @property
    def organization_id(self) -> int: ...
    @property
    def legal_entity(self) -> str: ...
    @property
    def business_unit(self) -> str: ...
    @property
    def target_hours(self) -> int | None: ...
    @property
    def target_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class SpanRead(Waited):
    """A stretch with the review it belongs to."""

    review_id: int


def clocks_of(session: Session, rows: Sequence[Timed], now: datetime) -> list[Clock | None]:
    """How the target of each row stands, in their order; one statement for all."""
    known = calendars_by_organization(session, (row.organization_id for row in rows if row.target_at))
    found: list[Clock | None] = []
    for row in rows:
        calendars = known.get(row.organization_id)
        if calendars is None:
            found.append(None)
            continue
        calendar = calendars.of(row.legal_entity, row.business_unit)
        found.append(clock_of(calendar, row.target_hours, row.target_at, now))
    return found


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
