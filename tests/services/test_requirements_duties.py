"""Duties hold when acting as they do when assigning, whoever administers what (R03, R06, R07)."""

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.people import Grant, Role
from govapp.domain.errors import Refused
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import (
    AddPerson,
    PersonCommand,
    SetPassword,
    add_person,
    disable_person,
    set_password,
)
from tests.cast import SYSTEM, Someone
from tests.factories import make_measure, move, review_states, stage_of, supply, version_of, vote


def end_role(person: Someone, role: str) -> None:
    """End every grant of a role."""
    with reading() as session:
        held = select(Grant.id).join(Role, Role.id == Grant.role_id)
        found = session.scalars(held.where(Grant.person_id == person.id, Role.key == role)).all()
    for grant in found:
        end_grant(EndGrant(SYSTEM, grant))


def test_r07_a_controller_whose_role_has_ended_closes_no_measure(database, cast):
    key = make_measure(cast, "implemented")
    supply(cast, key, "closed")
    move(cast, key, "closed", by=cast.owner)
    end_role(cast.controller, "controller")
    with pytest.raises(Refused) as refused:
        vote(cast, key, cast.controller)
    assert refused.value.code == "barred_role_ended"
    assert stage_of(key) == "implemented"
    grant_role(GrantRole(SYSTEM, cast.controller.id, "controller", "OI"))
    assert vote(cast, key, cast.controller).result == "moved"
    assert stage_of(key) == "closed"


def test_r03_nobody_but_the_controller_closes_a_measure(database, cast):
    key = make_measure(cast, "implemented")
    supply(cast, key, "closed")
    move(cast, key, "closed", by=cast.owner)
    others = [one for one in cast.all if one not in (cast.controller, cast.outsider, cast.stranger)]
    for other in others:
        with pytest.raises(Refused):
            vote(cast, key, other)
    assert review_states(key)[-1] == "open"
    assert stage_of(key) == "implemented"


def test_r06_who_administers_one_program_takes_over_nobody_who_holds_a_part_in_another(database, cast):
    key = make_measure(cast, "defined")
    helper = add_person(AddPerson(SYSTEM, "helper@example.test", "Hana Sato"))
    local = Someone(
        add_person(AddPerson(SYSTEM, "local@example.test", "Lars Berg")), "local@example.test", "Lars Berg"
    )
    grant_role(GrantRole(SYSTEM, local.id, "administrator", "workplace"))
    assign_parts(AssignParts(key, version_of(key), {"process_owner": helper}, cast.lead.origin))
    for act in (
        lambda: set_password(SetPassword(local.origin, helper, "walnut-harbour-lantern-2")),
        lambda: disable_person(PersonCommand(local.origin, helper)),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "person_elsewhere"
    disable_person(PersonCommand(cast.administrator.origin, helper))
