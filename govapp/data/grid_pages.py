"""Reads the page of a measure's money grid: amounts of a stretch of months, and sums of what lies outside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from govapp.data.claims import CostObject
from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.grid_queries import has_draft_change, ledger_sums, lives_of, plan_in_force
from govapp.data.measures import Milestone
from govapp.data.period_queries import locked_until
from govapp.data.snapshots import Loaded
from govapp.data.structure import Organization
from govapp.domain.cells import CONFIRMED, CellKey, Life
from govapp.domain.planning import first_of, fiscal_year

IN_FORCE = "plan-in-force"


@dataclass(frozen=True, slots=True)
class GridLine:
    """An effect line as the grid shows it; amounts in minor units."""

    id: int
    name: str
    kind: str
    timing: str
    category: str
    currency: str
    run_rate: int | None
    version: int


@dataclass(frozen=True, slots=True)
class GridData:
    """The grid of a measure for some months. `amounts` by line, series and month (None: undated) in minor units.

    Series also: confirmed (sums of the ledger) and plan-in-force, of the newest frozen plan. `rest`: by line and series
    the sum of months outside; `standing` of actual cells; `plan_number`: of the frozen plan in force, 0 for none.
    """

    lines: tuple[GridLine, ...]
    months: tuple[date, ...]
    amounts: Mapping[CellKey, int]
    rest: Mapping[tuple[int, str], int]
    standing: Mapping[tuple[int, date | None], str]
    late: frozenset[tuple[int, date | None]]
    lives: Mapping[int, Life]
    closed: date | None
    plan_number: int
    drafting: bool

    def series(self) -> frozenset[tuple[int, str]]:
        """Which series of which lines hold anything, in or outside the months shown."""
        return frozenset({(line, series) for line, series, _ in self.amounts}) | self.rest.keys()


def read_grid(
    session: Session, loaded: Loaded, months: Sequence[date], which: slice = slice(None)
) -> GridData:
    """The grid of a measure for a stretch of months, in seven statements at most; `which` of its lines, in order."""
    rows = session.scalars(
        select(EffectLine).where(EffectLine.measure_id == loaded.measure.id).order_by(EffectLine.id)
    ).all()[which]
    lines = tuple(
        GridLine(r.id, r.name, r.kind, r.timing, r.category, r.currency, r.run_rate, r.version) for r in rows
    )
    ids = [line.id for line in lines]
    number = plan_in_force(session, loaded.measure.id)
    versions = {DRAFT, number}
    amounts: dict[CellKey, int] = {}
    standing: dict[tuple[int, date | None], str] = {}
    late: set[tuple[int, date | None]] = set()
    for row in _values(session, ids, versions, months):
        series = IN_FORCE if row.plan_version else row.series
        amounts[row.line_id, series, row.month] = row.amount
        if row.standing:
            standing[row.line_id, row.month] = row.standing
        if row.late_on:
            late.add((row.line_id, row.month))
    rest = _rest(session, ids, versions, months)
    shown = set(months) | {None}
    for (line, month), amount in ledger_sums(session, ids).items():
        if month in shown:
            amounts[line, CONFIRMED, month] = amount
        else:
            rest[line, CONFIRMED] = rest.get((line, CONFIRMED), 0) + amount
    return GridData(
        lines, tuple(months), amounts, rest, standing, frozenset(late), lives_of(session, rows),
        locked_until(session, loaded.measure.organization_id), number,
        has_draft_change(session, loaded.measure.id),
    )  # fmt: skip


def _values(
    session: Session, ids: Sequence[int], versions: Iterable[int], months: Sequence[date]
) -> Sequence[Any]:
    within = or_(EffectValue.month.between(months[0], months[-1]), EffectValue.month.is_(None))
    statement = select(
        EffectValue.line_id, EffectValue.series, EffectValue.month, EffectValue.plan_version, EffectValue.amount,
        EffectValue.standing, EffectValue.late_on,
    ).where(EffectValue.line_id.in_(ids), EffectValue.plan_version.in_(list(versions)), within)  # fmt: skip
    return session.execute(statement).all()


def _rest(
    session: Session, ids: Sequence[int], versions: Iterable[int], months: Sequence[date]
) -> dict[tuple[int, str], int]:
    outside = or_(EffectValue.month < months[0], EffectValue.month > months[-1])
    statement = (
        select(
            EffectValue.line_id, EffectValue.series, EffectValue.plan_version, func.sum(EffectValue.amount)
        )
        .where(EffectValue.line_id.in_(ids), EffectValue.plan_version.in_(list(versions)), outside)
        .group_by(EffectValue.line_id, EffectValue.series, EffectValue.plan_version)
    )
    return {
        (line, IN_FORCE if version else series): int(amount)
        for line, series, version, amount in session.execute(statement)
    }


def fiscal_month_of(session: Session, organization_id: int) -> int:
    """The month in which the fiscal year of an organization begins."""
    found = session.scalar(select(Organization.fiscal_month).where(Organization.id == organization_id))
    return found or 1


def year_to_show(session: Session, measure_id: int, today: date, first_month: int) -> int:
    """The fiscal year of today where the measure has amounts in it or none at all, else the nearest that has."""
    statement = select(func.min(EffectValue.month), func.max(EffectValue.month))
    first, last = session.execute(statement.where(EffectValue.measure_id == measure_id)).one()
    now = first_of(today)
    if first is None or last is None:
        return fiscal_year(now, first_month)
    return fiscal_year(min(max(now, first), last), first_month)


def currencies_of(session: Session, measure_id: int) -> dict[int, str]:
    """Currencies of a measure's lines by number."""
    lines = select(EffectLine.id, EffectLine.currency).where(EffectLine.measure_id == measure_id)
    return {row.id: row.currency for row in session.execute(lines)}


def milestone_choices(session: Session, measure_id: int) -> list[tuple[int, str]]:
    """Milestones of a measure to start a line with: number and name, by plan date."""
    statement = select(Milestone.id, Milestone.name).where(Milestone.measure_id == measure_id)
    order = (Milestone.plan_date.is_(None), Milestone.plan_date, Milestone.id)
    return [(row.id, row.name) for row in session.execute(statement.order_by(*order))]


def cost_object_choices(session: Session, organization_id: int) -> list[tuple[str, str]]:
    """Cost objects of an organization: key and name, at most 500."""
    statement = select(CostObject.key, CostObject.name).where(CostObject.organization_id == organization_id)
    return [(row.key, row.name) for row in session.execute(statement.order_by(CostObject.key).limit(500))]
