"""Applies staged rows within one transaction: adds measures in bulk, updates known ones, never changes a stage."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select

from govapp.data.finance import EffectLine, EffectValue
from govapp.data.import_queries import Known
from govapp.data.imports import BatchRow
from govapp.data.measure_queries import highest_number
from govapp.data.measures import Measure, Milestone, StatusEntry
from govapp.domain.events import Event
from govapp.services._import_changes import Change, Content
from govapp.services._stage import _open_at
from govapp.services._work import Work
from govapp.services.measures import _count


@dataclass
class Adding:
    """What new measures of a batch share."""

    organization_id: int
    prefix: str
    workflow_version_id: int
    source: str
    file_name: str
    right: str
    branches: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)


def _reserve_keys(work: Work, prefix: str, count: int) -> list[str]:
    """The next free keys of a prefix, in one step."""
    first = _count(work, prefix, None)
    keys = [f"{prefix}-{number}" for number in range(first, first + count)]
    if work.session.scalar(select(Measure.id).where(Measure.key.in_(keys)).limit(1)) is not None:
        first = highest_number(work.session, prefix) + 1
        keys = [f"{prefix}-{number}" for number in range(first, first + count)]
    _count(work, prefix, first + count - 1)
    return keys


def _add_measures(work: Work, rows: list[tuple[BatchRow, list[Change]]], adding: Adding) -> list[int]:
    """Store new measures with their milestones, lines and statuses; opened at a stage where the file says so."""
    keys = _reserve_keys(work, adding.prefix, len(rows)) if rows else []
    measures: list[Measure] = []
    for (row, changes), key in zip(rows, keys, strict=True):
        content: Content = row.content
        fields = {change.name: change.new for change in changes if change.what == "field"}
        measures.append(
            Measure(
                key=key, organization_id=adding.organization_id, branch_id=adding.branches[_branch_key(content)],
                workflow_version_id=adding.workflow_version_id, stage=None, state="proposed", version=1,
                external_source=adding.source, external_key=content["key"], created_at=work.at,
                created_by=work.actor.id, **fields,
            )
        )  # fmt: skip
    work.session.add_all(measures)
    work.session.flush()
    amounts: list[tuple[Known, Change]] = []
    for measure, (row, changes) in zip(measures, rows, strict=True):
        row.measure_id = measure.id
        row.state = "added"
        row.outcome = {"key": measure.key}
        known = Known(measure)
        amounts += _apply_belongings(work, known, changes)
        said = {
            "file": adding.file_name,
            "row": row.content["number"],
            "fields": {c.name: c.new for c in changes if c.what == "field"},
        }
        if row.content["open_at"]:
            _open_at(work, measure, row.content["open_at"], said, adding.right)
        else:
            work.at_seq.append(partial(setattr, measure, "stage_seq"))
            work.log(
                Event.MEASURE_PROPOSED, {"key": measure.key, "title": measure.title, **said},
                right=adding.right, object_type="measure", object_id=measure.key,
                measure_id=measure.id, branch_id=measure.branch_id,
            )  # fmt: skip
    _set_amounts(work, amounts)
    return [measure.id for measure in measures]


def _branch_key(content: Content) -> tuple[tuple[str, str], ...]:
    return tuple((kind, name) for kind, name in content["branch"])


def _update_measure(work: Work, row: BatchRow, known: Known, changes: list[Change], adding: Adding) -> None:
    """Bring a known measure to what the row says; its stage, state and branch stay."""
    measure = known.measure
    for change in changes:
        if change.what in {"field", "key"}:
            setattr(measure, change.name, change.new)
    if any(change.what in {"field", "key"} for change in changes):
        measure.version += 1
    _set_amounts(work, _apply_belongings(work, known, changes))
    said = [[c.what, c.name, c.old, c.new, *c.more[:1]] for c in changes]
    row.state, row.measure_id, row.outcome = "changed", measure.id, {"key": measure.key, "changes": said}
    work.log(
        Event.MEASURE_IMPORTED, {"file": adding.file_name, "row": row.content["number"], "changes": said},
        right=adding.right, object_type="measure", object_id=measure.key,
        measure_id=measure.id, branch_id=measure.branch_id,
    )  # fmt: skip


def _apply_belongings(work: Work, known: Known, changes: list[Change]) -> list[tuple[Known, Change]]:
    """Milestones, statuses and lines; returns the amounts still to be set."""
    for change in changes:
        if change.what == "milestone":
            _set_milestone(work, known, change)
        elif change.what == "status":
            _set_status(work, known, change)
    amounts = [change for change in changes if change.what == "amount"]
    _add_lines(work, known, amounts)
    return [(known, change) for change in amounts]


def _set_milestone(work: Work, known: Known, change: Change) -> None:
    stone = known.milestones.get(change.name)
    day = date.fromisoformat(change.new)
    if stone is None:
        stone = Milestone(measure_id=known.measure.id, name=change.name, version=1, final=False)
        known.milestones[change.name] = stone
        work.session.add(stone)
    else:
        stone.version += 1
    setattr(stone, f"{change.more[0]}_date", day)
    if change.more[0] == "plan" and stone.first_plan_date is None:
        stone.first_plan_date = day


def _set_status(work: Work, known: Known, change: Change) -> None:
    entry = StatusEntry(
        measure_id=known.measure.id, kind=change.name, origin="imported", colour=change.new, reason=str(change.more[0]),
        from_day=work.at.date(), person_id=work.actor.id, at=work.at,
    )  # fmt: skip
    work.session.add(entry)
    known.statuses[change.name] = entry


def _add_lines(work: Work, known: Known, changes: list[Change]) -> None:
    for change in changes:
        if change.name not in known.lines:
            _, kind, category, timing, currency = change.more
            line = EffectLine(
                measure_id=known.measure.id, name=change.name, kind=kind, timing=timing, category=category,
                cost_object="", currency=currency, version=1,
            )  # fmt: skip
            known.lines[change.name] = line
            work.session.add(line)


def _set_amounts(work: Work, told: list[tuple[Known, Change]]) -> None:
    """Undated values of lines; their rows need the line's number, so lines are flushed first, all at once."""
    work.session.flush()
    for known, change in told:
        line, series = known.lines[change.name], change.more[0]
        held = known.values.get((line.id, series))
        if held is not None:
            held.amount = change.new
            continue
        value = EffectValue(
            measure_id=known.measure.id, line_id=line.id, series=series, amount=change.new, plan_version=0
        )
        known.values[(line.id, series)] = value
        work.session.add(value)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one chunk did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


def _counts(rows: list[BatchRow]) -> Applied:
    by = {
        state: sum(row.state == state for row in rows)
        for state in ("added", "changed", "unchanged", "refused")
    }
    return Applied(**by)


def _refuse(work: Work, row: BatchRow, problems: list[list[Any]], branch_id: int, adding: Adding) -> None:
    row.state, row.outcome = "refused", {"problems": problems}
    said = [[problem[1], problem[2][:200], problem[3]] for problem in problems[:20]]
    work.log(
        Event.IMPORT_ROW_REFUSED,
        {"file": adding.file_name, "row": row.content["number"], "problems": said},
        right=adding.right, object_type="batch", object_id=str(row.batch_id), branch_id=branch_id,
    )  # fmt: skip
