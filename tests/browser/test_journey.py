"""One measure goes from proposed to Closed under version 2 of the set, by five people through the pages they use.

The owner proposes and supplies, the program lead accepts and holds, sponsor, controller and service owner decide. On
the way the controller is away and a deputy votes for her, the sponsor sends the measure back once and advances it with
a condition once, and the lead puts it on hold. What is not the point (plans, proofs, members who supply) goes by verbs.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.inbox import waiting_for
from govapp.data.people import LoginSession
from govapp.services._work import now, writing
from govapp.services.governance import SECOND_SET, install_set, read_set
from tests.browser.test_board_moves import drag
from tests.cast import PASSWORD, SYSTEM
from tests.factories import finish_milestones, measure_row, stage_of, submit, supply, today_of
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
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            drag(page, self.key, stage)
        return page

    def approve(self, who) -> None:
        """A vote from the list of My work."""
        button = self.decision(who).get_by_role("button", name="Approve")
        sent(self.windows[who.id], button)

    def vote(self, who, verdict: str, reason: str = "") -> None:
        """A vote on the review's page, which is open in somebody's window."""
        page = self.windows[who.id]
        page.check(f"[name=verdict][value={verdict}]")
        if reason:
            page.fill("#why", reason)
        sent(page, page.get_by_role("button", name=f"record as {who.name}"))

    def decision(self, who) -> Locator:
        """The row of My work in which the measure waits for somebody's decision."""
        return self.mine(who).locator("tr[data-review]", has_text=self.key)

    def review(self, who) -> Page:
        """The review that waits for somebody, opened from My work."""
        link = self.decision(who).get_by_role("link", name="Decide")
        page = self.windows[who.id]
        sent(page, link)
        expect(page.locator("h2#dec")).to_be_visible()
        return page

    def stands(self, stage: str) -> None:
        """The measure is where the story has it, in the database and on the board."""
        assert stage_of(self.key) == stage
        expect(self.card(self.cast.lead)).to_have_attribute("data-stage", stage)

    def waits(self, *people) -> None:
        """The card names whom it waits for, and it is in exactly their My work."""
        if people:
            card = self.card(self.cast.owner)
            for who in people:
                expect(card.locator(".wait")).to_contain_text(who.name)
                expect(self.decision(who)).to_have_count(1)
        with reading() as session:
            for who in set(self.cast.all).difference(people):
                actor = load_actor(session, who.id, now())
                waiting = [(row.measure, row.on_behalf_of) for row in waiting_for(session, actor)]
                assert (self.key, "") not in waiting, who.name


def sent(page: Page, button: Locator) -> None:
    """Press a button of a form; the answer has come as a page."""
    with page.expect_navigation():
        button.click()


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
    install_set(SYSTEM, read_set(SECOND_SET))
    return Journey(visit, cast)


def test_five_people_take_a_measure_from_proposed_to_closed(way, cast):
    propose_and_accept(way, cast)
    name_people(way, cast)
    into_identified(way, cast)
    into_detailed(way, cast)
    hold_and_release(way, cast)
    into_decided(way, cast)
    into_implemented(way, cast)
    into_closed(way, cast)
    told_whole(way, cast)


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
    sent(page, page.get_by_role("button", name="Save people"))
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
    way.approve(cast.sponsor)
    expect(way.windows[cast.sponsor.id].locator("#messages")).to_contain_text("is now in Identified")
    way.stands("identified")
    way.waits()


def accept_evidence(way: Journey, judge, kind: str) -> None:
    """The judge finds the evidence in My work, reads and accepts it; then it is there no more."""
    rows = "tr[data-judging]"
    link = way.mine(judge).locator(rows, has_text=kind).get_by_role("link", name="Judge")
    sent(way.windows[judge.id], link)
    way.vote(judge, "accept")
    expect(way.mine(judge).locator(rows, has_text=kind)).to_have_count(0)


NUMBERS = {"run_rate": 18_000, "one_off": 12_000}
NO_SOURCE = "The target of the operating figure has no source anybody could check"


def into_detailed(way: Journey, cast) -> None:
    submit(cast, way.key, "plan-numbers", **NUMBERS)
    supply(cast, way.key, "detailed")
    deputy = cast.approver
    name_deputy(way, cast.controller, deputy)
    way.drop(cast.owner, "detailed")
    way.waits(cast.controller)
    expect(way.card(cast.owner).locator(".wait")).to_contain_text(deputy.name)

    expect(way.decision(deputy)).to_contain_text(f"for {cast.controller.name}")
    way.review(deputy)
    way.vote(deputy, "approve")
    way.waits(cast.sponsor)

    page = way.review(cast.sponsor)
    expect(page.locator("[data-step=controller-check]")).to_contain_text(
        f"{deputy.name} for {cast.controller.name}"
    )
    way.vote(cast.sponsor, "send_back", NO_SOURCE)
    way.stands("identified")
    way.waits()
    expect(way.mine(cast.owner).locator(f"[data-sent-back={way.key}]")).to_contain_text(
        f"Sent back by {cast.sponsor.name}: {NO_SOURCE}"
    )

    page = way.at(cast.owner, "/evidence")
    page.locator("[data-evidence=plan-numbers]").get_by_role("link", name="Revise").click()
    page.fill("[name=evidence-source]", "Count of tickets, and the offer of the vendor of 2 June")
    sent(page, page.get_by_role("button", name="Hand in revision 2"))
    expect(page.locator("main")).to_contain_text("revision 2")

    way.drop(cast.owner, "detailed")
    way.approve(deputy)
    way.waits(cast.sponsor)
    page = way.open(cast.controller, "/account/deputies")
    page.locator("details.ender summary").click()
    sent(page, page.get_by_role("button", name="End now"))
    expect(page.locator("body")).to_contain_text("Ended early")
    way.approve(cast.sponsor)
    way.stands("detailed")
    expect(way.mine(cast.owner).locator("[data-sent-back]")).to_have_count(0)


def name_deputy(way: Journey, who, deputy) -> None:
    page, day = way.open(who, "/account/deputies"), today_of(way.key)
    page.select_option("[name=deputy]", str(deputy.id))
    page.fill("[name=from_day]", day.isoformat())
    page.fill("[name=until_day]", (day + timedelta(days=5)).isoformat())
    for kind in ("judge", "ask", "supply", "confirm"):
        page.uncheck(f"[name=kinds][value={kind}]")
    sent(page, page.get_by_role("button", name="Name deputy"))
    expect(page.locator("section", has=page.locator("#mine"))).to_contain_text(deputy.name)


def hold_and_release(way: Journey, cast) -> None:
    way.card(cast.lead).get_by_role("link", name="Other moves").click()
    page, form = way.windows[cast.lead.id], way.windows[cast.lead.id].locator("dialog [data-ask=hold]")
    form.locator("summary").click()
    form.locator("[name=reason]").fill("The vendor has to answer first")
    form.locator("[name=hold_cause]").select_option("external-dependency")
    form.locator("[name=review_date]").fill((today_of(way.key) + timedelta(days=30)).isoformat())
    form.locator("[name=value_treatment]").select_option("keep-forecast")
    form.get_by_role("button").click()
    expect(page.locator(f'[data-card="{way.key}"] .wait.hold')).to_contain_text("On hold")

    page = way.drop(cast.owner, "decided")
    expect(page.locator("dialog#refusal")).to_contain_text("on hold")
    way.stands("detailed")

    way.card(cast.lead).get_by_role("link", name="Other moves").click()
    page, form = way.windows[cast.lead.id], way.windows[cast.lead.id].locator("dialog [data-ask=release]")
    form.locator("summary").click()
    form.locator("[name=reason]").fill("The vendor has answered")
    form.locator("[name=new_dates_checked]").check()
    form.get_by_role("button").click()
    expect(page.locator(f'[data-card="{way.key}"] .wait.hold')).to_have_count(0)
    assert measure_row(way.key).state == "active"


def into_decided(way: Journey, cast) -> None:
    page = way.drop(cast.owner, "decided")
    dialog = page.locator("dialog#refusal")
    expect(dialog.locator("#form-title")).to_have_text("Business case")
    fill(
        dialog,
        argument="People wait eleven minutes for a reset that a form can do in one, every working day",
        alternatives="Doing nothing, or a second shift at the desk",
        run_rate="18,000",
        one_off="12,000",
        payback_months="8",
        sensitivity="With half of the calls it pays back within sixteen months",
    )
    dialog.locator("[name=evidence-file]").set_input_files(PROOF)
    page.click("text=Save and try again")
    expect(dialog.locator("#refusal-sum")).to_contain_text("Business case is saved")
    submit(cast, way.key, "budget-source", by=cast.finance, amount=12_000)
    accept_evidence(way, cast.controller, "Business case")
    accept_evidence(way, cast.controller, "Budget source")

    way.drop(cast.owner, "decided")
    way.waits(cast.controller)
    way.approve(cast.controller)
    way.waits(cast.sponsor)
    page = way.review(cast.sponsor)
    row = page.locator("[data-condition='1']")
    if not row.is_visible():
        page.locator("#conditions summary").click()
    row.locator("textarea").fill(TRAINED)
    row.locator("select").select_option(str(cast.owner.id))
    row.locator("[type=date]").fill((today_of(way.key) + timedelta(days=20)).isoformat())
    row.locator("[type=checkbox]").check()
    way.vote(cast.sponsor, "approve_with_conditions", "Right, once the desk is trained")
    way.stands("decided")
    expect(way.mine(cast.owner).locator("[data-due]", has_text=TRAINED)).to_have_count(1)


TRAINED = "Train the desk before the pilot ends"


def into_implemented(way: Journey, cast) -> None:
    page = way.drop(cast.owner, "implemented")
    expect(page.locator('dialog#refusal [data-finding="condition:none-open"]')).to_have_attribute(
        "data-met", "false"
    )
    condition(way, cast.owner, "fulfil", "Both shifts were trained on 4 June")
    condition(way, cast.sponsor, "confirm", "Seen the list of names")
    expect(way.mine(cast.owner).locator("[data-due]", has_text=TRAINED)).to_have_count(0)
    finish_milestones(cast, way.key)
    supply(cast, way.key, "implemented")

    way.drop(cast.owner, "implemented")
    way.waits(cast.service_owner)
    page = way.review(cast.service_owner)
    page.fill("[name=evidence-known_defects]", "The form has no French text yet; Mina mends it in July")
    way.vote(cast.service_owner, "approve")
    way.waits(cast.sponsor)
    page = way.review(cast.sponsor)
    expect(page.locator("[data-step=business-acceptance]")).to_contain_text("What was signed with it")
    way.vote(cast.sponsor, "approve")
    way.stands("implemented")


def condition(way: Journey, who, act: str, note: str) -> None:
    """Somebody finds the condition in My work and reports or confirms it."""
    page = way.mine(who)
    sent(page, page.locator("[data-due]", has_text=TRAINED).get_by_role("link"))
    form = page.locator("details", has=page.locator(f"input[name=act][value={act}]"))
    form.locator("summary").click()
    form.locator("[name=reason]").fill(note)
    sent(page, form.get_by_role("button"))


def into_closed(way: Journey, cast) -> None:
    supply(cast, way.key, "closed")
    way.drop(cast.owner, "closed")
    way.waits(cast.controller)
    expect(way.decision(cast.controller).get_by_role("button", name="Approve")).to_have_count(0)
    signed_in_long_ago(cast.controller)
    page = way.review(cast.controller)
    page.fill("[name=password]", "not my password")
    way.vote(cast.controller, "approve")
    expect(page.locator("#password-e")).to_be_visible()
    assert stage_of(way.key) == "implemented"
    page.fill("[name=password]", PASSWORD)
    way.vote(cast.controller, "approve")
    way.stands("closed")
    way.waits()


def signed_in_long_ago(who) -> None:
    """A quarter of an hour has gone by since somebody gave their password."""

    def put_back(work) -> None:
        row = work.session.scalars(select(LoginSession).where(LoginSession.person_id == who.id)).one()
        row.password_at -= timedelta(minutes=15)

    writing(SYSTEM, put_back)


def told_whole(way: Journey, cast) -> None:
    """The history names every act, who did it and in whose place; nothing of the log is missing or changed."""
    owner, sponsor, controller, lead = (
        cast.owner.name,
        cast.sponsor.name,
        cast.controller.name,
        cast.lead.name,
    )
    deputy = f"{cast.approver.name} for {controller}"
    expected = [
        ("Proposed", owner),
        ("Approved at Acceptance of the proposal", lead),
        ("Moved from Proposed to Defined", lead),
        ("People named", lead),
        ("Move to Identified refused", owner),
        ("Scope statement handed in, revision 1", owner),
        ("Baseline record handed in, revision 1", owner),
        ("Rough numbers handed in, revision 1", owner),
        ("Baseline record accepted, revision 1", controller),
        ("Review into Identified opened", owner),
        ("Approved at Decision of the sponsor", sponsor),
        ("Moved from Defined to Identified", sponsor),
        ("Review into Detailed opened", owner),
        ("Approved at Controller's check of the numbers", deputy),
        (f"Sent back at Decision of the sponsor, dossier 1: {NO_SOURCE}", sponsor),
        ("Review into Detailed sent back", sponsor),
        ("Plan numbers handed in, revision 2", owner),
        ("Review into Detailed opened", owner),
        ("Approved at Controller's check of the numbers", deputy),
        ("Moved from Identified to Detailed", sponsor),
        ("Put on hold", lead),
        ("Move to Decided refused", owner),
        ("Released from hold: The vendor has answered", lead),
        ("Business case handed in, revision 1", owner),
        ("Business case accepted, revision 1", controller),
        ("Budget source accepted, revision 1", controller),
        ("Approved at Controller's check of the numbers", controller),
        ("Approved with conditions at Decision of the sponsor", sponsor),
        ("Moved from Detailed to Decided with 1 condition", sponsor),
        (f"Condition 1 set: “{TRAINED}”", sponsor),
        ("Move to Implemented refused", owner),
        ("Condition 1 reported as fulfilled", owner),
        ("Condition 1 confirmed as fulfilled", sponsor),
        ("Review into Implemented opened", owner),
        ("Business acceptance handed in, revision 1", cast.service_owner.name),
        ("Approved at Business acceptance", cast.service_owner.name),
        ("Moved from Decided to Implemented", sponsor),
        ("Closing statement accepted, revision 1", controller),
        ("Review into Closed opened", owner),
        ("Approved at Confirmation by the controller", controller),
        ("Moved from Implemented to Closed", controller),
    ]
    lines = way.at(cast.auditor, "/history").locator("ol.tl > li").all_inner_texts()
    told = iter([line.split("\n") for line in reversed(lines)])
    for text, who in expected:
        assert any(said.startswith(text) and by.startswith(f"{who}, ") for said, by in told), (text, who)
    approvals = way.at(cast.auditor, "/approvals").locator("main")
    expect(approvals).to_contain_text(f"{deputy} approved")
    expect(approvals).to_contain_text(f"{sponsor} approved with conditions")

    page = way.open(cast.auditor, "/audit/verify")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#check")).to_have_attribute("data-check-state", "whole")
