"""Frozen plans: what a version keeps of a working plan, translated at the plan rates of its day (issue: Freeze)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from govapp.domain.exchange import RateTable

DECIDED, CHANGED, OPENED = "decided", "change", "opened"
FIELDS = ("name", "kind", "timing", "category", "cost_object", "currency", "run_rate")


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of a working plan. Amounts by month (None: undated) and run rate in minor units (FTE: 1/10,000)."""

    id: int
    name: str
    kind: str
    timing: str
    category: str
    cost_object: str
    currency: str
    run_rate: int | None
    amounts: Mapping[date | None, int] = field(default_factory=dict)

    @property
    def planned(self) -> bool:
        """True for a line that bears a run rate or plan amounts."""
        return self.run_rate is not None or bool(self.amounts)

    @property
    def total(self) -> int | None:
        """The sum of its plan amounts, None where there are none."""
        return sum(self.amounts.values()) if self.amounts else None


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a version keeps: fields and totals by line id, plan rates by currency, totals in the own currency."""

    lines: dict[str, dict[str, Any]]
    rates: dict[str, str]
    translated: dict[str, int]
    totals: dict[str, dict[str, int]]


def lacking_rates(lines: Iterable[PlanLine], table: RateTable, day: date) -> tuple[str, ...]:
    """Currencies of planned lines that have no plan rate on a day, in order."""
    return tuple(
        sorted(
            {
                each.currency
                for each in lines
                if each.planned and each.currency and not table.knows(each.currency, day)
            }
        )
    )


def frozen_of(lines: Iterable[PlanLine], table: RateTable, day: date) -> Frozen:
    """The version of a plan frozen on a day: its planned lines. Totals are by kind and currency, never across.

    Each line's total is summed in its own currency and rounded once. Raises MissingRate.
    """
    planned = [each for each in lines if each.planned]
    money = sorted({each.currency for each in planned if each.currency})
    rates = {currency: table.plan_rate(currency, day) for currency in money}
    totals: dict[str, dict[str, int]] = {}
    translated: dict[str, int] = {}
    for each in planned:
        if each.total is None or not each.currency:
            continue
        translated[str(each.id)] = table.translated(each.total, each.currency, rates[each.currency])
        sums = totals.setdefault(each.kind, {})
        sums[each.currency] = sums.get(each.currency, 0) + each.total
    return Frozen(
        {
            str(each.id): {name: getattr(each, name) for name in FIELDS} | {"plan": each.total}
            for each in planned
        },
        {currency: str(rate) for currency, rate in rates.items()},
        translated,
        totals,
    )
