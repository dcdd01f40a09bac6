"""The money grid in a browser: keyboard, pasted blocks, fill right, sums at once; and without scripts."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import axe
from tests.factories import bring_to, make_measure
from tests.services.test_grids import cell, held, lock, make_line, save

NET = 'tbody[data-net="EUR"] tr[data-net-series="plan"] td'
MAY = date(2026, 5, 1)


def address(key: str, more: str = "") -> str:
    return f"/measures/{key}/finance?year=2026{more}#grid"


def name(line: int, series: str, month: str) -> str:
    return f'[name="c:{line}:{series}:{month}"]'


def active(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || ''"))


def paste(page: Page, text: str) -> None:
    """As a spreadsheet's clipboard arrives in the focused cell."""
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def expect_sums(page: Page, line: int, series: str, year: str, total: str) -> None:
    """What the row shows as sum of the year and as total, at once or as soon as the page has worked it out."""
    row = page.locator(f'tbody[data-line="{line}"] tr[data-series="{series}"]')
    expect(row.locator("[data-sum]")).to_have_text(year)
    expect(row.locator("[data-total]")).to_have_text(total)


def expect_net(page: Page, *texts: str) -> None:
    """What the row of the net plan shows in the cells that are not empty."""
    expect(page.locator(NET).filter(has_text=re.compile(r"\S"))).to_have_text(list(texts))


def test_arrows_and_enter_move_and_what_is_typed_is_added_up_at_once(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", date(2025, 12, 1), 5), cell(line, "plan", None, 1))
    page = visit(cast.owner, address(key))
    page.focus(name(line, "plan", "2026-01"))
    page.keyboard.type("1,000.10")
    expect_sums(page, line, "plan", "1,000.10", "1,006.10")
    page.keyboard.press("ArrowRight")
    assert active(page) == f"c:{line}:plan:2026-02"
    page.keyboard.type("-0.05")
    expect_sums(page, line, "plan", "1,000.05", "1,006.05")
    page.keyboard.press("Enter")
    assert active(page) == f"c:{line}:forecast:2026-02"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert active(page) == f"c:{line}:plan:2026-01"
    page.keyboard.press("Tab")
    assert active(page) == f"c:{line}:plan:2026-02"
    page.keyboard.type("1e400")
    expect(page.locator(name(line, "plan", "2026-02"))).to_have_attribute("aria-invalid", "true")
    expect_sums(page, line, "plan", "?", "?")
    page.keyboard.press("Escape")
    expect_sums(page, line, "plan", "1,000.10", "1,006.10")
    assert held(line) == {("plan", "2025-12"): 500, ("plan", ""): 100}
    page.click("text=Save amounts")
    expect(page.locator("#messages")).to_contain_text("1 amount saved.")
    assert held(line)["plan", "2026-01"] == 100_010


def test_the_net_of_all_savings_in_a_currency_follows_while_typing(visit, cast):
    key = make_measure(cast)
    calls, cost = make_line(cast, key), make_line(cast, key, name="Setup", timing="one_off")
    avoided = make_line(cast, key, name="Avoided", kind="cost-avoidance")
    save(
        cast.owner, key,
        cell(calls, "plan", MAY, 100), cell(cost, "plan", MAY, -30), cell(avoided, "plan", MAY, 999),
        cell(cost, "plan", date(2025, 1, 1), -5), cell(calls, "plan", None, 1),
    )  # fmt: skip
    page = visit(cast.owner, address(key))
    expect_net(page, "1", "70", "70", "66")
    page.fill(name(cost, "plan", "2026-06"), "-0.5")
    expect_net(page, "1", "70", "−0.50", "69.50", "65.50")
    page.fill(name(avoided, "plan", "2026-06"), "7")
    expect(page.locator(NET).last).to_have_text("65.50")
    page.fill(name(cost, "plan", "2026-06"), "much")
    expect(page.locator(NET).last).to_have_text("?")


def test_a_block_from_a_spreadsheet_goes_into_the_cells_from_the_focused_one_on(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    page = visit(cast.owner, address(key))
    page.focus(name(line, "plan", "2026-11"))
    paste(page, "100\t1.200,50\t7\r\n90\t80\t7\r\n")
    expect(page.locator("#live")).to_have_text("4 cells pasted, 2 left out.")
    expect_sums(page, line, "plan", "1,300.50", "1,300.50")
    page.click("text=Save amounts")
    expect(page.locator("#messages")).to_contain_text("4 amounts saved.")
    assert held(line) == {
        ("plan", "2026-11"): 10_000, ("plan", "2026-12"): 120_050,
        ("forecast", "2026-11"): 9_000, ("forecast", "2026-12"): 8_000,
    }  # fmt: skip


def test_control_r_fills_to_the_right_and_leaves_what_nobody_may_type_into(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    lock(date(2026, 3, 1))
    page = visit(cast.owner, address(key))
    page.focus(name(line, "forecast", "2026-04"))
    page.keyboard.type("700")
    page.keyboard.press("Control+r")
    expect(page.locator("#live")).to_have_text("8 cells filled.")
    expect_sums(page, line, "forecast", "6,300", "6,300")
    expect(page.locator(name(line, "forecast", "2026-03"))).to_have_count(0)
    page.click("text=Save amounts")
    expect(page.locator("#messages")).to_contain_text("9 amounts saved.")
    assert set(held(line).values()) == {70_000}


def test_amounts_of_a_row_look_alike_once_they_are_left(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, "1234.5"))
    page = visit(cast.owner, address(key))
    expect(page.locator(name(line, "plan", "2026-05"))).to_have_value("1,234.50")
    page.fill(name(line, "plan", "2026-06"), "-2000")
    page.keyboard.press("Tab")
    expect(page.locator(name(line, "plan", "2026-06"))).to_have_value("−2,000.00")
    page.fill(name(line, "plan", "2026-07"), "many")
    page.keyboard.press("Tab")
    expect(page.locator(name(line, "plan", "2026-07"))).to_have_value("many")
    page.fill(name(line, "plan", "2026-07"), "")
    page.click("text=Save amounts")
    expect(page.locator("#messages")).to_contain_text("1 amount saved.")
    assert held(line) == {("plan", "2026-05"): 123_450, ("plan", "2026-06"): -200_000}


def test_a_phone_opens_the_grid_at_the_first_month_that_can_be_typed_into(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", date(2026, 1, 1), 100))
    bring_to(cast, key, "decided")
    lock(date(2026, 4, 1))
    page = visit(cast.owner, address(key), viewport={"width": 390, "height": 844})
    expect(page.locator(name(line, "forecast", "2026-05"))).to_be_in_viewport(ratio=1)
    page.wait_for_function("document.querySelector('#grid .scroll').scrollLeft > 0")


def test_the_grid_is_saved_and_refused_without_scripts(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key, start=MAY)
    page = visit(cast.owner, address(key), java_script_enabled=False)
    page.fill(name(line, "plan", "2026-05"), "84 000")
    page.fill(name(line, "plan", "2026-04"), "1")
    page.click("text=Save amounts")
    expect(page.locator("#grid-faults")).to_contain_text(
        "Calls, Plan, Apr 2026: The line has not started in this month."
    )
    expect(page.locator(name(line, "plan", "2026-05"))).to_have_value("84 000")
    assert held(line) == {}
    page.fill(name(line, "plan", "2026-04"), "")
    page.click("text=Save amounts")
    expect(page.locator("#messages")).to_contain_text("1 amount saved.")
    assert held(line) == {("plan", "2026-05"): 8_400_000}


def test_two_sessions_in_one_grid_the_second_sees_both_values(visit, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100))
    mine, theirs = visit(cast.owner, address(key)), visit(cast.lead, address(key))
    theirs.fill(name(line, "plan", "2026-05"), "120")
    theirs.click("text=Save amounts")
    expect(theirs.locator("#messages")).to_contain_text("1 amount saved.")
    mine.fill(name(line, "plan", "2026-05"), "90")
    mine.fill(name(line, "plan", "2026-06"), "95")
    with mine.expect_response(lambda answer: answer.url.endswith("/finance/grid")) as answer:
        mine.click("text=Save amounts")
    assert answer.value.status == 409
    row = mine.locator(f'[data-overtaken="{line}:plan:2026-05"]')
    expect(row).to_contain_text("EUR 100")
    expect(row).to_contain_text("EUR 120")
    expect(row).to_contain_text("EUR 90")
    expect(mine.locator(name(line, "plan", "2026-06"))).to_have_value("95")
    expect_sums(mine, line, "plan", "185", "185")
    mine.click("text=Save amounts")
    expect(mine.locator("#messages")).to_contain_text("2 amounts saved.")
    assert held(line) == {("plan", "2026-05"): 9_000, ("plan", "2026-06"): 9_500}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_the_grid_and_the_page_stays_within_its_width(visit, cast, scheme, width):
    key = make_measure(cast, "detailed")
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100), cell(line, "forecast", MAY, 100))
    save(cast.finance, key, cell(line, "actual", MAY, 90), cell(line, "actual", date(2026, 4, 1), 5))
    bring_to(cast, key, "decided")
    lock(date(2026, 4, 1))
    page = visit(cast.owner, address(key), viewport={"width": width, "height": 900}, color_scheme=scheme)
    for details in page.locator("#grid details summary").all():
        details.click()
    page.evaluate("window.scrollTo(0, 0)")  # the bar on top covers part of a cell
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
