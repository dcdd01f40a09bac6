"""Checks a chain row by row, in parts: each part says how far it came, so that a page can show progress."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from govapp.data.audit_chain import (
    KEY_ID,
    PAYLOAD_DIGEST,
    PREVIOUS_MAC,
    SEQUENCE,
    ChainRow,
    UnreadableRow,
    anchors_of,
    head_of,
    redacted_by_log,
    rows_after,
)
from govapp.data.runtime import current
from govapp.domain.chain import GENESIS, mac_over

CHUNK = 1500


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a history stops being whole: chain, first bad sequence, a code, and what it is about."""

    chain: str
    sequence: int
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a chain was read and found whole: rows, mac of the last, payloads redacted by a logged act."""

    chain: str
    rows: int = 0
    mac: str = GENESIS
    redacted: int = 0
    done: bool = False
    fault: Fault | None = None


def check_rows(connection: Connection, so_far: Checkpoint, anchors: Mapping[int, str]) -> Checkpoint:
    """Read the next rows and judge them; at the end of the chain also its head and the anchors past it."""
    try:
        rows = rows_after(connection, so_far.chain, so_far.rows, CHUNK)
    except UnreadableRow:
        return _bad(so_far, so_far.rows + 1, "row_changed")
    if not rows:
        return _end(connection, so_far, anchors)
    known = anchors_of(connection, so_far.chain) | dict(anchors)
    keys = current().audit_keys
    count, previous = so_far.rows, so_far.mac
    redacted: list[int] = []
    for row in rows:
        _, payload, mac = row
        code = _row_fault(row, count + 1, previous, keys)
        if not code and known.get(count + 1, mac) != mac:
            code = "anchor_differs"
        if code:
            return _bad(
                so_far, count + 1, code, redacted=so_far.redacted + len(redacted), rows=count, mac=previous
            )
        count, previous = count + 1, mac
        if payload is None:
            redacted.append(count)
    if redacted and (missing := _unexplained(connection, so_far.chain, redacted)):
        return _bad(so_far, missing, "payload_missing", rows=count, mac=previous)
    return replace(so_far, rows=count, mac=previous, redacted=so_far.redacted + len(redacted))


def _row_fault(row: ChainRow, expected: int, previous: str, keys: Mapping[str, bytes]) -> str:
    texts, payload, mac = row
    if texts[SEQUENCE] != str(expected):
        return "row_missing"
    key = keys.get(texts[KEY_ID])
    if key is None:
        return "key_unknown"
    if texts[PREVIOUS_MAC] != previous:
        return "link_broken"
    try:
        if mac_over(texts, key) != mac:
            return "row_changed"
    except (TypeError, UnicodeError):
        return "row_changed"  # SQLite takes a number or bytes where a text was
    if payload is not None and hashlib.sha256(str(payload).encode()).hexdigest() != texts[PAYLOAD_DIGEST]:
        return "payload_changed"
    return ""


def _bad(so_far: Checkpoint, sequence: int, code: str, **more: int | str) -> Checkpoint:
    return replace(so_far, done=True, fault=Fault(so_far.chain, sequence, code), **more)  # type: ignore[arg-type]  # **more


def _end(connection: Connection, so_far: Checkpoint, anchors: Mapping[int, str]) -> Checkpoint:
    head = head_of(connection, so_far.chain)
    past = [
        sequence for sequence in (*anchors_of(connection, so_far.chain), *anchors) if sequence > so_far.rows
    ]
    if past:
        return _bad(so_far, so_far.rows + 1, "cut_off")
    if head is None:
        return _bad(so_far, so_far.rows, "head_missing") if so_far.rows else replace(so_far, done=True)
    if head[0] != so_far.rows:
        return _bad(
            so_far, min(head[0], so_far.rows) + 1, "cut_off" if head[0] > so_far.rows else "head_differs"
        )
    if head != (so_far.rows, so_far.mac):
        return _bad(so_far, so_far.rows, "head_differs")
    return replace(so_far, done=True)


def _unexplained(connection: Connection, chain: str, sequences: list[int]) -> int:
    """The first row without a payload that no logged act redacted, or 0."""
    acts = (json.loads(payload) for payload in redacted_by_log(connection))
    explained = {int(act["sequence"]) for act in acts if act.get("chain") == chain}
    return next((sequence for sequence in sequences if sequence not in explained), 0)
