"""Votes: which count, when a step is decided, who is barred (R03, R04)."""

from dataclasses import replace

import pytest

from govapp.domain.approvals import all_granted, barred, last_votes, named_as, standing, standings
from govapp.domain.duties import Standing
from govapp.domain.snapshot import Held, ReviewFact, StepFact, VoteFact
from tests.domain.snapshots import (
    CONTROLLER,
    FINANCE,
    MEMBER,
    NOW,
    OWNER,
    PARTS,
    SPONSOR,
    evidence,
    measure,
    reviewed,
    rules,
)

BASIS, OLD = "basis", "older"


def vote(person, verdict="approve", basis=BASIS, behalf=None):
    return VoteFact(person, verdict, basis, NOW, behalf)


def step(*votes, number=1, order=1):
    return StepFact(
        number, f"s{number}", "Step", "a step", order, {"type": "any"}, {"parts": ("sponsor",)}, votes, NOW
    )


@pytest.mark.parametrize(
    ("votes", "state"),
    [
        ((), "open"),
        ((vote(2),), "granted"),
        ((vote(2, "send_back"),), "refused"),
        ((vote(2, "comment"),), "open"),
        ((vote(2, basis=OLD),), "open"),
        ((vote(2, "send_back", OLD),), "open"),
        ((vote(2, "send_back"), vote(2)), "granted"),
        ((vote(2), vote(2, "send_back")), "refused"),
        ((vote(2), vote(2, "comment")), "granted"),
        ((vote(2, basis=OLD), vote(2)), "granted"),
        ((vote(2), vote(3, "send_back")), "refused"),
    ],
)
def test_the_last_vote_of_each_person_on_this_basis_decides(votes, state):
    assert standing(step(*votes), BASIS, open_order=1).state == state


def test_r04_a_vote_on_an_older_basis_is_stale_and_named():
    found = standing(step(vote(2, basis=OLD)), BASIS, open_order=1)
    assert found.counting == ()
    assert [one.person_id for one in found.stale] == [2]


def test_a_deputy_votes_for_whom_they_stand_in():
    votes = (vote(2), vote(9, "send_back", behalf=2))
    assert [one.verdict for one in last_votes(votes)] == ["send_back"]


def test_steps_of_one_order_run_side_by_side_and_later_ones_wait():
    review = ReviewFact(1, "x", BASIS, 1, 1, NOW, (step(number=1), step(number=2), step(number=3, order=2)))
    assert {key: one.state for key, one in standings(review, BASIS).items()} == {
        1: "open",
        2: "open",
        3: "waiting",
    }
    some = replace(review, steps=(step(vote(2)), step(vote(3), number=2), step(number=3, order=2)))
    assert standings(some, BASIS)[3].state == "open"
    assert not all_granted(some, BASIS)
    assert all_granted(replace(review, steps=some.steps[:2]), BASIS)


def bar(person, snapshot=None, into="detailed", roles=frozenset(), on=None):
    acting = Standing(person, roles=roles)
    return barred(acting, rules(), rules().gates[into], snapshot or measure("identified"), on)


def test_r03_the_owner_never_votes_whatever_roles_are_held():
    assert bar(OWNER, roles=frozenset({"controller", "approver"})) == "owner_votes"


def test_r03_whoever_handed_in_counted_evidence_does_not_vote():
    given = tuple(replace(fact, submitters=frozenset({MEMBER})) for fact in measure().evidence)
    assert bar(MEMBER, measure("identified", evidence=given)) == "submitter_votes"


def test_r03_a_submitter_through_a_deputy_is_barred_like_the_deputy():
    fact = evidence("technical-review")
    given = (replace(fact, submitters=frozenset({MEMBER, FINANCE})),)
    assert bar(MEMBER, measure("identified", evidence=given)) == "submitter_votes"
    assert bar(FINANCE, measure("identified", evidence=given)) == "submitter_votes"


def test_evidence_the_gate_does_not_count_bars_nobody():
    given = (
        *measure().evidence,
        evidence("lessons-learned", 99, by=SPONSOR),
        evidence("plan-numbers", 98, by=SPONSOR, judged="returned"),
    )
    assert bar(SPONSOR, measure("identified", evidence=given)) == ""


def test_evidence_of_an_earlier_passage_or_not_judged_yet_bars_nobody():
    numbers, scope = rules().kinds["plan-numbers"], rules().kinds["technical-review"]
    changed = {
        "plan-numbers": replace(numbers, judged=True),
        scope.key: replace(scope, once_per_passage=True),
    }
    set_ = replace(rules(), kinds=rules().kinds | changed)
    given = (evidence("plan-numbers", by=SPONSOR), evidence(scope.key, 2, by=SPONSOR, passage=7))
    gate, here = set_.gates["detailed"], measure("identified", evidence=given)
    assert barred(Standing(SPONSOR), set_, gate, here) == ""
    counted = tuple(replace(fact, judged="accepted", passage_id=1) for fact in given)
    assert barred(Standing(SPONSOR), set_, gate, replace(here, evidence=counted)) == "submitter_votes"


def test_r03_one_person_with_two_parts_counts_once():
    both = {**PARTS, "controller": Held(SPONSOR, "Samir")}
    assert bar(SPONSOR, measure("identified", parts=both)) == "conflicting_part"


def test_r03_n_steps_need_n_people():
    snapshot = reviewed(measure("identified"), "detailed", {"controller-check": [(CONTROLLER, "approve")]})
    review = snapshot.review
    assert review is not None
    other = next(one for one in review.steps if one.key != "controller-check")
    assert bar(CONTROLLER, snapshot, on=other) == "voted_elsewhere"
    own = next(one for one in review.steps if one.key == "controller-check")
    assert bar(CONTROLLER, snapshot, on=own) == ""


def test_an_administrator_never_votes():
    assert bar(SPONSOR, roles=frozenset({"administrator"})) == "administrator_votes"


def test_asking_for_the_move_bars_nobody():
    assert bar(SPONSOR, reviewed(measure("identified"), "detailed")) == ""


@pytest.mark.parametrize(
    ("deciders", "roles", "groups", "expected"),
    [
        ({"parts": ("sponsor",)}, (), (), "part:sponsor"),
        ({"parts": ("controller",)}, (), (), ""),
        ({"roles": ("program_lead",)}, ("program_lead",), (), "role:program_lead"),
        ({"roles": ("program_lead",)}, ("member",), (), ""),
        ({"groups": ("board",)}, (), ("board",), "group:board"),
        ({"parts": ("sponsor",), "roles": ("program_lead",)}, ("program_lead",), (), "part:sponsor"),
        ({}, ("program_lead",), ("board",), ""),
    ],
)
def test_a_step_names_people_by_part_role_or_group(deciders, roles, groups, expected):
    assert named_as(deciders, SPONSOR, measure(), frozenset(roles), frozenset(groups)) == expected
