"""Reads absences: of a person and of whom they stand in for, of everybody, and who may be named as deputy."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import in_force
from govapp.data.deputies import Deputy
from govapp.data.people import Grant, Person
from govapp.data.structure import Branch, Organization
from govapp.domain.deputies import KINDS, Absence

PAGE = 50
OFFERED = 500


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """An absence as pages show it."""

    id: int
    person_id: int
    person: str
    deputy_id: int
    deputy: str
    from_day: date
    until_day: date
    kinds: tuple[str, ...]
    reason: str
    set_by_id: int | None
    set_by: str
    set_at: datetime
    ended_at: datetime | None
    version: int

    def state(self, today: date) -> str:
        """ended, over, in_force or to_come."""
        if self.ended_at is not None:
            return "ended"
        return "over" if self.until_day < today else "to_come" if self.from_day > today else "in_force"


def absence_of(row: Deputy) -> Absence:
    """A row as the domain reads it; no kinds named means all."""
    kinds = frozenset(row.kinds or KINDS) & frozenset(KINDS)
    return Absence(row.person_id, row.deputy_id, row.from_day, row.until_day, kinds, row.id)


def absences_naming(session: Session, people: Collection[int], today: date) -> list[Absence]:
    """Absences not ended and not over in which one of these people is absent or deputy."""
    rows = session.scalars(
        select(Deputy).where(
            or_(Deputy.person_id.in_(people), Deputy.deputy_id.in_(people)),
            Deputy.ended_at.is_(None),
            Deputy.until_day >= today,
        )
    )
    return [absence_of(row) for row in rows]


def starting(session: Session, latest: date) -> list[Deputy]:
    """Absences that have begun by a day, are not over two days before it, and of whose begin nobody was told."""
    statement = select(Deputy).where(
        Deputy.told_on.is_(None),
        Deputy.ended_at.is_(None),
        Deputy.from_day <= latest,
        Deputy.until_day >= latest - timedelta(days=2),
    )
    return list(session.scalars(statement.order_by(Deputy.id)))


def deputies_today(session: Session, people: Iterable[int], kind: str, today: date) -> dict[int, list[int]]:
    """Active people who do a kind of work in the place of these people today, by absent person."""
    rows = session.execute(
        select(Deputy.person_id, Deputy.deputy_id, Deputy.kinds)
        .join(Person, Person.id == Deputy.deputy_id)
        .where(
            Deputy.person_id.in_(set(people)),
            Deputy.ended_at.is_(None),
            Deputy.from_day <= today,
            Deputy.until_day >= today,
            Person.active.is_(True),
        )
        .order_by(Deputy.id)
    )
    found: dict[int, list[int]] = {}
    for person, deputy, kinds in rows:
        if not kinds or kind in kinds:
            found.setdefault(person, []).append(deputy)
    return found


def _rows() -> Any:
    absent, deputy, setter = aliased(Person), aliased(Person), aliased(Person)
    return (
        select(
            Deputy.id, absent.id, absent.name, deputy.id, deputy.name, Deputy.from_day, Deputy.until_day, Deputy.kinds,
            Deputy.reason, setter.id, func.coalesce(setter.name, ""), Deputy.set_at, Deputy.ended_at, Deputy.version,
        )
        .join(absent, absent.id == Deputy.person_id)
        .join(deputy, deputy.id == Deputy.deputy_id)
        .outerjoin(setter, setter.id == Deputy.set_by)
    )  # fmt: skip


def _row(row: Any) -> AbsenceRow:
    values: list[Any] = [*row[:7], tuple(row[7] or KINDS), *row[8:]]
    return AbsenceRow(*values)


def absences_of(session: Session, person_id: int, limit: int = 50) -> list[AbsenceRow]:
    """A person's absences and those in which they stand in, the latest first; ended ones too."""
    mine = or_(Deputy.person_id == person_id, Deputy.deputy_id == person_id)
    statement = _rows().where(mine).order_by(Deputy.from_day.desc(), Deputy.id.desc()).limit(limit)
    return [_row(row) for row in session.execute(statement)]


def absences_page(
    session: Session, today: date, people: Collection[int] | None, *, all_of_them: bool = False, page: int = 1
) -> tuple[list[AbsenceRow], int]:
    """One page of all absences, those in force or to come only unless `all_of_them`; and how many there are.

    `people`: only of these absent people, or of everybody when None.
    """
    clauses: list[Any] = [] if people is None else [Deputy.person_id.in_(people)]
    if not all_of_them:
        clauses += [Deputy.ended_at.is_(None), Deputy.until_day >= today]
    total = session.scalar(select(func.count()).select_from(Deputy).where(*clauses)) or 0
    order = Deputy.from_day.desc() if all_of_them else Deputy.from_day
    statement = _rows().where(*clauses).order_by(order, Deputy.id).limit(PAGE).offset((page - 1) * PAGE)
    return [_row(row) for row in session.execute(statement)], total


def organizations_around(session: Session, person_id: int, today: date) -> list[tuple[int, str]]:
    """Id and time zone of the organizations in which a person holds a role now or later, by id."""
    not_ended, _started, not_over = in_force(today)
    rows = session.execute(
        select(Organization.id, Organization.timezone)
        .join(Branch, Branch.organization_id == Organization.id)
        .join(Grant, Grant.branch_id == Branch.id)
        .where(Grant.person_id == person_id, not_ended, not_over)
        .distinct()
        .order_by(Organization.id)
    )
    return [(row[0], row[1]) for row in rows]


def people_around(
    session: Session, organizations: Collection[int], today: date
) -> list[tuple[int, str, str]]:
    """Id, name and title of active people with a role in these organizations, by name; at most OFFERED."""
    not_ended, _started, not_over = in_force(today)
    inside = (
        select(Grant.person_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Branch.organization_id.in_(organizations), not_ended, not_over)
    )
    rows = session.execute(
        select(Person.id, Person.name, Person.title)
        .where(Person.active.is_(True), Person.id.in_(inside))
        .order_by(func.lower(Person.name), Person.id)
        .limit(OFFERED)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def organizations_of_branches(session: Session, branches: Collection[int]) -> list[int]:
    """Ids of the organizations in which these branches lie."""
    found = select(Branch.organization_id).where(Branch.id.in_(branches)).distinct()
    return sorted(session.scalars(found))
