"""The duty matrix: read from data, complete in its reasons, for one person, for two parts, for a deputy (R03, R06)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.duties import (
    FORBID,
    WARN,
    DutyError,
    Standing,
    act_conflicts,
    forbidding,
    joined,
    pair_conflicts,
    parse_duties,
    part_conflicts,
    role_conflicts,
    roles_together,
    roles_without_voice,
)
from govapp.services.governance import read_set

STANDARD = parse_duties(read_set())
PARTS = (
    "owner",
    "sponsor",
    "controller",
    "service_owner",
    "process_owner",
    "reporting_owner",
    "finance_contact",
)


def rule(key, one, other, **more):
    return {"id": key, "a": one, "b": other} | more


def matrix(*rules):
    return parse_duties({"duties": {"rules": list(rules)}})


def keys(conflicts):
    return {conflict.key for conflict in conflicts}


def test_every_rule_of_the_standard_set_is_read_with_its_reason():
    raw = read_set()["duties"]["rules"]
    assert {each["id"] for each in raw} <= {each.key for each in STANDARD.rules}
    assert all(each.reason for each in STANDARD.rules)
    assert {each.effect for each in STANDARD.rules} == {FORBID, WARN}


@pytest.mark.parametrize(
    "said", [None, [], [rule("owner-sponsor", "part:owner", "part:sponsor", effect="warn")]]
)
def test_r03_owner_sponsor_and_controller_are_three_persons_whatever_a_matrix_says(said):
    duties = parse_duties({} if said is None else {"duties": {"rules": said}})
    found = part_conflicts(
        duties, {"owner": 1, "sponsor": 1, "controller": 1}, ["owner", "sponsor", "controller"]
    )
    assert len(found) == 3
    assert {each.effect for each in found} == {FORBID}


@pytest.mark.parametrize("broken", [rule("x", "owner", "part:sponsor"), rule("x", "part:owner", []),
                                    rule("x", "part:owner", "part:sponsor", effect="maybe")])  # fmt: skip
def test_a_rule_that_cannot_be_read_is_named(broken):
    with pytest.raises(DutyError, match="duty x"):
        matrix(broken)


def test_a_rule_may_name_several_others():
    duties = matrix(rule("auditor-any", "role:auditor", ["role:member", "role:leader"], scope="organization"))
    assert [c.other for c in role_conflicts(duties, {"leader", "member"}, "auditor")] == [
        "role:member",
        "role:leader",
    ]
    assert [c.other for c in role_conflicts(duties, {"auditor"}, "leader")] == ["role:auditor"]


@pytest.mark.parametrize(("held", "asked"), [("administrator", "controller"), ("approver", "administrator"),
                                             ("program_lead", "administrator"), ("auditor", "member")])  # fmt: skip
def test_r06_roles_of_the_standard_set_exclude_each_other_both_ways(held, asked):
    assert forbidding(role_conflicts(STANDARD, {held}, asked))
    assert forbidding(role_conflicts(STANDARD, {asked}, held))
    assert not role_conflicts(STANDARD, {held}, held)
    assert keys(roles_together(STANDARD, {held, asked}))


@given(st.dictionaries(st.sampled_from(PARTS), st.integers(1, 3)))
def test_parts_collide_exactly_where_a_rule_says_so(parts):
    found = {(c.one, c.other) for c in part_conflicts(STANDARD, parts, parts)}
    wanted = {
        (each.one, other)
        for each in STANDARD.rules
        for other in each.others
        if each.one.startswith("part:") and other.startswith("part:")
        and (holder := parts.get(each.one[5:])) is not None and holder == parts.get(other[5:])
    }  # fmt: skip
    assert found == wanted


def test_only_conflicts_with_a_share_of_what_was_touched_are_told():
    parts = {"owner": 1, "sponsor": 1, "process_owner": 2}
    assert not part_conflicts(STANDARD, parts, ["process_owner"])
    assert keys(part_conflicts(STANDARD, parts, ["sponsor"])) == {"owner-sponsor"}


def test_r03_an_owner_a_submitter_and_who_voted_before_are_kept_from_a_vote_each_with_the_rule():
    assert keys(act_conflicts(STANDARD, "vote", Standing(1, frozenset({"owner"})))) == {"owner-votes"}
    submitted = Standing(1, acts=frozenset({"submit-evidence"}))
    assert keys(act_conflicts(STANDARD, "vote", submitted)) == {"submit-vote"}
    assert keys(act_conflicts(STANDARD, "vote", Standing(1, acts=frozenset({"vote"})))) == {"vote-vote"}
    assert not act_conflicts(STANDARD, "vote", Standing(1, frozenset({"sponsor"}), frozenset({"leader"})))


def test_r03_an_administrator_votes_nowhere():
    found = act_conflicts(STANDARD, "vote", Standing(1, frozenset({"sponsor"}), frozenset({"administrator"})))
    assert keys(found) == {"administrator-votes"}
    assert roles_without_voice(STANDARD) == {"administrator", "auditor"}


def test_r58_a_deputy_is_bound_by_the_conflicts_of_both():
    plain = Standing(1)
    for one in (Standing(2, frozenset({"owner"})), Standing(2, acts=frozenset({"submit-evidence"}))):
        assert {c.person for c in act_conflicts(STANDARD, "vote", plain, one)} == {2}
        assert {c.person for c in act_conflicts(STANDARD, "vote", one, plain)} == {2}
        assert keys(act_conflicts(STANDARD, "vote", plain, one)) == keys(act_conflicts(STANDARD, "vote", one))


def test_r58_a_controller_is_no_deputy_of_the_sponsor_on_the_same_measure():
    controller, sponsor = Standing(1, frozenset({"controller"})), Standing(2, frozenset({"sponsor"}))
    assert keys(pair_conflicts(STANDARD, controller, sponsor)) == {"sponsor-controller"}
    assert "sponsor-controller" in keys(act_conflicts(STANDARD, "vote", controller, sponsor))
    assert not pair_conflicts(STANDARD, Standing(1, frozenset({"process_owner"})), sponsor)


def test_two_matrices_are_one_without_losing_a_rule():
    one = matrix(rule("a", "role:x", "role:y", scope="organization"))
    other = matrix(rule("a", "role:x", "role:y", scope="organization"), rule("b", "role:x", "role:z"))
    assert keys(joined([one, other]).rules) >= {"a", "b"}
    assert len([each for each in joined([one, other]).rules if each.one == "role:x"]) == 2
