"""Evidence in words, and its form as people see it."""

import ast
import inspect
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import html5lib
import pytest
import yaml
from werkzeug.datastructures import MultiDict

from govapp.domain import evidence_values
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.evidence_values import Fault
from govapp.forms import file_contents, files
from govapp.forms.evidence import FormContext, bind, empty_form, from_values
from govapp.present.environment import make_environment
from govapp.present.evidence import condition_sentence, describe, fault_sentence, file_hint, size_words
from govapp.present.evidence_form import FieldView, error_list, field_views

SET = yaml.safe_load((Path(__file__).parents[2] / "governance" / "service-team-1.yaml").read_text())
KINDS = {raw["key"]: EvidenceKind.from_dict(raw) for raw in SET["evidence_kinds"]}
CONTEXT = FormContext(today=date(2026, 11, 22), currency="EUR", people=((7, "Amara"),))
PAGE = (
    "{% from 'components/evidence_form.html' import evidence_fields, error_summary with context %}"
    "<!doctype html><html lang='en'><head><title>t</title></head><body><form>"
    "{{ error_summary(errors) }}{{ evidence_fields(views, true) }}</form></body></html>"
)


def drawn(views: Sequence[FieldView]) -> str:
    text: str = make_environment().from_string(PAGE).render(views=views, errors=error_list(views))
    return text


def faults_in(module: Any, error: str) -> set[str]:
    """The first argument of every error of that name a module raises."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == error and c.args]
    return {
        n.value
        for c in named
        for n in ast.walk(c.args[0])
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_every_reason_to_refuse_a_value_has_its_sentence() -> None:
    context: dict[str, Any] = {
        "least": "3",
        "most": "3",
        "length": 2,
        "plain": "1",
        "decimal": "2",
        "currency": "EUR",
        "given": "USD",
        "decimals": 2,
    }
    found = faults_in(evidence_values, "ValueRefused") - {"\r\n"} | {
        "number",
        "ambiguous",
        "digits",
        "required",
    }
    assert len(found) > 20
    for code in found:
        values = context | (
            {"least": "2026-01-01", "most": "2026-01-01"} if code in ("too_early", "too_late") else {}
        )
        assert "cannot be taken" not in fault_sentence(Fault(code, values)), code


def test_every_reason_to_refuse_a_file_has_its_sentence() -> None:
    values = {"name": "x.pdf", "accept": ("pdf",), "megabytes": 20, "megapixels": 50, "attachment": "run.exe"}
    found = faults_in(file_contents, "ContentRefused") | faults_in(files, "FileRefused")
    assert len(found) > 8
    for code in found:
        assert "cannot be taken" not in fault_sentence(Fault(f"file_{code}", values)), code


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("too_late", {"most": "2026-11-22", "today": True}), "This day may not lie in the future."),
        (Fault("too_late", {"most": "2027-11-22", "today": False}), "The last day taken is 22 Nov 2027."),
        (Fault("too_large", {"most": "100000000"}), "The largest value taken is 100,000,000."),
        (
            Fault("money_decimals", {"currency": "JPY", "decimals": 0}),
            "Write a whole amount: JPY has no decimals.",
        ),
        (
            Fault("file_content", {"name": "100%.pdf"}),
            "The content of 100%.pdf is not what its ending says; save it again in that format.",
        ),
        (
            Fault("file_type", {"name": "x.exe", "accept": ("pdf", "csv")}),
            "x.exe is of a type that is not taken here: PDF, CSV.",
        ),
        (Fault("new_code", {}), "This value cannot be taken (new_code)."),
    ],
)
def test_a_refusal_says_what_to_do(fault: Fault, sentence: str) -> None:
    assert fault_sentence(fault) == sentence


def test_what_was_handed_in_reads_as_label_and_value() -> None:
    values = {
        "vendor": "Brightcall",
        "contract_end": "2027-03-31",
        "notice_days": "90",
        "spend": {"amount": "1234.50", "currency": "EUR"},
        "exit": "Export.",
        "processes_personal_data": True,
        "dpa": [{"name": "dpa.pdf", "sha256": "a" * 64, "size": 3_400_000, "type": "application/pdf"}],
    }
    lines = describe(KINDS["vendor-assessment"], values)
    assert [(one.label, one.text) for one in lines] == [
        ("Vendor", "Brightcall"),
        ("End of the contract", "31 Mar 2027"),
        ("Notice period in days", "90"),
        ("Spend caused by this measure", "EUR 1,234.50"),
        ("How would we leave?", "Export."),
        ("Does the vendor process personal data?", "Yes"),
        ("Data processing agreement", "dpa.pdf"),
    ]
    assert lines[-1].files[0].size == "3.4 MB"


def test_people_and_choices_are_named() -> None:
    lines = describe(
        KINDS["risk-assessment"], {"responses": ["pilot-first", "accept"], "risk_owner": 7}, {7: "Amara"}
    )
    assert [one.text for one in lines] == ["Pilot first, Accept", "Amara"]


@pytest.mark.parametrize(
    ("kind", "field", "sentence"),
    [
        ("technical-review", "way_back_reason", "Only if “Is there a way back?” is None."),
        ("business-case", "payback_months", "Only if “Effect in a full year” is 1 or more."),
        ("handover-record", "training_gap", "Only if “People trained” is less than “People to be trained”."),
        ("security-assessment", "test_report", "Only if “Reachable from outside?” is yes."),
        ("change-record", "issues", "Only if “Outcome” is Successful with issues or Rolled back."),
        ("change-plan", "point_of_no_return", "Only if the change type of the measure is Major."),
    ],
)
def test_a_condition_reads_as_a_sentence(kind: str, field: str, sentence: str) -> None:
    condition = KINDS[kind].field(field).when
    assert condition is not None
    assert condition_sentence(condition, KINDS[kind].fields) == sentence


def test_a_file_field_says_what_it_takes() -> None:
    assert file_hint(KINDS["business-case"].field("file")) == "XLSX, PDF or DOCX, at most 3 files of 20 MB"
    assert file_hint(KINDS["security-assessment"].field("test_report")) == "PDF, at most 20 MB"
    assert [size_words(n) for n in (1, 640, 12_300, 3_400_000)] == ["1 byte", "640 bytes", "12 kB", "3.4 MB"]


@pytest.mark.parametrize("key", list(KINDS))
def test_every_form_is_valid_html_with_a_label_for_each_control(key: str) -> None:
    kept = {
        f.name: [{"name": "a<b>.pdf", "sha256": "a" * 64, "size": 9, "type": "x"}]
        for f in KINDS[key].fields
        if f.type == "file"
    }
    for form in (
        empty_form(KINDS[key], CONTEXT),
        bind(KINDS[key], MultiDict(), MultiDict(), CONTEXT).form,
        from_values(KINDS[key], kept, CONTEXT),
    ):
        page = drawn(field_views(form.parts, "EUR"))
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(io.StringIO(page))
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        labelled = {label.get("for") for label in tree.iter("label") if label.get("for")}
        assert labelled <= set(ids)
        for element in tree.iter():
            for described in (element.get("aria-describedby") or "").split():
                assert described in ids
        assert "style=" not in page
        assert "<b>.pdf" not in page


def test_text_that_was_typed_is_shown_escaped_and_whole() -> None:
    typed = MultiDict(
        [("evidence-in_scope", "\n<script>alert(1)</script> & more"), ("evidence-users_affected", '1"2')]
    )
    form = bind(KINDS["scope-statement"], typed, MultiDict(), CONTEXT).form
    page = drawn(field_views(form.parts, "EUR"))
    assert "<script>" not in page
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    area = next(one for one in tree.iter("textarea") if one.get("name") == "evidence-in_scope")
    assert area.text == "\n<script>alert(1)</script> & more"
    number = next(one for one in tree.iter("input") if one.get("name") == "evidence-users_affected")
    assert number.get("value") == '1"2'
    assert number.get("aria-invalid") == "true"


def test_a_field_that_hangs_on_an_answer_is_there_with_its_condition_and_never_demanded_by_the_browser() -> (
    None
):
    views = {
        view.name: view for view in field_views(empty_form(KINDS["budget-source"], CONTEXT).parts, "EUR")
    }
    reason = views["evidence-contingency_reason"]
    assert not reason.required
    assert "Only if “Source of the money” is Contingency." in reason.hints
    assert json.loads(reason.when) == {"field": "source", "is": "contingency"}
    assert views["evidence-amount"].label == "Amount reserved, EUR"


def test_a_field_that_hangs_on_the_measure_is_there_only_when_it_is_asked_for() -> None:
    def names(context: FormContext) -> set[str]:
        return {view.name for view in field_views(empty_form(KINDS["change-plan"], context).parts, "EUR")}

    assert "evidence-point_of_no_return" not in names(CONTEXT)
    assert "evidence-point_of_no_return" in names(replace(CONTEXT, measure_values={"change_type": "major"}))


def test_a_year_is_written_without_a_comma():
    shown = {value.name: value.text for value in describe(KINDS["budget-source"], {"fiscal_year": 2027})}
    assert shown == {"fiscal_year": "2027"}
    assert fault_sentence(Fault("too_small", {"least": "2020"})) == "The smallest value taken is 2020."
    assert fault_sentence(Fault("too_large", {"most": "100000"})) == "The largest value taken is 100,000."


def test_a_field_with_a_form_of_its_own_shows_it_in_its_hint():
    assert "KA-204417" in next(one.help for one in KINDS["budget-source"].fields if one.name == "commitment")
