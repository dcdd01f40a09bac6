"""A controller's month-end: in full, in part, refused, excepted, taken back; by keyboard and without scripts."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import axe
from tests.confirming import close_month, confirm, cost_object, enter, ledger, make_line, rulings, standings
from tests.factories import bring_to, make_measure

pytestmark = pytest.mark.browser
PLAN = {"2026-08": "2025.00", "2026-09": "3037.50", "2026-10": "4050.00"}


def month_end(cast) -> tuple[str, str, list[int]]:
    """Two measures on one contract at the end of October: amounts that await, one month without any."""
    cost_object(cast, "CT-2207", "60000", name="Support calls of the print service")
    keys, lines = [], []
    for name, kind in (("Fewer calls", "ebitda"), ("Calls not made", "ebitda")):
        key = make_measure(cast, "defined", title=f"{name} for printers and scanners")
        line = make_line(
            cast, key, PLAN, name=name, kind=kind, cost_object="CT-2207", run_rate=Decimal(48_600)
        )
        keys.append(key)
        lines.append(line)
        enter(cast, key, line, {"2026-08": "2004.75", "2026-10": "4009.50"})
    enter(cast, keys[0], lines[0], {"2026-09": "3007.13"})
    close_month("2026-09")
    return keys[0], keys[1], lines


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_the_pages_of_a_month_end(visit, cast, scheme, width):
    key, _, lines = month_end(cast)
    confirm(cast.controller, lines[0], "2026-08")
    bring_to(cast, key, "closed")
    page = visit(cast.controller, "/", color_scheme=scheme, viewport={"width": width, "height": 900})
    for address in (
        "/finance/confirmations",
        "/finance/confirmations?standing=missing",
        "/finance/confirmations?standing=refused",
        f"/measures/{key}/finance/ledger",
        "/finance/cost-objects?edit=split-CT-2207-ebitda",
        "/finance/periods?close=2026-10",
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


@pytest.mark.parametrize("scripts", [True, False])
def test_a_month_end_from_the_first_amount_to_the_last(visit, cast, scripts):
    key, other, (first, second) = month_end(cast)
    page = visit(cast.controller, "/finance/confirmations", java_script_enabled=scripts)
    # both amounts of August in full, chosen by keyboard
    for line in (first, second):
        box = page.locator(f'[data-cell="{line}-2026-08"] input[type=checkbox]')
        box.focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Confirm chosen").click()
    expect(page.locator('[data-result][data-done="true"]')).to_have_count(2)
    # September in part: first without a reason, which keeps what was typed
    page.goto(f"/finance/confirmations?measure={key}&until=2026-09")
    page.check(f'[data-cell="{first}-2026-09"] input[type=checkbox]')
    page.fill(f"[name=part-{first}-2026-09]", "2697.13")
    page.get_by_role("button", name="Confirm chosen").click()
    expect(page.locator("main")).to_contain_text("Please give the reason")
    expect(page.locator(f'[data-cell="{first}-2026-09"] input[type=checkbox]')).to_be_checked()
    page.fill("[name=reason]", "310.00 belong to the year before.")
    page.get_by_role("button", name="Confirm chosen").click()
    expect(page.locator(f'[data-cell="{first}-2026-09"]')).to_have_count(0)
    expect(page).to_have_url(re.compile("until=2026-09"))
    assert standings(first)["2026-09"] == "confirmed"
    # October: one refused with a document, one confirmed
    page.goto("/finance/confirmations")
    page.check(f'[data-cell="{second}-2026-10"] input[type=checkbox]')
    page.fill("[name=reason]", "The invoice is not there yet.")
    page.set_input_files(
        "[name=document]", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"No invoice in SAP."}
    )
    page.get_by_role("button", name="Refuse chosen").click()
    expect(page.locator(f'[data-cell="{second}-2026-10"]')).to_have_count(0)
    page.check(f'[data-cell="{first}-2026-10"] input[type=checkbox]')
    page.get_by_role("button", name="Confirm chosen").click()
    expect(page.locator("main")).to_contain_text("Nothing awaits you")
    # the month that is missing is excepted
    page.get_by_role("link", name="Due without an amount").click()
    page.check(f'[data-cell="{second}-2026-09"] input[type=checkbox]')
    page.fill("[name=reason]", "The calls began in October.")
    page.get_by_role("button", name="Except chosen months").click()
    expect(page.locator("main")).to_contain_text("No closed month lacks an amount")
    # a confirmation is taken back from the ledger, and its amount awaits again
    row = ledger(key)[0].id
    page.goto(f"/measures/{key}/finance/ledger")
    page.locator(f"#row-{row} summary").click()
    page.fill(f"#back-{row}-r", "Booked for the wrong measure.")
    page.get_by_role("button", name=f"Take back row {row}").click()
    expect(page.locator("body")).to_contain_text("Taken back by a row of its own")
    assert standings(first) == {"2026-08": "awaits", "2026-09": "confirmed", "2026-10": "confirmed"}
    assert [each.amount for each in ledger(key)] == [200_475, 269_713, 400_950, -200_475]
    assert [(one.verdict, one.document) for one in rulings(other)] == [
        ("refused", "note.txt"),
        ("excepted", ""),
    ]


def test_a_conflict_of_millions_fits_a_phone(visit, cast):
    cost_object(cast, "CT-2207", "1000000")
    for _ in range(2):
        make_line(
            cast, make_measure(cast, "defined"), PLAN, cost_object="CT-2207", run_rate=Decimal(60_000_000)
        )
    page = visit(cast.controller, "/finance/cost-objects", viewport={"width": 390, "height": 900})
    expect(page.get_by_text("Claimed twice: together EUR 120,000,000")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
