"""Who holds which part, under the duty matrix."""

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.notices import Notice
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.services.parts import AssignParts, assign_parts
from tests.factories import assign_all, loaded, make_proposal, version_of

SAME = [("owner", "sponsor"), ("owner", "controller"), ("sponsor", "controller"), ("owner", "service_owner"),
        ("sponsor", "service_owner"), ("controller", "service_owner"), ("owner", "finance_contact")]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_person_does_not_hold_two_parts_that_exclude_each_other(sqlite, cast, one, other):
    key = make_proposal(cast)
    person = cast.controller.id if "controller" in (one, other) else cast.owner.id
    with pytest.raises(Invalid) as error:
        assign_parts(AssignParts(key, 1, {one: person, other: person}, cast.lead.origin))
    assert any(code.startswith("duty:") for codes in error.value.errors.values() for code in codes)
    assert loaded(key).snapshot.parts == {}


def test_a_conflict_with_a_part_held_already_is_found(database, cast):
    key = make_proposal(cast)
    assign_all(cast, key)
    with pytest.raises(Invalid):
        assign_parts(AssignParts(key, version_of(key), {"sponsor": cast.owner.id}, cast.lead.origin))
    swapped = {"sponsor": cast.leader.id, "process_owner": None}
    assign_parts(AssignParts(key, version_of(key), swapped, cast.lead.origin))
    parts = loaded(key).snapshot.parts
    assert parts["sponsor"].person_id == cast.leader.id
    assert "process_owner" not in parts


def test_the_controller_holds_that_role_here(database, cast):
    key = make_proposal(cast)
    with pytest.raises(Invalid) as error:
        assign_parts(AssignParts(key, 1, {"controller": cast.leader.id}, cast.lead.origin))
    assert error.value.errors == {"controller": ["part_needs_role"]}


def test_an_auditor_and_an_unknown_person_hold_no_part(database, cast):
    key = make_proposal(cast)
    with pytest.raises(Invalid) as error:
        assign_parts(AssignParts(key, 1, {"owner": cast.auditor.id, "sponsor": 999_999}, cast.lead.origin))
    assert error.value.errors == {"owner": ["auditor_holds_part"], "sponsor": ["person_unknown"]}


def test_the_owner_names_only_the_parts_the_gates_let_an_owner_supply(database, cast):
    key = make_proposal(cast)
    assign_all(cast, key)
    result = assign_parts(
        AssignParts(key, version_of(key), {"reporting_owner": cast.owner.id}, cast.owner.origin)
    )
    assert result.warnings == ("duty:owner:reporting_owner",)
    for part in ("owner", "sponsor", "controller", "service_owner"):
        with pytest.raises(Refused):
            assign_parts(AssignParts(key, version_of(key), {part: cast.member.id}, cast.owner.origin))
    with pytest.raises(Refused):
        assign_parts(AssignParts(key, version_of(key), {"owner": cast.member.id}, cast.member.origin))


def test_r10_parts_seen_in_an_old_version_are_refused(database, cast):
    key = make_proposal(cast)
    assign_all(cast, key)
    with pytest.raises(Stale):
        assign_parts(AssignParts(key, 1, {"sponsor": cast.leader.id}, cast.lead.origin))


def test_people_newly_named_get_one_notice_each(database, cast):
    key = make_proposal(cast)
    assign_all(cast, key)
    with reading() as session:
        told = session.scalars(select(Notice.person_id).where(Notice.kind == "part_given")).all()
    assert sorted(told) == sorted({cast.owner.id, cast.sponsor.id, cast.controller.id, cast.service_owner.id,
                                   cast.member.id, cast.finance.id})  # fmt: skip
