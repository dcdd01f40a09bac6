"""Cells of the grid: their names, the months a line may hold, what stands still."""

from datetime import date

import pytest

from govapp.domain.cells import Life, cell_of, month_fault, name_of, series_fault, standing_fault

MAY = date(2026, 5, 1)


@pytest.mark.parametrize("cell", [(12, "plan", MAY), (3, "actual", None)])
def test_a_cell_is_found_again_by_its_name(cell):
    assert cell_of(name_of(cell)) == cell


@pytest.mark.parametrize(
    "name", ["", "12", "12:plan", "x:plan:2026-05", "12:plan:2026-13", "12::total", "9" * 20 + ":plan:total"]
)
def test_what_is_no_name_of_a_cell_is_none(name):
    assert cell_of(name) is None


TODAY = date(2026, 11, 26)


def test_months_outside_the_life_of_a_line_are_refused():
    def fault(series, month, life=Life(planned=date(2026, 5, 17), expected=date(2026, 7, 1))):  # noqa: B008  # a value
        return month_fault(series, month, life, TODAY)

    assert fault("plan", date(2026, 4, 1)) == "month_before_start"
    assert fault("plan", MAY) == ""
    assert fault("forecast", date(2026, 6, 1)) == "month_before_start"
    assert fault("forecast", date(2026, 7, 1)) == ""
    assert fault("baseline", date(2025, 1, 1)) == ""
    assert fault("baseline", date(1976, 6, 1)) == "month_out_of_range"
    assert fault("actual", date(2026, 4, 1)) == ""
    assert fault("plan", date(2036, 7, 1)) == ""
    assert fault("plan", date(2036, 8, 1)) == "month_out_of_range"
    assert fault("plan", date(2037, 1, 1), Life()) == "month_out_of_range"
    assert fault("plan", date(1949, 12, 1), Life()) == "date_out_of_range"
    assert fault("plan", date(2036, 11, 1), Life()) == ""
    assert fault("plan", None) == ""


def test_an_actual_amount_of_a_month_that_has_not_begun_is_refused():
    assert month_fault("actual", date(2026, 11, 1), Life(), TODAY) == ""
    assert month_fault("actual", date(2026, 12, 1), Life(), TODAY) == "month_ahead"
    assert month_fault("forecast", date(2026, 12, 1), Life(), TODAY) == ""


def test_confirmed_amounts_belong_to_the_ledger():
    assert series_fault("confirmed") == "confirmed_not_entered"
    assert series_fault("wishes") == "unknown_choice"
    assert series_fault("forecast") == ""


def test_what_stands_still_says_why():
    still = {"frozen": True, "confirmed": True, "closed": True}
    assert standing_fault("plan", **still) == "plan_frozen"
    assert standing_fault("actual", **still) == "amount_confirmed"
    assert standing_fault("forecast", **still) == "period_locked"
    assert standing_fault("baseline", **still) == ""
    assert standing_fault("target", **still) == ""
