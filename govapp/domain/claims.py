"""Claims: which measures mean to save on the same cost object, and whether together they save more than it costs.

A claim is a recurring gain that a line plans on a cost object. Claims on one object and of one kind whose months meet
are shown; together above the yearly cost they are a conflict until the controller has agreed a split. A split gives
each of them a share of what there is; nothing beyond its share is ever confirmed (`baseline_fault`). Amounts are
compared exactly, in minor units of the cost object's currency.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_DASHES = re.compile(r"[\u2010-\u2015\u2212\u00ad\ufe58\ufe63\uff0d]")
SHARED, EXCEEDS, AGREED, NO_RATE = "shared", "exceeds", "agreed", "no_rate"
UNRESOLVED = frozenset({EXCEEDS, NO_RATE})
_ALWAYS = (date.min, date.max)


def object_key(text: str) -> str:
    """A cost object's key in the one form in which keys meet: plain characters and dashes, nothing invisible."""
    told = unicodedata.normalize("NFKC", _DASHES.sub("-", text))
    return "".join(each for each in told if unicodedata.category(each) != "Cf").strip()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a line claims a year, in minor units of its currency, in the months from `first` to `last`; None: open."""

    line: int
    measure: str
    kind: str
    currency: str
    yearly: int
    first: date | None = None
    last: date | None = None

    @property
    def span(self) -> tuple[date, date]:
        """Its months with open ends filled."""
        return self.first or _ALWAYS[0], self.last or _ALWAYS[1]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Claims on one object that meet: most that is claimed at a time, by whom; state shared, exceeds, agreed, no_rate.

    `claimed`: by measure, the most it claims at a time. `currencies`: those that have no plan rate.
    """

    state: str
    together: Decimal
    claimed: Mapping[str, Decimal]
    measures: tuple[str, ...]
    currencies: tuple[str, ...] = ()


Translate = Callable[[int, str], Decimal | None]


def overlap_of(
    claims: Iterable[Claim], yearly_cost: int | None, shares: Mapping[str, int] | None, translate: Translate
) -> Overlap | None:
    """How the claims of one kind on one object meet; None where they neither meet nor pass what it costs.

    `shares` is the split in force, in minor units of the object's currency. `translate` brings minor units of a
    currency into the object's; None where a rate is missing: then nobody can say that it fits.
    """
    counted = [claim for claim in claims if claim.yearly > 0]
    exact = {claim.line: translate(claim.yearly, claim.currency) for claim in counted}
    lacking = tuple(sorted({claim.currency for claim in counted if exact[claim.line] is None}))
    amounts = {line: amount or Decimal(0) for line, amount in exact.items()}
    peaks = _peaks(counted, amounts)
    shared = [group for group in peaks if len(group) > 1]
    over = [g for g in peaks if yearly_cost is not None and sum(g.values()) > yearly_cost]
    if not shared and not over:
        return None
    group = over or shared
    together = max(sum(each.values(), Decimal(0)) for each in group)
    measures = tuple(sorted({measure for each in group for measure in each}))
    claimed = {m: max(each.get(m, Decimal(0)) for each in group) for m in measures}
    state = EXCEEDS if over else SHARED
    if over and _covered(measures, yearly_cost or 0, shares):
        state = AGREED
    if lacking and yearly_cost is not None and state != EXCEEDS:
        state = NO_RATE
    return Overlap(state, together, claimed, measures, lacking)


def _peaks(claims: Sequence[Claim], amounts: Mapping[int, Decimal]) -> list[dict[str, Decimal]]:
    """By measure, what is claimed in each month in which some claim begins: nothing ever adds up to more elsewhere."""
    found = []
    for month in sorted({claim.span[0] for claim in claims}):
        group: dict[str, Decimal] = {}
        for claim in claims:
            if claim.span[0] <= month <= claim.span[1]:
                group[claim.measure] = group.get(claim.measure, Decimal(0)) + amounts[claim.line]
        found.append(group)
    return found


def _covered(measures: Iterable[str], yearly_cost: int, shares: Mapping[str, int] | None) -> bool:
    """Whether a split gives each of the measures a share, and not more than there is."""
    return shares is not None and sum(shares.values()) <= yearly_cost and set(measures) <= set(shares)


def split_faults(shares: Mapping[str, int], claiming: Iterable[str], yearly_cost: int | None) -> list[str]:
    """Codes of what is wrong with a split, all of them; no_yearly_cost and split_... as below.

    `claiming`: keys of the measures that claim something on the object for this kind.
    """
    found = []
    if yearly_cost is None:
        found.append("no_yearly_cost")
    if len(shares) < 2:
        found.append("split_of_few")
    if any(share < 0 for share in shares.values()):
        found.append("split_negative")
    if set(shares) - set(claiming):
        found.append("split_unknown")
    if yearly_cost is not None and sum(shares.values()) > yearly_cost:
        found.append("split_too_large")
    return found


def baseline_fault(
    booked: Mapping[str, Decimal], measure: str, yearly_cost: int | None, shares: Mapping[str, int] | None
) -> str:
    """Why a year's confirmed gains on an object cannot stand: '', baseline_passed, share_passed, split_without_share.

    `booked`: by measure, what would be confirmed for the fiscal year, the new amount included.
    """
    if yearly_cost is None:
        return ""
    if sum(booked.values(), Decimal(0)) > yearly_cost:
        return "baseline_passed"
    if shares is None:
        return ""
    if measure not in shares:
        return "split_without_share"
    return "share_passed" if booked.get(measure, Decimal(0)) > shares[measure] else ""


def fiscal_year_of(month: date, first_month: int) -> tuple[date, date]:
    """First and last month of the fiscal year in which a month lies; it begins with `first_month` (1-12)."""
    year = month.year if month.month >= first_month else month.year - 1
    first = date(year, first_month, 1)
    last = date(year, 12, 1) if first_month == 1 else date(year + 1, first_month - 1, 1)
    return first, last
