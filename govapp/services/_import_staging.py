"""Stages the rows of a file under a batch, or finds the batch of the same file that a kill left unfinished."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, update

from govapp.data.import_queries import unfinished_batch
from govapp.data.imports import Batch, BatchRow, MappingRow
from govapp.domain.basis import digest_of
from govapp.domain.events import Event
from govapp.domain.imports import read_rows
from govapp.services._import_changes import content_of
from govapp.services._import_frame import Frame, ImportMeasures, Progress, may_import
from govapp.services._work import Work, writing

STAGE_CHUNK = 500


def chunks_of(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most `size` rows."""
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def begin(command: ImportMeasures, frame: Frame, progress: Progress | None) -> tuple[int, bool]:
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
    for chunk in chunks_of(rows, STAGE_CHUNK):
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
    work: Work, command: ImportMeasures, frame: Frame, key: str, digest: str
) -> tuple[int, int | None, bool]:
    """(batch id, rows staged so far or None when staging was finished, resumed)."""
    may_import(work, frame)
    found = unfinished_batch(work.session, key)
    if found is not None:
        staged = (
            work.session.scalar(
                select(func.count()).select_from(BatchRow).where(BatchRow.batch_id == found.id)
            )
            or 0
        )
        return found.id, None if found.state == "running" else staged, True
    before = select(func.count()).select_from(Batch).where(Batch.key.startswith(f"{key}:", autoescape=True))
    earlier = work.session.scalar(before) or 0
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
