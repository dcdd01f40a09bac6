"""Read queries about workflow versions: which there are, how many measures stand on each, what to migrate."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import Stage, Workflow, WorkflowVersion
from govapp.data.imports import Batch, BatchRow
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.structure import Branch
from govapp.domain.rights import Actor

PAGE = 50


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a workflow in short; `measures` counts those that go on under it, archived ones left out."""

    id: int
    workflow_id: int
    workflow: str
    name: str
    number: int
    state: str
    digest: str
    note: str
    made_by: str
    made_at: datetime
    activated_at: datetime | None
    measures: int


def versions(session: Session, *, version_id: int | None = None) -> list[VersionRow]:
    """All versions by workflow, newest first; or the one asked for."""
    counted = (
        select(Measure.workflow_version_id.label("version"), func.count().label("measures"))
        .where(Measure.archived.is_(False))
        .group_by(Measure.workflow_version_id)
        .subquery()
    )
    maker = aliased(Person)
    statement = (
        select(
            WorkflowVersion.id, Workflow.id.label("workflow_id"), Workflow.key, Workflow.name, WorkflowVersion.number,
            WorkflowVersion.state, WorkflowVersion.digest, WorkflowVersion.note, maker.name.label("maker"),
            WorkflowVersion.made_at, WorkflowVersion.activated_at, func.coalesce(counted.c.measures, 0),
        )
        .join(Workflow, Workflow.id == WorkflowVersion.workflow_id)
        .outerjoin(counted, counted.c.version == WorkflowVersion.id)
        .outerjoin(maker, maker.id == WorkflowVersion.made_by)
        .order_by(Workflow.key, WorkflowVersion.number.desc())
    )  # fmt: skip
    if version_id is not None:
        statement = statement.where(WorkflowVersion.id == version_id)
    rows: list[list[Any]] = [[*row[:8], row[8] or "", *row[9:]] for row in session.execute(statement)]
    return [VersionRow(*row) for row in rows]


def definition_of(session: Session, version_id: int) -> dict[str, Any]:
    """The set of a version as it was drafted or installed."""
    found: dict[str, Any] = session.scalars(
        select(WorkflowVersion.definition).where(WorkflowVersion.id == version_id)
    ).one()
    return found


def version_numbered(session: Session, workflow: str, number: int) -> int | None:
    """Row of a version by its workflow's key and its number; an empty key fits where there is one workflow only."""
    statement = (
        select(WorkflowVersion.id)
        .join(Workflow, Workflow.id == WorkflowVersion.workflow_id)
        .where(WorkflowVersion.number == number)
    )
    if workflow:
        statement = statement.where(Workflow.key == workflow)
    found = session.scalars(statement.limit(2)).all()
    return found[0] if len(found) == 1 else None


def stages_occupied(session: Session, workflow_id: int, kept: Collection[str]) -> list[tuple[str, int]]:
    """Stages of a workflow in which measures stand and that are not among those kept, each with its count."""
    rows = session.execute(
        select(func.max(Stage.name), func.count(func.distinct(Measure.id)))
        .select_from(Measure)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .join(
            Stage, (Stage.workflow_version_id == Measure.workflow_version_id) & (Stage.key == Measure.stage)
        )
        .where(
            WorkflowVersion.workflow_id == workflow_id,
            Measure.archived.is_(False),
            Measure.stage.is_not(None),
            Measure.stage.not_in(list(kept)),
        )
        .group_by(Measure.stage)
        .order_by(Measure.stage)
    )
    return [(name, count) for name, count in rows]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which measures to bring to another version: chosen keys, those of branches, or (neither given) all.

    `reach` are the paths of the branches on which the asker may do so; None means everywhere.
    """

    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    reach: tuple[str, ...] | None = None


def _under(paths: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(Branch.path.like(f"{path}%") for path in paths))


def _scoped(workflow_id: int, version_id: int, scope: Scope, *columns: Any) -> Select[Any]:
    statement = (
        select(*columns)
        .select_from(Measure)
        .join(Branch, Branch.id == Measure.branch_id)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .where(
            WorkflowVersion.workflow_id == workflow_id,
            Measure.workflow_version_id != version_id,
            Measure.archived.is_(False),
        )
    )
    if scope.keys:
        statement = statement.where(Measure.key.in_(scope.keys))
    if scope.paths:
        statement = statement.where(_under(scope.paths))
    if scope.reach is not None:
        statement = statement.where(_under(scope.reach) if scope.reach else Measure.id.is_(None))
    return statement


def to_migrate(
    session: Session,
    workflow_id: int,
    version_id: int,
    scope: Scope,
    *,
    after: int = 0,
    limit: int | None = None,
) -> list[tuple[int, str]]:
    """Ids and keys of the measures of a scope that go on under another version of the workflow, by id."""
    statement = _scoped(workflow_id, version_id, scope, Measure.id, Measure.key).where(Measure.id > after)
    rows = session.execute(statement.order_by(Measure.id).limit(limit))
    return [(row.id, row.key) for row in rows]


def count_to_migrate(session: Session, workflow_id: int, version_id: int, scope: Scope) -> int:
    """How many measures `to_migrate` finds."""
    return session.scalar(_scoped(workflow_id, version_id, scope, func.count())) or 0


def last_staged(session: Session, batch_id: int) -> tuple[int, int]:
    """The largest measure id staged in a batch and the number its next row gets."""
    row = session.execute(
        select(func.max(BatchRow.measure_id), func.max(BatchRow.number)).where(BatchRow.batch_id == batch_id)
    ).one()
    return row[0] or 0, 0 if row[1] is None else row[1] + 1


def migration_rows(
    session: Session, actor: Actor, batch_id: int, page: int, state: str = ""
) -> tuple[list[BatchRow], int]:
    """One page of what became of the measures of a migration that the reader may read, and how many those are."""
    where = [BatchRow.batch_id == batch_id, *([BatchRow.state == state] if state else [])]
    where.append(BatchRow.measure_id.in_(select(Measure.id).where(readable_by(actor))))
    total = session.scalar(select(func.count()).select_from(BatchRow).where(*where)) or 0
    rows = session.scalars(
        select(BatchRow).where(*where).order_by(BatchRow.number).limit(PAGE).offset(PAGE * (page - 1))
    )
    return list(rows), total


def migrations(session: Session, version_id: int, limit: int = 20) -> list[Batch]:
    """The newest migrations to a version."""
    prefix = f"migrate:{version_id}:"
    found = select(Batch).where(Batch.kind == "migration", Batch.key.startswith(prefix, autoescape=True))
    return list(session.scalars(found.order_by(Batch.id.desc()).limit(limit)))


def unfinished_migrations(session: Session, before: datetime) -> list[int]:
    """Migrations begun before a moment that have not ended."""
    found = select(Batch.id).where(Batch.kind == "migration", Batch.state != "done", Batch.made_at < before)
    return list(session.scalars(found.order_by(Batch.id)))
