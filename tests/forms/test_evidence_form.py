"""Evidence forms: built from a kind, cached, the same reading for browser, import and commands, drafts,
revisions."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import wtforms
import yaml
from werkzeug.datastructures import FileStorage, MultiDict

from govapp.domain.evidence_kinds import EvidenceKind
from govapp.forms.evidence import (
    FormContext,
    bind,
    draft_files,
    draft_values,
    empty_form,
    form_class,
    from_draft,
    from_values,
    validate_values,
)
from tests.forms.samples import GOOD, office, pdf

SET = yaml.safe_load((Path(__file__).parents[2] / "governance" / "service-team-1.yaml").read_text())
KINDS = {raw["key"]: EvidenceKind.from_dict(raw) for raw in SET["evidence_kinds"]}
CONTEXT = FormContext(
    today=date(2026, 11, 22), currency="EUR", people=((7, "Amara"), (9, "Kwame")), people_keys={"amara": 7}
)
BASELINE = {
    "figure": "Misclassified tickets",
    "value": "21",
    "unit": "%",
    "period_from": "2026-08-01",
    "period_to": "2026-10-31",
    "source": "ticket-system",
    "method": "Filter on reassigned tickets, each month.",
}
CASE = {
    "argument": "Guided questions cut misrouted tickets from eighteen to seven percent, month after month.",
    "alternatives": "Doing nothing, or a second desk for routing only.",
    "run_rate": "184,000",
    "one_off": "46.000,00",
    "payback_months": "3",
    "sensitivity": "At half the effect it still pays within seven months.",
}


def sent(values: dict[str, Any]) -> MultiDict[str, str]:
    return MultiDict(
        (f"evidence-{name}", text)
        for name, given in values.items()
        for text in (given if isinstance(given, list) else [given])
    )


def uploads(**files: list[tuple[str, bytes]]) -> MultiDict[str, Any]:
    return MultiDict(
        (f"evidence-{name}", FileStorage(io.BytesIO(content), filename=given))
        for name, given_files in files.items()
        for given, content in given_files
    )


def codes(bound: Any) -> dict[str, list[str]]:
    return {name: [fault.code for fault in faults] for name, faults in bound.errors.items()}


def stored(name: str) -> dict[str, Any]:
    return {"name": name, "sha256": "a" * 64, "size": 10, "type": "application/pdf"}


@pytest.mark.parametrize("key", list(KINDS))
def test_every_kind_becomes_a_wtforms_class_made_once(key: str) -> None:
    made = form_class(KINDS[key])
    assert issubclass(made, wtforms.Form)
    assert form_class(EvidenceKind.from_dict(KINDS[key].to_dict())) is made
    names = [field.name for field in empty_form(KINDS[key], CONTEXT)]
    assert names == [f"evidence-{field.name}" for field in KINDS[key].fields]


def test_another_version_of_a_kind_is_another_class() -> None:
    kind = KINDS["baseline-record"]
    assert form_class(replace(kind, version=2)) is not form_class(kind)


def test_a_field_may_have_any_name_even_one_a_form_has_itself() -> None:
    fields = [
        {"name": name, "label": name, "type": "text"}
        for name in ("data", "errors", "validate", "kind", "process")
    ]
    raw = {"key": "odd", "name": "Odd", "submitted_by": ["owner"], "fields": fields}
    bound = bind(
        EvidenceKind.from_dict(raw), sent({"data": "a", "errors": "b", "kind": "c"}), MultiDict(), CONTEXT
    )
    assert bound.values == {"data": "a", "errors": "b", "kind": "c"}


def test_a_whole_form_gives_clean_values() -> None:
    bound = bind(
        KINDS["baseline-record"], sent(BASELINE | {"cost_baseline": "312,000"}), MultiDict(), CONTEXT
    )
    assert bound.valid
    assert bound.values == BASELINE | {"cost_baseline": {"amount": "312000.00", "currency": "EUR"}}


def test_an_empty_form_says_all_that_is_needed() -> None:
    bound = bind(KINDS["business-case"], MultiDict(), MultiDict(), CONTEXT)
    needed = {"argument", "alternatives", "run_rate", "one_off", "sensitivity", "file"}
    assert codes(bound) == {name: ["required"] for name in needed}


def test_a_condition_decides_what_is_demanded_and_what_is_kept() -> None:
    kind = KINDS["baseline-record"]
    hidden = bind(kind, sent(BASELINE | {"sample_size": "50"}), MultiDict(), CONTEXT)
    assert hidden.valid
    assert "sample_size" not in hidden.values
    asked = bind(kind, sent(BASELINE | {"source": "sample-count"}), MultiDict(), CONTEXT)
    assert codes(asked) == {"sample_size": ["required"]}


def test_a_condition_on_the_measure_decides_too() -> None:
    kind, major = KINDS["change-plan"], replace(CONTEXT, measure_values={"change_type": "major"})
    assert "point_of_no_return" in codes(bind(kind, MultiDict(), MultiDict(), major))
    assert "point_of_no_return" not in codes(bind(kind, MultiDict(), MultiDict(), CONTEXT))


def test_r09_fields_that_are_not_of_the_form_never_bind() -> None:
    extra = MultiDict(
        [("owner_id", "1"), ("evidence-approved_by", "9"), ("evidence-field_value", "1"), ("gate", "closed")]
    )
    extra.update(sent(BASELINE))
    bound = bind(KINDS["baseline-record"], extra, MultiDict(), CONTEXT)
    assert bound.valid
    assert set(bound.values) == set(BASELINE)


def test_r09_a_repeated_parameter_is_refused() -> None:
    doubled = sent(BASELINE)
    doubled.add("evidence-value", "22")
    assert codes(bind(KINDS["baseline-record"], doubled, MultiDict(), CONTEXT)) == {"value": ["repeated"]}


def test_a_wrong_value_is_shown_again_as_it_was_typed() -> None:
    bound = bind(KINDS["baseline-record"], sent(BASELINE | {"value": "twenty-one"}), MultiDict(), CONTEXT)
    assert codes(bound) == {"value": ["number"]}
    assert bound.form.of("value").texts == ["twenty-one"]
    assert bound.form.of("figure").texts == ["Misclassified tickets"]


def test_an_upload_is_checked_and_named_by_its_digest() -> None:
    files = uploads(file=[("C:\\fakepath\\case.xlsx", GOOD["figures.xlsx"])])
    bound = bind(KINDS["business-case"], sent(CASE), files, CONTEXT)
    assert bound.valid, bound.errors
    (upload,) = bound.uploads
    assert bound.values["file"] == [upload.file.as_value()]
    assert upload.file.name == "case.xlsx"
    assert upload.file.stream.read() == GOOD["figures.xlsx"]
    assert bound.values["run_rate"] == {"amount": "184000.00", "currency": "EUR"}
    bound.close()


def test_a_good_upload_is_handed_back_even_when_another_field_is_wrong() -> None:
    files = uploads(file=[("case.pdf", pdf())])
    bound = bind(KINDS["business-case"], sent(CASE | {"one_off": "much"}), files, CONTEXT)
    assert codes(bound) == {"one_off": ["number"]}
    assert [upload.field for upload in bound.uploads] == ["file"]
    draft = draft_values(KINDS["business-case"], sent(CASE | {"one_off": "much"}), bound)
    assert draft_files(draft)["file"][0]["name"] == "case.pdf"
    again = from_draft(KINDS["business-case"], draft, CONTEXT)
    assert again.of("one_off").texts == ["much"]
    assert again.of("one_off").faults == []
    assert again.of("file").data[0]["name"] == "case.pdf"
    bound.close()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([("case.exe", b"MZ")], "file_type"),
        ([("case.csv", b"a;b\n")], "file_type"),
        ([("case.pdf", b"not a pdf")], "file_content"),
        ([("case.xlsx", office(extra={"xl/vbaProject.bin": b"x"}))], "file_macros"),
        ([("case.pdf", b"")], "file_empty"),
        ([(f"{n}.pdf", pdf()) for n in range(4)], "too_many_files"),
    ],
)
def test_r35_a_file_that_may_not_come_in_is_an_error_of_its_field(
    files: list[tuple[str, bytes]], code: str
) -> None:
    bound = bind(KINDS["business-case"], sent(CASE), uploads(file=files), CONTEXT)
    assert codes(bound) == {"file": [code]}
    assert bound.uploads == []


def test_a_file_input_left_empty_is_no_upload() -> None:
    bound = bind(KINDS["baseline-record"], sent(BASELINE), uploads(extract=[("", b"")]), CONTEXT)
    assert bound.valid
    assert "extract" not in bound.values


def test_the_file_of_a_field_that_is_not_asked_for_is_let_go() -> None:
    kind = KINDS["security-assessment"]
    bound = bind(kind, sent({"exposed": "no"}), uploads(test_report=[("t.pdf", pdf())]), CONTEXT)
    assert bound.uploads == []
    assert "test_report" not in bound.values


def test_a_new_revision_keeps_files_until_others_replace_them_or_they_are_dropped() -> None:
    kind = KINDS["business-case"]
    keeping = replace(CONTEXT, kept_files={"file": [stored("old.pdf")]})
    assert bind(kind, sent(CASE), MultiDict(), keeping).values["file"] == [stored("old.pdf")]
    replaced = bind(kind, sent(CASE), uploads(file=[("new.pdf", pdf())]), keeping)
    assert [one["name"] for one in replaced.values["file"]] == ["new.pdf"]
    replaced.close()
    dropped = sent(CASE)
    dropped.add("evidence-file-drop", "a" * 64)
    assert codes(bind(kind, dropped, MultiDict(), keeping)) == {"file": ["required"]}


def test_a_form_made_from_values_sends_the_same_values_again() -> None:
    kind = KINDS["baseline-record"]
    values = dict(
        bind(kind, sent(BASELINE | {"value": "8.3750", "cost_baseline": "1,5"}), MultiDict(), CONTEXT).values
    )
    form = from_values(kind, values, CONTEXT)
    again = MultiDict((one.name, text) for one in form.parts for text in one.texts)
    assert bind(kind, again, MultiDict(), CONTEXT).values == values


def test_values_from_a_file_are_read_by_the_same_rules() -> None:
    given: dict[str, Any] = {
        "figure": "Waiting time",
        "value": 8.375,
        "unit": "days",
        "period_from": date(2026, 8, 1),
        "period_to": "2026-10-31",
        "source": "sample-count",
        "sample_size": 120,
        "method": "A random sample of closed tickets.",
        "cost_baseline": 312000.0,
        "extract": "extract.pdf",
    }
    context = replace(CONTEXT, stored_files={"extract.pdf": stored("extract.pdf")})
    values, errors = validate_values(KINDS["baseline-record"], given, context)
    assert errors == {}
    assert values["value"] == "8.375"
    assert values["cost_baseline"] == {"amount": "312000.00", "currency": "EUR"}
    assert values["extract"] == [stored("extract.pdf")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": float("nan")}, {"value": ["number"]}),
        ({"value": float("inf")}, {"value": ["number"]}),
        ({"value": True}, {"value": ["number"]}),
        ({"value": 1e300}, {"value": ["number"]}),
        ({"cost_baseline": {"amount": "5", "currency": "USD"}}, {"cost_baseline": ["currency"]}),
        ({"colour": "red"}, {"colour": ["unknown_field"]}),
        ({"sample_size": 30}, {"sample_size": ["not_asked"]}),
        ({"extract": "nowhere.pdf"}, {"extract": ["file_unknown"]}),
        ({"extract": {"name": "x.exe", "sha256": "a", "size": 1, "type": "x"}}, {"extract": ["file_type"]}),
        ({"source": ["ledger", "contract"]}, {"source": ["repeated"]}),
        ({"figure": {"a": 1}}, {"figure": ["value_type"]}),
        ({"figure": [["a"]]}, {"figure": ["value_type"]}),
    ],
)
def test_a_wrong_value_from_a_file_is_refused_by_field(
    change: dict[str, Any], code: dict[str, list[str]]
) -> None:
    _values, errors = validate_values(KINDS["baseline-record"], BASELINE | change, CONTEXT)
    assert {name: [fault.code for fault in faults] for name, faults in errors.items()} == code


def test_clean_values_come_back_unchanged() -> None:
    kind = KINDS["baseline-record"]
    given = BASELINE | {"value": 1.234, "cost_baseline": "84.000", "extract": [stored("x.pdf")]}
    values, errors = validate_values(kind, given, CONTEXT)
    assert errors == {}
    assert values["value"] == "1.234"
    assert values["cost_baseline"] == {"amount": "84000.00", "currency": "EUR"}
    assert validate_values(kind, values, CONTEXT) == (values, {})
    for text in ("84.000", "84,000"):
        assert list(validate_values(kind, BASELINE | {"value": text}, CONTEXT)[1]) == ["value"]


def test_people_are_given_by_key_or_id_and_must_be_on_offer() -> None:
    kind = KINDS["risk-assessment"]
    for given, wrong in (("amara", False), (9, False), ("petr", True), (8, True)):
        values, errors = validate_values(kind, {"risk_owner": given}, CONTEXT)
        assert ("person" in [fault.code for fault in errors.get("risk_owner", [])]) is wrong
        assert wrong or values["risk_owner"] in (7, 9)


def test_the_forms_of_version_1_hold_what_the_demonstration_year_gives() -> None:
    zero = {"run_rate": 0, "one_off": 12000, "zero_reason": "Audit finding, no saving expected."}
    assert validate_values(KINDS["rough-numbers"], zero, CONTEXT)[1] == {}
    assert validate_values(KINDS["rough-numbers"], {"run_rate": 84000, "one_off": 32000}, CONTEXT)[1] == {}
    missing = validate_values(KINDS["rough-numbers"], {"run_rate": 0, "one_off": 0}, CONTEXT)[1]
    assert list(missing) == ["zero_reason"]
    plan = {
        "first_effect_month": "2026-05-01",
        "run_rate": 84000,
        "one_off": 19000,
        "source": "Labour of the service desk, CC-4110",
        "kpi_name": "Misclassified tickets",
        "kpi_baseline": 21.0,
        "kpi_target": 9.0,
        "kpi_unit": "%",
        "kpi_source": "sample-count",
    }
    assert validate_values(KINDS["plan-numbers"], plan, CONTEXT)[1] == {}
    dates = {"after_3_months": "2027-02-22", "after_6_months": "2027-05-22", "after_12_months": "2027-11-22"}
    assert validate_values(KINDS["sustain-dates"], dates, CONTEXT)[1] == {}
