"""Who may do what: deny by default, by grant inherited downward or by part on this measure alone."""

import pytest

from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import PART_PERMISSIONS, Permission
from govapp.domain.rights import SYSTEM, Actor, GrantHeld, Place, may, right_of

P = Permission
READ = frozenset({P.MEASURE_VIEW, P.STRUCTURE_VIEW})


def actor(*grants, number=1):
    return Actor(
        number,
        "Someone",
        grants=tuple(GrantHeld(role, branch, path, perms) for role, branch, path, perms in grants),
    )


def place(path="/1/2/", **parts):
    return Place(path, parts, 2)


def test_nobody_may_anything_without_a_grant_or_part():
    for permission in Permission:
        assert right_of(actor(), permission, place()) is None


def test_a_grant_counts_on_its_branch_and_below_and_nowhere_else():
    reader = actor(("member", 1, "/1/", READ))
    assert right_of(reader, P.MEASURE_VIEW, place("/1/2/3/")) == "role:member@1"
    assert right_of(reader, P.MEASURE_VIEW, place("/11/")) is None
    assert right_of(actor(("member", 2, "/1/2/", READ)), P.MEASURE_VIEW, place("/1/")) is None


def test_a_part_gives_reading_the_measure_and_the_acts_of_the_part():
    for part, acts in PART_PERMISSIONS.items():
        for permission in Permission:
            found = right_of(actor(), permission, place(**{part: 1}))
            assert found == (f"part:{part}" if permission in acts else None)


def test_a_part_on_another_measure_gives_nothing():
    assert right_of(actor(), P.MEASURE_VIEW, place(owner=2)) is None


def test_what_one_may_not_see_is_not_found_and_what_one_may_not_do_is_refused():
    with pytest.raises(NotFound):
        may(actor(), P.MEASURE_EDIT, place(owner=2))
    with pytest.raises(Refused):
        may(actor(("member", 1, "/1/", READ)), P.MEASURE_RECYCLE, place(owner=2))


def test_a_member_edits_only_where_a_part_is_held():
    member = actor(("member", 1, "/1/", READ | {P.MEASURE_EDIT}))
    assert right_of(member, P.MEASURE_EDIT, place(owner=2)) is None
    assert right_of(member, P.MEASURE_EDIT, place(escalation_contact=1)) == "role:member@1"
    lead = actor(("program_lead", 1, "/1/", READ | {P.MEASURE_EDIT, P.MEASURE_EDIT_ANY}))
    assert right_of(lead, P.MEASURE_EDIT, place(owner=2)) == "role:program_lead@1"


def test_no_part_lets_its_holder_close_as_owner():
    assert P.REVIEW_DECIDE not in PART_PERMISSIONS["owner"]
    assert P.REVIEW_DECIDE in PART_PERMISSIONS["controller"]


def test_the_program_itself_may_and_says_so():
    assert may(SYSTEM, P.MEASURE_MOVE, place()) == "system"
