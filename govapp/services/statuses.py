"""Declared statuses: implementation (is the work on plan) and potential (is the promised value still credible)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

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
    """Keep a declared status; returns its id. One that differs from the computed one needs a reason of 30 characters.

    Where nothing is computed, yellow and red need it. It lapses on its day, and when the computed colour changes.

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
    today, rules = work.today(loaded.timezone), loaded.rules.statuses
    until = until or today + timedelta(days=rules.lapse_days if rules else STATUS_DAYS)
    reason = reason.strip()
    computed = computed_colour(loaded, kind)
    faults = _faults(kind, colour, reason, computed, rules.reason_length if rules else STATUS_REASON)
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
        computed=computed,
        from_day=today,
        until_day=until,
        person_id=work.actor.id,
        on_behalf_of=work.on_behalf_of,
        at=work.at,
    )
    work.session.add(row)
    work.session.flush()
    work.log(
        Event.STATUS_DECLARED,
        {"kind": kind, "from": before, "to": colour, "computed": computed, "reason": reason,
         "until": until.isoformat()},
        made=(row,), right=right, object_type="status", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row


def computed_colour(loaded: Loaded, kind: str) -> str:
    """The computed colour of a status as the card keeps it, grey where it is not rated; '' where none is computed."""
    kept: Any = (loaded.card.computed if loaded.card else {}).get(kind)
    return str(kept["colour"]) if loaded.rules.statuses and kept else ""


def _faults(kind: str, colour: str, reason: str, computed: str, least: int) -> dict[str, list[str]]:
    """Codes by field. A colour that differs from the computed one needs a reason; without one, all but green do.

    Grey says that it is not rated, so that any colour beside it needs one.
    """
    faults: dict[str, list[str]] = {}
    if kind not in STATUS_KINDS:
        faults["kind"] = ["unknown_choice"]
    if colour not in COLOURS:
        faults["colour"] = ["required" if not colour else "unknown_choice"]
    fault = text_fault(reason, NAME * 10)
    if fault:
        faults["reason"] = [fault]
    elif colour != (computed or "green") and len(reason) < least:
        faults["reason"] = ["status_differs" if computed else "status_reason"]
    return faults
