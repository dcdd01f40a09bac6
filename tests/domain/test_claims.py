"""Claims on one cost object: what meets, what is too much, what a split covers."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.claims import (
    AGREED,
    EXCEEDS,
    NO_RATE,
    SHARED,
    Claim,
    baseline_fault,
    fiscal_year_of,
    overlap_of,
    split_faults,
)


def euros(minor: int, currency: str) -> Decimal | None:
    rates = {"EUR": Decimal(1), "GBP": Decimal("1.17")}
    return None if currency not in rates else minor * rates[currency]


def claim(measure: str, yearly: int, months: tuple[str, str] | None = None, **more) -> Claim:
    first, last = (date.fromisoformat(f"{month}-01") for month in months) if months else (None, None)
    values = {"line": abs(hash((measure, yearly, months))), "kind": "ebitda", "currency": "EUR"} | more
    return Claim(measure=measure, yearly=yearly, first=first, last=last, **values)


# The demonstration: CT-2207 costs EUR 240,000 a year; M-113 saves calls, M-151 the price of each (126 + 132 = 258).
CALLS = claim("M-113", 12_600_000, ("2026-08", "2027-12"))
PRICE = claim("M-151", 13_200_000, ("2027-04", "2028-03"))
COST = 24_000_000


def test_two_claims_on_ct_2207_together_pass_what_it_costs():
    found = overlap_of([CALLS, PRICE], COST, None, euros)
    assert found is not None
    assert (found.state, found.together, found.measures) == (EXCEEDS, 25_800_000, ("M-113", "M-151"))
    assert found.claimed == {"M-113": 12_600_000, "M-151": 13_200_000}


def test_claims_one_after_the_other_do_not_meet():
    later = claim("M-151", 13_200_000, ("2028-01", "2028-12"))
    assert overlap_of([CALLS, later], COST, None, euros) is None


def test_claims_that_fit_are_shown_as_shared_and_no_more():
    small = claim("M-151", 11_400_000, ("2027-12", "2028-11"))
    found = overlap_of([CALLS, small], COST, None, euros)
    assert found is not None
    assert (found.state, found.together) == (SHARED, COST)
    unknown_cost = overlap_of([CALLS, PRICE], None, None, euros)
    assert unknown_cost is not None
    assert unknown_cost.state == SHARED


def test_one_measure_alone_may_claim_too_much():
    found = overlap_of([claim("M-1", COST + 1)], COST, None, euros)
    assert found is not None
    assert (found.state, found.measures) == (EXCEEDS, ("M-1",))
    assert overlap_of([claim("M-1", COST)], COST, None, euros) is None


def test_two_lines_of_one_measure_are_one_claim():
    found = overlap_of([claim("M-1", 7), claim("M-1", 8), claim("M-2", 9)], 23, None, euros)
    assert found is not None
    assert found.claimed == {"M-1": 15, "M-2": 9}


@pytest.mark.parametrize(
    ("shares", "state"),
    [
        ({"M-113": 12_600_000, "M-151": 11_400_000}, AGREED),
        ({"M-113": 12_600_000, "M-151": 0}, AGREED),
        ({"M-113": 12_600_000, "M-151": 13_200_000}, EXCEEDS),  # the split itself is more than there is
        ({"M-113": 12_600_000}, EXCEEDS),
        (None, EXCEEDS),
    ],
)
def test_a_split_settles_a_conflict_when_every_measure_in_it_has_a_share_of_what_there_is(shares, state):
    found = overlap_of([CALLS, PRICE], COST, shares, euros)
    assert found is not None
    assert found.state == state


def test_a_measure_that_comes_later_opens_a_settled_conflict_again():
    third = claim("M-160", 100, ("2027-04", "2028-03"))
    found = overlap_of([CALLS, PRICE, third], COST, {"M-113": 12_600_000, "M-151": 11_400_000}, euros)
    assert found is not None
    assert found.state == EXCEEDS


def test_a_claim_in_a_currency_without_a_rate_leaves_it_open():
    strange = claim("M-151", 1, currency="USD")
    found = overlap_of([CALLS, strange], COST, None, euros)
    assert found is not None
    assert (found.state, found.currencies) == (NO_RATE, ("USD",))


def test_pounds_and_euros_are_compared_exactly():
    pounds = claim("M-2", 10_000_000, currency="GBP")  # EUR 117,000
    assert overlap_of([claim("M-1", 12_300_000), pounds], COST, None, euros).state == SHARED  # type: ignore[union-attr]
    assert overlap_of([claim("M-1", 12_300_001), pounds], COST, None, euros).state == EXCEEDS  # type: ignore[union-attr]


def test_losses_and_nothing_claim_nothing():
    assert overlap_of([claim("M-1", -5), claim("M-2", 0), claim("M-3", 5)], 10, None, euros) is None


_MONTHS = st.integers(0, 30).map(lambda n: date(2026 + n // 12, n % 12 + 1, 1))


@given(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 50), _MONTHS, _MONTHS), max_size=6),
    st.integers(1, 120),
)
def test_a_conflict_is_found_exactly_where_some_month_holds_too_much(rows, cost):
    claims = [
        Claim(n, measure, "ebitda", "EUR", yearly, min(a, b), max(a, b))
        for n, (measure, yearly, a, b) in enumerate(rows)
    ]
    months = [date(2026 + n // 12, n % 12 + 1, 1) for n in range(31)]
    sums = [sum(c.yearly for c in claims if c.span[0] <= month <= c.span[1]) for month in months]
    found = overlap_of(claims, cost, None, euros)
    assert (found is not None and found.state == EXCEEDS) == any(each > cost for each in sums)
    if found and found.state == EXCEEDS:
        assert found.together == max(sums)


def test_a_split_names_measures_that_claim_and_is_not_more_than_there_is():
    both = ("M-113", "M-151")
    assert split_faults({"M-113": 12_000_000, "M-151": 12_000_000}, both, COST) == []
    assert split_faults({"M-113": 12_000_001, "M-151": 12_000_000}, both, COST) == ["split_too_large"]
    assert split_faults({"M-113": -1, "M-999": 2}, both, COST) == ["split_negative", "split_unknown"]
    assert split_faults({"M-113": 1}, both, None) == ["no_yearly_cost", "split_of_few"]


def test_what_is_confirmed_in_a_year_passes_neither_the_cost_nor_the_share():
    booked = {"M-113": Decimal(12_600_000), "M-151": Decimal(11_400_000)}
    assert baseline_fault(booked, "M-151", COST, None) == ""
    assert baseline_fault(booked | {"M-151": Decimal(11_400_001)}, "M-151", COST, None) == "baseline_passed"
    assert baseline_fault(booked, "M-151", COST, {"M-113": 1, "M-151": 11_399_999}) == "share_passed"
    assert baseline_fault(booked, "M-151", COST, {"M-113": 12_600_000}) == "split_without_share"
    assert baseline_fault(booked, "M-151", None, None) == ""


def test_a_fiscal_year_begins_with_the_month_of_its_organization():
    assert fiscal_year_of(date(2026, 10, 1), 1) == (date(2026, 1, 1), date(2026, 12, 1))
    assert fiscal_year_of(date(2026, 3, 1), 4) == (date(2025, 4, 1), date(2026, 3, 1))
    assert fiscal_year_of(date(2026, 4, 1), 4) == (date(2026, 4, 1), date(2027, 3, 1))
