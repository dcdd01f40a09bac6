"""The page of the duty matrix, what collides now, and previews of parts and roles."""

import pytest

from govapp.domain.permissions import PARTS
from govapp.services.deputies import SetDeputy, set_deputy
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import PersonCommand, disable_person
from tests.browser_client import GovappClient
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure, make_proposal, today_of, version_of
from tests.support.tampering import plainly

DUTIES = "/admin/duties"


@pytest.fixture
def admin(client: GovappClient, cast: Cast) -> GovappClient:
    return client.sign_in(cast.administrator)


def test_the_matrix_is_readable_with_its_reasons_and_nothing_collides(
    admin: GovappClient, cast: Cast
) -> None:
    make_measure(cast, "defined")
    page = admin.get(DUTIES).text
    assert "Nobody changes their own roles." in page and "Nothing collides." in page
    assert "Role auditor" in page and "Handing in evidence" in page


def test_r08_who_may_see_neither_people_nor_rules_gets_no_matrix(client: GovappClient, cast: Cast) -> None:
    assert client.sign_in(cast.stranger).get(DUTIES).status_code == 403
    assert client.sign_in(cast.lead).get(DUTIES).status_code == 200


def test_r03_parts_that_came_into_one_hand_past_the_form_are_shown_with_the_way_to_mend_it(
    admin: GovappClient, cast: Cast, sqlite
) -> None:
    key = make_measure(cast, "defined")
    plainly(sqlite, "UPDATE part SET person_id = :owner WHERE part = 'sponsor'", owner=cast.owner.id)
    page = admin.get(DUTIES).text
    assert f"{cast.owner.name}: owner and sponsor." in page and f"/measures/{key}/parts" in page
    assert "1 of them forbidden" in page and "must not be the one who grants them" in page


def test_r06_a_holder_who_lost_the_role_was_disabled_or_got_a_voiceless_role_is_shown(
    admin: GovappClient, cast: Cast, sqlite
) -> None:
    make_measure(cast, "defined")
    grant_role(GrantRole(SYSTEM, cast.service_owner.id, "administrator", "OI"))
    disable_person(PersonCommand(cast.administrator.origin, cast.finance.id))
    plainly(sqlite, 'UPDATE "grant" SET ended_at = granted_at WHERE person_id = :who', who=cast.controller.id)
    page = admin.get(DUTIES).text
    assert f"{cast.controller.name} is controller of 1 measure and does not hold the role controller" in page
    assert f"{cast.service_owner.name} is service owner of 1 measure and holds the role administrator" in page
    assert f"{cast.finance.name} is finance contact of 1 measure, and the account is disabled" in page


def test_r06_roles_that_came_together_past_the_form_are_shown(
    admin: GovappClient, cast: Cast, sqlite
) -> None:
    plainly(
        sqlite,
        'UPDATE "grant" SET person_id = :who WHERE person_id = :leader',
        who=cast.administrator.id, leader=cast.approver.id,
    )  # fmt: skip
    page = admin.get(DUTIES).text
    assert f"{cast.administrator.name} holds the role administrator and the role approver" in page


def test_r58_a_deputy_on_the_other_side_of_a_measure_is_shown(admin: GovappClient, cast: Cast) -> None:
    key = make_measure(cast, "defined")
    today = today_of(key)
    set_deputy(SetDeputy(cast.sponsor.origin, cast.sponsor.id, cast.controller.id, today, today))
    page = admin.get(DUTIES).text
    assert (
        f"{cast.controller.name} is controller and stands in for {cast.sponsor.name}, who is sponsor." in page
    )
    assert "/admin/deputies" in page


def test_conflicts_are_shown_only_on_measures_one_may_read(client: GovappClient, cast: Cast, sqlite) -> None:
    key = make_measure(cast, "defined")
    plainly(sqlite, "UPDATE part SET person_id = :owner WHERE part = 'sponsor'", owner=cast.owner.id)
    assert key in client.sign_in(cast.lead).get(DUTIES).text
    assert key not in client.sign_in(cast.outsider).get(DUTIES).text


def test_the_form_of_people_says_what_would_collide_before_it_is_saved(
    client: GovappClient, cast: Cast
) -> None:
    key = make_proposal(cast)
    client.sign_in(cast.lead)
    fields = dict.fromkeys(PARTS, "") | {
        "version": str(version_of(key)), "owner": str(cast.owner.id), "sponsor": str(cast.owner.id),
        "reporting_owner": str(cast.owner.id), "controller": str(cast.leader.id),
    }  # fmt: skip
    for send in (client.submit, client.submit_htmx):
        answer = send(f"/measures/{key}/parts/conflicts", fields)
        assert answer.status_code == 200 and ("<html" in answer.text) is (send == client.submit)
        assert f"{cast.owner.name} would be owner and sponsor." in answer.text
        assert "must not be the one who grants them" in answer.text and "second look" in answer.text
    assert "would be owner" not in client.get(f"/measures/{key}/parts").text
    clear = dict.fromkeys(PARTS, "") | {"owner": str(cast.owner.id)}
    assert "Nothing collides" in client.submit_htmx(f"/measures/{key}/parts/conflicts", clear).text
    client.sign_in(cast.member)
    assert client.submit(f"/measures/{key}/parts/conflicts", fields).status_code == 403
    client.sign_in(cast.outsider)
    assert client.submit(f"/measures/{key}/parts/conflicts", fields).status_code == 404


def test_the_form_of_roles_says_what_would_collide_before_it_is_granted(
    admin: GovappClient, cast: Cast
) -> None:
    make_measure(cast, "defined")
    address = f"/admin/people/{cast.controller.id}/grants/conflicts"
    for send in (admin.submit, admin.submit_htmx):
        answer = send(address, {"role": "administrator", "branch": "OI"})
        assert answer.status_code == 200 and ("<html" in answer.text) is (send == admin.submit)
        assert "must not confirm money under them" in answer.text
        assert "is controller of 1 measure and holds the role administrator" in answer.text
    assert "Nothing collides" in admin.submit_htmx(address, {"role": "member", "branch": "OI"}).text
    assert admin.submit(address, {"role": "x", "branch": "OI"}).status_code == 422
    assert admin.submit("/admin/people/999999/grants/conflicts", {"role": "member"}).status_code == 404
