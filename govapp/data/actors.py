"""Reads who acts: the person with the grants in force at a moment, permissions of roles cached by their version."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from govapp.data.deputies import Deputy
from govapp.data.duties import Apart, parts_apart
from govapp.data.gates import WorkflowVersion
from govapp.data.json_rows import json_rows
from govapp.data.people import Grant, Group, GroupMember, LoginSession, Person, Role, RolePermission
from govapp.data.runtime import current
from govapp.data.structure import Branch, Organization
from govapp.domain.deputies import KINDS
from govapp.domain.rights import Actor, GrantHeld, StandIn

_permissions: dict[tuple[str, int, int], frozenset[str]] = {}


def permissions_of(session: Session, role_id: int, version: int) -> frozenset[str]:
    """The permissions of a role in one version; versions never change, so they are cached."""
    key = (str(current().engine.url), role_id, version)
    if key not in _permissions:
        found = session.scalars(
            select(RolePermission.permission).where(
                RolePermission.role_id == role_id, RolePermission.version == version
            )
        )
        _permissions[key] = frozenset(found)
    return _permissions[key]


def in_force(today: date):  # type: ignore[no-untyped-def]  # a tuple of SQL clauses
    """Clauses for a grant in force on a day of its organization: started, not past its last day, not ended."""
    return (
        Grant.ended_at.is_(None),
        or_(Grant.from_day.is_(None), Grant.from_day <= today),
        or_(Grant.until_day.is_(None), Grant.until_day >= today),
    )


def day_in(timezone: str, at: datetime) -> date:
    """The day it is in a time zone at a moment."""
    return at.astimezone(ZoneInfo(timezone)).date()


def above(path: str) -> list[str]:
    """Paths of the branch at `path` and of every branch above it: '/1/', '/1/4/', '/1/4/9/'."""
    return [path[: place + 1] for place, sign in enumerate(path) if sign == "/" and place]


_ACTOR: tuple[Any, ...] = (
    Person.id.label("person"), Person.name, Person.email, Person.timezone, Person.theme, Person.active,
    Role.id, Role.key, Role.version, Grant.branch_id, Branch.path,
    Grant.from_day, Grant.until_day, Organization.timezone.label("zone"),
)  # fmt: skip


def _standing_in() -> ColumnElement[str]:
    """Absences for which the person is the deputy, on a day around now in whatever zone, as JSON; mostly none."""
    rows = select(Deputy.id, Deputy.person_id, Deputy.from_day, Deputy.until_day, Deputy.kinds).where(
        Deputy.deputy_id == Person.id,
        Deputy.ended_at.is_(None),
        Deputy.from_day <= bindparam("day_after"),
        Deputy.until_day >= bindparam("day_before"),
    )
    return json_rows(rows, correlate=Person.__table__).label("stands_in")


def _around(at: datetime) -> dict[str, date]:
    return {"day_before": (at - timedelta(days=1)).date(), "day_after": (at + timedelta(days=1)).date()}


def _with_grants(statement: Select[Any]) -> Select[Any]:
    return (
        statement.outerjoin(Grant, and_(Grant.person_id == Person.id, Grant.ended_at.is_(None)))
        .outerjoin(Role, Role.id == Grant.role_id)
        .outerjoin(Branch, Branch.id == Grant.branch_id)
        .outerjoin(Organization, Organization.id == Branch.organization_id)
        .order_by(Grant.id)
    )


def load_actor(session: Session, person_id: int, at: datetime) -> Actor | None:
    """The active person with grants in force, in one query; None when unknown or disabled (R07).

    Days of a grant begin and end at midnight of its organization. Who stands in for somebody today costs a query more.
    """
    return _actor(session, session.execute(_of_person(), person_at(person_id, at)).all(), at)


def person_at(person_id: int, at: datetime) -> dict[str, Any]:
    """What a statement that reads an actor is asked with."""
    return {"person": person_id} | _around(at)


class _ActorRow(NamedTuple):
    """A grant of the person as `_of_person` reads it, from JSON: days as there."""

    person: int
    name: str
    email: str
    timezone: str
    theme: str
    active: bool
    id: int | None
    key: str
    version: int
    branch_id: int
    path: str
    from_day: date | None
    until_day: date | None
    zone: str
    stands_in: str


def actor_column() -> ColumnElement[str]:
    """The rows that `load_actor` reads, as JSON, within a statement that reads more; `actor_in` makes the person."""
    return json_rows(_of_person())


def actor_in(session: Session, said: str, at: datetime) -> Actor | None:
    """The person from such a column; None when unknown or disabled."""
    rows = [_ActorRow(*row) for row in json.loads(said)]
    dated = [row._replace(from_day=_day(row.from_day), until_day=_day(row.until_day)) for row in rows]
    return _actor(session, dated, at)


def _day(text: Any) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


@cache
def _of_person() -> Select[Any]:
    """Made once, as the next: these two are asked in every request, and making them costs more than asking."""
    one = select(*_ACTOR, _standing_in()).select_from(Person).where(Person.id == bindparam("person"))
    return _with_grants(one)


@cache
def _of_people() -> Select[Any]:
    many = Person.id.in_(bindparam("people", expanding=True))
    versions = select(WorkflowVersion.id, WorkflowVersion.digest).where(WorkflowVersion.state != "draft")
    rules = json_rows(versions).label("versions")
    return _with_grants(select(*_ACTOR, rules).select_from(Person).where(many))


@cache
def _of_session() -> Select[Any]:
    statement = select(LoginSession, *_ACTOR, _standing_in()).join(
        Person, Person.id == LoginSession.person_id
    )
    return _with_grants(statement.where(LoginSession.id == bindparam("digest")))


def load_signed_in(session: Session, digest: str, at: datetime) -> tuple[LoginSession, Actor | None] | None:
    """The session with this digest and its person as `load_actor` reads them, in one query; None when unknown."""
    rows = session.execute(_of_session(), {"digest": digest} | _around(at)).all()
    return (rows[0][0], _actor(session, rows, at)) if rows else None


def holds_at(grant: Any, at: datetime) -> bool:
    """Whether a grant that was not ended (`from_day`, `until_day`, `zone` of its organization) is in force."""
    day = day_in(grant.zone, at)
    return (grant.from_day is None or grant.from_day <= day) and not is_over(grant, at)


def is_over(grant: Any, at: datetime) -> bool:
    """Whether the last day of a grant has passed in its organization (`zone`)."""
    return grant.until_day is not None and grant.until_day < day_in(grant.zone, at)


def _actor(session: Session, rows: Sequence[Any], at: datetime) -> Actor | None:
    if not rows or not rows[0].active:
        return None
    absences = json.loads(rows[0].stands_in)
    stands_in = _stand_ins(session, absences, at, _zone_of(rows)) if absences else ()
    return _with_rights(session, rows, at, stands_in)


def _zone_of(rows: Sequence[Any]) -> str:
    """The zone of the organization in which somebody holds a role, else ''."""
    return next((row.zone for row in rows if row.zone), "")


def _with_rights(
    session: Session, rows: Sequence[Any], at: datetime, stands_in: tuple[StandIn, ...] = ()
) -> Actor:
    held = [row for row in rows if row.id and holds_at(row, at)]
    grants = tuple(
        GrantHeld(row.key, row.branch_id, row.path, permissions_of(session, row.id, row.version))
        for row in held
    )
    first = rows[0]
    zone = first.timezone or (held[0].zone if held else "")
    return Actor(first.person, first.name, first.email, grants, frozenset(), zone, first.theme, stands_in)


def _stand_ins(session: Session, absences: Sequence[Any], at: datetime, zone: str) -> tuple[StandIn, ...]:
    """The absent people in force now, with their rights; who is disabled has no voice to lend."""
    wanted = sorted({row[1] for row in absences})
    rows_of: dict[int, list[Any]] = {}
    apart: Apart = frozenset()
    for row in session.execute(_of_people(), {"people": wanted}):
        if not rows_of:
            apart = parts_apart(session, json.loads(row.versions))
        rows_of.setdefault(row.person, []).append(row)
    found = []
    for number, person, from_day, until_day, kinds in sorted(absences):
        rows = rows_of.get(person, [])
        if not rows or not rows[0].active:
            continue
        today = day_in(_zone_of(rows) or zone or "UTC", at).isoformat()
        if from_day <= today <= until_day:
            named = frozenset(json.loads(kinds) or KINDS) & frozenset(KINDS)
            until = date.fromisoformat(until_day)
            found.append(StandIn(_with_rights(session, rows, at), named, number, until, apart))
    return tuple(found)


def groups_of(session: Session, person_id: int, organization_id: int) -> frozenset[str]:
    """Keys of the groups of an organization a person belongs to now; others may have groups of the same key."""
    statement = (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(
            GroupMember.person_id == person_id,
            GroupMember.ended_at.is_(None),
            Group.organization_id == organization_id,
        )
    )
    return frozenset(session.scalars(statement))
