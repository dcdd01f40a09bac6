"""Pages about one measure: reading, the forms that change it, and what they refuse."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from govapp.services.grants import GrantRole, grant_role
from govapp.services.measures import ArchiveProposal, archive_proposal
from govapp.services.people import EditAccount, edit_account
from govapp.services.plans import AddDependency, add_dependency
from govapp.services.structure import AddBranch, AddOrganization, add_branch, add_organization
from tests.cast import SYSTEM
from tests.factories import (
    bring_to,
    fields_of,
    loaded,
    make_measure,
    make_proposal,
    measure_row,
    move,
    stage_of,
    version_of,
)

TABS = ("", "/plan", "/risks", "/finance", "/history", "/approvals", "/edit", "/parts", "/status", "/archive")


@pytest.mark.parametrize("stage", [None, "defined", "identified", "decided", "closed"])
@pytest.mark.parametrize("who", ["owner", "lead", "auditor", "controller"])
def test_every_page_of_a_measure_opens_at_every_stage(client, cast, stage, who):
    key = make_measure(cast, stage)
    client.sign_in(getattr(cast, who))
    for tab in TABS:
        answer = client.get(f"/measures/{key}{tab}")
        expected = 403 if tab == "/parts" and who in {"auditor", "controller"} else 200
        assert answer.status_code == expected, f"{tab}: {answer.text[:300]}"
        if expected == 200:
            assert key in answer.text


def test_a_measure_one_may_not_read_is_not_found_by_any_method(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.outsider)
    for tab in TABS:
        assert client.get(f"/measures/{key}{tab}").status_code == 404
    for form in (
        "edit",
        "parts",
        "status",
        "comments",
        "archive",
        "milestones",
        "dependencies",
        "risks",
        "effects",
    ):
        assert client.submit(f"/measures/{key}/{form}", {"version": 1}).status_code == 404
    assert client.get("/measures/M-999999").status_code == 404


def test_a_proposal_made_by_form_opens_its_page(client, cast):
    client.sign_in(cast.owner)
    assert client.get("/measures/new").status_code == 200
    answer = client.submit(
        "/measures/new", {**fields_of(), "branch": "service-desk", "vendor_spend": "12,000.50"}
    )
    assert answer.status_code == 303, answer.text
    key = answer.headers["Location"].rsplit("/", 1)[1]
    row = measure_row(key)
    assert (row.state, row.stage, row.vendor_spend) == ("proposed", None, 1200050)


def test_a_proposal_refused_keeps_what_was_typed(client, cast):
    client.sign_in(cast.owner)
    typed = fields_of(title="", problem="<script>x</script>" + "ä" * 11_000, vendor_spend="1e400")
    answer = client.submit("/measures/new", {**typed, "branch": "service-desk"})
    assert answer.status_code == 422
    assert "This is no number" in answer.text
    assert "ä" * 11_000 in answer.text
    assert "<script>x" not in answer.text
    answer = client.submit("/measures/new", {**typed, "branch": "service-desk", "vendor_spend": "5"})
    assert answer.status_code == 422
    assert "too long" in answer.text
    assert 'id="f-title-error"' in answer.text


@pytest.mark.parametrize("branch", [{}, {"branch": "nowhere"}, {"branch": "NW"}])
def test_a_proposal_for_no_branch_one_knows_keeps_what_was_typed(client, cast, branch):
    answer = client.sign_in(cast.owner).submit(
        "/measures/new", fields_of(title="Typed for nothing?") | branch
    )
    assert answer.status_code == 422
    assert "Choose from the list where the measure belongs." in answer.text
    assert "Typed for nothing?" in answer.text


def test_what_only_another_measure_can_do_is_not_said_to_be_yours(client, cast):
    key, other = make_measure(cast, "detailed"), make_measure(cast)
    add_dependency(AddDependency(key, other, "decided", cast.owner.origin))
    page = client.sign_in(cast.owner).get(f"/measures/{key}").text
    line = re.search(r'<li[^>]*data-finding="dependency:.*?</li>', page, re.DOTALL)[0]
    assert other in line
    assert "It is met when this measure gets there." in line
    assert "can supply it" not in line


def test_fields_that_are_not_on_the_form_never_bind(client, cast):
    key = make_proposal(cast)
    client.sign_in(cast.owner)
    forged = {
        **fields_of(title="Still mine here"),
        "version": version_of(key),
        "stage": "closed",
        "state": "active",
        "key": "M-1",
    }
    assert client.submit(f"/measures/{key}/edit", forged).status_code == 303
    row = measure_row(key)
    assert (row.key, row.stage, row.state, row.title) == (key, None, "proposed", "Still mine here")


def test_r10_an_edit_on_an_old_version_is_refused_with_what_is_stored_now(client, cast):
    key = make_measure(cast, "defined")
    seen = version_of(key)
    client.sign_in(cast.owner)
    assert (
        client.submit(
            f"/measures/{key}/edit", {**fields_of(title="First writer"), "version": seen}
        ).status_code
        == 303
    )
    late = client.submit(f"/measures/{key}/edit", {**fields_of(title="Second writer"), "version": seen})
    assert late.status_code == 409
    assert "First writer" in late.text
    assert "Second writer" in late.text
    assert measure_row(key).title == "First writer"
    again = client.submit(
        f"/measures/{key}/edit", {**fields_of(title="Second writer"), "version": version_of(key)}
    )
    assert again.status_code == 303


def test_r13_a_replayed_form_writes_nothing_new(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    fields = {"text": "Seen by the team", "action_key": "once-only"}
    first = client.submit(f"/measures/{key}/comments", fields)
    second = client.submit(f"/measures/{key}/comments", fields)
    assert (first.status_code, second.status_code) == (303, 303)
    assert client.get(f"/measures/{key}").text.count('<p class="prose">Seen by the team') == 1
    other = client.submit(f"/measures/{key}/comments", {"text": "Another text", "action_key": "once-only"})
    assert other.status_code == 409
    assert "Another text" in other.text


def test_a_milestone_is_added_changed_and_done(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    form = {"name": "Form live", "owner_id": cast.owner.id, "plan_date": "2027-02-01"}
    assert client.submit(f"/measures/{key}/milestones", form).status_code == 303
    number = loaded(key).snapshot.milestones[-1].id
    changed = {**form, "plan_date": "2027-03-01", "version": 1}
    assert client.submit(f"/measures/{key}/milestones/{number}", changed).status_code == 303
    assert "first 1 Feb 2027" in client.get(f"/measures/{key}/plan").text
    ahead = client.submit(
        f"/measures/{key}/milestones/{number}", {**changed, "version": 2, "actual_date": "2099-01-01"}
    )
    assert ahead.status_code == 422
    assert "lies ahead" in ahead.text
    broken = client.submit(
        f"/measures/{key}/milestones", {**form, "plan_date": "soon", "owner_id": "nobody@example.org"}
    )
    assert broken.status_code == 422
    assert "f-plan_date-error" in broken.text
    assert "f-owner_id-error" in broken.text


def test_a_circle_of_dependencies_is_refused_in_words(client, cast):
    one, two = make_measure(cast, "defined"), make_measure(cast, "defined")
    client.sign_in(cast.lead)
    assert (
        client.submit(f"/measures/{one}/dependencies", {"on_key": two, "stage": "decided"}).status_code == 303
    )
    answer = client.submit(
        f"/measures/{two}/dependencies", {"on_key": one.lower(), "stage": "decided", "note": "kept"}
    )
    assert answer.status_code == 422
    assert f"{two} → {one} → {two}" in answer.text
    assert "kept" in answer.text


def test_a_risk_and_an_effect_line_are_entered(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    risk = {"text": "Vendor fails", "likelihood": "4", "impact": "5", "open": "1", "blocking": "1"}
    assert client.submit(f"/measures/{key}/risks", risk).status_code == 303
    assert loaded(key).snapshot.risks[-1].rating == "critical"
    assert client.submit(f"/measures/{key}/risks", {**risk, "likelihood": "9"}).status_code == 422
    line = {"name": "Calls", "kind": "ebitda", "timing": "recurring", "currency": "EUR", "run_rate": "84000"}
    assert client.submit(f"/measures/{key}/effects", line).status_code == 303
    assert "EUR 84,000" in client.get(f"/measures/{key}").text
    refused = client.submit(f"/measures/{key}/effects", {**line, "run_rate": "NaN", "plan": "1e400"})
    assert refused.status_code == 422
    assert 'value="NaN"' in refused.text


def test_people_are_named_under_the_duty_matrix(client, cast):
    key = make_proposal(cast)
    client.sign_in(cast.lead)
    same = {"version": version_of(key), "owner": cast.owner.id, "sponsor": cast.owner.id}
    refused = client.submit(f"/measures/{key}/parts", same)
    assert refused.status_code == 422
    assert "must be two people" in refused.text
    wrong = {"version": version_of(key), "controller": cast.leader.id}
    assert "must hold the role controller" in client.submit(f"/measures/{key}/parts", wrong).text
    good = {
        "version": version_of(key),
        "owner": cast.owner.id,
        "sponsor": cast.sponsor.id,
        "controller": cast.controller.id,
    }
    assert client.submit(f"/measures/{key}/parts", good).status_code == 303
    assert cast.sponsor.name in client.get(f"/measures/{key}").text


def test_a_status_needs_its_reason(client, cast):
    key = make_measure(cast, "decided")
    client.sign_in(cast.owner)
    form = {"kind": "implementation", "colour": "red", "reason": "late"}
    assert client.submit(f"/measures/{key}/status", form).status_code == 422
    form["reason"] = "The vendor delivers four weeks later than promised."
    assert client.submit(f"/measures/{key}/status", form).status_code == 303
    assert "Off track" in client.get(f"/measures/{key}").text


def test_an_archived_proposal_leaves_the_list_and_keeps_its_page(client, cast):
    key = make_proposal(cast)
    archive_proposal(ArchiveProposal(key, version_of(key), "Not worth it", cast.owner.origin))
    client.sign_in(cast.lead)
    assert f'/measures/{key}"' not in client.get("/measures").text
    assert f'/measures/{key}"' in client.get("/measures?state=archived").text
    assert "Archived proposal" in client.get(f"/measures/{key}").text
    assert (
        client.submit(f"/measures/{key}/edit", {**fields_of(), "version": version_of(key)}).status_code == 403
    )


def test_the_overview_says_what_is_waited_for_and_whom(client, cast):
    key = make_proposal(cast)
    assert "1 criterion open" not in client.sign_in(cast.owner).get(f"/measures/{key}").text
    move(cast, key, "defined")
    text = client.get(f"/measures/{key}").text
    assert stage_of(key) is None
    assert "Waits for: Acceptance of the proposal" in text


def test_user_text_is_shown_as_text(client, cast):
    key = make_proposal(cast, title="<img src=x onerror=alert(1)> نص 日本語")
    client.sign_in(cast.owner)
    for address in (f"/measures/{key}", "/measures", "/"):
        text = client.get(address).text
        assert "<img src=x" not in text
    assert "日本語" in client.get("/measures?q=日本").text


def test_r10_a_row_form_without_the_version_seen_changes_nothing(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    client.submit(
        f"/measures/{key}/risks", {"text": "Vendor fails", "likelihood": "1", "impact": "1", "open": "1"}
    )
    number = loaded(key).snapshot.risks[-1].id
    late = {"text": "Overwritten", "likelihood": "5", "impact": "5", "open": "1"}
    assert client.submit(f"/measures/{key}/risks/{number}", late).status_code == 409
    assert loaded(key).snapshot.risks[-1].rating == "low"


def test_a_replayed_removal_is_no_error(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    client.submit(f"/measures/{key}/milestones", {"name": "Not needed"})
    number = loaded(key).snapshot.milestones[-1].id
    form = {"version": 1, "action_key": "remove-once"}
    for _ in range(2):
        assert client.submit(f"/measures/{key}/milestones/{number}/removal", form).status_code == 303
    assert client.submit(f"/measures/{key}/milestones/{number}/removal", {"version": 1}).status_code == 404


def test_an_administrator_reads_a_measure_but_not_its_evidence_votes_and_money(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.administrator)
    text = client.get(f"/measures/{key}").text
    assert "Scope statement</a>" not in text
    for tab in ("approvals", "finance"):
        assert f"/measures/{key}/{tab}" not in text
        assert client.get(f"/measures/{key}/{tab}").status_code == 403


def test_amounts_are_read_and_shown_in_the_currency_of_the_organization(client, cast):
    add_organization(AddOrganization(SYSTEM, "Gulf Works", "GW", currency="KWD", key_prefix="G"))
    add_branch(AddBranch(SYSTEM, "program", "Gulf desk", "GW", key="gulf-desk"))
    grant_role(GrantRole(SYSTEM, cast.lead.id, "program_lead", "GW"))
    client.sign_in(cast.lead)
    form = {**fields_of(), "branch": "gulf-desk", "vendor_spend": "12.5"}
    form |= dict.fromkeys(("business_unit", "legal_entity", "function", "service"), "")
    answer = client.submit("/measures/new", form)
    key = answer.headers["Location"].rsplit("/", 1)[1]
    assert measure_row(key).vendor_spend == 12_500
    form = {**form, "version": version_of(key)}
    assert client.submit(f"/measures/{key}/edit", {**form, "vendor_spend": "12.345"}).status_code == 422
    assert client.submit(f"/measures/{key}/edit", {**form, "vendor_spend": "12.3450"}).status_code == 303
    assert measure_row(key).vendor_spend == 12_345
    shown = re.search(r'name="vendor_spend" value="([^"]*)"', client.get(f"/measures/{key}/edit").text)[1]
    form |= {"version": version_of(key), "title": "Only the title is new", "vendor_spend": shown}
    assert client.submit(f"/measures/{key}/edit", form).status_code == 303
    assert measure_row(key).vendor_spend == 12_345


def test_an_amount_with_three_decimals_is_saved_unchanged(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    line = {"name": "Calls", "kind": "fte", "timing": "recurring", "run_rate": "1.1250"}
    assert client.submit(f"/measures/{key}/effects", line).status_code == 303
    number = loaded(key).lines[0].id
    text = client.get(f"/measures/{key}/finance?edit={number}").text
    shown = re.search(r'name="run_rate" value="([^"]*)"', text)[1]
    again = {**line, "name": "Calls at night", "run_rate": shown, "version": 1}
    assert client.submit(f"/measures/{key}/effects/{number}", again).status_code == 303
    assert loaded(key).lines[0].run_rate == 11_250


def test_the_finance_page_says_that_the_plan_is_frozen_and_refuses_a_forged_change(client, cast):
    key = make_measure(cast, "detailed")
    client.sign_in(cast.owner)
    line = {"name": "Calls", "kind": "ebitda", "timing": "recurring", "currency": "EUR", "run_rate": "84000"}
    assert client.submit(f"/measures/{key}/effects", {**line, "plan": "900"}).status_code == 303
    number = loaded(key).lines[0].id
    page = f"/measures/{key}/finance?edit={number}"
    assert "The plan is frozen" not in client.get(page).text
    bring_to(cast, key, "decided")
    client.sign_in(cast.owner)
    text = client.get(page).text
    assert "The plan is frozen since Decided" in text
    assert f"/effects/{number}/removal" not in text
    assert 'id="f-plan"' not in text
    at = f"/measures/{key}/effects/{number}"
    forged = client.submit(at, {**line, "run_rate": "85000", "version": 1})
    assert forged.status_code == 422
    assert "have the measure sent back to before Decided" in forged.text
    gone = client.submit(f"{at}/removal", {"version": 1})
    assert gone.status_code == 422
    assert "The plan is frozen since Decided" in gone.text
    kept = client.submit(at, {**line, "forecast": "800", "version": 1})
    assert kept.status_code == 303, kept.text


def test_what_is_past_is_judged_by_the_day_of_the_organization(client, cast):
    key = make_measure(cast, "defined")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    late = tomorrow.replace(hour=23, minute=30)  # in Berlin the next day has begun
    due = late.date()
    form = {"name": "Form live", "owner_id": cast.owner.id, "plan_date": due.isoformat()}
    client.sign_in(cast.owner)
    assert client.submit(f"/measures/{key}/milestones", form).status_code == 303
    edit_account(EditAccount(cast.owner.origin, "", "America/Los_Angeles"))
    with time_machine.travel(late, tick=False):
        client.sign_in(cast.owner)
        assert 'class="late"' in client.get(f"/measures/{key}/plan").text
        assert f"{key} milestone: Form live" in client.get("/").text
        assert "1 d late" in client.get("/").text
    with time_machine.travel(late - timedelta(hours=3), tick=False):
        client.sign_in(cast.owner)
        assert 'class="late"' not in client.get(f"/measures/{key}/plan").text
        assert "milestone: Form live" not in client.get("/").text


def test_what_is_stored_is_shown_beside_only_when_somebody_else_changed_it(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    fields = {
        "title": "",
        "problem": "Another problem",
        "version": str(version_of(key)),
        "action_key": "stored",
    }
    answer = client.submit(f"/measures/{key}/edit", fields)
    assert answer.status_code == 422
    assert "Stored now" not in answer.text


def test_the_plan_leads_to_where_one_declares_that_there_are_no_dependencies(client, cast):
    key = make_proposal(cast)
    assert (
        f'href="/measures/{key}/edit#f-no_dependencies_declared"'
        in client.sign_in(cast.lead).get(f"/measures/{key}/plan").text
    )


def test_branches_of_several_organizations_are_offered_with_its_name(client, cast):
    page = client.sign_in(cast.member).get("/measures/new").text
    assert ", Otter Insurance</option>" not in page
    add_branch(AddBranch(SYSTEM, "program", "Workshop", "NW"))
    grant_role(GrantRole(SYSTEM, cast.member.id, "member", "NW"))
    page = client.get("/measures/new").text
    assert ", Otter Insurance</option>" in page
