"""What the money grid of a measure holds: amounts by line, series and month, what is confirmed, and from when on."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PlanChange, PlanVersion
from govapp.data.measures import Milestone
from govapp.domain.cells import Life


def lines_of(session: Session, measure_id: int, ids: Collection[int] | None = None) -> dict[int, EffectLine]:
    """Effect lines of a measure by id, in order; `ids` names some."""
    statement = select(EffectLine).where(EffectLine.measure_id == measure_id).order_by(EffectLine.id)
    if ids is not None:
        statement = statement.where(EffectLine.id.in_(ids))
    return {row.id: row for row in session.scalars(statement)}


def ledger_sums(session: Session, lines: Iterable[int]) -> dict[tuple[int, date | None], int]:
    """What the ledger's rows add up to by line and month (None: undated), in minor units."""
    rows = session.execute(
        select(LedgerRow.line_id, LedgerRow.month, func.sum(LedgerRow.amount))
        .where(LedgerRow.line_id.in_(list(lines)))
        .group_by(LedgerRow.line_id, LedgerRow.month)
    )
    return {(line, month): int(amount) for line, month, amount in rows}


def has_draft_change(session: Session, measure_id: int) -> bool:
    """Whether a change of the frozen plan is being drafted."""
    found = select(PlanChange.id).where(PlanChange.measure_id == measure_id, PlanChange.state == "draft")
    return session.scalar(found.limit(1)) is not None


def plan_in_force(session: Session, measure_id: int) -> int:
    """The number of the newest frozen plan; 0 while there is none and the draft counts."""
    newest = select(func.max(PlanVersion.number)).where(PlanVersion.measure_id == measure_id)
    return session.scalar(newest) or DRAFT


def lives_of(session: Session, lines: Iterable[EffectLine]) -> dict[int, Life]:
    """When lines start, by id: on their day, or with their milestone (planned, and as expected today)."""
    found: dict[int, Life] = {}
    tied: dict[int, int] = {}
    for line in lines:
        if line.start_milestone_id is not None:
            tied[line.id] = line.start_milestone_id
        else:
            found[line.id] = Life(line.start, line.start)
    if tied:
        wanted = select(Milestone).where(Milestone.id.in_(set(tied.values())))
        stones = {row.id: row for row in session.scalars(wanted)}
        for line_id, stone_id in tied.items():
            stone = stones[stone_id]
            expected = day_of(stone)
            found[line_id] = Life(stone.plan_date or expected, expected)
    return found


def day_of(stone: Milestone) -> date | None:
    """The day of a milestone as known today: done, else expected, else planned."""
    return stone.actual_date or stone.forecast_date or stone.plan_date


def values_in_force(
    session: Session, measure_id: int, lines: Iterable[int]
) -> dict[tuple[int, date | None], int]:
    """The plan in force by line and month (None: undated), in minor units: the newest frozen one, else the draft."""
    wanted = select(EffectValue.line_id, EffectValue.month, EffectValue.amount).where(
        EffectValue.line_id.in_(list(lines)),
        EffectValue.series == "plan",
        EffectValue.plan_version == plan_in_force(session, measure_id),
    )
    return {(row.line_id, row.month): row.amount for row in session.execute(wanted)}
