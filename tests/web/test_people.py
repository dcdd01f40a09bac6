"""The administration of people, and one's own account, as a browser without scripts sees them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.engine import reading, write_session
from govapp.data.people import Grant, LoginSession, Person
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import AddPerson, add_person
from govapp.services.structure import AddOrganization, add_organization
from tests.browser_client import GovappClient
from tests.cast import PASSWORD, SYSTEM, Cast, Someone


@pytest.fixture
def admin(client: GovappClient, cast: Cast) -> GovappClient:
    return client.sign_in(cast.administrator)


def note_of(text: str) -> str:
    return " ".join(re.findall(r'(?:invalid-feedback[^>]*|role="alert")>(.*?)</', text))


@pytest.mark.parametrize("address", ["/admin", "/admin/people", "/admin/people/1"])
def test_r08_people_are_hidden_from_who_holds_no_role(client, cast: Cast, address: str) -> None:
    assert client.sign_in(cast.stranger).get(address).status_code == 403


@pytest.mark.parametrize("role", ["owner", "lead", "controller", "auditor"])
def test_r08_others_see_who_is_who_and_no_form_and_no_habits(
    client: GovappClient, cast: Cast, role: str
) -> None:
    client.sign_in(getattr(cast, role))
    for address in ("/admin/people", f"/admin/people/{cast.sponsor.id}"):
        text = client.get(address).text
        assert cast.sponsor.name in text and not re.findall(
            r'method="post" [^>]*action="/admin|action="/admin[^"]*" method="post"', text
        )
        assert "Last seen" not in text and "Last used" not in text


def test_r08_roles_in_another_organization_are_not_told(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.lead)
    for address in ("/admin/people", f"/admin/people/{cast.outsider.id}"):
        text = client.get(address).text
        assert cast.outsider.name in text and "North Works" not in text
    assert "Otter Insurance" in client.get(f"/admin/people/{cast.leader.id}").text


def test_the_navigation_shows_only_what_the_person_may(client: GovappClient, cast: Cast) -> None:
    assert 'href="/admin"' in client.sign_in(cast.administrator).get("/account").text
    assert 'href="/admin"' not in client.sign_in(cast.owner).get("/account").text


def test_the_list_filters_and_pages_in_the_address(admin: GovappClient, cast: Cast) -> None:
    for n in range(60):
        add_person(AddPerson(SYSTEM, f"extra-{n}@example.test", f"Extra Person {n:02}"))
    page = admin.get("/admin/people?q=extra&page=2").text
    assert "Extra Person 59" in page and "Extra Person 01" not in page and "60 people" in page
    assert 'rel="prev" href="/admin/people?q=extra&amp;page=1"' in page
    assert cast.lead.name in admin.get("/admin/people?role=program_lead").text
    assert admin.get("/admin/people?page=0&sort=drop&role=x'&state=%3Cb%3E").status_code == 200
    assert "Nobody fits" in admin.get("/admin/people?page=9999999").text


def test_somebody_is_added_with_a_password_shown_once(admin: GovappClient, cast: Cast) -> None:
    answer = admin.submit(
        "/admin/people", {"name": "Nia <b>Ito</b>", "email": "nia@example.test", "title": "Analyst"}
    )
    assert (
        answer.status_code == 201
        and "Nia &lt;b&gt;Ito&lt;/b&gt;" in answer.text
        and "<b>Ito" not in answer.text
    )
    password = re.search(r"data-password>([^<]+)<", answer.text)
    assert password
    door = admin.application.test_client()
    assert door.submit("/sign-in", {"email": "nia@example.test", "password": password[1]}).status_code == 303


def test_a_refused_addition_keeps_what_was_typed(admin: GovappClient, cast: Cast) -> None:
    answer = admin.submit("/admin/people", {"name": "Double", "email": cast.owner.email})
    assert (
        answer.status_code == 422
        and 'value="Double"' in answer.text
        and "exists already" in note_of(answer.text)
    )


def test_a_role_is_granted_and_ended_on_the_page(admin: GovappClient, cast: Cast) -> None:
    person = f"/admin/people/{cast.stranger.id}"
    assert (
        admin.submit(
            f"{person}/grants", {"role": "member", "branch": "workplace", "until": "2031-01-31"}
        ).status_code
        == 303
    )
    page = admin.get(person).text
    assert "Workplace" in page and "2031" in page
    with reading() as session:
        grant = session.scalar(select(Grant.id).where(Grant.person_id == cast.stranger.id))
    assert admin.submit(f"{person}/grants/{grant}/end", {"reason": "moved"}).status_code == 303
    assert "No role yet" in admin.get(person).text


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"role": "auditor", "branch": "OI"}, "kept apart"),
        ({"role": "", "branch": "OI"}, "choose from the list"),
        ({"role": "leader", "branch": "OI", "until": "soon"}, "A day looks like"),
        ({"role": "leader", "branch": "OI", "until": "2001-01-01"}, "past"),
    ],
)
def test_a_refused_grant_says_why_at_its_field(admin, cast, fields, word) -> None:
    answer = admin.submit(f"/admin/people/{cast.member.id}/grants", fields)
    assert answer.status_code == 422 and word in note_of(answer.text)


def test_r09_foreign_fields_bind_nothing(admin: GovappClient, cast: Cast) -> None:
    fields = {
        "name": "Mina Park",
        "email": cast.member.email,
        "version": "1",
        "active": "",
        "id": "1",
        "role": "administrator",
    }
    assert admin.submit(f"/admin/people/{cast.member.id}/edit", fields).status_code == 303
    with reading() as session:
        person = session.get_one(Person, cast.member.id)
        assert person.active and person.title == ""


def test_r09_a_repeated_field_counts_by_its_first_value(admin: GovappClient, cast: Cast) -> None:
    fields = {"name": ["First", "Second"], "email": cast.member.email, "version": "1"}
    admin.submit(f"/admin/people/{cast.member.id}/edit", fields)
    with reading() as session:
        assert session.get_one(Person, cast.member.id).name == "First"


def test_two_editors_get_a_conflict_and_keep_what_they_typed(admin: GovappClient, cast: Cast) -> None:
    fields = {"name": "Mina P.", "email": cast.member.email, "version": "1"}
    admin.submit(f"/admin/people/{cast.member.id}/edit", fields)
    answer = admin.submit(f"/admin/people/{cast.member.id}/edit", fields | {"name": "Mina X."})
    assert (
        answer.status_code == 409
        and 'value="Mina X."' in answer.text
        and 'name="version" value="2"' in answer.text
    )


def test_r27_a_change_of_rights_asks_for_the_password_again_after_ten_minutes(
    admin: GovappClient, cast: Cast
) -> None:
    with write_session() as session:
        session.execute(update(LoginSession).values(password_at=datetime.now(UTC) - timedelta(minutes=11)))
    address, fields = f"/admin/people/{cast.stranger.id}/grants", {"role": "member", "branch": "workplace"}
    assert "Your own password" in admin.get(f"/admin/people/{cast.stranger.id}").text
    refused = admin.submit(address, fields)
    assert refused.status_code == 422 and "over 10 minutes" in note_of(refused.text)
    wrong = admin.submit(address, fields | {"password": "another-one-9"})
    assert wrong.status_code == 422 and "not your current password" in note_of(wrong.text)
    assert admin.submit(address, fields | {"password": PASSWORD}).status_code == 303
    assert "Your own password" not in admin.get(f"/admin/people/{cast.stranger.id}").text


def test_r06_ones_own_roles_and_account_are_out_of_reach(admin: GovappClient, cast: Cast) -> None:
    me = f"/admin/people/{cast.administrator.id}"
    assert f'action="{me}/grants"' not in admin.get(me).text
    assert admin.submit(f"{me}/grants", {"role": "leader", "branch": "OI"}).status_code == 403
    assert admin.submit(f"{me}/disable").status_code == 403


@pytest.mark.parametrize(
    "act", ["disable", "enable", "password", "edit", "grants", "grants/1/end", "sessions/x/end"]
)
def test_r08_acts_on_people_are_closed_to_others(client: GovappClient, cast: Cast, act: str) -> None:
    client.sign_in(cast.lead)
    assert client.submit(f"/admin/people/{cast.member.id}/{act}").status_code == 403


@pytest.mark.parametrize("address", ["/admin/people/999999", "/admin/people/x", "/admin/people/-1"])
def test_an_unknown_person_is_not_found(admin: GovappClient, address: str) -> None:
    assert admin.get(address).status_code == 404


def test_the_own_password_is_changed_on_the_account_page(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    fields = {
        "current_password": PASSWORD,
        "new_password": "tin lamp over river",
        "repeated": "tin lamp over river",
    }
    for wrong, word in (
        ({"repeated": "other words here"}, "differ"),
        ({"current_password": "x"}, "not your current"),
        ({"new_password": "password1", "repeated": "password1"}, "tried first"),
    ):
        answer = client.submit("/account/password", fields | wrong)
        assert answer.status_code == 422 and word in note_of(answer.text)
    assert client.submit("/account/password", fields).status_code == 303
    assert client.get("/account").status_code == 200


def test_r50_one_sees_and_ends_ones_own_sessions_only(client: GovappClient, cast: Cast) -> None:
    other = client.application.test_client().sign_in(cast.owner)
    client.sign_in(cast.owner)
    foreign = client.application.test_client().sign_in(cast.member)
    with reading() as session:
        ids = {
            row.person_id: row.id
            for row in session.scalars(select(LoginSession).order_by(LoginSession.created_at.desc()))
        }
    assert client.submit(f"/account/sessions/{ids[cast.member.id]}/end").status_code == 404
    assert foreign.get("/account").status_code == 200
    assert client.submit(f"/account/sessions/{ids[cast.owner.id]}/end").status_code == 303
    assert other.get("/account").status_code == 303 and client.get("/account").status_code == 200


def test_the_chosen_theme_and_zone_are_used(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    assert client.submit("/account/display", {"theme": "dark", "timezone": "Asia/Tokyo"}).status_code == 303
    assert 'data-bs-theme="dark"' in client.get("/account").text
    assert client.submit("/account/display", {"theme": "pink", "timezone": ""}).status_code == 422


def test_r08_who_administers_one_branch_sees_no_sessions_of_people_who_stand_elsewhere(
    client: GovappClient, cast: Cast
) -> None:
    local = add_person(AddPerson(SYSTEM, "local@example.test", "Local Administrator"))
    grant_role(GrantRole(SYSTEM, local, "administrator", "workplace"))
    grant_role(GrantRole(SYSTEM, cast.stranger.id, "member", "workplace"))
    for person in (cast.sponsor, cast.stranger):
        client.sign_in(person)
        client.get("/account", headers={"User-Agent": "Their own browser"})
    client.sign_in(Someone(local, "", ""))
    theirs, ours = (client.get(f"/admin/people/{who.id}").text for who in (cast.sponsor, cast.stranger))
    assert 'id="sessions"' not in theirs and "/disable" not in theirs
    assert 'id="sessions"' in ours and "/disable" in ours
    listed = client.get("/admin/people").text.split("</tr>")
    seen = {who.name: any(who.name in row and "<time" in row for row in listed) for who in cast.all}
    assert not seen[cast.sponsor.name] and seen[cast.stranger.name]


def test_r13_adding_somebody_twice_leads_to_the_person_and_says_that_the_password_was_shown(
    admin: GovappClient,
) -> None:
    key = re.search(r'name="action_key" value="([^"]+)"', admin.get("/admin/people").text)
    assert key
    asked = {"name": "Nia Ito", "email": "nia@example.test", "action_key": key[1]}
    assert admin.submit("/admin/people", asked).status_code == 201
    again = admin.submit("/admin/people", asked)
    assert again.status_code == 303
    assert "make a new one" in admin.get(again.headers["Location"]).text
    other = admin.submit("/admin/people", asked | {"email": "other@example.test"})
    assert other.status_code == 409 and "other@example.test" in other.text


def test_r13_a_new_password_is_made_once_for_one_form(admin: GovappClient, cast: Cast) -> None:
    address = f"/admin/people/{cast.stranger.id}/password"
    first = admin.submit(address, {"action_key": "of-this-form"})
    password = re.search(r"data-password>([^<]+)<", first.text)
    assert password and admin.submit(address, {"action_key": "of-this-form"}).status_code == 303
    door = admin.application.test_client()
    assert door.submit("/sign-in", {"email": cast.stranger.email, "password": password[1]}).status_code == 303


def test_somebody_without_a_zone_of_their_own_reads_times_in_that_of_the_organization(cast: Cast) -> None:
    add_organization(AddOrganization(SYSTEM, "Fjord", "FJ", "NOK", 1, "Europe/Oslo", "F"))
    person = add_person(AddPerson(SYSTEM, "nora@example.test", "Nora Lie"))
    grant_role(GrantRole(SYSTEM, person, "member", "FJ"))
    with reading() as session:
        found = load_actor(session, person, datetime.now(UTC))
    assert found and found.timezone == "Europe/Oslo"
