"""Replays the business chain against the tables: what the log says must be what the tables hold."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import func, select

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY, Base
from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.domain.events import BUSINESS, Event

CHUNK = 5000
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


def state_faults(progress: Callable[[str, int, int], None] | None = None) -> Iterator[StateFault]:
    """(sequence, code, detail) where stage or state of a measure, or a kept row, is not what the log last made it."""
    yield from _stage_faults(progress)
    yield from _kept_faults()


def _stage_faults(progress: Callable[[str, int, int], None] | None) -> Iterator[StateFault]:
    said: dict[int, tuple[int, str | None, str]] = {}
    with reading() as session:
        statement = (
            select(AuditLog.sequence, AuditLog.event, AuditLog.measure_id, AuditLog.payload)
            .where(AuditLog.chain == BUSINESS, AuditLog.event.in_([str(event) for event in _STAGE_EVENTS]))
            .order_by(AuditLog.sequence)
        )
        for sequence, event, measure_id, payload in session.execute(
            statement.execution_options(yield_per=CHUNK)
        ):
            if payload is None or measure_id is None:
                continue
            said[measure_id] = (
                sequence,
                *_stage_after(Event(event), json.loads(payload), said.get(measure_id)),
            )
        rows = session.execute(
            select(Measure.id, Measure.key, Measure.stage, Measure.state, Measure.stage_seq)
        )
        for done, (number, key, stage, state, _) in enumerate(rows, 1):
            if progress and done % CHUNK == 0:
                progress("state", done, done)
            sequence, logged_stage, logged_state = said.get(number, (0, None, ""))
            if (stage, state) != (logged_stage, logged_state):
                yield (
                    sequence,
                    "state_differs",
                    f"{key}: {stage}/{state}, the log says {logged_stage}/{logged_state}",
                )


def _stage_after(
    event: Event, payload: dict[str, Any], before: tuple[int, str | None, str] | None
) -> tuple[str | None, str]:
    if event is Event.MEASURE_PROPOSED:
        return None, "proposed"
    if event is Event.MEASURE_OPENED_AT:
        return payload["stage"], "active"
    return payload.get("to") or (before[1] if before else None), _STATES.get(event, "active")


def _kept_faults() -> Iterator[StateFault]:
    """Each kept table must equal the open rows of its history."""
    with reading() as session:
        for name, twin in sorted(HISTORY.items()):
            table = Base.metadata.tables[name]
            names = [column.name for column in table.columns]
            both = twin.join(table, (twin.c.id == table.c.id) & twin.c.to_seq.is_(None))
            differs = [twin.c[n].is_distinct_from(table.c[n]) for n in names if n != "id"]
            clause = differs[0]
            for one in differs[1:]:
                clause = clause | one
            for number, seq in session.execute(
                select(table.c.id, twin.c.from_seq).select_from(both).where(clause).limit(20)
            ):
                yield seq, "history_differs", f"{name} {number}"
            open_rows = session.scalar(select(func.count()).select_from(twin).where(twin.c.to_seq.is_(None)))
            rows = session.scalar(select(func.count()).select_from(table))
            if open_rows != rows:
                yield 0, "history_count_differs", f"{name}: {rows} rows, {open_rows} in the history"
