"""Values of measures by stage, and what finished ones were worth when they entered each: a pipeline and its history."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from govapp.data.measures import Card, Measure, StagePassage, StageTotal
from govapp.data.rollup_queries import MoneyFilter, Reach, measures_within

_PROMISING = ("active", "on_hold")


@dataclass(slots=True)
class Ended:
    """A finished measure: cancelled or not, and its value (minor units by currency) on first entering each stage."""

    cancelled: bool
    values: dict[str, dict[str, int]] = field(default_factory=dict)


def ended_measures(
    session: Session, reach: Reach, wanted: MoneyFilter, last: Collection[str]
) -> dict[int, Ended]:
    """Measures in a last stage or cancelled, by id; archived ones count, for they ended here too."""
    over = or_(Measure.state == "cancelled", Measure.stage.in_(sorted(last)))
    rows = session.execute(
        select(StagePassage.measure_id, StagePassage.stage, StagePassage.values, Measure.state)
        .join(Measure, Measure.id == StagePassage.measure_id)
        .where(over, *measures_within(reach, wanted))
        .order_by(StagePassage.id)
    )
    found: dict[int, Ended] = {}
    for measure_id, stage, values, state in rows:
        ended = found.setdefault(measure_id, Ended(state == "cancelled"))
        ended.values.setdefault(stage, dict(values))
    return found


def stage_values(session: Session, reach: Reach, wanted: MoneyFilter) -> dict[str, dict[str, int]]:
    """Values of cards by stage and currency, in minor units: rough run rates count in them, too.

    From kept totals where nothing narrows them; a filter on lines does not.
    """
    found: dict[str, dict[str, int]] = {}
    if not wanted.narrow and reach.whole:
        rows = session.execute(
            select(StageTotal.stage, StageTotal.currency, func.sum(StageTotal.value))
            .where(
                StageTotal.branch_id.in_(sorted(reach.branches)), StageTotal.currency != "",
                StageTotal.state.in_(_PROMISING),
            )
            .group_by(StageTotal.stage, StageTotal.currency)
        )  # fmt: skip
        for stage, currency, value in rows:
            found.setdefault(stage, {})[currency] = int(value)
        return found
    states = (wanted.state,) if wanted.state else _PROMISING
    stages = [Measure.stage == wanted.stage] if wanted.stage else []
    cards = select(Measure.stage, Card.values).join(Card, Card.measure_id == Measure.id)
    for at, values in session.execute(
        cards.where(
            Measure.archived.is_(False), Measure.state.in_(states), *stages, *measures_within(reach, wanted)
        )
    ):
        into = found.setdefault(at or "", {})
        for currency, minor in values.items():
            into[currency] = into.get(currency, 0) + minor
    return found
