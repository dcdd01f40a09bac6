"""The gate board under a filter: which cards fit, the newest of each column, and how many there are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, ColumnElement, func, literal, literal_column, select, union_all
from sqlalchemy.orm import Session

from govapp.data.board_cards import IN_COLUMNS, PROPOSED, Reach, below, of_workflow_clause
from govapp.data.measures import EXPIRED, MISSING, READY, WAITING, Card, Measure
from govapp.data.words import says

MOST_SUMMED = 1000
_STANDINGS = {"any": WAITING, "missing": MISSING, "ready": READY}
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
    def in_totals(self) -> bool:
        """True when the maintained totals know what the heads of this filter say."""
        return not (self.owner or self.text) and self.waiting in {"", *_STANDINGS}

    @property
    def standing(self) -> str:
        """How a card has to stand before its next gate, where the filter asks for that."""
        return _STANDINGS.get(self.waiting, "")

    @property
    def states(self) -> tuple[str, ...]:
        """States a column shows."""
        return {"hold": ("on_hold",), "active": ("active",), "cancelled": ("cancelled",)}.get(
            self.state, IN_COLUMNS
        )

    def states_in(self, stage: str) -> tuple[str, ...]:
        """States of the measures that a column shows; a proposal has one of its own."""
        if stage == PROPOSED:
            return () if self.state else (PROPOSED,)
        return self.states


def _narrowed(
    reach: Reach, filters: Filters, *, dense: bool = False, walked: str = ""
) -> list[ColumnElement[bool]]:
    """What the filters let through; `walked` names the one state whose index is walked."""
    clauses = [reach.clause(dense=dense or bool(walked)), Measure.archived.is_(False)]
    if filters.workflow_id is not None:
        clauses.append(of_workflow_clause(filters.workflow_id))
    proposed = () if filters.state else (PROPOSED,)
    clauses.append(Measure.state == walked if walked else Measure.state.in_((*filters.states, *proposed)))
    if filters.owner:
        clauses.append(Card.owner_id == filters.owner)
    if filters.text:
        clauses.insert(0, says(filters.text, Measure.title, Measure.key))  # first: the cheapest way to say no
    if filters.standing:
        clauses.append(Card.standing == filters.standing)
    elif filters.waiting == "expired":
        clauses.append(literal_column(f"card.{EXPIRED}", Boolean))
    elif filters.waiting:
        clauses.append(Card.waits_for == filters.waiting)
    return clauses


@dataclass(frozen=True, slots=True)
class Picked:
    """What a filter found: ids of the newest cards; by stage how many there are, how many wait, their values.

    A count above MOST_SUMMED means only that; how many of those wait and what they are worth is not known then.
    """

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
    held: Collection[str] | None = None,
    dense: bool = False,
) -> Picked:
    """The newest matching cards of each stage with counts and values by currency (minor units).

    `held` names the stages that hold any, where the caller knows; nothing is counted then. `dense`: the reach holds
    so many measures that going through an index of words or cards is shorter than through its branches.
    Up to MOST_SUMMED matches are read once and added up; of more, each stage is counted to just past that.
    """
    stage = _STAGE
    clauses = _narrowed(reach, filters, dense=dense)
    if after:
        clauses += [stage == after[0], below(after[1], after[2])]
    found = select(Measure.id, stage, Measure.stage_seq, Card.review_id, Card.values)
    found = found.join(Card, Card.measure_id == Measure.id).where(*clauses).limit(MOST_SUMMED + 1)
    rows: Any = session.execute(found).all()
    if len(rows) <= MOST_SUMMED:
        return _added_up(rows, limits)
    counts = _counted(session, reach, filters, limits, after) if held is None else dict.fromkeys(held, (0, 0))
    walks = [
        _filtered_walk(key, state, limits.get(key, 0), reach, filters, after).subquery()
        for key in counts
        for state in filters.states_in(key)
    ]
    return Picked(tuple(session.scalars(union_all(*(select(walk.c.id) for walk in walks)))), counts)


def _counted(
    session: Session,
    reach: Reach,
    filters: Filters,
    limits: Mapping[str, int],
    after: tuple[str, int, int] | None,
) -> dict[str, tuple[int, int]]:
    """By stage how many match, to just past MOST_SUMMED, and how many of them have an open review."""
    counting = []
    for stage in [after[0]] if after else limits:
        for state in filters.states_in(stage):
            walk = _filtered_walk(stage, state, MOST_SUMMED + 1, reach, filters, after).subquery()
            counting.append(
                select(literal(stage), func.count(), func.count(walk.c.review_id)).select_from(walk)
            )
    found: dict[str, tuple[int, int]] = {}
    for stage, count, waiting in session.execute(union_all(*counting)):
        so_far = found.get(stage, (0, 0))
        found[stage] = (so_far[0] + count, so_far[1] + waiting)
    return {stage: (n, waiting if n <= MOST_SUMMED else 0) for stage, (n, waiting) in found.items() if n}


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
) -> Any:
    clauses = _narrowed(reach, filters, walked=state)
    clauses.append(Measure.stage.is_(None) if stage == PROPOSED else Measure.stage == stage)
    if after:
        clauses.append(below(after[1], after[2]))
    walk = select(Measure.id, Card.review_id).join(Card, Card.measure_id == Measure.id).where(*clauses)
    return walk.order_by(Measure.stage_seq.desc(), Measure.id.desc()).limit(limit)


def matching(session: Session, reach: Reach, filters: Filters, ids: Sequence[int]) -> set[int]:
    """Those of these measures which the filters let through."""
    statement = select(Measure.id).join(Card, Card.measure_id == Measure.id)
    return set(session.scalars(statement.where(Measure.id.in_(ids), *_narrowed(reach, filters))))
