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


def test_months_outside_the_life_of_a_line_are_refused():
    slipped = Life(planned=date(2026, 5, 17), expected=date(2026, 7, 1))
    assert month_fault("plan", date(2026, 4, 1), slipped) == "month_before_start"
    assert month_fault("plan", MAY, slipped) == ""
    assert month_fault("forecast", date(2026, 6, 1), slipped) == "month_before_start"
    assert month_fault("forecast", date(2026, 7, 1), slipped) == ""
    assert month_fault("baseline", date(2025, 1, 1), slipped) == ""
    assert month_fault("actual", date(2026, 4, 1), slipped) == ""
    assert month_fault("actual", date(2077, 1, 1), slipped) == "month_out_of_range"
    assert month_fault("plan", date(1949, 12, 1), Life()) == "date_out_of_range"
    assert month_fault("plan", date(2200, 12, 1), Life()) == ""
    assert month_fault("plan", None, slipped) == ""


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
