"""`decide` over every pair of stages and every kind of ask (R01; product.md, What a drop means)."""

from dataclasses import replace

import pytest

from govapp.domain.asks import Ask, AskKind, Outcome, interpret
from govapp.domain.gates import decide
from tests.domain.snapshots import SPONSOR, TODAY, approvals, evidence, measure, reviewed, rules

STAGES = (None, "defined", "identified", "detailed", "decided", "implemented", "closed")
NAMED = STAGES[1:]


def ask(snapshot, kind, stage=None, reason="", right="part:owner"):
    return decide(rules(), snapshot, Ask(kind, stage, reason), TODAY, right=right)


def codes(decision):
    return [finding.code for finding in decision.unmet]


@pytest.mark.parametrize("to", NAMED)
@pytest.mark.parametrize("here", STAGES)
def test_r01_only_the_next_gate_can_be_asked_for(here, to):
    found = ask(measure(here), AskKind.ADVANCE, to)
    if rules().next_stage(here) == to:
        assert found.outcome is Outcome.NEEDS_REVIEW
        assert not found.unmet
    else:
        assert found.outcome is Outcome.REFUSED
        expected = (
            "rule_already_there"
            if here == to
            else "rule_closed"
            if here == "closed"
            else "rule_next_stage_only"
        )
        assert codes(found) == [expected]


@pytest.mark.parametrize("to", NAMED)
@pytest.mark.parametrize("here", STAGES)
def test_r01_sending_back_goes_to_an_earlier_stage_with_a_reason(here, to):
    order = [None, *NAMED]
    found = ask(measure(here), AskKind.RECYCLE, to, "Because of it")
    allowed = here not in {None, "closed"} and order.index(to) < order.index(here)
    assert (found.outcome is Outcome.ALLOWED) is allowed
    assert (ask(measure(here), AskKind.RECYCLE, to).outcome) is Outcome.REFUSED


@pytest.mark.parametrize("kind", list(AskKind))
@pytest.mark.parametrize("here", STAGES)
def test_r01_without_a_right_nothing_is_allowed(here, kind):
    found = ask(measure(here), kind, "identified", "Because of it", right=None)
    assert found.outcome is Outcome.REFUSED
    assert codes(found) == ["rule_no_right"]


@pytest.mark.parametrize("state", ["on_hold", "cancelled"])
@pytest.mark.parametrize("to", NAMED)
def test_on_hold_or_cancelled_a_measure_moves_only_by_release_or_reopen(state, to):
    held = measure("detailed", state=state)
    assert codes(ask(held, AskKind.ADVANCE, to)) == [f"rule_{state}"]
    assert codes(ask(held, AskKind.RECYCLE, to, "Because of it")) == [f"rule_{state}"]


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("active", {AskKind.HOLD, AskKind.CANCEL}),
        ("on_hold", {AskKind.RELEASE, AskKind.CANCEL}),
        ("cancelled", {AskKind.REOPEN}),
    ],
)
def test_states_change_only_as_they_may_and_never_without_a_reason(state, allowed):
    for kind in (AskKind.HOLD, AskKind.RELEASE, AskKind.CANCEL, AskKind.REOPEN):
        found = ask(measure("detailed", state=state), kind, None, "Because of it")
        assert (found.outcome is Outcome.ALLOWED) is (kind in allowed)
        without = ask(measure("detailed", state=state), kind)
        assert without.outcome is Outcome.REFUSED
        if kind in allowed:
            assert codes(without) == ["rule_reason_needed"]


def test_a_proposal_is_accepted_or_left_alone():
    for kind in (AskKind.HOLD, AskKind.RELEASE, AskKind.CANCEL, AskKind.REOPEN):
        assert ask(measure(None), kind, None, "Because of it").outcome is Outcome.REFUSED


def test_reopen_brings_a_closed_measure_to_implemented_and_a_cancelled_one_where_it_was():
    assert ask(measure("closed"), AskKind.REOPEN, None, "Because of it").to == "implemented"
    assert ask(measure("decided", state="cancelled"), AskKind.REOPEN, None, "Because of it").to == "decided"


def test_r01_a_closed_measure_neither_moves_nor_is_held_or_cancelled():
    for kind in (AskKind.RECYCLE, AskKind.HOLD, AskKind.CANCEL):
        assert ask(measure("closed"), kind, "defined", "Because of it").outcome is Outcome.REFUSED


def test_a_refusal_lists_every_criterion_met_or_not():
    found = ask(measure("defined", evidence=(evidence("scope-statement"),)), AskKind.ADVANCE, "identified")
    gate = rules().gates["identified"]
    assert [finding.key for finding in found.findings] == [criterion.key for criterion in gate.criteria]
    assert {finding.key for finding in found.unmet} == {"evidence:baseline-record", "evidence:rough-numbers"}


@pytest.mark.parametrize("to", NAMED)
def test_r02_a_gate_opens_only_when_every_step_is_granted_on_this_basis(to):
    here = STAGES[STAGES.index(to) - 1]
    votes = approvals(to)
    waiting = reviewed(measure(here), to, {})
    assert ask(waiting, AskKind.ADVANCE, to).outcome is Outcome.WAITING
    for missing in votes:
        some = {step: given for step, given in votes.items() if step != missing}
        assert ask(reviewed(measure(here), to, some), AskKind.ADVANCE, to).outcome is Outcome.WAITING
    assert ask(reviewed(measure(here), to, votes), AskKind.ADVANCE, to).outcome is Outcome.ALLOWED


def test_r02_approved_but_unmet_is_refused():
    done = reviewed(measure("defined"), "identified", approvals("identified"))
    inactive = {**done.parts, "sponsor": replace(done.parts["sponsor"], active=False)}
    assert codes(ask(replace(done, parts=inactive), AskKind.ADVANCE, "identified")) == ["part_inactive"]


def test_r04_votes_on_another_basis_open_nothing():
    done = reviewed(measure("defined"), "identified", approvals("identified"))
    changed = replace(
        done, evidence=(*done.evidence[1:], evidence("scope-statement", 1, digest="other", revision=2))
    )
    assert ask(changed, AskKind.ADVANCE, "identified").outcome is Outcome.WAITING


def test_a_gate_without_steps_moves_at_once():
    found = decide(
        replace(rules(), table=()),
        measure("defined"),
        Ask(AskKind.ADVANCE, "identified"),
        TODAY,
        right="x",
    )
    assert found.outcome is Outcome.ALLOWED


def test_an_unknown_stage_is_refused():
    assert codes(ask(measure("defined"), AskKind.ADVANCE, "moon")) == ["rule_unknown_stage"]
    assert codes(ask(measure("detailed"), AskKind.RECYCLE, "moon", "Because")) == ["rule_unknown_stage"]


@pytest.mark.parametrize(
    ("here", "to", "kind"),
    [
        ("detailed", "defined", AskKind.RECYCLE),
        ("detailed", "decided", AskKind.ADVANCE),
        ("detailed", "detailed", AskKind.ADVANCE),
        (None, "defined", AskKind.ADVANCE),
        ("closed", "defined", AskKind.RECYCLE),
    ],
)
def test_a_drop_on_an_earlier_stage_asks_for_a_recycle(here, to, kind):
    assert interpret(rules(), measure(here), to) is kind


def test_r03_a_gate_whose_only_decider_supplied_the_proof_opens_no_review():
    given = tuple(
        replace(fact, submitters=frozenset({SPONSOR})) if fact.kind == "rough-numbers" else fact
        for fact in measure().evidence
    )
    found = ask(measure("defined", evidence=given), AskKind.ADVANCE, "identified")
    assert found.outcome is Outcome.REFUSED
    assert codes(found) == ["rule_no_decider"]
    assert found.unmet[0].values["who"] == ["Samir"]
