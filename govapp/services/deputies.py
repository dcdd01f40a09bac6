"""Absences: naming a deputy for oneself or for others, ending it; both people are told (product.md, Deputy; R58)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.actors import day_in, load_actor
from govapp.data.deputies import Deputy
from govapp.data.deputy_queries import absences_naming, organizations_around, starting
from govapp.data.duties import duties_in_force
from govapp.data.engine import reading
from govapp.data.inbox import waiting_on_behalf
from govapp.data.people import Person
from govapp.data.role_queries import roles_by_organization
from govapp.domain.deputies import KINDS, Absence, Fault, faults, unfit
from govapp.domain.duties import Standing
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.services._absent import look_again
from govapp.services._keys import writing_once
from govapp.services._people_rights import _may_anywhere, managed
from govapp.services._refused import LOGGED_A_MINUTE, _count_refusal
from govapp.services._work import Busy, Origin, Work, now, writing
from govapp.services.duties import OpenConflict, conflicts_of_absence

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class SetDeputy:
    """`deputy_id` stands in for `person_id` from a day until a day (both included) for kinds of work; empty: all."""

    origin: Origin
    person_id: int
    deputy_id: int
    from_day: date
    until_day: date
    kinds: tuple[str, ...] = ()
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class EndDeputy:
    """End an absence now; what waits goes back to the person who was absent."""

    origin: Origin
    absence_id: int
    version: int
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class AbsencePreview:
    """What an absence would bring: faults that refuse it, and measures on which this deputy will not act."""

    faults: tuple[Fault, ...]
    conflicts: tuple[OpenConflict, ...]


def set_deputy(command: SetDeputy) -> int:
    """Name a deputy; returns the absence's id. Needs `deputy:set-own`, for somebody else `deputy:manage`.

    Raises NotFound, Refused, KeyReused, and Invalid by field: deputy_self, person_unknown, person_disabled,
    deputy_elsewhere, day_past, day_order, absence_too_long, absence_overlaps, deputy_absent, deputy_cycle,
    deputy_stands_in, deputy_unfit. What the rules refuse is logged.
    """
    try:
        return int(writing_once(command, lambda work: {"id": _set_deputy(work, command)})["id"])
    except Invalid as error:
        _log_refusal(command, error)
        raise


def end_deputy(command: EndDeputy) -> None:
    """End an absence before its last day: the absent person, the deputy, or who names deputies for others.

    Raises NotFound, Refused, Stale (somebody changed it), KeyReused.
    """
    writing_once(command, lambda work: _end_deputy(work, command))


def _right_for(work: Work, person_id: int) -> str:
    """The right to name a deputy for a person. Raises Refused."""
    if person_id == work.actor.id:
        return _may_anywhere(work, Permission.DEPUTY_SET_OWN)
    right = _may_anywhere(work, Permission.DEPUTY_MANAGE)
    if not managed(work.session, work.actor, [person_id], work.at, Permission.DEPUTY_MANAGE):
        raise Refused("person_elsewhere", permission=str(Permission.DEPUTY_MANAGE))
    return right


def _wanted(command: SetDeputy) -> Absence:
    kinds = frozenset(command.kinds) or frozenset(KINDS)
    return Absence(command.person_id, command.deputy_id, command.from_day, command.until_day, kinds)


def _set_deputy(work: Work, command: SetDeputy) -> int:
    right = _right_for(work, command.person_id)
    new = _wanted(command)
    # both rows, by id: two absences that would make a chain together must see each other
    people = {
        row.id: row
        for row in work.session.scalars(
            select(Person)
            .where(Person.id.in_({new.person, new.deputy}))
            .order_by(Person.id)
            .with_for_update()
        )
    }
    if new.person not in people:
        raise NotFound("not_found")
    today = work.today(_zone(work.session, new.person, work.at.date()))
    found = _faults(work.session, new, people, today)
    if found:
        raise _invalid(found)
    row = Deputy(
        person_id=new.person, deputy_id=new.deputy, from_day=new.from_day, until_day=new.until_day,
        kinds=sorted(new.kinds, key=KINDS.index), reason=command.reason.strip()[:LONGEST_REASON],
        set_by=work.actor.id, set_at=work.at, told_on=today if new.from_day <= today else None,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    payload = _said(row)
    work.log(
        Event.DEPUTY_SET,
        payload | {"reason": row.reason},
        right=right,
        object_type="person",
        object_id=str(new.person),
    )
    look_again(work, new.person, new.from_day, today)
    _tell_both(work, row, "deputy_set", payload)
    if row.told_on is not None:
        _tell_begun(work, row, payload)
    return row.id


def _said(row: Deputy) -> dict[str, Any]:
    days = {"from": row.from_day.isoformat(), "until": row.until_day.isoformat()}
    return {"absence": row.id, "person": row.person_id, "deputy": row.deputy_id, **days, "kinds": row.kinds}


def _tell_both(work: Work, row: Deputy, kind: str, payload: dict[str, Any]) -> None:
    """The deputy and the absent person learn of it, except whoever did it."""
    names = dict(
        work.session.execute(
            select(Person.id, Person.name).where(Person.id.in_({row.person_id, row.deputy_id}))
        ).all()
    )
    for person, part in ((row.deputy_id, "deputy"), (row.person_id, "absent")):
        if person != work.actor.id:
            about = {"part": part, "person_name": names[row.person_id], "deputy_name": names[row.deputy_id]}
            work.tell(person, kind, payload=payload | about)


def _zone(session: Session, person_id: int, today: date) -> str:
    """The zone in which the days of an absence begin and end: that of the absent person's organization."""
    return next((zone for _, zone in organizations_around(session, person_id, today)), "UTC")


def _faults(session: Session, new: Absence, people: dict[int, Person], today: date) -> list[Fault]:
    """Everything that stands against an absence."""
    found = faults(new, absences_naming(session, {new.person, new.deputy}, today), today)
    deputy = people.get(new.deputy)
    if deputy is None:
        return [*found, Fault("deputy", "person_unknown")]
    if not people[new.person].active:
        found.append(Fault("person", "person_disabled"))
    if not deputy.active:
        found.append(Fault("deputy", "person_disabled"))
    if new.person != new.deputy:
        found += _fit(session, new, today)
    return found


def _fit(session: Session, new: Absence, today: date) -> list[Fault]:
    """A deputy works in the same organization, and the roles of the two may meet under the matrix."""
    matrix = duties_in_force(session)
    roles = roles_by_organization(session, {new.person, new.deputy}, today)
    theirs, mine = roles.get(new.person, {}), roles.get(new.deputy, {})
    if not theirs.keys() & mine.keys():
        return [Fault("deputy", "deputy_elsewhere")]
    for organization in sorted(mine.keys()):
        absent = Standing(new.person, roles=theirs.get(organization, frozenset()))
        deputy = Standing(new.deputy, roles=mine[organization])
        for conflict in unfit(matrix, new, deputy, absent):
            values = {"one": conflict.one, "other": conflict.other, "reason": conflict.reason}
            return [Fault("deputy", "deputy_unfit", values)]
    return []


def _invalid(found: list[Fault]) -> Invalid:
    """The faults by field; what fills the sentences is that of the first of each code."""
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for fault in found:
        if fault.code not in errors.setdefault(fault.place, []):
            errors[fault.place].append(fault.code)
            values = fault.values | values
    return Invalid("not_saved", errors, **values)


_SLIPS = {"person_unknown", "unknown_choice", "day_order", "day_past"}


def _log_refusal(command: SetDeputy, error: Invalid) -> None:
    """Keep what the rules refused; a slip of the pen is not worth a row. The refusal reaches the asker in any case."""
    codes = sorted({code for found in error.errors.values() for code in found} - _SLIPS)
    if not codes:
        return
    payload = {
        "person": command.person_id, "deputy": command.deputy_id, "from": command.from_day.isoformat(),
        "until": command.until_day.isoformat(), "kinds": list(command.kinds), "why": codes,
    }  # fmt: skip
    try:
        writing(command.origin, lambda work: _refused(work, payload))
    except (Busy, Refused):
        return


def _refused(work: Work, payload: dict[str, Any]) -> None:
    if _count_refusal(work, f"person:{work.actor.id}") > LOGGED_A_MINUTE:
        return
    work.log(Event.DEPUTY_REFUSED, payload, object_type="person", object_id=str(payload["person"]))


def _end_deputy(work: Work, command: EndDeputy) -> None:
    row = work.session.get(Deputy, command.absence_id, with_for_update=True)
    if row is None:
        raise NotFound("not_found")
    right = "own" if work.actor.id in {row.person_id, row.deputy_id} else _right_for(work, row.person_id)
    if row.ended_at is not None:
        return
    if row.version != command.version:
        raise Stale("stale")
    row.ended_at, row.version = work.at, row.version + 1
    look_again(
        work, row.person_id, row.from_day, work.today(_zone(work.session, row.person_id, work.at.date()))
    )
    payload = _said(row)
    reason = command.reason.strip()[:LONGEST_REASON]
    work.log(
        Event.DEPUTY_ENDED,
        payload | {"reason": reason},
        right=right,
        object_type="person",
        object_id=str(row.person_id),
    )
    _tell_both(work, row, "deputy_ended", payload)


def begin_absences(origin: Origin) -> int:
    """Tell deputies that their time has come and what waits already; returns how many were told. For the clock."""
    with reading() as session:
        at = origin.at or now()
        if not starting(session, (at + timedelta(days=1)).date()):
            return 0
    return writing(origin, _begin_absences)


def _begin_absences(work: Work) -> int:
    """An absence whose day has come in the organization of the absent person; each is told of once."""
    told = 0
    for row in starting(work.session, (work.at + timedelta(days=1)).date()):
        today = work.today(_zone(work.session, row.person_id, work.at.date()))
        if not row.from_day <= today <= row.until_day:
            continue
        row.told_on = today
        payload = _said(row)
        work.log(Event.DEPUTY_BEGAN, payload, object_type="person", object_id=str(row.person_id))
        _tell_begun(work, row, payload)
        told += 1
    return told


def _tell_begun(work: Work, row: Deputy, payload: dict[str, Any]) -> None:
    """The deputy learns what waits already: of the absent person's decisions those they may take."""
    absent, deputy = (load_actor(work.session, each, work.at) for each in (row.person_id, row.deputy_id))
    if absent is None or deputy is None:
        return
    waiting = waiting_on_behalf(work.session, deputy).get(row.person_id, 0)
    about = {"part": "deputy", "person_name": absent.name, "waiting": waiting}
    work.tell(row.deputy_id, "deputy_begins", payload=payload | about)


def preview_absence(session: Session, command: SetDeputy, actor: Actor) -> AbsencePreview:
    """What the absence would make collide on measures the actor may read, without setting it."""
    new = _wanted(command)
    at = command.origin.at or now()
    today = day_in(_zone(session, new.person, at.date()), at)
    people = {
        row.id: row for row in session.scalars(select(Person).where(Person.id.in_({new.person, new.deputy})))
    }
    if new.person not in people:
        raise NotFound("not_found")
    found = _faults(session, new, people, today)
    conflicts = (
        conflicts_of_absence(session, new.person, new.deputy, actor) if new.person != new.deputy else []
    )
    return AbsencePreview(tuple(found), tuple(conflicts))
