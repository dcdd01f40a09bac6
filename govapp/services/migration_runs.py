"""A migration's way through its measures: staged, brought over chunk by chunk, taken up again after a kill."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, update

from govapp.data.base import Base
from govapp.data.engine import reading
from govapp.data.gates import WorkflowVersion
from govapp.data.import_queries import staged_rows
from govapp.data.imports import Batch, BatchRow
from govapp.data.notices import Outbox
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.version_queries import Scope, last_staged, to_migrate, unfinished_migrations
from govapp.domain.errors import Refused
from govapp.domain.events import Event
from govapp.domain.migration import change_for
from govapp.domain.rights import Actor
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing
from govapp.services.migrating import JOB, KIND, Target, day_of, right_to_migrate, target_of

CHUNK = 40  # measures in one transaction: nobody else waits longer than about a quarter of a second
STAGE_CHUNK = 1000
RESUME_AFTER = timedelta(minutes=2)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Migrated:
    """How a migration ended: measures brought over, refused, and those that were there already."""

    batch_id: int
    changed: int
    refused: int
    unchanged: int


def run_migration(batch_id: int, progress: Progress | None = None, source: str = "job") -> Migrated | None:
    """Bring over what is left, chunk by chunk, as whoever asked; their rights are read again in each chunk.

    Two that run at once share the rows. Returns None when there is no such migration. `progress(what, done, all)`.
    """
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.kind != KIND:
            return None
        person, total = batch.person_id, batch.rows
    origin = Origin(person, source, f"batch-{batch_id}")
    try:
        while writing(origin, partial(_stage_some, batch_id=batch_id)):
            continue
        while (done := writing(origin, partial(_bring_some, batch_id=batch_id))) is not None:
            if progress:
                progress("measures", done, total)
    except Refused:
        writing(Origin(None, source), partial(_give_up, batch_id=batch_id))
    return writing(Origin(None, source), partial(_end, batch_id=batch_id))


def _locked(work: Work, batch_id: int) -> Batch:
    """The batch, locked: a second worker waits here, then finds the next rows."""
    return work.session.execute(select(Batch).where(Batch.id == batch_id).with_for_update()).scalar_one()


def _scope(batch: Batch) -> Scope:
    said = batch.about["scope"]
    return Scope(
        tuple(said["keys"]), tuple(said["paths"]), None if said["reach"] is None else tuple(said["reach"])
    )


def _stage_some(work: Work, batch_id: int) -> bool:
    """Stage the next measures of the scope; False once all are staged."""
    batch = _locked(work, batch_id)
    if batch.state != "staging":
        return False
    right_to_migrate(work.actor)
    target = target_of(work.session, batch.about["version"])
    last, number = last_staged(work.session, batch_id)
    found = to_migrate(
        work.session, target.workflow_id, target.version_id, _scope(batch), after=last, limit=STAGE_CHUNK
    )
    if not found:
        batch.state, batch.rows = "running", number
        return False
    rows = [
        {"batch_id": batch_id, "number": number + n, "state": "staged", "content": {"key": key}, "outcome": {},
         "measure_id": measure}
        for n, (measure, key) in enumerate(found)
    ]  # fmt: skip
    work.session.execute(insert(BatchRow), rows)
    return True


def _bring_some(work: Work, batch_id: int) -> int | None:
    """One chunk; returns how many are done, None when nothing is left."""
    session, batch = work.session, _locked(work, batch_id)
    rows = staged_rows(session, batch_id, CHUNK)
    if not rows:
        return None
    target, done = target_of(session, batch.about["version"]), batch.done + len(rows)
    known = session.execute(select(WorkflowVersion.id, WorkflowVersion.number))
    numbers = {row.id: row.number for row in known}
    by_measure = {row.measure_id: row for row in rows}
    moved = []
    for loaded in load_measures(session, [each for each in by_measure if each is not None], lock=True):
        before = numbers[loaded.measure.workflow_version_id]
        row = by_measure[loaded.measure.id]
        row.state, row.outcome = _judged(work, loaded, target)
        if row.state == "changed":
            row.outcome = {**row.outcome, "from": before}
            _bring_over(work, loaded, target, before, batch.about["reason"])
            moved.append(loaded.measure.id)
    session.flush()
    settle(work, load_measures(session, moved))
    states = [row.state for row in rows]
    _count(
        work,
        batch_id,
        len(rows),
        **{each: states.count(each) for each in ("changed", "unchanged", "refused")},
    )
    return done


def _judged(work: Work, loaded: Loaded, target: Target) -> tuple[str, dict[str, Any]]:
    """What becomes of a measure, judged as it stands now: changed, unchanged or refused, with what differs or why."""
    if loaded.measure.workflow_version_id == target.version_id:
        return "unchanged", {}
    change = change_for(loaded.rules, target.rules, loaded.snapshot, day_of(loaded, work.at))
    why = list(change.refused)
    if not _right_on(work.actor, loaded):
        why.append("no_right_here")
    if loaded.workflow_id != target.workflow_id or loaded.measure.archived:
        why.append("gone_elsewhere")
    if why:
        return "refused", {"why": why, "stage": loaded.measure.stage}
    return "changed", {
        "unmet": [finding.key for finding in change.newly_unmet],
        "met": [finding.key for finding in change.newly_met],
        "added": [step.key for step in change.steps_added],
        "removed": [step.key for step in change.steps_removed],
    }


def _right_on(actor: Actor, loaded: Loaded) -> str:
    try:
        return right_to_migrate(actor, loaded.place.path)
    except Refused:
        return ""


def _bring_over(work: Work, loaded: Loaded, target: Target, before: int, reason: str) -> None:
    measure = loaded.measure
    measure.workflow_version_id = target.version_id
    measure.version += 1
    work.log(
        Event.MEASURE_MIGRATED,
        {"from": before, "to": target.number, "reason": reason, "version": measure.version},
        right=_right_on(work.actor, loaded), object_type="measure", object_id=measure.key, measure_id=measure.id,
        branch_id=measure.branch_id,
    )  # fmt: skip


def _count(work: Work, batch_id: int, done: int, **counts: int) -> None:
    table = Base.metadata.tables["batch"]
    values = {name: table.c[name] + number for name, number in {"done": done, **counts}.items()}
    work.session.execute(update(Batch).where(Batch.id == batch_id).values(**values))


def _give_up(work: Work, batch_id: int) -> None:
    """Whoever asked may not any more: what is still staged is refused, so that the migration can end."""
    batch = _locked(work, batch_id)
    left = (BatchRow.batch_id == batch_id, BatchRow.state == "staged")
    count = work.session.scalar(select(func.count()).select_from(BatchRow).where(*left)) or 0
    why = {"why": ["no_right_any_more"]}
    work.session.execute(update(BatchRow).where(*left).values(state="refused", outcome=why))
    if batch.state == "staging":
        batch.state, batch.rows = "running", last_staged(work.session, batch_id)[1]
    work.session.flush()
    _count(work, batch_id, count, refused=count)


def _end(work: Work, batch_id: int) -> Migrated:
    batch = _locked(work, batch_id)
    if batch.state != "done":
        batch.state, batch.done_at = "done", work.at
        target = target_of(work.session, batch.about["version"])
        counts = {"changed": batch.changed, "refused": batch.refused, "unchanged": batch.unchanged}
        work.log(
            Event.MIGRATION_ENDED,
            {"workflow": target.workflow, "number": target.number, **counts},
            right="system", object_type="batch", object_id=str(batch_id),
        )  # fmt: skip
    return Migrated(batch_id, batch.changed, batch.refused, batch.unchanged)


def resume_migrations(origin: Origin) -> int:
    """Hand migrations that have not ended after two minutes to a worker again. Returns how many.

    Once a minute, however many clocks ask; a worker that is still at it shares the rows with the next.
    """
    at = origin.at or now()
    with reading() as session:
        found = unfinished_migrations(session, at - RESUME_AFTER)
    return sum(writing(origin, partial(_resume, batch_id=each, minute=f"{at:%Y%m%d%H%M}")) for each in found)


def _resume(work: Work, batch_id: int, minute: str) -> int:
    key = f"migration:{batch_id}:{minute}"
    if work.session.scalar(select(func.count()).select_from(Outbox).where(Outbox.key == key)):
        return 0
    work.deliver("job", {"name": JOB, "args": [batch_id]}, key=key)
    return 1
