"""Holds the tables against the business chain: what the log says must be what they hold."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from govapp.data.audit import AuditLog
from govapp.data.audit_chain import unmoving
from govapp.data.audit_rows import digests_between
from govapp.data.base import HISTORY, Base
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.measures import Measure
from govapp.domain.chain import digest_over
from govapp.domain.events import BUSINESS, Event

CHUNK = 5000
SPAN = 50_000
_STAGE_EVENTS = (
    Event.MEASURE_PROPOSED, Event.MEASURE_OPENED_AT, Event.MEASURE_MOVED, Event.MEASURE_REOPENED,
    Event.MEASURE_HELD, Event.MEASURE_RELEASED, Event.MEASURE_CANCELLED,
)  # fmt: skip
_STATES = {
    Event.MEASURE_PROPOSED: "proposed",
    Event.MEASURE_HELD: "on_hold",
    Event.MEASURE_CANCELLED: "cancelled",
}
StateFault = tuple[int, str, str]
Progress = Callable[[str, int, int], None]
_Stage = tuple[str | None, str]


def state_faults(progress: Progress | None = None) -> Iterator[StateFault]:
    """(sequence, code, detail) where the tables are not what the log made them.

    Stage and state of every measure; every fact and every kept state, by the digests the log rows carry; kept rows
    against their latest state; pieces of evidence against their submissions and their judgements.
    """
    with unmoving() as connection:
        yield from _stage_faults(connection)
        yield from _row_faults(connection, progress)
        yield from _kept_faults(connection)
        yield from _piece_faults(connection)
        yield from _judgement_faults(connection)


def _stage_faults(connection: Connection) -> Iterator[StateFault]:
    said: dict[int, tuple[int, _Stage | None]] = {}
    statement = (
        select(AuditLog.sequence, AuditLog.event, AuditLog.measure_id, AuditLog.payload)
        .where(AuditLog.chain == BUSINESS, AuditLog.event.in_([str(event) for event in _STAGE_EVENTS]))
        .order_by(AuditLog.sequence)
    )
    for sequence, event, measure_id, payload in connection.execute(
        statement.execution_options(yield_per=CHUNK)
    ):
        if measure_id is not None:
            before = said[measure_id][1] if measure_id in said else (None, "")
            said[measure_id] = sequence, _stage_after(Event(event), payload, before)
    for number, key, stage, state in connection.execute(
        select(Measure.id, Measure.key, Measure.stage, Measure.state).execution_options(yield_per=CHUNK)
    ):
        sequence, logged = said.pop(number, (0, (None, "")))
        if logged is not None and (stage, state) != logged:
            yield sequence, "state_differs", f"{key}: {stage}/{state}, the log says {logged[0]}/{logged[1]}"
    for number, (sequence, _) in said.items():
        yield sequence, "measure_missing", f"measure {number}"


def _stage_after(event: Event, payload: str | None, before: _Stage | None) -> _Stage | None:
    """Stage and state after an event; None when its content, or that of one it builds on, was redacted."""
    said: dict[str, Any] | None = None if payload is None else json.loads(payload)
    if event is Event.MEASURE_PROPOSED:
        return None, "proposed"
    if event is Event.MEASURE_OPENED_AT:
        return None if said is None else (said["stage"], "active")
    if said is None or (not said.get("to") and before is None):
        return None
    return said.get("to") or (before[0] if before else None), _STATES.get(event, "active")


def _row_faults(connection: Connection, progress: Progress | None) -> Iterator[StateFault]:
    """What each log row made, began and ended, against the digest it carries; rows older than that are not judged."""
    covered = (AuditLog.chain == BUSINESS, AuditLog.rows_digest.is_not(None))
    first = connection.scalar(select(func.min(AuditLog.sequence)).where(*covered))
    head = connection.scalar(select(func.max(AuditLog.sequence)).where(*covered))
    if first is None or head is None:
        return
    after = first - 1 if first > 1 else None
    reached = first - 1
    while reached < head:
        reached += SPAN
        until = reached if reached < head else None
        yield from _span_faults(connection, after, until)
        after = until
        if progress:
            progress("state", min(reached, head), head)


def _span_faults(connection: Connection, after: int | None, until: int | None) -> Iterator[StateFault]:
    found: dict[int, list[str]] = {}
    for sequence, digest in digests_between(connection, after, until):
        found.setdefault(sequence, []).append(digest)
    rows = select(AuditLog.sequence, AuditLog.rows_digest, AuditLog.event, AuditLog.object_id).where(
        AuditLog.chain == BUSINESS
    )
    if after is not None:
        rows = rows.where(AuditLog.sequence > after)
    if until is not None:
        rows = rows.where(AuditLog.sequence <= until)
    for sequence, said, event, about in connection.execute(
        rows.order_by(AuditLog.sequence).execution_options(yield_per=CHUNK)
    ):
        if digest_over(found.pop(sequence, ())) != said:
            yield sequence, "rows_differ", f"{event} {about}".strip()
    for sequence in sorted(found):
        yield sequence, "rows_unlogged", ""


def _kept_faults(connection: Connection) -> Iterator[StateFault]:
    """Each kept table must equal the open rows of its history."""
    for name, twin in sorted(HISTORY.items()):
        table = Base.metadata.tables[name]
        names = [column.name for column in table.columns]
        both = twin.join(table, (twin.c.id == table.c.id) & twin.c.to_seq.is_(None))
        differs = [twin.c[n].is_distinct_from(table.c[n]) for n in names if n != "id"]
        clause = differs[0]
        for one in differs[1:]:
            clause = clause | one
        for number, seq in connection.execute(
            select(table.c.id, twin.c.from_seq).select_from(both).where(clause).limit(20)
        ):
            yield seq, "history_differs", f"{name} {number}"
        open_rows = connection.scalar(select(func.count()).select_from(twin).where(twin.c.to_seq.is_(None)))
        rows = connection.scalar(select(func.count()).select_from(table))
        if open_rows != rows:
            yield 0, "history_count_differs", f"{name}: {rows} rows, {open_rows} in the history"


def _piece_faults(connection: Connection) -> Iterator[StateFault]:
    """A revision must hang on the piece, of the kind, that was handed in."""
    statement = (
        select(AuditLog.sequence, AuditLog.payload, AuditLog.object_id, Evidence.id, Evidence.kind, Evidence.number)
        .join(EvidenceRevision, EvidenceRevision.seq == AuditLog.sequence)
        .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
        .where(AuditLog.chain == BUSINESS, AuditLog.event == str(Event.EVIDENCE_SUBMITTED))
    )  # fmt: skip
    for sequence, payload, about, *piece in connection.execute(statement.execution_options(yield_per=CHUNK)):
        said = json.loads(payload) if payload is not None else None
        if said and [int(about), said["kind"], said["piece"]] != piece:
            yield sequence, "piece_differs", f"{said['kind']} {said['piece']}"


def _judgement_faults(connection: Connection) -> Iterator[StateFault]:
    """A judgement comes later than the revision that its digest covers: the log row that names it must say the same."""
    said = {
        sequence: None if payload is None else json.loads(payload)
        for sequence, payload in connection.execute(
            select(AuditLog.sequence, AuditLog.payload).where(
                AuditLog.chain == BUSINESS, AuditLog.event == str(Event.EVIDENCE_JUDGED)
            )
        )
    }
    revision = EvidenceRevision
    for sequence, digest, judged, reason in connection.execute(
        select(revision.judged_seq, revision.digest, revision.judged, revision.judged_reason)
        .where(revision.judged != "")
        .execution_options(yield_per=CHUNK)
    ):
        if sequence not in said:
            yield sequence, "judgement_unlogged", f"evidence {digest[:12]}"
            continue
        logged = said.pop(sequence)
        if logged and (logged["digest"], logged["to"], logged["reason"]) != (digest, judged, reason):
            yield (
                sequence,
                "judgement_differs",
                f"evidence {digest[:12]}: {judged}, the log says {logged['to']}",
            )
    for sequence in said:
        yield sequence, "judgement_missing", ""
