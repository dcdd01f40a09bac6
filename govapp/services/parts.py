"""Parts on a measure: who is owner, sponsor, controller and so on, under the duty matrix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from govapp.data.gates import WorkflowVersion
from govapp.data.measure_queries import roles_held
from govapp.data.measures import Part
from govapp.data.people import Person
from govapp.data.snapshots import Loaded
from govapp.domain.duties import FORBID, WARN, Duties, parse_duties, part_conflicts
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import PARTS, Permission
from govapp.domain.rights import Actor, may, right_of
from govapp.services._belongs import _refuse_cancelled, _same_version, _settle_again, _where, visible
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

AUDITOR = "auditor"
_duties: dict[tuple[str, int], Duties] = {}


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


def duties_for(work: Work, loaded: Loaded) -> Duties:
    """The duty matrix of the rules the measure runs under; a version never changes, so it is cached."""
    number = loaded.measure.workflow_version_id
    key = (str(work.session.get_bind().engine.url), number)
    if key not in _duties:
        version = work.session.get_one(WorkflowVersion, number)
        _duties[key] = parse_duties(version.definition)
    return _duties[key]


def _assign(work: Work, loaded: Loaded, changed: Mapping[str, int | None], right: str) -> list[str]:
    """Set the holders, log old and new, tell those newly named; returns warnings. The caller settles."""
    if not changed:
        return []
    holders = {part: person for part, person in loaded.place.parts.items() if part not in changed}
    holders |= {part: person for part, person in changed.items() if person is not None}
    warnings = _check_holders(work, loaded, holders, changed)
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


def _check_holders(
    work: Work, loaded: Loaded, holders: Mapping[str, int], changed: Mapping[str, int | None]
) -> list[str]:
    """Raise Invalid with a code for every part that may not be held so; returns the warnings."""
    duties = duties_for(work, loaded)
    new = {part: person for part, person in changed.items() if person is not None}
    active = set(
        work.session.scalars(select(Person.id).where(Person.id.in_(new.values()), Person.active.is_(True)))
    )
    roles = roles_held(work.session, new.values(), loaded.place.path, work.today(loaded.timezone))
    faults: dict[str, list[str]] = {}
    for part, person in new.items():
        needed = duties.needs_role.get(part)
        if person not in active:
            faults.setdefault(part, []).append("person_unknown")
        elif needed and needed not in roles.get(person, frozenset()):
            faults.setdefault(part, []).append("part_needs_role")
        elif AUDITOR in roles.get(person, frozenset()):
            faults.setdefault(part, []).append("auditor_holds_part")
    conflicts = part_conflicts(duties, holders, new)
    for conflict in conflicts:
        if conflict.effect == FORBID:
            part = conflict.one if conflict.one in new else conflict.other
            faults.setdefault(part, []).append(f"duty:{conflict.one}:{conflict.other}")
    if faults:
        raise Invalid("parts_invalid", faults, reasons={c.key: c.reason for c in conflicts})
    return [f"duty:{c.one}:{c.other}" for c in conflicts if c.effect == WARN]
