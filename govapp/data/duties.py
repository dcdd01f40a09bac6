"""Duty matrices of workflow versions, cached by their digest (a version never changes)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.gates import Workflow, WorkflowVersion
from govapp.domain.duties import FORBID, PART, Duties, joined, parse_duties

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


Apart = frozenset[tuple[int, str, str]]
_apart_by_digest: dict[str, tuple[tuple[str, str], ...]] = {}


def parts_apart(session: Session, versions: Iterable[tuple[int, str]]) -> Apart:
    """Which part of a deputy must not meet which part of the absent person, by workflow version (id, digest)."""
    found = set()
    for number, digest in versions:
        if digest not in _apart_by_digest:
            rules = [rule for rule in duties_of(session, number).rules if rule.effect == FORBID]
            pairs = {(rule.one, other) for rule in rules for other in rule.others}
            sides = {
                (a[len(PART) :], b[len(PART) :])
                for a, b in pairs
                if a.startswith(PART) and b.startswith(PART)
            }
            _apart_by_digest[digest] = tuple(sorted(sides | {(b, a) for a, b in sides}))
        found |= {(number, mine, theirs) for mine, theirs in _apart_by_digest[digest]}
    return frozenset(found)
