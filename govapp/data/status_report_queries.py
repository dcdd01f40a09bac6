"""Reads status reports of a measure, and the figures of a year that one bears."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from govapp.data.measures import Milestone, StatusReport
from govapp.data.money_totals import MoneyYear
from govapp.data.people import Person

SERIES = ("plan", "forecast", "actual", "confirmed")


@dataclass(frozen=True, slots=True)
class Report:
    """A published report. `figures`: year, amounts by currency and series (minor units), milestones with their days."""

    id: int
    month: date
    number: int
    text: str
    reason: str
    computed: dict[str, Any]
    shown: dict[str, Any]
    figures: dict[str, Any]
    person: str
    on_behalf_of: str
    at: datetime


def reports_of(session: Session, measure_id: int, limit: int = 60) -> tuple[Report, ...]:
    """Reports of a measure, the newest month first, of a month the newest number first."""
    absent = aliased(Person)
    rows = session.execute(
        select(StatusReport, Person.name, absent.name.label("absent"))
        .outerjoin(Person, Person.id == StatusReport.person_id)
        .outerjoin(absent, absent.id == StatusReport.on_behalf_of)
        .where(StatusReport.measure_id == measure_id)
        .order_by(StatusReport.month.desc(), StatusReport.number.desc())
        .limit(limit)
    ).all()
    return tuple(
        Report(
            row.id, row.month, row.number, row.text, row.reason, dict(row.computed), dict(row.shown), dict(row.figures),
            name or "", behalf or "", row.at,
        )
        for row, name, behalf in rows
    )  # fmt: skip


def newest_number(session: Session, measure_id: int, month: date) -> int:
    """The number of the newest report of a month, 0 where there is none."""
    same = (StatusReport.measure_id == measure_id, StatusReport.month == month)
    return session.scalar(select(func.max(StatusReport.number)).where(*same)) or 0


def year_figures(
    session: Session, measure_id: int, year: int, kinds: Collection[str]
) -> dict[str, dict[str, int]]:
    """Sums of a fiscal year by currency and series, of lines of these kinds; minor units."""
    columns = [func.sum(getattr(MoneyYear, series)).label(series) for series in SERIES]
    rows = session.execute(
        select(MoneyYear.currency, *columns)
        .where(MoneyYear.measure_id == measure_id, MoneyYear.year == year, MoneyYear.kind.in_(list(kinds)))
        .group_by(MoneyYear.currency)
    )
    return {row.currency: {series: int(getattr(row, series) or 0) for series in SERIES} for row in rows}


def stones_of(session: Session, measure_id: int) -> list[list[str | None]]:
    """Milestones with plan, forecast and actual day, as ISO text."""
    rows = session.execute(
        select(Milestone.name, Milestone.plan_date, Milestone.forecast_date, Milestone.actual_date)
        .where(Milestone.measure_id == measure_id)
        .order_by(Milestone.plan_date, Milestone.id)
    )
    return [[row[0], *(day.isoformat() if day else None for day in row[1:])] for row in rows]
