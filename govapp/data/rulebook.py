"""Workflow versions as domain rules, cached by their digest (a version never changes)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.gates import EvidenceKindRow, EvidenceKindVersion, WorkflowVersion
from govapp.data.measures import Measure
from govapp.domain.rules import Rules, parse_rules

_by_digest: dict[str, Rules] = {}


def rules_for(session: Session, version_id: int, digest: str = "") -> Rules:
    """The rules of a workflow version; with its digest at hand no query is needed."""
    if digest not in _by_digest:
        version = session.get_one(WorkflowVersion, version_id)
        digest = version.digest
        if digest not in _by_digest:
            _by_digest[digest] = parse_rules(version.definition)
    return _by_digest[digest]


def rules_of(session: Session, key: str) -> Rules | None:
    """The rules a measure stands under; None where there is no such measure."""
    found = session.execute(
        select(WorkflowVersion.id, WorkflowVersion.digest)
        .join(Measure, Measure.workflow_version_id == WorkflowVersion.id)
        .where(Measure.key == key)
    ).first()
    return rules_for(session, found.id, found.digest) if found else None


def active_version(session: Session, workflow_id: int) -> WorkflowVersion | None:
    """The version new measures start under."""
    return session.scalar(
        select(WorkflowVersion)
        .where(WorkflowVersion.workflow_id == workflow_id, WorkflowVersion.state == "active")
        .order_by(WorkflowVersion.number.desc())
        .limit(1)
    )


def kind_version_id(session: Session, workflow_id: int, kind: str, digest: str) -> int:
    """The row of an evidence kind's version by its digest. Raises NoResultFound."""
    return session.execute(
        select(EvidenceKindVersion.id)
        .join(EvidenceKindRow, EvidenceKindRow.id == EvidenceKindVersion.evidence_kind_id)
        .where(
            EvidenceKindRow.workflow_id == workflow_id,
            EvidenceKindRow.key == kind,
            EvidenceKindVersion.digest == digest,
        )
        .order_by(EvidenceKindVersion.number.desc())
        .limit(1)
    ).scalar_one()
