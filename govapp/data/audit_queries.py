"""Read queries on the history: a page of the log, its filters, and all rows for an export."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.structure import Branch
from govapp.domain.events import BUSINESS, Event

PAGE = 50
SEARCHED = 25_000
CHUNK = 2000
FIELDS = tuple(column.name for column in AuditLog.__table__.columns)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to show: a chain, and any of event, person, measure (key), days (both included), words. Empty: all."""

    chain: str = BUSINESS
    event: str = ""
    person: int | None = None
    measure: str = ""
    since: date | None = None
    until: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which rows somebody may read: those of branches by id, and those that belong to none. None: all branches.

    `closed`: events whose content may be read in some branches only, with the ids of these.
    """

    branches: tuple[int, ...] | None
    without_branch: bool = True
    closed: tuple[tuple[frozenset[Event], frozenset[int]], ...] = ()

    def hides(self, event: str, branch_id: int | None) -> bool:
        """True when the content of such a row is not for this reader."""
        return any(event in events and branch_id not in open_in for events, open_in in self.closed)


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of the history as a page shows it; without its content where that is `hidden` from the reader."""

    chain: str
    sequence: int
    at: datetime
    actor_id: int | None
    actor: str
    on_behalf_of: int | None
    right_used: str
    source: str
    request_id: str
    event: str
    object_type: str
    object_id: str
    measure_id: int | None
    measure_key: str
    payload: dict[str, Any] | None
    payload_text: str
    mac: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows, newest first; `older`, `newer`: sequences to go on from; `searched_to`: where a search stopped for now."""

    rows: tuple[LogRow, ...]
    older: int | None
    newer: int | None
    head: int
    searched_to: int | None = None


def reach_of(session: Session, paths: Iterable[str], *, system: bool = False) -> Reach:
    """What the holder of the permission on these branch paths may read of the log."""
    found = tuple(paths)
    if system:
        return Reach(None)
    roots = set(session.scalars(select(Branch.path).where(Branch.parent_id.is_(None))))
    if roots and roots <= set(found):
        return Reach(None)
    clauses = [Branch.path.like(f"{path}%") for path in found]
    ids = tuple(session.scalars(select(Branch.id).where(or_(*clauses)))) if clauses else ()
    return Reach(ids, bool(roots & set(found)))


def log_page(
    session: Session,
    what: LogFilter,
    reach: Reach,
    zone: str,
    *,
    before: int | None = None,
    after: int | None = None,
) -> LogPage:
    """One page of the log by sequence, newest first: the rows below `before`, or the next above `after`.

    A search by words, or by somebody who may read some branches only, looks through so many rows at a time and says how
    far it came.
    """
    head = session.scalar(select(AuditHead.sequence).where(AuditHead.chain == what.chain)) or 0
    upward = after is not None and before is None
    clauses = _clauses(session, what, reach, zone)
    if clauses is None:
        return LogPage((), None, None, head)
    column = AuditLog.sequence
    bounded = bool(what.words) or reach.branches is not None
    start = (after or 0) if upward else min(before or head + 1, head + 1)
    end = start + SEARCHED if upward else max(start - SEARCHED, 1)
    clauses.append(column > start if upward else column < start)
    if bounded:
        clauses.append(column <= end if upward else column >= end)
    found = select(*AuditLog.__table__.columns).where(*clauses)
    found = found.order_by(column if upward else column.desc()).limit(PAGE + 1)
    rows = session.execute(found).all()
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if upward:
        rows = rows[::-1]
    searched = end if bounded and not more and (end < head if upward else end > 1) else None
    lowest, highest = (rows[-1].sequence, rows[0].sequence) if rows else (start + 1, start - 1)
    if upward:
        older, newer = lowest, highest if more else searched
    else:
        older = lowest if more else searched
        newer = highest if rows and before is not None and before <= head else None
    return LogPage(_shown(session, rows, reach), older, newer, head, searched)


def _clauses(session: Session, what: LogFilter, reach: Reach, zone: str) -> list[ColumnElement[bool]] | None:
    """The conditions of a filter; None when nothing can fit."""
    chain: ColumnElement[Any] = AuditLog.chain  # type: ignore[assignment]  # an attribute stands for its column
    clauses: list[ColumnElement[bool]] = []
    if what.measure:
        measure_id = session.scalar(select(Measure.id).where(Measure.key == what.measure))
        if measure_id is None:
            return None
        clauses.append(AuditLog.measure_id == measure_id)
        chain = func.coalesce(AuditLog.chain, "")  # so that SQLite takes the index on the measure
    clauses.append(chain == what.chain)
    if what.event:
        clauses.append(AuditLog.event == what.event)
    if what.person is not None:
        clauses.append(AuditLog.actor_id == what.person)
    clauses += _between(session, what, zone)
    for word in what.words.split()[:5]:
        like = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        said: list[ColumnElement[bool]] = [
            column.ilike(like, escape="\\")
            for column in (AuditLog.payload, AuditLog.actor, AuditLog.object_id)
        ]
        said[0] = and_(
            said[0], *(_open(*each) for each in reach.closed)
        )  # no content is found by guessing at it
        clauses.append(or_(*said))
    if reach.branches is not None:
        seen: list[ColumnElement[bool]] = [AuditLog.branch_id.in_(reach.branches)]
        if reach.without_branch:
            seen.append(AuditLog.branch_id.is_(None))
        clauses.append(or_(*seen))
    return clauses


def _open(events: frozenset[Event], branches: frozenset[int]) -> ColumnElement[bool]:
    return or_(AuditLog.event.not_in(sorted(events)), AuditLog.branch_id.in_(sorted(branches)))


def _between(session: Session, what: LogFilter, zone: str) -> list[ColumnElement[bool]]:
    """Days as bounds on the sequence: times never go back along a chain, so the page stays on its key."""
    clauses: list[ColumnElement[bool]] = []
    on_chain = select(AuditLog.sequence).where(AuditLog.chain == what.chain)
    if what.since is not None:
        first = session.scalar(
            on_chain.where(AuditLog.at >= _midnight(what.since, zone))
            .order_by(AuditLog.at, AuditLog.sequence)
            .limit(1)
        )
        clauses.append(AuditLog.sequence >= first if first is not None else AuditLog.sequence < 0)
    if what.until is not None:
        end = _midnight(what.until + timedelta(days=1), zone)
        last = session.scalar(
            on_chain.where(AuditLog.at < end).order_by(AuditLog.at.desc(), AuditLog.sequence.desc()).limit(1)
        )
        clauses.append(AuditLog.sequence <= (last or 0))
    return clauses


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _shown(session: Session, rows: Sequence[Any], reach: Reach) -> tuple[LogRow, ...]:
    ids = {row.measure_id for row in rows if row.measure_id}
    keys: dict[int, str] = {}
    if ids:
        keys = {
            row.id: row.key
            for row in session.execute(select(Measure.id, Measure.key).where(Measure.id.in_(ids)))
        }
    return tuple(_row(row, keys, hidden=reach.hides(row.event, row.branch_id)) for row in rows)


def _row(row: Any, keys: dict[int, str], *, hidden: bool) -> LogRow:
    return LogRow(
        chain=row.chain, sequence=row.sequence, at=row.at, actor_id=row.actor_id, actor=row.actor,
        on_behalf_of=row.on_behalf_of, right_used=row.right_used, source=row.source, request_id=row.request_id,
        event=row.event, object_type=row.object_type, object_id=row.object_id, measure_id=row.measure_id,
        measure_key=keys.get(row.measure_id, ""), payload=None if hidden else _content(row.payload),
        payload_text="" if hidden else row.payload or "", mac=row.mac, hidden=hidden,
    )  # fmt: skip


def _content(text: str | None) -> dict[str, Any] | None:
    """A payload; None when it was redacted or is no JSON any more."""
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def names_of(session: Session, people: Iterable[int]) -> dict[int, str]:
    """Names by person id."""
    ids = set(people)
    if not ids:
        return {}
    return {
        row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    }


def stored_rows(session: Session, what: LogFilter, reach: Reach, zone: str) -> Iterator[dict[str, Any]]:
    """Every row of a chain that fits a filter, oldest first, as stored; read some thousand at a time."""
    clauses = _clauses(session, what, reach, zone)
    last = 0
    while clauses is not None:
        statement: Select[Any] = select(*AuditLog.__table__.columns).where(*clauses, AuditLog.sequence > last)
        rows = session.execute(statement.order_by(AuditLog.sequence).limit(CHUNK)).mappings().all()
        for row in rows:
            yield {**row, "at": row["at"].isoformat()}
        if len(rows) < CHUNK:
            return
        last = rows[-1]["sequence"]


def opened_lately(session: Session, person: int, event: str, since: datetime) -> bool:
    """True when the person did this in the security chain since a moment."""
    found = select(AuditLog.sequence).where(
        AuditLog.chain == "security",
        AuditLog.actor_id == person,
        AuditLog.event == event,
        AuditLog.at > since,
    )
    return session.scalar(found.limit(1)) is not None


def newest_of(session: Session, chain: str, events: Iterable[str]) -> LogRow | None:
    """The newest row of a chain with one of these events."""
    found: list[Any] = []
    for event in events:
        statement = select(*AuditLog.__table__.columns).where(
            AuditLog.chain == chain, AuditLog.event == str(event)
        )
        found += session.execute(statement.order_by(AuditLog.sequence.desc()).limit(1)).all()
    rows = _shown(session, sorted(found, key=lambda row: row.sequence)[-1:], Reach(None))
    return rows[0] if rows else None


def person_named(session: Session, said: str) -> int | None:
    """A person by id, e-mail or full name; None when nobody fits."""
    if said.isascii() and said.isdigit():
        return int(said) if len(said) < 10 else None
    fits = or_(Person.email == said.casefold(), func.lower(Person.name) == said.lower(), Person.name == said)
    return session.scalar(select(Person.id).where(fits).order_by(Person.id).limit(1))
