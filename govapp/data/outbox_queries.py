"""Reads the outbox for its page: what waits, what failed, what left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.notices import Outbox

PAGE = 50
STATES = ("waiting", "failed", "done")


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One parcel: a mail (to whom; `payload` is what it is made of) or a job (its name, its ids)."""

    id: int
    kind: str
    what: str
    payload: Mapping[str, Any]
    state: str
    attempts: int
    made_at: datetime
    due_at: datetime
    done_at: datetime | None
    problem: str


def outbox_page(session: Session, state: str = "", page: int = 1) -> tuple[list[OutboxRow], dict[str, int]]:
    """Parcels of a state (all when empty), newest first, and how many there are of each state."""
    counted = select(Outbox.state, func.count()).where(Outbox.kind != "period").group_by(Outbox.state)
    counts = dict(session.execute(counted).all())
    statement = select(Outbox).where(Outbox.kind != "period")
    if state:
        statement = statement.where(Outbox.state == state)
    rows = session.scalars(statement.order_by(Outbox.id.desc()).limit(PAGE).offset((page - 1) * PAGE))
    return [_row(row) for row in rows], {name: counts.get(name, 0) for name in STATES}


def _row(row: Outbox) -> OutboxRow:
    payload = row.payload
    if row.kind == "mail":
        what = str(payload.get("to", ""))
    else:
        arguments = payload.get("args", [])
        listed = ", ".join(str(each) for each in arguments) if isinstance(arguments, list) else ""
        what = f"{payload.get('name', '')} {listed}".strip()
    return OutboxRow(
        row.id,
        row.kind,
        what,
        payload,
        row.state,
        row.attempts,
        row.made_at,
        row.due_at,
        row.done_at,
        row.problem,
    )
