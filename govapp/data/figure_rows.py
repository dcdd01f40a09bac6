"""Columns of the snapshot about figures by month: amounts, exceptions, closed months, operating figures; and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select

from govapp.data.finance import EffectValue
from govapp.data.json_rows import json_pairs, json_rows
from govapp.data.kpis import Kpi, KpiReading, MeasureKpi
from govapp.data.ledger import CellRuling, PeriodLock
from govapp.data.measures import Measure
from govapp.domain.snapshot import KpiFact, LineFact

EXCEPTED = "excepted"
_SERIES = ("baseline", "plan", "forecast", "actual")


def figure_columns(plan_number: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """Columns for a statement about measures; `plan_number` is the highest frozen plan version of each, or 0."""
    here = Measure.__table__
    month = func.substr(cast(EffectValue.month, Text), 1, 7)
    groups = (EffectValue.line_id, EffectValue.series, EffectValue.plan_version, EffectValue.standing)
    amounts = (
        select(*groups, json_pairs(month, EffectValue.amount).label("cells"))
        .where(
            EffectValue.measure_id == Measure.id, EffectValue.series.in_(_SERIES),
            or_(EffectValue.plan_version == 0, EffectValue.plan_version == plan_number),
        )
        .group_by(*groups)
    )  # fmt: skip
    excepted = select(CellRuling.line_id, CellRuling.month).where(
        CellRuling.measure_id == Measure.id, CellRuling.verdict == EXCEPTED
    )
    locked = select(func.max(PeriodLock.month)).where(PeriodLock.organization_id == Measure.organization_id)
    kpis = (
        select(
            MeasureKpi.id, Kpi.id.label("kpi_id"), Kpi.name, Kpi.unit, Kpi.source, Kpi.better, MeasureKpi.baseline,
            MeasureKpi.target, MeasureKpi.explanation, MeasureKpi.signed_at,
        )
        .join(Kpi, Kpi.id == MeasureKpi.kpi_id)
        .where(MeasureKpi.measure_id == Measure.id)
        .order_by(MeasureKpi.id)
    )  # fmt: skip
    readings = (
        select(KpiReading.kpi_id, KpiReading.month, KpiReading.value)
        .join(MeasureKpi, MeasureKpi.kpi_id == KpiReading.kpi_id)
        .where(MeasureKpi.measure_id == Measure.id)
        .order_by(KpiReading.kpi_id, KpiReading.month)
    )
    return (
        json_rows(amounts, correlate=here).label("amounts"),
        json_rows(excepted.order_by(CellRuling.id), correlate=here).label("excepted"),
        locked.correlate(here).scalar_subquery().label("locked"),
        json_rows(kpis, correlate=here).label("kpis"),
        json_rows(readings, correlate=here).label("readings"),
    )


@dataclass(slots=True)
class Cells:
    """The amounts of one line, by month as YYYY-MM ('' undated): the draft plan and the frozen one apart."""

    baseline: list[tuple[str, int]] = field(default_factory=list)
    draft: list[tuple[str, int]] = field(default_factory=list)
    frozen: list[tuple[str, int]] = field(default_factory=list)
    forecast: list[tuple[str, int]] = field(default_factory=list)
    actual: list[tuple[str, int, str]] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)


def cells_of(row: Any) -> dict[int, Cells]:
    """Amounts by line from a row with `figure_columns`."""
    found: dict[int, Cells] = {}
    for line, series, version, standing, said in json.loads(row.amounts):
        cells = found.get(line) or found.setdefault(line, Cells())
        pairs = sorted((month or "", amount) for month, amount in json.loads(said))
        if series == "actual":
            cells.actual += [(month, amount, standing) for month, amount in pairs]
        elif series == "plan":
            (cells.frozen if version else cells.draft).extend(pairs)
        elif series == "forecast":
            cells.forecast += pairs
        else:
            cells.baseline += pairs
    for line, day in json.loads(row.excepted):
        found.setdefault(line, Cells()).excepted.append(day[:7] if day else "")
    return found


def line_fact(row: Any, cells: Cells, locked: str, *, frozen: bool) -> LineFact:
    """A line as gates read it: `row` is [id, name, kind, timing, category, currency, run rate] of the statement.

    `locked` is the newest closed month.
    """
    number, name, kind, timing, category, currency, run_rate = row
    plan = tuple(cells.frozen if frozen else cells.draft)
    return LineFact(
        number, name, kind, timing, category, currency, run_rate, tuple(cells.baseline), plan,
        tuple(sorted(cells.actual)), _due(cells, plan, locked), tuple(cells.excepted),
    )  # fmt: skip


def _due(cells: Cells, plan: tuple[tuple[str, int], ...], locked: str) -> tuple[str, ...]:
    """Months up to the newest closed one where an amount is expected or there; an undated actual amount always is."""
    months = {month for month, amount in (*plan, *cells.forecast) if month and amount}
    months |= {month for month, *_ in cells.actual}
    return tuple(sorted(month for month in months if month <= locked))


def kpi_facts(row: Any) -> tuple[KpiFact, ...]:
    """The operating figures of a measure from a row with `figure_columns`."""
    readings: dict[int, list[tuple[str, int]]] = {}
    for kpi_id, day, value in json.loads(row.readings):
        readings.setdefault(kpi_id, []).append((day[:7], value))
    return tuple(
        KpiFact(
            number, name, unit, source, better, baseline, target, tuple(readings.get(kpi_id, ())),
            signed_at is not None, bool(explanation),
        )
        for number, kpi_id, name, unit, source, better, baseline, target, explanation, signed_at in json.loads(row.kpis)
    )  # fmt: skip


def forecasts(cells: Mapping[int, Cells]) -> dict[int, dict[str, int]]:
    """Forecast amounts by line and month, undated ones left out."""
    return {line: {m: amount for m, amount in each.forecast if m} for line, each in cells.items()}
