"""Steps that share their deciders: nobody decides two of them, so a path or a vote may leave one without anybody."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.asks import Ask, AskKind, Outcome
from govapp.domain.gates import decide
from govapp.domain.rules import StepRule, TableRow
from govapp.domain.snapshot import ReviewFact
from govapp.domain.staffing import left_without, short
from tests.domain.snapshots import NOW, SPONSOR, TODAY, measure, rules
from tests.domain.test_step_rules import BASIS, step

OTHER = 20
BY_SPONSOR = StepRule(
    "sponsor-decision", "Sponsor", "the sponsor", {"parts": ("sponsor",)}, 1, {"type": "all"}
)
BY_BOARD = StepRule("board-review", "Board", "the board", {"groups": ("board",)}, 1, {"type": "any"})


def asked(members):
    row = TableRow("X", {"stage": "identified"}, {"sponsor-decision": 1, "board-review": 1})
    steps = {each.key: each for each in (BY_SPONSOR, BY_BOARD)}
    holders = {"group:board": frozenset(members)}
    return decide(
        replace(rules(), table=(row,), steps=steps), measure("defined"), Ask(AskKind.ADVANCE, "identified"),
        TODAY, right="x", holders=holders,
    )  # fmt: skip


def test_a_group_whose_only_member_is_the_sponsor_cannot_decide_beside_the_sponsor():
    found = asked([SPONSOR])
    assert found.outcome is Outcome.REFUSED
    assert [each.code for each in found.unmet] == ["rule_shared_deciders"]
    assert asked([SPONSOR, OTHER]).outcome is Outcome.NEEDS_REVIEW


def with_people(number, people, **more):
    able = frozenset(people)
    return replace(step({"type": "any"}, number=number), named=able, electors=able, **more)


@pytest.mark.parametrize(("member", "left"), [(1, "s2"), (2, None)])
def test_a_vote_that_another_step_needs_names_that_step(member, left):
    group, sponsor = with_people(1, [1, 2]), with_people(2, [1], order=2)
    review = ReviewFact(1, "identified", BASIS, 1, 9, NOW, (group, sponsor))
    found = left_without(review, group, {member})
    assert (found.key if found else None) == left


def test_what_lacked_somebody_before_keeps_nobody_from_voting():
    group, empty = with_people(1, [1, 2]), with_people(2, [])
    review = ReviewFact(1, "identified", BASIS, 1, 9, NOW, (group, empty))
    assert left_without(review, group, {1}) is None


@given(st.lists(st.tuples(st.integers(0, 2), st.frozensets(st.integers(1, 4), max_size=3)), max_size=4))
def test_as_few_as_can_be_are_lacking(steps):
    seats = [people for need, people in steps for _ in range(need)]
    most = max(
        sum(who in people for who, people in zip(order, seats, strict=False))
        for order in permutations([1, 2, 3, 4, *([0] * max(len(seats) - 4, 0))])
    ) if len(seats) <= 6 else None  # fmt: skip
    if most is not None:
        assert sum(short(steps)) == len(seats) - most
