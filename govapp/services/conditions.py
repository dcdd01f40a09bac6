"""Conditions of a conditional advance: report as fulfilled, confirm, give back, extend, lift; hold what is overdue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.reviews import Condition
from govapp.data.snapshots import Loaded, load_measure, load_measures
from govapp.data.structure import Organization
from govapp.domain.asks import Ask, AskKind
from govapp.domain.conditions import confirmer, reports
from govapp.domain.deputies import CONFIRM
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may, right_of
from govapp.services._belongs import visible
from govapp.services._keys import consume, consumed
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing
from govapp.services.clockwork import each_alone
from govapp.services.duties import _speak
from govapp.services.moves import _carry_out

NOTE_LIMIT = 4000
HELD_FOR = timedelta(days=30)
OVERDUE = "overdue-condition"


@dataclass(frozen=True, slots=True)
class ConditionAct:
    """Something done about a condition: fulfil, confirm, not_met, extend (with `due`) or lift.

    `seen_version` is the condition's version as the form showed it. All but fulfil and confirm need a reason.
    """

    condition_id: int
    act: str
    origin: Origin
    seen_version: int
    reason: str = ""
    due: date | None = None
    action_key: str = ""


def act_on_condition(command: ConditionAct) -> str:
    """Carry it out; returns the measure's key.

    The owner of the condition or of the measure reports it as fulfilled. Who set it confirms, gives back, extends or
    lifts it; where they are no longer active or own it, the sponsor, else the controller. Raises NotFound, Refused,
    Stale, Invalid, KeyReused.
    """
    return writing(command.origin, lambda work: _act(work, command), action_key=command.action_key)


def _act(work: Work, command: ConditionAct) -> str:
    mine = Condition.id == command.condition_id
    key = work.session.scalar(
        select(Measure.key).join(Condition, Condition.measure_id == Measure.id).where(mine)
    )
    if key is None:
        raise NotFound("not_found")
    loaded = visible(work, key)
    body = ["condition", command.condition_id, command.act, command.reason, str(command.due or "")]
    if consumed(work, command.action_key, body) is not None:
        return loaded.measure.key
    row = work.session.get_one(Condition, command.condition_id, with_for_update=True)
    act = _ACTS.get(command.act)
    if act is None:
        raise Invalid("condition_invalid", {"act": ["unknown_choice"]})
    if row.version != command.seen_version:
        raise Stale("stale_condition", seen=command.seen_version, version=row.version)
    act(work, loaded, row, command)
    row.version += 1
    work.session.flush()
    settle(work, load_measures(work.session, [loaded.measure.id], at=work.at))
    consume(work, command.action_key, body, {"done": True})
    return loaded.measure.key


def _log(work: Work, loaded: Loaded, row: Condition, event: Event, right: str, **said: Any) -> None:
    work.log(
        event, {"condition": row.id, **said}, right=right, object_type="condition", object_id=str(row.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip


def _tell(work: Work, loaded: Loaded, people: list[int], kind: str, row: Condition, **said: Any) -> None:
    for person in people:
        payload = {"condition": row.id, "wording": row.wording, **said}
        work.tell(person, kind, measure_id=loaded.measure.id, payload=payload)


def _need(row: Condition, *states: str) -> None:
    if row.state not in states:
        raise Stale("condition_ended", state=row.state)


def _fulfil(work: Work, loaded: Loaded, row: Condition, command: ConditionAct) -> None:
    _need(row, "open")
    may(work.actor, Permission.MEASURE_VIEW, loaded.place)
    right = _speak(work, loaded, CONFIRM, partial(reporting, loaded, row.owner_id))
    if right is None:
        raise Refused("not_condition_owner")
    row.state, row.fulfilled_by, row.fulfilled_at = "fulfilled", work.actor.id, work.at
    row.fulfilled_note = command.reason.strip()[:NOTE_LIMIT]
    _log(work, loaded, row, Event.CONDITION_FULFILLED, right, note=row.fulfilled_note)
    decides = confirmer_of(work.session, loaded, row)
    _tell(work, loaded, [decides] if decides else [], "condition_fulfilled", row)


def reporting(loaded: Loaded, owner: int, voice: Actor) -> str | None:
    """As what somebody may report a condition of this owner as fulfilled, or None."""
    if not reports(voice.id, owner, loaded.snapshot):
        return None
    return "condition:owner" if voice.id == owner else "part:owner"


def deciding(loaded: Loaded, decides: int | None, voice: Actor) -> str | None:
    """The right by which somebody decides about a condition that is for `decides` to decide, or None."""
    if decides is None or voice.id != decides:
        return None
    return right_of(voice, Permission.CONDITION_CONFIRM, loaded.place)


def confirmer_of(session: Session, loaded: Loaded, row: Condition) -> int | None:
    """Who decides about the condition (domain/conditions.py); None when nobody may."""
    active = bool(session.scalar(select(Person.active).where(Person.id == row.set_by)))
    return confirmer(row.set_by, row.owner_id, row.fulfilled_by, loaded.snapshot, setter_active=active)


def _may_confirm(work: Work, loaded: Loaded, row: Condition) -> str:
    """Who decides about it, with the right to confirm here; never who owns or fulfilled it, nor the measure's owner."""
    if work.actor.id in {row.owner_id, row.fulfilled_by, loaded.snapshot.owner_id}:
        may(work.actor, Permission.CONDITION_CONFIRM, loaded.place)
        raise Refused("condition_own")
    decides = confirmer_of(work.session, loaded, row)
    found = _speak(work, loaded, CONFIRM, partial(deciding, loaded, decides))
    if found is None:
        may(work.actor, Permission.CONDITION_CONFIRM, loaded.place)
        raise Refused("not_condition_setter")
    return found


def _reason(command: ConditionAct) -> str:
    reason = command.reason.strip()
    if len(reason) < 3:
        raise Invalid("condition_invalid", {"reason": ["reason_needed"]})
    return reason[:NOTE_LIMIT]


def _confirm(work: Work, loaded: Loaded, row: Condition, command: ConditionAct) -> None:
    _need(row, "open", "fulfilled")
    right = _may_confirm(work, loaded, row)
    row.state, row.confirmed_by, row.confirmed_at = "confirmed", work.actor.id, work.at
    _log(work, loaded, row, Event.CONDITION_CONFIRMED, right, note=command.reason.strip()[:NOTE_LIMIT])


def _give_back(work: Work, loaded: Loaded, row: Condition, command: ConditionAct) -> None:
    _need(row, "fulfilled")
    right, reason = _may_confirm(work, loaded, row), _reason(command)
    row.state, row.fulfilled_by, row.fulfilled_at = "open", None, None
    _log(work, loaded, row, Event.CONDITION_NOT_MET, right, reason=reason)
    _tell(work, loaded, [row.owner_id], "condition_not_met", row, reason=reason)


def _extend(work: Work, loaded: Loaded, row: Condition, command: ConditionAct) -> None:
    _need(row, "open", "fulfilled")
    right, reason = _may_confirm(work, loaded, row), _reason(command)
    today = work.today(loaded.timezone)
    rule = loaded.rules.decisions.get("conditional_advance")
    longest = int(rule.conditions.get("max_days", 90)) if rule else 90
    if command.due is None or not max(today, row.due) < command.due <= today + timedelta(days=longest):
        raise Invalid("condition_invalid", {"due": ["condition_due_range"]}, days=longest)
    before, row.due = row.due, command.due
    said = {"from": before.isoformat(), "due": row.due.isoformat(), "reason": reason}
    _log(work, loaded, row, Event.CONDITION_EXTENDED, right, **said)
    _tell(work, loaded, [row.owner_id], "condition_extended", row, due=said["due"])


def _lift(work: Work, loaded: Loaded, row: Condition, command: ConditionAct) -> None:
    _need(row, "open", "fulfilled")
    right, reason = _may_confirm(work, loaded, row), _reason(command)
    row.state = "lifted"
    _log(work, loaded, row, Event.CONDITION_LIFTED, right, reason=reason)


_ACTS: dict[str, Callable[[Work, Loaded, Condition, ConditionAct], None]] = {
    "fulfil": _fulfil,
    "confirm": _confirm,
    "not_met": _give_back,
    "extend": _extend,
    "lift": _lift,
}


def hold_overdue(origin: Origin) -> list[str]:
    """Put measures on hold whose condition is overdue, by the program itself (product.md, Words: Decision).

    Returns their keys. A move refuses such a measure already: nothing depends on this having run.
    """
    at = origin.at or now()
    late = (
        Condition.state == "open",
        Condition.due < at.date() + timedelta(days=1),  # no zone is further ahead
        Measure.state == "active",
    )
    with reading() as session:
        rows = session.execute(
            select(Measure.id, Measure.key, Condition.due, Organization.timezone)
            .join(Condition, Condition.measure_id == Measure.id)
            .join(Organization, Organization.id == Measure.organization_id)
            .where(*late)
        ).all()
    keys = {row.id: row.key for row in rows if row.due < at.astimezone(ZoneInfo(row.timezone)).date()}
    held = each_alone(origin, (partial(_hold, key=keys[measure]) for measure in sorted(keys)))
    return [key for key in held if key]


def _hold(work: Work, *, key: str) -> str:
    loaded = load_measure(work.session, key, lock=True, neighbours=True, at=work.at)
    if loaded is None:
        return ""
    today = work.today(loaded.timezone)
    overdue = [one for one in loaded.snapshot.conditions if one.overdue(today)]
    if not overdue or loaded.snapshot.state != "active":
        return ""
    first = min(overdue, key=lambda one: (one.due, one.id))
    details = {
        "hold_cause": OVERDUE, "review_date": (today + HELD_FOR).isoformat(), "value_treatment": "keep-forecast",
        "condition": first.id, "due": first.due.isoformat(),
    }  # fmt: skip
    _carry_out(work, loaded, Ask(AskKind.HOLD, reason=OVERDUE, details=details), "system")
    if loaded.measure.state != "on_hold":
        return ""
    row = work.session.get_one(Condition, first.id)
    sponsor, owner = loaded.snapshot.parts.get("sponsor"), loaded.snapshot.owner_id
    told = {first.owner_id, *([sponsor.person_id] if sponsor else []), *([owner] if owner else [])}
    _tell(work, loaded, sorted(told), "condition_overdue", row, due=first.due.isoformat())
    return loaded.measure.key
