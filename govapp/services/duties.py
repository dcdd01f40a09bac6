"""Duties kept apart: what an assignment would make collide, and who may not do an act (R03, R06)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.duties import duties_in_force, duties_of
from govapp.data.duty_conflicts import HeldParts, TwoParts, parts_of_both, parts_of_people
from govapp.data.people import Role
from govapp.data.role_queries import roles_by_organization
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch, Organization
from govapp.domain.duties import (
    AUDITOR,
    FORBID,
    PART,
    ROLE,
    Conflict,
    Duties,
    Standing,
    act_conflicts,
    forbidding,
    pair_conflicts,
    part_conflicts,
    role_conflicts,
    roles_without_voice,
)
from govapp.domain.errors import Invalid, Refused
from govapp.domain.permissions import PART_PERMISSIONS, Permission
from govapp.domain.rights import Actor, Place
from govapp.domain.rules import Rules
from govapp.services._work import Work

NO_VOICE = "no_voice"
DECIDING = tuple(part for part, acts in PART_PERMISSIONS.items() if Permission.REVIEW_DECIDE in acts)


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """One collision with what mends it: on a measure (`measure`), among a person's roles, or through an absence.

    `why`: the code where no pair of the matrix speaks: no_voice, needs_role, disabled; `measures`: how many it is on.
    """

    person_id: int
    person: str
    one: str
    other: str
    effect: str = FORBID
    reason: str = ""
    why: str = ""
    measure: str = ""
    title: str = ""
    measures: int = 0
    place: str = ""
    deputy: str = ""
    absence_id: int | None = None


def standing_of(actor: Actor, path: str, parts: Mapping[str, int], acts: Iterable[str] = ()) -> Standing:
    """What somebody is towards a measure: parts held on it, roles anywhere in its organization, acts done before."""
    held = frozenset(part for part, person in parts.items() if person == actor.id)
    return Standing(actor.id or 0, held, actor.roles_around(path), frozenset(acts))


Right = Callable[[Actor], str | None]


def voice_for(
    actor: Actor,
    rules: Rules,
    place: Place,
    kind: str,
    right: Right,
    *,
    act: str = "",
    only: int | None = None,
) -> tuple[Actor, str] | None:
    """In whose voice somebody may do a kind of work, with that right: their own first, else as somebody's deputy.

    None when nobody's right reaches; `only`: the one voice asked for, by person id. Raises Refused when all that is
    left are voices that the duty matrix keeps from the actor on this measure, or from an `act` (R58).
    """
    voices = [each for each in (actor, *actor.absent_for(kind)) if only in {None, each.id}]
    kept_apart: list[Conflict] = []
    for voice in voices:
        found = right(voice)
        if found is None:
            continue
        conflicts = _against(actor, voice, rules.duties, place, act)
        if not conflicts:
            return voice, found
        kept_apart += conflicts
    if kept_apart:
        first = kept_apart[0]
        raise Refused("duty_forbids", duty=first.key, one=first.one, other=first.other, reason=first.reason)
    return None


def right_for(
    actor: Actor, rules: Rules, place: Place, kind: str, right: Right, *, act: str = ""
) -> str | None:
    """The right of `voice_for`, for pages that only show what would be possible."""
    try:
        found = voice_for(actor, rules, place, kind, right, act=act)
    except Refused:
        return None
    return found[1] if found else None


def _speak(work: Work, loaded: Loaded, kind: str, right: Right, act: str = "") -> str | None:
    """The right of `voice_for`; from here on `work.voice` is whose right it is. None when nobody has any."""
    only = work.origin.on_behalf_of
    found = voice_for(work.actor, loaded.rules, loaded.place, kind, right, act=act, only=only)
    if found is None:
        return None
    work.speak_for(found[0], kind)
    return found[1]


def _against(actor: Actor, voice: Actor, duties: Duties, place: Place, act: str) -> list[Conflict]:
    """What forbids the actor to do an act in this voice; in their own voice only what concerns the act itself."""
    if actor.is_system:
        return []
    acting = standing_of(actor, place.path, place.parts)
    absent = None if voice is actor else standing_of(voice, place.path, place.parts)
    if act:
        return forbidding(act_conflicts(duties, act, acting, absent))
    return forbidding(pair_conflicts(duties, acting, absent)) if absent else []


def conflicts_of_parts(session: Session, loaded: Loaded, changed: Mapping[str, int | None]) -> list[Conflict]:
    """What naming these holders would make collide on the measure."""
    holders = {part: person for part, person in loaded.place.parts.items() if part not in changed}
    holders |= {part: person for part, person in changed.items() if person is not None}
    return part_conflicts(
        loaded.rules.duties, holders, [part for part, person in changed.items() if person is not None]
    )


def conflicts_of_grant(
    session: Session, person: Any, role: str, branch: str, today: date
) -> list[OpenConflict]:
    """What a role on a branch would make collide for a person (`id`, `name`). Raises Invalid for what is unknown."""
    place = session.execute(
        select(Organization.id, Organization.name)
        .join(Branch, Branch.organization_id == Organization.id)
        .where(Branch.key == branch)
    ).first()
    known = session.scalar(select(Role.id).where(Role.key == role))
    if place is None or known is None:
        unknown = {"role": known, "branch": place}
        raise Invalid("not_saved", {key: ["unknown_choice"] for key, found in unknown.items() if not found})
    matrix = duties_in_force(session)
    held = roles_by_organization(session, [person.id], today).get(person.id, {})
    found = [
        OpenConflict(person.id, person.name, c.one, c.other, c.effect, c.reason, place=place.name)
        for c in role_conflicts(matrix, held.get(place.id, frozenset()), role)
    ]
    parts = [
        row
        for row in parts_of_people(session, people=[person.id], today=today)
        if row.organization_id == place.id
    ]
    return found + parts_against(matrix, parts, {person.id: frozenset({role})})


def parts_against(
    matrix: Duties, parts: Iterable[HeldParts], roles: Mapping[int, frozenset[str]]
) -> list[OpenConflict]:
    """Parts that decide, in the hands of people whose roles give no voice; and any part of an auditor."""
    silent = roles_without_voice(matrix)
    found = []
    for row in parts:
        against = sorted(roles.get(row.person_id, frozenset()) & silent)
        if row.part not in DECIDING:
            against = [role for role in against if role == AUDITOR]
        found += [of_parts(row, ROLE + role, PART + row.part, why=NO_VOICE) for role in against]
    return found


def without_voice(session: Session, people: Iterable[int], organization_id: int, today: date) -> list[int]:
    """Those of the people whose roles in the organization keep them from deciding anything."""
    silent = roles_without_voice(duties_in_force(session))
    held = roles_by_organization(session, people, today)
    return sorted(who for who, places in held.items() if places.get(organization_id, frozenset()) & silent)


def of_parts(row: HeldParts, one: str, other: str, reason: str = "", why: str = "") -> OpenConflict:
    """A conflict of somebody\'s parts in a branch; the measure is named where it is a single one."""
    return OpenConflict(
        row.person_id, row.person, one, other, FORBID, reason, why,
        row.first if row.measures == 1 else "", "", row.measures, row.organization,
    )  # fmt: skip


def conflicts_of_absence(
    session: Session, person_id: int, deputy_id: int, actor: Actor | None = None
) -> list[OpenConflict]:
    """Measures on which the parts of the two must not meet: there this deputy never acts for the absent person.

    Only those that the actor may read, where one is given.
    """
    return between_both(session, parts_of_both(session, [(person_id, deputy_id)], actor), {})


def between_both(
    session: Session, rows: Iterable[TwoParts], absences: Mapping[tuple[int, int], int]
) -> list[OpenConflict]:
    """What collides between the parts of absent people and those of their deputies; `absences`: ids by the two."""
    by_measure: dict[tuple[Any, ...], tuple[set[str], set[str]]] = {}
    for row in rows:
        key = (row.measure, row.title, row.version_id, row.person_id, row.person, row.deputy_id, row.deputy)
        theirs, mine = by_measure.setdefault(key, (set(), set()))
        theirs.add(row.one)
        mine.add(row.other)
    found = []
    for (measure, title, version, person_id, person, deputy_id, deputy), (theirs, mine) in by_measure.items():
        absent, acting = Standing(person_id, frozenset(theirs)), Standing(deputy_id, frozenset(mine))
        for c in forbidding(pair_conflicts(duties_of(session, version), acting, absent)):
            of_absent = c.one if c.one in absent.marks else c.other
            of_deputy = c.other if of_absent == c.one else c.one
            found.append(
                OpenConflict(
                    person_id, person, of_absent, of_deputy, c.effect, c.reason, "", measure, title,
                    1, "", deputy, absences.get((person_id, deputy_id)),
                )
            )  # fmt: skip
    return found
