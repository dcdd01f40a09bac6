"""Changes of a frozen plan: what a draft changes, how much that is, and who must approve it (issue: Freeze)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.basis import digest_of
from govapp.domain.effect_rules import PlanChangeRule
from govapp.domain.exchange import RateTable
from govapp.domain.plan_versions import PlanLine

DRAFT, ASKED, FROZEN, REFUSED, WITHDRAWN = "draft", "asked", "frozen", "refused", "withdrawn"
APPROVE, REFUSE = "approve", "refuse"
_Cell = tuple[int, str, str, str, int]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Change:
    """What a draft changes: of the plan's total by currency (minor units), and how much that is.

    `size` is the larger of what is added and what is taken away, by line and year, or of the run rates, in minor units
    of the organization's currency, not rounded: what moves from one year, line or kind to another is a change of that
    size though totals stay. `before` is the size of the plan in force. `posts` and `posts_before` are the same of what
    is no money.
    """

    delta: dict[str, int] = field(default_factory=dict)
    size: Decimal = _NOTHING
    before: Decimal = _NOTHING
    posts: Decimal = _NOTHING
    posts_before: Decimal = _NOTHING


def draft_digest(lines: Iterable[PlanLine]) -> str:
    """The digest of what approvals of a draft are bound to: planned lines with amounts and what they mean (R04).

    The name of a line is no part of it: it gives no amount another meaning.
    """
    return digest_of(
        [
            [
                each.id, each.kind, each.timing, each.category, each.cost_object, each.currency, each.run_rate,
                _in_order(each.amounts),
            ]
            for each in sorted(lines, key=lambda line: line.id)
            if each.planned
        ]
    )  # fmt: skip


def _in_order(amounts: Mapping[date | None, int]) -> list[list[Any]]:
    return sorted([month.isoformat() if month else "", amount] for month, amount in amounts.items())


def change_between(
    before: Iterable[PlanLine], after: Iterable[PlanLine], table: RateTable, day: date
) -> Change:
    """What lies between the plan in force and a draft, at the plan rates of a day. Raises MissingRate."""
    old, new = list(before), list(after)
    cells = _differences(_by_year(old), _by_year(new))
    rates = _differences(_run_rates(old), _run_rates(new))
    delta: dict[str, int] = {}
    for (_, _, _, currency, _), amount in cells.items():
        if currency:
            delta[currency] = delta.get(currency, 0) + amount
    known = {currency for *_, currency, _ in (*cells, *rates, *_by_year(old), *_run_rates(old)) if currency}
    worth = {currency: table.plan_rate(currency, day) for currency in sorted(known)}

    def size(parts: Mapping[_Cell, int], *, money: bool) -> Decimal:
        exact = [
            table.exact(amount, currency, worth[currency]) if money else Decimal(amount)
            for (*_, currency, _), amount in parts.items()
            if bool(currency) is money
        ]
        more = sum((one for one in exact if one > 0), _NOTHING)
        return max(more, more - sum(exact, _NOTHING))

    def whole(lines: list[PlanLine], *, money: bool) -> Decimal:
        return max(size(_by_year(lines), money=money), size(_run_rates(lines), money=money))

    return Change(
        {currency: amount for currency, amount in sorted(delta.items()) if amount},
        max(size(cells, money=True), size(rates, money=True)),
        whole(old, money=True),
        max(size(cells, money=False), size(rates, money=False)),
        whole(old, money=False),
    )


def _by_year(lines: Iterable[PlanLine]) -> dict[_Cell, int]:
    """Plan amounts by line and calendar year; 0 is the year of what is undated."""
    found: dict[_Cell, int] = {}
    for line in lines:
        for month, amount in line.amounts.items():
            cell = (line.id, line.kind, line.timing, line.currency, month.year if month else 0)
            found[cell] = found.get(cell, 0) + amount
    return found


def _run_rates(lines: Iterable[PlanLine]) -> dict[_Cell, int]:
    return {
        (line.id, line.kind, line.timing, line.currency, 0): line.run_rate
        for line in lines
        if line.run_rate is not None
    }


def _differences(before: Mapping[_Cell, int], after: Mapping[_Cell, int]) -> dict[_Cell, int]:
    found = {cell: after.get(cell, 0) - before.get(cell, 0) for cell in before.keys() | after.keys()}
    return {cell: amount for cell, amount in found.items() if amount}


def needs_approval(change: Change, rule: PlanChangeRule, threshold: Decimal | None) -> bool:
    """Whether parts must approve: from an amount on, or from a share of the plan in force, whichever comes first.

    `threshold` is the amount of the rule in minor units of the organization's currency; None where no rate translates
    it: then every change of money is approved. Of what is no money only the share counts. Source: the set's
    `effects.plan_change`.
    """
    if change.size and (threshold is None or change.size >= threshold):
        return True
    return _share(change.size, change.before, rule) or _share(change.posts, change.posts_before, rule)


def _share(size: Decimal, before: Decimal, rule: PlanChangeRule) -> bool:
    return bool(size) and size * 100 >= before * rule.approval_percent


def still_open(needs: Iterable[str], approved: Iterable[str]) -> list[str]:
    """Parts whose approval is still missing, in the order of the rules."""
    given = set(approved)
    return [part for part in needs if part not in given]
