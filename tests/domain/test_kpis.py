"""Operating figures without a database: values, months, text pasted from spreadsheets."""

from datetime import date
from decimal import Decimal

import pytest

from govapp.domain.kpis import (
    attained,
    explanation_fault,
    mean_of_last,
    month_of,
    promise_fault,
    read_readings,
)


@pytest.mark.parametrize("text", ["2026-05", "2026-5", "2026-05-31", "05/2026", "5.2026", " 2026/05 "])
def test_a_month_is_read_however_it_is_written(text):
    assert month_of(text) == date(2026, 5, 1)


@pytest.mark.parametrize(
    "text", ["", "May", "2026-13", "0000-01", "2026", "13/2026", "9999-01", "2026-05-31T00"]
)
def test_what_is_no_month_is_none(text):
    assert month_of(text) is None


def test_a_block_of_a_spreadsheet_is_read_row_by_row():
    found = read_readings("Month\tValue\n2026-01\t21,4\n02/2026\t20.8\n\n2026-03\t1.204,5\n")
    assert found.problems == []
    assert found.months == {
        date(2026, 1, 1): Decimal("21.4"), date(2026, 2, 1): Decimal("20.8"), date(2026, 3, 1): Decimal("1204.5"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "row", ["2026-01;11,9", "2026-01,11.9", "2026-01, 11.9", '"2026-01";"11,9"', "2026-01 11.9"]
)
def test_columns_are_set_apart_by_what_is_there(row):
    assert read_readings(row).months == {date(2026, 1, 1): Decimal("11.9")}


def test_every_row_that_cannot_be_read_is_named():
    text = "2026-01\tfew\n2026-02\n2026-03\t1\n2026-03\t2\nlater\t5\n2026-04\t1e400\n2026-05\tNaN\n2026-06\t1,234"
    found = read_readings(text)
    assert found.problems == [
        (1, "number"), (2, "reading_missing"), (4, "month_twice"), (5, "reading_month"), (6, "number"), (7, "number"),
        (8, "ambiguous"),
    ]  # fmt: skip


def test_a_long_block_is_refused_whole():
    assert read_readings("2026-01\t1\n" * 601).problems == [(601, "too_many_rows")]


@pytest.mark.parametrize(
    ("better", "baseline", "target", "reading", "percent"),
    [("lower", 100, 50, 75, 50), ("higher", 50, 100, 60, 20), ("lower", 100, 50, 110, -20), ("lower", 5, 5, 5, 100),
     ("higher", 5, 5, 4, 0), ("lower", 100, 50, 40, 120)],
)  # fmt: skip
def test_how_much_of_the_way_is_covered(better, baseline, target, reading, percent):
    assert attained(better, baseline, target, reading) == percent


def test_the_mean_of_the_last_readings():
    assert mean_of_last([("a", 1), ("b", 2), ("c", 6)], 2) == 4
    assert mean_of_last([("a", 1)], 2) is None


def test_a_target_is_better_than_the_baseline_or_keeps_the_level():
    assert promise_fault("lower", 10, 11) == promise_fault("higher", 10, 9) == "target_worse"
    assert promise_fault("lower", 10, 10) == promise_fault("lower", None, 11) == ""


def test_an_explanation_says_something():
    assert explanation_fault("Too hot.") == "explanation_short"
    assert explanation_fault("x" * 2001) == "too_long"
    assert explanation_fault("x" * 50) == ""
