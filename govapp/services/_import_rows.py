"""Applies staged rows within one transaction: adds measures in bulk, updates known ones, never changes a stage.

What a row brings is logged as the verbs log it, with file and row.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select

from govapp.data.finance import AWAITS, DRAFT, EffectLine, EffectValue
from govapp.data.grid_queries import day_of
from govapp.data.import_queries import Known
from govapp.data.imports import BatchRow
from govapp.data.measure_queries import highest_number
from govapp.data.measures import Measure, Milestone, StatusEntry
from govapp.data.plan_queries import PLAN
from govapp.domain.events import Event
from govapp.services._cells import hands_of
from govapp.services._import_changes import Change, Problems
from govapp.services._import_judge import Target
from govapp.services._shifts import _shift_forecasts
from govapp.services._stage import _open_at
from govapp.services._work import Work
from govapp.services.measures import _count

Told = tuple[BatchRow, Known, list[Change]]


@dataclass
class Adding:
    """What measures of a batch share: organization, source, file, the right used, and the day of the import."""

    organization_id: int
    prefix: str
    source: str
    file_name: str
    timezone: str
    right: str = ""

    def said(self, row: BatchRow) -> dict[str, Any]:
        """File and row, for the log."""
        return {"file": self.file_name, "row": row.content["number"]}


def _reserve_keys(work: Work, prefix: str, count: int) -> list[str]:
    """The next free keys of a prefix, in one step."""
    first = _count(work, prefix, None)
    keys = [f"{prefix}-{number}" for number in range(first, first + count)]
    if work.session.scalar(select(Measure.id).where(Measure.key.in_(keys)).limit(1)) is not None:
        first = highest_number(work.session, prefix) + 1
        keys = [f"{prefix}-{number}" for number in range(first, first + count)]
    _count(work, prefix, first + count - 1)
    return keys


def _add_measures(
    work: Work, rows: list[tuple[BatchRow, list[Change], Target]], adding: Adding
) -> list[Told]:
    """Store new measures, opened at a stage where the file says so; what belongs to them is still to be stored."""
    keys = _reserve_keys(work, adding.prefix, len(rows)) if rows else []
    measures: list[Measure] = []
    for (row, changes, target), key in zip(rows, keys, strict=True):
        fields = {change.name: change.new for change in changes if change.what == "field"}
        measures.append(
            Measure(
                key=key, organization_id=adding.organization_id, branch_id=target.branch_id,
                workflow_version_id=target.version_id, stage=None, state="proposed", version=1,
                external_source=adding.source, external_key=row.content["key"], created_at=work.at,
                created_by=work.actor.id, **fields,
            )
        )  # fmt: skip
    work.session.add_all(measures)
    work.session.flush()
    told: list[Told] = []
    for measure, (row, changes, _) in zip(measures, rows, strict=True):
        row.measure_id, row.state, row.outcome = measure.id, "added", {"key": measure.key}
        fields = {change.name: change.new for change in changes if change.what == "field"}
        said = {**adding.said(row), "fields": fields}
        if row.content["open_at"]:
            _open_at(work, measure, row.content["open_at"], said, adding.right)
        else:
            work.at_seq.append(partial(setattr, measure, "stage_seq"))
            work.log(
                Event.MEASURE_PROPOSED, {"key": measure.key, "title": measure.title, **said},
                right=adding.right, object_type="measure", object_id=measure.key, **_where(measure),
            )  # fmt: skip
        told.append((row, Known(measure), changes))
    return told


def _where(measure: Measure) -> dict[str, Any]:
    return {"measure_id": measure.id, "branch_id": measure.branch_id}


def _update_measure(work: Work, row: BatchRow, known: Known, changes: list[Change], adding: Adding) -> Told:
    """Bring a known measure's fields to what the row says; its stage, state and branch stay."""
    measure = known.measure
    own = [change for change in changes if change.what in {"field", "key"}]
    for change in own:
        setattr(measure, change.name, change.new)
    if own:
        measure.version += 1
    row.state, row.measure_id = "changed", measure.id
    row.outcome = {"key": measure.key, "changes": [change.said for change in changes]}
    work.log(
        Event.MEASURE_IMPORTED, {**adding.said(row), "changes": [change.said for change in own]},
        right=adding.right, object_type="measure", object_id=measure.key, **_where(measure),
    )  # fmt: skip
    return row, known, changes


def _apply_belongings(work: Work, told: list[Told], adding: Adding) -> None:
    """Store milestones, statuses, lines and their undated amounts, and log them.

    Log rows and amounts bear the numbers of milestones and lines, so these are flushed first, all at once.
    """
    days: dict[int, date | None] = {}
    for _, known, changes in told:
        for change in changes:
            if change.what == "milestone":
                if change.name in known.milestones:
                    stone = known.milestones[change.name]
                    days.setdefault(id(stone), day_of(stone))
                _set_date(work, known, change)
            elif change.what == "amount":
                _line_for(work, known, change)
    added = {id(row) for row in work.session.new}
    work.session.flush()
    for row, known, changes in told:
        for name, found in _by_name(changes, "milestone").items():
            stone = known.milestones[name]
            what = _touched(stone, added)
            dates = {f"{each.more[0]}_date": [each.old, each.new] for each in found}
            work.log(
                Event.MILESTONE_CHANGED,
                {"milestone": stone.id, "name": name, "what": what, "changes": dates, **adding.said(row)},
                right=adding.right, object_type="milestone", object_id=str(stone.id), **_where(known.measure),
            )  # fmt: skip
            if known.loaded is not None and id(stone) in days:
                _shift_forecasts(work, known.loaded, stone, days[id(stone)], adding.right)
        for name, found in _by_name(changes, "amount").items():
            line = known.lines[name]
            what = _touched(line, added)
            totals = {each.more[0]: [each.old, each.new] for each in found}
            _set_amounts(work, known, line, totals)
            work.log(
                Event.EFFECT_CHANGED,
                {"line": line.id, "name": name, "what": what, "changes": {}, "totals": totals,
                 "currency": line.currency, **adding.said(row)},
                right=adding.right, object_type="effect_line", object_id=str(line.id), **_where(known.measure),
            )  # fmt: skip
        for change in changes:
            if change.what == "status":
                _set_status(work, row, known, change, adding)


def _by_name(changes: list[Change], what: str) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        if change.what == what:
            found.setdefault(change.name, []).append(change)
    return found


def _touched(row: Milestone | EffectLine, added: set[int]) -> str:
    """`added` for a row of this import, else its version grows and it is `changed`."""
    if id(row) in added:
        return "added"
    row.version += 1
    return "changed"


def _set_date(work: Work, known: Known, change: Change) -> None:
    stone = known.milestones.get(change.name)
    if stone is None:
        stone = Milestone(measure_id=known.measure.id, name=change.name, version=1, final=False)
        known.milestones[change.name] = stone
        work.session.add(stone)
    setattr(stone, f"{change.more[0]}_date", date.fromisoformat(change.new))
    stone.first_plan_date = stone.first_plan_date or stone.plan_date


def _line_for(work: Work, known: Known, change: Change) -> None:
    if change.name in known.lines:
        return
    _, kind, category, timing, currency = change.more
    line = EffectLine(
        measure_id=known.measure.id, name=change.name, kind=kind, timing=timing, category=category,
        cost_object="", currency=currency, version=1,
    )  # fmt: skip
    known.lines[change.name] = line
    work.session.add(line)


def _set_amounts(work: Work, known: Known, line: EffectLine, totals: dict[str, list[Any]]) -> None:
    """Set undated amounts; an actual one awaits confirmation, and who imports is among its hands."""
    for series, (_, amount) in totals.items():
        held = known.values.get((line.id, series))
        if held is None:
            held = EffectValue(
                measure_id=known.measure.id, line_id=line.id, series=series, plan_version=DRAFT
            )
            work.session.add(held)
        held.amount = amount
        if series == "actual":
            held.standing = AWAITS
            held.hands = hands_of(work, held.hands)
    work.touched_money(known.measure.id, line.id)


def _set_status(work: Work, row: BatchRow, known: Known, change: Change, adding: Adding) -> None:
    reason = str(change.more[0])
    entry = StatusEntry(
        measure_id=known.measure.id, kind=change.name, origin="imported", colour=change.new, reason=reason,
        from_day=work.today(adding.timezone), person_id=work.actor.id, at=work.at,
    )  # fmt: skip
    work.session.add(entry)
    said = {
        "kind": change.name,
        "from": change.old or "none",
        "to": change.new,
        "reason": reason,
        "until": "",
    }
    work.log(
        Event.STATUS_DECLARED, {**said, **adding.said(row)},
        made=(entry,), right=adding.right, object_type="status", object_id=change.name, **_where(known.measure),
    )  # fmt: skip


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


def _refuse(work: Work, row: BatchRow, problems: Problems, branch_id: int, adding: Adding) -> None:
    row.state, row.outcome = "refused", {"problems": problems}
    said = [[problem[1], problem[2][:200], problem[3]] for problem in problems[:20]]
    work.log(
        Event.IMPORT_ROW_REFUSED,
        {"file": adding.file_name, "row": row.content["number"], "problems": said},
        right=adding.right, object_type="batch", object_id=str(row.batch_id), branch_id=branch_id,
    )  # fmt: skip


def replanned(told: list[Told]) -> set[int]:
    """Measures whose rows brought another plan."""
    return {
        known.measure.id
        for _, known, changes in told
        if any(change.what == "amount" and change.more[0] == PLAN for change in changes)
    }
