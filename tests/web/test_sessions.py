"""The door: signing in, being signed out, and what happens to typed work."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select, update

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.people import LoginSession, SignInFailure
from govapp.data.runtime import current
from govapp.data.structure import Setting
from govapp.services.people import PersonCommand, disable_person
from tests.browser_client import HTMX, GovappClient
from tests.cast import PASSWORD, SYSTEM, Cast
from tests.conftest import make_app
from tests.factories import make_proposal, move

HERE = {"Sec-Fetch-Site": "same-origin"}


def enter(client: GovappClient, cast: Cast, **more: str):
    return client.submit("/sign-in", {"email": cast.owner.email, "password": PASSWORD} | more)


def set_session(**values: object) -> None:
    with write_session() as session:
        session.execute(update(LoginSession).values(**values))


def test_a_page_leads_to_the_door_and_back(client: GovappClient, cast: Cast) -> None:
    away = client.get("/account?x=1")
    assert (away.status_code, away.headers["Location"]) == (303, "/sign-in?next=/account%3Fx%3D1")
    assert 'name="next" value="/account?x=1"' in client.get(away.headers["Location"]).text
    back = enter(client, cast, next="/account?x=1")
    assert (back.status_code, back.headers["Location"]) == (303, "/account?x=1")
    assert cast.owner.name in client.get("/account").text


def test_r28_the_door_leads_to_local_places_only(client: GovappClient, cast: Cast) -> None:
    assert enter(client, cast, next="//evil.example/").headers["Location"] == "/"


def test_r23_wrong_and_unknown_read_alike_and_tell_how_long_to_wait(client: GovappClient, cast: Cast) -> None:
    wrong = client.submit("/sign-in", {"email": cast.owner.email, "password": "x"})
    unknown = client.submit("/sign-in", {"email": "nobody@example.test", "password": "x"})
    notes = [re.findall(r'role="alert">(.*?)</div>', answer.text) for answer in (wrong, unknown)]
    assert wrong.status_code == unknown.status_code == 422 and notes[0] == notes[1] != []
    for _ in range(4):
        client.submit("/sign-in", {"email": cast.owner.email, "password": "x"})
    resting = enter(client, cast)
    assert (
        resting.status_code == 429 and int(resting.headers["Retry-After"]) <= 30 and "seconds" in resting.text
    )


def test_r24_a_copied_cookie_is_worth_nothing_after_signing_out(client: GovappClient, cast: Cast) -> None:
    enter(client, cast)
    with client.session_transaction() as session:
        copied = dict(session)
    assert client.submit("/sign-out").headers["Location"] == "/sign-in"
    with client.session_transaction() as session:
        session.update(copied)
    assert client.get("/account").status_code == 303


def test_r24_signing_in_changes_the_session_and_its_token(client: GovappClient, cast: Cast) -> None:
    old = client.csrf_token()
    enter(client, cast)
    assert client.post("/account/display", data={"csrf_token": old, "theme": "dark"}).status_code == 400


def test_r25_an_idle_session_ends(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    set_session(seen_at=datetime.now(UTC) - timedelta(minutes=121))
    assert client.get("/account").status_code == 303


def test_r25_a_session_ends_after_its_hours_however_busy(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    set_session(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert client.get("/account").status_code == 303


def test_r29_use_is_noted_at_most_once_a_minute(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    before = datetime.now(UTC) - timedelta(seconds=50)
    for age, moves in ((50, False), (70, True)):
        before = datetime.now(UTC) - timedelta(seconds=age)
        set_session(seen_at=before)
        client.get("/account")
        with reading() as session:
            assert (session.scalar(select(LoginSession.seen_at)) != before) is moves


def test_r07_disabling_somebody_works_on_their_next_request(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.member)
    assert client.get("/account").status_code == 200
    disable_person(PersonCommand(SYSTEM, cast.member.id))
    assert client.get("/account").status_code == 303
    assert client.fragment("/account").status_code == 401


def test_a_form_sent_after_the_session_ended_comes_back_after_signing_in(
    client: GovappClient, cast: Cast
) -> None:
    client.sign_in(cast.owner)
    set_session(ended_at=datetime.now(UTC))
    door = client.submit("/account/display", {"theme": "dark", "timezone": "Europe/Paris"}, headers=HERE)
    assert door.status_code == 401 and "what you typed comes back" in door.text
    kept = re.search(r'name="kept" value="([^"]+)"', door.text)
    assert kept
    again = enter(client, cast, kept=kept[1])
    assert (
        again.status_code == 200
        and 'value="Europe/Paris"' in again.text
        and 'action="/account/display"' in again.text
    )


def test_a_kept_form_opens_for_nobody_else(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.member)
    set_session(ended_at=datetime.now(UTC))
    door = client.submit("/account/display", {"timezone": "Europe/Paris"}, headers=HERE)
    kept = re.search(r'name="kept" value="([^"]+)"', door.text)
    assert kept and enter(client, cast, kept=kept[1]).status_code == 303


def test_htmx_learns_of_an_ended_session_without_losing_the_page(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    set_session(ended_at=datetime.now(UTC))
    sent = client.submit_htmx("/account/display", {"theme": "dark"}, headers=HERE)
    assert (
        sent.status_code == 401
        and sent.headers["HX-Retarget"] == "#messages"
        and "HX-Redirect" not in sent.headers
    )
    read = client.fragment("/account", headers={"HX-Current-URL": "http://localhost/account?a=1"})
    assert read.headers["HX-Redirect"] == "/sign-in?next=/account%3Fa%3D1"
    evil = client.fragment("/account", headers={"HX-Current-URL": "http://evil.example//evil.example/x"})
    assert evil.headers["HX-Redirect"] == "/sign-in?next=/"


def test_an_old_page_of_the_door_keeps_the_address_and_takes_the_password_again(
    client: GovappClient, cast: Cast
) -> None:
    answer = client.post(
        "/sign-in", data={"email": cast.owner.email, "password": PASSWORD, "csrf_token": "old"}, headers=HERE
    )
    assert (
        answer.status_code == 400
        and f'value="{cast.owner.email}"' in answer.text
        and PASSWORD not in answer.text
    )


def test_refused_pages_are_logged_at_most_ten_times_a_minute(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.stranger)
    with time_machine.travel(datetime.now(UTC).replace(second=5) + timedelta(minutes=1), tick=False):
        for _ in range(14):
            assert client.get("/admin/people").status_code == 403
    with reading() as session:
        rows = session.scalars(select(AuditLog).where(AuditLog.event == "access:refused")).all()
    assert len(rows) == 10 and rows[0].chain == "security" and "people:view" in (rows[0].payload or "")


def test_a_page_of_somebody_signed_in_asks_few_questions(
    app, client: GovappClient, cast: Cast, sqlite
) -> None:
    client.sign_in(cast.administrator)
    client.get("/healthz")
    asked: list[str] = []
    event.listen(current().engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    client.get("/healthz")
    assert len([one for one in asked if one.startswith("SELECT") and one != "SELECT 1"]) == 1


class TestDemonstration:
    """One-click sign-in."""

    @pytest.fixture
    def demo(self, sqlite, tmp_path) -> GovappClient:
        with write_session() as session:
            session.add(Setting(key="demo", value="1"))
        url = sqlite.url.render_as_string(hide_password=False)
        return make_app(url, tmp_path, env="demo").test_client()

    def test_the_door_offers_everybody(self, demo: GovappClient, cast: Cast) -> None:
        page = demo.get("/sign-in").text
        assert all(f'data-demo-person="{person.email}"' in page for person in cast.all)

    def test_the_door_says_how_many_decisions_wait_for_each(self, demo: GovappClient, cast: Cast) -> None:
        key = make_proposal(cast)
        assert "decision waits" not in demo.get("/sign-in").text
        move(cast, key, "defined", cast.owner)
        page = demo.get("/sign-in").text
        assert page.count("1 decision waits") == 1
        lead = page.index(f'data-demo-person="{cast.lead.email}"')
        assert lead < page.index("1 decision waits") < page.index("</li>", lead)

    def test_one_click_signs_in(self, demo: GovappClient, cast: Cast) -> None:
        assert demo.submit("/sign-in", {"email": cast.owner.email, "demo": "1"}).status_code == 303
        assert cast.owner.name in demo.get("/account").text

    def test_not_from_another_machine(self, demo: GovappClient, cast: Cast) -> None:
        away = {"REMOTE_ADDR": "192.0.2.9"}
        assert "data-demo-person" not in demo.get("/sign-in", environ_base=away).text
        fields = {"email": cast.owner.email, "demo": "1"}
        assert demo.submit("/sign-in", fields, environ_base=away).status_code == 404

    def test_not_in_another_mode(self, client: GovappClient, cast: Cast) -> None:
        assert "data-demo-person" not in client.get("/sign-in").text
        assert client.submit("/sign-in", {"email": cast.owner.email, "demo": "1"}).status_code == 404

    def test_not_on_a_database_that_is_not_marked(self, sqlite, tmp_path, cast: Cast) -> None:
        other = make_app(sqlite.url.render_as_string(hide_password=False), tmp_path, env="demo").test_client()
        assert other.submit("/sign-in", {"email": cast.owner.email, "demo": "1"}).status_code == 404

    @pytest.mark.parametrize("mode", ["production", "test"])
    def test_the_app_refuses_to_start_on_it_in_another_mode(self, sqlite, tmp_path, mode: str) -> None:
        with write_session() as session:
            session.add(Setting(key="demo", value="1"))
        with pytest.raises(ValueError, match="demonstration"):
            make_app(sqlite.url.render_as_string(hide_password=False), tmp_path, env=mode)


def test_failures_older_than_the_window_are_swept(client: GovappClient, cast: Cast) -> None:
    client.submit("/sign-in", {"email": cast.owner.email, "password": "x"})
    with write_session() as session:
        session.execute(update(SignInFailure).values(at=datetime.now(UTC) - timedelta(hours=2)))
    client.submit("/sign-in", {"email": cast.owner.email, "password": "x"}, headers=HTMX)
    with reading() as session:
        assert len(session.scalars(select(SignInFailure)).all()) == 3


@pytest.mark.parametrize("host", ["demo.example.test", "localhost.example.test", "10.0.0.7"])
def test_the_door_of_the_demonstration_is_shut_under_a_foreign_name(
    sqlite, tmp_path, cast: Cast, host: str
) -> None:
    with write_session() as session:
        session.add(Setting(key="demo", value="1"))
    url = sqlite.url.render_as_string(hide_password=False)
    door = make_app(url, tmp_path, env="demo").test_client()
    page = door.get("/sign-in", base_url=f"http://{host}")
    assert page.status_code == 200
    assert "data-demo-person" not in page.text
    fields = {"email": cast.owner.email, "demo": "1"}
    assert door.post("/sign-in", data=fields, base_url=f"http://{host}").status_code in {400, 404}
    assert "data-demo-person" in door.get("/sign-in").text
