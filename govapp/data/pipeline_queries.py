"""What finished measures were worth when they entered each stage: history for the weights of a pipeline."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from govapp.data.measures import Measure, StagePassage
from govapp.data.rollup_queries import MoneyFilter, Reach, measures_within


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
