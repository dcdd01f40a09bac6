"""Evidence kinds: reading them from a governance set, conditions, validity, patterns that stay fast."""

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from govapp.domain.evidence_fields import FieldType, choice_label
from govapp.domain.evidence_kinds import EvidenceKind, KindError, shown, shown_fields, valid_until
from govapp.domain.patterns import pattern_fault

SET = Path(__file__).parents[2] / "governance" / "service-team-1.yaml"
RULES = yaml.safe_load(SET.read_text())


def kind_of(*fields: dict[str, Any], **more: Any) -> EvidenceKind:
    base = {"key": "sample", "name": "Sample", "purpose": "For tests.", "submitted_by": ["owner"]}
    return EvidenceKind.from_dict(base | {"fields": list(fields)} | more)


def field(type_: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": "one", "label": "One", "type": type_} | more


def problems(**more: Any) -> str:
    with pytest.raises(KindError) as caught:
        kind_of(**more) if "fields" not in more else EvidenceKind.from_dict(more)
    return " ".join(caught.value.problems)


@pytest.mark.parametrize("raw", RULES["evidence_kinds"], ids=lambda raw: raw["key"])
def test_every_kind_of_the_set_survives_being_written_and_read_again(raw: dict[str, Any]) -> None:
    kind = EvidenceKind.from_dict(raw)
    again = EvidenceKind.from_dict(json.loads(json.dumps(kind.to_dict())))
    assert again == kind
    assert again.digest == kind.digest
    assert re.fullmatch("[0-9a-f]{64}", kind.digest)


def test_the_set_uses_all_eleven_field_types() -> None:
    used = {f["type"] for kind in RULES["evidence_kinds"] for f in kind["fields"]}
    assert used == {str(one) for one in FieldType}


def test_every_gate_of_the_set_names_only_kinds_steps_parts_and_checks_that_exist() -> None:
    kinds = {kind["key"] for kind in RULES["evidence_kinds"]}
    steps = {step["key"]: step for step in RULES["approval_steps"]}
    parts = {part["key"] for part in RULES["parts"]}
    roles = {role["key"] for role in RULES["roles"]}
    for gate in RULES["gates"]:
        assert gate["steps"]
        assert set(gate["steps"]) <= set(steps)
        for criterion in gate["criteria"]:
            known = RULES["criterion_kinds"][criterion["kind"]]["params"]
            assert set(criterion["params"]) <= set(known), criterion["id"]
            assert criterion["params"].get("kind", "rough-numbers") in kinds
            assert set(criterion["supplied_by"]) <= parts | roles | {"submitter"}
    for step in steps.values():
        assert step["order"] == 1
        assert step["rule"] == {"type": "any"}
        assert set(step["deciders"].get("parts", [])) <= parts
        assert set(step["deciders"].get("roles", [])) <= roles


def test_nobody_who_decides_at_a_gate_is_needed_to_hand_in_its_evidence() -> None:
    """Submitters of counted evidence are barred from the vote, so each piece needs a supplier who does not
    decide."""
    steps = {step["key"]: step["deciders"] for step in RULES["approval_steps"]}
    for gate in RULES["gates"]:
        deciders = {name for key in gate["steps"] for names in steps[key].values() for name in names}
        for criterion in gate["criteria"]:
            if criterion["kind"] == "evidence":
                assert set(criterion["supplied_by"]) - deciders, criterion["id"]


def test_a_changed_field_changes_the_digest() -> None:
    assert kind_of(field(max=10)).digest != kind_of(field(max=11)).digest


def test_every_fault_of_a_kind_is_named_at_once_in_words() -> None:
    said = problems(
        key="Bad Key",
        judged=True,
        fields=[
            field(min=5, max=3),
            field("colour"),
            field("number", name="two", when={"field": "later", "from": "x"}),
        ],
    )
    for part in ("'key'", "'name' is missing", "'min' 5 is above 'max' 3", "not 'colour'", "names no judge"):
        assert part in said
    assert "'from' with a number" in said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (field("choice"), "'choices' is a list"),
        (field("choice", choices=["a", "a"]), "stands twice"),
        (field("text", choices=["a"]), "has no 'choices'"),
        (field("yes_no", max=3), "has no 'max'"),
        (field("text", max=20_000), "0 to 10240 characters"),
        (field("number", max="NaN"), "'max' is a number"),
        (field("number", max=1e400), "'max' is a number"),
        (field("file", accept=["svg"]), "'accept' is a list out of"),
        (field("file", max_mb=0), "'max_mb' is a whole number"),
        (field("text", pattern="("), "not a regular expression"),
        (field("text", pattern="(a+)+"), "repeats a group"),
        (field("long_text", pattern="a"), "only text and link fields"),
        (field("text", when={"field": "nowhere", "is": 1}), "no field before this one"),
        (field("text", when={"field": "one", "measure": "x", "is": 1}), "'when' looks at one field"),
        (field("text", when={"measure": "risk_rating", "like": "x"}), "not 'like'"),
        (field("text", colour="red"), "unknown entry 'colour'"),
        (field("text", name="Two Words"), "may hold only small letters"),
    ],
)
def test_a_field_that_does_not_hold_together_is_refused(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(KindError, match=re.escape(said)):
        kind_of(entry)


def test_what_is_no_mapping_is_refused_in_words() -> None:
    with pytest.raises(KindError, match="mapping"):
        EvidenceKind.from_dict(["no"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "value", "asked"),
    [
        ({"is": "none"}, "none", True),
        ({"is": "none"}, "restore", False),
        ({"is": "none"}, None, False),
        ({"is": True}, True, True),
        ({"is": True}, False, False),
        ({"is": False}, False, True),
        ({"is": False}, None, False),
        ({"is": 0}, {"amount": "0.00", "currency": "EUR"}, True),
        ({"is": 0}, False, False),
        ({"in": ["a", "b"]}, "b", True),
        ({"in": ["a", "b"]}, "c", False),
        ({"from": 50000}, {"amount": "50000.00", "currency": "EUR"}, True),
        ({"from": 50000}, "49999.99", False),
        ({"to": 0}, "-3", True),
        ({"from": 1, "to": 5}, "6", False),
        ({"includes": "personal"}, ["internal", "personal"], True),
        ({"includes": "personal"}, ["internal"], False),
        ({"from": 1}, "NaN", False),
    ],
)
def test_a_field_is_asked_for_exactly_when_its_condition_holds(
    when: dict[str, Any], value: Any, asked: bool
) -> None:
    base = {"name": "base", "label": "Base", "type": "text"}
    kind = kind_of(base, field(when={"field": "base"} | when))
    assert shown(kind.field("one"), {"base": value}, {}) is asked


def test_below_field_compares_two_numbers_of_the_form() -> None:
    first, second = ({"name": name, "label": name, "type": "number"} for name in ("trained", "planned"))
    gap = kind_of(first, second, field(when={"field": "trained", "below_field": "planned"})).field("one")
    assert shown(gap, {"trained": "9", "planned": "10"}, {})
    assert not shown(gap, {"trained": "10", "planned": "10"}, {})
    assert not shown(gap, {"trained": "9"}, {})


def test_a_condition_on_the_measure_looks_at_the_measure_and_not_at_the_form() -> None:
    note = kind_of(field(when={"measure": "risk_rating", "is": "critical"})).field("one")
    assert shown(note, {}, {"risk_rating": "critical"})
    assert not shown(note, {"risk_rating": "critical"}, {"risk_rating": "high"})


def test_a_field_that_hangs_on_a_hidden_field_is_hidden_too() -> None:
    kind = kind_of(
        {"name": "a", "label": "A", "type": "yes_no"},
        {"name": "b", "label": "B", "type": "yes_no", "when": {"field": "a", "is": True}},
        {"name": "c", "label": "C", "type": "text", "when": {"field": "b", "is": True}},
    )
    assert [one.name for one in shown_fields(kind, {"a": False, "b": True}, {})] == ["a"]
    assert [one.name for one in shown_fields(kind, {"a": True, "b": True}, {})] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("months", "effective", "until"),
    [
        (None, date(2026, 1, 31), None),
        (12, date(2026, 2, 19), date(2027, 2, 19)),
        (1, date(2026, 1, 31), date(2026, 2, 28)),
        (12, date(2024, 2, 29), date(2025, 2, 28)),
        (6, date(2026, 8, 31), date(2027, 2, 28)),
    ],
)
def test_evidence_counts_until_the_same_day_of_a_later_month(
    months: int | None, effective: date, until: date | None
) -> None:
    assert valid_until(kind_of(field(), validity_months=months), effective) == until


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|a)*",
        "(a?a?)*b",
        "(aa?)*b",
        "((a)?a)*b",
        "a*a*a*b",
        r"(\w)\1",
        "(?=a)b",
        "a?" * 7,
        "x" * 201,
        "(,{1,2}x?)*",
    ],
)
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]{4}",
        "[A-Z]{2}-[0-9]{4,8}",
        "CHG[0-9]{6}(, ?CHG[0-9]{6})*",
        "https://.+",
        "(a|b)c?",
        r"\d+[.,]\d*",
    ],
)
def test_a_pattern_that_stays_fast_is_taken(pattern: str) -> None:
    assert pattern_fault(pattern) is None
    started = time.process_time()
    re.fullmatch(pattern, "CHG000000, " * 90 + "!")
    re.fullmatch(pattern, "1" * 1000 + "!")
    assert time.process_time() - started < 1


def test_a_choice_key_reads_as_words() -> None:
    assert choice_label("it-run-budget") == "IT run budget"
