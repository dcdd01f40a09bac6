"""Roll-ups: examples worked by hand, and sums that equal those of their parts whatever they are."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.exchange import RateTable
from govapp.domain.pipeline import Finished, full_year, prior_of, weighted, weights
from govapp.domain.rollups import (
    AT_BOOKED,
    AT_PLAN,
    EACH,
    SAVINGS,
    Basis,
    Key,
    Sum,
    added,
    by_month,
    cumulated,
    deviation,
    figures,
    figures_rounding,
    less,
    of_kinds,
    of_timing,
    of_year,
    rounding,
    share,
    shown_kinds,
    total,
    waterfall,
    without,
)

JAN, JUL, AUG = date(2026, 1, 1), date(2026, 7, 1), date(2026, 8, 20)
TABLE = RateTable(
    "EUR",
    {"USD": ((JAN, Decimal("0.92")), (JUL, Decimal("0.95"))), "JPY": ((JAN, Decimal("0.006")),)},
    {("USD", JAN): Decimal("0.921"), ("USD", date(2026, 2, 1)): Decimal("0.918")},
)
BOOKED = Basis(TABLE, AUG)


def row(
    series, currency="EUR", rate="", *, kind="ebitda", timing="recurring", year=2026, undated=0, **months
):
    """A row with amounts by place, `m1` January."""
    amounts = [months.get(f"m{place}", 0) for place in range(1, 13)]
    return Key(series, kind, timing, currency, rate, year), [*amounts, sum(amounts) + undated]


def test_a_sum_is_translated_and_rounded_once_at_the_end():
    # 100.05 + 200.05 = 300.10 USD at 0.92 = 276.092; each month rounded for itself would make 92.05 + 184.05 = 276.10
    rows = [row("plan", "USD", "0.92", m1=10_005, m2=20_005)]
    assert total(rows, "plan", BOOKED).by == {"EUR": 27_609}


def test_each_series_takes_the_rate_that_belongs_to_it():
    rows = [
        row("plan", "USD", "0.92", m1=10_005, m2=20_005),
        row("forecast", "USD", m1=10_005, m2=20_005),
        row("actual", "USD", m1=10_005, m2=20_005),
        row("confirmed", "USD", m1=10_005),
        row("booked", "EUR", m1=9_215),
    ]
    assert total(rows, "plan", BOOKED).by == {"EUR": 27_609}, "300.10 x 0.92, as frozen"
    assert total(rows, "forecast", BOOKED).by == {"EUR": 28_510}, "300.10 x 0.95 = 285.095, today's plan rate"
    open_ = [each for each in rows if each[0].series == "actual"]
    assert total(open_, "actual", BOOKED).by == {"EUR": 27_579}, "100.05 x 0.921 + 200.05 x 0.918 = 275.79195"
    assert total(rows, "actual", BOOKED).by == {"EUR": 27_580}, "92.15 as booked + 200.05 x 0.918 = 275.7959"
    assert total(rows, "confirmed", BOOKED).by == {"EUR": 9_215}, "as booked, whatever rates say since"
    at_plan = Basis(TABLE, AUG, how=AT_PLAN)
    assert total(rows, "plan", at_plan).by == {"EUR": 28_510}
    assert total(rows, "actual", at_plan).by == {"EUR": 28_510}
    assert total(rows, "confirmed", at_plan).by == {"EUR": 9_505}, "100.05 x 0.95 = 95.0475"
    assert total(rows, "confirmed", Basis(TABLE, AUG, how=EACH)).by == {"USD": 10_005}


def test_what_came_and_is_confirmed_in_full_reads_as_it_was_booked():
    # Two lines of 100.05 USD, each booked at 0.921 as 92.15; together 200.10 x 0.921 would be 184.2921.
    rows = [
        row("actual", "USD", m1=20_010), row("confirmed", "USD", m1=20_010), row("booked", "EUR", m1=18_430),
        row("actual", m1=500), row("confirmed", m1=500), row("booked", m1=500),
    ]  # fmt: skip
    assert total(rows, "confirmed", BOOKED).by == total(rows, "actual", BOOKED).by == {"EUR": 18_930}
    corrected = Basis(RateTable("EUR", TABLE.plan, {("USD", JAN): Decimal(2)}), AUG)
    assert total(rows, "actual", corrected).by == {"EUR": 18_930}, (
        "a corrected rate touches open amounts only"
    )
    unknown = Basis(RateTable("EUR"), AUG)
    assert total(rows, "actual", unknown) == Sum({"EUR": 18_930}), "and nothing confirmed asks for a rate"
    partly = [*rows, row("actual", "USD", m2=10_000)]
    assert total(partly, "actual", BOOKED).by == {"EUR": 18_930 + 9_180}


def test_posts_are_confirmed_in_posts():
    rows = [row("actual", "", kind="fte", m1=14_000), row("confirmed", "", kind="fte", m1=14_000)]
    rows.append(row("booked", kind="fte"))
    assert total(rows, "confirmed", BOOKED).by == total(rows, "actual", BOOKED).by == {"": 14_000}


def test_parts_lack_a_cent_of_their_whole_and_rounding_is_that_cent():
    first, second = [row("plan", "USD", "0.92", m1=10_005)], [row("plan", "USD", "0.92", m1=20_005)]
    parts = [total(each, "plan", BOOKED) for each in (first, second)]
    whole = total([*first, *second], "plan", BOOKED)
    assert [each.by["EUR"] for each in parts] == [9_205, 18_405], "92.046 and 184.046"
    assert (whole.by, rounding(whole, parts).by) == ({"EUR": 27_609}, {"EUR": -1}), "276.092"
    assert not rounding(whole, [whole]).by


def test_rows_taken_out_of_rows_leave_the_rest():
    rows = [row("plan", m1=900, m2=100), row("plan", "USD", m1=5)]
    rest = without(rows, [[row("plan", m1=900, m2=40)], [row("plan", "USD", m1=5)]])
    assert total(rest, "plan", BOOKED).by == {"EUR": 60}
    assert [key.currency for key, _ in rest] == ["EUR"]


def test_an_open_plan_takes_the_plan_rate_of_today():
    rows = [row("plan", "USD", "", m1=10_000)]
    assert total(rows, "plan", Basis(TABLE, date(2026, 6, 30))).by == {"EUR": 9_200}
    assert total(rows, "plan", BOOKED).by == {"EUR": 9_500}


def test_a_missing_rate_leaves_the_amount_in_its_own_currency_and_says_so():
    rows = [row("actual", "USD", m2=10_000, m3=5_000), row("actual", m3=700), row("forecast", "GBP", m1=900)]
    said = total(rows, "actual", BOOKED)
    assert said.by == {"EUR": 9_180 + 700, "USD": 5_000}
    assert said.lacking == (("USD", "actual", "2026-03-01"),)
    assert said.in_one("EUR") is None
    assert total(rows, "forecast", BOOKED) == Sum({"GBP": 900}, (("GBP", "plan", "2026-08-20"),))


def test_currencies_without_cents_and_posts_keep_their_units():
    assert total([row("plan", "JPY", m1=10_000)], "plan", BOOKED).by == {"EUR": 6_000}, "JPY 10,000 x 0.006"
    assert total([row("plan", "", kind="fte", m1=14_000)], "plan", BOOKED).by == {"": 14_000}, "1.4 posts"


def test_an_undated_amount_counts_in_the_whole_and_in_no_month():
    rows = [row("plan", year=0, undated=500), row("plan", m1=10, m12=20)]
    assert total(rows, "plan", BOOKED).by == {"EUR": 530}
    assert [each.by for each in by_month(of_year(rows, 2026), "plan", BOOKED)] == [
        {"EUR": 10}, *[{}] * 10, {"EUR": 20},
    ]  # fmt: skip
    assert total(rows, "plan", BOOKED, (0, 11)).by == {"EUR": 10}


def test_cost_avoidance_and_posts_are_never_among_savings():
    shown = shown_kinds(["ebitda", "cost-avoidance", "fte", "cash"], {"ebitda"})
    assert shown[SAVINGS] == {"ebitda"}
    rows = [
        row("plan", m1=100),
        row("plan", kind="cost-avoidance", m1=1_000),
        row("plan", "", kind="fte", m1=1),
    ]
    assert total(of_kinds(rows, shown[SAVINGS]), "plan", BOOKED).by == {"EUR": 100}
    assert total(of_kinds(rows, shown["cost-avoidance"]), "plan", BOOKED).by == {"EUR": 1_000}
    assert set(shown) == {SAVINGS, "cost-avoidance", "fte", "cash"}


def test_net_is_recurring_and_one_off_together():
    rows = [row("plan", m1=900), row("plan", timing="one_off", m1=-400)]
    assert total(of_timing(rows, "recurring"), "plan", BOOKED).by == {"EUR": 900}
    assert total(of_timing(rows, "one_off"), "plan", BOOKED).by == {"EUR": -400}
    assert total(rows, "plan", BOOKED).by == {"EUR": 500}


def test_a_deviation_has_its_sign_and_its_share_of_what_it_is_held_against():
    found = deviation(Sum({"EUR": 900}), Sum({"EUR": 1_000}))
    assert (found.amount.by, found.share) == ({"EUR": -100}, Decimal("-0.1"))
    cost = deviation(Sum({"EUR": -1_100}), Sum({"EUR": -1_000}))
    assert (cost.amount.by, cost.share) == ({"EUR": -100}, Decimal("-0.1")), "more cost is worse"
    assert deviation(Sum({"EUR": 5}), Sum({})).share is None
    assert less(Sum({"EUR": 5}), Sum({"USD": 3})).by == {"EUR": 5, "USD": -3}
    assert share(Sum({"USD": 5}), Sum({"EUR": 5})) is None


def test_a_curve_is_rounded_at_each_point_and_ends_at_the_sum():
    rows = [row("plan", "USD", "0.92", m1=10_005, m2=20_005)]
    points = [each.by["EUR"] for each in cumulated(rows, "plan", BOOKED, 3)]
    assert points == [9_205, 27_609, 27_609]


def test_a_waterfall_leads_from_the_target_to_what_is_confirmed():
    steps = waterfall(1_000, 900, 950, 400, 380)
    assert [step.minor for step in steps] == [1_000, -100, 900, 50, 950, -550, 400, -20, 380]
    assert waterfall(0, 900, 950, 400, 380) == steps[2:], "without a target it begins with the plan"
    ground = None
    for step in steps:
        ground = step.minor if ground is None else ground if step.level else ground + step.minor
        assert not step.level or ground == step.minor


_CURRENCY = st.sampled_from(("EUR", "USD", "JPY"))
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(("plan", "forecast", "actual")), _CURRENCY, st.sampled_from((2026, 2027)),
        st.lists(st.integers(-(10**13), 10**13), min_size=12, max_size=12),
    ),
    max_size=20,
)  # fmt: skip


@given(_ROWS)
def test_a_sum_in_each_currency_is_the_sum_of_its_parts(given_rows):
    rows = [(Key(s, "ebitda", "recurring", c, "", y), [*m, sum(m)]) for s, c, y, m in given_rows]
    for series in ("plan", "forecast", "actual"):
        parts = {}
        for s, c, _, months in given_rows:
            if s == series:
                for amount in months:
                    parts[c] = parts.get(c, 0) + amount
        said = total(rows, series, Basis(TABLE, AUG, how=EACH)).by
        assert {c: m for c, m in said.items() if m} == {c: m for c, m in parts.items() if m}


@given(_ROWS)
def test_a_translated_sum_is_that_of_exact_parts_rounded_once(given_rows):
    rows = [(Key(s, "ebitda", "recurring", c, "", y), [*m, sum(m)]) for s, c, y, m in given_rows]
    rates = {"EUR": Decimal(1), "USD": Decimal("0.95"), "JPY": Decimal("0.6")}  # a yen is 0.6 cents
    exact = sum((Decimal(sum(m)) * rates[c] for s, c, _, m in given_rows if s == "plan"), Decimal(0))
    said = total(rows, "plan", Basis(TABLE, AUG, how=AT_PLAN)).by.get("EUR", 0)
    assert said == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


_SHARES = st.lists(
    st.tuples(
        st.sampled_from(("target", "plan", "forecast", "actual", "confirmed", "booked")),
        st.sampled_from(("EUR", "USD", "JPY", "GBP")), st.sampled_from((0, 1, 2)),
        st.lists(st.integers(-(10**9), 10**9), min_size=12, max_size=12),
    ),
    max_size=25,
)  # fmt: skip


def _kept(series, currency, months):
    """A row as it is kept: booked amounts stand in the currency of the organization; GBP has no rate at all."""
    return Key(series, "ebitda", "recurring", "EUR" if series == "booked" else currency, "", 2026), [
        *months,
        sum(months),
    ]


def _same(left, right):
    return {c: m for c, m in left.by.items() if m} == {c: m for c, m in right.by.items() if m}


@given(_SHARES, st.sampled_from((AT_BOOKED, AT_PLAN, EACH)))
def test_parts_as_shown_and_their_rounding_make_the_whole_to_the_minor_unit(given_rows, how):
    basis = Basis(TABLE, AUG, how=how)
    rows = [_kept(s, c, months) for s, c, _, months in given_rows]
    groups = [[_kept(s, c, m) for s, c, part, m in given_rows if part == n] for n in range(3)]
    whole, parts = figures(rows, basis), [figures(each, basis) for each in groups]
    apart = figures_rounding(whole, parts)
    for n, shown in enumerate(whole.all):
        assert _same(added([*(part.all[n] for part in parts), apart.all[n]]), shown)
        assert all(abs(minor) <= 2 for minor in apart.all[n].by.values()), (
            "half a unit each, and half of the sum"
        )
    months = [figures(rows, basis, span=(place, place + 1)) for place in range(12)]
    over = figures_rounding(whole, months)
    for n, shown in enumerate(whole.all):
        assert _same(added([*(month.all[n] for month in months), over.all[n]]), shown)
    others = figures(without(rows, groups[:1]), basis)
    assert all(_same(left, right) for left, right in zip(
        others.all, figures([*groups[1], *groups[2]], basis).all, strict=True
    ))  # fmt: skip


# --- the pipeline


def test_without_history_a_stage_weighs_its_prior():
    found = weights(("defined", "identified", "closed"), [])
    assert [each.weight for each in found] == [Decimal("0.3333"), Decimal("0.6667"), Decimal("1.0000")]
    assert {each.sample for each in found} == {0}


def test_weights_are_those_worked_by_hand():
    history = [
        Finished({"defined": Decimal(100_000), "decided": Decimal(80_000)}, Decimal(60_000)),
        Finished({"defined": Decimal(50_000)}, Decimal(0)),  # cancelled before it was decided
        Finished({"defined": Decimal(0), "decided": Decimal(40_000)}, Decimal(48_000)),
    ]
    defined, decided = weights(("defined", "decided"), history)
    # 60,000 of 150,000 is 0.4 from two measures; with five times the prior 0.5: (0.8 + 2.5) / 7
    assert (defined.sample, defined.brought, defined.prior) == (2, Decimal("0.4000"), Decimal("0.5000"))
    assert defined.weight == Decimal("0.4714")
    # 108,000 of 120,000 is 0.9 from two; (1.8 + 5 x 1) / 7
    assert (decided.sample, decided.brought, decided.weight) == (2, Decimal("0.9000"), Decimal("0.9714"))


@pytest.mark.parametrize("count", [1, 10, 1_000])
def test_the_prior_fades_as_history_grows(count):
    history = [Finished({"decided": Decimal(100)}, Decimal(50))] * count
    (found,) = weights(("decided",), history)
    assert abs(found.weight - Decimal("0.5")) <= Decimal("0.5") * 5 / (count + 5) + Decimal("0.0001")


def test_five_confirmed_months_stand_for_a_year():
    assert full_year(Decimal("28124.50"), 5) == Decimal("67498.80")
    assert full_year(Decimal(0), 0) == 0
    assert weighted(1_000_01, Decimal("0.4714")) == 47_140
    assert prior_of(5, 6) == 1
