"""The board in a browser: drags, refusals, stale cards, failures; each ends with the card where the server has it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.factories import (
    bring_to,
    make_measure,
    make_proposal,
    move,
    stage_of,
    submit,
    supply,
    version_of,
    vote,
)

BOARD = "/board?branch=service-quality"


def column_of(page: Page, key: str) -> str | None:
    """The column a card stands in."""
    return (
        page.locator(f'#board [data-card="{key}"]')
        .locator("xpath=ancestor::*[@data-column]")
        .get_attribute("data-column")
    )


def focused_card(page: Page) -> Locator:
    """The card that holds the focus."""
    return page.locator(".mc:focus-within")


def drag(page: Page, key: str, stage: str, *, release: bool = True, onto: str = "") -> None:
    """Take a card by its handle and drop it on a column, or on what `onto` finds."""
    grip = page.locator(f'#board [data-card="{key}"] .grip').bounding_box()
    target = page.locator(onto or f'[data-column="{stage}"] .cards').bounding_box()
    assert grip
    assert target
    page.mouse.move(grip["x"] + 12, grip["y"] + 12)
    page.mouse.down()
    page.mouse.move(grip["x"] + 40, grip["y"] + 30, steps=4)
    page.mouse.move(target["x"] + 60, target["y"] + min(40, target["height"] / 2), steps=8)
    if release:
        page.mouse.up()


def ready_to_recycle(cast) -> str:
    """A measure in Identified."""
    return bring_to(cast, make_measure(cast), "identified")


def test_a_card_whose_gate_is_met_waits_for_its_decider_after_the_drop(visit, cast):
    key = make_measure(cast)
    supply(cast, key, "identified")
    page = visit(cast.owner, BOARD)
    drag(page, key, "identified")
    expect(page.locator(f'#board [data-card="{key}"] .wait')).to_contain_text(cast.sponsor.name)
    expect(page.locator("#messages")).to_contain_text("waits for")
    assert column_of(page, key) == "defined"
    expect(page.locator("#head-defined")).to_contain_text("1 waiting")


def test_a_drop_on_the_head_of_a_column_counts_as_one_on_the_column(visit, cast):
    key = make_measure(cast)
    page = visit(cast.owner, BOARD)
    drag(page, key, "identified", onto="#head-identified")
    expect(page.locator("dialog[open]")).to_contain_text(key)
    assert column_of(page, key) == "defined"


def test_a_drop_that_is_allowed_moves_the_card_and_both_heads(visit, cast):
    key = make_measure(cast)
    supply(cast, key, "identified")
    page = visit(cast.owner, BOARD)
    move(cast, key, "identified")
    page.reload()
    vote(cast, key, cast.sponsor)
    expect(page.locator(f'#cards-identified [data-card="{key}"]')).to_be_visible(timeout=15_000)
    expect(page.locator("#head-identified .count")).to_contain_text("1")
    expect(page.locator("#head-defined .count")).to_contain_text("0")


def test_a_refused_drop_glides_back_and_teaches_and_saving_tries_again(visit, cast):
    key = make_measure(cast)
    page = visit(cast.owner, BOARD)
    drag(page, key, "identified")
    dialog = page.locator("dialog#refusal")
    expect(dialog).to_be_visible()
    assert column_of(page, key) == "defined"
    expect(dialog.locator('[data-finding="evidence:scope-statement"]')).to_have_attribute("data-met", "false")
    expect(dialog.locator('[data-finding="role:owner"]')).to_have_attribute("data-met", "true")
    expect(page.locator("[name=evidence-in_scope]")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Not moved")
    page.fill("[name=evidence-in_scope]", "Password calls of all sites and all tools of the group")
    page.fill("[name=evidence-out_of_scope]", "Accounts of machines and services")
    page.check("[name=evidence-affected_teams][value=service-desk]")
    page.fill("[name=evidence-users_affected]", "1200")
    page.click("text=Save and try again")
    expect(dialog.locator("#refusal-sum")).to_contain_text("is saved")
    expect(dialog.locator('[data-finding="evidence:scope-statement"]')).to_have_attribute("data-met", "true")
    expect(page.locator("[name=evidence-figure]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(focused_card(page)).to_have_attribute("data-card", key)


def test_the_last_missing_evidence_opens_the_review_from_the_dialog(visit, cast):
    other = make_measure(cast)
    for kind in ("scope-statement", "baseline-record"):
        submit(cast, other, kind)
    page = visit(cast.owner, BOARD)
    page.click(f'[data-card="{other}"] button')
    page.fill("[name=evidence-run_rate]", "84,000")
    page.fill("[name=evidence-one_off]", "0")
    page.click("text=Save and try again")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(f'#board [data-card="{other}"] .wait')).to_contain_text(cast.sponsor.name)
    expect(focused_card(page)).to_have_attribute("data-card", other)


def test_errors_in_the_dialog_keep_what_was_typed(visit, cast):
    key = make_measure(cast)
    page = visit(cast.owner, BOARD)
    page.click(f'[data-card="{key}"] button')
    page.fill("[name=evidence-in_scope]", "Password calls of all sites and all tools of the group")
    page.fill("[name=evidence-out_of_scope]", "Accounts of machines and services")
    page.fill("[name=evidence-users_affected]", "many")
    page.click("text=Save and try again")
    expect(page.locator("dialog .invalid-feedback").first).to_be_visible()
    expect(page.locator("[name=evidence-in_scope]")).to_have_value(re.compile("^Password calls"))
    expect(page.locator("[name=evidence-users_affected]")).to_have_value("many")
    expect(page.locator("dialog")).to_have_count(1)


def test_a_drop_on_an_earlier_stage_asks_for_the_reason_and_then_goes_back(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    drag(page, key, "defined")
    expect(page.locator("dialog [name=reason]")).to_be_focused()
    page.fill("dialog [name=reason]", "The baseline was counted wrongly")
    page.click("dialog .btn-primary")
    expect(page.locator(f'#cards-defined [data-card="{key}"]')).to_be_visible()
    assert stage_of(key) == "defined"
    expect(page.locator("dialog")).to_have_count(0)


def test_columns_say_whether_they_are_open_while_a_card_is_dragged(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    drag(page, key, "closed", release=False)
    expect(page.locator('[data-column="defined"]')).to_have_class("stage is-back")
    expect(page.locator('[data-column="closed"] .lockmsg')).to_have_text("Locked: only after Implemented")
    expect(page.locator('[data-column="detailed"] .lockmsg')).to_contain_text("missing")
    page.mouse.up()
    expect(page.locator("dialog#refusal")).to_contain_text("One gate at a time")
    assert column_of(page, key) == "identified"
    expect(page.locator(".is-dragging, .is-locked, .is-back")).to_have_count(0)


def test_a_stale_card_comes_back_fresh_with_one_sentence(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    page.evaluate("document.querySelector('[data-card] [name=version]').value = '1'")
    page.click(f'[data-card="{key}"] button')
    expect(page.locator("#messages")).to_contain_text("changed by somebody else")
    fresh = page.locator(f'#board [data-card="{key}"]')
    expect(fresh).to_have_attribute("data-version", str(version_of(key)))
    page.click(f'[data-card="{key}"] button')
    expect(page.locator("dialog#refusal")).to_be_visible()


@pytest.mark.parametrize("failure", ["500", "offline"])
def test_after_a_failure_the_card_is_back_and_one_sentence_says_so(visit, cast, failure):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    if failure == "offline":
        page.route(
            "**/moves", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
        )
    else:
        body = '<div class="note off">Something went wrong</div>'
        page.route(
            "**/moves",
            lambda route: (
                route.fulfill(status=500, body=body) if route.request.method == "POST" else route.continue_()
            ),
        )
    drag(page, key, "detailed")
    expect(page.locator("#messages .note")).to_be_visible()
    expect(page.locator(f'#cards-identified [data-card="{key}"]')).to_be_visible()
    page.unroute("**/moves")
    if failure == "offline":
        expect(page.locator("#messages .note")).to_have_count(0)
    page.wait_for_timeout(300)
    drag(page, key, "detailed")
    expect(page.locator("dialog#refusal")).to_be_visible()


def test_after_the_session_has_ended_the_card_is_back_and_the_way_to_sign_in_is_shown(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    page.context.clear_cookies()
    drag(page, key, "detailed")
    expect(page.locator("#messages")).to_contain_text("session has ended")
    expect(page.locator(f'#cards-identified [data-card="{key}"]')).to_be_visible()


def test_a_card_is_dragged_by_touch(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.lead, BOARD, has_touch=True, viewport={"width": 1180, "height": 820})
    grip = page.locator(f'#board [data-card="{key}"] .grip').bounding_box()
    target = page.locator('[data-column="detailed"] .cards').bounding_box()
    assert grip
    assert target
    client = page.context.new_cdp_session(page)
    start = (grip["x"] + 12, grip["y"] + 12)
    end = (target["x"] + 60, target["y"] + 40)
    client.send(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]}
    )
    for step in range(1, 11):
        x, y = (start[i] + (end[i] - start[i]) * step / 10 for i in (0, 1))
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(30)
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("dialog#refusal")).to_be_visible()
    assert column_of(page, key) == "identified"


def test_moves_of_others_appear_without_a_reload_but_not_under_the_hand(visit, cast):
    key = ready_to_recycle(cast)
    page = visit(cast.owner, BOARD)
    page.evaluate("window.here = true")
    move(cast, key, "defined", by=cast.lead, reason="Baseline is wrong")
    expect(page.locator(f'#cards-defined [data-card="{key}"]')).to_be_visible(timeout=15_000)
    fresh = make_proposal(cast)
    page.focus("main [name=q]")
    page.wait_for_timeout(4600)
    assert page.locator(f'#board [data-card="{fresh}"]').count() == 0
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(f'#intake [data-card="{fresh}"]')).to_be_visible(timeout=15_000)
    assert page.evaluate("window.here")


def test_who_cannot_supply_it_asks_those_who_can_from_the_dialog(visit, cast):
    key = make_measure(cast)
    page = visit(cast.controller, BOARD)
    page.click(f'[data-card="{key}"] button')
    row = page.locator('[data-finding="evidence:scope-statement"]')
    row.locator("button").click()
    expect(row).to_contain_text("Asked")
    expect(page.locator("dialog#refusal")).to_be_visible()


def test_the_program_lead_accepts_a_proposal_with_one_press(visit, cast):
    key = make_proposal(cast)
    page = visit(cast.lead, BOARD)
    page.click(f'[data-card="{key}"] button')
    expect(page.locator(f'#cards-defined [data-card="{key}"]')).to_be_visible()
    assert stage_of(key) == "defined"


def test_the_form_that_asks_for_a_reason_is_announced_instead_of_what_was_said_before(visit, cast):
    first, key = make_measure(cast), ready_to_recycle(cast)
    page = visit(cast.lead, BOARD)
    page.click(f'[data-card="{first}"] button')
    expect(page.locator("#live")).to_contain_text(f"Not moved: {first}")
    page.keyboard.press("Escape")
    drag(page, key, "defined")
    expect(page.locator("#dlg-reason")).to_be_focused()
    expect(page.locator("#live")).to_have_text(f"{key} needs a reason or details; the form asks for them.")
