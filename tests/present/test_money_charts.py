"""Charts of money: where bars and points lie, what the captions say."""

from datetime import date
from itertools import pairwise

import pytest

from govapp.domain.exchange import RateTable
from govapp.domain.rollups import Basis, Key, Sum, waterfall
from govapp.present.chart_curve import CurveSeries, curve
from govapp.present.chart_waterfall import waterfall_chart
from govapp.present.finance import lacking_sentences, sum_text
from govapp.present.finance_charts import year_charts


def test_bars_of_a_waterfall_hang_where_the_one_before_ended():
    chart = waterfall_chart(waterfall(100_000, 90_000, 95_000, 40_000, 38_000), "EUR", "2026")
    levels = {bar.name: bar for bar in chart.bars}
    unit = levels["Target"].width / 1000
    assert levels["Plan"].width == pytest.approx(900 * unit, abs=0.2)
    change = levels["Planned above or below"]
    assert (change.x, change.less) == (pytest.approx(levels["Plan"].x + levels["Plan"].width, abs=0.2), True)
    assert change.label == "−100"
    assert levels["Change of forecast"].label == "+50"
    assert levels["Confirmed"].width == pytest.approx(380 * unit, abs=0.2)
    assert chart.caption == "EUR 380 of the target of EUR 1 k for 2026 are confirmed, 38 %"
    assert [row.text for row in chart.rows] == [
        "1,000", "−100", "900", "+50", "950", "−550", "400", "−20", "380",
    ]  # fmt: skip


def test_costs_hang_below_the_ground():
    chart = waterfall_chart(waterfall(0, -50_000, -40_000, -40_000, 0), "EUR", "2026")
    plan = next(bar for bar in chart.bars if bar.name == "Plan")
    assert plan.x + plan.width == pytest.approx(chart.base_x, abs=0.2)
    assert chart.caption == "Nothing is confirmed for 2026 yet"


def test_a_curve_keeps_its_points_in_the_frame_and_its_labels_apart():
    months = [f"M{n}" for n in range(12)]
    series = [
        CurveSeries("plan", "Plan", tuple(range(0, 1_200, 100))),
        CurveSeries("forecast", "Forecast", tuple(range(0, 1_200, 100))),
        CurveSeries("actual", "Actual", (*range(0, 500, 100), *[None] * 7)),
        CurveSeries("confirmed", "Confirmed", (-300, *[None] * 11)),
    ]
    drawn = curve(series, months, "EUR", "A caption", "A head", 5)
    points = [tuple(map(float, pair.split(","))) for line in drawn.lines for pair in line.points.split()]
    assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in points)
    heights = sorted(line.label_y for line in drawn.lines)
    assert all(after - before >= 12.9 for before, after in pairwise(heights))
    assert drawn.ticks[0][1] == "−5"
    assert drawn.rows[0] == ("M0", ("0", "0", "0", "−3"))


def test_a_year_without_amounts_draws_nothing_and_one_with_them_says_what_it_finds():
    basis = Basis(RateTable("EUR"), date(2026, 11, 20))

    def row(series, *months):
        amounts = [*months, *[0] * (12 - len(months))]
        return Key(series, "ebitda", "recurring", "EUR", "", 2026), [*amounts, sum(amounts)]

    nothing = year_charts([], basis, "plan", 2026, 10, "EUR", "2026")
    assert (nothing.cumulative, nothing.monthly, nothing.waterfall) == (None, None, None)
    rows = [
        row("plan", 100_000, 100_000),
        row("forecast", 90_000, 100_000),
        row("actual", 90_000),
        row("booked", 85_000),
    ]
    found = year_charts(rows, basis, "plan", 2026, 2, "EUR", "2026")
    assert found.cumulative.caption == (
        "To Feb 2026 EUR 900 of EUR 2 k planned have come (45 %), EUR 850 of it confirmed; "
        "the forecast of the year is EUR 100 below plan"
    )
    assert found.monthly.caption == "Actual and plan are furthest apart in Jan 2026"


def test_missing_rates_are_said_once_for_each_currency():
    said = lacking_sentences(
        [("USD", "actual", "2026-03-01"), ("USD", "actual", "2026-02-01"), ("GBP", "plan", "2026-11-20")]
    )
    assert said == [
        "There is no plan rate of GBP on 20 Nov 2026.", "There is no actual rate of USD for Feb 2026 and Mar 2026.",
    ]  # fmt: skip


def test_sums_in_one_currency_are_bare_numbers_and_others_bear_their_codes():
    assert sum_text(Sum({"EUR": 123_450}), "EUR") == "1,234.50"
    assert sum_text(Sum({"EUR": 100, "USD": 5_000}), "EUR") == "EUR 1 · USD 50"
    assert sum_text(Sum({"": 14_000}), "") == "1.4"
    assert sum_text(Sum(), "EUR") == "–"
