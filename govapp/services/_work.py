"""The unit of work: one fresh write transaction for one verb, its log rows, kept history and notices, retried whole."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, UOWTransaction

from govapp.data.actors import groups_of, load_actor
from govapp.data.audit_rows import FACTS
from govapp.data.engine import WritersQueue, is_busy, worth_retrying, write_session
from govapp.data.kept_rows import KeptRows
from govapp.data.moving import load_moving
from govapp.data.notices import MAIL_DUE, Notice, Outbox
from govapp.data.numbering import Numbers, number_many
from govapp.data.snapshots import Loaded
from govapp.domain.deputies import kind_of_work
from govapp.domain.errors import GovappError, Refused
from govapp.domain.events import Event
from govapp.domain.notices import kind_of
from govapp.domain.permissions import READ, Permission
from govapp.domain.rights import SYSTEM, Actor, Place, may, right_of
from govapp.services._log import Entry, write_log

T = TypeVar("T")
TRIES = 3


class Busy(GovappError):
    """The database stayed locked; nothing was written and the asker may try again (503)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, from where. `person_id` None is the program itself; `at` is set only when history is replayed.

    `on_behalf_of`: whose voice is asked to be used; it counts only while a row in force makes the asker their deputy.
    """

    person_id: int | None
    source: str = "web"
    request_id: str = ""
    address: str = ""
    at: datetime | None = None
    on_behalf_of: int | None = None


@dataclass
class Work:
    """One transaction: session, actor re-read in it, the moment, and what is to be recorded at its end.

    `voice` is whose rights are used: the actor's own, or an absent person's whose deputy the actor is. `money` names
    the effect lines, by measure, whose amounts or fields this work changed: settle renews their kept sums. `keys`: what
    is known of action keys, as read with a measure. `late`: numbered rows that are written at the end, with their
    sequence. `moving` is the measure that was read along, until it is asked for.
    """

    session: Session
    actor: Actor
    origin: Origin
    at: datetime
    action_key: str = ""
    voice: Actor = SYSTEM
    lent: bool = False
    entries: list[Entry] = field(default_factory=list)
    kept: dict[int, Any] = field(default_factory=dict)
    gone: list[Any] = field(default_factory=list)
    born: set[int] = field(default_factory=set)
    rows: dict[str, KeptRows] = field(default_factory=dict)
    at_seq: list[Callable[[int], None]] = field(default_factory=list)
    before_log: list[Callable[[], None]] = field(default_factory=list)
    totals: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    money: dict[int, set[int]] = field(default_factory=dict)
    money_totals: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    facts: list[Any] = field(default_factory=list)
    keys: dict[str, tuple[int, str, str] | None] = field(default_factory=dict)
    late: list[Any] = field(default_factory=list)
    moving: Loaded | None = None
    enqueued: bool = False

    def __post_init__(self) -> None:
        if self.voice is SYSTEM:
            self.voice = self.actor

    @property
    def on_behalf_of(self) -> int | None:
        """The absent person whose voice is used, for rows and log; None when the actor speaks for themselves."""
        return None if self.voice.id == self.actor.id else self.voice.id

    def may(self, permission: Permission, place: Place) -> str:
        """The right used: the actor's own first, else that of somebody whose deputy the actor is for this work.

        `voice` is then that person. What was asked on behalf of somebody uses that voice only. Raises as `rights.may`.
        """
        if permission in READ:
            return may(self.actor, permission, place)
        kind = kind_of_work(permission)
        if self.voice is not self.actor:
            self.speak_for(self.voice, kind)
        elif right_of(self.actor, permission, place) is None:
            absent = self.actor.absent_for(kind)
            lends = (each for each in absent if right_of(each, permission, place) is not None)
            self.speak_for(next(lends, self.actor), kind)
        return may(self.voice, permission, place)

    def speak_for(self, voice: Actor, kind: str) -> None:
        """Use somebody's voice from here on. Raises Refused when the actor is not their deputy for such work."""
        if voice is not self.actor and voice not in self.actor.absent_for(kind):
            raise Refused("deputy_not_for_this", kind=kind)
        self.voice = voice
        self.lent = voice is not self.actor

    def log(self, what: Event, payload: dict[str, Any], *, made: Sequence[Any] = (), **where: Any) -> None:
        """Record an event at the end of the transaction; `made` rows get its sequence as `seq`.

        `where`: right, object_type, object_id, measure_id, branch_id; on behalf of whom follows from `voice`.
        """
        where.setdefault("on_behalf_of", self.on_behalf_of)
        self.entries.append(Entry(what, payload, tuple(made), **where))

    def write(self, rows: Sequence[Any], numbers: Numbers) -> None:
        """Add rows; those of a table with reserved numbers get theirs and are written once, when the sequence is known.

        Until then no statement finds them: their objects stand in `late`.
        """
        for row in rows:
            reserved = numbers.get(type(row))
            if reserved is None:
                self.session.add(row)
                continue
            row.id = reserved.pop(0)
            self.late.append(row)

    def touched_money(self, measure_id: int, *line_ids: int) -> None:
        """Note that amounts or fields of these lines changed; settle then renews what is kept of them."""
        self.money.setdefault(measure_id, set()).update(line_ids)

    def today(self, zone: str) -> date:
        """The day in a time zone at this work's moment."""
        return self.at.astimezone(ZoneInfo(zone)).date()

    def groups(self, organization_id: int) -> frozenset[str]:
        """Groups of an organization to which the actor belongs."""
        mine = self.actor.id
        return frozenset() if mine is None else groups_of(self.session, mine, organization_id)

    def kept_rows(self, name: str) -> KeptRows:
        """Where to note what is written into a kept table many rows at once."""
        return self.rows.setdefault(name, KeptRows(name))

    def tell(
        self,
        person_id: int,
        kind: str,
        *,
        measure_id: int | None = None,
        review_id: int | None = None,
        payload: dict[str, Any] | None = None,
        on_behalf_of: int | None = None,
    ) -> None:
        """Leave a notice for a person, `on_behalf_of` whom they stand in for; the clock mails it as they chose.

        No mail about one's own act, nor about what is imported or replayed. Raises ValueError for an unknown kind.
        """
        replayed = self.origin.at is not None or self.origin.source == "import"
        notice = Notice(
            person_id=person_id, kind=kind_of(kind).key, measure_id=measure_id, review_id=review_id,
            from_person_id=self.actor.id, payload=payload or {}, on_behalf_of=on_behalf_of, at=self.at,
            mail="" if replayed or person_id == self.actor.id else MAIL_DUE,
        )  # fmt: skip
        self.session.add(notice)

    def deliver(self, kind: str, payload: dict[str, Any], *, key: str | None = None) -> None:
        """Put a job or mail into the outbox; it leaves after commit."""
        self.session.add(
            Outbox(
                kind=kind,
                key=key,
                payload=payload,
                due_at=self.at,
                made_at=self.at,
                state="waiting",
                attempts=0,
            )
        )
        self.enqueued = True


def _collect(work: Work) -> None:
    @event.listens_for(work.session, "before_flush")
    def _kept(session: Session, context: UOWTransaction, instances: Any) -> None:
        number_many(session)
        for row in session.new:
            if getattr(row, "__kept__", False):
                work.kept[id(row)] = row
                work.born.add(id(row))
        for row in session.dirty:
            if getattr(row, "__kept__", False) and session.is_modified(row):
                work.kept[id(row)] = row
        work.gone.extend(row for row in session.deleted if getattr(row, "__kept__", False))
        work.facts.extend(row for row in session.new if type(row) in FACTS)


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def _once(origin: Origin, body: Callable[[Work], T], action_key: str, moves: str) -> tuple[T, bool]:
    with write_session() as session:
        at = origin.at or now()
        actor, loaded = SYSTEM, None
        if origin.person_id is not None:
            if moves:
                loaded, found = load_moving(session, moves, origin.person_id, at, action_key)
            else:
                found = load_actor(session, origin.person_id, at)
            if found is None:
                raise Refused("account_disabled")
            actor = found
        work = Work(session, actor, origin, at, action_key, _voice(actor, origin), moving=loaded)
        _collect(work)
        result = body(work)
        if work.voice is not work.actor and not work.lent:
            raise Refused("deputy_not_for_this", kind="")
        write_log(work)
    return result, work.enqueued


def _voice(actor: Actor, origin: Origin) -> Actor:
    """The actor's own voice, or the one asked for. Raises Refused when no row in force lends it (R02, R58)."""
    if origin.on_behalf_of is None or origin.on_behalf_of == actor.id:
        return actor
    for lent in actor.stands_in:
        if lent.actor.id == origin.on_behalf_of:
            return lent.actor
    raise Refused("not_their_deputy")


_after_commit: list[Callable[[], None]] = []


def after_commit(call: Callable[[], None]) -> None:
    """Register what tries to hand the outbox to the queue at once; set by jobs, called when something was put there."""
    _after_commit[:] = [call]


def writing(origin: Origin, body: Callable[[Work], T], *, action_key: str = "", moves: str = "") -> T:
    """Run `body` in one write transaction and commit; tried whole at most 3 times on lock or serialization failure.

    `moves`: the key of a measure that it asks for first, to move it; that is then read together with the actor.

    Raises whatever the body raises (nothing is written then) and Busy when the database stays locked.
    """
    for attempt in range(1, TRIES + 1):
        try:
            result, enqueued = _once(origin, body, action_key, moves)
            break
        except IntegrityError as error:
            if attempt == TRIES or "action_key" not in str(error.orig):
                raise
        except WritersQueue as error:
            raise Busy("busy", retry_after=2) from error
        except DBAPIError as error:
            if not worth_retrying(error):
                raise
            if attempt == TRIES or is_busy(error):
                raise Busy("busy", retry_after=2) from error
            time.sleep(0.01 * attempt)
    if enqueued and origin.at is None:
        for call in _after_commit:
            call()
    return result
