"""Calendars of organizations as domain values: public holidays, and which calendar counts for a measure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from sqlalchemy import Select, Text, bindparam, select, type_coerce
from sqlalchemy.orm import Session

from govapp.data.calendars import CalendarRow
from govapp.data.json_rows import json_rows
from govapp.data.structure import Choice, Organization
from govapp.domain.working_time import DAYS, Calendar, parse_calendar

# what counts where an organization has no calendar at all
PLAIN_DAYS, PLAIN_HOURS = DAYS[:5], ("09:00-17:00",)
# lists whose entries may name a calendar, the one that counts first in front
NAMING = ("legal_entities", "business_units")


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Public holidays of a country (ISO 3166) or a subdivision of it, by the year; none without a country."""

    country: str
    subdivision: str = ""

    def __call__(self, year: int) -> frozenset[date]:
        return frozenset(named_holidays(self.country, self.subdivision, year))


@lru_cache(512)
def named_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """Public holidays of a year with their names, in order."""
    if not country:
        return {}
    import holidays  # noqa: PLC0415  # a tenth of a second that most requests need not spend

    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision or None, years=year, language=_english(country)
        )
    except NotImplementedError:
        return {}
    return {day: found[day] for day in sorted(found) if day.year == year}


@cache
def _english(country: str) -> str | None:
    import holidays  # noqa: PLC0415  # as above

    spoken = holidays.list_localized_countries(include_aliases=False).get(country, [])
    return next((each for each in ("en_US", "en_GB") if each in spoken), None)


@cache
def holiday_places() -> Mapping[str, tuple[str, ...]]:
    """Countries whose public holidays are known, each with its subdivisions."""
    import holidays  # noqa: PLC0415  # as above

    found = holidays.list_supported_countries(include_aliases=False)
    return {country: tuple(found[country]) for country in sorted(found)}


@lru_cache(512)
def calendar_of(
    key: str, zone: str, days: tuple[str, ...], hours: tuple[str, ...], closed: tuple[str, ...], country: str,
    subdivision: str,
) -> Calendar:  # fmt: skip
    """The calendar with these values; equal values give the same object, which keeps what it worked out."""
    return parse_calendar(key, zone, days, hours, closed, PublicHolidays(country, subdivision))


def plain_calendar(zone: str) -> Calendar:
    """Monday to Friday, nine to five, in a time zone."""
    return calendar_of("", zone, PLAIN_DAYS, PLAIN_HOURS, (), "", "")


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of an organization, and which entries of its lists name which."""

    standard: Calendar
    by_key: Mapping[str, Calendar]
    named: Mapping[tuple[str, str], str]

    def of(self, legal_entity: str, business_unit: str, key: str = "") -> Calendar:
        """The calendar that counts: the one called for by key, that of the entity, of the unit, the standard one."""
        keys = (
            key,
            *(self.named.get(entry) for entry in zip(NAMING, (legal_entity, business_unit), strict=True)),
        )
        return next((self.by_key[each] for each in keys if each and each in self.by_key), self.standard)


@cache
def _statement() -> Select[int, str, str, str]:
    calendars = select(
        CalendarRow.key, CalendarRow.timezone, CalendarRow.days, CalendarRow.hours, CalendarRow.closed,
        CalendarRow.country, CalendarRow.subdivision, CalendarRow.standard,
    ).where(CalendarRow.organization_id == Organization.id)  # fmt: skip
    naming = select(Choice.list, Choice.key, Choice.details).where(
        Choice.organization_id == Organization.id,
        Choice.list.in_(NAMING),
        type_coerce(Choice.details, Text).contains('"calendar":'),
    )
    here = Organization.__table__
    return select(
        Organization.id,
        Organization.timezone,
        json_rows(calendars.order_by(CalendarRow.key), correlate=here),
        json_rows(naming.order_by(Choice.id), correlate=here),
    ).where(Organization.id.in_(bindparam("organizations", expanding=True)))


def calendars_by_organization(session: Session, organizations: Iterable[int]) -> dict[int, Calendars]:
    """The calendars of organizations by id, in one statement."""
    wanted = sorted(set(organizations))
    if not wanted:
        return {}
    rows = session.execute(_statement(), {"organizations": wanted})
    return {
        row_id: calendars_from(zone, json.loads(raw), json.loads(named)) for row_id, zone, raw, named in rows
    }


def calendars_of(session: Session, organization_id: int) -> Calendars:
    """The calendars of one organization. Raises KeyError when there is no such organization."""
    return calendars_by_organization(session, [organization_id])[organization_id]


def calendars_from(zone: str, rows: Sequence[Sequence[str]], named: Sequence[Sequence[str]]) -> Calendars:
    """The calendars of an organization from rows as `json_rows` gives them; `zone` is the organization's."""
    found: dict[str, Calendar] = {}
    standard = plain_calendar(zone)
    for key, place, days, hours, closed, country, subdivision, is_standard in rows:
        lists = (tuple(json.loads(each)) for each in (days, hours, closed))
        found[key] = calendar_of(key, place, *lists, country, subdivision)
        if is_standard:
            standard = found[key]
    entries = {(name, key): str(json.loads(details).get("calendar", "")) for name, key, details in named}
    return Calendars(standard, found, entries)
