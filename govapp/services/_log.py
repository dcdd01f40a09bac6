"""Writes the history at the end of a transaction: locks the head, numbers and signs the rows, keeps old states."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Update, bindparam, insert, inspect, select, update
from sqlalchemy.orm import Session

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.base import HISTORY
from govapp.data.runtime import current
from govapp.data.types import canonical
from govapp.domain.chain import GENESIS, mac_of
from govapp.domain.events import BUSINESS, Event, chain_of, missing_fields

if TYPE_CHECKING:
    from govapp.services._work import Work


_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_APPEND = insert(AuditLog)  # statements made once: making them costs more than asking them


@dataclass(frozen=True, slots=True)
class Entry:
    """A log row to be: what happened, with codes and values only."""

    event: Event
    payload: dict[str, Any]
    made: tuple[Any, ...] = ()
    right: str = ""
    object_type: str = ""
    object_id: str = ""
    measure_id: int | None = None
    branch_id: int | None = None
    on_behalf_of: int | None = None


def _locked_head(session: Session, chain: str) -> AuditHead:
    head: AuditHead | None = session.scalar(_head(), {"chain": chain})
    if head is None:
        session.execute(insert(AuditHead).values(chain=chain, sequence=0, mac=GENESIS, at=_BEGINNING))
        made: AuditHead = session.scalars(_head(), {"chain": chain}).one()
        return made
    return head


@cache
def _head() -> Any:
    found = select(AuditHead).where(AuditHead.chain == bindparam("chain")).with_for_update()
    return found.execution_options(populate_existing=True)


def _row(work: "Work", entry: Entry, head: AuditHead) -> dict[str, Any]:
    lacking = missing_fields(entry.event, entry.payload)
    if lacking:
        raise ValueError(f"{entry.event} must carry {sorted(lacking)}")
    payload = canonical(entry.payload)
    runtime = current()
    row: dict[str, Any] = {
        "chain": head.chain,
        "sequence": head.sequence + 1,
        "at": max(work.at, head.at),
        "actor_id": work.actor.id,
        "actor": work.actor.name,
        "on_behalf_of": entry.on_behalf_of,
        "right_used": entry.right,
        "source": work.origin.source,
        "request_id": work.origin.request_id,
        "action_key": work.action_key,
        "event": str(entry.event),
        "object_type": entry.object_type,
        "object_id": str(entry.object_id),
        "measure_id": entry.measure_id,
        "branch_id": entry.branch_id,
        "payload": payload,
        "payload_digest": hashlib.sha256(payload.encode()).hexdigest(),
        "key_id": runtime.audit_key_id,
        "previous_mac": head.mac,
    }
    row["mac"] = mac_of(row, runtime.audit_keys[runtime.audit_key_id])
    head.sequence, head.mac, head.at = row["sequence"], row["mac"], row["at"]
    return row


def write_log(work: "Work") -> None:
    """Number and sign the entries, give their sequences to what they made, keep the states of changed rows."""
    session = work.session
    for call in work.before_log:
        call()
    rows: list[dict[str, Any]] = []
    last_business = 0
    chains = sorted({chain_of(entry.event) for entry in work.entries})
    heads = {chain: _locked_head(session, chain) for chain in chains}
    for entry in work.entries:
        head = heads[chain_of(entry.event)]
        row = _row(work, entry, head)
        rows.append(row)
        for made in entry.made:
            made.seq = row["sequence"]
        if head.chain == BUSINESS:
            last_business = row["sequence"]
    for tell in work.at_seq:
        tell(last_business)
    session.flush()
    if rows:
        session.execute(_APPEND, rows)
    keep_states(work, last_business)


def keep_states(work: "Work", seq: int) -> None:
    """Close the old and write the new state of every kept row that changed (architecture.md, Past moments)."""
    if not work.kept and not work.gone:
        return
    if not seq:
        raise ValueError(
            "a kept row changed without a log row: " + ", ".join(type(r).__name__ for r in work.kept.values())
        )
    fresh: dict[str, list[dict[str, Any]]] = {}
    close: dict[str, list[dict[str, Any]]] = {}
    for row in work.kept.values():
        state = inspect(row)
        if state.deleted or state.detached or row in work.gone:
            continue
        table = state.mapper.local_table
        values = {prop.columns[0].name: getattr(row, prop.key) for prop in state.mapper.column_attrs}
        fresh.setdefault(table.name, []).append(values | {"from_seq": seq, "to_seq": None})
        if id(row) not in work.born:
            close.setdefault(table.name, []).append(values)
    for row in work.gone:
        mapper = inspect(row).mapper
        values = {prop.columns[0].name: getattr(row, prop.key) for prop in mapper.column_attrs}
        close.setdefault(mapper.local_table.name, []).append(values)
    for name, ended in close.items():
        work.session.execute(_closing(name), {"ids": [values["id"] for values in ended], "ended": seq})
    for name, states in fresh.items():
        work.session.execute(_keeping(name), states)


@cache
def _closing(name: str) -> Update:
    twin = HISTORY[name]
    current_one = twin.c.id.in_(bindparam("ids", expanding=True)) & twin.c.to_seq.is_(None)
    return update(twin).where(current_one).values(to_seq=bindparam("ended"))


@cache
def _keeping(name: str) -> Insert:
    return insert(HISTORY[name])
