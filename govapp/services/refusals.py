"""Records refused requests in the security chain, in a transaction of its own; a flood is counted, not logged."""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from govapp.domain.errors import Refused
from govapp.domain.events import Event
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._work import Busy, Origin, Work, writing


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
