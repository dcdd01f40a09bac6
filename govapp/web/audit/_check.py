"""The check of the history in steps of about a second: how far it came travels with the form, signed."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from govapp.data.audit_chain import rows_in, unmoving
from govapp.data.audit_queries import LogRow, newest_of
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.events import SECURITY, Event
from govapp.services._work import Origin
from govapp.services.audit import CHAINS, Checkpoint, Fault, Verification, check_part, record_verification

SECONDS = 1.0


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
    points, spent = _read(token)
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
    return Check(
        tuple(points), total, seconds, _serializer().dumps([[asdict(p) for p in points], seconds]), result
    )


def last_check() -> LogRow | None:
    """The newest logged check, whole or not."""
    with reading() as session:
        return newest_of(session, SECURITY, (Event.AUDIT_VERIFIED, Event.INTEGRITY_FAILED))


def _next(points: list[Checkpoint]) -> int | None:
    return next((place for place, point in enumerate(points) if not point.done), None)


def _read(token: str) -> tuple[list[Checkpoint], float]:
    if not token:
        return [Checkpoint(chain) for chain in CHAINS], 0.0
    try:
        stored, seconds = _serializer().loads(token)
    except BadSignature as error:
        raise Invalid("check_begin_again") from error
    return [Checkpoint(**(values | {"fault": _fault(values["fault"])})) for values in stored], float(seconds)


def _fault(stored: dict[str, Any] | None) -> Fault | None:
    return Fault(**stored) if stored else None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="audit-check")
