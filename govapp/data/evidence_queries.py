"""Reads evidence for its pages: pieces of a measure, one piece with its revisions, files, drafts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from govapp.data.evidence import Evidence, EvidenceDraft, EvidenceFile, EvidenceRevision
from govapp.data.gates import EvidenceKindVersion
from govapp.data.measures import Measure
from govapp.data.people import Person


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece of evidence with its newest revision."""

    id: int
    kind: str
    number: int
    revision: int
    revision_id: int
    person: str
    on_behalf_of: str
    at: datetime
    effective_on: date
    valid_until: date | None
    digest: str
    person_id: int
    for_id: int | None
    judged: str
    judged_by: str
    judged_for: str
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One revision: its values, the kind version it was handed in under, who and when, and what its judge said."""

    id: int
    number: int
    values: Mapping[str, Any]
    definition: Mapping[str, Any]
    kind_version: int
    digest: str
    person: str
    on_behalf_of: str
    at: datetime
    effective_on: date
    valid_until: date | None
    judged: str
    judged_reason: str
    person_id: int
    for_id: int | None
    judged_by: str
    judged_for: str
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a revision, and the measure it belongs to."""

    id: int
    field: str
    name: str
    digest: str
    size: int
    type: str
    revision: int
    revision_id: int
    evidence_id: int
    measure_id: int
    kind: str


def pieces(session: Session, measure_id: int) -> list[PieceRow]:
    """Every piece of a measure with its newest revision, oldest piece first."""
    behalf, judge, principal = aliased(Person), aliased(Person), aliased(Person)
    rows: Any = session.execute(
        select(
            Evidence.id, Evidence.kind, Evidence.number, EvidenceRevision.number, EvidenceRevision.id, Person.name,
            func.coalesce(behalf.name, ""), EvidenceRevision.at, EvidenceRevision.effective_on,
            EvidenceRevision.valid_until,
            EvidenceRevision.digest, EvidenceRevision.person_id, EvidenceRevision.on_behalf_of, EvidenceRevision.judged,
            func.coalesce(judge.name, ""), func.coalesce(principal.name, ""), EvidenceRevision.judged_at,
        )
        .join(EvidenceRevision, EvidenceRevision.evidence_id == Evidence.id)
        .join(Person, Person.id == EvidenceRevision.person_id)
        .outerjoin(behalf, behalf.id == EvidenceRevision.on_behalf_of)
        .outerjoin(judge, judge.id == EvidenceRevision.judged_by)
        .outerjoin(principal, principal.id == EvidenceRevision.judged_for)
        .where(Evidence.measure_id == measure_id, EvidenceRevision.number == Evidence.revisions)
        .order_by(Evidence.kind, Evidence.number)
    )  # fmt: skip
    return [PieceRow(*row) for row in rows]


def draft_kinds(session: Session, measure_id: int, person_id: int | None) -> frozenset[str]:
    """Kinds of which the person keeps a half-filled form on the measure."""
    statement = select(EvidenceDraft.kind).where(
        EvidenceDraft.measure_id == measure_id, EvidenceDraft.person_id == person_id
    )
    return frozenset(session.scalars(statement))


def draft(session: Session, measure_id: int, kind: str, person_id: int | None) -> Mapping[str, Any] | None:
    """The half-filled form of a person, or None."""
    return session.scalar(
        select(EvidenceDraft.values).where(
            EvidenceDraft.measure_id == measure_id,
            EvidenceDraft.kind == kind,
            EvidenceDraft.person_id == person_id,
        )
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence without its revisions."""

    id: int
    kind: str
    number: int
    revisions: int


def piece(session: Session, measure_id: int, evidence_id: int) -> Piece | None:
    """A piece of this measure by its number in the database, or None."""
    row = session.execute(
        select(Evidence.id, Evidence.kind, Evidence.number, Evidence.revisions).where(
            Evidence.id == evidence_id, Evidence.measure_id == measure_id
        )
    ).first()
    return None if row is None else Piece(*row)


def revisions(session: Session, evidence_id: int, *, newest: bool = False) -> list[RevisionRow]:
    """The revisions of a piece, newest first; `newest`: that one alone."""
    behalf, judge, principal = aliased(Person), aliased(Person), aliased(Person)
    statement = (
        select(
            EvidenceRevision.id, EvidenceRevision.number, EvidenceRevision.values, EvidenceKindVersion.definition,
            EvidenceKindVersion.number, EvidenceRevision.digest, Person.name, func.coalesce(behalf.name, ""),
            EvidenceRevision.at,
            EvidenceRevision.effective_on, EvidenceRevision.valid_until, EvidenceRevision.judged,
            EvidenceRevision.judged_reason, EvidenceRevision.person_id, EvidenceRevision.on_behalf_of,
            func.coalesce(judge.name, ""), func.coalesce(principal.name, ""), EvidenceRevision.judged_at,
        )
        .join(EvidenceKindVersion, EvidenceKindVersion.id == EvidenceRevision.kind_version_id)
        .join(Person, Person.id == EvidenceRevision.person_id)
        .outerjoin(behalf, behalf.id == EvidenceRevision.on_behalf_of)
        .outerjoin(judge, judge.id == EvidenceRevision.judged_by)
        .outerjoin(principal, principal.id == EvidenceRevision.judged_for)
        .where(EvidenceRevision.evidence_id == evidence_id)
        .order_by(EvidenceRevision.number.desc())
    )  # fmt: skip
    rows: Any = session.execute(statement.limit(1) if newest else statement)
    return [RevisionRow(*row) for row in rows]


def _file_rows() -> Any:
    return (
        select(
            EvidenceFile.id, EvidenceFile.field, EvidenceFile.name, EvidenceFile.digest, EvidenceFile.size,
            EvidenceFile.type, EvidenceRevision.number, EvidenceRevision.id, Evidence.id, Evidence.measure_id,
            Evidence.kind,
        )
        .join(EvidenceRevision, EvidenceRevision.id == EvidenceFile.revision_id)
        .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
    )  # fmt: skip


def files_of(session: Session, revision_ids: list[int]) -> list[FileRow]:
    """The files of these revisions, in the order they were handed in."""
    rows = session.execute(
        _file_rows().where(EvidenceFile.revision_id.in_(revision_ids)).order_by(EvidenceFile.id)
    )
    return [FileRow(*row) for row in rows]


def file_of(session: Session, key: str, evidence_id: int, file_id: int) -> FileRow | None:
    """A file by measure, piece and its own number; None when these do not belong together."""
    statement = _file_rows().join(Measure, Measure.id == Evidence.measure_id)
    row = session.execute(
        statement.where(Measure.key == key, Evidence.id == evidence_id, EvidenceFile.id == file_id)
    ).first()
    return None if row is None else FileRow(*row)
