"""The three real files: counts, totals recomputed by a simpler path, and what is odd about them."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from govapp.domain.imports import Mapping, ReadRow, read_rows

DEMO = Path(__file__).parents[2] / "demo"
COUNTS = {2019: 133, 2020: 125, 2023: 244}
COLUMNS = {
    2019: {
        ("In-year cost 2019", "baseline"): 8,
        ("In-year cost 2019", "forecast"): 9,
        ("Whole life cost", "plan"): 10,
    },
    2020: {
        ("In-year cost 2020", "baseline"): 8,
        ("In-year cost 2020", "forecast"): 9,
        ("Whole life cost", "plan"): 10,
    },
    2023: {
        ("In-year cost 2023", "baseline"): 12,
        ("In-year cost 2023", "forecast"): 13,
        ("Whole life cost", "plan"): 15,
        ("Whole life benefits", "plan"): 17,
    },
}


def rows_of(year: int) -> list[ReadRow]:
    mapping = Mapping.from_dict(yaml.safe_load((DEMO / "mappings" / f"gmpp-{year}.yaml").read_text("utf-8")))
    return list(read_rows(mapping, (DEMO / "uk-gmpp" / f"uk_{year}.csv.gz").read_bytes()))


def cells_by_hand(year: int) -> Iterator[list[str]]:
    """Split the file character by character, without the csv module or the decoder under test."""
    text = gzip.decompress((DEMO / "uk-gmpp" / f"uk_{year}.csv.gz").read_bytes()).decode("latin-1")
    mark = ";" if year == 2023 else ","
    cell, row, quoted = "", [], False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in (mark, "\n"):
            row.append(cell.strip())
            cell = ""
            if sign == "\n":
                yield row
                row = []
        else:
            cell += sign
    if cell.strip():
        yield [*row, cell.strip()]


@pytest.mark.parametrize("year", COUNTS)
def test_every_project_is_read_and_none_refused(year: int) -> None:
    rows = rows_of(year)
    assert len(rows) == COUNTS[year]
    assert [row.problems for row in rows if row.problems] == []
    assert {row.year for row in rows} == {year}
    assert len({row.name for row in rows}) == COUNTS[year]


@pytest.mark.parametrize("year", COUNTS)
def test_the_totals_are_those_of_the_bare_columns(year: int) -> None:
    read: Counter[tuple[str, str]] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    for amount in (amount for row in rows_of(year) for amount in row.amounts):
        assert amount.currency == "GBP"
        read[amount.name, amount.series] += amount.amount  # type: ignore[assignment]
        counted[amount.name, amount.series] += 1
    table = list(cells_by_hand(year))[1:]
    assert len(table) == COUNTS[year]
    for key, place in COLUMNS[year].items():
        written = [re.sub("[£,]", "", row[place]) for row in table]
        numbers = [Decimal(text) for text in written if re.fullmatch(r"-?[0-9.]+", text)]
        sign = 1 if key[0] == "Whole life benefits" else -1
        assert (read[key], counted[key]) == (sum(numbers) * 1_000_000 * sign, len(numbers))
    assert set(read) == set(COLUMNS[year])


@pytest.mark.parametrize("year", COUNTS)
def test_every_cell_that_is_no_date_or_amount_is_kept_as_a_remark(year: int) -> None:
    places = {2019: (5, 6, 8, 9, 10), 2020: (5, 6, 8, 9, 10), 2023: (9, 10, 12, 13, 15, 17)}[year]
    words = sum(
        bool(re.match("[A-Z]", row[place])) for row in list(cells_by_hand(year))[1:] for place in places
    )
    labels = (
        "start_date",
        "end_date",
        "yearly_budget",
        "yearly_forecast",
        "wlc_baseline_incl_NCG",
        "total_baseline",
        "forecast_incl_NGC",
        "TOTAL Baseline Benefits (£m)",
    )
    kept = [
        remark
        for row in rows_of(year)
        for remark in row.remarks
        if remark.code == "no_value" and remark.label in labels
    ]
    assert len(kept) == words


def test_ratings_become_colours_and_the_word_as_written_is_kept() -> None:
    colours = {
        year: Counter(status.colour for row in rows_of(year) for status in row.statuses) for year in COUNTS
    }
    assert colours == {
        2019: {"yellow": 122, "green": 4, "red": 4},
        2020: {"yellow": 109, "red": 11, "green": 3},
        2023: {"yellow": 183, "green": 26, "red": 23},
    }
    assert (
        sum(
            remark.text == "Amber/Red"
            for row in rows_of(2019)
            for remark in row.remarks
            if remark.code == "mapped"
        )
        == 38
    )


def test_the_one_undefined_byte_of_2020_is_replaced_and_told() -> None:
    odd = [
        (row.name, remark.label)
        for row in rows_of(2020)
        for remark in row.remarks
        if remark.code == "replaced_bytes"
    ]
    assert len(odd) == 1
    assert odd[0][1] == "description_aims"


def test_a_project_in_early_planning_is_not_opened_as_decided() -> None:
    assert Counter(row.open_at for row in rows_of(2023)) == {"decided": 243, "identified": 1}


def test_reading_a_file_again_gives_the_same_rows() -> None:
    assert rows_of(2023) == rows_of(2023)
