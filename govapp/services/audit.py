"""The history as a whole: verify it, anchor its heads, export it (R18-R20)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select

from govapp.data.audit import Anchor, AuditHead
from govapp.data.audit_chain import rows_in, unmoving
from govapp.data.audit_queries import LogFilter, Reach, opened_lately, stored_rows
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.events import BUSINESS, SECURITY, Event
from govapp.domain.permissions import Permission
from govapp.services._audit_chain import Checkpoint, Fault, check_rows
from govapp.services._audit_files import changed_files
from govapp.services._audit_state import state_faults
from govapp.services._people_rights import _may_anywhere
from govapp.services._work import Origin, Work, now, writing

__all__ = [
    "Checkpoint", "Fault", "Verification", "anchor", "check_on", "exported_rows", "result_of", "rows_written", "verify",
]  # fmt: skip

CHAINS = (BUSINESS, SECURITY)
EVERYTHING = Reach(None)
ONCE_A = timedelta(minutes=1)
MOST_FAULTS = 1000
Progress = Callable[[str, int, int], None]
Anchors = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: rows read, heads by chain as (sequence, mac), payloads redacted by logged acts, what is wrong."""

    rows: int
    heads: Mapping[str, tuple[int, str]]
    redacted: int
    faults: tuple[Fault, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults

    @property
    def first_bad(self) -> Fault | None:
        """The first fault, or None."""
        return self.faults[0] if self.faults else None


def verify(
    *,
    chains: Iterable[str] = CHAINS,
    anchor: Mapping[str, Any] | None = None,
    state: bool = False,
    files: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Read the chains in order and say where the first row does not fit.

    Finds edited, deleted, swapped and re-hashed rows, and a cut tail by the head row, by the anchors this database
    remembers, and by `anchor` (as `anchor()` gave it). `state` replays the log against the tables, `files` hashes
    stored files again; of what differs there the first thousand are told. Raises Invalid when the anchor is none.
    """
    kept = read_anchor(anchor) if anchor is not None else {}
    points = tuple(Checkpoint(chain) for chain in chains)
    while not all(point.done for point in points):
        points = check_on(points, kept)
        if progress:
            progress("rows", sum(point.rows for point in points), rows_written())
    found = result_of(points)
    faults = list(found.faults)
    if state and not faults:
        faults += [Fault(BUSINESS, *fault) for fault in islice(state_faults(progress), MOST_FAULTS)]
    if files and not faults:
        faults += [Fault(BUSINESS, *fault) for fault in islice(changed_files(progress), MOST_FAULTS)]
    return replace(found, faults=tuple(faults))


def check_on(points: Sequence[Checkpoint], anchors: Anchors | None = None) -> tuple[Checkpoint, ...]:
    """Some thousand rows further in the first chain that is not at its end; nothing when every one is."""
    at = next((place for place, point in enumerate(points) if not point.done), None)
    if at is None:
        return tuple(points)
    with unmoving() as connection:
        further = check_rows(connection, points[at], (anchors or {}).get(points[at].chain, {}))
    return (*points[:at], further, *points[at + 1 :])


def result_of(points: Sequence[Checkpoint]) -> Verification:
    """What was found as far as the chains were read."""
    faults = tuple(point.fault for point in points if point.fault)
    heads = {point.chain: (point.rows, point.mac) for point in points}
    return Verification(sum(p.rows for p in points), heads, sum(p.redacted for p in points), faults)


def rows_written(chains: Iterable[str] = CHAINS) -> int:
    """How many rows these chains have, by their heads; for progress."""
    with unmoving() as connection:
        return sum(rows_in(connection, chain) for chain in chains)


def read_anchor(data: Mapping[str, Any]) -> dict[str, dict[int, str]]:
    """Macs by chain and sequence of an anchor file. Raises Invalid when it is none."""
    try:
        found: dict[str, dict[int, str]] = {chain: {} for chain in CHAINS}
        for head in data["heads"]:
            found[head["chain"]][int(head["sequence"])] = str(head["mac"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("anchor_unreadable") from error
    if not any(found.values()):
        raise Invalid("anchor_unreadable")
    return found


def anchor(origin: Origin) -> dict[str, Any]:
    """The heads of both chains, to be kept outside the database; leaves a row and an event. Ready for json.dumps.

    Needs `audit:export`.
    """
    return writing(origin, _anchor)


def _anchor(work: Work) -> dict[str, Any]:
    right = _may_anywhere(work, Permission.AUDIT_EXPORT)
    # the heads are locked in the order in which the log locks them, so what is anchored was committed
    locked = (
        select(AuditHead)
        .order_by(AuditHead.chain)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    heads = []
    for row in work.session.scalars(locked):
        heads.append({"chain": row.chain, "sequence": row.sequence, "mac": row.mac, "at": row.at.isoformat()})
        work.session.add(Anchor(chain=row.chain, sequence=row.sequence, mac=row.mac, at=work.at))
    said = [[head["chain"], head["sequence"], head["mac"]] for head in heads]
    work.log(Event.ANCHORED, {"heads": said}, right=right, object_type="audit")
    return {"govapp": "anchor", "made_at": work.at.isoformat(), "heads": heads}


def record_verification(origin: Origin, result: Verification) -> None:
    """Log that the history was verified, and with what result. Needs `audit:verify`."""

    def record(work: Work) -> None:
        right = _may_anywhere(work, Permission.AUDIT_VERIFY)
        heads = {chain: head[0] for chain, head in result.heads.items()}
        faults = [[fault.chain, fault.sequence, fault.code] for fault in result.faults[:20]]
        event = Event.AUDIT_VERIFIED if result.ok else Event.INTEGRITY_FAILED
        work.log(
            event, {"rows": result.rows, "heads": heads, "faults": faults}, right=right, object_type="audit"
        )

    writing(origin, record)


def record_opening(origin: Origin, filters: Mapping[str, str]) -> None:
    """Log that the history was opened, at most once a minute for a person (R29: a look changes nothing else)."""
    if _opened_lately(origin):
        return

    def record(work: Work) -> None:
        right = _may_anywhere(work, Permission.AUDIT_VIEW)
        if not _opened_in(work):
            work.log(Event.AUDIT_OPENED, {"filter": dict(filters)}, right=right, object_type="audit")

    writing(origin, record)


def record_export(origin: Origin, form: str, filters: Mapping[str, str]) -> None:
    """Log that the history leaves the program as a file, before its first row does. Needs `audit:export`."""

    def record(work: Work) -> None:
        right = _may_anywhere(work, Permission.AUDIT_EXPORT)
        work.log(
            Event.AUDIT_EXPORTED, {"form": form, "filter": dict(filters)}, right=right, object_type="audit"
        )

    writing(origin, record)


def _opened_lately(origin: Origin) -> bool:
    since = (origin.at or now()) - ONCE_A
    with reading() as session:
        return origin.person_id is not None and opened_lately(
            session, origin.person_id, Event.AUDIT_OPENED, since
        )


def _opened_in(work: Work) -> bool:
    who = work.actor.id
    return who is not None and opened_lately(work.session, who, Event.AUDIT_OPENED, work.at - ONCE_A)


def exported_rows(
    what: LogFilter | None = None, reach: Reach = EVERYTHING, zone: str = "UTC"
) -> Iterator[dict[str, Any]]:
    """The rows of both chains, oldest first, or those that fit a filter, as stored; times as ISO text.

    Nothing is logged here: the caller asks `record_export` first.
    """
    for one in [what] if what else [LogFilter(chain=chain) for chain in CHAINS]:
        with reading() as session:
            yield from stored_rows(session, one, reach, zone)
