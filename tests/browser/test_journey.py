"""One measure goes from proposed to Closed under version 2 of the set, by five people through the pages they use.

The owner proposes and supplies, the program lead accepts and holds, sponsor, controller and service owner decide. On the
way the controller is away and a deputy votes for her, the sponsor sends the measure back once and advances it with a
condition once, and the lead puts it on hold. Whoever is not one of the five (members who supply) acts by the verbs.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from govapp.services.governance import install_set, read_set
from tests.browser.test_board_moves import drag
from tests.cast import SYSTEM
from tests.factories import measure_row, stage_of, today_of
from tests.samples_of_evidence import PDF

pytestmark = pytest.mark.browser

BOARD = "/board?branch=service-quality"
PROOF = {"name": "calculation.pdf", "mimeType": "application/pdf", "buffer": PDF}
PROBLEM = "Every third call is about a locked account; people wait eleven minutes each time it happens."


class Journey:
    """Everybody's window, and the measure that all of them work on."""

    def __init__(self, visit, cast) -> None:
        self.visit, self.cast, self.key = visit, cast, ""
        self.windows: dict[int, Page] = {}

    def open(self, who, address: str) -> Page:
        """A page in somebody's window; it has come without an error."""
        if who.id not in self.windows:
            self.windows[who.id] = self.visit(who, address)
            return self.windows[who.id]
        page = self.windows[who.id]
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, (who.name, address)
        return page

    def mine(self, who) -> Page:
        """Somebody's My work."""
        return self.open(who, "/")

    def at(self, who, place: str = "") -> Page:
        """A page of the measure."""
        return self.open(who, f"/measures/{self.key}{place}")

    def card(self, who) -> Locator:
        """The measure's card on somebody's board."""
        return self.open(who, BOARD).locator(f'[data-card="{self.key}"]')

    def drop(self, who, stage: str) -> Page:
        """Drag the card to a column."""
        page = self.open(who, BOARD)
        drag(page, self.key, stage)
        return page

    def decision(self, who) -> Locator:
        """The row of My work in which the measure waits for somebody's decision."""
        return self.mine(who).locator("tr[data-review]", has_text=self.key)

    def review(self, who) -> Page:
        """The review that waits for somebody, opened from My work."""
        self.decision(who).get_by_role("link", name="Decide").click()
        page = self.windows[who.id]
        expect(page.locator("h2#dec")).to_be_visible()
        return page

    def stands(self, stage: str) -> None:
        """The measure is where the story has it, in the database and on the board."""
        assert stage_of(self.key) == stage
        expect(self.card(self.cast.lead)).to_have_attribute("data-stage", stage)

    def waits(self, *people) -> None:
        """Card and approvals page name whom it waits for; it is in exactly their My work."""
        card = self.card(self.cast.owner)
        for who in people:
            expect(card.locator(".wait")).to_contain_text(who.name)
            expect(self.decision(who)).to_have_count(1)
        for who in (self.cast.owner, self.cast.sponsor, self.cast.controller, self.cast.service_owner):
            if who not in people:
                expect(self.decision(who)).to_have_count(0)


def fill(form: Locator, **values: str) -> None:
    """Type into an evidence form; the names of the fields are given without their prefix."""
    for name, value in values.items():
        field = form.locator(f"[name=evidence-{name}]")
        if field.first.get_attribute("type") in ("radio", "checkbox"):
            form.locator(f'[name=evidence-{name}][value="{value}"]').check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


@pytest.fixture
def way(visit, cast) -> Journey:
    install_set(SYSTEM, read_set())
    return Journey(visit, cast)


def test_five_people_take_a_measure_from_proposed_to_closed(way, cast):
    propose_and_accept(way, cast)
    name_people(way, cast)
    into_identified(way, cast)


def propose_and_accept(way: Journey, cast) -> None:
    page = way.open(cast.owner, "/measures/new")
    page.select_option("[name=branch]", "first-contact")
    for name, value in {
        "title": "Fewer password calls at the service desk",
        "problem": PROBLEM,
        "expected_effect": "Half of the password calls disappear within a year.",
    }.items():
        page.fill(f"[name={name}]", value)
    for name in ("business_unit", "function", "service"):
        page.select_option(f"[name={name}]", index=1)
    page.select_option("[name=legal_entity]", index=1)
    page.select_option("[name=change_type]", "process")
    page.select_option("[name=risk_rating]", "low")
    page.check("[name=no_dependencies_declared]")
    page.get_by_role("button", name="Propose").click()
    expect(page).to_have_url(re.compile(r"/measures/M-\d+$"))
    way.key = page.url.rpartition("/")[2]
    assert measure_row(way.key).state == "proposed"

    proposal = way.mine(cast.lead).locator("section", has=way.windows[cast.lead.id].locator("#w3"))
    expect(proposal).to_contain_text(way.key)
    way.card(cast.lead).locator("text=Accept").click()
    expect(way.windows[cast.lead.id].locator(f'#cards-defined [data-card="{way.key}"]')).to_be_visible()
    way.stands("defined")


def name_people(way: Journey, cast) -> None:
    page = way.at(cast.lead, "/parts")
    for part, who in {
        "owner": cast.owner, "sponsor": cast.sponsor, "controller": cast.controller,
        "service_owner": cast.service_owner, "process_owner": cast.member, "reporting_owner": cast.member,
        "finance_contact": cast.finance,
    }.items():  # fmt: skip
        page.select_option(f"[name={part}]", str(who.id))
    page.click("text=Save people")
    expect(way.mine(cast.owner).locator("section", has_text="My measures").first).to_contain_text(way.key)


def into_identified(way: Journey, cast) -> None:
    page = way.drop(cast.owner, "identified")
    dialog = page.locator("dialog#refusal")
    fill(
        dialog,
        in_scope="Password calls of all sites and all tools of the group",
        out_of_scope="Accounts of machines and services",
        affected_teams="service-desk",
        users_affected="1200",
    )
    page.click("text=Save and try again")
    day = today_of(way.key)
    expect(dialog.locator("#form-title")).to_have_text("Baseline record")
    fill(
        dialog,
        figure="Password calls a month",
        value="410",
        unit="calls a month",
        period_from=(day - timedelta(days=90)).isoformat(),
        period_to=(day - timedelta(days=1)).isoformat(),
        source="ticket-system",
        method="All tickets of the category password, counted by day of arrival",
    )
    page.click("text=Save and try again")
    expect(dialog.locator("#form-title")).to_have_text("Rough numbers")
    fill(dialog, run_rate="18,000", one_off="12,000")
    page.click("text=Save and try again")
    expect(dialog.locator('[data-finding="evidence:rough-numbers"]')).to_have_attribute("data-met", "true")
    expect(dialog.locator('[data-finding="evidence:baseline-record"]')).to_contain_text(cast.controller.name)
    way.stands("defined")

    accept_evidence(way, cast.controller, "Baseline record")
    page = way.drop(cast.owner, "identified")
    expect(page.locator("#messages")).to_contain_text("waits for")
    way.waits(cast.sponsor)
    way.decision(cast.sponsor).get_by_role("button", name="Approve").click()
    expect(way.windows[cast.sponsor.id].locator("#messages")).to_contain_text("is now in Identified")
    way.stands("identified")
    way.waits()


def accept_evidence(way: Journey, judge, kind: str) -> None:
    """The judge finds the evidence in My work, reads and accepts it; then it is there no more."""
    rows = "tr[data-judging]"
    way.mine(judge).locator(rows, has_text=kind).get_by_role("link", name="Judge").click()
    page = way.windows[judge.id]
    page.check("[name=verdict][value=accept]")
    page.click("text=Record as")
    expect(way.mine(judge).locator(rows, has_text=kind)).to_have_count(0)
