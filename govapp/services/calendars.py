"""Calendars of working time: those that come with a governance set, and changes by administrators."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.calendars import CalendarRow
from govapp.data.gates import WorkflowVersion
from govapp.data.structure import Branch, Choice, Organization
from govapp.data.working_calendars import (
    NAMING,
    PLAIN_DAYS,
    PLAIN_HOURS,
    PublicHolidays,
    holiday_places,
)
from govapp.domain.errors import Invalid, NotFound, Stale
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.structure import key_fault, name_fault
from govapp.domain.working_time import CalendarError, calendar_faults, parse_calendar, working_time
from govapp.services._keys import writing_once
from govapp.services._organizations import _locked_organization
from govapp.services._work import Origin, Work, writing

PLAIN_KEY = "standard"
MOST_CLOSED = 100
_FORM = "new"  # the address of the form for a new one
_VALUES = ("name", "timezone", "days", "hours", "country", "subdivision", "closed")


@dataclass(frozen=True, slots=True)
class SetCalendar:
    """A calendar of an organization as it is from now on; without `seen_version` a new one.

    `counts_for` are (list, key) of the legal entities and business units whose measures it counts for; None leaves
    them as they are.
    """

    origin: Origin
    organization: str
    key: str
    name: str
    timezone: str
    days: tuple[str, ...]
    hours: tuple[str, ...]
    country: str = ""
    subdivision: str = ""
    closed: tuple[str, ...] = ()
    standard: bool = False
    counts_for: tuple[tuple[str, str], ...] | None = None
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class InstallCalendars:
    """The calendars of a governance set for an organization: those it lacks by key; what is there stays as it is."""

    origin: Origin
    organization: str
    data: Mapping[str, Any] = field(default_factory=dict)


def set_calendar(command: SetCalendar) -> str:
    """Make or change a calendar; returns its key. Needs `system:operate` on the organization.

    Raises NotFound, Stale, Invalid by field (key, name, timezone, days, hours, country, subdivision, closed, standard,
    counts_for). One without working hours is refused. Targets that run already keep their moment.
    """
    return str(writing_once(command, lambda work: _set_calendar(work, command))["key"])


def install_calendars(command: InstallCalendars) -> list[str]:
    """Install what is lacking; returns the keys added. Needs `system:operate` on the organization. Raises Invalid."""

    def body(work: Work) -> list[str]:
        organization, root, right = _locked_organization(
            work, command.organization, Permission.SYSTEM_OPERATE
        )
        return _install_calendars(work, organization, root.id, command.data, right)

    return writing(command.origin, body)


def _set_calendar(work: Work, command: SetCalendar) -> dict[str, Any]:
    session = work.session
    organization, root, right = _locked_organization(work, command.organization, Permission.SYSTEM_OPERATE)
    row = session.scalar(
        select(CalendarRow)
        .where(CalendarRow.organization_id == organization.id, CalendarRow.key == command.key)
        .with_for_update()
    )
    if command.seen_version is not None:
        if row is None:
            raise NotFound("not_found", calendar=command.key)
        if row.version != command.seen_version:
            raise Stale("stale", seen=command.seen_version, version=row.version)
    elif row is not None:
        raise Invalid("not_saved", {"key": ["key_taken"]})
    values = {name: getattr(command, name) for name in _VALUES} | {"name": " ".join(command.name.split())}
    for name in ("days", "hours", "closed"):
        values[name] = list(values[name])
    _refuse(work, command, values, row)
    changes: dict[str, Any] = {}
    if row is None:
        row = CalendarRow(organization_id=organization.id, key=command.key, **values)
        session.add(row)
    else:
        changes = {n: [getattr(row, n), v] for n, v in values.items() if getattr(row, n) != v}
        for name in changes:
            setattr(row, name, values[name])
    if command.standard and not row.standard:
        _make_standard(work, organization.id, row)
        changes["standard"] = [False, True]
    counts = _count_for(work, organization.id, command)
    if command.seen_version is None:
        what: dict[str, Any] = {"added": {command.key: values}}
    elif changes or counts:
        row.version += 1
        what = {"changed": {command.key: changes}}
    else:
        return {"key": command.key}
    work.log(
        Event.CALENDARS_SET, {"added": {}, "changed": {}, "counts_for": counts} | what,
        right=right, object_type="calendar", object_id=command.key, branch_id=root.id,
    )  # fmt: skip
    return {"key": command.key}


def _refuse(work: Work, command: SetCalendar, values: Mapping[str, Any], row: CalendarRow | None) -> None:
    faults = calendar_faults(command.timezone, command.days, command.hours, command.closed)
    places = holiday_places()
    faults |= {
        "key": key_fault(command.key) or ("key_taken" if command.key == _FORM else ""),
        "name": name_fault(values["name"]),
        "country": "" if not command.country or command.country in places else "unknown_choice",
        "subdivision": ""
        if not command.subdivision or command.subdivision in places.get(command.country, ())
        else "unknown_choice",
        "standard": "standard_stays" if row is not None and row.standard and not command.standard else "",
    }
    if len(command.closed) > MOST_CLOSED:
        faults["closed"] = "too_many"
    found = {name: [code] for name, code in faults.items() if code}
    if not found and not _ever_works(work, command):
        found = {"days": ["no_working_hours"]}
    if found:
        raise Invalid("not_saved", found)


def _ever_works(work: Work, command: SetCalendar) -> bool:
    """Whether an hour of work is left in the year to come, after holidays and closed days."""
    calendar = parse_calendar(
        command.key, command.timezone, command.days, command.hours, command.closed,
        PublicHolidays(command.country, command.subdivision),
    )  # fmt: skip
    return working_time(calendar, work.at, work.at + timedelta(days=366)) >= timedelta(hours=1)


def _make_standard(work: Work, organization_id: int, row: CalendarRow) -> None:
    held = work.session.scalars(
        select(CalendarRow).where(CalendarRow.organization_id == organization_id, CalendarRow.standard)
    )
    for other in held:
        other.standard = False
    row.standard = True


def _count_for(work: Work, organization_id: int, command: SetCalendar) -> list[list[str]]:
    """Let the entries named call for this calendar, and no others; returns what changed as list, key, calendar."""
    if command.counts_for is None:
        return []
    wanted = set(command.counts_for)
    rows = work.session.scalars(
        select(Choice)
        .where(Choice.organization_id == organization_id, Choice.list.in_(NAMING))
        .order_by(Choice.id)
        .with_for_update()
    ).all()
    if wanted - {(row.list, row.key) for row in rows}:
        raise Invalid("not_saved", {"counts_for": ["unknown_choice"]})
    changed = []
    for row in rows:
        named = row.details.get("calendar", "")
        now = command.key if (row.list, row.key) in wanted else ("" if named == command.key else named)
        if now != named:
            rest = {name: value for name, value in row.details.items() if name != "calendar"}
            row.details = rest | ({"calendar": now} if now else {})
            changed.append([row.list, row.key, str(now)])
    return changed


def _install_everywhere(work: Work, data: Mapping[str, Any], right: str) -> None:
    """Bring the calendars of a set that is switched on to every organization that lacks them."""
    roots = select(Organization, Branch.id).join(
        Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None)
    )
    for organization, root in work.session.execute(roots.order_by(Organization.id)).all():
        _install_calendars(work, organization, root, data, right)


def _install_calendars(
    work: Work, organization: Organization, root: int, data: Mapping[str, Any], right: str
) -> list[str]:
    """Add the calendars of the set by key, and a standard one; of those there only an untouched plain one gives way."""
    session = work.session
    rows = session.scalars(select(CalendarRow).where(CalendarRow.organization_id == organization.id)).all()
    held = {row.key: row for row in rows}
    added: dict[str, Any] = {}
    for raw in data.get("calendars") or ():
        if raw["key"] not in held:
            row = _row_of(organization.id, raw)
            held[row.key] = row
            added[row.key] = {name: getattr(row, name) for name in _VALUES}
    standard = next((row for row in held.values() if row.standard), None)
    if standard is None or (standard.key == PLAIN_KEY and standard.version == 1):
        wanted = _fitting(held, data, organization.timezone) or standard
        if wanted is None:
            wanted = held[PLAIN_KEY] = CalendarRow(
                organization_id=organization.id, key=PLAIN_KEY, name="Standard", timezone=organization.timezone,
                days=list(PLAIN_DAYS), hours=list(PLAIN_HOURS), country="", subdivision="", closed=[],
            )  # fmt: skip
            added[PLAIN_KEY] = {name: getattr(wanted, name) for name in _VALUES}
        if wanted is not standard:
            if standard is not None:
                standard.standard = False
            wanted.standard = True
    session.add_all(row for row in held.values() if row.key in added)
    if added:
        work.log(
            Event.CALENDARS_SET, {"added": added, "changed": {}, "counts_for": []},
            right=right, object_type="organization", object_id=organization.key, branch_id=root,
        )  # fmt: skip
    return list(added)


def _fitting(rows: Mapping[str, CalendarRow], data: Mapping[str, Any], zone: str) -> CalendarRow | None:
    """The set's own standard where it is of the organization's zone, else its first calendar of that zone."""
    named = str((data.get("approval_defaults") or {}).get("calendar", ""))
    order = [named, *(str(raw["key"]) for raw in data.get("calendars") or ())]
    return next((rows[key] for key in order if key in rows and rows[key].timezone == zone), None)


def _row_of(organization_id: int, raw: Mapping[str, Any]) -> CalendarRow:
    closed = [str(each) for each in raw.get("closed") or ()]
    holidays = raw.get("holidays") or {}
    days, hours = [str(each) for each in raw["days"]], [str(each) for each in raw["hours"]]
    try:
        parse_calendar(raw["key"], raw["timezone"], days, hours, closed)
    except CalendarError as error:
        raise Invalid("set_invalid", problem=f"calendar {raw['key']}: {error}") from error
    return CalendarRow(
        organization_id=organization_id, key=raw["key"], name=raw["name"], timezone=raw["timezone"], days=days,
        hours=hours, closed=closed, country=holidays.get("country") or "",
        subdivision=holidays.get("subdivision") or "", standard=False, version=1,
    )  # fmt: skip


def _definition_in_use(session: Session) -> Mapping[str, Any]:
    """The governance set that is switched on; nothing before one is."""
    found = session.scalar(
        select(WorkflowVersion.definition)
        .where(WorkflowVersion.state == "active")
        .order_by(WorkflowVersion.id.desc())
        .limit(1)
    )
    return found or {}
