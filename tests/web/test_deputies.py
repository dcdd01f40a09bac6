"""Pages of absences: one's own, those of others, and what would collide, without scripts and as fragments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from govapp.data.deputies import Deputy
from govapp.data.engine import reading
from govapp.services.deputies import SetDeputy, set_deputy
from tests.browser_client import GovappClient
from tests.cast import Cast
from tests.factories import make_measure

OWN, ALL = "/account/deputies", "/admin/deputies"
TODAY = datetime.now(UTC).date()


def form(deputy: Any, /, **more: Any) -> dict[str, Any]:
    """The fields of an absence that begins tomorrow."""
    days = {"from_day": str(TODAY + timedelta(days=1)), "until_day": str(TODAY + timedelta(days=9))}
    return days | {"deputy": str(deputy.id), "kinds": ["decide", "judge"], "reason": "Holiday"} | more


def rows() -> list[Deputy]:
    with reading() as session:
        found = list(session.scalars(select(Deputy)))
        session.expunge_all()
    return found


def test_a_person_names_a_deputy_and_both_see_it(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.sponsor)
    assert "Nobody. Before you are away" in client.get(OWN).text
    answer = client.submit(OWN, form(cast.leader))
    assert answer.status_code == 303
    page = client.get(OWN).text
    assert cast.leader.name in page and "Decide, Judge" in page and "To come" in page
    client.sign_in(cast.leader)
    assert cast.sponsor.name in client.get(OWN).text
    assert "stands in for" in client.get("/notices").text


def test_the_account_page_leads_there_and_says_for_whom_one_stands_in(
    client: GovappClient, cast: Cast
) -> None:
    set_deputy(
        SetDeputy(cast.sponsor.origin, cast.sponsor.id, cast.leader.id, TODAY, TODAY + timedelta(days=3))
    )
    page = client.sign_in(cast.leader).get("/account").text
    assert OWN in page
    assert f"You stand in for {cast.sponsor.name}" in page


def test_what_is_refused_comes_back_at_its_field_with_what_was_typed(
    client: GovappClient, cast: Cast
) -> None:
    client.sign_in(cast.sponsor)
    answer = client.submit(OWN, form(cast.sponsor, reason="Away & back"))
    assert answer.status_code == 422
    assert "Nobody stands in for themselves" in answer.text and "Away &amp; back" in answer.text
    answer = client.submit(OWN, form(cast.administrator))
    assert answer.status_code == 422 and "keeps role administrator and voting apart" in answer.text
    for broken in (
        {"deputy": ""},
        {"from_day": "x"},
        {"kinds": []},
        {"kinds": ["dance"]},
        {"deputy": "999999"},
    ):
        assert client.submit(OWN, form(cast.leader, **broken)).status_code == 422
    assert not rows()


def test_the_preview_comes_with_the_form_and_as_a_fragment_and_sets_nothing(
    client: GovappClient, cast: Cast
) -> None:
    key = make_measure(cast, "defined")
    client.sign_in(cast.sponsor)
    for send in (client.submit, client.submit_htmx):
        answer = send(f"{OWN}/conflicts", form(cast.controller))
        assert answer.status_code == 200
        assert "On 1 measure this deputy will not act" in answer.text and key in answer.text
        assert "A sponsor wants the case to succeed" in answer.text
        assert ("<html" in answer.text) is (send == client.submit)
    assert "Nothing collides" in client.submit_htmx(f"{OWN}/conflicts", form(cast.leader)).text
    assert "would be refused" in client.submit_htmx(f"{OWN}/conflicts", form(cast.auditor)).text
    assert "<html" not in client.submit_htmx(f"{OWN}/conflicts", form(cast.leader, deputy="")).text
    assert not rows()


def test_either_of_the_two_ends_it(client: GovappClient, cast: Cast) -> None:
    days = (TODAY, TODAY + timedelta(days=3))
    number = set_deputy(SetDeputy(cast.sponsor.origin, cast.sponsor.id, cast.leader.id, *days))
    client.sign_in(cast.owner)
    assert client.submit(f"{OWN}/{number}/end", {"version": "1"}).status_code == 403
    client.sign_in(cast.leader)
    assert client.submit(f"{OWN}/{number}/end", {"version": "7"}).status_code == 409
    assert client.submit(f"{OWN}/{number}/end", {"version": "1", "reason": "No time"}).status_code == 303
    assert "Ended early" in client.get(OWN).text


def test_an_administrator_sees_all_and_names_deputies_for_others(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.administrator)
    assert "Nobody is away" in client.get(ALL).text
    fields = form(cast.leader, person=str(cast.sponsor.id))
    assert "Nothing collides" in client.submit_htmx(f"{ALL}/conflicts", fields).text
    assert client.submit(ALL, fields).status_code == 303
    page = client.get(ALL).text
    assert cast.sponsor.name in page and "Holiday" in page
    (row,) = rows()
    assert (row.person_id, row.deputy_id, row.set_by) == (
        cast.sponsor.id,
        cast.leader.id,
        cast.administrator.id,
    )
    assert client.submit(ALL, form(cast.leader)).status_code == 422
    assert client.submit(ALL, form(cast.leader, person="999999")).status_code == 422
    assert client.submit(f"{ALL}/{row.id}/end", {"version": "1"}).status_code == 303
    assert "Ended early" in client.get(f"{ALL}?all=1").text


def test_r08_others_name_no_deputies_for_others(client: GovappClient, cast: Cast) -> None:
    for who in (cast.lead, cast.auditor, cast.stranger):
        client.sign_in(who)
        assert client.get(ALL).status_code == 403
        assert client.submit(ALL, form(cast.leader, person=str(cast.sponsor.id))).status_code == 403
    assert client.sign_in(cast.stranger).get(OWN).status_code == 200
    assert client.submit(OWN, form(cast.leader)).status_code == 403
