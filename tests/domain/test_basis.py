"""The basis of a vote: what the gate reads makes votes stale, nothing else does (R04)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from govapp.domain.basis import basis_of, digest_of
from govapp.domain.snapshot import Held, PredecessorFact, RiskFact
from tests.domain.snapshots import FIELDS, MEMBER, PARTS, TODAY, evidence, measure, milestones, rules

LATER = TODAY + timedelta(days=30)


def digest(into, snapshot, set_=None):
    set_ = set_ or rules()
    return digest_of(basis_of(set_, set_.gates[into], snapshot))


def with_revision(kind, **more):
    facts = tuple(fact for fact in measure().evidence if fact.kind != kind)
    number = next(fact.evidence_id for fact in measure().evidence if fact.kind == kind)
    return (*facts, evidence(kind, number, revision=2, digest="new", **more))


@pytest.mark.parametrize(
    ("into", "changes"),
    [
        ("defined", {"fields": {**FIELDS, "problem": "q" * 100}}),
        ("identified", {"fields": {**FIELDS, "risk_rating": "high"}}),
        ("identified", {"parts": {**PARTS, "sponsor": Held(MEMBER, "Mina")}}),
        ("identified", {"evidence": with_revision("rough-numbers")}),
        ("detailed", {"milestones": milestones()[:2]}),
        ("detailed", {"milestones": (*milestones()[:2], replace(milestones()[2], owner_id=None))}),
        ("detailed", {"milestones": (*milestones()[:2], replace(milestones()[2], plan_date=LATER))}),
        ("detailed", {"risks": (RiskFact(1, "high", 1, "Watch it", False, True),)}),
        ("detailed", {"figures": {"1:plan": 101}}),
        ("decided", {"predecessors": ()}),
        ("decided", {"risks": (RiskFact(1, "low", 1, "Watch it", True, True),)}),
        ("implemented", {"milestones": milestones(done=False)}),
    ],
)
def test_r04_what_the_gate_reads_changes_the_basis(into, changes):
    assert digest(into, measure()) != digest(into, measure(**changes))


@pytest.mark.parametrize(
    ("into", "changes"),
    [
        ("identified", {"fields": {**FIELDS, "title": "Another title", "description": "More"}}),
        ("identified", {"parts": {**PARTS, "finance_contact": Held(MEMBER, "Mina")}}),
        ("identified", {"evidence": with_revision("lessons-learned")}),
        ("identified", {"milestones": ()}),
        ("detailed", {"milestones": milestones(done=False)}),
        ("implemented", {"milestones": tuple(replace(one, plan_date=LATER) for one in milestones())}),
        ("decided", {"predecessors": (PredecessorFact("M-9", "identified", "identified", "active"),)}),
        ("identified", {"version": 99, "passage_id": 7}),
    ],
)
def test_what_the_gate_does_not_read_leaves_votes_alone(into, changes):
    assert digest(into, measure()) == digest(into, measure(**changes))


def test_evidence_that_expires_makes_no_vote_stale():
    there = with_revision("business-case", until=TODAY)
    assert digest("decided", measure(evidence=there)) == digest("decided", measure(evidence=there))
    kept = basis_of(rules(), rules().gates["decided"], measure(evidence=there))
    assert "until" not in str(kept)


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"judged": True}, {"judged": ""}),
        ({"judged": True}, {"judged": "returned"}),
        ({"once_per_passage": True}, {"passage": 7}),
    ],
)
def test_evidence_that_does_not_count_is_no_part_of_the_basis(changes, fact):
    kind = rules().kinds["business-case"]
    set_ = replace(rules(), kinds=rules().kinds | {kind.key: replace(kind, several=True, **changes)})
    good = evidence(kind.key, 1, judged="accepted", passage=1)
    alone, both = (good,), (good, evidence(kind.key, 2, **fact))
    assert digest("decided", measure(evidence=alone), set_) == digest("decided", measure(evidence=both), set_)
    counted = replace(both[1], judged="accepted", passage_id=1)
    assert digest("decided", measure(evidence=alone), set_) != digest(
        "decided", measure(evidence=(good, counted)), set_
    )


def test_another_version_of_the_rules_is_another_basis():
    assert digest("identified", measure()) != digest("identified", measure(), replace(rules(), version=2))


def test_the_digest_does_not_depend_on_the_order_in_which_things_were_read():
    turned = tuple(reversed(measure().evidence))
    assert digest("detailed", measure()) == digest("detailed", measure(evidence=turned))
