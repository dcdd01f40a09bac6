"""What clocks read beside a snapshot: the calendar that counts, the stretches still open, who is absent for whom."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, select, type_coerce
from sqlalchemy.orm import Session

from govapp.data.calendars import CalendarRow, WaitingSpan
from govapp.data.deputies import Deputy
from govapp.data.json_rows import json_rows, moment_of
from govapp.data.measures import Measure, Part
from govapp.data.people import Person
from govapp.data.structure import Choice
from govapp.data.working_calendars import NAMING, Calendars, calendars_from
from govapp.domain.clocks import Absent, Span
from govapp.domain.working_time import Calendar

DECIDE = "decide"
# an absence that is over matters to nothing open; so many of the newest are ample for the parts of a measure
_NEWEST = 60


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """Of one measure: its calendar, the open stretches of its review, absences of those who hold its parts."""

    calendar: Calendar
    spans: tuple[Span, ...] = ()
    absent: tuple[Absent, ...] = ()


def calendar_columns() -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Columns for a statement about measures: the calendars of the organization, and the entries that name one."""
    calendars = select(
        CalendarRow.key, CalendarRow.timezone, CalendarRow.days, CalendarRow.hours, CalendarRow.closed,
        CalendarRow.country, CalendarRow.subdivision, CalendarRow.standard,
    ).where(CalendarRow.organization_id == Measure.organization_id)  # fmt: skip
    naming = select(Choice.list, Choice.key, Choice.details).where(
        Choice.organization_id == Measure.organization_id,
        ((Choice.list == NAMING[0]) & (Choice.key == Measure.legal_entity))
        | ((Choice.list == NAMING[1]) & (Choice.key == Measure.business_unit)),
        type_coerce(Choice.details, Text).contains('"calendar":'),
    )
    here = Measure.__table__
    return (
        json_rows(calendars.order_by(CalendarRow.key), correlate=here).label("calendars"),
        json_rows(naming.order_by(Choice.id), correlate=here).label("calendar_names"),
    )


def clock_columns() -> tuple[ColumnElement[Any], ...]:
    """The same with what the clocks of one measure need; `clock_facts` unpacks them."""
    spans = select(
        WaitingSpan.id, WaitingSpan.step_id, WaitingSpan.party, WaitingSpan.paused, WaitingSpan.from_at
    ).where(WaitingSpan.measure_id == Measure.id, WaitingSpan.until_at.is_(None))
    holders = select(Part.person_id).where(Part.measure_id == Measure.id).correlate(Measure.__table__)
    absent = _absences().where(Deputy.person_id.in_(holders)).order_by(Deputy.id.desc()).limit(_NEWEST)
    here = Measure.__table__
    return (
        *calendar_columns(),
        json_rows(spans.order_by(WaitingSpan.id), correlate=here).label("open_spans"),
        json_rows(absent, correlate=here).label("absences"),
    )


def calendar_for(row: Any, legal_entity: str, business_unit: str, zone: str) -> Calendar:
    """The calendar that counts for a measure, from `calendar_columns`; `zone` is that of its organization."""
    found: Calendars = calendars_from(zone, json.loads(row.calendars), json.loads(row.calendar_names))
    return found.of(legal_entity, business_unit)


def clock_facts(row: Any) -> ClockFacts:
    """The clocks of a measure from a row with `Measure`, `timezone` and `clock_columns`."""
    measure: Measure = row.Measure
    spans = (
        Span(number, step, party, bool(paused), moment_of(at))
        for number, step, party, paused, at in json.loads(row.open_spans)
    )
    absent = (_absent(each) for each in json.loads(row.absences))
    return ClockFacts(
        calendar_for(row, measure.legal_entity, measure.business_unit, row.timezone),
        tuple(spans),
        tuple(each for each in absent if each is not None),
    )


def absences_of(session: Session, person_id: int) -> list[Absent]:
    """Absences of a person in which a deputy decides, the newest first."""
    rows = session.execute(
        _absences().where(Deputy.person_id == person_id).order_by(Deputy.id.desc()).limit(_NEWEST)
    )
    found = (
        Absent(row.person_id, row.deputy_id, row.from_day, row.until_day, row.name)
        for row in rows
        if not row.kinds or DECIDE in row.kinds
    )
    return list(found)


def _absences() -> Select[int, int, date, date, list[str], str]:
    """Of deputies who may sign in; whose account is disabled stands in for nobody."""
    return (
        select(
            Deputy.person_id, Deputy.deputy_id, Deputy.from_day, Deputy.until_day, Deputy.kinds, Person.name,
        )
        .join(Person, Person.id == Deputy.deputy_id)
        .where(Deputy.ended_at.is_(None), Person.active)
    )  # fmt: skip


def _absent(row: Any) -> Absent | None:
    person, deputy, start, end, kinds, name = row
    known = json.loads(kinds)
    if known and DECIDE not in known:
        return None
    return Absent(person, deputy, date.fromisoformat(start[:10]), date.fromisoformat(end[:10]), name)
