"""What the pages about calendars read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.calendars import CalendarRow
from govapp.data.structure import Branch, Choice, Organization
from govapp.data.working_calendars import NAMING


@dataclass(frozen=True, slots=True)
class CalendarShown:
    """A calendar's row as read."""

    key: str
    name: str
    timezone: str
    days: tuple[str, ...]
    hours: tuple[str, ...]
    country: str
    subdivision: str
    closed: tuple[str, ...]
    standard: bool
    version: int


@dataclass(frozen=True, slots=True)
class EntryShown:
    """A legal entity or business unit, with the key of the calendar it names; '' where it names none."""

    list: str
    key: str
    name: str
    calendar: str


@dataclass(frozen=True, slots=True)
class OrganizationCalendars:
    """An organization with its calendars, and the entries that may name one."""

    key: str
    name: str
    timezone: str
    path: str
    calendars: tuple[CalendarShown, ...]
    entries: tuple[EntryShown, ...]

    def calendar(self, key: str) -> CalendarShown | None:
        """One of them by key."""
        return next((each for each in self.calendars if each.key == key), None)


def organization_calendars(
    session: Session, keys: Collection[str] | None = None
) -> list[OrganizationCalendars]:
    """Organizations by name with their calendars; `keys` narrows. Three statements, however many there are."""
    roots = (
        select(Organization, Branch.path)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .order_by(Organization.name)
    )
    if keys is not None:
        roots = roots.where(Organization.key.in_(keys))
    found = session.execute(roots).all()
    ids = [organization.id for organization, _ in found]
    calendars = session.scalars(
        select(CalendarRow).where(CalendarRow.organization_id.in_(ids)).order_by(CalendarRow.name)
    ).all()
    entries = session.scalars(
        select(Choice)
        .where(Choice.organization_id.in_(ids), Choice.list.in_(NAMING))
        .order_by(Choice.position, Choice.id)
    ).all()
    return [
        OrganizationCalendars(
            organization.key, organization.name, organization.timezone, path,
            tuple(_calendar(row) for row in calendars if row.organization_id == organization.id),
            _entries([row for row in entries if row.organization_id == organization.id]),
        )
        for organization, path in found
    ]  # fmt: skip


def _calendar(row: CalendarRow) -> CalendarShown:
    return CalendarShown(
        row.key, row.name, row.timezone, tuple(row.days), tuple(row.hours), row.country, row.subdivision,
        tuple(row.closed), row.standard, row.version,
    )  # fmt: skip


def _entries(rows: Sequence[Choice]) -> tuple[EntryShown, ...]:
    ordered = sorted(rows, key=lambda row: NAMING.index(row.list))
    return tuple(EntryShown(r.list, r.key, r.name, str(r.details.get("calendar", ""))) for r in ordered)
