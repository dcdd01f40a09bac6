"""Cards of the gate board: the newest of each column, walked down an index, and those that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import WorkflowVersion
from govapp.data.measures import Card, Measure, Part
from govapp.data.people import Person
from govapp.data.structure import Branch

IN_COLUMNS = ("active", "on_hold")
PROPOSED = "proposed"
ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class CardRow:
    """One card as stored; the state of an archived proposal is ARCHIVED.

    Values in minor units by currency, None for a reader who may not see them.
    """

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
    target_at: datetime | None
    expired: Sequence[str]
    implementation: str
    potential: str
    values: Mapping[str, int] | None
    change_seq: int
    proposer: str
    lookback_due: date | None


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


def of_workflow_clause(workflow: Any) -> ColumnElement[bool]:
    """Measures under any version of a workflow."""
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
        clauses.append(of_workflow_clause(bindparam("workflow")))
    if column.after:
        clauses.append(below(*column.after))
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


def below(seq: int, measure_id: int) -> ColumnElement[bool]:
    """Measures that stand below one in their column."""
    return or_(Measure.stage_seq < seq, and_(Measure.stage_seq == seq, Measure.id < measure_id))


_proposer = aliased(Person)
_CARD: tuple[Any, ...] = (
    Measure.id, Measure.key, Measure.title, Measure.stage,
    case((Measure.archived, ARCHIVED), else_=Measure.state).label("state"), Measure.version, Measure.stage_seq,
    Measure.branch_id, Measure.workflow_version_id, Measure.hold_cause, Measure.hold_review_date, Card.owner_id,
    func.coalesce(Person.name, "").label("owner"), Card.next_stage, Card.met, Card.missing,
    Card.review_id, Card.waits_for,
    Card.waits_words, Card.waits_whom, Card.waits_since, Card.target_at, Card.expired, Card.implementation,
    Card.potential, Card.values, Card.change_seq, func.coalesce(_proposer.name, "").label("proposer"),
    Card.lookback_due,
)  # fmt: skip


def _cards() -> Select[Any]:
    return (
        select(*_CARD)
        .select_from(Measure)
        .join(Card, Card.measure_id == Measure.id)
        .outerjoin(Person, Person.id == Card.owner_id)
        .outerjoin(_proposer, _proposer.id == Measure.created_by)
    )


@cache
def _cards_by_id() -> Select[Any]:
    wanted = Measure.id.in_(bindparam("ids", expanding=True))
    return _cards().where(wanted).order_by(Measure.stage_seq.desc(), Measure.id.desc())


def cards(session: Session, ids: Sequence[int]) -> list[CardRow]:
    """Cards by id, newest passage first."""
    if not ids:
        return []
    return [CardRow(*row) for row in session.execute(_cards_by_id(), {"ids": list(ids)})]


def changed_cards(session: Session, reach: Reach, since: int, limit: int) -> list[CardRow]:
    """Cards in reach that changed after a sequence of the history, archived ones too, oldest change first."""
    statement = _cards().where(Card.change_seq > since, reach.clause())
    return [
        CardRow(*row) for row in session.execute(statement.order_by(Card.change_seq, Measure.id).limit(limit))
    ]


def workflows_in(session: Session, reach: Reach) -> list[int]:
    """Workflows of the measures in reach."""
    statement = (
        select(WorkflowVersion.workflow_id)
        .join(Measure, Measure.workflow_version_id == WorkflowVersion.id)
        .where(reach.clause())
        .distinct()
    )
    return list(session.scalars(statement))
