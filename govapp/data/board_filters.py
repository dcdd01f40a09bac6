"""The gate board under a filter: which cards fit, the newest of each column, and how many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, union_all
from sqlalchemy.orm import Session

from govapp.data.board_cards import IN_COLUMNS, PROPOSED, Reach, below, of_workflow_clause
from govapp.data.measures import Card, Measure
from govapp.data.reviews import Review

MOST_SUMMED = 1000
_STAGE = func.coalesce(Measure.stage, literal_column(f"'{PROPOSED}'"))  # no parameter: it is grouped by


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


def _narrowed(reach: Reach, filters: Filters, *, walked: str = "") -> list[ColumnElement[bool]]:
    """What the filters let through; `walked` names the one state whose index is walked."""
    clauses = [reach.clause(dense=bool(walked)), Measure.archived.is_(False)]
    if filters.workflow_id is not None:
        clauses.append(of_workflow_clause(filters.workflow_id))
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
        clauses += [stage == after[0], below(after[1], after[2])]
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
        clauses.append(below(after[1], after[2]))
    walk = select(Measure.id).join(Card, Card.measure_id == Measure.id).where(*clauses)
    return walk.order_by(Measure.stage_seq.desc(), Measure.id.desc()).limit(limit)


def matching(session: Session, reach: Reach, filters: Filters, ids: Sequence[int]) -> set[int]:
    """Those of these measures which the filters let through."""
    statement = select(Measure.id).join(Card, Card.measure_id == Measure.id)
    return set(session.scalars(statement.where(Measure.id.in_(ids), *_narrowed(reach, filters))))
