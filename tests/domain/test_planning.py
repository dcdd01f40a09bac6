"""Amounts by month, counted by hand: run rate with ramp, run rates that follow, forecasts that move."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.planning import (
    apart,
    fiscal_months,
    fiscal_year,
    following,
    later,
    levelled,
    ramped,
    shifted,
)


def month(number: int, year: int = 2026) -> date:
    return date(year, number, 1)


def percents(*values: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) for value in values)


def test_a_ramp_of_half_and_three_quarters_then_full_months():
    # 84,000.00 a year: 7,000.00 a month, of which 50 % and 75 %
    assert ramped(8_400_000, percents(50, 75, 100), 5) == [350_000, 525_000, 700_000, 700_000, 700_000]


def test_twelve_full_months_make_the_run_rate_with_the_residual_in_the_last():
    # 1,000.00 a year: 83.333..., so eleven times 83.33 and once 83.37
    months = ramped(100_000, (), 24)
    assert months == ([8_333] * 11 + [8_337]) * 2
    assert sum(months) == 200_000


def test_a_cost_is_rounded_away_from_zero_as_a_gain_is():
    assert ramped(-100_000, percents(50), 2) == [-4_167, -8_333]


@given(st.integers(-(10**15), 10**15), st.integers(0, 24))
def test_every_twelve_full_months_make_the_run_rate(run_rate, ramp):
    months = ramped(run_rate, percents(*[50] * ramp), ramp + 36)
    assert sum(months[ramp:]) == 3 * run_rate
    assert len(months) == ramp + 36


def test_posts_are_a_level_and_no_flow():
    assert levelled(14_000, percents(50), 3) == [7_000, 14_000, 14_000]


def test_a_run_rate_follows_the_last_plan_month_where_it_did_before():
    assert following(None, None, 700, 12) == 8_400
    assert following(8_400, 700, 800, 12) == 9_600
    assert following(9_000, 700, 800, 12) == 9_000
    assert following(8_400, None, 800, 12) == 8_400
    assert following(8_400, 700, None, 12) is None
    assert following(14_000, 14_000, 7_000, 1) == 7_000


def test_a_fiscal_year_is_named_by_the_calendar_year_in_which_it_begins():
    assert fiscal_year(date(2026, 3, 31), 4) == 2025
    assert fiscal_year(date(2026, 4, 1), 4) == 2026
    assert fiscal_months(2026, 4)[0] == month(4)
    assert fiscal_months(2026, 4)[-1] == month(3, 2027)
    assert len(fiscal_months(2026, 1, 3)) == 36


def test_months_are_counted_over_the_turn_of_years():
    assert later(month(11), 3) == month(2, 2027)
    assert later(month(2), -3) == month(11, 2025)
    assert apart(month(11), month(2, 2027)) == 3


def test_a_forecast_moves_as_a_whole():
    forecast = {month(5): 50, month(6): 75, month(7): 100}
    assert shifted(forecast, 2, None, ()) == (
        2,
        {month(5): None, month(6): None, month(7): 50, month(8): 75, month(9): 100},
    )


def test_what_is_closed_or_has_an_actual_stays():
    forecast = {month(n): 10 * n for n in range(1, 7)}
    by, changed = shifted(forecast, 1, month(2), [month(3)])
    assert by == 1
    assert changed == {month(4): None, month(5): 40, month(6): 50, month(7): 60}


def test_an_earlier_milestone_moves_no_amount_into_a_closed_month():
    forecast = {month(6): 1, month(7): 2}
    assert shifted(forecast, -4, month(3), ()) == (
        -2,
        {month(4): 1, month(5): 2, month(6): None, month(7): None},
    )
    assert shifted(forecast, -4, month(5), ()) == (0, {})


@given(
    st.dictionaries(st.integers(1, 36), st.integers(-999, 999), max_size=20),
    st.integers(-20, 20),
    st.one_of(st.none(), st.integers(1, 36)),
)
def test_moving_keeps_the_sum_and_the_closed_months(forecast, by, closed):
    start = month(1, 2020)
    cells = {later(start, n): amount for n, amount in forecast.items()}
    until = later(start, closed) if closed else None
    _, changed = shifted(cells, by, until, ())
    after = {m: a for m, a in {**cells, **changed}.items() if a is not None}
    assert sum(after.values()) == sum(cells.values())
    if until:
        assert all(m > until for m in changed)


@pytest.mark.parametrize("by", [0, 1, -1])
def test_nothing_to_move_moves_nothing(by):
    assert shifted({}, by, None, ()) == (0, {})
