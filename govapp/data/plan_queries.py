"""Working plans and frozen versions, read for freezing, pages and reports."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.ledger import PlanVersion
from govapp.domain.plan_versions import FIELDS, PlanLine

PLAN = "plan"


def working_plans(session: Session, measure_ids: Iterable[int]) -> dict[int, list[PlanLine]]:
    """The draft of each measure by its lines, in order of id, in two statements."""
    ids = list(measure_ids)
    amounts: dict[int, dict[date | None, int]] = {}
    values = select(EffectValue.line_id, EffectValue.month, EffectValue.amount).where(
        EffectValue.measure_id.in_(ids), EffectValue.series == PLAN, EffectValue.plan_version == DRAFT
    )
    for row in session.execute(values.order_by(EffectValue.line_id, EffectValue.month)):
        amounts.setdefault(row.line_id, {})[row.month] = row.amount
    found: dict[int, list[PlanLine]] = {each: [] for each in ids}
    columns: tuple[Any, ...] = (
        EffectLine.measure_id, EffectLine.id, *(getattr(EffectLine, name) for name in FIELDS)
    )  # fmt: skip
    lines = select(*columns).where(EffectLine.measure_id.in_(ids)).order_by(EffectLine.id)
    for measure_id, *said in session.execute(lines):
        found[measure_id].append(PlanLine(*(*said, amounts.get(said[0], {}))))
    return found


def newest_numbers(session: Session, measure_ids: Iterable[int]) -> dict[int, int]:
    """The number of the version in force by measure; a measure without one is left out."""
    newest = select(PlanVersion.measure_id, func.max(PlanVersion.number))
    newest = newest.where(PlanVersion.measure_id.in_(list(measure_ids))).group_by(PlanVersion.measure_id)
    return {row.measure_id: row[1] for row in session.execute(newest)}


def in_force_at(session: Session, seq: int, measure_ids: Iterable[int]) -> dict[int, Any]:
    """The plan version (number, lines) that was in force at a sequence, by measure."""
    rows = session.execute(
        select(PlanVersion.measure_id, PlanVersion.number, PlanVersion.lines)
        .where(PlanVersion.measure_id.in_(list(measure_ids)), PlanVersion.seq <= seq)
        .order_by(PlanVersion.number)
    )
    return {row.measure_id: row for row in rows}


def frozen_lines(session: Session, measure_id: int) -> set[int]:
    """Ids of lines that some frozen version of the measure holds: these are never removed."""
    said = session.scalars(select(PlanVersion.lines).where(PlanVersion.measure_id == measure_id))
    return {int(line) for lines in said for line in lines}


def line_in_force(line: Mapping[str, Any], planned: Mapping[str, Any]) -> dict[str, Any]:
    """A line's row with the fields that the version gives its amounts; without a run rate where it has no such line."""
    known = planned.get(str(line["id"]), {"run_rate": None})
    return {**line, **{name: value for name, value in known.items() if name in line and name != "name"}}
