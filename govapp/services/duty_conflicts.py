"""What collides now although every assignment is checked: after imports, with a new matrix, when roles begin or end."""

from datetime import date

from sqlalchemy.orm import Session

from govapp.data.deputy_queries import organizations_of_branches
from govapp.data.duties import duties_in_force, duties_of
from govapp.data.duty_conflicts import (
    HeldParts,
    absences_to_come,
    parts_held,
    parts_of_both,
    parts_of_people,
    places_of_roles,
    several_roles,
    two_parts_in_one_hand,
)
from govapp.data.role_queries import roles_by_organization
from govapp.domain.duties import PART, ROLE, Duties, part_conflicts, roles_together, roles_without_voice
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.services.duties import OpenConflict, between_both, of_parts, parts_against

NEEDS_ROLE, DISABLED = "needs_role", "disabled"
_RIGHTS = (Permission.PEOPLE_VIEW, Permission.GOVERNANCE_VIEW)


def open_conflicts(session: Session, actor: Actor, today: date) -> list[OpenConflict]:
    """Every collision on live measures, among roles and through absences, as far as the actor may see them.

    A bounded number of statements, whatever the number of measures; each kind ends at a thousand.
    """
    matrix = duties_in_force(session)
    return [
        *_parts(session, actor),
        *_holders(session, actor, matrix, today),
        *_absences(session, actor, today),
        *_roles(session, actor, matrix, today),
    ]


def _parts(session: Session, actor: Actor) -> list[OpenConflict]:
    return [
        OpenConflict(row.person_id, row.person, c.one, c.other, c.effect, c.reason, "", row.measure, row.title, 1)
        for row in two_parts_in_one_hand(session, actor)
        for c in part_conflicts(
            duties_of(session, row.version_id),
            {row.one: row.person_id, row.other: row.person_id},
            (row.one, row.other),
        )
    ]  # fmt: skip


def _roles(session: Session, actor: Actor, matrix: Duties, today: date) -> list[OpenConflict]:
    seen = organizations_of_branches(
        session, [g.branch_id for g in actor.grants if g.permissions & set(_RIGHTS)]
    )
    return [
        OpenConflict(row.person_id, row.person, c.one, c.other, c.effect, c.reason, place=row.organization)
        for row in several_roles(session, today, seen)
        for c in roles_together(matrix, row.roles)
    ]


def _holders(session: Session, actor: Actor, matrix: Duties, today: date) -> list[OpenConflict]:
    """Holders of parts who are disabled, lost the role a part needs, or hold a role that gives no voice."""
    silent = roles_without_voice(matrix)
    held = parts_of_people(session, roles=silent, today=today, actor=actor)
    roles = roles_by_organization(session, {row.person_id for row in held}, today, to_come=False)
    found = [
        each
        for row in held
        for each in parts_against(
            matrix, [row], {row.person_id: roles.get(row.person_id, {}).get(row.organization_id, frozenset())}
        )
    ]
    found += [
        of_parts(row, "", PART + row.part, why=DISABLED)
        for row in parts_of_people(session, today=today, actor=actor)
    ]
    return found + _lost_roles(session, actor, matrix, today)


def _lost_roles(session: Session, actor: Actor, matrix: Duties, today: date) -> list[OpenConflict]:
    held = [row for row in parts_held(session, list(matrix.needs_role), actor) if row.active]
    places = places_of_roles(session, {row.person_id for row in held}, today)

    def lost(row: HeldParts) -> bool:
        needed = matrix.needs_role[row.part]
        return not any(row.path.startswith(path) for path in places.get((row.person_id, needed), ()))

    return [
        of_parts(row, ROLE + matrix.needs_role[row.part], PART + row.part, why=NEEDS_ROLE)
        for row in held
        if lost(row)
    ]


def _absences(session: Session, actor: Actor, today: date) -> list[OpenConflict]:
    absences = {(person, deputy): number for number, person, deputy in absences_to_come(session, today)}
    return between_both(session, parts_of_both(session, absences, actor), absences)
