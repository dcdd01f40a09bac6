"""The pipeline of a view: what its measures promise by stage, weighted by what finished ones brought."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.orm import Session

from govapp.data import rollup_queries as queries
from govapp.data.pipeline_queries import ended_measures, stage_values
from govapp.data.rollup_queries import MEASURE
from govapp.domain.exchange import MissingRate
from govapp.domain.money_rows import BOOKED, RUN_RATE, TOTAL, UNDATED
from govapp.domain.pipeline import Finished, Weight, full_year, weighted, weights
from govapp.domain.rollups import RECURRING, SAVINGS, Key, Rows, Sum, total
from govapp.services.finance_views import Frame


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """A stage: what recurring savings of its measures are a year, nominal and weighted, in minor units by currency."""

    key: str
    name: str
    nominal: Sum
    weight: Weight
    weighted: Sum


def pipeline(session: Session, frame: Frame) -> tuple[PipelineStage, ...]:
    """Stages in order with recurring savings of a full year, without the last, which is no promise any more.

    History: finished measures of this branch under the same filter.
    """
    values = stage_values(session, frame.reach, frame.query.wanted)
    known = {stage.key: stage for rules in frame.scope.rules.values() for stage in rules.stages}
    stages = sorted((stage for stage in known.values() if not stage.terminal), key=lambda stage: stage.order)
    last = {stage.key for stage in known.values() if stage.terminal}
    drawn = weights([stage.key for stage in stages], _history(session, frame, last))
    found = []
    for stage, weight in zip(stages, drawn, strict=True):
        nominal = total(_rows(values.get(stage.key, {})), RUN_RATE, frame.basis)
        likely = {currency: weighted(minor, weight.weight) for currency, minor in nominal.by.items()}
        found.append(PipelineStage(stage.key, stage.name, nominal, weight, Sum(likely, nominal.lacking)))
    return tuple(found)


def _rows(values: Mapping[str, int]) -> Rows:
    """Values by currency as rows: what measures promise is worth today's plan rate, frozen or not."""
    return [
        (Key(RUN_RATE, SAVINGS, RECURRING, currency, "", UNDATED), [*[0] * TOTAL, minor])
        for currency, minor in values.items()
    ]


def _history(session: Session, frame: Frame, last: set[str]) -> list[Finished]:
    """Finished measures of the view; without a plan rate a value cannot be compared and says nothing."""
    ended = ended_measures(session, frame.reach, frame.query.wanted, last)
    brought: dict[object, Rows] = {}
    for stage in sorted(last):
        wanted = replace(
            frame.query.wanted, stage=stage, year=None, kinds=tuple(sorted(frame.saving)), timing=RECURRING
        )
        brought |= queries.month_rows(session, frame.reach, wanted, frame.own, MEASURE, (BOOKED,))
    return [
        Finished(
            {
                stage: worth
                for stage, values in each.values.items()
                if (worth := _worth(frame, values)) is not None
            },
            Decimal(0) if each.cancelled else _a_year(brought.get(measure_id, [])),
        )
        for measure_id, each in ended.items()
    ]


def _worth(frame: Frame, values: Mapping[str, int]) -> Decimal | None:
    table, day = frame.basis.table, frame.basis.day
    try:
        return sum(
            (
                table.exact(minor, currency, table.plan_rate(currency, day))
                for currency, minor in values.items()
            ),
            Decimal(0),
        )
    except MissingRate:
        return None


def _a_year(rows: Rows) -> Decimal:
    """Confirmed recurring savings as booked, brought to a full year by the months that hold any."""
    months = {
        (key.year, place)
        for key, amounts in rows
        for place, minor in enumerate(amounts[:TOTAL])
        if minor and key.year != UNDATED
    }
    dated = sum(sum(amounts[:TOTAL]) for _, amounts in rows)
    return full_year(Decimal(dated), len(months))
