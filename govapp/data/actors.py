"""Reads who acts: the person with the grants in force on a day, permissions of roles cached by their version."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from govapp.data.people import Grant, Group, GroupMember, Person, Role, RolePermission
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


def load_actor(session: Session, person_id: int, today: date) -> Actor | None:
    """The active person with grants in force, in one query; None when unknown or disabled (R07)."""
    rows = session.execute(
        select(
            Person.name, Person.email, Person.timezone, Person.theme,
            Role.id, Role.key, Role.version, Grant.branch_id, Branch.path,
        )
        .outerjoin(Grant, (Grant.person_id == Person.id) & in_force(today)[0] & in_force(today)[1] & in_force(today)[2])
        .outerjoin(Role, Role.id == Grant.role_id)
        .outerjoin(Branch, Branch.id == Grant.branch_id)
        .where(Person.id == person_id, Person.active.is_(True))
        .order_by(Grant.id)
    ).all()  # fmt: skip
    if not rows:
        return None
    grants = tuple(
        GrantHeld(row.key, row.branch_id, row.path, permissions_of(session, row.id, row.version))
        for row in rows
        if row.id
    )
    first = rows[0]
    return Actor(person_id, first.name, first.email, grants, frozenset(), first.timezone, first.theme)


def groups_of(session: Session, person_id: int) -> frozenset[str]:
    """Keys of the groups a person belongs to now."""
    statement = (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == person_id, GroupMember.ended_at.is_(None))
    )
    return frozenset(session.scalars(statement))
