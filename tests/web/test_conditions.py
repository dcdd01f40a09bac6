"""The page of conditions: what stands there, for whom each form is, and what comes back when it is refused."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from govapp.services._work import Origin, now
from govapp.services.conditions import hold_overdue
from tests.browser_client import GovappClient
from tests.cast import Cast
from tests.factories import key_of_form, make_measure
from tests.factories2 import Board, use_version_2
from tests.services.test_conditions import conditional, rows


@pytest.fixture
def board(client: GovappClient, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def acts_on(client: GovappClient, key: str) -> list[str]:
    """Forms the page offers."""
    return re.findall(r'name="act" value="([a-z_]+)"', client.get(f"/measures/{key}/conditions").text)


def send(client: GovappClient, key: str, act: str, **fields: object):
    """A form of the page."""
    row = rows(key)[0]
    sent = {"act": act, "version": row.version, "action_key": key_of_form()} | fields
    return client.submit(f"/conditions/{row.id}", sent)


def test_each_form_is_shown_to_whom_it_is_for(client, cast, board):
    key, setter = conditional(cast, board)
    for who, offered in (
        (cast.member, ["fulfil"]), (cast.owner, ["fulfil"]), (setter, ["confirm", "extend", "lift"]),
        (cast.lead, []), (cast.auditor, []),
    ):  # fmt: skip
        client.sign_in(who)
        assert acts_on(client, key) == offered, who.name
    client.sign_in(cast.member)
    send(client, key, "fulfil", reason="All were there")
    client.sign_in(setter)
    assert acts_on(client, key) == ["confirm", "not_met", "extend", "lift"]


def test_it_says_who_decides_and_overview_and_approvals_lead_there(client, cast, board):
    key, setter = conditional(cast, board)
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}/conditions").text
    assert "Train the desk before the pilot ends" in page
    assert f"<dt>Decides about it</dt><dd>{setter.name}</dd>" in page
    for tab in ("", "/approvals"):
        assert f'href="/measures/{key}/conditions"' in client.get(f"/measures/{key}{tab}").text


def test_an_act_is_recorded_and_told(client, cast, board):
    key, setter = conditional(cast, board)
    client.sign_in(cast.member)
    answer = send(client, key, "fulfil", reason="All were there")
    assert answer.status_code == 303
    client.sign_in(setter)
    due = (rows(key)[0].due + timedelta(days=9)).isoformat()
    assert send(client, key, "extend", reason="The trainer is ill", due=due).status_code == 303
    assert send(client, key, "confirm").status_code == 303
    assert 'data-state="confirmed"' in client.get(f"/measures/{key}/conditions").text
    assert "Condition" in client.get(f"/measures/{key}/history").text


def test_what_was_typed_stays_when_it_is_refused(client, cast, board):
    key, setter = conditional(cast, board)
    client.sign_in(setter)
    answer = send(client, key, "extend", reason="The trainer is ill", due="2020-01-01")
    assert answer.status_code == 422
    assert "The trainer is ill" in answer.text and 'value="2020-01-01"' in answer.text
    assert "after the present one" in answer.text
    assert send(client, key, "lift").status_code == 422
    assert send(client, key, "extend", reason="So", due="soon").status_code == 422
    assert rows(key)[0].state == "open"


def test_r10_a_stale_form_comes_back_fresh_with_409(client, cast, board):
    key, setter = conditional(cast, board)
    client.sign_in(cast.member)
    send(client, key, "fulfil")
    client.sign_in(setter)
    answer = send(client, key, "lift", version=1, reason="Not needed any more")
    assert answer.status_code == 409
    assert "Not needed any more" in answer.text and "Reported as fulfilled" in answer.text


def test_r08_a_condition_one_may_not_read_is_404_and_not_yours_is_403(client, cast, board):
    key, _setter = conditional(cast, board)
    for who, status in ((cast.outsider, 404), (cast.lead, 403)):
        client.sign_in(who)
        assert send(client, key, "confirm").status_code == status
    client.sign_in(cast.lead)
    sent = {"act": "confirm", "version": 1, "action_key": "k"}
    assert client.submit("/conditions/999999", sent).status_code == 404


def test_an_overdue_one_says_how_to_go_on(client, cast, board):
    key, _setter = conditional(cast, board)
    hold_overdue(replace(Origin(None, "job", "clock"), at=now() + timedelta(days=16)))
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}").text
    assert "On hold: overdue condition." in page
    assert "The program put it on hold by itself." in page
    history = client.get(f"/measures/{key}/history").text
    assert "Put on hold by the program: condition" in history


def test_a_measure_without_any_says_what_belongs_here(client, cast: Cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    assert "No conditions." in client.get(f"/measures/{key}/conditions").text
