"""The board by keyboard, without scripts, on a phone, and as axe-core sees it in light and dark."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import axe
from tests.factories import bring_to, hold, make_measure, make_proposal, move, stage_of, supply

BOARD = "/board?branch=service-quality"


def test_everything_works_by_keyboard_alone(visit, cast):
    key = make_measure(cast)
    page = visit(cast.owner, BOARD)
    page.focus(f'[data-card="{key}"] h3 a')
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Move to Identified"
    page.keyboard.press("Enter")
    expect(page.locator("dialog#refusal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(f'[data-card="{key}"] form button')).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(f'[data-card="{key}"] form a')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#moves")).to_be_visible()
    expect(page.locator("dialog#moves [data-way]").first).to_have_attribute("data-way", "identified")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_hold_is_asked_for_in_other_moves_and_the_card_says_so(visit, cast):
    key = bring_to(cast, make_measure(cast), "identified")
    page = visit(cast.lead, BOARD)
    page.click(f'[data-card="{key}"] form a')
    page.click("dialog [data-ask=hold] summary")
    page.fill("#why-hold", "The vendor has to answer first")
    page.click("dialog [data-ask=hold] button")
    expect(page.locator(f'[data-card="{key}"] .wait.hold')).to_contain_text("On hold")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_proposal_is_accepted_in_the_intake_strip(visit, cast):
    key = make_proposal(cast)
    page = visit(cast.lead, BOARD)
    page.click(f'#intake [data-card="{key}"] >> text=Accept')
    expect(page.locator(f'#cards-defined [data-card="{key}"]')).to_be_visible()
    expect(page.locator("#intake")).to_be_hidden()
    assert stage_of(key) == "defined"


def test_the_board_works_without_scripts(visit, cast, live):
    key = make_measure(cast)
    page = visit(cast.owner, BOARD, java_script_enabled=False)
    page.click(f'[data-card="{key}"] button')
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    expect(page.locator("main[inert]")).to_have_count(1)
    page.fill("[name=evidence-in_scope]", "Password calls of all sites and all tools of the group")
    page.fill("[name=evidence-out_of_scope]", "Accounts of machines and services")
    page.check("[name=evidence-affected_teams][value=service-desk]")
    page.fill("[name=evidence-users_affected]", "1200")
    page.click("text=Save and try again")
    expect(dialog.locator('[data-finding="evidence:scope-statement"]')).to_have_attribute("data-met", "true")
    page.click("dialog >> text=Close")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url(f"{live.url}{BOARD}")
    supply(cast, key, "identified")
    page.reload()
    page.click(f'[data-card="{key}"] button')
    expect(page.locator("#messages")).to_contain_text("waits for")
    page.click(f'[data-card="{key}"] form a')
    expect(page.locator("h1")).to_contain_text(f"Move {key}")


def test_on_a_phone_columns_are_a_switcher(visit, cast):
    bring_to(cast, make_measure(cast), "identified")
    make_measure(cast)
    page = visit(cast.owner, f"{BOARD}&stage=defined", viewport={"width": 390, "height": 844})
    expect(page.locator("#cards-defined .mc")).to_be_visible()
    expect(page.locator("#cards-identified .mc")).to_be_hidden()
    page.click("#head-identified a")
    expect(page.locator("#cards-identified .mc")).to_be_visible()
    expect(page.locator("#cards-defined .mc")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_board_refusal_and_moves(visit, cast, scheme, width):
    key = make_measure(cast)
    make_proposal(cast)
    hold(cast, bring_to(cast, make_measure(cast), "identified"))
    waiting = make_measure(cast)
    supply(cast, waiting, "identified")
    move(cast, waiting, "identified")
    page = visit(
        cast.owner, f"{BOARD}&stage=defined", color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    assert axe(page) == []
    page.click(f'[data-card="{key}"] button')
    expect(page.locator("dialog#refusal")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.click(f'[data-card="{key}"] form a')
    expect(page.locator("dialog#moves")).to_be_visible()
    assert axe(page) == []
