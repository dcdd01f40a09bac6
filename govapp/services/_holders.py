"""Who holds the roles and belongs to the groups that an approval path names, in one statement."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session

from govapp.data.actors import above, in_force
from govapp.data.people import Grant, Group, GroupMember, Person, Role, RolePermission
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch
from govapp.domain.permissions import DECIDING_PARTS, Permission
from govapp.domain.rules import StepRule
from govapp.domain.table import path_for

Holders = Mapping[str, frozenset[int]]
_KINDS = ("roles", "groups")


def holders_of_path(
    session: Session, loaded: Loaded, into: str | None, today: date, known: dict[Any, Holders] | None = None
) -> Holders:
    """Active people by 'role:<key>' and 'group:<key>' of the path into a stage; asks nothing where none is named.

    `known` keeps the answers for a list of measures: those of one branch whose steps name the same ask once.
    """
    if into is None or into not in loaded.rules.gates:
        return {}
    steps = [one.step for one in path_for(loaded.rules, into, loaded.snapshot)]
    if known is None:
        return holders_of(session, loaded, steps, today)
    named = frozenset((kind, who) for step in steps for kind in _KINDS for who in step.deciders.get(kind, ()))
    key = (loaded.place.path, loaded.measure.organization_id, today, named)
    if key not in known:
        known[key] = holders_of(session, loaded, steps, today)
    return known[key]


def holders_of(session: Session, loaded: Loaded, steps: Iterable[StepRule], today: date) -> Holders:
    """The same for these steps; grants count as of `today` in the organization."""
    named: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for step in steps:
        for kind, keys in named.items():
            keys.update(step.deciders.get(kind, ()))
    found = []
    if named["roles"]:
        found.append(
            select(literal("role:").label("kind"), Role.key.label("name"), Grant.person_id.label("person"))
            .join(Grant, Grant.role_id == Role.id)
            .join(Person, Person.id == Grant.person_id)
            .join(Branch, Branch.id == Grant.branch_id)
            .where(
                Role.key.in_(sorted(named["roles"])), Branch.path.in_(above(loaded.place.path)), Person.active
            )
            .where(*in_force(today))
        )
    if named["groups"]:
        found.append(
            select(
                literal("group:").label("kind"),
                Group.key.label("name"),
                GroupMember.person_id.label("person"),
            )
            .join(GroupMember, GroupMember.group_id == Group.id)
            .join(Person, Person.id == GroupMember.person_id)
            .where(Group.key.in_(sorted(named["groups"])), GroupMember.ended_at.is_(None), Person.active)
            .where(Group.organization_id == loaded.measure.organization_id)
            .where(or_(_deciding(loaded, today), GroupMember.person_id.in_(_by_part(loaded))))
        )
    people: dict[str, set[int]] = {}
    if found:
        for kind, name, person in session.execute(union_all(*found)):
            people.setdefault(kind + name, set()).add(person)
    return {key: frozenset(those) for key, those in people.items()}


def _deciding(loaded: Loaded, today: date) -> ColumnElement[bool]:
    """True for a member of a group who may decide on this branch at all: others would count and never vote."""
    return (
        exists()
        .where(
            Grant.person_id == GroupMember.person_id, Role.id == Grant.role_id, Branch.id == Grant.branch_id
        )
        .where(RolePermission.role_id == Role.id, RolePermission.version == Role.version)
        .where(RolePermission.permission == str(Permission.REVIEW_DECIDE))
        .where(Branch.path.in_(above(loaded.place.path)), *in_force(today))
    )


def _by_part(loaded: Loaded) -> list[int]:
    """People whose part on the measure lets them decide."""
    return [held.person_id for part, held in loaded.snapshot.parts.items() if part in DECIDING_PARTS]
