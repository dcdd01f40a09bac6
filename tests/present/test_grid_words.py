"""Cells of the grid in words, in the history and beside a refusal."""

from types import SimpleNamespace

import pytest

from govapp.domain.events import Event
from govapp.present.grid import year_label
from govapp.present.grid_words import cell_said
from govapp.present.history import Names, sentence

LINES = {"7": ["Calls", "EUR"], "8": ["Setup", "JPY"]}
FEW = {"7": {"plan": {"2026-05": [None, 70_050]}, "actual": {"total": [100, None]}}}
MANY = {"7": {"plan": {f"2026-0{n}": [1, 2] for n in range(1, 4)}}, "8": {"forecast": {"2026-05": [1, 2]}}}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (FEW, ("2 amounts entered (Plan, Actual) on “Calls”: plan 2026-05 from – to EUR 700.50; "
              "actual whole life from EUR 1 to –")),
        (MANY, "4 amounts entered (Plan, Forecast) on “Calls”, “Setup”"),
    ],
)  # fmt: skip
def test_the_history_names_series_and_lines_and_a_few_amounts_in_full(cells, said):
    assert sentence(Event.GRID_CHANGED, {"cells": cells, "lines": LINES}, Names()) == said


def test_the_history_says_what_moved_with_a_milestone():
    payload = {"milestone": 3, "name": "Live", "months": -1, "lines": {"7": LINES["7"]}, "cells": {}}
    said = "Milestone “Live” moved by 1 month, and the forecast of “Calls” with it"
    assert sentence(Event.FORECAST_SHIFTED, payload, Names()) == said


def test_a_cell_is_said_by_line_series_and_month():
    lines = [SimpleNamespace(id=7, name="Calls", currency="EUR")]
    assert cell_said("7:plan:2026-05", lines) == ("Calls, Plan, May 2026", "EUR")
    assert cell_said("7:confirmed:total", lines) == ("Calls, Confirmed, whole life", "EUR")
    assert cell_said("source", lines) == ("source", "")


def test_a_fiscal_year_that_begins_in_april_bears_both_years():
    assert (year_label(2026, 1), year_label(2026, 4), year_label(2099, 4)) == ("2026", "2026/27", "2099/00")
