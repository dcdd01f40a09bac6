"""What a stage's measures are likely to bring: their value weighted by what finished ones that passed it brought.

The weight of a stage is pulled towards a stated prior while few measures have finished (an estimate from n measures
counts n, the prior counts PRIOR_COUNTS): (brought + counts x prior) / (n + counts), the more history the less prior.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

PRIOR_COUNTS = 5
_EXACT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished measure: its yearly value when it entered each stage, and what it brings a year as confirmed.

    One currency. A cancelled measure has brought nothing.
    """

    values: Mapping[str, Decimal]
    brought: Decimal


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of a stage (0.8 means 80 %), the measures it is drawn from, what they brought, and the prior."""

    stage: str
    weight: Decimal
    sample: int
    brought: Decimal | None
    prior: Decimal


def prior_of(place: int, stages: int) -> Decimal:
    """The prior of the stage at a place (from 0) of so many: even steps up to the last, which is taken as it is."""
    return (Decimal(place + 1) / Decimal(stages)).quantize(_EXACT, ROUND_HALF_UP)


def weights(stages: Sequence[str], history: Iterable[Finished]) -> tuple[Weight, ...]:
    """The weight of every stage. What measures brought is compared with what they were worth on entering it.

    Measures count by their value; one that was worth nothing then says nothing about the stage.
    """
    known = list(history)
    return tuple(_weight(stage, place, len(stages), known) for place, stage in enumerate(stages))


def _weight(stage: str, place: int, stages: int, history: Sequence[Finished]) -> Weight:
    prior = prior_of(place, stages)
    told = [each for each in history if each.values.get(stage, Decimal(0)) > 0]
    if not told:
        return Weight(stage, prior, 0, None, prior)
    worth = sum((each.values[stage] for each in told), Decimal(0))
    brought = sum((each.brought for each in told), Decimal(0)) / worth
    pulled = (brought * len(told) + prior * PRIOR_COUNTS) / (len(told) + PRIOR_COUNTS)
    return Weight(
        stage,
        pulled.quantize(_EXACT, ROUND_HALF_UP),
        len(told),
        brought.quantize(_EXACT, ROUND_HALF_UP),
        prior,
    )


def weighted(minor: int, weight: Decimal) -> int:
    """An amount in minor units times a weight, rounded half up."""
    return int((Decimal(minor) * weight).quantize(Decimal(1), ROUND_HALF_UP))


def full_year(confirmed: Decimal, months: int) -> Decimal:
    """What was confirmed for so many months, brought to twelve."""
    return confirmed * 12 / months if months else Decimal(0)
