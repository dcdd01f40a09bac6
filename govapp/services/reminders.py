"""What the clock does about open steps: reminders at set points of their target, and escalation. Nothing lapses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from govapp.data.calendars import WaitingSpan
from govapp.data.engine import reading
from govapp.data.reviews import Review, ReviewStep
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.approvals import tally
from govapp.domain.clocks import Escalation, Waited, escalations_of, points_passed, worked_of
from govapp.domain.events import Event
from govapp.domain.rules import StepRule
from govapp.domain.snapshot import StepFact
from govapp.services._absent import deputies_now
from govapp.services._clocks import _set_target, points_of
from govapp.services._holders import holders_of
from govapp.services._work import Origin, Work, now
from govapp.services.clockwork import each_alone

OPEN = "open"
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Due:
    """A step whose clock has reached points not told yet."""

    row: ReviewStep
    fact: StepFact
    points: list[int]


def remind_due(origin: Origin) -> int:
    """Remind and escalate wherever a point of a target has come; returns how many steps were looked at.

    Without one nothing is written. Each point is told once, whatever happens to the clock in between.
    """
    at = origin.at or now()
    with reading() as session:
        measures = session.scalars(
            select(Review.measure_id)
            .join(ReviewStep, ReviewStep.review_id == Review.id)
            .where(ReviewStep.look_at <= at, ReviewStep.state == OPEN, Review.state == OPEN)
            .order_by(ReviewStep.look_at)
            .limit(AT_ONCE)
        ).all()
    return sum(each_alone(origin, (_reminder(measure) for measure in sorted(set(measures)))))


def _reminder(measure: int) -> Any:
    return lambda work: _remind(work, measure)


def _remind(work: Work, measure: int) -> int:
    loaded = next(iter(load_measures(work.session, [measure], lock=True, at=work.at)), None)
    if loaded is None or loaded.snapshot.review is None or loaded.snapshot.state == "on_hold":
        return 0
    review = loaded.snapshot.review
    facts = {step.id: step for step in review.steps}
    rows = work.session.scalars(
        select(ReviewStep)
        .where(ReviewStep.id.in_(facts), ReviewStep.state == OPEN, ReviewStep.look_at <= work.at)
        .order_by(ReviewStep.position, ReviewStep.id)
    ).all()
    for row in rows:
        worked = worked_of(loaded.clock.calendar, _spans(work, row), work.at)
        points = points_passed(points_of(loaded, row), row.points_done, row.target_hours or 0, worked)
        if points:
            _tell(work, loaded, _Due(row, facts[row.id], points))
            row.points_done, row.reminded_at = points[-1], work.at
        row.look_at = None
        _set_target(loaded, row, work.at, worked)
    return len(rows)


def _spans(work: Work, row: ReviewStep) -> list[Waited]:
    found = work.session.scalars(
        select(WaitingSpan).where(
            WaitingSpan.step_id == row.id, WaitingSpan.from_at >= (row.opened_at or work.at)
        )
    )
    return [Waited(each.step_id, each.party, each.paused, each.from_at, each.until_at) for each in found]


def _tell(work: Work, loaded: Loaded, due: _Due) -> None:
    """One reminder for all points of it that have come, and each escalation that is due."""
    reminders = [point for point in due.points if point in loaded.rules.reminders]
    if reminders:
        _remind_deciders(work, loaded, due, reminders[-1])
    for escalation in escalations_of(due.row.escalation):
        if escalation.at_percent in due.points:
            _escalate(work, loaded, due, escalation)


def _remind_deciders(work: Work, loaded: Loaded, due: _Due, percent: int) -> None:
    review = loaded.snapshot.review
    people = sorted(tally(due.fact, review.basis).pending) if review else []
    told: list[tuple[int, int | None]] = [(person, None) for person in people]
    told += deputies_now(work, loaded, people)
    _notify(work, loaded, due, "decision_reminder", percent, told)
    _log(work, loaded, Event.STEP_REMINDED, due, percent, [person for person, _ in told])


def _escalate(work: Work, loaded: Loaded, due: _Due, escalation: Escalation) -> None:
    people = _people_of(work, loaded, escalation.to)
    _notify(work, loaded, due, "escalated", escalation.at_percent, [(person, None) for person in people])
    _log(work, loaded, Event.STEP_ESCALATED, due, escalation.at_percent, people, to=dict(escalation.to))


def _people_of(work: Work, loaded: Loaded, to: Mapping[str, Any]) -> list[int]:
    """Whom an escalation tells: roles in the branch, parts, groups, and the deputy of who holds a part."""
    parts = loaded.snapshot.parts
    people = {parts[part].person_id for part in to.get("parts", ()) if part in parts}
    absent = parts.get(str(to.get("deputy_of", "")))
    if absent is not None:
        people |= {deputy for deputy, _ in deputies_now(work, loaded, [absent.person_id])}
    named = {kind: tuple(to.get(kind, ())) for kind in ("roles", "groups")}
    holders = holders_of(work.session, loaded, [StepRule("", "", "", named)], work.today(loaded.timezone))
    people |= set().union(*holders.values())
    return sorted(people)


def _notify(
    work: Work, loaded: Loaded, due: _Due, kind: str, percent: int, told: Iterable[tuple[int, int | None]]
) -> None:
    review = loaded.snapshot.review
    payload = {
        "step": due.row.key, "name": due.row.name, "percent": percent, "hours": due.row.target_hours,
        "target": due.row.target_at.isoformat() if due.row.target_at else None,
    }  # fmt: skip
    for person, absent in told:
        work.tell(
            person, kind, measure_id=loaded.measure.id, review_id=review.id if review else None, payload=payload,
            on_behalf_of=absent,
        )  # fmt: skip


def _log(
    work: Work, loaded: Loaded, event: Event, due: _Due, percent: int, people: list[int], **more: Any
) -> None:
    work.log(
        event,
        {"review": due.row.review_id, "step": due.row.key, "percent": percent, "points": due.points,
         "people": people, **more},
        object_type="review", object_id=str(due.row.review_id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
