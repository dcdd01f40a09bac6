"""My work, notices and the choice of mail: axe-core finds nothing, no sideways scrolling, a vote without scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import axe
from tests.factories import open_review, stage_of
from tests.web.test_my_work import waiting_measure

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_my_work_notices_and_choices(visit, cast, scheme, width):
    waiting_measure(cast)
    page = visit(cast.sponsor, "/", color_scheme=scheme, viewport={"width": width, "height": 900})
    for address in ("/", "/notices", "/account/notices"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_vote_from_the_list_needs_no_script_and_opens_the_next_decision(visit, cast):
    first, second = waiting_measure(cast), waiting_measure(cast)
    number, _ = open_review(first)
    page = visit(cast.sponsor, "/", java_script_enabled=False)
    page.click(f'[data-review="{number}"] button')
    expect(page).to_have_url(re.compile(f"/reviews/{open_review(second)[0]}$"))
    expect(page.locator("body")).to_contain_text(f"{first} is now in Identified")
    assert stage_of(first) == "identified"
