"""Roles people hold in whole organizations."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.actors import in_force
from govapp.data.people import Grant, Role
from govapp.data.structure import Branch


def roles_by_organization(
    session: Session, people: Iterable[int], today: date, *, to_come: bool = True
) -> dict[int, dict[int, frozenset[str]]]:
    """Roles by person and organization, on any branch of it; those that begin later count too when `to_come`."""
    not_ended, started, not_over = in_force(today)
    clauses = (not_ended, not_over) if to_come else (not_ended, started, not_over)
    rows = session.execute(
        select(Grant.person_id, Branch.organization_id, Role.key)
        .join(Role, Role.id == Grant.role_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Grant.person_id.in_(set(people)), *clauses)
        .distinct()
    )
    found: dict[int, dict[int, set[str]]] = {}
    for person, organization, role in rows:
        found.setdefault(person, {}).setdefault(organization, set()).add(role)
    return {
        person: {organization: frozenset(roles) for organization, roles in places.items()}
        for person, places in found.items()
    }
