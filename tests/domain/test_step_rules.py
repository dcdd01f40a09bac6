"""Every rule of a step against its definition: any, all, at least, percent, with quorum, veto and one refusal."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.approvals import (
    CLOSE,
    COMMENT,
    GRANTED,
    OPEN,
    REFUSED,
    WITH_CONDITIONS,
    all_granted,
    defect_of,
    share,
    standing,
    standings,
    tally,
)
from govapp.domain.snapshot import ReviewFact, StepFact, VoteFact
from tests.domain.snapshots import NOW

BASIS, OLD = "basis", "older"
YES, NO = "approve", "send_back"
LATER = {
    "any": "waits_for_others",
    "at_least": "refuses_when_unreachable",
    "percent": "refuses_when_unreachable",
}
AT_ONCE = dict.fromkeys(LATER, "refuses")
RULES = (
    {"type": "any"},
    {"type": "all"},
    *({"type": "at_least", "n": n} for n in (1, 2, 3)),
    *({"type": "percent", "percent": p} for p in (1, 50, 60, 67, 100)),
)


def step(rule, said=(), people=0, *, quorum=None, veto=False, state="", closed=False, number=1, order=1):
    """A step for people 1 to `people`; `said` is what the first of them voted, in their order."""
    votes = tuple(VoteFact(n, verdict, BASIS, NOW) for n, verdict in enumerate(said, 1))
    if closed:
        votes = (*votes, VoteFact(99, CLOSE, BASIS, NOW))
    able = frozenset(range(1, people + 1))
    return StepFact(
        number, f"s{number}", "Step", "a step", order, rule, {"groups": ("board",)}, votes, NOW, quorum, veto,
        state=state, named=able, electors=able,
    )  # fmt: skip


def standing_of(each, one_refusal=LATER):
    return standing(each, BASIS, open_order=each.order, one_refusal=one_refusal).state


def ends(rule, yes, no, quorum):
    """What a step comes to once nobody votes any more: granted, or not."""
    kind, cast = rule["type"], yes + no
    if kind == "any":
        return yes >= 1
    if kind == "all":
        return yes >= 1 and no == 0
    if kind == "at_least":
        return yes >= rule["n"]
    return yes >= 1 and yes * 100 >= rule["percent"] * cast and cast >= (quorum or 0)


def by_definition(rule, yes, no, pending, quorum, veto, *, at_once):
    """Granted when nothing that can still be voted changes it, refused when nothing can grant it any more."""
    kind = rule["type"]
    if no and (veto or kind == "all" or at_once):
        return REFUSED
    endings = [
        ends(rule, yes + more, no + less, quorum)
        for more, less in product(range(pending + 1), repeat=2)
        if more + less <= pending
    ]
    short = kind == "percent" and yes + no < (quorum or 0)
    if kind == "all":
        return GRANTED if yes and not pending else OPEN
    if all(endings) and not short:
        return GRANTED
    return REFUSED if no and not any(endings) and not short else OPEN


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(str(each) for each in rule.values()))
@pytest.mark.parametrize("veto", [False, True], ids=["", "veto"])
@pytest.mark.parametrize("at_once", [False, True], ids=["", "one-refusal-refuses"])
def test_the_truth_table_of_a_rule_holds_for_every_number_of_votes(rule, veto, at_once):
    for people, quorum in product(range(6), (None, 2, 3) if rule["type"] == "percent" else (None,)):
        for yes in range(people + 1):
            for no in range(people + 1 - yes):
                each = step(rule, [YES] * yes + [NO] * no, people, quorum=quorum, veto=veto)
                expected = by_definition(rule, yes, no, people - yes - no, quorum, veto, at_once=at_once)
                found = standing_of(each, AT_ONCE if at_once else LATER)
                assert found == expected, (rule, yes, no, people, quorum)


@pytest.mark.parametrize(
    ("percent", "cast", "needed"),
    [
        (60, 3, 2),
        (60, 4, 3),
        (60, 5, 3),
        (60, 6, 4),
        (50, 3, 2),
        (50, 4, 2),
        (67, 3, 3),
        (1, 7, 1),
        (100, 4, 4),
    ],
)
def test_percent_of_votes_cast_is_rounded_up(percent, cast, needed):
    assert share(percent, cast) == needed
    rule = {"type": "percent", "percent": percent}
    assert standing_of(step(rule, [YES] * needed + [NO] * (cast - needed), cast)) == GRANTED
    assert standing_of(step(rule, [YES] * (needed - 1) + [NO] * (cast - needed + 1), cast)) == REFUSED


def test_below_its_quorum_a_committee_decides_nothing_whatever_it_votes():
    rule = {"type": "percent", "percent": 60}
    for said in ([YES, YES], [NO, NO], [YES, NO]):
        assert standing_of(step(rule, said, 5, quorum=3)) == OPEN
    assert standing_of(step(rule, [YES, YES, NO], 5, quorum=3)) == OPEN, "two more could still turn it"
    assert standing_of(step(rule, [YES, YES, NO], 5, quorum=3, closed=True)) == GRANTED
    assert standing_of(step(rule, [YES, NO, NO], 5, quorum=3, closed=True)) == REFUSED


def test_members_who_left_after_their_vote_still_count_and_those_who_left_before_it_do_not():
    rule = {"type": "percent", "percent": 60}
    voted = step(rule, [YES, YES, NO], 5, quorum=3)
    assert standing_of(replace(voted, named=frozenset({1, 2, 3}), electors=frozenset({1, 2, 3}))) == GRANTED
    each = step({"type": "all"}, [YES], 3)
    assert standing_of(replace(each, named=frozenset({1}), electors=frozenset({1}))) == GRANTED
    assert standing_of(replace(each, named=frozenset(), electors=frozenset())) == GRANTED


def test_a_group_smaller_than_its_quorum_or_its_rule_is_a_defect_at_once():
    committee = step({"type": "percent", "percent": 60}, (), 2, quorum=3)
    assert (defect_of(committee, BASIS).code, defect_of(committee, BASIS).need) == ("too_few", 3)
    assert defect_of(step({"type": "at_least", "n": 2}, (), 1), BASIS).code == "too_few"
    assert defect_of(step({"type": "any"}, (), 0), BASIS).code == "nobody"
    both = step({"type": "all"}, (), 2)
    assert defect_of(replace(both, electors=frozenset({1})), BASIS).code == "member_barred"
    for sound in (step({"type": "any"}, (), 1), both, step({"type": "at_least", "n": 2}, [YES], 2)):
        assert defect_of(sound, BASIS) is None


RULE = st.sampled_from(RULES)
SAID = st.lists(
    st.tuples(
        st.integers(1, 6), st.sampled_from([YES, NO, COMMENT, WITH_CONDITIONS]), st.sampled_from([BASIS, OLD])
    ),
    max_size=14,
)
QUORUM = st.sampled_from([None, 2, 3, 5])


def told(rule, said, *, people=6, quorum=None, veto=False):
    """The standings after each vote, the state kept as `settle` keeps it; and the step as it came to be."""
    each = step(rule, (), people, quorum=quorum, veto=veto, state=OPEN)
    states = []
    for person, verdict, basis in said:
        each = replace(each, votes=(*each.votes, VoteFact(person, verdict, basis, NOW)))
        each = replace(each, state=standing_of(each))
        states.append(each.state)
    return states, each


@given(RULE, SAID, QUORUM, st.booleans())
def test_a_later_rejection_never_overwrites_an_earlier_grant(rule, said, quorum, veto):
    states, _ = told(rule, said, quorum=quorum, veto=veto)
    if GRANTED in states:
        assert set(states[states.index(GRANTED) :]) == {GRANTED}


@given(RULE, SAID, QUORUM)
def test_n_approvals_are_n_people_and_no_comment_or_stale_vote_is_one(rule, said, quorum):
    states, each = told(rule, said, quorum=quorum)
    approving = {
        person for person, verdict, basis in said if basis == BASIS and verdict in {YES, WITH_CONDITIONS}
    }
    count = tally(each, BASIS)
    assert count.approvals <= len(approving)
    assert count.cast == len({person for person, verdict, basis in _last(said) if basis == BASIS})
    if rule["type"] == "at_least" and GRANTED in states:
        assert len(approving) >= rule["n"]


def _last(said):
    """The last vote of each person; a comment is none."""
    found = {person: (person, verdict, basis) for person, verdict, basis in said if verdict != COMMENT}
    return list(found.values())


@given(RULE, SAID, QUORUM, st.booleans())
def test_a_decision_needs_votes_and_a_granted_step_an_approval(rule, said, quorum, veto):
    states, _ = told(rule, said, quorum=quorum, veto=veto)
    for n, state in enumerate(states):
        before = [vote for vote in said[: n + 1] if vote[2] == BASIS]
        if state == GRANTED:
            assert any(verdict in {YES, WITH_CONDITIONS} for _, verdict, _ in before)
        if state == REFUSED:
            assert any(verdict == NO for _, verdict, _ in before)


@given(
    st.lists(st.sampled_from([YES, NO]), min_size=1, max_size=6),
    st.sampled_from([1, 50, 60, 67, 100]),
    QUORUM,
)
def test_when_everybody_has_voted_a_percent_step_is_decided_or_lacks_its_quorum(said, percent, quorum):
    each = step({"type": "percent", "percent": percent}, said, len(said), quorum=quorum)
    state, yes = standing_of(each), said.count(YES)
    if len(said) < (quorum or 0):
        assert state == OPEN
        assert defect_of(each, BASIS).code == "too_few"
    else:
        assert state == (GRANTED if yes and yes >= share(percent, len(said)) else REFUSED)


@given(st.lists(st.sampled_from([YES, NO, COMMENT]), max_size=5), RULE)
def test_no_step_that_was_skipped_counts_as_done(said, rule):
    """A step nobody voted on is never granted by what others say, whatever its order."""
    first, second = step(rule, said, 5), step({"type": "any"}, (), 5, number=2, order=2)
    review = ReviewFact(1, "x", BASIS, 1, 1, NOW, (first, second))
    found = standings(review, BASIS)
    assert found[2].state in {OPEN, "waiting"}
    assert not all_granted(review, BASIS)
    assert not all_granted(replace(review, steps=()), BASIS), (
        "and a review without steps is granted by nobody"
    )


@given(RULE, SAID, st.integers(1, 6))
def test_closing_a_ballot_changes_nothing_for_rules_without_one(rule, said, closer):
    if rule["type"] == "percent":
        return
    _, each = told(rule, said)
    closed = replace(each, votes=(*each.votes, VoteFact(closer, CLOSE, BASIS, NOW)))
    assert tally(closed, BASIS).approvals == tally(each, BASIS).approvals
    if standing_of(each) == GRANTED:
        assert standing_of(closed) == GRANTED
