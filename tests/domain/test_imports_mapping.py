"""Mappings are checked before a file is touched; each fault is a sentence that names the key."""

from typing import Any

import pytest

from govapp.domain.imports import Mapping, MappingError

AMOUNT = {
    "line": "Cost",
    "kind": "ebitda",
    "category": "run-cost",
    "timing": "one_off",
    "series": "plan",
    "column": "C",
    "currency": "GBP",
}


def build(**changes: Any) -> Mapping:
    keys: dict[str, Any] = {"name": "Test", "source": "test", "encoding": "utf-8", "title": "Name"}
    return Mapping.from_dict(
        {name: value for name, value in {**keys, **changes}.items() if value != "left out"}
    )


def test_words_and_limits_are_those_of_what_is_entered_by_hand() -> None:
    built = build(fields={"change_type": "T", "description": "D", "steering_committee": "S"})
    limits = {rule.field: rule.max_length for rule in built.fields}
    assert (limits["description"], limits["steering_committee"]) == (10_240, 400)
    assert build(defaults={"change_type": "major"}).fields[0].default == "major"


def test_a_mapping_needs_little() -> None:
    plain = build()
    assert (plain.match, plain.layout.delimiter, plain.layout.header_rows) == ("name", "auto", (1,))
    assert build(key="No").match == "key_then_name"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoding": "left out"}, "The key “encoding” is missing."),
        ({"title": "left out"}, "The key “title” is missing"),
        ({"encoding": "utf-9"}, "“encoding” is “utf-9”, which is no known encoding"),
        ({"encoding": "rot13"}, "no known encoding"),
        ({"encoding": "base64"}, "no known encoding"),
        ({"encodng": "utf-8", "encoding": "left out"}, "“encoding” is missing; is “encodng” meant for it?"),
        ({"delimiter": "commma"}, "“delimiter” is “commma”; write one character"),
        ({"undefined_bytes": "ignore"}, "none of: refuse, replace, drop, latin-1"),
        ({"undefined_bytes": {"0x1ff": "x"}}, "write bytes as 0x9d"),
        ({"header_row": -1}, "must be a row number counted from 1"),
        ({"header_row": [2, 1]}, "must list rising row numbers"),
        ({"header_column": 2}, "only has a meaning when orientation is columns"),
        ({"skip_columns": [2]}, "only has a meaning when orientation is columns"),
        ({"header_row": 2, "orientation": "columns"}, "use header_column"),
        ({"skip_rows": ["3-1"]}, "runs backwards"),
        ({"skip_rows": ["x"]}, "write numbers counted from 1"),
        ({"skip_where": [{"column": "A", "matches": "(a+)+"}]}, "skip_where[1].matches"),
        ({"match": "key"}, "“key” is missing, and match says that measures are found by it"),
        (
            {"branch": [{"kind": "team", "column": "A"}]},
            "“branch[1].kind” is “team”, which is none of: portfolio",
        ),
        (
            {"branch": [{"kind": "program", "column": "A"}, {"kind": "portfolio", "column": "B"}]},
            "cannot lie under “program”",
        ),
        ({"branch": [{"kind": "program"}]}, "needs a column or a fixed name"),
        ({"fields": {"colour": "C"}}, "“fields.colour” is no field of a measure"),
        ({"fields": {"title": "C"}}, "is set by the key “title” of the mapping"),
        (
            {"fields": {"risk_rating": {"column": "C", "values": {"x": "huge"}}}},
            "leads to “huge”, which is none of: low",
        ),
        ({"fields": {"vendor": {"column": "C", "max_length": 0}}}, "must be a whole number from 1"),
        ({"fields": {"vendor": {"colum": "C"}}}, "“fields.vendor.column” is missing"),
        ({"fields": {"vendor": {"column": "C", "type": "date"}}}, "“fields.vendor.date_forms” is missing"),
        ({"defaults": {"change_type": "sudden"}}, "“defaults.change_type” is “sudden”"),
        ({"defaults": {"security_relevant": False}}, "was read as False; put it in quotes"),
        ({"dates": {"date_forms": ["dd.mm.yy"]}}, "“dates.century_from” is missing"),
        ({"dates": {"date_forms": ["mmm yyyy"]}}, "“dates.partial_day” is missing"),
        ({"dates": {"date_forms": ["dd.mm"]}}, "which has no year"),
        ({"dates": {"date_forms": ["dd.mm.yyyy"], "frms": 1}}, "“dates.frms” is not known here"),
        ({"dates": {"month_names": ["Jan"]}}, "must list twelve names"),
        (
            {"milestones": [{"name": "End", "which": "plan", "column": "E"}]},
            "“milestones[1].date_forms” is missing",
        ),
        (
            {"milestones": [{"name": "End", "which": "guess", "column": "E"}]},
            "“milestones[1].which” is “guess”",
        ),
        ({"amount_style": {"decimal": "comma", "thousands": "comma"}}, "which is the decimal sign"),
        ({"amount_style": {"decimals": "comma"}}, "did you mean “decimal”?"),
        (
            {"amounts": [{**AMOUNT, "currency": "pounds"}]},
            "“amounts[1].currency” is “pounds”; write the three letters",
        ),
        ({"amounts": [{**AMOUNT, "series": "guess"}]}, "“amounts[1].series”"),
        ({"amounts": [{**AMOUNT, "series": "confirmed"}]}, "“amounts[1].series”"),
        (
            {"amounts": [{**AMOUNT, "kind": "banana"}]},
            "“amounts[1].kind” is “banana”, which is none of: ebitda",
        ),
        ({"amounts": [{**AMOUNT, "line": "x" * 201}]}, "“amounts[1].line” is longer than 200 characters"),
        ({"amounts": [{**AMOUNT, "scale": 0.5}]}, "“amounts[1].scale” must be a whole number"),
        ({"amounts": [{**AMOUNT, "sign": "2"}]}, "“amounts[1].sign”"),
        ({"amounts": [AMOUNT, AMOUNT]}, "gives two values for “Cost / plan”"),
        (
            {"amounts": [{**AMOUNT, "line": "Cost {year}"}]},
            "“year” is missing, and the line “Cost {year}” is named after it",
        ),
        (
            {"statuses": [{"column": "R", "values": {"Amber": "amber"}}]},
            "which is none of: green, yellow, red, none",
        ),
        ({"statuses": [{"column": "R", "values": {True: "green"}}]}, "was read as True; put it in quotes"),
        ({"statuses": [{"column": "R", "values": {"A": "red", "a": "green"}}]}, "names the same word twice"),
        ({"no_value": {"patterns": ["("]}}, "“no_value.patterns” is not a regular expression"),
        ({"no_value": ["n/a"]}, "“no_value” must hold keys with values"),
        ({"remarks": [{"label": "x"}]}, "“remarks[1].column” is missing"),
        ({"open_at": {"values": {}}}, "“open_at.column” is missing"),
        ({"name": 1.5}, "was read as 1.5; put it in quotes"),
    ],
)
def test_a_faulty_mapping_is_refused_with_the_key_and_what_to_write(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(MappingError) as refused:
        build(**changes)
    assert said in str(refused.value)


@pytest.mark.parametrize("values", [None, [], "text", 5])
def test_what_is_no_mapping_at_all_is_refused(values: Any) -> None:
    with pytest.raises(MappingError):
        Mapping.from_dict(values)
