"""Gates as data, in versions: workflows, stages, gates, criteria, evidence kinds."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import BigId, CanonicalJson


class Workflow(Identified, Base):
    """A named set of rules; branches point to it."""

    __tablename__ = "workflow"
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class WorkflowVersion(Identified, Base):
    """One version of a workflow. A measure keeps the version it started under until it is migrated.

    States: draft (may still be thrown away), active (new measures start under it), retired.
    """

    __tablename__ = "workflow_version"
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"))
    number: Mapped[int]
    state: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    note: Mapped[str] = mapped_column(default="")
    made_by: Mapped[int | None] = mapped_column(BigId)
    made_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("workflow_id", "number"),)


class Stage(Identified, Base):
    """A column of the board in one workflow version."""

    __tablename__ = "stage"
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"))
    key: Mapped[str]
    name: Mapped[str]
    meaning: Mapped[str] = mapped_column(default="")
    position: Mapped[int]
    wip_hint: Mapped[int | None]
    terminal: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (UniqueConstraint("workflow_version_id", "key"),)


class Gate(Identified, Base):
    """The entry to a stage: its question and who decides (`steps` as data)."""

    __tablename__ = "gate"
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"))
    into: Mapped[str]
    came_from: Mapped[str | None]
    question: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    __table_args__ = (UniqueConstraint("workflow_version_id", "into"),)


class Criterion(Identified, Base):
    """Something a gate checks."""

    __tablename__ = "criterion"
    gate_id: Mapped[int] = mapped_column(ForeignKey("gate.id"), index=True)
    key: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int]
    params: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    condition: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    wording: Mapped[str]
    supplied_by: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)


class EvidenceKindRow(Identified, Base):
    """An evidence kind of a workflow; its forms come in versions."""

    __tablename__ = "evidence_kind"
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"))
    key: Mapped[str]
    __table_args__ = (UniqueConstraint("workflow_id", "key"),)


class EvidenceKindVersion(Identified, Base):
    """One version of an evidence kind's form and rules."""

    __tablename__ = "evidence_kind_version"
    evidence_kind_id: Mapped[int] = mapped_column(ForeignKey("evidence_kind.id"))
    number: Mapped[int]
    digest: Mapped[str]
    definition: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    __table_args__ = (UniqueConstraint("evidence_kind_id", "number"),)


class Replay(Identified, Base):
    """A version tried on past decisions and open measures. States: queued, running, done, failed.

    `differences` holds one entry for all decisions or measures that would come out otherwise in the same way, with why;
    `faults` the records that the rules of then do not answer as they did. `place` says how far it came.
    """

    __tablename__ = "replay"
    workflow_version_id: Mapped[int] = mapped_column(ForeignKey("workflow_version.id"), index=True)
    wanted: Mapped[int]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    state: Mapped[str]
    todo: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    differing: Mapped[int] = mapped_column(default=0)
    differences: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    faults: Mapped[list[object]] = mapped_column(CanonicalJson, default=list)
    faulty: Mapped[int] = mapped_column(default=0)
    place: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
