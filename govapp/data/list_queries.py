"""Reads the list of measures: filtered, sorted and paged in SQL, the same number of statements whatever the rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from govapp.data.json_rows import json_rows
from govapp.data.list_scope import ListFilter, Scope
from govapp.data.measures import VACANT, Card, Measure, Part, StageTotal
from govapp.data.people import Person
from govapp.data.structure import Choice
from govapp.data.words import says
from govapp.domain.measures import CHOSEN, required_parts

PAGE = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class ListRow:
    """One measure of the list; `values` in minor units by currency, None for a reader who may not see them."""

    key: str
    title: str
    branch: str
    branch_id: int
    stage: str | None
    state: str
    archived: bool
    opened_at_stage: str | None
    parts: Mapping[str, str]
    vacant: tuple[str, ...]
    values: Mapping[str, int] | None
    implementation: str
    potential: str
    next_stage: str | None
    missing: int
    waits_for: str
    waits_words: tuple[str, ...]
    waits_whom: tuple[str, ...]
    waits_since: datetime | None
    target_at: datetime | None
    fields: Mapping[str, str]
    version_id: int


def list_choices(session: Session) -> dict[int, dict[str, list[tuple[str, str]]]]:
    """Lists of all organizations by organization id: key and name of each entry."""
    found: dict[int, dict[str, list[tuple[str, str]]]] = {}
    rows = session.execute(
        select(Choice.organization_id, Choice.list, Choice.key, Choice.name).order_by(
            Choice.list, Choice.position, Choice.name
        )
    )
    for organization, name, key, label in rows:
        found.setdefault(organization, {}).setdefault(name, []).append((key, label))
    return found


def _within(scope: Scope, wanted: ListFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if not scope.whole:
        held = select(Part.measure_id).where(Part.person_id == scope.person_id)
        clauses.append(or_(_among(scope, scope.readable), Measure.id.in_(held)))
    if wanted.branch:
        clauses.append(_among(scope, scope.below(wanted.branch)))
    return clauses


def _among(scope: Scope, branches: frozenset[int]) -> ColumnElement[bool]:
    """Measures of these branches; `+ 0` keeps the planner off their index when they are a good part of all."""
    dense = len(branches) * 4 >= len(scope.branches)
    branch: Any = Measure.branch_id + 0 if dense else Measure.branch_id
    inside: ColumnElement[bool] = branch.in_(sorted(branches))
    return inside


def _words(q: str) -> ColumnElement[bool]:
    """The text in title or key, or the external key."""
    return or_(says(q, Measure.title, Measure.key), Measure.external_key == q)


def _vacant(wanted: str) -> ColumnElement[bool]:
    """Measures on which a part that must be held by now, or `any` such part, is vacant."""
    some = literal_column(f"card.{VACANT}", Boolean)
    return (
        some
        if wanted == "any"
        else and_(some, type_coerce(Card.vacant, Text).contains(f'"{wanted}"', autoescape=True))
    )


def _clauses(scope: Scope, wanted: ListFilter) -> list[ColumnElement[bool]]:
    clauses = _within(scope, wanted)
    clauses.append(Measure.archived.is_(wanted.state == "archived"))
    if wanted.state and wanted.state != "archived":
        clauses.append(Measure.state == wanted.state)
    if wanted.stage:
        clauses.append(Measure.stage == wanted.stage)
    if wanted.q:
        clauses.append(_words(wanted.q))
    if wanted.owner is not None:
        clauses.append(Card.owner_id == wanted.owner)
    if wanted.person is not None:
        clauses.append(Measure.id.in_(select(Part.measure_id).where(Part.person_id == wanted.person)))
    if wanted.live:
        last = {stage.key for rules in scope.rules.values() for stage in rules.stages if stage.terminal}
        clauses.append(
            and_(Measure.state != "cancelled", func.coalesce(Measure.stage, "").not_in(sorted(last)))
        )
    if wanted.waiting:
        clauses.append(Card.waits_for != "" if wanted.waiting == "any" else Card.waits_for == wanted.waiting)
    if wanted.missing:
        clauses.append(_vacant(wanted.missing))
    if wanted.status:
        kind, _, colour = wanted.status.partition("-")
        clauses.append((Card.potential if kind == "potential" else Card.implementation) == colour)
    for name, value in (
        ("business_unit", wanted.unit),
        ("function", wanted.function),
        ("service", wanted.service),
    ):
        if value:
            clauses.append(getattr(Measure, name) == value)
    if wanted.external:
        clauses.append(Measure.external_source == wanted.external)
    return clauses


def _order(scope: Scope, sort: str) -> list[Any]:
    places = {stage.key: stage.order for rules in scope.rules.values() for stage in rules.stages}
    orders: dict[str, list[Any]] = {
        "key": [Measure.id],
        "title": [Measure.title, Measure.id],
        "stage": [case(places, value=Measure.stage, else_=0) if places else Measure.id, Measure.id],
        "waiting": [Card.waits_since.is_(None), Card.waits_since, Measure.id],
        "changed": [Card.change_seq.desc(), Measure.id.desc()],
    }
    return orders.get(sort, [Measure.id.desc()])


def _ids(scope: Scope, wanted: ListFilter) -> Select[Any]:
    """Ids of the list, without order; cards are read only where filter or order ask for them."""
    statement = select(Measure.id).select_from(Measure)
    if wanted.by_card:
        statement = statement.join(Card, Card.measure_id == Measure.id)
    return statement.where(*_clauses(scope, wanted))


def _total(scope: Scope, wanted: ListFilter) -> Any:
    """Rows of the whole list: exact from the maintained totals where those know, else counted to just past 10,000."""
    plain = ListFilter(branch=wanted.branch, stage=wanted.stage, state=wanted.state, sort=wanted.sort)
    if scope.whole and wanted == plain and wanted.state != "archived":
        clauses: list[ColumnElement[bool]] = [StageTotal.currency == ""]
        if wanted.branch:
            clauses.append(StageTotal.branch_id.in_(sorted(scope.below(wanted.branch))))
        if wanted.stage:
            clauses.append(StageTotal.stage == wanted.stage)
        if wanted.state:
            clauses.append(StageTotal.state == wanted.state)
        return select(func.coalesce(func.sum(StageTotal.count), 0)).where(*clauses).scalar_subquery()
    counted = _ids(scope, wanted).limit(MOST_COUNTED + 1).subquery()
    return select(func.count()).select_from(counted).scalar_subquery()


def _rows(*more: Any) -> Select[Any]:
    people: Any = (
        select(Part.part, Person.name, Part.person_id)
        .join(Person, Person.id == Part.person_id)
        .where(Part.measure_id == Measure.id)
        .order_by(Part.id)
    )
    statement: Any = select(
        Measure.key,
        Measure.title,
        Measure.branch_id,
        Measure.stage,
        Measure.state,
        Measure.archived,
        Measure.opened_at_stage,
        Measure.workflow_version_id,
        Measure.change_type,
        Measure.risk_rating,
        Measure.external_source,
        Measure.external_key,
        *(getattr(Measure, name) for name in CHOSEN),
        json_rows(people, correlate=Measure.__table__).label("people"),
        Card.values,
        Card.implementation,
        Card.potential,
        Card.next_stage,
        Card.missing,
        Card.waits_for,
        Card.waits_words,
        Card.waits_whom,
        Card.waits_since,
        Card.target_at,
        *more,
    )
    found: Select[Any] = statement.select_from(Measure).join(Card, Card.measure_id == Measure.id)
    return found


_FIELDS = (*CHOSEN, "change_type", "risk_rating", "external_source", "external_key")


def _row(scope: Scope, names: Mapping[int, str], row: Any) -> ListRow:
    held = json.loads(row.people)
    parts = {part: name for part, name, _ in held}
    priced = row.branch_id in scope.priced or any(person == scope.person_id for _, _, person in held)
    rules = scope.rules.get(row.workflow_version_id)
    needed = required_parts(rules, row.stage) if rules and row.state != "cancelled" else ()
    return ListRow(
        row.key,
        row.title,
        names.get(row.branch_id, ""),
        row.branch_id,
        row.stage,
        row.state,
        row.archived,
        row.opened_at_stage,
        parts,
        tuple(part for part in needed if part not in parts),
        (row.values or {}) if priced else None,
        row.implementation or "none",
        row.potential or "none",
        row.next_stage,
        row.missing or 0,
        row.waits_for or "",
        tuple(row.waits_words or ()),
        tuple(row.waits_whom or ()),
        row.waits_since,
        row.target_at,
        {name: getattr(row, name) for name in _FIELDS},
        row.workflow_version_id,
    )


def list_page(session: Session, scope: Scope, wanted: ListFilter, page: int) -> tuple[list[ListRow], int]:
    """Rows of a page and how many rows the list has (more than MOST_COUNTED means just that), in one statement."""
    names = {branch.id: branch.name for branch in scope.branches}
    order = _order(scope, wanted.sort)
    # The page's ids first: sorting whole rows of 100,000 measures to show 50 costs a tenth of a second.
    ids = _ids(scope, wanted).order_by(*order).limit(PAGE).offset((page - 1) * PAGE).subquery()
    statement = _rows(_total(scope, wanted).label("total")).join(ids, ids.c.id == Measure.id)
    found = session.execute(statement.order_by(*order)).all()
    if not found and page > 1:
        return [], session.scalar(select(_total(scope, wanted))) or 0
    return [_row(scope, names, row) for row in found], found[0].total if found else 0


def list_all(session: Session, scope: Scope, wanted: ListFilter) -> Iterator[ListRow]:
    """Every row of exactly this list, streamed in its order."""
    names = {branch.id: branch.name for branch in scope.branches}
    statement = _rows().where(*_clauses(scope, wanted)).order_by(*_order(scope, wanted.sort))
    for row in session.execute(statement.execution_options(yield_per=1000)):
        yield _row(scope, names, row)
