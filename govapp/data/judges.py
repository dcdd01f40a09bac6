"""People whom evidence kinds name as judges: holders of parts, of roles in the branch, members of groups."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import above, in_force
from govapp.data.measures import Part
from govapp.data.people import Grant, Group, GroupMember, Person, Role, RolePermission
from govapp.data.reviews import Lookback
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch
from govapp.domain.evidence_judging import Named
from govapp.domain.evidence_kinds import Judge
from govapp.domain.permissions import PART_PERMISSIONS, Permission


def named_judges(
    session: Session, loaded: Loaded, judges: Iterable[Judge], today: date
) -> dict[str, tuple[Named, ...]]:
    """Active people behind `part:...`, `role:...` and `group:...` of these judges, in one statement.

    Each with whether they hold `evidence:judge` on the measure, by a grant or by a part. Whoever holds a part without
    the role it needs is not behind it.
    """
    wanted = list(judges)
    parts = {key for judge in wanted for key in judge.parts}
    roles = {key for judge in wanted for key in judge.roles}
    groups = {key for judge in wanted for key in judge.groups}
    path, right = loaded.place.path, _right(loaded.place.path, today)
    columns = (Person.id, Person.name, right.label("may"))
    legs: list[Any] = []
    if parts:
        legs.append(
            select(literal("part"), Part.part, *columns)
            .join(Person, Person.id == Part.person_id)
            .where(Part.measure_id == loaded.measure.id, Part.part.in_(parts), Person.active.is_(True))
            .where(_has_role(path, today, loaded.rules.roles_of_parts))
        )
    if roles:
        legs.append(
            select(literal("role"), Role.key, *columns)
            .join(Grant, Grant.role_id == Role.id)
            .join(Person, Person.id == Grant.person_id)
            .join(Branch, Branch.id == Grant.branch_id)
            .where(
                Role.key.in_(roles), Branch.path.in_(above(path)), Person.active.is_(True), *in_force(today)
            )
        )
    if groups:
        legs.append(
            select(literal("group"), Group.key, *columns)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .join(Person, Person.id == GroupMember.person_id)
            .where(Group.key.in_(groups), Group.organization_id == loaded.measure.organization_id)
            .where(GroupMember.ended_at.is_(None), Person.active.is_(True))
        )
    if not legs:
        return {}
    judging = {part for part, acts in PART_PERMISSIONS.items() if Permission.EVIDENCE_JUDGE in acts}
    free = judging - loaded.rules.roles_of_parts.keys()
    by_part = {person for part, person in loaded.place.parts.items() if part in free}
    found: dict[str, dict[int, Named]] = {}
    for kind, key, person, name, may in session.execute(union_all(*legs)):
        lent = person in by_part or (kind == "part" and key in judging)
        one = Named(person, name, f"{kind}:{key}", bool(may) or lent)
        found.setdefault(one.by, {}).setdefault(person, one)
    return {by: tuple(sorted(people.values(), key=lambda each: each.name)) for by, people in found.items()}


def emergency_people(session: Session, measure_id: int) -> frozenset[int]:
    """Who used the emergency path on a measure and still owes a look-back, for themselves or for somebody."""
    rows = session.execute(
        select(Lookback.set_by, Lookback.on_behalf_of).where(
            Lookback.measure_id == measure_id, Lookback.state == "open"
        )
    )
    return frozenset(person for row in rows for person in row if person is not None)


def group_members(session: Session, branch_id: int | None, keys: Iterable[str]) -> dict[str, dict[int, str]]:
    """Active members of groups of the branch's organization: names by id, by the group's key."""
    rows = session.execute(
        select(Group.key, Person.id, Person.name)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .join(Person, Person.id == GroupMember.person_id)
        .join(Branch, Branch.organization_id == Group.organization_id)
        .where(Branch.id == branch_id, Group.key.in_(list(keys)))
        .where(GroupMember.ended_at.is_(None), Person.active.is_(True))
        .order_by(Person.name, Person.id)
    )
    found: dict[str, dict[int, str]] = {}
    for key, person, name in rows:
        found.setdefault(key, {})[person] = name
    return found


def _has_role(path: str, today: date, needs: Mapping[str, str]) -> ColumnElement[bool]:
    """Clause: the holder of a part holds the role it needs, on the branch or above it."""
    held = exists().where(
        Grant.person_id == Person.id, Grant.role_id == Role.id, Grant.branch_id == Branch.id
    )
    held = held.where(Branch.path.in_(above(path)), *in_force(today)).correlate(Person)
    return and_(*(or_(Part.part != part, held.where(Role.key == role)) for part, role in needs.items()))


def _right(path: str, today: date) -> ColumnElement[bool]:
    """Clause: the person holds `evidence:judge` by a grant in force on the branch or above it."""
    grant, role, branch = aliased(Grant), aliased(Role), aliased(Branch)
    return (
        exists()
        .where(grant.person_id == Person.id, grant.role_id == role.id, grant.branch_id == branch.id)
        .where(RolePermission.role_id == role.id, RolePermission.version == role.version)
        .where(RolePermission.permission == Permission.EVIDENCE_JUDGE, branch.path.in_(above(path)))
        .where(grant.ended_at.is_(None), or_(grant.from_day.is_(None), grant.from_day <= today))
        .where(or_(grant.until_day.is_(None), grant.until_day >= today))
        .correlate(Person)
    )
