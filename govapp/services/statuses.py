"""Declared statuses: implementation (is the work on plan) and potential (is the promised value still credible)."""

from dataclasses import dataclass
from datetime import date, timedelta

from govapp.data.measures import StatusEntry
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.measures import COLOURS, NAME, STATUS_DAYS, STATUS_KINDS, STATUS_REASON, text_fault
from govapp.domain.permissions import Permission
from govapp.services._belongs import _locked_for, _settle_again, _where, plain
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

_LONGEST_DAYS = 92


@dataclass(frozen=True, slots=True)
class DeclareStatus:
    """Declare a status: green, yellow or red, until a day (30 days from today when none is given)."""

    key: str
    kind: str
    colour: str
    reason: str
    origin: Origin
    until: date | None = None
    action_key: str = ""


def declare_status(command: DeclareStatus) -> int:
    """Keep a declared status; returns its id. Yellow and red need a reason of 30 characters.

    Raises NotFound, Refused, Invalid with codes by field, KeyReused.
    """
    return writing(command.origin, lambda work: _declare_status(work, command), action_key=command.action_key)


def _declare_status(work: Work, command: DeclareStatus) -> int:
    loaded, right = _locked_for(work, command.key, Permission.MEASURE_DECLARE_STATUS)
    body = ["status", command.key, command.kind, command.colour, command.reason, plain(command.until)]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    row = _declare(work, loaded, command.kind, command.colour, command.reason, command.until, right)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id


def _declare(
    work: Work, loaded: Loaded, kind: str, colour: str, reason: str, until: date | None, right: str
) -> StatusEntry:
    """Check and store a declared status. The caller settles."""
    today = work.today(loaded.timezone)
    until = until or today + timedelta(days=STATUS_DAYS)
    reason = reason.strip()
    faults = _faults(kind, colour, reason)
    if not today <= until <= today + timedelta(days=_LONGEST_DAYS):
        faults["until"] = ["status_until"]
    if faults:
        raise Invalid("status_invalid", faults)
    said = loaded.declared.get(kind)
    before = said.colour if said else "none"
    row = StatusEntry(
        measure_id=loaded.measure.id,
        kind=kind,
        origin="declared",
        colour=colour,
        reason=reason,
        from_day=today,
        until_day=until,
        person_id=work.actor.id,
        at=work.at,
    )
    work.session.add(row)
    work.session.flush()
    work.log(
        Event.STATUS_DECLARED,
        {"kind": kind, "from": before, "to": colour, "reason": reason, "until": until.isoformat()},
        made=(row,), right=right, object_type="status", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row


def _faults(kind: str, colour: str, reason: str) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if kind not in STATUS_KINDS:
        faults["kind"] = ["unknown_choice"]
    if colour not in COLOURS:
        faults["colour"] = ["required" if not colour else "unknown_choice"]
    fault = text_fault(reason, NAME * 10)
    if fault:
        faults["reason"] = [fault]
    elif colour in {"yellow", "red"} and len(reason) < STATUS_REASON:
        faults["reason"] = ["status_reason"]
    return faults
