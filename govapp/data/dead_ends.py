"""Reads what a page of dead ends judges: open steps with whom they name, vacant parts, dependencies, groups."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, text, union
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import in_force
from govapp.data.deputies import Deputy
from govapp.data.duty_conflicts import LIVE, MOST, places_of_roles
from govapp.data.measure_queries import readable_by
from govapp.data.measures import VACANT, Card, Dependency, Measure, Part
from govapp.data.people import Grant, Group, GroupMember, Person, Role, RolePermission
from govapp.data.reviews import BARRED, Dossier, Review, ReviewStep, StepDecider, Vote
from govapp.data.structure import Branch, Organization
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.snapshot import StepFact, VoteFact


@dataclass(frozen=True, slots=True)
class OpenStep:
    """An open step with its measure and the basis before the deciders; `fact` knows whom it names and who may decide.

    `by_part`: people whom it names by a part, with that part.
    """

    fact: StepFact
    basis: str
    review_id: int
    measure_id: int
    measure: str
    title: str
    path: str
    version_id: int
    by_part: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Vacant:
    """A live measure on which parts must be held by now and are not."""

    measure: str
    title: str
    path: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A measure that needs another to have reached a stage."""

    measure: str
    title: str
    version_id: int
    on: str
    needs: str
    on_stage: str | None
    on_state: str
    readable: bool


@dataclass(frozen=True, slots=True)
class SmallGroup:
    """A group with fewer active members than its quorum."""

    key: str
    name: str
    organization: str
    members: int
    quorum: int


def _open() -> tuple[ColumnElement[bool], ...]:
    live = Measure.state.in_(("active", "proposed")) & Measure.archived.is_(False)
    return Review.state == text("'open'"), ReviewStep.state == "open", live


def _steps(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(ReviewStep)
        .join(Review, Review.id == ReviewStep.review_id)
        .join(Measure, Measure.id == Review.measure_id)
        .where(*_open())
    )


def open_steps(session: Session, actor: Actor, today: date) -> list[OpenStep]:
    """Every open step of measures the actor may read, with who is named, who may decide and what was voted.

    Four statements, whatever the number of steps; at most MOST of them, the oldest first.
    """
    newest = aliased(Dossier)
    basis = (
        select(newest.basis_digest).where(newest.review_id == Review.id).order_by(newest.number.desc()).limit(1)
        .correlate(Review).scalar_subquery()
    )  # fmt: skip
    statement = (
        _steps(
            ReviewStep.id, ReviewStep.key, ReviewStep.name, ReviewStep.waits_for, ReviewStep.position, ReviewStep.rule,
            ReviewStep.deciders, ReviewStep.opened_at, ReviewStep.quorum, ReviewStep.veto, ReviewStep.state,
            basis.label("basis"), Review.id.label("review"), Measure.id.label("measure_id"),
            Measure.key.label("measure"), Measure.title, Branch.path, Measure.workflow_version_id,
        )
        .join(Branch, Branch.id == Measure.branch_id)
        .where(readable_by(actor))
        .order_by(ReviewStep.opened_at, ReviewStep.id)
        .limit(MOST)
    )  # fmt: skip
    rows = session.execute(statement).all()
    named, by_part = _named(session, today)
    barred: dict[int, dict[int, str]] = {}
    for step, kind, person in session.execute(_barred()):
        barred.setdefault(step, {})[int(person)] = kind.removeprefix(BARRED)
    votes: dict[int, list[VoteFact]] = {}
    for step, person, behalf, verdict, at, given in session.execute(_votes()):
        votes.setdefault(step, []).append(VoteFact(person, verdict, given, at, behalf))
    return [
        OpenStep(
            _fact(row, named.get(row.id, frozenset()), barred.get(row.id, {}), votes.get(row.id, ())),
            row.basis, row.review, row.measure_id, row.measure, row.title, row.path, row.workflow_version_id,
            tuple(sorted(by_part.get(row.id, ()))),
        )
        for row in rows
    ]  # fmt: skip


def _fact(row: Any, named: frozenset[int], barred: dict[int, str], votes: Iterable[VoteFact]) -> StepFact:
    left_out = {person for person, code in barred.items() if code == "excluded"}
    return StepFact(
        row.id, row.key, row.name, row.waits_for, row.position, row.rule, row.deciders, tuple(votes), row.opened_at,
        row.quorum, row.veto, state=row.state, named=named - left_out, electors=named - barred.keys(),
    )  # fmt: skip


def _named(
    session: Session, today: date
) -> tuple[dict[int, frozenset[int]], dict[int, set[tuple[int, str]]]]:
    """Active people whom open steps name, by step; and those named by a part, with the part."""
    above, here = aliased(Branch), aliased(Branch)
    columns = (StepDecider.step_id, Person.id.label("person"), StepDecider.kind, StepDecider.key)
    by_step = _steps(*columns).join(StepDecider, StepDecider.step_id == ReviewStep.id)
    parts = (
        by_step.join(Part, (Part.measure_id == Measure.id) & (Part.part == StepDecider.key))
        .join(Person, Person.id == Part.person_id)
        .where(StepDecider.kind == "parts", Person.active)
    )
    roles = (
        by_step.join(Role, Role.key == StepDecider.key)
        .join(Grant, Grant.role_id == Role.id)
        .join(above, above.id == Grant.branch_id)
        .join(here, here.id == Measure.branch_id)
        .join(Person, Person.id == Grant.person_id)
        .where(StepDecider.kind == "roles", Person.active, here.path.startswith(above.path), *in_force(today))
    )
    groups = (
        by_step.join(
            Group, (Group.key == StepDecider.key) & (Group.organization_id == Measure.organization_id)
        )
        .join(GroupMember, GroupMember.group_id == Group.id)
        .join(Person, Person.id == GroupMember.person_id)
        .where(StepDecider.kind == "groups", Person.active, GroupMember.ended_at.is_(None))
    )
    named: dict[int, set[int]] = {}
    by_part: dict[int, set[tuple[int, str]]] = {}
    for step, person, kind, key in session.execute(union(parts, roles, groups)):
        named.setdefault(step, set()).add(person)
        if kind == "parts":
            by_part.setdefault(step, set()).add((person, key))
    return {step: frozenset(people) for step, people in named.items()}, by_part


def _barred() -> Select[Any]:
    return (
        _steps(StepDecider.step_id, StepDecider.kind, StepDecider.key)
        .join(StepDecider, StepDecider.step_id == ReviewStep.id)
        .where(StepDecider.kind.startswith(BARRED, autoescape=True))
    )


def _votes() -> Select[Any]:
    columns = (
        Vote.step_id,
        Vote.person_id,
        Vote.on_behalf_of,
        Vote.verdict,
        Vote.at,
        Dossier.basis_digest,
    )
    return (
        _steps(*columns)
        .join(Vote, Vote.step_id == ReviewStep.id)
        .join(Dossier, Dossier.id == Vote.dossier_id)
        .order_by(Vote.id)
    )


def without(step: OpenStep, people: Iterable[int]) -> OpenStep:
    """The step with fewer people who may decide it."""
    return replace(step, fact=replace(step.fact, electors=step.fact.electors - set(people)))


def absences_in_force(session: Session, today: date) -> list[tuple[int, int, tuple[str, ...]]]:
    """Absent person, deputy and kinds of work of every absence today; deputies whose account is disabled left out."""
    deputy = aliased(Person)
    rows = session.execute(
        select(Deputy.person_id, Deputy.deputy_id, Deputy.kinds, deputy.active)
        .join(deputy, deputy.id == Deputy.deputy_id)
        .where(Deputy.ended_at.is_(None), Deputy.from_day <= today, Deputy.until_day >= today)
        .limit(MOST)
    )
    return [
        (person, deputy_id if active else 0, tuple(kinds or ())) for person, deputy_id, kinds, active in rows
    ]


def parts_on(session: Session, measures: Iterable[int]) -> dict[int, dict[str, int]]:
    """Holders of parts by measure and part."""
    wanted = set(measures)
    found: dict[int, dict[str, int]] = {}
    if wanted:
        rows = select(Part.measure_id, Part.part, Part.person_id).where(Part.measure_id.in_(wanted))
        for measure, part, person in session.execute(rows):
            found.setdefault(measure, {})[part] = person
    return found


def roles_of(session: Session, people: Iterable[int], today: date) -> dict[tuple[int, str], list[str]]:
    """Paths on which people hold roles, by person and role."""
    wanted = set(people)
    return places_of_roles(session, wanted, today) if wanted else {}


def vacant_parts(session: Session, actor: Actor) -> list[Vacant]:
    """Live measures the actor may read on which a part that must be held is vacant."""
    rows = session.execute(
        select(Measure.key, Measure.title, Branch.path, Card.vacant)
        .join(Card, Card.measure_id == Measure.id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(text(VACANT), Measure.state.in_(LIVE), Measure.archived.is_(False), readable_by(actor))
        .order_by(Measure.id)
        .limit(MOST)
    )
    return [Vacant(key, title, path, tuple(parts)) for key, title, path, parts in rows]


def assigning_paths(session: Session, today: date) -> list[str]:
    """Paths of the branches on which some active person may name people for parts."""
    rows = session.scalars(
        select(Branch.path)
        .join(Grant, Grant.branch_id == Branch.id)
        .join(Role, Role.id == Grant.role_id)
        .join(RolePermission, (RolePermission.role_id == Role.id) & (RolePermission.version == Role.version))
        .join(Person, Person.id == Grant.person_id)
        .where(
            RolePermission.permission == str(Permission.MEASURE_ASSIGN_PARTS),
            Person.active,
            *in_force(today),
        )
        .distinct()
    )
    return list(rows)


def edges_of(session: Session, actor: Actor) -> list[Edge]:
    """Dependencies of live measures on what is cancelled, and those that may be part of a circle."""
    on = aliased(Measure)
    needing, needed = select(Dependency.measure_id), select(Dependency.on_measure_id)
    circle = Dependency.on_measure_id.in_(needing) & Dependency.measure_id.in_(needed)
    readable = readable_by(actor).label("readable")
    rows = session.execute(
        select(
            Measure.key, Measure.title, Measure.workflow_version_id, on.key, Dependency.stage, on.stage, on.state,
            readable,
        )
        .select_from(Dependency)
        .join(Measure, Measure.id == Dependency.measure_id)
        .join(on, on.id == Dependency.on_measure_id)
        .where(Measure.state.in_(LIVE), Measure.archived.is_(False), or_(on.state == "cancelled", circle))
        .order_by(Measure.id, on.id)
        .limit(MOST * 10)
    )  # fmt: skip
    return [Edge(*row[:7], bool(row[7])) for row in rows]


def small_groups(session: Session, organizations: Iterable[int]) -> list[SmallGroup]:
    """Groups with a quorum that their active members cannot reach."""
    members = func.count(Person.id)
    rows = session.execute(
        select(Group.key, Group.name, Organization.name, members, Group.quorum)
        .join(Organization, Organization.id == Group.organization_id)
        .outerjoin(GroupMember, (GroupMember.group_id == Group.id) & GroupMember.ended_at.is_(None))
        .outerjoin(Person, (Person.id == GroupMember.person_id) & Person.active)
        .where(Group.organization_id.in_(list(organizations)) if organizations else false())
        .group_by(Group.id, Group.key, Group.name, Organization.name, Group.quorum)
        .having(members < Group.quorum)
        .order_by(Organization.name, Group.name)
    )
    return [SmallGroup(key, name, place, have, need or 0) for key, name, place, have, need in rows]
