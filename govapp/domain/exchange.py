"""Rates of exchange and translation into an organization's own currency (issue rule: a missing rate is never 1.0).

Plan and target translate at the plan rate of their version, the forecast at the plan rate in force, actual and
confirmed amounts at the actual rate of their month. Sums are made in the currency of the lines and rounded once, at
the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from govapp.domain.errors import GovappError
from govapp.domain.money import decimals_of

PLAN, ACTUAL = "plan", "actual"
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


class MissingRate(GovappError):
    """No rate of a kind (plan, actual) is known for a currency on a day; the values name all three."""


@dataclass(frozen=True, slots=True)
class RateTable:
    """The rates of an organization: by currency, plan rates with their first day (ascending), actual rates by month."""

    own: str
    plan: Mapping[str, tuple[tuple[date, Decimal], ...]] = field(default_factory=dict)
    actual: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)

    def plan_rate(self, currency: str, day: date) -> Decimal:
        """The plan rate in force on a day. Raises MissingRate."""
        if currency == self.own:
            return Decimal(1)
        known = [rate for since, rate in self.plan.get(currency, ()) if since <= day]
        if not known:
            raise MissingRate("rate_missing", currency=currency, kind=PLAN, day=day.isoformat())
        return known[-1]

    def knows(self, currency: str, day: date) -> bool:
        """True when a plan rate is in force on a day."""
        return currency == self.own or any(since <= day for since, _ in self.plan.get(currency, ()))

    def actual_rate(self, currency: str, month: date) -> Decimal:
        """The actual rate of a month. Raises MissingRate."""
        if currency == self.own:
            return Decimal(1)
        rate = self.actual.get((currency, month.replace(day=1)))
        if rate is None:
            raise MissingRate("rate_missing", currency=currency, kind=ACTUAL, day=month.isoformat())
        return rate

    def exact(self, minor: int, currency: str, rate: Decimal) -> Decimal:
        """Minor units of a currency in minor units of the own one, not rounded."""
        scale = decimals_of(self.own) - decimals_of(currency)
        return _WIDE.multiply(Decimal(minor).scaleb(scale, _WIDE), rate)

    def translated(self, minor: int, currency: str, rate: Decimal) -> int:
        """Minor units of a currency in minor units of the own one, rounded half up."""
        return rounded(self.exact(minor, currency, rate))


def rounded(exact: Decimal) -> int:
    """An exact amount as whole minor units, half up (away from zero)."""
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP, _WIDE))
