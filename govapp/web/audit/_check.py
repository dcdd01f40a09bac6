"""The check of the history in steps of about a second: how far it came travels with the form, signed."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from govapp.data.audit_queries import LogRow, newest_of
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.events import SECURITY, Event
from govapp.services._work import Origin
from govapp.services.audit import (
    CHAINS,
    Checkpoint,
    Fault,
    Verification,
    check_on,
    record_verification,
    result_of,
    rows_written,
)

SECONDS = 1.0
LONGEST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Check:
    """How far a check came: rows read of all rows, and its result once it is done."""

    points: tuple[Checkpoint, ...]
    total: int
    seconds: float
    token: str
    result: Verification | None

    @property
    def rows(self) -> int:
        """Rows read and found whole."""
        return sum(point.rows for point in self.points)


def go_on(token: str, origin: Origin) -> Check:
    """Go on from a form's token (empty: the first row); the result is logged. Raises Invalid for a foreign token."""
    points, spent = _read(token, origin.person_id)
    began = time.monotonic()
    while time.monotonic() - began < SECONDS and not _done(points):
        points = check_on(points)
    seconds = spent + time.monotonic() - began
    result = None
    if _done(points):
        result = result_of(points)
        record_verification(origin, result)
    token = _serializer().dumps([origin.person_id, [asdict(point) for point in points], seconds])
    return Check(points, rows_written(), seconds, token, result)


def last_check() -> LogRow | None:
    """The newest logged check, whole or not."""
    with reading() as session:
        return newest_of(session, SECURITY, (Event.AUDIT_VERIFIED, Event.INTEGRITY_FAILED))


def _done(points: Sequence[Checkpoint]) -> bool:
    return all(point.done for point in points)


def _read(token: str, person_id: int | None) -> tuple[tuple[Checkpoint, ...], float]:
    """How far a token came. One of somebody else, of long ago, or of a check that is done begins nothing."""
    if not token:
        return tuple(Checkpoint(chain) for chain in CHAINS), 0.0
    try:
        person, stored, seconds = _serializer().loads(token, max_age=LONGEST_SECONDS)
    except BadSignature as error:
        raise Invalid("check_begin_again") from error
    points = tuple(Checkpoint(**(values | {"fault": _fault(values["fault"])})) for values in stored)
    if person != person_id or _done(points):
        raise Invalid("check_begin_again")
    return points, float(seconds)


def _fault(stored: dict[str, Any] | None) -> Fault | None:
    return Fault(**stored) if stored else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="audit-check")
