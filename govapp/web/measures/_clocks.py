"""The reviews of a measure with their clocks: who held each step for how many working hours, against which target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from govapp.data import measure_records as records
from govapp.data.clock_pages import SpanRead, spans_of
from govapp.data.snapshots import Loaded
from govapp.domain.clocks import Clock, clock_of, held_by, worked_of
from govapp.present.clocks import hours_text, party_words, people_of
from govapp.present.language import gettext as _

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StepHeld:
    """A step, or the review as a whole: who held it with working hours; the target in hours, whether it was over it."""

    name: str
    held: tuple[tuple[str, str], ...]
    target: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class ReviewTimed:
    """A review as `measure_records` reads it, with its clocks."""

    review: Any
    steps: Sequence[Any]
    votes: Mapping[int, Any]
    clocks: tuple[StepHeld, ...]


def reviews_with_clocks(session: Session, loaded: Loaded, now: datetime) -> list[ReviewTimed]:
    """The latest reviews, newest first; two statements beside those of the reviews."""
    rows = records.reviews(session, loaded.measure.id)
    spans = spans_of(session, (row.review.id for row in rows))
    names = records.names_of(session, {person for span in spans for person in people_of(span.party)})
    return [ReviewTimed(r.review, r.steps, r.votes, _held(loaded, r, spans, names, now)) for r in rows]


def step_clocks(session: Session, loaded: Loaded, now: datetime) -> dict[int, Clock | None]:
    """How the targets of the open review's steps stand, by step."""
    review = loaded.snapshot.review
    found = records.step_targets(session, review.id) if review else {}
    return {
        step: clock_of(loaded.clock.calendar, hours, target, now) for step, (hours, target) in found.items()
    }


def _held(
    loaded: Loaded,
    row: records.ReviewRow,
    spans: Sequence[SpanRead],
    people: Mapping[int, str],
    now: datetime,
) -> tuple[StepHeld, ...]:
    calendar = loaded.clock.calendar
    steps = {step.key: step.name for step in row.steps}
    found = []
    for step in (*row.steps, None):
        number = step.id if step is not None else None
        own = [span for span in spans if span.review_id == row.review.id and span.step_id == number]
        if not own:
            continue
        held = held_by(calendar, own, now)
        hours = step.target_hours if step is not None else None
        late = bool(hours) and worked_of(calendar, _last(step, own), now) > (hours or 0) * _HOUR
        said = tuple((party_words(party, people, steps), hours_text(time / _HOUR)) for party, time in held)
        if step is None:
            said = (*said, (_("all of it"), hours_text(worked_of(calendar, own, now) / _HOUR)))
        found.append(StepHeld(step.name if step is not None else _("The review"), said, hours, late))
    return tuple(found)


def _last(step: Any, spans: Sequence[SpanRead]) -> list[SpanRead]:
    """Stretches since the step last opened: its target runs from there."""
    if step is None or step.opened_at is None:
        return list(spans)
    return [span for span in spans if span.from_at >= step.opened_at]
