"""Duty matrices of workflow versions, and who holds what: parts, roles in an organization, groups, absences."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.actors import in_force
from govapp.data.gates import Workflow, WorkflowVersion
from govapp.data.people import Grant, Role
from govapp.data.structure import Branch
from govapp.domain.duties import Duties, joined, parse_duties

_by_digest: dict[str, Duties] = {}


def _parsed(digest: str, definition: Any) -> Duties:
    if digest not in _by_digest:
        _by_digest[digest] = parse_duties(definition)
    return _by_digest[digest]


def duties_of(session: Session, version_id: int) -> Duties:
    """The matrix of a workflow version; a version never changes, so it is cached by its digest."""
    digest = session.execute(
        select(WorkflowVersion.digest).where(WorkflowVersion.id == version_id)
    ).scalar_one()
    if digest not in _by_digest:
        _parsed(digest, session.get_one(WorkflowVersion, version_id).definition)
    return _by_digest[digest]


def live_matrices(session: Session) -> list[tuple[str, int, Duties]]:
    """Name, number and matrix of every workflow's active version."""
    rows = session.execute(
        select(WorkflowVersion.id, WorkflowVersion.digest, WorkflowVersion.number, Workflow.name)
        .join(Workflow, Workflow.id == WorkflowVersion.workflow_id)
        .where(WorkflowVersion.state == "active")
        .order_by(Workflow.id, WorkflowVersion.number)
    ).all()
    return [(row.name, row.number, _by_digest.get(row.digest) or duties_of(session, row.id)) for row in rows]


def duties_in_force(session: Session) -> Duties:
    """The rules of all active versions together: roles belong to the whole database, not to one workflow."""
    return joined(duties for _, _, duties in live_matrices(session))


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
