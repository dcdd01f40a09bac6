"""The decision table: which approval steps a gate asks for, and because of which rows (product.md: Approval path)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from govapp.domain.rules import Rules, StepRule, TableRow
from govapp.domain.snapshot import Snapshot
from govapp.domain.when import holds, names_read

STAGE, VALUE = "stage", "value"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A step the table asks for, at its lowest order, and the rows that ask for it."""

    step: StepRule
    because: tuple[TableRow, ...]


def facts_of(snapshot: Snapshot, into: str) -> dict[str, Any]:
    """What the table's conditions may look at."""
    return {**snapshot.fields, STAGE: into}


def matching_rows(rules: Rules, into: str, facts: Mapping[str, Any]) -> list[TableRow]:
    """The rows that add their steps: all that match; those marked `otherwise` only where no other does."""
    found = [row for row in rules.table if not row.otherwise and holds(row.when, facts)]
    return found or [row for row in rules.table if row.otherwise and holds(row.when, facts)]


def path_for(rules: Rules, into: str, snapshot: Snapshot) -> tuple[Chosen, ...]:
    """The approval path into a stage: its steps by order, each once, with the rows that ask for it."""
    return path_of(rules, into, facts_of(snapshot, into))


def path_of(rules: Rules, into: str, facts: Mapping[str, Any]) -> tuple[Chosen, ...]:
    """The same from facts alone; `facts['stage']` is the stage entered."""
    orders: dict[str, int] = {}
    because: dict[str, list[TableRow]] = {}
    for row in matching_rows(rules, into, facts):
        for key, order in row.steps.items():
            orders[key] = min(order, orders.get(key, order))
            because.setdefault(key, []).append(row)
    chosen = [
        Chosen(replace(rules.steps[key], order=order), tuple(because[key])) for key, order in orders.items()
    ]
    return tuple(sorted(chosen, key=lambda one: one.step.order))


def facts_read(rules: Rules, into: str) -> set[str]:
    """Names of what the table looks at for a stage, beside the stage itself."""
    rows = [
        row
        for row in rules.table
        if holds({STAGE: row.when[STAGE]} if STAGE in row.when else {}, {STAGE: into})
    ]
    return set().union(*(names_read(row.when) for row in rows)) - {STAGE}


def value_of_figures(
    run_rates: Mapping[str, int], one_offs: Mapping[str, int], rate_of: Callable[[str, int], Decimal | None]
) -> Decimal | None:
    """The larger of one-off cost and absolute yearly run rate, in units of the set's currency, at the plan rate.

    Sums by currency in minor units; `rate_of(currency, minor)` gives them in the set's currency or None where a rate
    is missing: then there is no value, never one at a rate of 1. Source: service-team.yaml, decision_table.value_is.
    """
    sums: list[Decimal] = []
    for by_currency in (run_rates, one_offs):
        amounts = [rate_of(currency, minor) for currency, minor in sorted(by_currency.items())]
        if any(amount is None for amount in amounts):
            return None
        sums.append(abs(sum((amount for amount in amounts if amount is not None), Decimal(0))))
    return max(sums)
