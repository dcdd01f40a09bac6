"""The lines and measures behind a figure of a roll-up, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.finance import EffectLine
from govapp.data.measures import Measure
from govapp.data.money_rows import META
from govapp.data.money_totals import MoneyLine, MoneyYear
from govapp.data.rollup_queries import LINE, MoneyFilter, Reach, clauses, month_rows
from govapp.domain.money_rows import ACTUAL, CONFIRMED, KEPT, RUN_RATE, UNDATED
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


def line_ids(session: Session, reach: Reach, wanted: MoneyFilter, series: str) -> list[int]:
    """Ids of lines that hold anything in the series and year, in order of their measures.

    A run rate belongs to no year. A year's sum of zero may still be made of months, which only the lines' rows tell.
    What came is read as it was booked, so a line of which the year holds nothing but ledger rows is behind it too.
    """
    kept = (series, CONFIRMED) if series == ACTUAL else (series,)
    year = UNDATED if series == RUN_RATE else wanted.year
    years = [] if year is None else [MoneyYear.year == year]
    holds = exists().where(
        MoneyLine.line_id == MoneyYear.line_id, MoneyLine.series.in_(kept), MoneyLine.year == MoneyYear.year
    )
    sums: list[Any] = [getattr(MoneyYear, name) != 0 for name in kept]
    rows = session.execute(
        select(MoneyYear.measure_id, MoneyYear.line_id).where(
            *clauses(reach, wanted), *years, or_(*sums, holds)
        )
    )
    return [line for _measure, line in sorted({(row.measure_id, row.line_id) for row in rows})]


def lines_of(
    session: Session, reach: Reach, wanted: MoneyFilter, own: str, ids: Sequence[int]
) -> list[LineRow]:
    """These lines with their rows, in order of their measures."""
    meaning = (getattr(MoneyYear, name) for name in META)
    lines = session.execute(
        select(EffectLine.measure_id, EffectLine.id, Measure.key, Measure.title, EffectLine.name, *meaning)
        .join(Measure, Measure.id == EffectLine.measure_id)
        .join(MoneyYear, MoneyYear.line_id == EffectLine.id)
        .where(EffectLine.id.in_(ids))
        .distinct()
        .order_by(EffectLine.measure_id, EffectLine.id)
    ).all()
    rows = month_rows(session, reach, wanted, own, LINE, KEPT, MoneyYear.line_id.in_(ids))
    return [LineRow(*(*said, rows.get(said[0], []))) for _measure, *said in lines]


def measures_page(
    session: Session, reach: Reach, wanted: MoneyFilter, limit: int, offset: int
) -> tuple[dict[int, tuple[str, str]], int]:
    """Key and title by id of measures with money in the year, in order of id, and how many there are."""
    ids = select(MoneyYear.measure_id).where(*clauses(reach, wanted)).distinct()
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    page = ids.order_by(MoneyYear.measure_id).limit(limit).offset(offset).subquery()
    rows = session.execute(
        select(Measure.id, Measure.key, Measure.title)
        .join(page, page.c.measure_id == Measure.id)
        .order_by(Measure.id)
    )
    return {row.id: (row.key, row.title) for row in rows}, total
