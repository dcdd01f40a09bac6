"""A truth table for each criterion kind: met or not, and the code that says why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from govapp.domain.criteria import CHECKS, applies, find
from govapp.domain.snapshot import Held, PredecessorFact, RiskFact
from tests.domain.snapshots import FIELDS, PARTS, TODAY, criterion, evidence, measure, milestones, rules

YESTERDAY = TODAY - timedelta(days=1)


def answer(made, **changes):
    found = find(made, rules(), measure(**changes), TODAY)
    return found.met, found.code


@pytest.mark.parametrize(
    ("value", "params", "expected"),
    [
        ("12345678", {"min_length": 8}, (True, "field_filled")),
        ("1234567", {"min_length": 8}, (False, "field_missing")),
        ("   1234567   ", {"min_length": 8}, (False, "field_missing")),
        ("1" * 121, {"max_length": 120}, (False, "field_missing")),
        ("", {}, (False, "field_missing")),
        (None, {}, (False, "field_missing")),
    ],
)
def test_a_field_is_filled_within_its_limits(value, params, expected):
    assert (
        answer(criterion("field", {"fields": ["title"], **params}), fields={**FIELDS, "title": value})
        == expected
    )


@pytest.mark.parametrize(
    ("one", "other", "match", "met"),
    [("a", "", "any", True), ("", "", "any", False), ("a", "", "all", False), ("a", "b", "all", True)],
)
def test_several_fields_any_or_all(one, other, match, met):
    fields = {**FIELDS, "service": one, "request_category": other}
    made = criterion("field", {"fields": ["service", "request_category"], "match": match})
    assert answer(made, fields=fields)[0] is met


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (Held(2, "Samir"), (True, "part_held")),
        (Held(2, "Samir", active=False), (False, "part_inactive")),
        (None, (False, "part_vacant")),
    ],
)
def test_a_part_is_held_by_an_active_person(held, expected):
    parts = {part: who for part, who in PARTS.items() if part != "sponsor"} | (
        {"sponsor": held} if held else {}
    )
    assert answer(criterion("role", {"part": "sponsor"}), parts=parts) == expected


def test_named_parts_are_held_by_different_people():
    made = criterion("distinct", {"parts": ["owner", "sponsor", "controller"]})
    assert answer(made) == (True, "parts_distinct")
    assert answer(made, parts={**PARTS, "sponsor": PARTS["owner"]}) == (False, "parts_same")
    assert answer(made, parts={"owner": PARTS["owner"]}) == (False, "parts_vacant")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), (False, "evidence_missing")),
        ((evidence("business-case"),), (True, "evidence_valid")),
        ((evidence("business-case", until=TODAY),), (True, "evidence_valid")),
        ((evidence("business-case", until=YESTERDAY),), (False, "evidence_expired")),
        ((evidence("business-case", judged="returned"),), (False, "evidence_returned")),
        ((evidence("scope-statement"),), (False, "evidence_missing")),
        (
            (evidence("business-case", until=YESTERDAY), evidence("business-case", 2)),
            (True, "evidence_valid"),
        ),
    ],
)
def test_evidence_counts_while_it_is_there_unexpired_and_unreturned(facts, expected):
    assert answer(criterion("evidence", {"kind": "business-case"}), evidence=facts) == expected


def test_evidence_may_be_needed_more_than_once():
    made = criterion("evidence", {"kind": "milestone-proof", "min_count": 2})
    assert not answer(made, evidence=(evidence("milestone-proof"),))[0]
    assert answer(made, evidence=(evidence("milestone-proof"), evidence("milestone-proof", 2)))[0]


def test_judged_evidence_counts_once_accepted_and_once_per_passage_only_in_its_own():
    kinds = dict(rules().kinds)
    kinds["business-case"] = replace(kinds["business-case"], judged=True)
    kinds["lessons-learned"] = replace(kinds["lessons-learned"], once_per_passage=True)
    changed = replace(rules(), kinds=kinds)

    def code(kind, fact):
        return find(criterion("evidence", {"kind": kind}), changed, measure(evidence=(fact,)), TODAY).code

    assert code("business-case", evidence("business-case")) == "evidence_unjudged"
    assert code("business-case", evidence("business-case", judged="accepted")) == "evidence_valid"
    assert code("lessons-learned", evidence("lessons-learned", passage=0)) == "evidence_earlier_passage"
    assert code("lessons-learned", evidence("lessons-learned", passage=1)) == "evidence_valid"


@pytest.mark.parametrize(
    ("check", "rows", "expected"),
    [
        ("planned", milestones(), (True, "milestones_planned")),
        ("planned", milestones()[:2], (False, "milestones_few")),
        ("planned", tuple(replace(m, owner_id=None) for m in milestones()), (False, "milestones_few")),
        ("planned", tuple(replace(m, plan_date=None) for m in milestones()), (False, "milestones_few")),
        ("all_done", milestones(), (True, "milestones_done")),
        ("all_done", milestones(done=False), (False, "milestones_open")),
        ("all_done", (), (False, "milestones_none")),
    ],
)
def test_milestones_are_planned_or_done(check, rows, expected):
    assert answer(criterion("milestone", {"check": check, "min_count": 3}), milestones=rows) == expected


@pytest.mark.parametrize(
    ("stage", "state", "needs", "met"),
    [
        ("decided", "active", "decided", True),
        ("closed", "active", "decided", True),
        ("detailed", "active", "decided", False),
        ("detailed", "active", "detailed", True),
        (None, "proposed", "identified", False),
        ("closed", "cancelled", "identified", False),
        ("decided", "on_hold", "decided", True),
    ],
)
def test_predecessors_have_passed_their_stage(stage, state, needs, met):
    made = criterion("dependency", {"min_stage": "decided"})
    assert answer(made, predecessors=(PredecessorFact("M-9", needs, stage, state),))[0] is met


def test_without_predecessors_the_criterion_holds():
    assert answer(criterion("dependency", {"min_stage": "decided"}), predecessors=()) == (
        True,
        "predecessors_there",
    )


@pytest.mark.parametrize(
    ("check", "risks", "expected"),
    [
        ("no_open_blocking", (), (True, "risk_none_blocking")),
        ("no_open_blocking", (RiskFact(1, "high", 1, "x", True, True),), (False, "risk_blocking")),
        ("no_open_blocking", (RiskFact(1, "high", 1, "x", True, False),), (True, "risk_none_blocking")),
        ("no_open_blocking", (RiskFact(1, "high", 1, "x", False, True),), (True, "risk_none_blocking")),
        (
            "risks_with_owner_and_response",
            (RiskFact(1, "low", 1, "x", False, True),),
            (True, "risk_answered"),
        ),
        (
            "risks_with_owner_and_response",
            (RiskFact(1, "low", None, "x", False, True),),
            (False, "risk_unanswered"),
        ),
        (
            "risks_with_owner_and_response",
            (RiskFact(1, "low", 1, " ", False, True),),
            (False, "risk_unanswered"),
        ),
        ("risks_with_owner_and_response", (), (False, "risk_few")),
    ],
)
def test_risks_are_answered_and_none_blocks(check, risks, expected):
    assert answer(criterion("risk", {"check": check, "min_count": 1}), risks=risks) == expected


def test_a_first_rating_is_set():
    made = criterion("risk", {"check": "rating_set"})
    assert answer(made) == (True, "risk_rated")
    assert answer(made, fields={**FIELDS, "risk_rating": ""}) == (False, "risk_unrated")


def test_a_kind_nobody_knows_is_never_met():
    assert answer(criterion("moon_phase")) == (False, "kind_unknown")


@pytest.mark.parametrize(
    ("when", "fields", "counts"),
    [
        ({}, {}, True),
        ({"risk_rating": ["high", "critical"]}, {"risk_rating": "high"}, True),
        ({"risk_rating": ["high", "critical"]}, {"risk_rating": "low"}, False),
        ({"security_relevant": True}, {"security_relevant": True}, True),
        ({"security_relevant": True}, {"security_relevant": False}, False),
        ({"vendor_spend_from": 10_000}, {"vendor_spend": 10_000}, True),
        ({"vendor_spend_from": 10_000}, {"vendor_spend": 9_999}, False),
        ({"vendor_spend_from": 10_000}, {"vendor_spend": None}, False),
        ({"risk_rating": "high", "security_relevant": True}, {"risk_rating": "high"}, False),
    ],
)
def test_a_criterion_with_conditions_counts_only_when_all_hold(when, fields, counts):
    assert applies(criterion("field", {"fields": []}, when), measure(fields={**FIELDS, **fields})) is counts


def test_every_criterion_of_version_1_is_of_a_known_kind():
    kinds = {one.kind for gate in rules().gates.values() for one in gate.criteria}
    assert kinds <= set(CHECKS)
