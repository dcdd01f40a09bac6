"""Amounts are shown to who may see money there; others read words in their place, never zero."""

from decimal import Decimal

import pytest

from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grants import GrantRole, grant_role
from tests.cast import SYSTEM
from tests.factories import assign_all, bring_to, make_measure, make_proposal, supply

AMOUNT, NO_RIGHT = "84,000", "no right to amounts"


@pytest.fixture
def key(client, cast) -> str:
    """A measure in Identified that saves 84,000 a year."""
    made = make_measure(cast, "defined")
    line = SetEffectLine(
        made, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(84_000)
    )
    set_effect_line(line)
    return bring_to(cast, made, "identified")


PAGES = (
    "/board",
    "/board?owner={owner}",
    "/board/changes?since=0",
    "/measures",
    "/structure",
    "/structure/OI",
)


@pytest.mark.parametrize("address", PAGES)
def test_pages_show_amounts_only_with_the_right_to_them(client, cast, key, address):
    address = address.format(owner=cast.owner.id)
    client.sign_in(cast.auditor)
    text = client.get(address).text
    assert AMOUNT in text
    assert NO_RIGHT not in text
    client.sign_in(cast.administrator)
    text = client.get(address).text
    assert NO_RIGHT in text
    for amount in (AMOUNT, "84 k", "8400000", "84000"):
        assert amount not in text
    assert "no saving" not in text


def test_a_measure_shows_no_amount_without_the_right_to_it(client, cast, key):
    client.sign_in(cast.administrator)
    for tab in ("", "/history", "/plan"):
        assert "84" not in client.get(f"/measures/{key}{tab}").text.replace("M-84", "")


def test_further_cards_leave_amounts_out_too(client, cast, key):
    client.sign_in(cast.administrator)
    more = client.get("/board/cards?branch=OI&stage=identified&after=999999-1").text
    assert f'data-card="{key}"' in more
    assert NO_RIGHT in more
    assert AMOUNT not in more


def test_a_part_brings_the_amounts_of_its_measure_and_of_no_other(client, cast, key):
    other = make_measure(cast, "defined", title="Another one that saves")
    set_effect_line(
        SetEffectLine(
            other, "Paper", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(71_000)
        )
    )
    keeper = cast.stranger
    grant_role(GrantRole(SYSTEM, keeper.id, "administrator", "OI"))
    assign_all(cast, key, escalation_contact=keeper)
    client.sign_in(keeper)
    for address in ("/board?branch=service-desk", "/measures"):
        text = client.get(address).text
        assert AMOUNT in text
        assert "71,000" not in text
        assert NO_RIGHT in text


def test_the_board_of_such_a_reader_keeps_the_budget_of_statements(client, cast, key, count_queries):
    client.sign_in(cast.administrator)
    client.get("/board")
    with count_queries() as counted:
        client.get("/board")
    assert counted.number <= 12


def test_the_log_shows_what_is_about_money_evidence_and_votes_to_who_may_read_these(client, cast, key):
    supply(cast, key, "detailed")
    client.sign_in(cast.auditor)
    assert "8400000" in client.get("/audit?event=finance:effect-changed").text
    client.sign_in(cast.administrator)
    for event in ("finance:effect-changed", "evidence:submitted", "review:vote"):
        text = client.get(f"/audit?event={event}").text
        assert "You have no right to read this content" in text
        assert "8400000" not in text
        assert "handed in" not in text
    assert "No row fits" in client.get("/audit?q=8400000").text
    assert "Moved from" in client.get("/audit?event=measure:moved").text


def test_the_word_for_nothing_saved_stays_for_who_may_see_money(client, cast):
    make_proposal(cast)
    assert "no saving" in client.sign_in(cast.lead).get("/board").text
