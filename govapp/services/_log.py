"""Writes the history at the end of a transaction: locks the head, numbers and signs the rows, keeps old states."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Update, bindparam, insert, inspect, select, update
from sqlalchemy.orm import Mapper, Session

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.audit_rows import FACTS, digest_of_end, digest_of_row
from govapp.data.base import HISTORY
from govapp.data.kept_rows import keep_states
from govapp.data.numbering import Numbers
from govapp.data.runtime import current
from govapp.data.types import canonical
from govapp.domain.chain import digest_over, mac_of
from govapp.domain.events import BUSINESS, Event, chain_of, missing_fields

if TYPE_CHECKING:
    from govapp.services._work import Work


# statements made once: making them costs more than asking them
_APPEND = insert(AuditLog)
_HEAD = (
    select(AuditHead.chain, AuditHead.sequence, AuditHead.mac, AuditHead.at)
    .where(AuditHead.chain == bindparam("of"))
    .with_for_update()
)
_ADVANCE = update(AuditHead.__table__).where(AuditHead.chain == bindparam("of"))  # type: ignore[arg-type]  # a Table


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


@dataclass(slots=True)
class _Head:
    """The last row of a chain, locked until the transaction ends."""

    chain: str
    sequence: int
    mac: str
    at: datetime


def _locked_head(session: Session, chain: str) -> _Head:
    return _Head(*session.execute(_HEAD, {"of": chain}).one())


def _row(work: "Work", entry: Entry, head: _Head, rows_digest: str) -> dict[str, Any]:
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
        "rows_digest": rows_digest,
    }
    row["mac"] = mac_of(row, runtime.audit_keys[runtime.audit_key_id])
    head.sequence, head.mac, head.at = row["sequence"], row["mac"], row["at"]
    return row


def write_log(work: "Work") -> None:
    """Number and sign the entries, give their sequences to what they made, keep the states of changed rows."""
    session = work.session
    for call in work.before_log:
        call()
    chains = sorted({chain_of(entry.event) for entry in work.entries})
    heads = {chain: _locked_head(session, chain) for chain in chains}
    last = {chain: head.sequence for chain, head in heads.items()}
    numbers = []
    for entry in work.entries:
        chain = chain_of(entry.event)
        last[chain] += 1
        numbers.append(last[chain])
        for made in entry.made:
            made.seq = last[chain]
    seq = last.get(BUSINESS, 0)
    for tell in work.at_seq:
        tell(seq)
    _write(work, work.late)
    session.flush()
    changes = _changes(work, seq)
    digests = _digests(work, seq, changes)
    for kept in work.rows.values():
        digests.setdefault(seq, []).extend(kept.digests())
    rows = []
    for entry, number in zip(work.entries, numbers, strict=True):
        chain = chain_of(entry.event)
        said = digest_over(digests.pop(number, ())) if chain == BUSINESS else ""
        rows.append(_row(work, entry, heads[chain], said))
    if digests:
        raise ValueError(f"rows were made without a log row: {sorted(digests)}")
    for head in heads.values():
        session.execute(
            _ADVANCE, {"of": head.chain, "sequence": head.sequence, "mac": head.mac, "at": head.at}
        )
    if rows:
        session.execute(_APPEND, rows)
    _keep(session, seq, changes)
    for kept in work.rows.values():
        keep_states(session, kept, seq)


def write_at_once(work: "Work", rows: Sequence[Any], numbers: Numbers) -> None:
    """Write kept rows with reserved numbers now, many in one statement; for what this transaction reads again."""
    for row in rows:
        row.id = numbers[type(row)].pop(0)
    _write(work, rows)


def _write(work: "Work", rows: Iterable[Any]) -> None:
    """Write numbered rows, table by table in the order in which they come, as facts and kept states."""
    for model, mine in groupby(rows, type):
        made = list(mine)
        for row in made:
            _fill(row)
        values = [
            {name: value for name, value in _values(row).items() if name != "id" or value} for row in made
        ]
        work.session.execute(insert(inspect(made[0]).mapper.local_table), values)
        if model in FACTS:
            work.facts += made
        if getattr(model, "__kept__", False):
            work.kept |= {id(row): row for row in made}
            work.born |= {id(row) for row in made}


def _fill(row: Any) -> None:
    """Give a row the defaults of its columns, as adding it to the session would."""
    for column, key in _defaults(inspect(row).mapper):
        if getattr(row, key) is None:
            setattr(row, key, column.default.arg(None) if column.default.is_callable else column.default.arg)


@dataclass(frozen=True, slots=True)
class _Changes:
    """Kept states that this transaction ends and begins, by table."""

    ended: dict[str, list[int]]
    begun: dict[str, list[dict[str, Any]]]


def _changes(work: "Work", seq: int) -> _Changes:
    found = _Changes({}, {})
    if not work.kept and not work.gone and not work.rows:
        return found
    if not seq:
        names = [*(type(row).__name__ for row in work.kept.values()), *work.rows]
        raise ValueError("a kept row changed without a log row: " + ", ".join(names))
    gone = {id(row) for row in work.gone}
    for row in work.kept.values():
        state = inspect(row)
        if state.deleted or state.detached or id(row) in gone:
            continue
        name = state.mapper.local_table.name
        found.begun.setdefault(name, []).append(_values(row))
        if id(row) not in work.born:
            found.ended.setdefault(name, []).append(row.id)
    for row in work.gone:
        if id(row) not in work.born:
            found.ended.setdefault(inspect(row).mapper.local_table.name, []).append(row.id)
    for name, kept in work.rows.items():
        one_way = {state["id"] for state in found.begun.get(name, ())}.union(found.ended.get(name, ()))
        if not one_way.isdisjoint(kept.begun.keys() | kept.ended):
            raise ValueError(f"rows of {name} were written as objects and in bulk")
    return found


@cache
def _columns(mapper: Mapper[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((each.columns[0].name, each.key) for each in mapper.column_attrs)


@cache
def _defaults(mapper: Mapper[Any]) -> tuple[tuple[Any, str], ...]:
    return tuple(
        (each.columns[0], each.key) for each in mapper.column_attrs if each.columns[0].default is not None
    )


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, key) for name, key in _columns(inspect(row).mapper)}


def _digests(work: "Work", seq: int, changes: _Changes) -> dict[int, list[str]]:
    """Digests of what each log row of this transaction makes; kept states belong to the last."""
    found: dict[int, list[str]] = {}
    for row in work.facts:
        fact = FACTS[type(row)]
        said = digest_of_row(row.__tablename__, _values(row), fact.later)
        found.setdefault(fact.sequence_of(work.session, row), []).append(said)
    for name, ids in changes.ended.items():
        found.setdefault(seq, []).extend(digest_of_end(name, each) for each in ids)
    for name, states in changes.begun.items():
        found.setdefault(seq, []).extend(digest_of_row(name, values) for values in states)
    return found


def _keep(session: Session, seq: int, changes: _Changes) -> None:
    """Close the old and write the new state of every kept row that changed (architecture.md, Past moments)."""
    for name, ids in changes.ended.items():
        session.execute(_closing(name), {"ids": ids, "ended": seq})
    for name, states in changes.begun.items():
        rows = [values | {"from_seq": seq, "to_seq": None} for values in states]
        session.execute(_keeping(name), rows)


@cache
def _closing(name: str) -> Update:
    twin = HISTORY[name]
    current_one = twin.c.id.in_(bindparam("ids", expanding=True)) & twin.c.to_seq.is_(None)
    return update(twin).where(current_one).values(to_seq=bindparam("ended"))


@cache
def _keeping(name: str) -> Insert:
    return insert(HISTORY[name])
