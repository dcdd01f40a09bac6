"""Read queries about people: the list, one person with grants, parts and sessions, and what the first start needs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.actors import in_force
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant, LoginSession, Person, Role
from govapp.data.structure import Branch, Organization

PAGE = 50
SORTS: dict[str, tuple[Any, ...]] = {
    "name": (func.lower(Person.name), Person.id),
    "email": (Person.email,),
    "newest": (Person.created_at.desc(), Person.id.desc()),
}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list of people."""

    id: int
    name: str
    email: str
    title: str
    active: bool
    seen_at: datetime | None
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role a person holds or held on a branch."""

    id: int
    role: str
    role_name: str
    branch: str
    branch_name: str
    branch_id: int
    path: str
    from_day: date | None
    until_day: date | None
    granted_at: datetime
    granted_by: str
    live: bool


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part a person holds on a measure."""

    measure: str
    title: str
    part: str
    state: str
    path: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that has not ended."""

    id: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class PersonDetail:
    """What the page of a person shows of the person alone."""

    id: int
    name: str
    email: str
    title: str
    active: bool
    version: int
    timezone: str
    theme: str
    created_at: datetime


def holds_part(session: Session, person_id: int, parts: Sequence[str]) -> bool:
    """True when the person holds one of these parts on some measure."""
    statement = select(exists().where(Part.person_id == person_id, Part.part.in_(parts)))
    return bool(session.scalar(statement))


def anybody(session: Session) -> bool:
    """True when the database has a person; without one the first start guides."""
    return bool(session.scalar(select(exists().where(Person.id.is_not(None)))))


def any_organization(session: Session) -> bool:
    """True when an organization was set up."""
    return bool(session.scalar(select(exists().where(Organization.id.is_not(None)))))


def _like(words: str) -> ColumnElement[bool]:
    """Name, e-mail or title holds the words; several cases are tried, since SQLite folds only A to Z."""
    tries = {words, words.lower(), words.upper(), words.title()}
    return or_(
        *(
            column.ilike(
                "%" + each.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%", escape="\\"
            )
            for each in tries
            for column in (Person.name, Person.email, Person.title)
        )
    )


def _filtered(statement: Select[Any], words: str, state: str, role: str, today: date) -> Select[Any]:
    for word in words.split()[:5]:
        statement = statement.where(_like(word))
    if state in {"active", "disabled"}:
        statement = statement.where(Person.active.is_(state == "active"))
    if role:
        held = (
            select(Grant.person_id)
            .join(Role, Role.id == Grant.role_id)
            .where(Role.key == role, *in_force(today))
        )
        statement = statement.where(Person.id.in_(held))
    return statement


def people_page(
    session: Session,
    today: date,
    *,
    words: str = "",
    state: str = "",
    role: str = "",
    sort: str = "name",
    page: int = 1,
    readable: Callable[[str], bool] = lambda path: True,
) -> tuple[list[PersonRow], int]:
    """One page of the people list and the number of all rows; five queries whatever the number of rows.

    Roles on branches that are not `readable` (by their path) are left out.
    """
    total = session.scalar(_filtered(select(func.count(Person.id)), words, state, role, today)) or 0
    order = SORTS.get(sort, SORTS["name"])
    chosen = (
        _filtered(select(Person.id), words, state, role, today)
        .order_by(*order)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    ids = list(session.scalars(chosen))
    roles = _roles_of(session, ids, today, readable)
    latest = (
        select(LoginSession.person_id, func.max(LoginSession.seen_at))
        .where(LoginSession.person_id.in_(ids))
        .group_by(LoginSession.person_id)
    )
    seen: dict[int, datetime] = {row[0]: row[1] for row in session.execute(latest)}
    found = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    rows = [
        PersonRow(i, p.name, p.email, p.title, p.active, seen.get(i), tuple(roles.get(i, ())))
        for i in ids
        if (p := found.get(i))
    ]
    return rows, total


def _roles_of(
    session: Session, ids: Sequence[int], today: date, readable: Callable[[str], bool] = lambda path: True
) -> dict[int, list[tuple[str, str]]]:
    roles: dict[int, list[tuple[str, str]]] = {}
    statement = (
        select(Grant.person_id, Role.name, Branch.name, Branch.path)
        .join(Role, Role.id == Grant.role_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Grant.person_id.in_(ids), *in_force(today))
        .order_by(Role.position, Branch.path)
    )
    for person_id, role, branch, path in session.execute(statement):
        if readable(path):
            roles.setdefault(person_id, []).append((role, branch))
    return roles


def demonstration_people(session: Session, today: date) -> list[PersonRow]:
    """The active people with their titles and roles, in the order they were added."""
    people = session.scalars(
        select(Person).where(Person.active.is_(True)).order_by(Person.id).limit(60)
    ).all()
    roles = _roles_of(session, [person.id for person in people], today)
    return [PersonRow(p.id, p.name, p.email, p.title, True, None, tuple(roles.get(p.id, ()))) for p in people]


def person_detail(session: Session, person_id: int) -> PersonDetail | None:
    """One person, or None."""
    p = session.get(Person, person_id)
    if p is None:
        return None
    return PersonDetail(
        p.id, p.name, p.email, p.title, p.active, p.version, p.timezone, p.theme, p.created_at
    )


def names_of(session: Session, people: Collection[int]) -> dict[int, str]:
    """Names of people by id."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(people))) if people else ()
    return {row[0]: row[1] for row in rows}


def grants_of(session: Session, person_id: int, today: date) -> list[GrantRow]:
    """Grants that have not ended, those in force or to come first; over ones stay in the log."""
    giver = select(Person.name).where(Person.id == Grant.granted_by).scalar_subquery()
    statement = (
        select(
            Grant.id, Role.key, Role.name, Branch.key, Branch.name, Branch.id, Branch.path,
            Grant.from_day, Grant.until_day, Grant.granted_at, giver,
        )
        .join(Role, Role.id == Grant.role_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Grant.person_id == person_id, Grant.ended_at.is_(None))
        .order_by(Branch.path, Role.position)
    )  # fmt: skip
    rows = session.execute(statement)
    return [GrantRow(*row[:10], row[10] or "", row[8] is None or row[8] >= today) for row in rows]


def parts_of(session: Session, person_id: int, limit: int = 200) -> list[PartRow]:
    """Parts the person holds on measures, with the path of the measure's branch for the reader's rights."""
    statement = (
        select(Measure.key, Measure.title, Part.part, Measure.state, Branch.path)
        .join(Measure, Measure.id == Part.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(Part.person_id == person_id)
        .order_by(Measure.id)
        .limit(limit)
    )
    return [PartRow(*row) for row in session.execute(statement)]


def sessions_of(session: Session, person_id: int, at: datetime, idle_since: datetime) -> list[SessionRow]:
    """Sessions that are still good, the last used first."""
    statement = (
        select(LoginSession)
        .where(
            LoginSession.person_id == person_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > at,
            LoginSession.seen_at > idle_since,
        )
        .order_by(LoginSession.seen_at.desc())
        .limit(50)
    )
    return [SessionRow(s.id, s.created_at, s.seen_at, s.address, s.agent) for s in session.scalars(statement)]


def role_choices(session: Session) -> list[tuple[str, str]]:
    """Keys and names of all roles."""
    return list(session.execute(select(Role.key, Role.name).order_by(Role.position, Role.id)))


def branch_choices(session: Session) -> list[tuple[str, str, str]]:
    """Key, indented name and path of every branch in the order of the tree."""
    rows = session.execute(
        select(Branch.key, Branch.name, Branch.path).where(Branch.archived.is_(False))
    ).all()
    names = {path: name for _, name, path in rows}

    def along(path: str) -> tuple[str, ...]:
        ids = path.strip("/").split("/")
        return tuple(names.get("/" + "/".join(ids[: n + 1]) + "/", "") for n in range(len(ids)))

    ordered = sorted(rows, key=lambda row: along(row[2]))
    return [(key, "\u2003" * (path.count("/") - 2) + name, path) for key, name, path in ordered]
