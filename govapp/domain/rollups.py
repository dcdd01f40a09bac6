"""Sums of kept amounts over any set of lines: added in their currencies, translated and rounded once, at the end.

Parts may therefore differ from their whole by a few minor units: `rounding` is that difference, shown beside them.
Cost avoidance is never among savings, FTE never in money (product.md, Words: Effect). Amounts are minor units.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from govapp.domain.exchange import MissingRate, RateTable, rounded
from govapp.domain.money_rows import (
    ACTUAL,
    BOOKED,
    CONFIRMED,
    FORECAST,
    OPEN,
    PLAN,
    TARGET,
    TOTAL,
    UNDATED,
    month_at,
)

AT_BOOKED, AT_PLAN, EACH = "booked", "plan-rates", "each"
BASES = (AT_BOOKED, AT_PLAN, EACH)
RECURRING, ONE_OFF = "recurring", "one_off"
SAVINGS = "savings"
WHOLE = (0, -1)  # the span of a year's sum, undated amounts with it


class Key(NamedTuple):
    """What an amount is: series, kind, timing, currency, the rate that stands for good ('' today's), fiscal year."""

    series: str
    kind: str
    timing: str
    currency: str
    rate: str
    year: int


Rows = Sequence[tuple[Key, Sequence[int]]]  # twelve months and their sum each
Lacking = tuple[str, str, str]  # currency, kind of rate, day in ISO form


@dataclass(frozen=True, slots=True)
class Basis:
    """How amounts become one: rates of the organization, the day of today's rates, first month of its fiscal year.

    `how`: booked (plan and target at the rate they were frozen with, forecast at today's plan rate, confirmed as
    booked, actual as booked as far as it is confirmed and else at the rate of its month), plan-rates (all at today's
    plan rate), or each (per currency, nothing translated).
    """

    table: RateTable
    day: date
    fiscal_month: int = 1
    how: str = AT_BOOKED


@dataclass(frozen=True, slots=True)
class Sum:
    """Minor units by currency, '' for FTE. `lacking`: rates without which amounts stand in their own currency."""

    by: Mapping[str, int] = field(default_factory=dict)
    lacking: tuple[Lacking, ...] = ()

    def in_one(self, currency: str) -> int | None:
        """The sum in this currency when nothing stands beside it in another."""
        return self.by.get(currency, 0) if set(self.by) <= {currency} else None

    def __bool__(self) -> bool:
        return any(self.by.values())


def less(left: Sum, right: Sum) -> Sum:
    """The difference, currency by currency, of sums as they are shown."""
    both = {**left.by, **right.by}
    by = {currency: left.by.get(currency, 0) - right.by.get(currency, 0) for currency in both}
    return Sum(by, tuple(dict.fromkeys((*left.lacking, *right.lacking))))


def added(sums: Iterable[Sum]) -> Sum:
    """Sums as they are shown, currency by currency."""
    by: dict[str, int] = {}
    lacking: dict[Lacking, None] = {}
    for each in sums:
        for currency, minor in each.by.items():
            by[currency] = by.get(currency, 0) + minor
        lacking |= dict.fromkeys(each.lacking)
    return Sum(by, tuple(lacking))


def rounding(whole: Sum, parts: Iterable[Sum]) -> Sum:
    """What has to be added to the parts as they are shown to make the whole, by currency; empty where nothing has."""
    apart = less(whole, added(parts))
    return Sum({currency: minor for currency, minor in apart.by.items() if minor})


def share(part: Sum, of: Sum) -> Decimal | None:
    """What part of one sum another is, where both are in one currency and there is something to compare with."""
    currencies = {currency for each in (part, of) for currency, minor in each.by.items() if minor}
    if len(currencies) != 1:
        return None
    (currency,) = currencies
    whole = of.by.get(currency, 0)
    return Decimal(part.by.get(currency, 0)) / abs(Decimal(whole)) if whole else None


# What was confirmed stands as booked, and so does that part of what came: a rate corrected later changes neither.
_AS_BOOKED = {CONFIRMED: {BOOKED: 1}, ACTUAL: {BOOKED: 1, OPEN: 1, ACTUAL: 1, CONFIRMED: -1}}
_BY_MONTH = frozenset({ACTUAL, CONFIRMED, OPEN})


def _counts(key: Key, series: str, basis: Basis) -> int:
    """How often a row counts in a series. Posts are never booked in money."""
    if basis.how == AT_BOOKED and key.currency and series in _AS_BOOKED:
        return _AS_BOOKED[series].get(key.series, 0)
    return int(key.series == series)


def total(rows: Rows, series: str, basis: Basis, span: tuple[int, int] = WHOLE) -> Sum:
    """The sum of a series over months of a fiscal year, places `span` (first, after the last), or over all of it."""
    exact: dict[str, Decimal] = {}
    lacking: list[Lacking] = []
    plain: dict[tuple[str, str, date | None], int] = {}
    for key, months in rows:
        times = _counts(key, series, basis)
        if times:
            for month, minor in _parts(key, months, basis, span):
                slot = (key.currency, key.rate if basis.how == AT_BOOKED else "", month)
                plain[slot] = plain.get(slot, 0) + times * minor
    for (currency, rate, month), minor in plain.items():
        if not minor:
            continue
        try:
            to, amount = _translated(currency, rate, month, minor, basis)
        except MissingRate as error:
            said = error.values
            lacking.append((str(said["currency"]), str(said["kind"]), str(said["day"])))
            to, amount = currency, Decimal(minor)
        exact[to] = exact.get(to, Decimal(0)) + amount
    return Sum(
        {currency: rounded(amount) for currency, amount in exact.items()}, tuple(dict.fromkeys(lacking))
    )


def _parts(
    key: Key, months: Sequence[int], basis: Basis, span: tuple[int, int]
) -> Iterable[tuple[date | None, int]]:
    """Amounts of a row to be translated alike: month by month where each has a rate of its own."""
    monthly = key.series in _BY_MONTH and basis.how == AT_BOOKED and key.currency not in {"", basis.table.own}
    first, after = (0, TOTAL) if span == WHOLE else span
    if monthly and key.year != UNDATED:
        return [
            (month_at(key.year, place, basis.fiscal_month), months[place]) for place in range(first, after)
        ]
    if span == WHOLE:
        return [(None, months[TOTAL])]
    return [] if key.year == UNDATED else [(None, sum(months[first:after]))]


def _translated(
    currency: str, rate: str, month: date | None, minor: int, basis: Basis
) -> tuple[str, Decimal]:
    """Currency and exact amount; an undated actual amount has no month and takes the plan rate. Raises MissingRate."""
    table = basis.table
    if currency in {"", table.own} or basis.how == EACH:
        return currency, Decimal(minor)
    if month is not None:
        value = table.actual_rate(currency, month)
    else:
        value = Decimal(rate) if rate else table.plan_rate(currency, basis.day)
    return table.own, table.exact(minor, currency, value)


def of_kinds(rows: Rows, kinds: Collection[str]) -> Rows:
    """The rows of these kinds."""
    return [row for row in rows if row[0].kind in kinds]


def of_timing(rows: Rows, timing: str) -> Rows:
    """The recurring or the one-off rows."""
    return [row for row in rows if row[0].timing == timing]


def of_year(rows: Rows, year: int) -> Rows:
    """The rows of a fiscal year."""
    return [row for row in rows if row[0].year == year]


def shown_kinds(kinds: Iterable[str], saving: Collection[str]) -> dict[str, frozenset[str]]:
    """What may be added to what: `savings` are the kinds that count as such, every other kind stands for itself."""
    found: dict[str, frozenset[str]] = {SAVINGS: frozenset(saving)}
    return found | {kind: frozenset({kind}) for kind in kinds if kind not in saving}


def without(rows: Rows, taken: Iterable[Rows]) -> Rows:
    """What is left of rows when these parts of them are taken out."""
    left: dict[Key, list[int]] = {}
    for sign, part in ((1, rows), *((-1, each) for each in taken)):
        for key, months in part:
            kept = left.setdefault(key, [0] * len(months))
            for place, minor in enumerate(months):
                kept[place] += sign * minor
    return [(key, months) for key, months in left.items() if any(months)]


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one sum is from another: the difference and its share of the other, where that can be said."""

    amount: Sum
    share: Decimal | None


def deviation(of: Sum, against: Sum) -> Deviation:
    """The difference to what it is held against, currency by currency."""
    amount = less(of, against)
    return Deviation(amount, share(amount, against))


def cumulated(rows: Rows, series: str, basis: Basis, months: int = TOTAL) -> list[Sum]:
    """The sum from the first month of the year to each of the first `months`; each is rounded once."""
    return [total(rows, series, basis, (0, place + 1)) for place in range(months)]


def by_month(rows: Rows, series: str, basis: Basis) -> list[Sum]:
    """The twelve months of the year."""
    return [total(rows, series, basis, (place, place + 1)) for place in range(TOTAL)]


@dataclass(frozen=True, slots=True)
class Figures:
    """The series of a set side by side. The plan is the version named by whoever made them: current or first."""

    target: Sum
    plan: Sum
    forecast: Sum
    actual: Sum
    confirmed: Sum

    @property
    def all(self) -> tuple[Sum, ...]:
        """Every series, in order."""
        return self.target, self.plan, self.forecast, self.actual, self.confirmed

    @property
    def forecast_deviation(self) -> Deviation:
        """Forecast against plan: what a year is expected to end with."""
        return deviation(self.forecast, self.plan)

    @property
    def actual_deviation(self) -> Deviation:
        """Actual against plan: what has come so far of what should have."""
        return deviation(self.actual, self.plan)

    @property
    def open(self) -> Sum:
        """Actual amounts that are not confirmed."""
        return less(self.actual, self.confirmed)

    def __bool__(self) -> bool:
        return any(self.all)


def figures(rows: Rows, basis: Basis, plan: str = PLAN, span: tuple[int, int] = WHOLE) -> Figures:
    """All series over a span; `plan` is the series of the plan in force or of the first frozen one."""
    return Figures(
        *(total(rows, series, basis, span) for series in (TARGET, plan, FORECAST, ACTUAL, CONFIRMED))
    )


def figures_rounding(whole: Figures, parts: Sequence[Figures]) -> Figures:
    """`rounding` series by series."""
    return Figures(
        *(rounding(each, [part.all[place] for part in parts]) for place, each in enumerate(whole.all))
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a waterfall: a sum that stands on the ground (`level`), or the change from one to the next."""

    name: str
    minor: int
    level: bool


def waterfall(target: int, plan: int, forecast: int, actual: int, confirmed: int) -> tuple[Step, ...]:
    """From target to confirmed: what planning, forecasting, time and confirmation took away or added.

    Minor units of one currency. The steps add up to what is confirmed. Without a target the way begins with the plan.
    """
    begin = (Step(TARGET, target, True), Step("planned", plan - target, False)) if target else ()
    return (
        *begin,
        Step(PLAN, plan, True),
        Step("forecast_change", forecast - plan, False),
        Step(FORECAST, forecast, True),
        Step("to_come", actual - forecast, False),
        Step(ACTUAL, actual, True),
        Step("unconfirmed", confirmed - actual, False),
        Step(CONFIRMED, confirmed, True),
    )
