"""Evidence: pieces, revisions, files, blobs, drafts. Nothing is overwritten."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import BigId, CanonicalJson


class Evidence(Identified, Base):
    """A piece of evidence of one kind on one measure."""

    __tablename__ = "evidence"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(default=1)
    revisions: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("measure_id", "kind", "number"),)


class EvidenceRevision(Identified, Base):
    """One valid submission. `digest` covers values, files, kind version and effective date (R04).

    What the judge said comes later, once: `judged` is accepted or returned, `judged_seq` the log row that says so.
    """

    __tablename__ = "evidence_revision"
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    number: Mapped[int]
    kind_version_id: Mapped[int] = mapped_column(ForeignKey("evidence_kind_version.id"))
    values: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    digest: Mapped[str]
    effective_on: Mapped[date]
    valid_until: Mapped[date | None]
    passage_id: Mapped[int | None]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(default=0)
    judged: Mapped[str] = mapped_column(default="")
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    judged_at: Mapped[datetime | None]
    judged_reason: Mapped[str] = mapped_column(default="")
    judged_for: Mapped[int | None] = mapped_column(BigId)
    judged_seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("evidence_id", "number"),
        Index("ix_evidence_revision_person", "person_id"),
    )


class EvidenceJudge(Identified, Base):
    """Whom evidence names as its judge (`kind`: parts, roles, groups) as long as it waits for one; kept by settle."""

    __tablename__ = "evidence_judge"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("evidence_revision.id"))
    kind: Mapped[str]
    key: Mapped[str]
    __table_args__ = (Index("ix_evidence_judge_key", "kind", "key"),)


class Blob(Base):
    """A stored file, addressed by its SHA-256. Knowing the digest grants nothing.

    `stored_by` is who brought it first, for the quota; `stored_at` when it last came in, for the sweep.
    """

    __tablename__ = "blob"
    digest: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    type: Mapped[str]
    stored_at: Mapped[datetime]
    stored_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (Index("ix_blob_stored_by", "stored_by", "stored_at"),)


class EvidenceFile(Identified, Base):
    """A file of a revision, with the name it was handed in under."""

    __tablename__ = "evidence_file"
    revision_id: Mapped[int] = mapped_column(ForeignKey("evidence_revision.id"), index=True)
    field: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(ForeignKey("blob.digest"), index=True)
    size: Mapped[int]
    type: Mapped[str]


class EvidenceDraft(Identified, Base):
    """A half-filled form of one person, kept until it is handed in."""

    __tablename__ = "evidence_draft"
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    values: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("measure_id", "kind", "person_id"),
        Index("ix_evidence_draft_person", "person_id"),
    )
