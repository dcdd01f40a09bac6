"""Import of measures: stage the rows of a file, then apply them chunk by chunk; goes on where a kill stopped it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from govapp.data.actors import load_actor
from govapp.data.base import Base
from govapp.data.engine import reading
from govapp.data.import_queries import known_details, known_measures, outcomes, staged_rows, unfinished_batch
from govapp.data.imports import Batch, BatchRow, MappingRow
from govapp.data.measure_queries import choice_keys, workflow_id_at
from govapp.data.rulebook import active_version, rules_for
from govapp.data.snapshots import load_measures
from govapp.data.structure import Branch, Organization
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.imports import Mapping, match_name, read_rows
from govapp.domain.permissions import Permission
from govapp.domain.rights import SYSTEM, Place, may
from govapp.services._import_changes import Change, Content, changes_of, content_of, problems_of
from govapp.services._import_rows import Adding, Applied, _add_measures, _counts, _refuse, _update_measure
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing
from govapp.services.structure import AddBranch, add_branch

CHUNK = 100
STAGE_CHUNK = 500
Progress = Callable[[str, int, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportMeasures:
    """A file to bring in under a branch; `mapping` is the content of a mapping file."""

    origin: Origin
    file_name: str
    data: bytes
    under: str
    mapping: dict[str, Any]
    dry_run: bool = False


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


@dataclass
class _Frame:
    """What does not change during an import."""

    branch: Branch
    organization: Organization
    version_id: int
    stages: frozenset[str]
    choices: dict[str, frozenset[str]]
    mapping: Mapping
    by_key: dict[str, int]
    by_name: dict[str, list[int]]
    keys: dict[int, str]
    taken: set[int] = field(default_factory=set)


def import_measures(command: ImportMeasures, progress: Progress | None = None) -> ImportResult:
    """Import or, with `dry_run`, say what an import would do without writing anything.

    `progress(phase, done, all, refused)`. Raises NotFound (branch), Refused, Invalid (the mapping or the branch),
    and what reading the file raises (FileRefused, MappingError).
    """
    mapping = Mapping.from_dict(command.mapping)
    with reading() as session:
        frame = _frame(session, command.under, mapping)
    if command.dry_run:
        return _dry_run(command, frame, progress)
    batch_id, resumed = _begin(command, frame, progress)
    _apply(command, frame, batch_id, progress)
    return _result(command.origin, batch_id, resumed)


def _frame(session: Session, under: str, mapping: Mapping) -> _Frame:
    branch = session.scalar(select(Branch).where(Branch.key == under))
    if branch is None:
        raise NotFound("unknown_branch", key=under)
    organization = session.get_one(Organization, branch.organization_id)
    workflow_id = workflow_id_at(session, branch.path)
    version = active_version(session, workflow_id) if workflow_id else None
    if version is None:
        raise Invalid("import_invalid", {"under": ["branch_without_workflow"]})
    rules = rules_for(session, version.id, version.digest)
    by_name: dict[str, list[int]] = {}
    by_key, keys = {}, {}
    for number, key, title in known_measures(session, organization.id, mapping.source):
        if key:
            by_key[key] = number
        keys[number] = key
        by_name.setdefault(match_name(title), []).append(number)
    session.expunge_all()
    return _Frame(
        branch, organization, version.id, frozenset(rules.order), choice_keys(session, organization.id), mapping,
        by_key, by_name, keys,
    )  # fmt: skip


def _match(frame: _Frame, content: Content) -> int | None:
    """The measure a row speaks of: by key, else by name where the mapping says so; never the same one twice."""
    found = frame.by_key.get(content["key"]) if content["key"] and frame.mapping.match != "name" else None
    if found is None and frame.mapping.match != "key":
        names = [n for n in frame.by_name.get(match_name(content["name"]), ()) if n not in frame.taken]
        found = names[0] if len(names) == 1 else None
    if found is None or found in frame.taken:
        return None
    frame.taken.add(found)
    return found


def _chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _dry_run(command: ImportMeasures, frame: _Frame, progress: Progress | None) -> ImportResult:
    with reading() as session:
        at = command.origin.at or now()
        actor = (
            SYSTEM
            if command.origin.person_id is None
            else load_actor(session, command.origin.person_id, at.date())
        )
        if actor is None:
            raise Refused("account_disabled")
        _may(Work(session, actor, command.origin, at), frame)
        result = ImportResult()
        for chunk in _chunks((content_of(row) for row in read_rows(frame.mapping, command.data)), CHUNK):
            matches = [(content, _match(frame, content)) for content in chunk]
            known = known_details(session, [n for _, n in matches if n])
            for content, number in matches:
                _judge_dry(result, frame, content, known.get(number) if number else None)
            session.expunge_all()
            if progress:
                progress("reading", result.rows, 0, result.refused)
    return result


def _judge_dry(result: ImportResult, frame: _Frame, content: Content, known: Any) -> None:
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


def _may(work: Work, frame: _Frame) -> str:
    place = Place(frame.branch.path, {}, frame.branch.id)
    right = may(work.actor, Permission.MEASURE_IMPORT, place)
    if frame.mapping.open_at.stage or frame.mapping.open_at.source:
        may(work.actor, Permission.MEASURE_OPEN_AT, place)
    return right


def _begin(command: ImportMeasures, frame: _Frame, progress: Progress | None) -> tuple[int, bool]:
    """Find the unfinished batch of the same file, or stage the rows of a new one. Returns (batch id, resumed)."""
    digest = hashlib.sha256(command.data).hexdigest()
    key = f"{digest[:32]}:{digest_of(command.mapping)[:16]}:{frame.branch.key}"
    batch_id, staged, resumed = writing(
        command.origin, lambda work: _open_batch(work, command, frame, key, digest)
    )
    if staged is None:
        return batch_id, resumed
    count = staged
    rows = (row for place, row in enumerate(read_rows(frame.mapping, command.data)) if place >= staged)
    for chunk in _chunks(rows, STAGE_CHUNK):
        values = [
            {
                "batch_id": batch_id,
                "number": count + n,
                "state": "staged",
                "content": content_of(row),
                "outcome": {},
            }
            for n, row in enumerate(chunk)
        ]
        writing(command.origin, partial(_stage_rows, values=values))
        count += len(chunk)
        if progress:
            progress("reading", count, 0, 0)
    writing(command.origin, lambda work: _set_batch(work, batch_id, state="running", rows=count))
    return batch_id, resumed


def _stage_rows(work: Work, values: list[dict[str, Any]]) -> None:
    work.session.execute(insert(BatchRow), values)


def _open_batch(
    work: Work, command: ImportMeasures, frame: _Frame, key: str, digest: str
) -> tuple[int, int | None, bool]:
    """(batch id, rows staged so far or None when staging was finished, resumed)."""
    _may(work, frame)
    found = unfinished_batch(work.session, key)
    if found is not None:
        staged = (
            work.session.scalar(
                select(func.count()).select_from(BatchRow).where(BatchRow.batch_id == found.id)
            )
            or 0
        )
        return found.id, None if found.state == "running" else staged, True
    earlier = (
        work.session.scalar(select(func.count()).select_from(Batch).where(Batch.key.like(f"{key}%"))) or 0
    )
    mapping_digest = digest_of(command.mapping)
    mapping = work.session.scalar(select(MappingRow).where(MappingRow.digest == mapping_digest))
    if mapping is None:
        mapping = MappingRow(name=frame.mapping.name, digest=mapping_digest, definition=command.mapping)
        work.session.add(mapping)
        work.session.flush()
    batch = Batch(
        kind="measures", key=f"{key}:{earlier + 1}", file_name=command.file_name, file_digest=digest,
        mapping_id=mapping.id, branch_id=frame.branch.id, person_id=work.actor.id, state="staging", made_at=work.at,
    )  # fmt: skip
    work.session.add(batch)
    work.session.flush()
    work.log(
        Event.IMPORT_STARTED, {"file": command.file_name, "sha256": digest, "mapping": frame.mapping.name},
        object_type="batch", object_id=str(batch.id), branch_id=frame.branch.id,
    )  # fmt: skip
    return batch.id, 0, False


def _set_batch(work: Work, batch_id: int, **values: Any) -> None:
    work.session.execute(update(Batch).where(Batch.id == batch_id).values(**values))


def _apply(command: ImportMeasures, frame: _Frame, batch_id: int, progress: Progress | None) -> None:
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
        applied = writing(command.origin, lambda work: _apply_chunk(work, frame, batch_id, adding))
        done += applied.added + applied.changed + applied.unchanged + applied.refused
        refused += applied.refused
        if progress:
            progress("importing", done, total, refused)
    writing(command.origin, lambda work: _end_batch(work, batch_id))


def _branch_for(origin: Origin, frame: _Frame, levels: tuple[tuple[str, str], ...]) -> int:
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


def _apply_chunk(work: Work, frame: _Frame, batch_id: int, adding: Adding) -> Applied:
    adding.right = _may(work, frame)
    rows = staged_rows(work.session, batch_id, CHUNK)
    matches = [(row, _match(frame, row.content)) for row in rows]
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
    frame.taken.update(added)
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
    return counts


def _end_batch(work: Work, batch_id: int) -> None:
    batch = work.session.get_one(Batch, batch_id)
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
