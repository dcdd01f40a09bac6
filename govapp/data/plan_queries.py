"""Working plans and frozen versions, read for freezing, pages and reports."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, exists, func, select, true, type_coerce, union
from sqlalchemy.orm import Session

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY, Base
from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.ledger import PlanChange, PlanChangeVote, PlanVersion
from govapp.domain.events import BUSINESS
from govapp.domain.plan_differences import LineChange, line_changes
from govapp.domain.plan_versions import CHANGED, FIELDS, PlanLine

PLAN = "plan"


def working_plans(session: Session, measure_ids: Iterable[int]) -> dict[int, list[PlanLine]]:
    """The draft of each measure by its lines, in order of id, in one statement."""
    found: dict[int, dict[int, PlanLine]] = {each: {} for each in measure_ids}
    drafted = (
        (EffectValue.line_id == EffectLine.id)
        & (EffectValue.series == PLAN)
        & (EffectValue.plan_version == DRAFT)
    )
    columns: tuple[Any, ...] = tuple(getattr(EffectLine, name) for name in FIELDS)
    rows = session.execute(
        select(EffectLine.measure_id, EffectLine.id, *columns, EffectValue.month, EffectValue.amount)
        .outerjoin(EffectValue, drafted)
        .where(EffectLine.measure_id.in_(found))
        .order_by(EffectLine.id, EffectValue.month)
    )
    amounts: dict[int, dict[date | None, int]] = {}
    for measure_id, *said, month, amount in rows:
        line = said[0]
        if line not in found[measure_id]:
            found[measure_id][line] = PlanLine(*(*said, amounts.setdefault(line, {})))
        if amount is not None:
            amounts[line][month] = amount
    return {measure_id: list(lines.values()) for measure_id, lines in found.items()}


def approved_number(session: Session, measure_id: int) -> int:
    """The newest version that somebody approved: by a gate, as their source states it, or as a change that had to be.

    0 where there is none.
    """
    found = (
        select(func.max(PlanVersion.number))
        .outerjoin(PlanChange, PlanChange.id == PlanVersion.change_id)
        .where(
            PlanVersion.measure_id == measure_id,
            (PlanVersion.cause != CHANGED) | (type_coerce(PlanChange.needs, Text) != "[]"),
        )
    )
    return session.scalar(found) or 0


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


def frozen_plan(session: Session, measure_id: int, number: int) -> list[PlanLine]:
    """The lines of a frozen version with their amounts, in order of id; none where there is no such version."""
    said = session.scalar(
        select(PlanVersion.lines).where(PlanVersion.measure_id == measure_id, PlanVersion.number == number)
    )
    amounts: dict[int, dict[date | None, int]] = {}
    values = select(EffectValue.line_id, EffectValue.month, EffectValue.amount).where(
        EffectValue.measure_id == measure_id, EffectValue.series == PLAN, EffectValue.plan_version == number
    )
    for row in session.execute(values.order_by(EffectValue.line_id, EffectValue.month)):
        amounts.setdefault(row.line_id, {})[row.month] = row.amount
    lines: dict[str, Any] = said or {}
    return [
        PlanLine(*(line, *(lines[str(line)][name] for name in FIELDS), amounts.get(line, {})))
        for line in sorted(map(int, lines))
    ]


def starts_of(session: Session, measure_id: int, seq: int | None = None) -> dict[int, dict[str, str | None]]:
    """By line the day (ISO) or the name of the milestone with which it starts, now or as of a log sequence."""
    tables = Base.metadata.tables if seq is None else HISTORY
    lines, stones = tables["effect_line"], tables["milestone"]

    def then(table: Table) -> ColumnElement[bool]:
        if seq is None:
            return true()
        return and_(table.c.from_seq <= seq, table.c.to_seq.is_(None) | (table.c.to_seq > seq))

    statement = (
        select(lines.c.id, lines.c.start, stones.c.name)
        .outerjoin(stones, and_(stones.c.id == lines.c.start_milestone_id, then(stones)))
        .where(lines.c.measure_id == measure_id, then(lines))
    )
    return {
        line: {"start": start.isoformat() if start and not name else None, "start_milestone": name}
        for line, start, name in session.execute(statement)
    }


def version_seq(session: Session, measure_id: int, number: int) -> int | None:
    """The log sequence with which a version was frozen; None where there is no such version."""
    found = select(PlanVersion.seq).where(PlanVersion.measure_id == measure_id, PlanVersion.number == number)
    return session.scalar(found)


def changes_between(session: Session, measure_id: int, old: int, new: int) -> tuple[LineChange, ...]:
    """What lies between two frozen versions of a plan."""
    before, after = (frozen_plan(session, measure_id, number) for number in (old, new))
    began, begins = (
        starts_of(session, measure_id, version_seq(session, measure_id, number) or 0) for number in (old, new)
    )
    return line_changes(before, after, began, begins)


def draft_changes(
    session: Session, measure_id: int, before: Iterable[PlanLine], draft: Iterable[PlanLine], number: int
) -> tuple[LineChange, ...]:
    """What lies between the plan in force (`number`) and the working plan."""
    began = starts_of(session, measure_id, version_seq(session, measure_id, number) or 0)
    return line_changes(before, draft, began, starts_of(session, measure_id))


def votes_of(session: Session, change_id: int) -> list[PlanChangeVote]:
    """Votes on a change request, oldest first."""
    found = select(PlanChangeVote).where(PlanChangeVote.change_id == change_id)
    return list(session.scalars(found.order_by(PlanChangeVote.id)))


def hands_on_change(session: Session, change: PlanChange) -> set[int]:
    """Everybody who opened or asked for a change request, or edited its draft: acting and absent people (R03).

    Who edited is told by the log rows that began or ended states of draft amounts and lines since it was opened.
    """
    kept = HISTORY["plan_change"]
    states = session.execute(
        select(kept.c.from_seq, kept.c.asked_by, kept.c.on_behalf_of).where(kept.c.id == change.id)
    ).all()
    opened = min((row.from_seq for row in states), default=0)
    people = {person for row in states for person in (row.asked_by, row.on_behalf_of)}
    values, lines = HISTORY["effect_value"], HISTORY["effect_line"]
    draft = (
        (values.c.measure_id == change.measure_id)
        & (values.c.series == PLAN)
        & (values.c.plan_version == DRAFT)
    )
    edits = union(
        select(values.c.from_seq).where(draft, values.c.from_seq > opened),
        select(values.c.to_seq).where(draft, values.c.to_seq > opened),
        select(lines.c.from_seq).where(_meaning_changed(lines, change.measure_id), lines.c.from_seq > opened),
    )
    acts = select(AuditLog.actor_id, AuditLog.on_behalf_of).where(
        AuditLog.chain == BUSINESS, AuditLog.sequence.in_(edits)
    )
    people |= {person for row in session.execute(acts) for person in row}
    return {person for person in people if person is not None}


def _meaning_changed(lines: Table, measure_id: int) -> ColumnElement[bool]:
    """States of lines that begin with another run rate, category or cost object than the state before, if any, had."""
    before = lines.alias("before")
    same = exists().where(
        before.c.id == lines.c.id,
        before.c.to_seq == lines.c.from_seq,
        *(
            before.c[name].is_not_distinct_from(lines.c[name])
            for name in ("run_rate", "category", "cost_object")
        ),
    )
    first = ~exists().where(before.c.id == lines.c.id, before.c.to_seq == lines.c.from_seq)
    return (lines.c.measure_id == measure_id) & ~same & ~(first & lines.c.run_rate.is_(None))
