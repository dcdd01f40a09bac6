"""Notices with their counter, and asking people for what is missing."""

import ast
import re

import pytest

from govapp.config import ROOT
from govapp.present.notices import known_kinds
from tests.factories import make_measure, make_proposal, move, open_review, submit, supply, vote


@pytest.fixture
def key(cast):
    """A measure in Defined."""
    return make_measure(cast, "defined")


def wait_for_sponsor(cast, key):
    supply(cast, key, "identified")
    move(cast, key, "identified")
    return open_review(key)[0]


def read_all(client):
    client.submit("/notices/read", {"up_to": "999999"})


def test_a_decider_gets_a_notice_with_a_counter_that_leads_to_the_review(client, cast, key):
    client.sign_in(cast.sponsor)
    read_all(client)
    number = wait_for_sponsor(cast, key)
    page = client.get("/notices")
    assert page.status_code == 200
    assert f"Olga Brandt asks you to decide on {key}" in page.text
    assert f"/reviews/{number}" in page.text
    assert '<span class="count">1<span class="visually-hidden"> unread' in page.text


def test_notices_are_read_one_by_one_or_all(client, cast, key):
    client.sign_in(cast.sponsor)
    read_all(client)
    number = wait_for_sponsor(cast, key)
    notice = re.search(r'action="/notices/(\d+)/open"', client.get("/notices").text)[1]
    done = client.submit(f"/notices/{notice}/open", {"to": f"/reviews/{number}"})
    assert done.location.endswith(f"/reviews/{number}")
    assert "data-unread" not in client.get("/notices").text


def test_nobody_reads_the_notices_of_others(client, cast, key):
    client.sign_in(cast.sponsor)
    read_all(client)
    wait_for_sponsor(cast, key)
    client.sign_in(cast.leader)
    read_all(client)
    assert key not in client.get("/notices").text
    client.sign_in(cast.sponsor)
    assert "data-unread" in client.get("/notices").text


def test_r28_a_notice_leads_only_to_local_addresses(client, cast, key):
    client.sign_in(cast.sponsor)
    done = client.submit("/notices/1/open", {"to": "https://elsewhere.example/"})
    assert done.location == "/notices"


def test_asking_for_evidence_tells_who_can_supply_it(client, cast, key):
    client.sign_in(cast.sponsor)
    done = client.submit(
        f"/measures/{key}/asks", {"finding": "evidence:scope-statement", "next": f"/measures/{key}/evidence"}
    )
    assert done.status_code == 303
    assert done.location == f"/measures/{key}/evidence"
    assert "Asked: Olga Brandt." in client.get(done.location).text
    client.sign_in(cast.owner)
    page = client.get("/notices").text
    assert "Samir Haddad asks you for the evidence “scope statement”" in page
    assert f"/measures/{key}/evidence/new?kind=scope-statement" in page


def test_asking_again_within_four_hours_leaves_one_notice(client, cast, key):
    client.sign_in(cast.sponsor)
    again = [
        client.submit_htmx(f"/measures/{key}/asks", {"finding": "evidence:scope-statement"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in again] == [200, 422]
    assert "Asked already, less than four hours ago: Olga Brandt." in again[1].text
    client.submit(f"/measures/{key}/asks", {"finding": "evidence:baseline-record"})
    client.sign_in(cast.owner)
    page = client.get("/notices").text
    assert page.count("asks you for the evidence “scope statement”") == 1
    assert page.count("asks you for the evidence “baseline record”") == 1


def test_htmx_gets_a_sentence_in_place(client, cast, key):
    client.sign_in(cast.sponsor)
    done = client.submit_htmx(f"/measures/{key}/asks", {"finding": "evidence:scope-statement"})
    assert done.status_code == 200
    assert "<html" not in done.text
    assert "Asked: Olga Brandt." in done.text


def test_with_nobody_to_ask_it_says_so(client, cast, key):
    client.sign_in(cast.owner)
    done = client.submit_htmx(f"/measures/{key}/asks", {"finding": "evidence:scope-statement"})
    assert done.status_code == 422
    assert "nobody else to ask" in done.text
    assert client.submit(f"/measures/{key}/asks", {"finding": "evidence:nothing"}).status_code == 404


def test_r08_nobody_asks_about_what_they_may_not_read(client, cast, key):
    client.sign_in(cast.outsider)
    assert client.submit(f"/measures/{key}/asks", {"finding": "evidence:scope-statement"}).status_code == 404


def test_deciders_are_reminded(client, cast, key):
    number = wait_for_sponsor(cast, key)
    client.sign_in(cast.owner)
    done = client.submit(f"/reviews/{number}/reminders")
    assert "Reminded: Samir Haddad." in client.get(done.location).text
    client.sign_in(cast.sponsor)
    assert f"Olga Brandt reminds you: {key} waits for your decision." in client.get("/notices").text


def test_who_voted_is_told_when_the_vote_became_stale_and_who_asked_what_became_of_it(client, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    vote(cast, key, cast.controller)
    submit(cast, key, "plan-numbers", run_rate=70_000)
    client.sign_in(cast.controller)
    assert f"The dossier of {key} changed after your vote." in client.get("/notices").text
    vote(cast, key, cast.sponsor, "send_back", reason="Too thin as it is.")
    client.sign_in(cast.owner)
    page = client.get("/notices").text
    assert f"Samir Haddad sent {key} back." in page
    assert "Too thin as it is." in page


def test_an_empty_list_says_what_belongs_there(client, cast):
    client.sign_in(cast.auditor)
    assert "Nothing yet." in client.get("/notices").text


def test_the_list_can_be_narrowed_to_a_kind_and_that_kind_marked_as_read(client, cast, key):
    client.sign_in(cast.sponsor)
    read_all(client)
    wait_for_sponsor(cast, key)
    client.sign_in(cast.owner)
    client.submit(f"/measures/{key}/asks", {"finding": ""})
    client.sign_in(cast.sponsor)
    page = client.get("/notices?kind=decision_reminder").text
    assert page.count('data-notice="decision_reminder"') == 1
    assert "asks you to decide on" not in page
    done = client.submit("/notices/read", {"up_to": "999999", "kind": "decision_reminder"})
    assert done.location == "/notices?kind=decision_reminder"
    assert client.get("/notices").text.count("data-unread") == 1
    assert client.get("/notices?kind=nonsense").text.count("data-notice=") > 1


def test_one_notice_is_marked_as_read_where_it_stands(client, cast, key):
    client.sign_in(cast.sponsor)
    read_all(client)
    wait_for_sponsor(cast, key)
    notice = re.search(r'action="/notices/(\d+)/read"', client.get("/notices").text)[1]
    done = client.submit(f"/notices/{notice}/read", {"next": "/notices?kind=decision_waits"})
    assert done.location == "/notices?kind=decision_waits"
    assert "data-unread" not in client.get("/notices").text


def test_how_a_kind_comes_by_mail_is_chosen_in_one_form(client, cast):
    client.sign_in(cast.sponsor)
    page = client.get("/account/notices").text
    assert '<option value="at_once" selected>At once (usual)</option>' in page
    assert "Somebody asks for a gate, and you are among those who decide." in page
    done = client.submit(
        "/account/notices", {"mail-decision_waits": "digest", "mail-comment": "at_once", "action_key": "c-1"}
    )
    assert (done.status_code, done.location) == (303, "/account/notices")
    row = client.get("/account/notices").text.split('data-kind="decision_waits"')[1].split("</tr>")[0]
    assert '<option value="digest" selected>' in row


def test_a_choice_that_cannot_be_made_comes_back_with_its_sentence(client, cast):
    client.sign_in(cast.sponsor)
    page = client.submit("/account/notices", {"mail-escalated": "never", "mail-moved": "pigeon"})
    assert page.status_code == 422
    assert "cannot be switched off" in page.text
    assert "Please choose from the list." in page.text
    assert (
        "never" not in client.get("/account/notices").text.split('data-kind="escalated"')[1].split("</tr>")[0]
    )


def test_r09_a_choice_counts_for_oneself_whatever_else_the_form_says(client, cast):
    client.sign_in(cast.sponsor)
    client.submit(
        "/account/notices", {"mail-moved": "never", "person_id": str(cast.owner.id), "mail-good": "never"}
    )
    client.sign_in(cast.owner)
    row = client.get("/account/notices").text.split('data-kind="moved"')[1].split("</tr>")[0]
    assert '<option value="digest" selected>' in row


def test_every_notice_a_verb_leaves_has_a_sentence():
    kinds = set()
    for path in (ROOT / "govapp" / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", None) or getattr(called, "id", None)
            if isinstance(node, ast.Call) and name in {"tell", "tell_deciders"}:
                kinds |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    assert kinds <= known_kinds()
    assert "decision_waits" in kinds


def test_a_proposal_tells_the_program_lead(client, cast):
    client.sign_in(cast.lead)
    read_all(client)
    key = make_proposal(cast)
    move(cast, key, "defined")
    assert f"asks you to decide on {key}" in client.get("/notices").text
