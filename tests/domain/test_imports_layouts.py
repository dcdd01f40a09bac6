"""Layouts: heads, columns and their addresses, rows passed over, records in columns, broken rows."""

import csv
import io
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from govapp.domain.imports import FileRefused, Mapping, ReadRow, read_rows
from govapp.present.imports import problem_sentence, refusal_sentence

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


def test_a_row_with_too_few_or_too_many_cells_is_refused() -> None:
    short, wide = read(GOOD[:3], [*GOOD, "more"])
    assert "Row 2: the row has 3 cells where the header has 7" in sentence(short)
    assert "Row 3: the row has 8 cells where the header has 7" in sentence(wide)


def test_short_rows_are_filled_up_only_when_the_mapping_says_so() -> None:
    padded, trailing = read(["A-1", "Bridge"], ["A-2", *GOOD[1:], "", ""], short_rows="pad")
    assert (padded.name, padded.problems, trailing.problems) == ("Bridge", (), ())
    assert read([*GOOD, "surplus"], short_rows="pad")[0].problems[0].code == "ragged"


def test_a_stray_quotation_mark_refuses_its_row_and_leaves_the_others() -> None:
    data = text_of(HEADER, GOOD) + 'A-2,"Bri"dge,Roads,Green,01.02.2024,5,\r\n' + text_of(["A-3", *GOOD[1:]])
    one, two, three = read_rows(mapping(), data.encode())
    assert (one.problems, three.problems) == ((), ())
    assert "Row 3: a quotation mark stands where none may be" in sentence(two)


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_last_line() -> None:
    data = text_of(HEADER, GOOD) + 'A-2,"Bridge,Roads\r\nA-3,x\r\n'
    rows = list(read_rows(mapping(), data.encode()))
    assert "opened and never closed; the row swallows the file up to line 4" in sentence(rows[-1])


def test_line_breaks_inside_cells_are_kept_and_lines_counted() -> None:
    first, second = read(with_cell("Note", "one\r\ntwo\rthree"), ["A-2", *GOOD[1:]])
    assert first.remarks[0].text == "one\ntwo\nthree"
    assert (second.number, second.line) == (3, 5)


def test_empty_rows_and_stated_rows_are_passed_over() -> None:
    data = text_of(
        ["Return of 2013"],
        [],
        HEADER,
        ["units", *[""] * 6],
        GOOD,
        [""] * 7,
        ["", "Total", *[""] * 5],
        ["A-2", *GOOD[1:]],
        ["Notes:"],
        ["A-9", *GOOD[1:]],
    )
    rows = list(
        read_rows(
            mapping(
                header_row=3,
                skip_rows=[4],
                skip_where=[{"column": "Project", "matches": "Total.*"}],
                stop_at=[{"column": "No", "matches": "Notes:?"}],
            ),
            data.encode(),
        )
    )
    assert [(row.number, row.key, row.problems) for row in rows] == [(5, "A-1", ()), (8, "A-2", ())]


def test_names_in_two_header_rows_are_joined_with_merged_cells_repeated() -> None:
    data = text_of(
        ["", "", "Cost", "", "Date"],
        ["No", "Project", "plan", "actual", "plan"],
        ["1", "Bridge", "5", "6", "01.02.2024"],
    )
    line = {
        "line": "Cost",
        "kind": "ebitda",
        "category": "run-cost",
        "timing": "recurring",
        "currency": "GBP",
    }
    (row,) = read_rows(
        mapping(
            header_row=[1, 2],
            header_fill=True,
            branch=[],
            statuses=[],
            remarks=[],
            milestones=[{"name": "Start", "which": "plan", "column": "Date plan"}],
            amounts=[
                {**line, "series": "plan", "column": "Cost plan"},
                {**line, "series": "actual", "column": "Cost actual"},
            ],
        ),
        data.encode(),
    )
    assert [amount.amount for amount in row.amounts] == [Decimal(5), Decimal(6)]


def test_merged_cells_are_carried_down_when_stated() -> None:
    rows = read(GOOD, ["A-2", "Tunnel", "", *GOOD[3:]], carry_down=["Unit"])
    assert [row.branch for row in rows] == [(("program", "Roads"),)] * 2


def test_columns_with_one_name_must_be_addressed_by_number() -> None:
    data = text_of(
        ["No", "Project", "Rating", "Rating"],
        ["1", "A", "Green", ""],
        ["2", "B", "", "Amber/Red"],
        ["3", "C", "Green", "Amber/Red"],
    )
    bare = {"branch": [], "milestones": [], "amounts": [], "remarks": []}
    values = {"Green": "green", "Amber/Red": "yellow"}
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(**bare, statuses=[{"column": "Rating", "values": values}]), data.encode())
    assert "Several columns are called “Rating”; say which with “Rating#1”" in refusal_sentence(refused.value)
    either = {"column": ["Rating#1", "Rating#2"], "values": values}
    rows = list(read_rows(mapping(**bare, statuses=[either]), data.encode()))
    assert [row.statuses[0].colour for row in rows] == ["green", "yellow", "green"]
    assert [(remark.code, remark.label, remark.text) for remark in rows[2].remarks] == [
        ("not_taken", "Rating#2", "Amber/Red")
    ]
    rows = list(read_rows(mapping(**bare, statuses=[{**either, "take": "only"}]), data.encode()))
    assert "another column says something else (Rating#1: Green)" in sentence(rows[2])


def test_columns_are_found_by_position_beginning_and_loose_spacing() -> None:
    data = text_of(
        ["No", "Name of\nthe  project", "Departmental commentary on actions planned"],
        ["1", "Bridge", "All well"],
    )
    bare = {"branch": [], "milestones": [], "amounts": [], "statuses": []}
    (row,) = read_rows(
        mapping(**bare, key="#1", title="name OF the project", remarks=["Departmental commentary*"]),
        data.encode(),
    )
    assert (row.key, row.name, row.remarks[0].text) == ("1", "Bridge", "All well")
    assert row.remarks[0].label == "Departmental commentary on actions planned"


def test_a_file_without_header_is_read_by_position() -> None:
    bare = {"branch": [], "milestones": [], "amounts": [], "statuses": [], "remarks": []}
    rows = list(
        read_rows(
            mapping(**bare, header_row="none", key="#2", title="#1"), b"Bridge,7\r\nTunnel,8\r\nshort\r\n"
        )
    )
    assert [(row.name, row.key, row.number) for row in rows[:2]] == [("Bridge", "7", 1), ("Tunnel", "8", 2)]
    assert rows[2].problems[0].code == "ragged"


def test_unknown_columns_refuse_the_file_once_and_list_what_is_there() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(remarks=["Comment", "Nothing"]), text_of(HEADER, GOOD).encode())
    assert refusal_sentence(refused.value) == (
        "The mapping names columns that are not in the file: “Comment”, “Nothing”. It has: “No”, “Project”, "
        "“Unit”, “Rating”, “Start”, “Budget”, “Note”."
    )


def test_records_in_columns_read_as_records_in_rows() -> None:
    table = [
        HEADER,
        GOOD,
        ["A-2", "Tunnel", "Rail", "Amber/Red", "03.04.2025", "(7)", ""],
        ["A-3", *[""] * 6],
    ]
    across = [list(column) for column in zip(*table, strict=True)]
    changes = {"amount_style": {"thousands": "comma", "signs": {"£": "GBP"}, "negatives": ["parentheses"]}}
    upright = read(*table[1:], **changes)
    turned = list(read_rows(mapping(orientation="columns", **changes), text_of(*across).encode()))
    said = [(row.key, row.fields, row.milestones, row.amounts, row.statuses, row.remarks) for row in upright]
    assert [(r.key, r.fields, r.milestones, r.amounts, r.statuses, r.remarks) for r in turned] == said
    assert [row.number for row in turned] == [2, 3, 4]
    assert problem_sentence(turned[2].problems[0]).startswith("Column 4 (D), “Project”: the name is missing")


def test_records_in_columns_may_be_passed_over_and_short_rows_are_told() -> None:
    data = text_of(
        ["Return"],
        ["", "No", "unit", "1", "", "2"],
        ["", "Project", "text", "Bridge", "", "Tunnel"],
        ["", "Rating", "", "Green"],
    )
    bare = {"branch": [], "milestones": [], "amounts": [], "remarks": []}
    layout = {"orientation": "columns", "header_column": 2, "skip_columns": [3]}
    rows = list(read_rows(mapping(**bare, **layout), data.encode()))
    assert [(row.number, bool(row.problems)) for row in rows] == [(4, False), (6, True)]
    assert "some rows of the file end before this column" in sentence(rows[1])
    rows = list(read_rows(mapping(**bare, **layout, short_rows="pad"), data.encode()))
    assert [(row.key, row.problems) for row in rows] == [("1", ()), ("2", ())]


def test_rows_are_handed_out_while_the_file_is_still_being_read() -> None:
    def endless() -> Iterator[bytes]:
        yield text_of(HEADER).encode()
        for number in itertools.count():
            yield text_of([f"A-{number}", *GOOD[1:]]).encode()

    rows = itertools.islice(read_rows(mapping(), endless()), 2000)
    assert [row.key for row in rows][-1] == "A-1999"
