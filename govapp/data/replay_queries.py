"""Read queries for trials of rules: past decisions in order, and the trials there are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.audit import AuditLog
from govapp.data.gates import Replay, WorkflowVersion
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.reviews import DecisionRecord
from govapp.data.structure import Branch
from govapp.domain.events import BUSINESS


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A kept decision with the key of its measure and who asked."""

    id: int
    key: str
    version_id: int
    digest: str
    day: date
    ask: Mapping[str, Any]
    right: str
    given: Mapping[str, Any]
    answer: Mapping[str, Any]
    actor_id: int | None


def span_of(session: Session, workflow_id: int, wanted: int) -> tuple[int, int, int]:
    """Of the newest `wanted` decisions under a workflow: how many there are, the row before the first, the last."""
    found = session.scalars(
        select(DecisionRecord.id)
        .join(WorkflowVersion, WorkflowVersion.id == DecisionRecord.workflow_version_id)
        .where(WorkflowVersion.workflow_id == workflow_id)
        .order_by(DecisionRecord.id.desc())
        .limit(wanted)
    ).all()
    return (len(found), found[-1] - 1, found[0]) if found else (0, 0, 0)


def past_decisions(
    session: Session, workflow_id: int, after: int, last: int, limit: int
) -> list[PastDecision]:
    """The next kept decisions under a workflow after a row, up to another, oldest first."""
    rows: Any = session.execute(
        select(
            DecisionRecord.id, Measure.key, DecisionRecord.workflow_version_id, WorkflowVersion.digest,
            DecisionRecord.day, DecisionRecord.ask, DecisionRecord.right_used, DecisionRecord.given,
            DecisionRecord.answer, AuditLog.actor_id,
        )
        .join(Measure, Measure.id == DecisionRecord.measure_id)
        .join(WorkflowVersion, WorkflowVersion.id == DecisionRecord.workflow_version_id)
        .outerjoin(AuditLog, (AuditLog.sequence == DecisionRecord.seq) & (AuditLog.chain == BUSINESS))
        .where(WorkflowVersion.workflow_id == workflow_id, DecisionRecord.id > after, DecisionRecord.id <= last)
        .order_by(DecisionRecord.id)
        .limit(limit)
    )  # fmt: skip
    return [PastDecision(*row) for row in rows]


def measures_ahead(session: Session, workflow_id: int, after: int, limit: int) -> list[int]:
    """Ids of the next measures of a workflow, after an id, that may have a gate ahead."""
    return list(
        session.scalars(
            select(Measure.id)
            .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
            .where(
                WorkflowVersion.workflow_id == workflow_id,
                Measure.id > after,
                Measure.archived.is_(False),
                Measure.state != "cancelled",
            )
            .order_by(Measure.id)
            .limit(limit)
        )
    )


def count_ahead(session: Session, workflow_id: int) -> int:
    """How many measures `measures_ahead` finds in all."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Measure)
            .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
            .where(
                WorkflowVersion.workflow_id == workflow_id,
                Measure.archived.is_(False),
                Measure.state != "cancelled",
            )
        )
        or 0
    )


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """A trial in short."""

    id: int
    version_id: int
    state: str
    wanted: int
    todo: int
    done: int
    differing: int
    faulty: int
    problem: str
    made_at: datetime
    done_at: datetime | None
    asked_by: str


def replays_of(session: Session, version_id: int, limit: int = 20) -> list[ReplayRow]:
    """The newest trials of a version."""
    rows: Any = session.execute(
        select(
            Replay.id, Replay.workflow_version_id, Replay.state, Replay.wanted, Replay.todo, Replay.done,
            Replay.differing, Replay.faulty, Replay.problem, Replay.made_at, Replay.done_at,
            func.coalesce(Person.name, ""),
        )
        .outerjoin(Person, Person.id == Replay.asked_by)
        .where(Replay.workflow_version_id == version_id)
        .order_by(Replay.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [ReplayRow(*row) for row in rows]


def silent_replays(session: Session, queued_before: datetime, beat_before: datetime) -> list[int]:
    """Trials whose worker is silent, or that nobody has taken up for long."""
    waiting = (Replay.state == "queued") & (Replay.beat_at < queued_before)
    working = (Replay.state == "running") & (Replay.beat_at < beat_before)
    return list(session.scalars(select(Replay.id).where(waiting | working).order_by(Replay.id)))


def places_of(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Paths of the branches of measures by their keys."""
    found: dict[str, str] = {}
    wanted = sorted(keys)
    for start in range(0, len(wanted), 500):
        some = select(Measure.key, Branch.path).join(Branch, Branch.id == Measure.branch_id)
        rows = session.execute(some.where(Measure.key.in_(wanted[start : start + 500])))
        found |= {row.key: row.path for row in rows}
    return found
