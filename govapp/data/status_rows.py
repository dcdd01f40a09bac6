"""Columns of the snapshot that computed statuses read beside what gates read, and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from govapp.data.audit import AuditLog
from govapp.data.json_rows import json_rows, moment_of
from govapp.data.measures import Measure, Milestone, StagePassage
from govapp.data.structure import Organization
from govapp.domain.events import Event
from govapp.domain.status import Stone
from govapp.domain.status_rules import IMPLEMENTATION, POTENTIAL

# Which events say that somebody has looked at the dates, or at the forecast, of a measure.
LOOKED: Mapping[str, frozenset[str]] = {
    IMPLEMENTATION: frozenset({Event.MILESTONE_CHANGED}),
    POTENTIAL: frozenset(
        {Event.GRID_CHANGED, Event.EFFECT_CHANGED, Event.FORECAST_SHIFTED, Event.PLAN_FROZEN}
    ),
}
_EVENTS = sorted(str(event) for events in LOOKED.values() for event in events)


@dataclass(frozen=True, slots=True)
class StatusRows:
    """Milestones with all their days, when dates and forecast were last touched, and the fiscal year's first month."""

    stones: tuple[Stone, ...] = ()
    looked: Mapping[str, date] = field(default_factory=dict)
    fiscal_month: int = 1


@dataclass(frozen=True, slots=True)
class Declared:
    """The newest declared status of a kind: until when it holds, and the computed colour of that moment."""

    colour: str
    until: date | None
    computed: str = ""


def declared_in(row: Any) -> dict[str, Declared]:
    """Declared statuses by kind from a row with `statuses`."""
    return {
        kind: Declared(colour, _day(until), computed)
        for kind, colour, until, computed in json.loads(row.statuses)
    }


def status_columns() -> tuple[ColumnElement[Any], ...]:
    """Columns for a statement about measures with their organization; `status_rows` unpacks them."""
    here = Measure.__table__
    stones = select(
        Milestone.name, Milestone.plan_date, Milestone.forecast_date, Milestone.actual_date, Milestone.actual_at,
        Milestone.final,
    ).where(Milestone.measure_id == Measure.id)  # fmt: skip
    looked = (
        select(AuditLog.event, func.max(AuditLog.at).label("at"))
        .where(AuditLog.measure_id == Measure.id, AuditLog.event.in_(_EVENTS))
        .group_by(AuditLog.event)
    )
    entered = (
        select(func.max(StagePassage.entered_at)).where(StagePassage.measure_id == Measure.id).correlate(here)
    )
    return (
        json_rows(stones.order_by(Milestone.id), correlate=here).label("stones"),
        json_rows(looked, correlate=here).label("looked"),
        entered.scalar_subquery().label("entered_at"),
        Organization.fiscal_month.label("fiscal_month"),
    )


def status_rows(row: Any) -> StatusRows:
    """The same from a row with `Measure`, `timezone` and `status_columns`.

    Entering a stage counts as a look at both. A milestone that was reached before the measure was recorded here is done
    on its own day; any other on the day on which that was entered, where it was entered later.
    """
    zone, measure = ZoneInfo(row.timezone), row.Measure
    created = measure.created_at.astimezone(zone).date()
    stones = tuple(
        Stone(
            name, _day(plan), _day(forecast),
            done_on(_day(actual), moment_of(entered) if entered else None, created, zone), bool(final),
        )
        for name, plan, forecast, actual, entered, final in json.loads(row.stones)
    )  # fmt: skip
    seen = {event: moment_of(at) for event, at in json.loads(row.looked)}
    return StatusRows(stones, looked_on(seen, row.entered_at, created, zone), row.fiscal_month)


def looked_on(
    seen: Mapping[str, datetime], entered: datetime | None, created: date, zone: ZoneInfo
) -> dict[str, date]:
    """By status kind the day of the newest event that touched it, of entering the stage, or else of being recorded."""
    base = [entered.astimezone(zone).date()] if entered else []
    days = {event: at.astimezone(zone).date() for event, at in seen.items()}
    return {
        kind: max([*base, *(day for event, day in days.items() if event in events)], default=created)
        for kind, events in LOOKED.items()
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def done_on(actual: date | None, entered: datetime | None, created: date, zone: ZoneInfo) -> date | None:
    """The day on which a milestone counts as done; None while it is open."""
    if actual is None or entered is None or actual < created:
        return actual
    return max(actual, entered.astimezone(zone).date())
