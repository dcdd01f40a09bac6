"""Import of measures: stage the rows of a file, then apply them chunk by chunk; goes on where a kill stopped it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.base import Base
from govapp.data.engine import reading
from govapp.data.import_queries import known_details, outcomes, staged_rows
from govapp.data.imports import Batch, BatchRow
from govapp.data.snapshots import load_measures
from govapp.data.structure import Branch
from govapp.domain.errors import Refused
from govapp.domain.events import Event
from govapp.domain.imports import Mapping, read_rows
from govapp.domain.rights import SYSTEM
from govapp.services._import_changes import Change, Content, changes_of, content_of, problems_of
from govapp.services._import_frame import Frame, ImportMeasures, Progress, frame_of, match_of, may_import
from govapp.services._import_rows import Adding, Applied, _add_measures, _counts, _refuse, _update_measure
from govapp.services._import_staging import begin, chunks_of
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing
from govapp.services.structure import AddBranch, add_branch

__all__ = ["ImportMeasures", "ImportResult", "RowResult", "import_measures"]

CHUNK = 100


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
    """The counts of an import and the rows worth showing (changed and refused ones, at most 1,000)."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    batch_id: int | None = None
    resumed: bool = False
    shown: list[RowResult] = field(default_factory=list)


def import_measures(command: ImportMeasures, progress: Progress | None = None) -> ImportResult:
    """Import or, with `dry_run`, say what an import would do without writing anything.

    `progress(phase, done, all, refused)`. Raises NotFound (branch), Refused, Invalid (the mapping or the branch),
    and what reading the file raises (FileRefused, MappingError).
    """
    mapping = Mapping.from_dict(command.mapping)
    with reading() as session:
        frame = frame_of(session, command.under, mapping)
    if command.dry_run:
        return _dry_run(command, frame, progress)
    batch_id, resumed = begin(command, frame, progress)
    _apply(command, frame, batch_id, progress)
    return _result(command.origin, batch_id, resumed)


def _dry_run(command: ImportMeasures, frame: Frame, progress: Progress | None) -> ImportResult:
    with reading() as session:
        at = command.origin.at or now()
        actor = (
            SYSTEM
            if command.origin.person_id is None
            else load_actor(session, command.origin.person_id, at.date())
        )
        if actor is None:
            raise Refused("account_disabled")
        may_import(Work(session, actor, command.origin, at), frame)
        result = ImportResult()
        for chunk in chunks_of((content_of(row) for row in read_rows(frame.mapping, command.data)), CHUNK):
            matches = [(content, match_of(frame, content, frame.taken)) for content in chunk]
            known = known_details(session, [n for _, n in matches if n])
            for content, number in matches:
                _judge_dry(result, frame, content, known.get(number) if number else None)
            session.expunge_all()
            if progress:
                progress("reading", result.rows, 0, result.refused)
    return result


def _judge_dry(result: ImportResult, frame: Frame, content: Content, known: Any) -> None:
    problems = problems_of(content, frame.stages, frame.choices, frame.organization.currency)
    row = RowResult(content["number"], content["name"], "refused", problems=problems)
    if not problems:
        changes = changes_of(content, known, frame.choices, frame.organization.currency)
        row.state = "added" if known is None else "changed" if changes else "unchanged"
        row.key = known.measure.key if known else ""
        row.changes = [[c.what, c.name, c.old, c.new, *c.more[:1]] for c in changes] if known else []
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
        total = session.get_one(Batch, batch_id).rows
        done = session.get_one(Batch, batch_id).done
    refused = 0
    adding = Adding(
        frame.organization.id,
        frame.organization.key_prefix,
        frame.version_id,
        frame.mapping.source,
        command.file_name,
        "",
    )
    while True:
        with reading() as session:
            waiting = staged_rows(session, batch_id, CHUNK)
            levels = {tuple((kind, name) for kind, name in row.content["branch"]) for row in waiting}
        if not waiting:
            break
        for branch in sorted(levels - adding.branches.keys()):
            adding.branches[branch] = _branch_for(command.origin, frame, branch)
            if progress:
                progress("importing", done, total, refused)
        applied, spoken_of = writing(command.origin, lambda work: _apply_chunk(work, frame, batch_id, adding))
        frame.taken |= spoken_of
        done += applied.added + applied.changed + applied.unchanged + applied.refused
        refused += applied.refused
        if progress:
            progress("importing", done, total, refused)
    writing(command.origin, lambda work: _end_batch(work, batch_id))


def _branch_for(origin: Origin, frame: Frame, levels: tuple[tuple[str, str], ...]) -> int:
    """The branch these levels name below the import's branch; missing ones are added."""
    above, above_key = frame.branch.id, frame.branch.key
    for kind, name in levels:
        with reading() as session:
            found = session.execute(
                select(Branch.id, Branch.key).where(
                    Branch.parent_id == above, Branch.kind == kind, Branch.name == " ".join(name.split())
                )
            ).first()
        if found is None:
            made = add_branch(AddBranch(origin, kind, name, above_key))
            above, above_key = made.id, made.key
        else:
            above, above_key = found.id, found.key
    return above


def _apply_chunk(work: Work, frame: Frame, batch_id: int, adding: Adding) -> tuple[Applied, set[int]]:
    """One chunk; returns its counts and the measures its rows spoke of, which count only once this is committed."""
    adding.right = may_import(work, frame)
    # a second import of the same file waits here, then finds the next rows
    work.session.execute(select(Batch.id).where(Batch.id == batch_id).with_for_update())
    rows = staged_rows(work.session, batch_id, CHUNK)
    taken: set[int] = set()
    matches = [(row, match_of(frame, row.content, taken)) for row in rows]
    known = known_details(work.session, [n for _, n in matches if n], lock=True)
    fresh: list[tuple[BatchRow, list[Change]]] = []
    touched: list[int] = []
    for row, number in matches:
        problems = problems_of(row.content, frame.stages, frame.choices, frame.organization.currency)
        if problems:
            _refuse(work, row, problems, frame.branch.id, adding)
            continue
        held = known.get(number) if number else None
        changes = changes_of(row.content, held, frame.choices, frame.organization.currency)
        if held is None:
            fresh.append((row, changes))
        elif changes:
            _update_measure(work, row, held, changes, adding)
            touched.append(held.measure.id)
        else:
            row.state, row.measure_id, row.outcome = "unchanged", held.measure.id, {"key": held.measure.key}
    added = _add_measures(work, fresh, adding)
    taken.update(added)
    work.session.flush()
    settle(work, load_measures(work.session, [*touched, *added]))
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
