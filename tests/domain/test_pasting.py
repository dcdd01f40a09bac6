"""Tables of amounts: read by locale, refused whole, every fault with its row and column."""

from datetime import date
from decimal import Decimal

import pytest

from govapp.domain.number_text import NumberRefused, read_number, write_number
from govapp.domain.pasting import read_table, rows_of_text, template_rows

LINES = {7: ("Calls", "EUR"), 8: ("Setup", "JPY"), 9: ("Posts", "")}
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def read(text: str, mark: str = ""):
    return read_table(rows_of_text(text), LINES, mark)


def said(pasted) -> list[tuple[int, int, str]]:
    return [(each.place.row, each.place.column, each.code) for each in pasted.problems]


def test_rows_are_lines_and_series_and_columns_are_months():
    found = read(
        "Line\tSeries\tWhole life\t2026-05\t2026-06\n7\tplan\t\t700.50\t-3\nsetup\tForecast\t5\t\t1000\n"
    )
    assert not found.problems
    assert found.amounts == {
        (7, "plan", None): None, (7, "plan", MAY): Decimal("700.50"), (7, "plan", JUNE): Decimal(-3),
        (8, "forecast", None): Decimal(5), (8, "forecast", MAY): None, (8, "forecast", JUNE): Decimal(1000),
    }  # fmt: skip
    assert (found.places[8, "forecast", JUNE].row, found.places[8, "forecast", JUNE].column) == (3, 5)


def test_every_fault_is_named_by_row_and_column():
    found = read(
        "Line;Series;2026-05;2026-06\n7;plan;1e400;NaN\n12;plan;1;1\n7;confirmed;1;1\n7;wishes;1;1\n"
        "7;plan;1;1\n9;plan;1,234;-\n7;forecast;twelve;9999999999999999\n"
    )
    assert said(found) == [
        (2, 3, "number"), (2, 4, "number"), (3, 1, "line_unknown"), (4, 2, "confirmed_not_entered"),
        (5, 2, "unknown_choice"), (6, 2, "cell_twice"), (7, 3, "ambiguous"), (7, 4, "number"), (8, 3, "number"),
        (8, 4, "digits"),
    ]  # fmt: skip
    assert found.problems[0].value == "1e400"
    assert found.problems[0].heading == "2026-05"


@pytest.mark.parametrize(
    ("heads", "faults"),
    [
        ("", [(1, 1, "table_empty")]),
        ("Series,2026-05", [(1, 1, "column_missing")]),
        ("Line,Series,2026-13,May", [(1, 3, "column_unknown"), (1, 4, "column_unknown")]),
        ("Line,Series,2026-05,2026-05-01", [(1, 3, "column_twice"), (1, 4, "column_twice")]),
    ],
)
def test_headings_that_do_not_hold_together_are_named(heads, faults):
    assert said(read(heads + "\n7,plan,1,1\n" if heads else heads)) == faults


def test_a_name_that_two_lines_bear_names_neither():
    assert said(read_table([["Line", "Series", "2026-05"], ["Calls", "plan", "1"]],
                           {1: ("Calls", "EUR"), 2: ("calls", "EUR")})) == [(2, 1, "line_unknown")]  # fmt: skip


def test_cells_of_a_workbook_come_as_numbers_and_days():
    table = [["Line", "Series", date(2026, 5, 1)], [Decimal(7), "plan", Decimal("84000.5")]]
    assert read_table(table, LINES).amounts == {(7, "plan", MAY): Decimal("84000.5")}
    table[1][2] = date(2026, 1, 1)
    assert said(read_table(table, LINES)) == [(2, 3, "number")]


def test_the_template_reads_back_as_what_is_there():
    amounts = {(7, "plan", MAY): Decimal("0.10"), (9, "forecast", None): Decimal("1.2345")}
    rows = template_rows([(n, *LINES[n]) for n in LINES], ("plan", "forecast"), (MAY, JUNE), amounts)
    text = "\n".join(",".join("" if value is None else str(value) for value in row) for row in rows)
    found = read(text)
    assert not found.problems
    assert {cell: amount for cell, amount in found.amounts.items() if amount is not None} == amounts


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("84,000", ",", "84"), ("84,000", ".", "84000"), ("84,000", "", "84000"), ("84.000", ",", "84000"),
        ("84.000", ".", "84"), ("84.000,5", ".", "84000.5"), ("1.5", ",", "1.5"), ("1'234.5", ",", "1234.5"),
        ("84 000", ",", "84000"), ("−7,5", ".", "-7.5"),
    ],
)  # fmt: skip
def test_the_readers_decimal_mark_decides_only_where_both_readings_are_possible(text, mark, number):
    assert read_number(text, 2, mark) == Decimal(number)


def test_posts_with_three_decimals_are_read_once_the_mark_is_chosen():
    with pytest.raises(NumberRefused, match="ambiguous"):
        read_number("1,234", 4)
    assert read_number("1,234", 4, ",") == Decimal("1.234")
    assert write_number(Decimal("1.234"), ",") == "1,2340"
    assert read_number(write_number(Decimal("1.234"), ","), 4, ",") == Decimal("1.234")


def test_forty_thousand_headings_are_refused_before_they_are_read():
    heads = ["Line", "Series", *["2026-05"] * 40_000]
    assert said(read_table([heads, ["7", "plan"]], LINES)) == [(1, 1, "too_many_columns")]


def test_a_table_of_too_many_cells_is_refused_before_its_amounts_are_read():
    months = [f"{2000 + n // 12}-{n % 12 + 1:02}" for n in range(500)]
    rows = [["7", "plan", *["NaN"] * 500] for _ in range(100)]
    assert said(read_table([["Line", "Series", *months], *rows], LINES)) == [(1, 1, "too_many_cells")]
    assert said(read_table([["Line", "Series"], *[["7", "plan"]] * 50_000], LINES)) == [
        (1, 1, "too_many_cells")
    ]
