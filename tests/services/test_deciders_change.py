"""Open reviews follow their deciders: who sits in a group, who holds a role, and the tier of a service."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.structure import Choice, Organization
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.grants import GrantRole, grant_role
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import loaded, make_proposal, move, open_review, supply
from tests.services.test_requirements_duties import end_role
from tests.step_sets import TWO_OF, asked_for, rest_of_the_gates, set_board, use_steps

pytestmark = pytest.mark.usefixtures("database")


def whom(key):
    return loaded(key).card.waits_whom


def test_a_group_that_becomes_too_small_shows_at_once_on_what_waits_for_it(cast):
    use_steps(TWO_OF)
    set_board(cast.sponsor, cast.approver)
    key = asked_for(cast)
    assert whom(key) == ["group:board"]
    set_board(cast.sponsor)
    assert whom(key) == ["defect:too_few"]
    set_board(cast.sponsor, cast.approver)
    assert whom(key) == ["group:board"]
    assert settle_all(SYSTEM) == 0


def test_a_role_that_nobody_holds_any_more_shows_at_once_and_so_does_a_new_holder(cast):
    key = make_proposal(cast)
    supply(cast, key, "defined")
    move(cast, key, "defined")
    assert whom(key) == ["role:program_lead"]
    end_role(cast.lead, "program_lead")
    assert whom(key) == ["defect:nobody"]
    grant_role(GrantRole(SYSTEM, cast.member.id, "program_lead", "OI"))
    assert whom(key) == ["role:program_lead"]
    assert settle_all(SYSTEM) == 0


def test_a_service_of_another_tier_brings_its_open_reviews_in_line_at_once(cast):
    row = {
        "id": "A",
        "when": {"stage": "identified", "service_tier": "gold"},
        "steps": {"risk-review-here": 1},
        "says": "Gold.",
    }
    use_steps(TWO_OF, rows=[row, *rest_of_the_gates()])
    set_board(cast.sponsor, cast.approver)
    key = asked_for(cast)
    assert whom(key) != ["group:board"]
    review, _ = open_review(key)
    service = loaded(key).measure.service
    with reading() as session:
        rows = session.scalars(
            select(Choice).join(Organization, Organization.id == Choice.organization_id)
            .where(Choice.list == "services", Organization.key == "OI").order_by(Choice.position)
        ).all()  # fmt: skip
        items = [ChoiceItem(row.key, row.name, row.details or {}) for row in rows]
    changed = [replace(i, details={**i.details, "tier": "gold"}) if i.key == service else i for i in items]
    assert set_choices(SetChoices(SYSTEM, "OI", "services", changed)) == 1
    assert open_review(key)[0] == review
    assert whom(key) == ["group:board"]
    assert settle_all(SYSTEM) == 0
