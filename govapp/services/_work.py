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
from govapp.data.notices import MAIL_DUE, Notice, Outbox
from govapp.domain.errors import GovappError, Refused
from govapp.domain.events import Event
from govapp.domain.notices import kind_of
from govapp.domain.rights import SYSTEM, Actor
from govapp.services._log import Entry, write_log

T = TypeVar("T")
TRIES = 3


class Busy(GovappError):
    """The database stayed locked; nothing was written and the asker may try again (503)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, from where. `person_id` None is the program itself; `at` is set only when history is replayed."""

    person_id: int | None
    source: str = "web"
    request_id: str = ""
    address: str = ""
    at: datetime | None = None


@dataclass
class Work:
    """One transaction: session, actor re-read in it, the moment, and what is to be recorded at its end."""

    session: Session
    actor: Actor
    origin: Origin
    at: datetime
    action_key: str = ""
    entries: list[Entry] = field(default_factory=list)
    kept: dict[int, Any] = field(default_factory=dict)
    gone: list[Any] = field(default_factory=list)
    born: set[int] = field(default_factory=set)
    at_seq: list[Callable[[int], None]] = field(default_factory=list)
    before_log: list[Callable[[], None]] = field(default_factory=list)
    totals: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    facts: list[Any] = field(default_factory=list)
    enqueued: bool = False

    def log(self, what: Event, payload: dict[str, Any], *, made: Sequence[Any] = (), **where: Any) -> None:
        """Record an event at the end of the transaction; `made` rows get its sequence as `seq`.

        `where`: right, object_type, object_id, measure_id, branch_id, on_behalf_of.
        """
        self.entries.append(Entry(what, payload, tuple(made), **where))

    def today(self, zone: str) -> date:
        """The day in a time zone at this work's moment."""
        return self.at.astimezone(ZoneInfo(zone)).date()

    def groups(self, organization_id: int) -> frozenset[str]:
        """Groups of an organization to which the actor belongs."""
        mine = self.actor.id
        return frozenset() if mine is None else groups_of(self.session, mine, organization_id)

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


def _once(origin: Origin, body: Callable[[Work], T], action_key: str) -> tuple[T, bool]:
    with write_session() as session:
        at = origin.at or now()
        actor = SYSTEM
        if origin.person_id is not None:
            found = load_actor(session, origin.person_id, at)
            if found is None:
                raise Refused("account_disabled")
            actor = found
        work = Work(session, actor, origin, at, action_key)
        _collect(work)
        result = body(work)
        write_log(work)
    return result, work.enqueued


_after_commit: list[Callable[[], None]] = []


def after_commit(call: Callable[[], None]) -> None:
    """Register what tries to hand the outbox to the queue at once; set by jobs, called when something was put there."""
    _after_commit[:] = [call]


def writing(origin: Origin, body: Callable[[Work], T], *, action_key: str = "") -> T:
    """Run `body` in one write transaction and commit; tried whole at most 3 times on lock or serialization failure.

    Raises whatever the body raises (nothing is written then) and Busy when the database stays locked.
    """
    for attempt in range(1, TRIES + 1):
        try:
            result, enqueued = _once(origin, body, action_key)
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
