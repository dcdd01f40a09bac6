"""Parts on a measure: who is owner, sponsor, controller and so on, under the duty matrix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.duties import duties_of
from govapp.data.measure_queries import roles_held
from govapp.data.measures import Part
from govapp.data.people import Person
from govapp.data.snapshots import Loaded
from govapp.domain.duties import AUDITOR, FORBID, PART, WARN, Conflict
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import PARTS, Permission
from govapp.domain.rights import Actor, may, right_of
from govapp.services._belongs import _refuse_cancelled, _same_version, _settle_again, _where, visible
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing
from govapp.services.duties import conflicts_of_parts


@dataclass(frozen=True, slots=True)
class AssignParts:
    """Name the holders of parts by person id; None makes a part vacant. Parts not named stay."""

    key: str
    seen_version: int
    parts: Mapping[str, int | None]
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class PartsAssigned:
    """The measure's version, and conflicts the duty matrix only warns of."""

    version: int
    warnings: tuple[str, ...] = ()


def assignable(actor: Actor, loaded: Loaded) -> tuple[str, ...]:
    """Parts this person may name: all with the right to assign; the owner those whose criterion says so."""
    if right_of(actor, Permission.MEASURE_ASSIGN_PARTS, loaded.place) is not None:
        return PARTS
    if actor.id is None or loaded.place.parts.get("owner") != actor.id:
        return ()
    criteria = [criterion for gate in loaded.rules.gates.values() for criterion in gate.criteria]
    named = {c.params["part"] for c in criteria if c.kind == "role" and "owner" in c.supplied_by}
    return tuple(part for part in PARTS if part in named)


def assign_parts(command: AssignParts) -> PartsAssigned:
    """Name the holders of parts; everybody newly named gets a notice.

    Raises NotFound, Refused (no right to name one of them), Stale, KeyReused, and Invalid with codes by part:
    person_unknown, part_needs_role, auditor_holds_part, or the duty that forbids it.
    """
    return writing(command.origin, lambda work: _assign_parts(work, command), action_key=command.action_key)


def _assign_parts(work: Work, command: AssignParts) -> PartsAssigned:
    loaded = visible(work, command.key)
    body = ["parts", command.key, dict(command.parts), command.seen_version]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return PartsAssigned(earlier["version"], tuple(earlier["warnings"]))
    changed = {
        part: person for part, person in command.parts.items() if loaded.place.parts.get(part) != person
    }
    right = _right_to_assign(work.actor, loaded, changed)
    _refuse_cancelled(work, loaded)
    _same_version(command.seen_version, loaded.measure.version, "stale_measure", key=command.key)
    warnings = _assign(work, loaded, changed, right)
    if changed:
        _settle_again(work, loaded.measure.id)
    result = PartsAssigned(loaded.measure.version, tuple(warnings))
    consume(work, command.action_key, body, {"version": result.version, "warnings": warnings})
    return result


def _right_to_assign(actor: Actor, loaded: Loaded, parts: Iterable[str]) -> str:
    allowed = assignable(actor, loaded)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise Invalid("parts_invalid", {part: ["unknown_part"] for part in unknown})
    if not allowed:
        return may(actor, Permission.MEASURE_ASSIGN_PARTS, loaded.place)
    beyond = [part for part in parts if part not in allowed]
    if beyond:
        raise Refused("part_not_yours_to_name", part=beyond[0])
    return right_of(actor, Permission.MEASURE_ASSIGN_PARTS, loaded.place) or "part:owner"


def _assign(work: Work, loaded: Loaded, changed: Mapping[str, int | None], right: str) -> list[str]:
    """Set the holders, log old and new, tell those newly named; returns warnings. The caller settles."""
    if not changed:
        return []
    warnings = _check_holders(work, loaded, changed)
    rows = {
        row.part: row
        for row in work.session.scalars(select(Part).where(Part.measure_id == loaded.measure.id))
    }
    before = {part: rows[part].person_id if part in rows else None for part in changed}
    for part, person in changed.items():
        row = rows.get(part)
        if person is None and row is not None:
            work.session.delete(row)
        elif person is not None and row is not None:
            row.person_id = person
        elif person is not None:
            work.session.add(Part(measure_id=loaded.measure.id, part=part, person_id=person))
    loaded.measure.version += 1
    work.log(
        Event.PARTS_ASSIGNED,
        {
            "changes": {part: [before[part], person] for part, person in changed.items()},
            "version": loaded.measure.version,
        },
        right=right,
        object_type="measure",
        object_id=loaded.measure.key,
        **_where(loaded),
    )
    named: dict[int, list[str]] = {}
    for part, person in changed.items():
        if person is not None and person != work.actor.id:
            named.setdefault(person, []).append(part)
    for person, parts in named.items():
        work.tell(person, "part_given", measure_id=loaded.measure.id, payload={"parts": parts})
    return warnings


def _check_holders(work: Work, loaded: Loaded, changed: Mapping[str, int | None]) -> list[str]:
    """Raise Invalid with a code for every part that may not be held so; returns the warnings."""
    faults, conflicts = preview_parts(work.session, loaded, changed, work.today(loaded.timezone))
    for conflict in conflicts:
        if conflict.effect == FORBID:
            sides = [side.removeprefix(PART) for side in (conflict.one, conflict.other)]
            part = next(part for part in sides if changed.get(part) is not None)
            faults.setdefault(part, []).append(_code(conflict))
    if faults:
        raise Invalid("parts_invalid", faults, reasons={_code(c): c.reason for c in conflicts})
    return [_code(c) for c in conflicts if c.effect == WARN]


def preview_parts(
    session: Session, loaded: Loaded, changed: Mapping[str, int | None], today: date
) -> tuple[dict[str, list[str]], list[Conflict]]:
    """What stands against naming these holders: codes by part, and what would collide with its reason."""
    needs_role = duties_of(session, loaded.measure.workflow_version_id).needs_role
    new = {part: person for part, person in changed.items() if person is not None}
    active = set(
        session.scalars(select(Person.id).where(Person.id.in_(new.values()), Person.active.is_(True)))
    )
    roles = roles_held(session, new.values(), loaded.place.path, today)
    faults: dict[str, list[str]] = {}
    for part, person in new.items():
        needed = needs_role.get(part)
        if person not in active:
            faults.setdefault(part, []).append("person_unknown")
        elif needed and needed not in roles.get(person, frozenset()):
            faults.setdefault(part, []).append("part_needs_role")
        elif AUDITOR in roles.get(person, frozenset()):
            faults.setdefault(part, []).append("auditor_holds_part")
    return faults, conflicts_of_parts(session, loaded, changed)


def _code(conflict: Conflict) -> str:
    return f"duty:{conflict.one.removeprefix(PART)}:{conflict.other.removeprefix(PART)}"
