"""The history as a whole: verify it, anchor its heads, export it (R18-R20)."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from govapp.data.audit import Anchor, AuditHead, AuditLog
from govapp.data.engine import reading
from govapp.data.runtime import current
from govapp.domain.chain import GENESIS, mac_of
from govapp.domain.events import BUSINESS, SECURITY, Event
from govapp.services._audit_files import changed_files
from govapp.services._audit_state import state_faults
from govapp.services._work import Origin, Work, writing

CHUNK = 5000
COLUMNS = list(AuditLog.__table__.columns)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a history stops being whole: chain, sequence and a code."""

    chain: str
    sequence: int
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: rows read, heads by chain as (sequence, mac), payloads that were redacted, faults (first bad one first)."""

    rows: int
    heads: Mapping[str, tuple[int, str]]
    redacted: int
    faults: tuple[Fault, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults


def verify(
    *,
    anchor: Mapping[str, Any] | None = None,
    state: bool = False,
    files: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Read both chains in order and say where the first row does not fit.

    Finds edited, deleted, swapped, re-hashed and truncated rows; a cut tail needs the head row or an `anchor`
    (as `anchor_heads` gives it). `state` replays the log against the tables, `files` re-hashes stored files.
    """
    faults: list[Fault] = []
    heads: dict[str, tuple[int, str]] = {}
    rows = redacted = 0
    for chain in (BUSINESS, SECURITY):
        anchored = _anchor_of(anchor, chain)
        count, gone, head, fault = _verify_chain(chain, anchored, progress)
        rows += count
        redacted += gone
        heads[chain] = head
        if fault:
            faults.append(fault)
    if state and not faults:
        faults += [Fault(BUSINESS, seq, code, detail) for seq, code, detail in state_faults(progress)]
    if files and not faults:
        faults += list(_file_faults(progress))
    return Verification(rows, heads, redacted, tuple(faults))


def _anchor_of(anchor: Mapping[str, Any] | None, chain: str) -> tuple[int, str] | None:
    for entry in (anchor or {}).get("heads", ()):
        if entry["chain"] == chain:
            return int(entry["sequence"]), str(entry["mac"])
    return None


def _row_fault(row: Mapping[str, Any], expected: int, previous: str, keys: Mapping[str, bytes]) -> tuple[str, int]:
    """A code, or '' when the row fits; and the sequence to name."""
    if row["sequence"] != expected:
        return "row_missing", expected
    key = keys.get(row["key_id"])
    if key is None:
        return "key_unknown", expected
    if row["previous_mac"] != previous:
        return "link_broken", expected
    if not hmac.compare_digest(mac_of(row, key), row["mac"]):
        return "row_changed", expected
    payload = row["payload"]
    if payload is not None and hashlib.sha256(payload.encode()).hexdigest() != row["payload_digest"]:
        return "payload_changed", expected
    return "", expected


def _verify_chain(
    chain: str, anchored: tuple[int, str] | None, progress: Progress | None
) -> tuple[int, int, tuple[int, str], Fault | None]:
    keys = current().audit_keys
    count = redacted = 0
    previous = GENESIS
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.chain == chain)) or 0
        head = session.get(AuditHead, chain)
        statement = select(*COLUMNS).where(AuditLog.chain == chain).order_by(AuditLog.sequence)
        result = session.execute(statement.execution_options(yield_per=CHUNK))
        for row in result.mappings():
            code, sequence = _row_fault(row, count + 1, previous, keys)
            if code:
                return count, redacted, (count, previous), Fault(chain, sequence, code)
            count += 1
            redacted += row["payload"] is None
            previous = row["mac"]
            if anchored and anchored[0] == count and anchored[1] != previous:
                return count, redacted, (count, previous), Fault(chain, count, "anchor_differs")
            if progress and count % CHUNK == 0:
                progress(chain, count, total)
        ends = (count, previous)
        if head is not None and (head.sequence, head.mac) != ends:
            return count, redacted, ends, Fault(chain, min(count, head.sequence) + 1, "head_differs")
        if head is None and count:
            return count, redacted, ends, Fault(chain, count, "head_missing")
    if anchored and anchored[0] > count:
        return count, redacted, ends, Fault(chain, count + 1, "cut_off", str(anchored[0]))
    if progress:
        progress(chain, count, total)
    return count, redacted, ends, None


def _file_faults(progress: Progress | None) -> Iterator[Fault]:
    """Every stored file hashed again and compared with its name in the tables."""
    for sequence, code, detail in changed_files(progress):
        yield Fault(BUSINESS, sequence, code, detail)


def anchor_heads(origin: Origin) -> dict[str, Any]:
    """The heads of both chains to be kept outside the database; leaves a row and an event. Ready for json.dumps."""
    return writing(origin, _anchor)


def _anchor(work: Work) -> dict[str, Any]:
    heads = []
    for chain in (BUSINESS, SECURITY):
        row = work.session.get(AuditHead, chain)
        if row is not None and row.sequence:
            heads.append({"chain": chain, "sequence": row.sequence, "mac": row.mac, "at": row.at.isoformat()})
            work.session.add(Anchor(chain=chain, sequence=row.sequence, mac=row.mac, at=work.at))
    work.log(Event.ANCHORED, {"heads": [[h["chain"], h["sequence"]] for h in heads]}, object_type="audit")
    return {"govapp": "anchor", "made_at": work.at.isoformat(), "key_id": current().audit_key_id, "heads": heads}


def exported_rows(chain: str | None = None) -> Iterator[dict[str, Any]]:
    """Every row of the history in order, with times as text and the payload as stored; for CSV and JSON."""
    with reading() as session:
        statement = select(*COLUMNS).order_by(AuditLog.chain, AuditLog.sequence)
        if chain:
            statement = statement.where(AuditLog.chain == chain)
        for row in session.execute(statement.execution_options(yield_per=CHUNK)).mappings():
            yield {**row, "at": row["at"].isoformat()}


def export_line(row: Mapping[str, Any]) -> str:
    """One row as a line of JSON."""
    return json.dumps(dict(row), ensure_ascii=False, sort_keys=True)
