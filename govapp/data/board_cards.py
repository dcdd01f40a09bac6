"""Cards of the gate board: the newest of each column, walked down an index; the filtered ones; those that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import WorkflowVersion
from govapp.data.measures import Card, Measure, Part
from govapp.data.people import Person
from govapp.data.reviews import Review
from govapp.data.structure import Branch

IN_COLUMNS = ("active", "on_hold")
PROPOSED = "proposed"
MOST_SUMMED = 1000
_STAGE = func.coalesce(Measure.stage, literal_column(f"'{PROPOSED}'"))  # no parameter: it is grouped by


@dataclass(frozen=True, slots=True)
class CardRow:
    """One card as stored. Values in minor units by currency."""

    id: int
    key: str
    title: str
    stage: str | None
    state: str
    version: int
    seq: int
    branch_id: int
    workflow_version_id: int
    hold_cause: str
    hold_until: date | None
    owner_id: int | None
    owner: str
    next_stage: str | None
    met: int
    missing: int
    review_id: int | None
    waits_for: str
    waits_words: Sequence[str]
    waits_whom: Sequence[str]
    waits_since: datetime | None
    expired: Sequence[str]
    implementation: str
    potential: str
    values: Mapping[str, int]
    change_seq: int
    proposer: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Which measures a board shows: those of `branch_ids`, and those under `path` on which `part_of` holds a part."""

    branch_ids: tuple[int, ...]
    path: str
    part_of: int | None = None

    def clause(self, *, dense: bool = False) -> ColumnElement[bool]:
        """The reach as a clause on Measure; `dense` keeps the planner off the index of branches."""
        branch: Any = Measure.branch_id + 0 if dense else Measure.branch_id
        inside: ColumnElement[bool] = branch.in_(self.branch_ids) if self.branch_ids else false()
        if self.part_of is None:
            return inside
        return or_(inside, Measure.id.in_(_held(self.part_of, f"{self.path}%")))


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for.

    `waiting`: any, missing, ready, expired or the key of a step; `state`: hold, active, cancelled.
    """

    owner: int | None = None
    text: str = ""
    waiting: str = ""
    state: str = ""
    workflow_id: int | None = None

    @property
    def narrow(self) -> bool:
        """True when heads cannot come from the maintained totals."""
        return bool(self.owner or self.text or self.waiting or self.state)

    @property
    def by_card(self) -> bool:
        """True when the filter looks at what `settle` derived."""
        return bool(self.owner or self.waiting)

    @property
    def states(self) -> tuple[str, ...]:
        """States a column shows."""
        return {"hold": ("on_hold",), "active": ("active",), "cancelled": ("cancelled",)}.get(
            self.state, IN_COLUMNS
        )


def _of_workflow(workflow: Any) -> ColumnElement[bool]:
    versions = select(WorkflowVersion.id).where(WorkflowVersion.workflow_id == workflow)
    return Measure.workflow_version_id.in_(versions)


@dataclass(frozen=True, slots=True)
class Column:
    """One column to be filled: `dense` when much of the stage lies in the reach; from the top, or below `after`."""

    stage: str | None
    limit: int
    dense: bool = False
    after: tuple[int, int] | None = None


def pick(
    session: Session, reach: Reach, columns: Iterable[Column], workflow_id: int | None = None
) -> list[int]:
    """Ids of the newest cards of each column, unfiltered. Each state of a stage is one walk down an index."""
    few = len(reach.branch_ids) == 1
    statement = _pick_statement(tuple(columns), few, workflow_id is not None)
    ids: Any = reach.branch_ids[0] if few else list(reach.branch_ids) or [0]
    return list(session.scalars(statement, {"ids": ids, "workflow": workflow_id}))


@lru_cache(512)
def _pick_statement(columns: tuple[Column, ...], one_branch: bool, of_workflow: bool) -> Select[Any]:
    walks = []
    for column in columns:
        states = IN_COLUMNS if column.stage else (PROPOSED,)
        walks += [_walk(column, state, one_branch, of_workflow).subquery() for state in states]
    found = union_all(*(select(walk.c.id) for walk in walks)).subquery()
    return select(found.c.id)


def _walk(column: Column, state: str, one_branch: bool, of_workflow: bool) -> Select[Any]:
    """`+ 0` keeps the planner off an index: a dense column is walked by stage, a sparse one is read by branch."""
    branch: Any = Measure.branch_id + 0 if column.dense else Measure.branch_id
    inside = branch == bindparam("ids") if one_branch else branch.in_(bindparam("ids", expanding=True))
    by_stage = column.dense or one_branch
    newest = Measure.stage_seq if by_stage else Measure.stage_seq + 0
    stage = Measure.stage == column.stage if column.stage else Measure.stage.is_(None)
    clauses = [inside, stage, Measure.state == state, Measure.archived.is_(False)]
    if of_workflow:
        clauses.append(_of_workflow(bindparam("workflow")))
    if column.after:
        clauses.append(_below(*column.after))
    return select(Measure.id).where(*clauses).order_by(newest.desc(), Measure.id.desc()).limit(column.limit)


def _held(person: Any, pattern: Any) -> Select[Any]:
    """Measures under a path on which the person holds a part; ids in paths are digits, so LIKE needs no escape."""
    held = Measure.__table__.alias("held")
    return (
        select(Part.measure_id)
        .join(held, held.c.id == Part.measure_id)
        .join(Branch, Branch.id == held.c.branch_id)
        .where(Part.person_id == person, Branch.path.like(pattern))
    )


def _below(seq: int, measure_id: int) -> ColumnElement[bool]:
    return or_(Measure.stage_seq < seq, and_(Measure.stage_seq == seq, Measure.id < measure_id))


def _narrowed(reach: Reach, filters: Filters, *, walked: str = "") -> list[ColumnElement[bool]]:
    """What the filters let through; `walked` names the one state whose index is walked."""
    clauses = [reach.clause(dense=bool(walked)), Measure.archived.is_(False)]
    if filters.workflow_id is not None:
        clauses.append(_of_workflow(filters.workflow_id))
    proposed = () if filters.state else (PROPOSED,)
    clauses.append(Measure.state == walked if walked else Measure.state.in_((*filters.states, *proposed)))
    if filters.owner:
        clauses.append(Card.owner_id == filters.owner)
    if filters.text:
        clauses.append(_has_text(filters.text))
    if filters.waiting == "any":
        clauses.append(Card.waits_for != "")
    elif filters.waiting == "missing":
        clauses += [Card.missing > 0, Card.waits_for == ""]
    elif filters.waiting == "ready":
        clauses += [Card.missing == 0, Card.waits_for == "", Card.next_stage.is_not(None)]
    elif filters.waiting == "expired":
        clauses.append(Card.expired != [])
    elif filters.waiting:
        clauses.append(Card.waits_for == filters.waiting)
    return clauses


def _has_text(text: str) -> ColumnElement[bool]:
    """Title or key contains the text, whatever the case, its wildcards taken as they are."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (Measure.title + " " + Measure.key).ilike(f"%{escaped}%", escape="\\")


@dataclass(frozen=True, slots=True)
class Picked:
    """What a filter found: ids of the newest cards; by stage how many there are, how many wait, their values."""

    ids: tuple[int, ...]
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def pick_filtered(
    session: Session,
    reach: Reach,
    filters: Filters,
    limits: Mapping[str, int],
    *,
    after: tuple[str, int, int] | None = None,
) -> Picked:
    """The newest matching cards of each stage with counts and values by currency (minor units).

    Up to MOST_SUMMED matches are read once and added up; of more, SQL counts, and values are left out.
    """
    stage = _STAGE
    clauses = _narrowed(reach, filters)
    if after:
        clauses += [stage == after[0], _below(after[1], after[2])]
    found = select(Measure.id, stage, Measure.stage_seq, Card.review_id, Card.values)
    found = found.join(Card, Card.measure_id == Measure.id).where(*clauses).limit(MOST_SUMMED + 1)
    rows: Any = session.execute(found).all()
    if len(rows) <= MOST_SUMMED:
        return _added_up(rows, limits)
    counts = _counted(session, clauses, by_card=filters.by_card)
    walks = [
        _filtered_walk(key, state, limits.get(key, 0), reach, filters, after).subquery()
        for key in counts
        for state in ((PROPOSED,) if key == PROPOSED else filters.states)
    ]
    return Picked(tuple(session.scalars(union_all(*(select(walk.c.id) for walk in walks)))), counts)


def _counted(
    session: Session, clauses: Sequence[ColumnElement[bool]], *, by_card: bool
) -> dict[str, tuple[int, int]]:
    """By stage how many match and how many of them have an open review; cards are read only where the filter asks."""
    stage = _STAGE
    every = select(stage, literal(0).label("open"), func.count()).select_from(Measure)
    waiting = select(stage, literal(1).label("open"), func.count()).join_from(
        Review, Measure, Measure.id == Review.measure_id
    )
    if by_card:
        every = every.join(Card, Card.measure_id == Measure.id)
        waiting = waiting.join(Card, Card.measure_id == Measure.id)
    every = every.where(*clauses).group_by(stage)
    waiting = waiting.where(Review.state == "open", *clauses).group_by(stage)
    found: dict[str, list[int]] = {}
    for key, place, count in session.execute(union_all(every, waiting)):
        found.setdefault(key, [0, 0])[place] = count
    return {key: (count, open_ones) for key, (count, open_ones) in found.items()}


def _added_up(rows: Sequence[Any], limits: Mapping[str, int]) -> Picked:
    counts: dict[str, tuple[int, int]] = {}
    values: dict[str, dict[str, int]] = {}
    ids: list[int] = []
    for measure, stage, _, review, amounts in sorted(rows, key=lambda row: (-row[2], -row[0])):
        count, waiting = counts.get(stage, (0, 0))
        counts[stage] = (count + 1, waiting + (review is not None))
        if count < limits.get(stage, 0):
            ids.append(measure)
        sums = values.setdefault(stage, {})
        for currency, amount in amounts.items():
            sums[currency] = sums.get(currency, 0) + amount
    return Picked(tuple(ids), counts, values)


def _filtered_walk(
    stage: str, state: str, limit: int, reach: Reach, filters: Filters, after: tuple[str, int, int] | None
) -> Select[Any]:
    clauses = _narrowed(reach, filters, walked=state)
    clauses.append(Measure.stage.is_(None) if stage == PROPOSED else Measure.stage == stage)
    if after:
        clauses.append(_below(after[1], after[2]))
    walk = select(Measure.id).join(Card, Card.measure_id == Measure.id).where(*clauses)
    return walk.order_by(Measure.stage_seq.desc(), Measure.id.desc()).limit(limit)


_proposer = aliased(Person)
_CARD: tuple[Any, ...] = (
    Measure.id, Measure.key, Measure.title, Measure.stage, Measure.state, Measure.version, Measure.stage_seq,
    Measure.branch_id, Measure.workflow_version_id, Measure.hold_cause, Measure.hold_review_date, Card.owner_id,
    func.coalesce(Person.name, "").label("owner"), Card.next_stage, Card.met, Card.missing,
    Card.review_id, Card.waits_for,
    Card.waits_words, Card.waits_whom, Card.waits_since, Card.expired, Card.implementation, Card.potential, Card.values,
    Card.change_seq, func.coalesce(_proposer.name, "").label("proposer"),
)  # fmt: skip


def _cards() -> Select[Any]:
    return (
        select(*_CARD)
        .select_from(Measure)
        .join(Card, Card.measure_id == Measure.id)
        .outerjoin(Person, Person.id == Card.owner_id)
        .outerjoin(_proposer, _proposer.id == Measure.created_by)
    )


def cards(session: Session, ids: Sequence[int]) -> list[CardRow]:
    """Cards by id, newest passage first."""
    if not ids:
        return []
    rows = session.execute(
        _cards().where(Measure.id.in_(ids)).order_by(Measure.stage_seq.desc(), Measure.id.desc())
    )
    return [CardRow(*row) for row in rows]


def changed_cards(session: Session, reach: Reach, since: int, limit: int) -> list[CardRow]:
    """Cards in reach that changed after a sequence of the history, oldest change first."""
    statement = _cards().where(Card.change_seq > since, reach.clause(), Measure.archived.is_(False))
    return [
        CardRow(*row) for row in session.execute(statement.order_by(Card.change_seq, Measure.id).limit(limit))
    ]


def matching(session: Session, reach: Reach, filters: Filters, ids: Sequence[int]) -> set[int]:
    """Those of these measures which the filters let through."""
    statement = select(Measure.id).join(Card, Card.measure_id == Measure.id)
    return set(session.scalars(statement.where(Measure.id.in_(ids), *_narrowed(reach, filters))))


def workflows_in(session: Session, reach: Reach) -> list[int]:
    """Workflows of the measures in reach."""
    statement = (
        select(WorkflowVersion.workflow_id)
        .join(Measure, Measure.workflow_version_id == WorkflowVersion.id)
        .where(reach.clause())
        .distinct()
    )
    return list(session.scalars(statement))
