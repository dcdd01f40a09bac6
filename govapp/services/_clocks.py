"""The clocks of a review and its steps, kept by settle: who holds what, target moments, the next reminder.

Written only when something changes: a party, a pause, a step that opens or ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, update

from govapp.data.base import Base
from govapp.data.calendars import WaitingSpan
from govapp.data.clock_queries import absences_of
from govapp.data.reviews import Review, ReviewStep
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import tally
from govapp.domain.clocks import (
    HOLD,
    Absent,
    Holding,
    Span,
    Waited,
    escalations_of,
    next_point,
    next_turn,
    party_of,
    point_moment,
    span_changes,
    target_moment,
    worked_of,
)
from govapp.domain.working_time import working_time
from govapp.services._work import Work

OPEN = "open"


@dataclass(frozen=True, slots=True)
class ClocksKept:
    """What the card shows and when time alone changes something: the first target, the next change of an absence."""

    target_at: datetime | None = None
    turn: date | None = None


def _keep_clocks(work: Work, loaded: Loaded, steps: Iterable[ReviewStep], waits_for: str) -> ClocksKept:
    """Bring the clocks of the measure's review up to date; `steps` are the rows of its steps as they stand now."""
    review = loaded.snapshot.review
    if review is None:
        _write(work, loaded, ())
        return ClocksKept()
    today = work.today(loaded.timezone)
    resting = loaded.snapshot.state == "on_hold"
    facts = {step.id: step for step in review.steps}
    known = [row for row in steps if row.id in facts]
    rows = [row for row in known if row.state == OPEN]
    for row in known:
        if row.state != OPEN and row.look_at is not None:
            row.look_at = None
    holdings = [Holding(None, HOLD if resting else _what(rows, waits_for), review.opened_at, resting)]
    turns = []
    for row in rows:
        left = tally(facts[row.id], review.basis).pending
        absent = _absent(work, loaded, left)
        party = party_of(facts[row.id].deciders, left, absent, today)
        holdings.append(Holding(row.id, party, row.opened_at or review.opened_at, resting))
        turns.append(next_turn(left, absent, today) if len(left) == 1 else None)
    began = {span.step_id for span in loaded.clock.spans}
    _keep_targets(work, loaded, rows, began, resting=resting)
    _write(work, loaded, holdings)
    targets = [row.target_at for row in rows if row.target_at is not None]
    return ClocksKept(min(targets, default=None), min((day for day in turns if day), default=None))


def _what(rows: Iterable[ReviewStep], waits_for: str) -> str:
    """What the review waits for: its open steps, or `criteria` or `move` once all are granted."""
    keys = [f"step:{row.key}" for row in sorted(rows, key=lambda row: (row.position, row.id))]
    return "+".join(keys) or waits_for


def _absent(work: Work, loaded: Loaded, left: frozenset[int]) -> tuple[Absent, ...]:
    """Absences of who holds a part are at hand; those of somebody else matter when that one alone is left."""
    held = {each.person_id for each in loaded.snapshot.parts.values()}
    if len(left) != 1 or left <= held:
        return loaded.clock.absent
    return tuple(absences_of(work.session, next(iter(left))))


def _write(work: Work, loaded: Loaded, holdings: Iterable[Holding]) -> None:
    changes = span_changes(loaded.clock.spans, holdings, work.at)
    if not changes:
        return
    if changes.end:
        work.session.execute(
            update(WaitingSpan).where(WaitingSpan.id.in_(changes.end)).values(until_at=work.at)
        )
    for number, holding in changes.amend:
        values = {"party": holding.party, "paused": holding.paused}
        work.session.execute(update(WaitingSpan).where(WaitingSpan.id == number).values(values))
    begun = _insert(work, loaded, changes.begin)
    amended = dict(changes.amend)
    kept = [_amended(span, amended) for span in loaded.clock.spans if span.id not in changes.end]
    loaded.clock = replace(loaded.clock, spans=(*kept, *begun))


def _insert(work: Work, loaded: Loaded, begin: Sequence[Holding]) -> list[Span]:
    """New stretches, in one statement; of a measure without an open review there are none."""
    review = loaded.snapshot.review
    if review is None or not begin:
        return []
    both = {"measure_id": loaded.measure.id, "review_id": review.id, "until_at": None}
    rows = [
        both | {"step_id": one.step_id, "party": one.party, "paused": one.paused, "from_at": one.since}
        for one in begin
    ]
    if any(isinstance(row, Review) for row in work.late):  # the review itself is not there yet
        work.late += [WaitingSpan(**row) for row in rows]
        return [Span(0, one.step_id, one.party, one.paused, one.since) for one in begin]
    # the table, not the class: an ORM insert would write rows with and without a step one after the other
    table = Base.metadata.tables["waiting_span"]
    made = work.session.execute(insert(table).returning(table.c.id, table.c.step_id), rows)
    ids = {step: number for number, step in made}
    return [Span(ids[one.step_id], one.step_id, one.party, one.paused, one.since) for one in begin]


def _amended(span: Span, amended: Mapping[int, Holding]) -> Span:
    holding = amended.get(span.id)
    return span if holding is None else replace(span, party=holding.party, paused=holding.paused)


# ------------------------------------------------------------ targets


def _keep_targets(
    work: Work, loaded: Loaded, rows: Iterable[ReviewStep], began: set[int | None], *, resting: bool
) -> None:
    """Target moment and next reminder of each open step: made when it opens, taken away by a hold, shifted by it."""
    for row in rows:
        if row.id not in began:
            _start_clock(loaded, row, row.opened_at or work.at)
        if not row.target_hours:
            continue
        if resting:
            row.look_at = None
            if row.target_at is not None and row.target_at > work.at:
                row.target_at = None
        elif row.target_at is None or (row.look_at is None and _next_of(loaded, row) is not None):
            _set_target(loaded, row, work.at, _worked(work, loaded, row, began))


def _start_clock(loaded: Loaded, row: ReviewStep, at: datetime) -> None:
    """Start the clock of a step that opens, perhaps again."""
    row.target_at, row.look_at, row.points_done, row.reminded_at = None, None, 0, None
    if row.target_hours:
        _set_target(loaded, row, at, timedelta(0))


def points_of(loaded: Loaded, row: ReviewStep) -> list[int]:
    """The percentages of its target at which somebody is told of a step: reminders and escalations."""
    return [*loaded.rules.reminders, *(each.at_percent for each in escalations_of(row.escalation))]


def _next_of(loaded: Loaded, row: ReviewStep) -> int | None:
    return next_point(points_of(loaded, row), row.points_done)


def _set_target(loaded: Loaded, row: ReviewStep, at: datetime, worked: timedelta) -> None:
    """Target and next look of a running step, `worked` having passed; a target that was missed keeps its moment."""
    hours, calendar = row.target_hours or 0, loaded.clock.calendar
    if row.target_at is None:
        row.calendar, row.target_at = calendar.key, target_moment(calendar, at, hours, worked)
    following = _next_of(loaded, row)
    row.look_at = None if following is None else point_moment(calendar, at, hours, worked, following)


def _worked(work: Work, loaded: Loaded, row: ReviewStep, began: set[int | None]) -> timedelta:
    """Working time a step has run since it opened."""
    since = row.opened_at or work.at
    if row.id not in began:
        return working_time(loaded.clock.calendar, since, work.at)
    return worked_of(loaded.clock.calendar, _spans_of(work, row, since), work.at)


def _spans_of(work: Work, row: ReviewStep, since: datetime) -> list[Waited]:
    """The stretches of a step since it last opened, from the table."""
    found = work.session.scalars(
        select(WaitingSpan).where(WaitingSpan.step_id == row.id, WaitingSpan.from_at >= since)
    )
    return [Waited(each.step_id, each.party, each.paused, each.from_at, each.until_at) for each in found]
