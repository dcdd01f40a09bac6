"""Reads the list of measures: filtered, sorted and paged in SQL, the same number of statements whatever the rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.gates import WorkflowVersion
from govapp.data.json_rows import json_rows
from govapp.data.measures import Card, Measure, Part, StageTotal
from govapp.data.people import Person
from govapp.data.rulebook import rules_for
from govapp.data.structure import Branch, Choice
from govapp.domain.measures import CHOSEN, required_parts
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules

PAGE = 50
MOST_COUNTED = 10_000
SORTS = ("newest", "key", "title", "stage", "waiting", "changed")
STATES = ("proposed", "active", "on_hold", "cancelled", "archived")
ENDED = ("cancelled", "archived")


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the address of a list says; empty means all. `owner` is a person's id, `missing` a part or `any`.

    `person` holds any part; `live` leaves out what is cancelled or in a last stage.
    """

    q: str = ""
    branch: str = ""
    stage: str = ""
    state: str = ""
    owner: int | None = None
    waiting: str = ""
    missing: str = ""
    status: str = ""
    unit: str = ""
    function: str = ""
    service: str = ""
    external: str = ""
    sort: str = "newest"
    person: int | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class BranchOption:
    """A branch to choose; `depth` 0 is the organization."""

    id: int
    key: str
    name: str
    kind: str
    path: str
    organization_id: int

    @property
    def depth(self) -> int:
        """How far below the organization it lies."""
        return self.path.count("/") - 2


@dataclass(frozen=True, slots=True)
class Scope:
    """All branches, those the person may read, and the rules in use by workflow version."""

    branches: tuple[BranchOption, ...]
    readable: frozenset[int]
    person_id: int | None
    rules: Mapping[int, Rules]

    @property
    def whole(self) -> bool:
        """True when the person reads every branch."""
        return len(self.readable) == len(self.branches)

    def shown(self) -> list[BranchOption]:
        """The branches the person may read, as a tree."""
        return [branch for branch in self.branches if branch.id in self.readable]

    def below(self, key: str) -> frozenset[int]:
        """Ids of the branch of that key and all under it; empty when it is unknown or not readable."""
        top = next(
            (branch for branch in self.branches if branch.key == key and branch.id in self.readable), None
        )
        return frozenset(b.id for b in self.branches if top and b.path.startswith(top.path))


@dataclass(frozen=True, slots=True)
class ListRow:
    """One measure of the list; `values` in minor units by currency."""

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
    values: Mapping[str, int]
    implementation: str
    potential: str
    next_stage: str | None
    missing: int
    waits_for: str
    waits_words: tuple[str, ...]
    waits_whom: tuple[str, ...]
    waits_since: datetime | None
    fields: Mapping[str, str]
    version_id: int


def read_scope(session: Session, actor: Actor) -> Scope:
    """What the person may read, in two statements."""
    rows = session.execute(
        select(Branch.id, Branch.key, Branch.name, Branch.kind, Branch.path, Branch.organization_id).order_by(
            Branch.path
        )
    )
    branches = tuple(BranchOption(*row) for row in rows)
    paths = [grant.path for grant in actor.grants if Permission.MEASURE_VIEW in grant.permissions]
    readable = frozenset(
        b.id for b in branches if actor.is_system or any(b.path.startswith(path) for path in paths)
    )
    versions = session.execute(
        select(WorkflowVersion.id, WorkflowVersion.digest).order_by(WorkflowVersion.id)
    ).all()
    return Scope(
        branches, readable, actor.id, {row.id: rules_for(session, row.id, row.digest) for row in versions}
    )


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
        clauses.append(or_(Measure.branch_id.in_(sorted(scope.readable)), Measure.id.in_(held)))
    if wanted.branch:
        clauses.append(Measure.branch_id.in_(sorted(scope.below(wanted.branch))))
    return clauses


def _words(q: str) -> ColumnElement[bool]:
    """The text in title or key, or the external key. SQLite folds case of ASCII only, so spellings are tried."""
    spellings = {q} if q.isascii() else {q, q.lower(), q.upper(), q.capitalize(), q.title()}
    found = [Measure.title.icontains(each, autoescape=True) for each in sorted(spellings)]
    return or_(*found, Measure.key.icontains(q, autoescape=True), Measure.external_key == q)


def _vacant(scope: Scope, wanted: str) -> ColumnElement[bool]:
    """Measures on which a required part is vacant; which parts are required depends on rules and stage."""
    clauses: list[ColumnElement[bool]] = []
    stage = func.coalesce(
        Measure.stage, ""
    )  # not the bare column: an index on stages would be the wrong way in
    for version, rules in scope.rules.items():
        needed_in: dict[str, list[str]] = {}
        for each in ("", *rules.order):
            for part in required_parts(rules, each or None):
                needed_in.setdefault(part, []).append(each)
        for part, stages in needed_in.items():
            if wanted in {part, "any"}:
                held = exists().where(Part.measure_id == Measure.id, Part.part == part)
                clauses.append(and_(Measure.workflow_version_id == version, stage.in_(stages), ~held))
    return and_(Measure.state != "cancelled", or_(*clauses)) if clauses else false()


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
        clauses.append(_vacant(scope, wanted.missing))
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


def _joined(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(Measure).outerjoin(Card, Card.measure_id == Measure.id)


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
    counted = _joined(select(Measure.id)).where(*_clauses(scope, wanted)).limit(MOST_COUNTED + 1).subquery()
    return select(func.count()).select_from(counted).scalar_subquery()


def _statement(scope: Scope, wanted: ListFilter, *more: Any) -> Select[Any]:
    people: Any = (
        select(Part.part, Person.name)
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
        *more,
    )
    return _joined(statement).where(*_clauses(scope, wanted)).order_by(*_order(scope, wanted.sort))


_FIELDS = (*CHOSEN, "change_type", "risk_rating", "external_source", "external_key")


def _row(scope: Scope, names: Mapping[int, str], row: Any) -> ListRow:
    parts = dict(json.loads(row.people))
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
        row.values or {},
        row.implementation or "none",
        row.potential or "none",
        row.next_stage,
        row.missing or 0,
        row.waits_for or "",
        tuple(row.waits_words or ()),
        tuple(row.waits_whom or ()),
        row.waits_since,
        {name: getattr(row, name) for name in _FIELDS},
        row.workflow_version_id,
    )


def list_page(session: Session, scope: Scope, wanted: ListFilter, page: int) -> tuple[list[ListRow], int]:
    """Rows of a page and how many rows the list has (more than MOST_COUNTED means just that), in one statement."""
    names = {branch.id: branch.name for branch in scope.branches}
    statement = _statement(scope, wanted, _total(scope, wanted).label("total"))
    found = session.execute(statement.limit(PAGE).offset((page - 1) * PAGE)).all()
    if not found and page > 1:
        return [], session.scalar(select(_total(scope, wanted))) or 0
    return [_row(scope, names, row) for row in found], found[0].total if found else 0


def list_all(session: Session, scope: Scope, wanted: ListFilter) -> Iterator[ListRow]:
    """Every row of exactly this list, streamed in its order."""
    names = {branch.id: branch.name for branch in scope.branches}
    for row in session.execute(_statement(scope, wanted).execution_options(yield_per=1000)):
        yield _row(scope, names, row)
