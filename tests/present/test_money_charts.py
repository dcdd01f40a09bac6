"""Charts of money: where bars and points lie, what the captions say."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from govapp.domain.exchange import RateTable
from govapp.domain.rollups import Basis, Key, Sum, waterfall
from govapp.present.chart_curve import CurveSeries, curve
from govapp.present.chart_waterfall import waterfall_chart
from govapp.present.finance import lacking_sentences, left_sentence, sum_text
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


def test_more_than_was_forecast_is_not_called_missing():
    chart = waterfall_chart(waterfall(0, 100_00, 100_00, 150_00, 160_00), "EUR", "2026")
    assert [bar.name for bar in chart.bars if not bar.level] == [
        "Change of forecast", "Forecast to actual", "Actual to confirmed",
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
    assert [(each.cumulative, each.monthly, each.waterfall) for each in nothing.drawn] == [(None, None, None)]
    rows = [
        row("plan", 100_000, 100_000),
        row("forecast", 90_000, 100_000),
        row("actual", 90_000),
        row("confirmed", 85_000),
        row("booked", 85_000),
    ]
    (found,) = year_charts(rows, basis, "plan", 2026, 2, "EUR", "2026").drawn
    assert found.cumulative.caption == (
        "To Feb 2026 EUR 900 of EUR 2 k planned have come (45 %), EUR 850 of it confirmed; "
        "the forecast of the year is EUR 100 below plan"
    )
    assert found.monthly.caption == "Actual and plan are furthest apart in Jan 2026"


def of_months(series, currency, *months):
    amounts = [*months, *[0] * (12 - len(months))]
    return Key(series, "ebitda", "recurring", currency, "", 2026), [*amounts, sum(amounts)]


def test_a_year_that_begins_with_cost_is_told_without_shares():
    rows = [
        of_months("plan", "EUR", -100_000, 200_000),
        of_months("forecast", "EUR", -100_000, 200_000),
        of_months("actual", "EUR", -120_000),
        of_months("confirmed", "EUR", -120_000),
        of_months("booked", "EUR", -120_000),
    ]
    basis = Basis(RateTable("EUR"), date(2026, 11, 20))
    (found,) = year_charts(rows, basis, "plan", 2026, 1, "EUR", "2026").drawn
    assert found.cumulative.caption == (
        "To Jan 2026: actual EUR −1.2 k, plan EUR −1 k, confirmed EUR −1.2 k; "
        "the forecast of the year keeps to the plan"
    )
    assert found.waterfall.caption == "For 2026 EUR −1.2 k are confirmed, the plan is EUR 1 k"


def test_one_amount_without_a_rate_leaves_the_charts_and_they_say_so():
    table = RateTable("EUR", {"USD": ((date(2026, 1, 1), Decimal("0.92")),)})
    rows = [
        of_months("plan", "EUR", 100_000),
        of_months("forecast", "EUR", 100_000),
        of_months("actual", "EUR", 90_000),
        of_months("actual", "USD", 0, 1_000),
    ]
    found = year_charts(rows, Basis(table, date(2026, 11, 20)), "plan", 2026, 2, "EUR", "2026")
    (drawn,) = found.drawn
    assert drawn.waterfall.caption == "Nothing is confirmed for 2026 yet; amounts in USD are left out"
    assert drawn.cumulative.caption.endswith("amounts in USD are left out")
    assert left_sentence(found.left) == "Not in the charts, for want of a rate: actual USD 10."


def test_a_series_that_stands_in_another_currency_alone_draws_no_line_and_no_step_to_nothing():
    rows = [of_months("plan", "EUR", 100_000), of_months("forecast", "USD", 100_000)]
    found = year_charts(rows, Basis(RateTable("EUR"), date(2026, 11, 20)), "plan", 2026, 2, "EUR", "2026")
    (drawn,) = found.drawn
    assert [line.key for line in drawn.cumulative.lines] == ["plan", "actual", "confirmed"]
    assert drawn.cumulative.caption == "What of the year stands in EUR; amounts in USD are left out"
    assert drawn.waterfall is None


def test_currencies_that_stand_for_themselves_have_charts_of_their_own():
    rows = [of_months("plan", "EUR", 100_000), of_months("plan", "USD", 50_000)]
    basis = Basis(RateTable("EUR"), date(2026, 11, 20), how="each")
    found = year_charts(rows, basis, "plan", 2026, 2, "EUR", "2026")
    assert [(each.unit, each.waterfall.caption) for each in found.drawn] == [
        ("EUR", "Nothing is confirmed for 2026 yet"), ("USD", "Nothing is confirmed for 2026 yet"),
    ]  # fmt: skip
    assert not any(found.left.all)


def test_the_months_of_a_table_stand_above_their_year_with_what_rounding_leaves():
    table = RateTable("EUR", {"USD": ((date(2026, 1, 1), Decimal("0.92")),)})
    rows = [of_months("plan", "USD", 10_005, 20_005), of_months("forecast", "EUR", 100)]
    (drawn,) = year_charts(rows, Basis(table, date(2026, 11, 20)), "plan", 2026, 2, "EUR", "2026").drawn
    plan = [cells[0] for _month, cells in drawn.monthly.rows][:2]
    assert plan == ["92.05", "184.05"]
    assert [(name, cells[0]) for name, cells in drawn.monthly.sums] == [
        ("Rounding", "−0.01"),
        ("Year", "276.09"),
    ]


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
