"""Where duties collide now: on measures, among roles, through absences. Candidates only; the matrix judges them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import in_force
from govapp.data.deputies import Deputy
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant, Person, Role
from govapp.data.structure import Branch, Organization
from govapp.domain.rights import Actor

LIVE = ("proposed", "active", "on_hold")
MOST = 1000


@dataclass(frozen=True, slots=True)
class TwoParts:
    """Two parts of one measure: in one hand, or in those of an absent person (`one`) and of their deputy (`other`)."""

    measure: str
    title: str
    version_id: int
    person_id: int
    person: str
    one: str
    other: str
    deputy_id: int | None = None
    deputy: str = ""
    absence_id: int | None = None


@dataclass(frozen=True, slots=True)
class HeldParts:
    """How many measures of a branch have a person in a part, and the first of them."""

    person_id: int
    person: str
    active: bool
    part: str
    branch_id: int
    path: str
    organization_id: int
    organization: str
    measures: int
    first: str


@dataclass(frozen=True, slots=True)
class HeldRoles:
    """The roles a person holds in an organization, when there are several."""

    person_id: int
    person: str
    organization_id: int
    organization: str
    roles: frozenset[str]


def two_parts_in_one_hand(session: Session, actor: Actor) -> list[TwoParts]:
    """Pairs of parts that one person holds on a live measure the actor may read."""
    one, other = aliased(Part), aliased(Part)
    statement = (
        select(Measure.key, Measure.title, Measure.workflow_version_id, Person.id, Person.name, one.part, other.part)
        .select_from(one)
        .join(other, (other.measure_id == one.measure_id) & (other.person_id == one.person_id))
        .join(Measure, Measure.id == one.measure_id)
        .join(Person, Person.id == one.person_id)
        .where(other.part > one.part, Measure.state.in_(LIVE), Measure.archived.is_(False), readable_by(actor))
        .order_by(Measure.id, one.part, other.part)
        .limit(MOST)
    )  # fmt: skip
    return [TwoParts(*row) for row in session.execute(statement)]


def parts_of_both(
    session: Session, pairs: Iterable[tuple[int, int]], actor: Actor | None = None
) -> list[TwoParts]:
    """Live measures on which both the absent person and the deputy hold a part, for pairs of the two by id."""
    wanted = set(pairs)
    if not wanted:
        return []
    one, other, absent, deputy = aliased(Part), aliased(Part), aliased(Person), aliased(Person)
    statement = (
        select(
            Measure.key, Measure.title, Measure.workflow_version_id, absent.id, absent.name, one.part, other.part,
            deputy.id, deputy.name,
        )
        .select_from(one)
        .join(other, (other.measure_id == one.measure_id) & (other.person_id != one.person_id))
        .join(Measure, Measure.id == one.measure_id)
        .join(absent, absent.id == one.person_id)
        .join(deputy, deputy.id == other.person_id)
        .where(
            one.person_id.in_({pair[0] for pair in wanted}),
            tuple_(one.person_id, other.person_id).in_(sorted(wanted)),
            Measure.state.in_(LIVE),
            Measure.archived.is_(False),
        )
        .order_by(Measure.id, one.part, other.part)
        .limit(MOST)
    )  # fmt: skip
    if actor is not None:
        statement = statement.where(readable_by(actor))
    return [TwoParts(*row) for row in session.execute(statement)]


def absences_to_come(session: Session, today: date) -> list[tuple[int, int, int]]:
    """Id, absent person and deputy of every absence in force or to come."""
    statement = (
        select(Deputy.id, Deputy.person_id, Deputy.deputy_id)
        .where(Deputy.ended_at.is_(None), Deputy.until_day >= today)
        .order_by(Deputy.from_day, Deputy.id)
        .limit(MOST)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]


def _held_parts(*where: Any) -> Any:
    return (
        select(
            Person.id, Person.name, Person.active, Part.part, Branch.id.label("branch"), Branch.path,
            Organization.id.label("organization"), Organization.name.label("organization_name"),
            func.count(), func.min(Measure.key),
        )
        .select_from(Part)
        .join(Measure, Measure.id == Part.measure_id)
        .join(Person, Person.id == Part.person_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Measure.state.in_(LIVE), Measure.archived.is_(False), *where)
        .group_by(
            Person.id, Person.name, Person.active, Part.part, Branch.id, Branch.path, Organization.id, Organization.name
        )
        .order_by(Person.name, Person.id, Part.part, Branch.path)
        .limit(MOST)
    )  # fmt: skip


def parts_held(session: Session, parts: Collection[str], actor: Actor | None = None) -> list[HeldParts]:
    """Who holds these parts, by branch."""
    readable = [] if actor is None else [readable_by(actor)]
    return [HeldParts(*row) for row in session.execute(_held_parts(Part.part.in_(parts), *readable))]


def parts_of_people(
    session: Session,
    *,
    people: Collection[int] = (),
    roles: Collection[str] = (),
    today: date,
    actor: Actor | None = None,
) -> list[HeldParts]:
    """Parts held by these people, by holders of these roles, or (when neither is named) by disabled people."""
    holders = (
        select(Grant.person_id)
        .join(Role, Role.id == Grant.role_id)
        .where(Role.key.in_(roles), *in_force(today))
    )
    if people:
        which: Any = Part.person_id.in_(people)
    elif roles:
        which = Part.person_id.in_(holders)
    else:
        which = Part.person_id.in_(select(Person.id).where(Person.active.is_(False)))
    readable = [] if actor is None else [readable_by(actor)]
    return [HeldParts(*row) for row in session.execute(_held_parts(which, *readable))]  # fmt: skip


def several_roles(session: Session, today: date, organizations: Collection[int]) -> list[HeldRoles]:
    """Active people who hold several roles in one of these organizations."""
    not_ended, _started, not_over = in_force(today)
    held = (
        select(Grant.person_id, Branch.organization_id, Role.key)
        .join(Role, Role.id == Grant.role_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(not_ended, not_over, Branch.organization_id.in_(organizations))
        .distinct()
        .cte("held")
    )
    several = select(held.c.person_id, held.c.organization_id).group_by(*held.c[:2]).having(func.count() > 1)
    both = several.subquery()
    rows = session.execute(
        select(Person.id, Person.name, Organization.id, Organization.name, held.c.key)
        .select_from(held)
        .join(both, (both.c.person_id == held.c.person_id) & (both.c.organization_id == held.c.organization_id))
        .join(Person, Person.id == held.c.person_id)
        .join(Organization, Organization.id == held.c.organization_id)
        .where(Person.active.is_(True))
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    found: dict[tuple[Any, ...], set[str]] = {}
    for *who, role in rows:
        found.setdefault(tuple(who), set()).add(role)
    return [HeldRoles(who[0], who[1], who[2], who[3], frozenset(roles)) for who, roles in found.items()]


def places_of_roles(
    session: Session, people: Collection[int], today: date
) -> dict[tuple[int, str], list[str]]:
    """Paths of the branches on which people hold roles today, by person and role."""
    rows = session.execute(
        select(Grant.person_id, Role.key, Branch.path)
        .join(Role, Role.id == Grant.role_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Grant.person_id.in_(people), *in_force(today))
    )
    found: dict[tuple[int, str], list[str]] = {}
    for person, role, path in rows:
        found.setdefault((person, role), []).append(path)
    return found
