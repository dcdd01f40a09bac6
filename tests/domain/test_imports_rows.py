"""Reading rows: which column means what, what is kept as a remark, and what refuses a row."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from govapp.domain.imports import Mapping, ReadRow, match_name, read_names, read_rows
from govapp.present.imports import problem_sentence

HEADER = ["No", "Project", "Unit", "Rating", "Start", "Budget", "Note"]


def mapping(**changes: Any) -> Mapping:
    keys: dict[str, Any] = {
        "name": "Test",
        "source": "test",
        "encoding": "utf-8",
        "delimiter": "comma",
        "key": "No",
        "title": "Project",
        "branch": [{"kind": "program", "column": "Unit"}],
        "dates": {"date_forms": ["dd.mm.yyyy"]},
        "milestones": [{"name": "Start", "which": "plan", "column": "Start"}],
        "amount_style": {"thousands": "comma", "signs": {"£": "GBP"}},
        "amounts": [
            {
                "line": "Budget",
                "kind": "ebitda",
                "category": "run-cost",
                "timing": "recurring",
                "series": "plan",
                "column": "Budget",
                "scale": 1000,
                "sign": -1,
                "currency": "GBP",
            }
        ],
        "statuses": [{"column": "Rating", "values": {"Green": "green", "Amber/Red": "yellow"}}],
        "open_at": "decided",
        "no_value": {"texts": ["n/a"], "patterns": ["Exempt under .*"], "empty": ["?"]},
        "remarks": ["Note"],
    }
    return Mapping.from_dict({**keys, **changes})


def text_of(*rows: list[str], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def read(*rows: list[str], **changes: Any) -> list[ReadRow]:
    return list(read_rows(mapping(**changes), text_of(HEADER, *rows).encode()))


GOOD = ["A-1", "Bridge", "Roads", "Green", "01.02.2024", "£1,234.5", "Fine"]


def with_cell(column: str, value: str) -> list[str]:
    row = list(GOOD)
    row[HEADER.index(column)] = value
    return row


def sentence(row: ReadRow) -> str:
    assert len(row.problems) == 1, row.problems
    return problem_sentence(row.problems[0])


def test_a_good_row_says_all_it_holds() -> None:
    (row,) = read(GOOD)
    assert row.problems == ()
    assert (row.number, row.line, row.key, row.name, row.source) == (2, 2, "A-1", "Bridge", "test")
    assert row.branch == (("program", "Roads"),)
    assert [(stone.name, stone.which, stone.on) for stone in row.milestones] == [
        ("Start", "plan", date(2024, 2, 1))
    ]
    (amount,) = row.amounts
    assert (amount.line, amount.amount, amount.currency) == ("budget", Decimal(-1234500), "GBP")
    assert [(status.kind, status.colour) for status in row.statuses] == [("implementation", "green")]
    assert row.open_at == "decided"
    assert [(remark.code, remark.label, remark.text) for remark in row.remarks] == [("kept", "Note", "Fine")]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("Start", "31.02.2024", "Row 2, “Start”, value “31.02.2024”: this is no date"),
        ("Budget", "much", "Row 2, “Budget”, value “much”: this is no amount"),
        (
            "Budget",
            "€5",
            "Row 2, “Budget”, value “€5”: the amount bears a currency sign that is not the one stated (GBP)",
        ),
        ("Budget", "0.000001", "finer than 2 decimals"),
        (
            "Rating",
            "Purple",
            "Row 2, “Rating”, value “Purple”: this word is not in the value map; known are: green, amber/red",
        ),
        ("Project", "", "Row 2, “Project”: the name is missing"),
        ("Project", "x" * 201, "the text is longer than 200 characters"),
        ("No", "k" * 101, "the text is longer than 100 characters"),
        ("Note", "n" * 10_241, "the text is longer than 10240 characters"),
        (
            "Start",
            "01.02.1024",
            "Row 2, “Start”, value “1024-02-01”: Please give a day between 1950 and 2200.",
        ),
        ("Unit", "u" * 201, "the text is longer than 200 characters"),
        ("Note", "a\0b", "Row 2, “Note”, value “a␀b”: there is a NUL character"),
    ],
)
def test_a_refused_row_names_row_column_and_value(column: str, value: str, said: str) -> None:
    (row,) = read(with_cell(column, value))
    assert said in sentence(row)


def test_every_fault_of_a_row_is_told_at_once() -> None:
    (row,) = read(["A-1", "Bridge", "Roads", "Purple", "soon", "much", ""])
    assert [problem.code for problem in row.problems] == ["bad_date", "bad_amount", "unknown_value"]


def test_neither_key_nor_name_refuses_the_row() -> None:
    (row,) = read(["", "", "Roads", "", "", "", "x"])
    assert "neither a key nor a name" in sentence(row)


def test_a_missing_key_is_refused_only_where_measures_are_found_by_it() -> None:
    assert "the key is missing" in sentence(read(with_cell("No", ""), match="key")[0])
    assert read(with_cell("No", ""), match="key_then_name")[0].problems == ()


def test_a_key_met_twice_is_refused_with_the_row_that_bore_it_first() -> None:
    first, second = read(GOOD, with_cell("Project", "Tunnel"))
    assert first.problems == ()
    assert "Row 3, “No”, value “A-1”: the key stands already in row 2" in sentence(second)


def test_a_name_met_twice_is_refused_when_names_tell_measures_apart() -> None:
    rows = [with_cell("No", "A-1"), ["A-2", " BRIDGE ", *GOOD[2:]]]
    assert [row.problems for row in read(*rows)] == [(), ()]
    assert "the name stands already in row 2" in sentence(read(*rows, match="name")[1])


def test_a_row_without_key_may_not_bear_the_name_of_another_row() -> None:
    other = ["A-2", *GOOD[1:]]
    assert [bool(row.problems) for row in read(GOOD, with_cell("No", ""))] == [False, True]
    assert [bool(row.problems) for row in read(with_cell("No", ""), GOOD)] == [False, True]
    assert [bool(row.problems) for row in read(GOOD, other)] == [False, False]


def test_no_value_texts_become_remarks_and_no_problems() -> None:
    (row,) = read(["A-1", "Bridge", "Roads", "Exempt under Section 43\n(Commercial)", "N/A", "?", ""])
    assert row.problems == ()
    assert (row.milestones, row.amounts, row.statuses) == ((), (), ())
    assert [(remark.code, remark.label, remark.text) for remark in row.remarks] == [
        ("no_value", "Start", "N/A"),
        ("no_value", "Rating", "Exempt under Section 43\n(Commercial)"),
    ]


def test_a_required_value_that_is_missing_refuses_the_row() -> None:
    (row,) = read(
        with_cell("Start", ""),
        milestones=[{"name": "Start", "which": "plan", "column": "Start", "required": True}],
    )
    assert "a value is missing that the mapping requires" in sentence(row)


def test_fields_take_choices_yes_no_dates_defaults_and_long_texts() -> None:
    data = text_of(
        ["Project", "Risk", "Secure", "Aim", "Go", "Type"],
        ["Bridge", "High", "Y", "word " * 100, "01.02.2024", "x"],
        ["Tunnel", "", "", "", "", "x"],
    )
    rows = list(
        read_rows(
            mapping(
                key=None,
                match="name",
                branch=[],
                milestones=[],
                amounts=[],
                statuses=[],
                remarks=[],
                fields={
                    "risk_rating": "Risk",
                    "security_relevant": {"column": "Secure", "values": {"Y": "yes", "N": "no"}},
                    "description": {"column": "Aim", "max_length": 50, "too_long": "remark"},
                    "service": {"column": "Go", "type": "date"},
                    "change_type": {"column": "Type", "values": {"x": "normal"}},
                },
                defaults={"risk_rating": "low", "function": "Works", "security_relevant": "no"},
            ),
            data.encode(),
        )
    )
    fields = rows[0].fields
    assert (fields["risk_rating"], fields["security_relevant"], fields["change_type"]) == (
        "high",
        True,
        "normal",
    )
    assert (fields["service"], fields["function"]) == (date(2024, 2, 1), "Works")
    assert str(fields["description"]).endswith("…")
    kept = str(fields["description"]).rstrip("…") + " " + rows[0].remarks[0].text
    assert rows[0].remarks[0].code == "surplus"
    assert kept == ("word " * 100).strip()
    assert rows[1].fields == {
        "risk_rating": "low",
        "change_type": "normal",
        "function": "Works",
        "security_relevant": False,
    }


def test_a_key_of_several_columns_needs_them_all() -> None:
    rows = read(GOOD, with_cell("Unit", ""), key=["Unit", "No"])
    assert rows[0].key == "Roads-A-1"
    assert "a part of the key is missing" in sentence(rows[1])


def test_a_line_named_after_the_year_keeps_one_line_for_each_year() -> None:
    line = {
        "line": "Cost {year}",
        "kind": "ebitda",
        "category": "run-cost",
        "timing": "one_off",
        "series": "plan",
        "column": "Budget",
        "currency": "GBP",
    }
    (row,) = read(with_cell("Note", "2021"), amounts=[line], year="Note")
    assert (row.year, row.amounts[0].line, row.amounts[0].name) == (2021, "cost-2021", "Cost 2021")
    (row,) = read(with_cell("Note", "20/21"), amounts=[line], year="Note")
    assert "a year is written as four digits" in sentence(row)


def test_the_currency_may_stand_in_a_column() -> None:
    line = {
        "line": "Cost",
        "kind": "ebitda",
        "category": "run-cost",
        "timing": "one_off",
        "series": "plan",
        "column": "Budget",
        "currency_column": "Note",
    }
    rows = read(["1", "A", "U", "", "", "5.5", "eur"], ["2", "B", "U", "", "", "5", "pounds"], amounts=[line])
    assert (rows[0].amounts[0].currency, rows[0].amounts[0].amount) == ("EUR", Decimal("5.5"))
    assert "three letters" in sentence(rows[1])


def test_the_stage_may_come_from_a_column_even_where_the_cell_stands_for_no_value() -> None:
    stage = {
        "column": "Rating",
        "patterns": [{"matches": "Exempt.*", "is": "identified"}],
        "otherwise": {"use": "decided"},
    }
    rows = read(with_cell("Rating", "Exempt under 1"), ["A-2", *GOOD[1:]], open_at=stage)
    assert [row.open_at for row in rows] == ["identified", "decided"]


def test_keys_and_names_alone_are_those_of_the_rows() -> None:
    table = [GOOD, ["A-2", " Tunnel  of  love ", *GOOD[2:]], ["A-3", *[""] * 6]]
    names = list(read_names(mapping(), text_of(HEADER, *table).encode()))
    assert (
        names
        == [(row.key, row.name) for row in read(*table)]
        == [
            ("A-1", "Bridge"),
            ("A-2", "Tunnel of love"),
            ("A-3", ""),
        ]
    )


def test_names_are_compared_without_case_and_spacing() -> None:
    assert match_name("  Étude\u00a0du  PONT ") == match_name("E\u0301tude du pont")
