"""Reads what verbs and pages about one measure need beside its snapshot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, false, func, or_, select, true
from sqlalchemy.orm import Session

from govapp.data.measures import Card, Dependency, Measure, Part
from govapp.data.people import Grant, Role
from govapp.data.structure import Branch, Choice, Organization
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor


def path_ids(path: str) -> list[int]:
    """The ids in a branch's path, from the root down."""
    return [int(part) for part in path.split("/") if part]


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """Clause on Measure: it lies where the actor may read measures, or the actor holds a part on it."""
    if actor.is_system:
        return true()
    paths = [grant.path for grant in actor.grants if Permission.MEASURE_VIEW in grant.permissions]
    inside = [Branch.path.startswith(path, autoescape=True) for path in paths]
    branches = select(Branch.id).where(or_(false(), *inside))
    held = select(Part.measure_id).where(Part.person_id == actor.id)
    return or_(Measure.branch_id.in_(branches), Measure.id.in_(held))


def workflow_id_at(session: Session, path: str) -> int | None:
    """The workflow in force at a branch: its own, else the nearest above."""
    ids = path_ids(path)
    found = dict(session.execute(select(Branch.id, Branch.workflow_id).where(Branch.id.in_(ids))).all())
    return next((workflow for each in reversed(ids) if (workflow := found.get(each)) is not None), None)


def currency_at(session: Session, branch: str) -> str:
    """The currency of a branch's organization, by the branch's key; '' when it is unknown."""
    statement = select(Organization.currency).join(Branch, Branch.organization_id == Organization.id)
    return session.scalar(statement.where(Branch.key == branch)) or ""


def currency_of(session: Session, measure: str) -> str:
    """The currency of a measure's organization, by the measure's key; '' when it is unknown."""
    statement = select(Organization.currency).join(Measure, Measure.organization_id == Organization.id)
    return session.scalar(statement.where(Measure.key == measure)) or ""


def choice_keys(session: Session, organization_id: int) -> dict[str, frozenset[str]]:
    """Keys of each of an organization's lists."""
    lists: dict[str, set[str]] = {}
    for name, key in session.execute(
        select(Choice.list, Choice.key).where(Choice.organization_id == organization_id)
    ):
        lists.setdefault(name, set()).add(key)
    return {name: frozenset(keys) for name, keys in lists.items()}


def choices_of(session: Session, organization_id: int) -> dict[str, list[tuple[str, str]]]:
    """Key and name of each entry of an organization's lists, in their order."""
    lists: dict[str, list[tuple[str, str]]] = {}
    rows = session.execute(
        select(Choice.list, Choice.key, Choice.name)
        .where(Choice.organization_id == organization_id)
        .order_by(Choice.list, Choice.position, Choice.name)
    )
    for name, key, label in rows:
        lists.setdefault(name, []).append((key, label))
    return lists


def highest_number(session: Session, prefix: str) -> int:
    """The highest number any key of this prefix bears."""
    number = cast(func.substr(Measure.key, len(prefix) + 2), Integer)
    found = session.scalar(
        select(func.max(number)).where(Measure.key.startswith(f"{prefix}-", autoescape=True))
    )
    return int(found or 0)


def roles_held(session: Session, people: Iterable[int], path: str, today: date) -> dict[int, frozenset[str]]:
    """Roles in force on a branch, by person."""
    rows = session.execute(
        select(Grant.person_id, Role.key)
        .join(Role, Role.id == Grant.role_id)
        .where(
            Grant.person_id.in_(set(people)),
            Grant.branch_id.in_(path_ids(path)),
            Grant.ended_at.is_(None),
            or_(Grant.from_day.is_(None), Grant.from_day <= today),
            or_(Grant.until_day.is_(None), Grant.until_day >= today),
        )
    )
    found: dict[int, set[str]] = {}
    for person, role in rows:
        found.setdefault(person, set()).add(role)
    return {person: frozenset(roles) for person, roles in found.items()}


@dataclass(frozen=True, slots=True)
class MeasureInShort:
    """A measure as another one names it."""

    id: int
    key: str
    title: str
    organization_id: int
    stage: str | None
    state: str


def in_short(session: Session, key: str) -> MeasureInShort | None:
    """A measure in short by key."""
    row: Any = session.execute(
        select(
            Measure.id, Measure.key, Measure.title, Measure.organization_id, Measure.stage, Measure.state
        ).where(Measure.key == key)
    ).first()
    return None if row is None else MeasureInShort(*row)


def key_of(session: Session, measure_id: int) -> str:
    """The key of a measure by id. Raises NoResultFound."""
    return session.execute(select(Measure.key).where(Measure.id == measure_id)).scalar_one()


def way_between(session: Session, start: int, goal: int) -> list[str]:
    """Keys on a way of dependencies from one measure to another, both included; empty when there is none."""
    before: dict[int, int] = {start: start}
    frontier = [start]
    while frontier and goal not in before:
        rows = session.execute(
            select(Dependency.measure_id, Dependency.on_measure_id).where(Dependency.measure_id.in_(frontier))
        ).all()
        frontier = []
        for measure, on in rows:
            if on not in before:
                before[on] = measure
                frontier.append(on)
    if goal not in before:
        return []
    way = [goal]
    while way[-1] != start:
        way.append(before[way[-1]])
    keys = dict(session.execute(select(Measure.id, Measure.key).where(Measure.id.in_(way))).all())
    return [keys[each] for each in reversed(way)]


def due_measures(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Measures whose derived data must be looked at again because time has come (an expiry, a lapse)."""
    statement = select(Card.measure_id).where(Card.check_at <= at).order_by(Card.check_at).limit(limit)
    return list(session.scalars(statement))
