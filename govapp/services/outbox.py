"""The outbox: what was promised in a transaction is delivered after it, by the web process at once or by the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from govapp.data.engine import reading
from govapp.data.notices import FILING, Outbox
from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import Permission
from govapp.services._work import Origin, Work, now, writing

BATCH = 50
LONGEST_WAIT = 300
AWAY_WAIT = 10
# Each wait doubles up to five minutes, so that mail is tried for about an hour.
GIVE_UP_AFTER = 18
# Who sends a mail holds it so long: longer than any sending takes, and after a crash it is due again. A job needs no
# holding: delivered twice it replaces itself in the queue.
JOBS = frozenset({"job", FILING})
HELD = {"mail": timedelta(minutes=10)}


class FarSideAway(Exception):
    """Nothing can be delivered to this place for now; the rest is not tried."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to deliver."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempts: int


Deliver = Callable[[Parcel], None]


def due_parcels(kinds: tuple[str, ...], limit: int = BATCH) -> list[Parcel]:
    """What is due for delivery, oldest first; a plain read, so that an idle clock takes no write lock."""
    with reading() as session:
        rows = session.scalars(
            select(Outbox)
            .where(Outbox.state == "waiting", Outbox.due_at <= now(), Outbox.kind.in_(kinds))
            .order_by(Outbox.due_at, Outbox.id)
            .limit(limit)
        )
        return [Parcel(row.id, row.kind, row.payload, row.attempts) for row in rows]


def deliver_due(
    origin: Origin, deliver: dict[str, Deliver], limit: int = BATCH, seconds: float | None = None
) -> int:
    """Deliver what is due through `deliver[kind]`; returns how many left. A failure is noted and tried again later.

    At least once: a crash between delivery and note delivers again, so receivers are idempotent; two clocks deliver
    once. A kind whose far side is away is left alone after its first parcel; nothing new is begun after `seconds`.
    """
    sent = 0
    away: set[str] = set()
    began = time.monotonic()
    for parcel in due_parcels(tuple(deliver), limit):
        if seconds is not None and time.monotonic() - began > seconds:
            break
        if parcel.kind in away or not _held(origin, parcel):
            continue
        try:
            deliver[parcel.kind](parcel)
        except FarSideAway as error:
            away.add(parcel.kind)
            note_failure(origin, parcel, _words(error), away=True)
        except Exception as error:  # noqa: BLE001 - whatever the far side did, the parcel stays and says why
            note_failure(origin, parcel, _words(error))
        else:
            note_delivered(origin, parcel.id)
            sent += 1
    return sent


def _held(origin: Origin, parcel: Parcel) -> bool:
    """Hold a parcel that must not be sent twice; False when somebody else holds it or has sent it."""
    if parcel.kind not in HELD:
        return True
    return writing(origin, lambda work: _hold(work, parcel))


def _hold(work: Work, parcel: Parcel) -> bool:
    free = (Outbox.id == parcel.id, Outbox.state == "waiting", Outbox.due_at <= work.at)
    statement = update(Outbox).where(*free).values(due_at=work.at + HELD[parcel.kind])
    return bool(work.session.execute(statement).rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def note_delivered(origin: Origin, parcel_id: int) -> None:
    """Mark a parcel as delivered."""
    writing(origin, lambda work: _close(work, parcel_id))


def _close(work: Work, parcel_id: int) -> None:
    statement = update(Outbox).where(
        Outbox.id == parcel_id, or_(Outbox.state == "waiting", Outbox.state == "failed")
    )
    work.session.execute(statement.values(state="done", done_at=work.at, problem=""))


def note_failure(origin: Origin, parcel: Parcel, problem: str, *, away: bool = False) -> None:
    """Note why it could not be delivered and when to try again: later each time.

    Mail is given up after about an hour; a job never is, since the clock ends its report in words.
    """
    writing(origin, lambda work: _postpone(work, parcel, problem, away=away))


def _postpone(work: Work, parcel: Parcel, problem: str, *, away: bool) -> None:
    attempts = parcel.attempts + 1
    longest = AWAY_WAIT if away and parcel.kind in JOBS else LONGEST_WAIT
    seconds = min(2 ** min(attempts, 20), longest)
    state = "failed" if parcel.kind not in JOBS and attempts >= GIVE_UP_AFTER else "waiting"
    work.session.execute(
        update(Outbox)
        .where(Outbox.id == parcel.id, Outbox.state == "waiting")
        .values(attempts=attempts, problem=problem, due_at=work.at + timedelta(seconds=seconds), state=state)
    )


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Let a parcel that failed or waits be tried now."""

    parcel_id: int
    origin: Origin


def send_again(command: SendAgain) -> None:
    """Let a parcel be due now. Raises NotFound, and Refused without the right to operate the system."""
    writing(command.origin, lambda work: _again(work, command.parcel_id))


def _again(work: Work, parcel_id: int) -> None:
    if not work.actor.is_system and not work.actor.holds_anywhere(Permission.SYSTEM_OPERATE):
        raise Refused("no_right", permission=str(Permission.SYSTEM_OPERATE))
    parcel = work.session.get(Outbox, parcel_id, with_for_update=True)
    if parcel is None:
        raise NotFound("not_found")
    if parcel.state in {"waiting", "failed"}:
        parcel.state, parcel.attempts, parcel.due_at = "waiting", 0, work.at
        work.enqueued = True
