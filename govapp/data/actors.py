"""Reads who acts: the person with the grants in force on a day, permissions of roles cached by their version."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from govapp.data.people import Grant, Group, GroupMember, LoginSession, Person, Role, RolePermission
from govapp.data.runtime import current
from govapp.data.structure import Branch
from govapp.domain.rights import Actor, GrantHeld

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
    """Clauses for a grant in force on a day: started, not past its last day, not ended."""
    return (
        Grant.ended_at.is_(None),
        or_(Grant.from_day.is_(None), Grant.from_day <= today),
        or_(Grant.until_day.is_(None), Grant.until_day >= today),
    )


def above(path: str) -> list[str]:
    """Paths of the branch at `path` and of every branch above it: '/1/', '/1/4/', '/1/4/9/'."""
    return [path[: place + 1] for place, sign in enumerate(path) if sign == "/" and place]


_ACTOR: tuple[Any, ...] = (
    Person.id.label("person"), Person.name, Person.email, Person.timezone, Person.theme, Person.active,
    Role.id, Role.key, Role.version, Grant.branch_id, Branch.path,
)  # fmt: skip


def _with_grants(statement: Select[Any]) -> Select[Any]:
    day: Any = bindparam("today", type_=Date())
    return (
        statement.outerjoin(Grant, and_(Grant.person_id == Person.id, *in_force(day)))
        .outerjoin(Role, Role.id == Grant.role_id)
        .outerjoin(Branch, Branch.id == Grant.branch_id)
        .order_by(Grant.id)
    )


def load_actor(session: Session, person_id: int, today: date) -> Actor | None:
    """The active person with grants in force, in one query; None when unknown or disabled (R07)."""
    return _actor(session, session.execute(_of_person(), {"person": person_id, "today": today}).all())


@cache
def _of_person() -> Select[Any]:
    """Made once, as the next: these two are asked in every request, and making them costs more than asking."""
    return _with_grants(select(*_ACTOR).select_from(Person).where(Person.id == bindparam("person")))


@cache
def _of_session() -> Select[Any]:
    statement = select(LoginSession, *_ACTOR).join(Person, Person.id == LoginSession.person_id)
    return _with_grants(statement.where(LoginSession.id == bindparam("digest")))


def load_signed_in(session: Session, digest: str, today: date) -> tuple[LoginSession, Actor | None] | None:
    """The session with this digest and its person as `load_actor` reads them, in one query; None when unknown."""
    rows = session.execute(_of_session(), {"digest": digest, "today": today}).all()
    return (rows[0][0], _actor(session, rows)) if rows else None


def _actor(session: Session, rows: Sequence[Any]) -> Actor | None:
    if not rows or not rows[0].active:
        return None
    grants = tuple(
        GrantHeld(row.key, row.branch_id, row.path, permissions_of(session, row.id, row.version))
        for row in rows
        if row.id
    )
    first = rows[0]
    return Actor(first.person, first.name, first.email, grants, frozenset(), first.timezone, first.theme)


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
