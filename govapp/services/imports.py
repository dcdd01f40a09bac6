"""Import of measures: stage the rows of a file, then apply them chunk by chunk; goes on where a kill stopped it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.base import Base
from govapp.data.engine import reading
from govapp.data.import_queries import Known, known_details, outcomes, staged_rows
from govapp.data.imports import Batch, BatchRow
from govapp.data.snapshots import load_measures
from govapp.domain.errors import Refused
from govapp.domain.events import Event
from govapp.domain.imports import Mapping, read_rows
from govapp.domain.rights import SYSTEM
from govapp.services._freezing import _freeze_opened
from govapp.services._import_changes import Change, Content, Problems, content_of
from govapp.services._import_frame import Frame, ImportMeasures, Progress, frame_of, match_of, may_import
from govapp.services._import_judge import Levels, Target, Targets, judge, levels_of, target_for
from govapp.services._import_rows import (
    Adding,
    Applied,
    Told,
    _add_measures,
    _apply_belongings,
    _counts,
    _refuse,
    _update_measure,
    replanned,
)
from govapp.services._import_staging import begin, chunks_of
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing
from govapp.services.structure import AddBranch, _add_branch

__all__ = ["ImportMeasures", "ImportResult", "RowResult", "import_measures"]

CHUNK = 100  # rows in one transaction: nobody else waits longer than about a quarter of a second


@dataclass
class RowResult:
    """What became of one row: added, changed, unchanged or refused, with its changes or problems."""

    number: int
    name: str
    state: str
    key: str = ""
    changes: list[list[Any]] = field(default_factory=list)
    problems: list[list[Any]] = field(default_factory=list)


@dataclass
class ImportResult:
    """The counts of an import and the rows worth showing (changed and refused ones, at most 1,000).

    `newer`: a later year from the same source that was brought in before, whose values an older file overwrites.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    batch_id: int | None = None
    resumed: bool = False
    newer: int | None = None
    shown: list[RowResult] = field(default_factory=list)


def import_measures(command: ImportMeasures, progress: Progress | None = None) -> ImportResult:
    """Import or, with `dry_run`, say what an import would do without writing anything.

    `progress(phase, done, all, refused)`. Raises NotFound (branch), Refused, Invalid (the mapping or the branch),
    and what reading the file raises (FileRefused, MappingError).
    """
    mapping = Mapping.from_dict(command.mapping)
    with reading() as session:
        frame = frame_of(session, command, mapping, progress)
    if command.dry_run:
        return _dry_run(command, frame, progress)
    batch_id, resumed = begin(command, frame, progress)
    _apply(command, frame, batch_id, progress)
    result = _result(command.origin, batch_id, resumed)
    result.newer = frame.newer
    return result


def _dry_run(command: ImportMeasures, frame: Frame, progress: Progress | None) -> ImportResult:
    with reading() as session:
        at = command.origin.at or now()
        person = command.origin.person_id
        actor = SYSTEM if person is None else load_actor(session, person, at)
        if actor is None:
            raise Refused("account_disabled")
        work = Work(session, actor, command.origin, at)
        may_import(work, frame)
        result, targets = ImportResult(newer=frame.newer), Targets()
        for chunk in chunks_of((content_of(row) for row in read_rows(frame.mapping, command.data)), CHUNK):
            matches = [(content, *match_of(frame, content, frame.taken)) for content in chunk]
            known = known_details(session, [n for _, n, _ in matches if n])
            for content, number, unclear in matches:
                held = known.get(number) if number else None
                changes, problems = judge(work, frame, content, held, targets, unclear=unclear)
                _count_dry(result, content, held, changes, problems)
            session.expunge_all()
            if progress:
                progress("reading", result.rows, 0, result.refused)
    return result


def _count_dry(
    result: ImportResult, content: Content, known: Known | None, changes: list[Change], problems: Problems
) -> None:
    row = RowResult(content["number"], content["name"], "refused", problems=problems)
    if not problems:
        row.state = "added" if known is None else "changed" if changes else "unchanged"
        row.key = known.measure.key if known else ""
        row.changes = [change.said for change in changes] if known else []
    result.rows += 1
    setattr(result, row.state, getattr(result, row.state) + 1)
    if row.state in {"changed", "refused"} and len(result.shown) < 1000:
        result.shown.append(row)


def _apply(command: ImportMeasures, frame: Frame, batch_id: int, progress: Progress | None) -> None:
    """Apply what is staged, chunk by chunk; each chunk and its share of the counts is one transaction."""
    with reading() as session:
        done_before = session.scalars(
            select(BatchRow.measure_id).where(BatchRow.batch_id == batch_id, BatchRow.measure_id.is_not(None))
        )
        frame.taken.update(n for n in done_before if n is not None)
        batch = session.get_one(Batch, batch_id)
        total, done, refused = batch.rows, batch.done, 0
    organization = frame.organization
    adding = Adding(
        organization.id,
        organization.key_prefix,
        frame.mapping.source,
        command.file_name,
        organization.timezone,
    )
    while True:
        applied, spoken_of = writing(command.origin, lambda work: _apply_chunk(work, frame, batch_id, adding))
        count = applied.added + applied.changed + applied.unchanged + applied.refused
        if not count:
            break
        frame.taken |= spoken_of
        done += count
        refused += applied.refused
        if progress:
            progress("importing", done, total, refused)
    writing(command.origin, lambda work: _end_batch(work, batch_id))


def _add_missing(work: Work, frame: Frame, levels: Levels, targets: Targets) -> Target:
    """The target of these levels with every branch there; missing ones are added."""
    target = target_for(work.session, frame, levels, targets)
    if target.missing:
        under = target.branch_key
        for kind, name in target.missing:
            under = _add_branch(work, AddBranch(work.origin, kind, name, under)).key
        targets.added(levels[: len(levels) - len(target.missing) + 1])
        target = target_for(work.session, frame, levels, targets)
    return target


def _apply_chunk(work: Work, frame: Frame, batch_id: int, adding: Adding) -> tuple[Applied, set[int]]:
    """One chunk; returns its counts and the measures its rows spoke of, which count only once this is committed."""
    adding.right = may_import(work, frame)
    # a second import of the same file waits here, then finds the next rows
    work.session.execute(select(Batch.id).where(Batch.id == batch_id).with_for_update())
    rows = staged_rows(work.session, batch_id, CHUNK)
    taken: set[int] = set()
    if not rows:
        return Applied(), taken
    matches = [(row, *match_of(frame, row.content, taken)) for row in rows]
    known = known_details(work.session, [n for _, n, _ in matches if n], lock=True)
    fresh: list[tuple[BatchRow, list[Change], Target]] = []
    targets = Targets()
    told: list[Told] = []
    for row, number, unclear in matches:
        held, content = known.get(number) if number else None, row.content
        changes, problems = judge(work, frame, content, held, targets, unclear=unclear)
        if problems:
            _refuse(work, row, problems, frame.branch.id, adding)
        elif held is None:
            fresh.append((row, changes, _add_missing(work, frame, levels_of(content), targets)))
        elif changes:
            told.append(_update_measure(work, row, held, changes, adding))
        else:
            row.state, row.measure_id, row.outcome = "unchanged", held.measure.id, {"key": held.measure.key}
    told += _add_measures(work, fresh, adding)
    _apply_belongings(work, told, adding)
    touched = [known.measure.id for _, known, _ in told]
    taken.update(touched)
    work.session.flush()
    fresh_ones = load_measures(work.session, touched)
    _freeze_opened(work, fresh_ones, replanned(told), adding.right)
    settle(work, fresh_ones)
    counts = _counts(rows)
    batch = Base.metadata.tables["batch"]
    work.session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(
            done=batch.c.done + len(rows), added=batch.c.added + counts.added, changed=batch.c.changed + counts.changed,
            unchanged=batch.c.unchanged + counts.unchanged, refused=batch.c.refused + counts.refused,
        )
    )  # fmt: skip
    return counts, taken


def _end_batch(work: Work, batch_id: int) -> None:
    batch = work.session.get_one(Batch, batch_id, with_for_update=True)
    if batch.state == "done":
        return
    batch.state, batch.done_at = "done", work.at
    counts = {name: getattr(batch, name) for name in ("rows", "added", "changed", "unchanged", "refused")}
    work.log(
        Event.IMPORT_ENDED, {"file": batch.file_name, **counts},
        object_type="batch", object_id=str(batch_id), branch_id=batch.branch_id,
    )  # fmt: skip


def _result(origin: Origin, batch_id: int, resumed: bool) -> ImportResult:
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        result = ImportResult(
            batch.rows, batch.added, batch.changed, batch.unchanged, batch.refused, batch_id, resumed
        )
        for row in outcomes(session, batch_id, ("changed", "refused")):
            outcome: dict[str, Any] = row.outcome
            result.shown.append(
                RowResult(
                    row.content["number"], row.content["name"], row.state, outcome.get("key", ""),
                    outcome.get("changes", []), outcome.get("problems", []),
                )
            )  # fmt: skip
    return result
