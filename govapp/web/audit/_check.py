"""The check of the history in steps of about a second: how far it came travels with the form, signed."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from govapp.data.audit_chain import rows_in, unmoving
from govapp.data.audit_queries import LogRow, newest_of
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.events import SECURITY, Event
from govapp.services._work import Origin
from govapp.services.audit import CHAINS, Checkpoint, Fault, Verification, check_part, record_verification

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
    while time.monotonic() - began < SECONDS and (at := _next(points)) is not None:
        points[at] = check_part(points[at])
    seconds = spent + time.monotonic() - began
    result = None
    if _next(points) is None:
        faults = tuple(point.fault for point in points if point.fault)
        heads = {point.chain: (point.rows, point.mac) for point in points}
        result = Verification(sum(p.rows for p in points), heads, sum(p.redacted for p in points), faults)
        record_verification(origin, result)
    with unmoving() as connection:
        total = sum(rows_in(connection, chain) for chain in CHAINS)
    token = _serializer().dumps([origin.person_id, [asdict(point) for point in points], seconds])
    return Check(tuple(points), total, seconds, token, result)


def last_check() -> LogRow | None:
    """The newest logged check, whole or not."""
    with reading() as session:
        return newest_of(session, SECURITY, (Event.AUDIT_VERIFIED, Event.INTEGRITY_FAILED))


def _next(points: list[Checkpoint]) -> int | None:
    return next((place for place, point in enumerate(points) if not point.done), None)


def _read(token: str, person_id: int | None) -> tuple[list[Checkpoint], float]:
    """How far a token came. One of somebody else, of long ago, or of a check that is done begins nothing."""
    if not token:
        return [Checkpoint(chain) for chain in CHAINS], 0.0
    try:
        person, stored, seconds = _serializer().loads(token, max_age=LONGEST_SECONDS)
    except BadSignature as error:
        raise Invalid("check_begin_again") from error
    points = [Checkpoint(**(values | {"fault": _fault(values["fault"])})) for values in stored]
    if person != person_id or _next(points) is None:
        raise Invalid("check_begin_again")
    return points, float(seconds)


def _fault(stored: dict[str, Any] | None) -> Fault | None:
    return Fault(**stored) if stored else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="audit-check")
