"""Records refused requests in the security chain, a flood as one count for each minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from govapp.data.audit import RefusalCount
from govapp.data.engine import reading
from govapp.domain.errors import Refused
from govapp.domain.events import Event
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._work import Busy, Origin, Work, now, writing


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """What was asked for and why it was refused."""

    origin: Origin
    method: str
    path: str
    code: str
    permission: str = ""


def record_refusal(command: RecordRefusal) -> bool:
    """Log a refused authorization, at most 10 a minute per person and address (R17). False when it was only counted.

    Never raises: the refusal itself must reach the asker even when the database is busy.
    """
    try:
        return writing(command.origin, lambda work: _record(work, command))
    except (Busy, Refused, DBAPIError, PoolTimeout):
        return False


def _record(work: Work, command: RecordRefusal) -> bool:
    asked = command.origin
    subject = f"person:{asked.person_id}" if asked.person_id is not None else f"address:{asked.address}"
    if _count_refusal(work, subject) > LOGGED_A_MINUTE:
        return False
    payload = {
        "method": command.method,
        "path": command.path[:500],
        "code": command.code,
        "permission": command.permission,
        "address": asked.address,
    }
    work.log(Event.ACCESS_REFUSED, payload, object_type="address", object_id=command.path[:200])
    return True


def log_counts(origin: Origin) -> int:
    """Log how many refusals of each minute that is over were counted only; returns the number of rows written (R17).

    A minute is taken once, whoever asks; the one before the present may still get refusals that waited.
    """
    over = _over(origin.at or now())
    with reading() as session:
        if session.scalar(select(RefusalCount.minute).where(RefusalCount.minute < over).limit(1)) is None:
            return 0
    return writing(origin, _log_counts)


def _over(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) - timedelta(minutes=1)


def _log_counts(work: Work) -> int:
    taken = delete(RefusalCount).where(RefusalCount.minute < _over(work.at))
    columns = (RefusalCount.subject, RefusalCount.minute, RefusalCount.count)
    rows = sorted(work.session.execute(taken.returning(*columns)).all(), key=lambda row: (row[1], row[0]))
    flooded = [row for row in rows if row[2] > LOGGED_A_MINUTE]
    for subject, minute, count in flooded:
        what, _, who = subject.partition(":")
        by_person = what in {"person", "move"}
        payload = {
            "what": what,
            "person": int(who) if by_person and who.isdigit() else None,
            "address": "" if by_person else who,
            "minute": minute.isoformat(),
            "count": count - LOGGED_A_MINUTE,
        }
        kind = "person" if by_person else "address"
        work.log(Event.ACCESS_REFUSALS_COUNTED, payload, object_type=kind, object_id=who)
    return len(flooded)
