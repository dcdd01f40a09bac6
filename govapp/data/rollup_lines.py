"""The lines and measures behind a figure of a roll-up, page by page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from govapp.data.finance import EffectLine
from govapp.data.measures import Measure
from govapp.data.money_totals import MoneyLine, MoneyYear
from govapp.data.rollup_queries import LINE, MoneyFilter, Reach, clauses, month_rows
from govapp.domain.money_rows import KEPT, RUN_RATE
from govapp.domain.rollups import Rows


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the list behind a figure, with its rows."""

    id: int
    measure: str
    title: str
    name: str
    kind: str
    timing: str
    category: str
    cost_object: str
    currency: str
    rows: Rows


def _line_ids(reach: Reach, wanted: MoneyFilter, series: str) -> Select[Any]:
    """Lines that hold anything in the series and year, with their measures; a run rate belongs to no year."""
    years = [MoneyYear.year == wanted.year] if wanted.year is not None and series != RUN_RATE else []
    statement: Any = select(Measure.id.label("measure_id"), MoneyYear.line_id)
    found: Select[Any] = (
        statement.select_from(MoneyYear)
        .join(Measure, Measure.id == MoneyYear.measure_id)
        .join(MoneyLine, (MoneyLine.line_id == MoneyYear.line_id) & (MoneyLine.year == MoneyYear.year))
        .where(*clauses(reach, wanted), MoneyLine.series == series, *years)
        .distinct()
    )
    return found


def count_lines(session: Session, reach: Reach, wanted: MoneyFilter, series: str) -> int:
    """How many lines are behind a figure."""
    return session.scalar(select(func.count()).select_from(_line_ids(reach, wanted, series).subquery())) or 0


def lines_page(
    session: Session, reach: Reach, wanted: MoneyFilter, own: str, series: str, limit: int, offset: int = 0
) -> list[LineRow]:
    """Lines behind a figure with their rows, in order of their measures."""
    page = (
        _line_ids(reach, wanted, series)
        .order_by(Measure.id, MoneyYear.line_id)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    lines = session.execute(
        select(EffectLine, Measure.key, Measure.title)
        .join(page, page.c.line_id == EffectLine.id)
        .join(Measure, Measure.id == page.c.measure_id)
        .order_by(Measure.id, EffectLine.id)
    ).all()
    among = MoneyYear.line_id.in_([row.EffectLine.id for row in lines])
    rows = month_rows(session, reach, wanted, own, LINE, KEPT, among)
    return [
        LineRow(
            line.id, key, title, line.name, line.kind, line.timing, line.category, line.cost_object, line.currency,
            rows.get(line.id, []),
        )
        for line, key, title in lines
    ]  # fmt: skip


def measures_page(
    session: Session, reach: Reach, wanted: MoneyFilter, limit: int, offset: int
) -> tuple[dict[int, tuple[str, str]], int]:
    """Key and title by id of measures with money in the year, in order of id, and how many there are."""
    ids = (
        select(MoneyYear.measure_id)
        .join(Measure, Measure.id == MoneyYear.measure_id)
        .where(*clauses(reach, wanted))
        .distinct()
    )
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    page = ids.order_by(MoneyYear.measure_id).limit(limit).offset(offset).subquery()
    rows = session.execute(
        select(Measure.id, Measure.key, Measure.title)
        .join(page, page.c.measure_id == Measure.id)
        .order_by(Measure.id)
    )
    return {row.id: (row.key, row.title) for row in rows}, total
