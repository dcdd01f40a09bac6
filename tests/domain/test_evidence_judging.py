"""Who may judge evidence: a truth table with every reason, who is left to judge, and dead ends."""

from itertools import product

import pytest

from govapp.domain.evidence_judging import Handed, Named, judges_of, named_as, waits_for_judge, why_not
from govapp.domain.evidence_kinds import EvidenceKind, Judge, KindError
from tests.domain.snapshots import CONTROLLER, LEAD, MEMBER, OWNER, SPONSOR, evidence, measure, rules

JUDGE = Judge(parts=("controller",), roles=("program_lead",), groups=("reviewers",))


@pytest.mark.parametrize(("named", "submitted", "acted_for", "owns"), list(product((True, False), repeat=4)))
def test_r03_every_reason_is_said_and_none_is_hidden_by_another(named, submitted, acted_for, owns):
    submitter = CONTROLLER if submitted else MEMBER
    principal = CONTROLLER if acted_for else None
    owner = CONTROLLER if owns else OWNER
    expected = [
        *([] if named else ["judge_not_named"]),
        *(["judge_submitted"] if submitted else []),
        *(["judge_submitted_for"] if acted_for else []),
        *(["judge_owner"] if owns else []),
    ]
    found = why_not({CONTROLLER}, "part:controller" if named else "", Handed(submitter, principal), owner)
    assert list(found) == expected


@pytest.mark.parametrize(
    ("deputy", "principal", "expected"),
    [
        (LEAD, CONTROLLER, ()),
        (MEMBER, CONTROLLER, ("judge_submitted",)),
        (LEAD, MEMBER, ("judge_submitted",)),
        (OWNER, CONTROLLER, ("judge_owner",)),
        (LEAD, SPONSOR, ("judge_submitted_for",)),
    ],
)
def test_r58_a_deputy_is_bound_by_the_conflicts_of_both(deputy, principal, expected):
    assert why_not({deputy, principal}, "part:controller", Handed(MEMBER, SPONSOR), OWNER) == expected


@pytest.mark.parametrize(
    ("parts", "roles", "groups", "expected"),
    [
        ({"controller"}, set(), set(), "part:controller"),
        (set(), {"program_lead"}, set(), "role:program_lead"),
        (set(), set(), {"reviewers"}, "group:reviewers"),
        ({"sponsor"}, {"member"}, {"others"}, ""),
    ],
)
def test_a_judge_is_named_by_part_role_or_group(parts, roles, groups, expected):
    assert named_as(JUDGE, parts, roles, groups) == expected
    assert named_as(None, parts, roles, groups) == ""


def named(*people):
    return tuple(Named(number, f"person {number}", "part:controller", right) for number, right in people)


def test_who_is_left_to_judge_is_named_and_who_is_barred_stands_with_the_reasons():
    found = judges_of(
        JUDGE,
        {"part:controller": named((CONTROLLER, True)), "role:program_lead": named((MEMBER, True), (LEAD, False))},
        Handed(MEMBER), measure(),
    )  # fmt: skip
    assert [one.person_id for one in found.may] == [CONTROLLER]
    assert {one.person_id: reasons for one, reasons in found.barred} == {
        MEMBER: ("judge_submitted",),
        LEAD: ("judge_no_right",),
    }
    assert found.vacant == ("group:reviewers",)
    assert not found.dead_end


def test_evidence_that_nobody_can_judge_is_a_dead_end_at_once():
    assert judges_of(JUDGE, {}, Handed(MEMBER), measure()).dead_end
    only_me = judges_of(JUDGE, {"part:controller": named((CONTROLLER, True))}, Handed(CONTROLLER), measure())
    assert only_me.dead_end
    assert only_me.barred[0][1] == ("judge_submitted",)


def test_only_what_is_judged_and_not_yet_judged_waits():
    plain = rules().kinds["scope-statement"]
    judged = EvidenceKind.from_dict(plain.to_dict() | {"judged": True, "judge": {"parts": ["controller"]}})
    assert waits_for_judge(judged, evidence(plain.key))
    assert not waits_for_judge(judged, evidence(plain.key, judged="returned"))
    assert not waits_for_judge(plain, evidence(plain.key))
    assert not waits_for_judge(None, evidence("gone"))


def test_what_is_signed_with_a_vote_is_not_judged_as_well():
    plain = rules().kinds["scope-statement"].to_dict()
    with pytest.raises(KindError):
        EvidenceKind.from_dict(plain | {"judged": True, "judge": {"parts": ["controller"]}, "attested": True})


def test_whoever_used_the_emergency_path_does_not_judge_its_look_back():
    handed = Handed(MEMBER, None, frozenset({LEAD}))
    assert why_not({LEAD}, "role:program_lead", handed, OWNER) == ("judge_emergency",)
    assert why_not({CONTROLLER}, "part:controller", handed, OWNER) == ()
