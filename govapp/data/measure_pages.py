"""Reads the pages about one measure: its head, people to choose from, and what each tab shows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.actors import in_force
from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.measure_queries import choices_of, path_ids, readable_by
from govapp.data.measures import (
    Card,
    Dependency,
    Measure,
    Milestone,
    Risk,
    StagePassage,
)
from govapp.data.people import Grant, Person
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch, Organization
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place

OFFERED = 500
_NO_CARD: dict[str, Any] = {
    "next_stage": None,
    "missing": 0,
    "met": 0,
    "waits_for": "",
    "waits_words": [],
    "waits_whom": [],
    "waits_since": None,
    "target_at": None,
    "implementation": "none",
    "potential": "none",
    "values": {},
    "review_id": None,
    "expired": [],
}
Rows = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What every page of a measure shows: its columns, its branches from the top, and the names of chosen entries."""

    facts: Mapping[str, Any]
    crumbs: Rows
    choices: Mapping[str, list[tuple[str, str]]]
    passages: Rows
    card: Any

    def entered(self, stage: str) -> Any:
        """When the measure last came into a stage, or None."""
        return next((row.entered_at for row in reversed(self.passages) if row.stage == stage), None)

    def chosen(self, name: str) -> str:
        """The name of the entry a list field holds, or the text itself."""
        from_list = {"request_category": "request_categories", "legal_entity": "legal_entities"}.get(
            name, f"{name}s"
        )
        value = str(self.facts[name] or "")
        return dict(self.choices.get(from_list, ())).get(value, value)


def read_head(session: Session, loaded: Loaded) -> Head:
    """Head of a measure's pages, in three statements."""
    measure = loaded.measure
    facts = {column.key: getattr(measure, column.key) for column in Measure.__mapper__.column_attrs}
    crumbs = session.execute(
        select(Branch.key, Branch.name, Branch.kind)
        .where(Branch.id.in_(path_ids(loaded.place.path)))
        .order_by(Branch.path)
    )
    known = (
        {column.key: getattr(loaded.card, column.key) for column in Card.__mapper__.column_attrs}
        if loaded.card
        else _NO_CARD
    )
    card = SimpleNamespace(**known, state=measure.state, archived=measure.archived)
    choices = choices_of(session, measure.organization_id)
    return Head(MappingProxyType(facts), tuple(crumbs.all()), choices, passages(session, measure.id), card)


def people_here(session: Session, place: Place, today: date, keep: tuple[int | None, ...] = ()) -> Rows:
    """Id and name of active people to choose from: with a role in force here or above, or a part; at most 500.

    `today` is the day in the organization; `keep` are people who stand in the form already.
    """
    statement = select(Person.id, Person.name).where(_here(place, today, keep))
    return tuple(session.execute(statement.order_by(Person.name, Person.id).limit(OFFERED)).all())


def those_here(session: Session, place: Place, today: date, people: Collection[int]) -> set[int]:
    """Those of some people whom `people_here` would name, were there no most."""
    return set(session.scalars(select(Person.id).where(Person.id.in_(people), _here(place, today))))


def _here(place: Place, today: date, keep: tuple[int | None, ...] = ()) -> ColumnElement[bool]:
    granted = exists().where(
        Grant.person_id == Person.id,
        Grant.branch_id.in_(path_ids(place.path)),
        *in_force(today),
    )
    held = [person for person in (*place.parts.values(), *keep) if person is not None]
    return Person.active.is_(True) & or_(granted, Person.id.in_(held))


def person_by_email(session: Session, email: str) -> int | None:
    """An active person by e-mail address."""
    return session.scalar(
        select(Person.id).where(Person.email == email.strip().lower(), Person.active.is_(True))
    )


def branches_to_propose(session: Session, actor: Actor) -> Rows:
    """Branches in which the person may propose measures, as a tree: key, name, kind, path, organization."""
    paths = [grant.path for grant in actor.grants if Permission.MEASURE_CREATE in grant.permissions]
    rows = session.execute(
        select(
            Branch.key,
            Branch.name,
            Branch.kind,
            Branch.path,
            Branch.organization_id,
            Organization.name.label("organization"),
        )
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Branch.archived.is_(False), Branch.kind.in_(("program", "project", "measure_package")))
        .order_by(Branch.path)
    )
    return tuple(row for row in rows if any(row.path.startswith(path) for path in paths))


def passages(session: Session, measure_id: int) -> Rows:
    """Stays in stages, oldest first."""
    statement = select(StagePassage.stage, StagePassage.how, StagePassage.entered_at, StagePassage.left_at)
    return tuple(
        session.execute(
            statement.where(StagePassage.measure_id == measure_id).order_by(StagePassage.id)
        ).all()
    )


def milestones(session: Session, measure_id: int) -> Rows:
    """Milestones with their owner's name, by plan date."""
    statement = (
        select(Milestone, Person.name.label("owner"))
        .outerjoin(Person, Person.id == Milestone.owner_id)
        .where(Milestone.measure_id == measure_id)
        .order_by(Milestone.plan_date.is_(None), Milestone.plan_date, Milestone.id)
    )
    return plain_rows(session, statement, Milestone)


def risks(session: Session, measure_id: int) -> Rows:
    """Risks with their owner's name: open ones first, the highest first."""
    statement = (
        select(Risk, Person.name.label("owner"))
        .outerjoin(Person, Person.id == Risk.owner_id)
        .where(Risk.measure_id == measure_id)
        .order_by(Risk.open.desc(), (Risk.likelihood * Risk.impact).desc(), Risk.id)
    )
    return plain_rows(session, statement, Risk)


def plain_rows(session: Session, statement: Any, table: type) -> Rows:
    """Rows of a table with what was joined, as read-only mappings that outlive the session."""
    names = [column.key for column in table.__mapper__.column_attrs]  # type: ignore[attr-defined]  # every mapped class has it
    found = []
    for row in session.execute(statement):
        values = {name: getattr(row[0], name) for name in names}
        found.append(
            MappingProxyType(
                values | {key: value for key, value in row._mapping.items() if isinstance(key, str)}
            )
        )
    return tuple(found)


def dependencies(session: Session, measure_id: int, actor: Actor) -> tuple[Rows, Rows]:
    """What the measure waits for, and what waits for it.

    Of a measure this person may not read (`readable`) title, stage and state are left out.
    """
    readable = readable_by(actor)
    columns = (
        Dependency.id,
        Dependency.stage.label("needs"),
        Dependency.note,
        Measure.key,
        readable.label("readable"),
        case((readable, Measure.title), else_="").label("title"),
        case((readable, Measure.stage), else_=None).label("stage"),
        case((readable, Measure.state), else_="").label("state"),
    )
    on = (
        select(*columns)
        .join(Measure, Measure.id == Dependency.on_measure_id)
        .where(Dependency.measure_id == measure_id)
    )
    by = (
        select(*columns)
        .join(Measure, Measure.id == Dependency.measure_id)
        .where(Dependency.on_measure_id == measure_id)
    )
    order = Dependency.id
    return tuple(session.execute(on.order_by(order)).all()), tuple(
        session.execute(by.order_by(order).limit(100)).all()
    )


def effect_lines(session: Session, measure_id: int) -> Rows:
    """Effect lines, each with `totals`: the sum of each series over months and undated values, in minor units.

    Of plan it is the draft.
    """
    sums: dict[int, dict[str, int]] = {}
    undated: dict[int, dict[str, int]] = {}
    rows = session.execute(
        select(
            EffectValue.line_id, EffectValue.series, EffectValue.month.is_(None), func.sum(EffectValue.amount)
        )
        .where(EffectValue.measure_id == measure_id, EffectValue.plan_version == DRAFT)
        .group_by(EffectValue.line_id, EffectValue.series, EffectValue.month.is_(None))
    )
    for line, series, whole_life, amount in rows:
        total = sums.setdefault(line, {})
        total[series] = total.get(series, 0) + int(amount)
        if whole_life:
            undated.setdefault(line, {})[series] = int(amount)
    lines = plain_rows(
        session,
        select(EffectLine).where(EffectLine.measure_id == measure_id).order_by(EffectLine.id),
        EffectLine,
    )
    return tuple(
        MappingProxyType({**line, "totals": sums.get(line["id"], {}), "undated": undated.get(line["id"], {})})
        for line in lines
    )
