"""Forms of the decisions: fields by the rules of the measure, faults at their fields, nothing typed is lost."""

import re
from datetime import timedelta

import pytest

from govapp.data.engine import reading
from govapp.data.people import LoginSession
from govapp.services._work import Work, now, writing
from tests.browser_client import GovappClient
from tests.cast import PASSWORD, SYSTEM, Cast
from tests.factories import hold, key_of_form, make_measure, measure_row, move, stage_of, today_of, version_of
from tests.factories2 import Board, cancel_details, emergency, hold_details, make_measure2, use_version_2

BOARD = {"HX-Current-URL": "http://localhost/board?branch=service-quality"}
WHY = "The budget of this quarter is spent"


@pytest.fixture
def board(client: GovappClient, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def ask(client: GovappClient, key: str, kind: str, *, htmx: bool = True, **fields: object):
    """A decision as its form sends it."""
    sent = {"ask": kind, "version": version_of(key), "action_key": key_of_form()} | fields
    if htmx:
        return client.submit_htmx(f"/measures/{key}/moves", sent, headers=BOARD)
    return client.submit(f"/measures/{key}/moves", sent)


def faults(text: str) -> dict[str, str]:
    """Sentences of faults by the field's name."""
    return dict(re.findall(r'<p class="invalid-feedback" id="dlg-([a-z_]+)-e">([^<]+)</p>', text))


def long_ago(person: int) -> None:
    """The password of this person's sessions was given eleven minutes ago."""

    def age(work: Work) -> None:
        for row in work.session.query(LoginSession).where(LoginSession.person_id == person):
            row.password_at = now() - timedelta(minutes=11)

    writing(SYSTEM, age)


def test_other_moves_offers_what_the_rules_of_the_measure_ask_for(client, cast, board):
    key = make_measure2(cast, board, "detailed")
    client.sign_in(cast.lead)
    page = client.get(f"/measures/{key}/moves").text
    for name in ("hold_cause", "review_date", "value_treatment"):
        assert f'name="{name}"' in page
    assert "Something outside our hands" in page
    assert 'data-ask="emergency_advance"' in page
    assert 'name="informed_people"' not in page, "people are fetched when the form is asked for"


def test_under_version_1_a_reason_alone_holds_it_and_the_old_name_of_the_cause_is_taken(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.lead)
    answer = ask(client, key, "hold", reason=WHY, cause="waits_for_budget", review_date="")
    assert (answer.status_code, measure_row(key).hold_cause) == (200, "waits_for_budget")


def test_a_hold_without_its_details_comes_back_with_each_fault_at_its_field_and_all_that_was_typed(
    client, cast, board
):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.lead)
    far = (today_of(key) + timedelta(days=200)).isoformat()
    answer = ask(client, key, "hold", reason=WHY, hold_cause="budget", review_date=far)
    assert answer.status_code == 422
    assert faults(answer.text) == {
        "review_date": "This day is later than the rules allow.",
        "value_treatment": "Please fill this in.",
    }
    assert WHY in answer.text and f'value="{far}"' in answer.text
    assert re.search(r'<option value="budget" selected>', answer.text)
    assert measure_row(key).state == "active"
    done = ask(client, key, "hold", reason=WHY, **hold_details(key))
    assert (done.status_code, measure_row(key).state) == (200, "on_hold")


def test_the_same_works_without_script_on_a_page(client, cast, board):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.lead)
    refused = ask(client, key, "hold", htmx=False, reason=WHY)
    assert refused.status_code == 422
    assert '<dialog open id="refusal"' in refused.text and "What becomes of its value" in refused.text
    assert ask(client, key, "hold", htmx=False, reason=WHY, **hold_details(key)).status_code == 303


def test_an_untouched_form_shows_no_faults(client, cast, board):
    key = make_measure2(cast, board, "detailed")
    client.sign_in(cast.lead)
    answer = ask(client, key, "emergency_advance", to="decided")
    assert answer.status_code == 422
    assert faults(answer.text) == {}
    assert 'name="informed_people"' in answer.text


def test_cancel_asks_for_cause_value_and_cost_and_the_measure_says_so(client, cast, board):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.sponsor)
    bad = ask(client, key, "cancel", reason=WHY, **cancel_details(sunk_cost="a lot"))
    assert list(faults(bad.text)) == ["sunk_cost"] and 'value="a lot"' in bad.text
    good = ask(client, key, "cancel", reason=WHY, **cancel_details(sunk_cost="12,500.00"))
    assert good.status_code == 200
    page = client.get(f"/measures/{key}").text
    assert "Cancelled: not feasible." in page
    assert "the forecast of the coming months ends" in page
    history = client.get(f"/measures/{key}/history").text
    assert "sunk cost 12500.00" in history


def test_release_asks_whether_the_dates_were_checked(client, cast, board):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.lead)
    ask(client, key, "hold", reason=WHY, **hold_details(key))
    assert "kept: the forecast stays as it is" in client.get(f"/measures/{key}").text
    assert list(faults(ask(client, key, "release", reason="Money is there").text)) == ["new_dates_checked"]
    assert ask(client, key, "release", reason="Money is there", new_dates_checked="yes").status_code == 200


def test_an_emergency_moves_past_the_gate_and_card_and_measure_say_what_is_owed(client, cast, board):
    key = make_measure2(cast, board, "detailed")
    client.sign_in(cast.lead)
    fields = {
        "to": "decided", "reason": "The phones are down", "incident_number": "INC0042",
        "lookback_due": (today_of(key) + timedelta(days=5)).isoformat(),
        "informed_people": [cast.sponsor.id, cast.service_owner.id],
    }  # fmt: skip
    answer = ask(client, key, "emergency_advance", **fields)
    assert (answer.status_code, stage_of(key)) == (200, "decided")
    card = re.search(rf'<article class="mc" data-card="{key}".*?</article>', answer.text, re.DOTALL).group()
    assert "look-back due" in card and len(re.findall(r"<[a-z]", card)) <= 35
    page = client.get(f"/measures/{key}/conditions").text
    assert "Look-back on the emergency advance into Decided" in page
    assert 'data-debt="evidence:business-case" data-met="false"' in page
    assert "Samir Haddad, Sven Lindqvist" in page
    assert "Emergency advance from Detailed to Decided" in client.get(f"/measures/{key}/history").text
    client.sign_in(cast.owner)
    assert "Hand in the look-back report" in client.get(f"/measures/{key}/conditions").text


def test_r27_an_emergency_asks_for_the_password_again_after_ten_minutes(client, cast, board):
    key = make_measure2(cast, board, "detailed")
    client.sign_in(cast.lead)
    long_ago(cast.lead.id)
    fields = {
        "to": "decided", "reason": "The phones are down", "incident_number": "INC0042",
        "lookback_due": today_of(key).isoformat(), "informed_people": [cast.sponsor.id],
    }  # fmt: skip
    first = ask(client, key, "emergency_advance", **fields)
    assert list(faults(first.text)) == ["password"] and 'type="password"' in first.text
    wrong = ask(client, key, "emergency_advance", password="not this one", **fields)
    assert faults(wrong.text) == {"password": "This is not your current password."}
    assert stage_of(key) == "detailed"
    right = ask(client, key, "emergency_advance", password=PASSWORD, **fields)
    assert (right.status_code, stage_of(key)) == (200, "decided")


def test_r09_foreign_fields_do_not_bind_and_repeated_ones_are_refused(client, cast, board):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.lead)
    twice = ask(client, key, "hold", reason=[WHY, WHY], **hold_details(key))
    assert twice.status_code == 422 and measure_row(key).state == "active"
    foreign = {"sunk_cost": "1", "signed": "1", "state": "cancelled", "informed_people": "1"}
    ask(client, key, "hold", reason=WHY, **hold_details(key), **foreign)
    row = measure_row(key)
    assert (row.state, row.cancel_cause) == ("on_hold", "")
    with reading():
        assert "sunk cost" not in client.get(f"/measures/{key}/history").text


def test_r10_a_stale_decision_answers_409_with_the_form_still_filled(client, cast, board):
    key = make_measure2(cast, board, "identified")
    client.sign_in(cast.lead)
    seen = version_of(key)
    hold_of_others = {"ask": "hold", "reason": "Others first", "details": hold_details(key)}
    move(cast, key, by=cast.sponsor, **hold_of_others)
    move(cast, key, by=cast.sponsor, ask="release", reason="On again", details={"new_dates_checked": "yes"})
    answer = ask(client, key, "hold", reason=WHY, version=seen, **hold_details(key))
    assert answer.status_code == 409
    assert WHY in answer.text and f'name="version" value="{version_of(key)}"' in answer.text


def test_who_may_not_is_told_who_may(client, cast, board):
    key = make_measure2(cast, board, "decided")
    client.sign_in(cast.sponsor)
    page = client.get(f"/measures/{key}/moves").text
    assert "from Decided on the steering committee" in page


def test_an_emergency_used_up_is_said_where_it_was_offered(client, cast, board):
    key = make_measure2(cast, board, "detailed")
    emergency(cast, key, "decided")
    client.sign_in(cast.lead)
    assert (
        "A measure may pass a gate by emergency once, and this one has."
        in client.get(f"/measures/{key}/moves").text
    )


def test_version_1_knows_no_emergency(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.lead)
    assert "emergency" not in client.get(f"/measures/{key}/moves").text.lower()
    hold(cast, key)
    assert "On hold." in client.get(f"/measures/{key}").text
