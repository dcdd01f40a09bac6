"""The path of a measure before anyone asks: steps, names, reasons, what was looked at, who may not, defects."""

import re
from decimal import Decimal

import pytest

from govapp.services.choices import ChoiceItem, SetChoices, SetGroup, set_choices, set_group
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.governance import SECOND_SET, install_set, read_set
from tests.cast import SYSTEM
from tests.factories import assign_all, make_measure, make_proposal, move, supply


@pytest.fixture
def second(app):
    """The full set is switched on, so new measures start under it."""
    install_set(SYSTEM, read_set(SECOND_SET))


def group(key, *people):
    name = key.replace("-", " ").capitalize()
    set_group(SetGroup(SYSTEM, "OI", key, name, [one.id for one in people]))


def saving(cast, key, run_rate):
    """An effect line of so much a year."""
    line = SetEffectLine(
        key, "Saving", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(run_rate)
    )
    set_effect_line(line)


def section(page, into):
    """The part of the page about one gate, its tags left out."""
    found = re.search(rf'<section[^>]*data-path="{into}">.*?</section>', page, re.DOTALL)
    assert found, f"nothing about {into}"
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split())


def path_of(client, key, into):
    answer = client.get(f"/measures/{key}/path")
    assert answer.status_code == 200
    return section(answer.text, into)


def test_the_next_gate_and_all_after_it_are_told(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}/path").text
    assert re.findall(r'data-path="(\w+)"', page) == ["detailed", "decided", "implemented", "closed"]
    assert "Next: into Detailed" in page and "Later: into Closed" in page


def test_each_step_says_who_decides_by_which_rule_and_by_when(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    said = path_of(client, key, "identified")
    assert "Decision of the sponsor. " in said
    assert "Samir Haddad (sponsor)" in said
    assert "one approval is enough, within 24 working hours" in said
    assert "The gate itself names this step." in said


def test_the_rows_of_the_table_say_why(client, cast, second):
    key = make_proposal(cast, change_type="normal", risk_rating="high")
    assign_all(cast, key)
    client.sign_in(cast.owner)
    said = path_of(client, key, "detailed")
    assert "A change to a live service is validated technically." in said
    assert "A high or critical rating calls for a risk review." in said
    first = "Controller's check of the numbers and Technical validation and Risk review"
    assert f"{first}, then Decision of the sponsor." in said.replace("&#39;", "'")
    assert "Risk rating High the highest open risk" in said


@pytest.mark.parametrize(
    ("rate", "steps", "not_steps"),
    [
        ("24999.99", ["sponsor-decision"], ["budget-approval", "steering-committee"]),
        ("25000", ["sponsor-decision", "budget-approval"], ["steering-committee"]),
        ("99999.99", ["sponsor-decision", "budget-approval"], ["steering-committee"]),
        ("100000", ["steering-committee"], ["sponsor-decision", "budget-approval"]),
    ],
)
def test_values_just_below_at_and_above_a_limit_choose_their_steps(
    client, cast, second, rate, steps, not_steps
):
    key = make_proposal(cast)
    assign_all(cast, key)
    saving(cast, key, rate)
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}/path").text
    found = re.search(r'data-path="decided">.*?</section>', page, re.DOTALL).group()
    there = re.findall(r'data-step="([\w-]+)"', found)
    assert set(steps) <= set(there) and not set(not_steps) & set(there)
    assert "EUR" in section(page, "decided")


def test_a_step_without_deciders_is_a_defect_at_once(client, cast, second):
    key = make_proposal(cast, risk_rating="high")
    assign_all(cast, key)
    client.sign_in(cast.owner)
    said = path_of(client, key, "detailed")
    assert "Cannot be decided as things stand. Nobody is there to decide it: Risk reviewers." in said
    group("risk-reviewers", cast.approver, cast.owner)
    said = path_of(client, key, "detailed")
    assert "Only 1 could decide and 2 are needed." in said
    assert "May not decide: Olga Brandt owns the measure." in said
    group("risk-reviewers", cast.approver, cast.leader, cast.owner)
    said = path_of(client, key, "detailed")
    assert "Cannot be decided" not in said
    assert "Aoife Byrne (Risk reviewers)" in said and "Leonie Fischer (Risk reviewers)" in said


def test_the_tier_of_the_service_in_the_catalogue_chooses_a_step(client, cast, second):
    items = [ChoiceItem("service-1", "Service 1", {"tier": "gold"}), ChoiceItem("service-2", "Service 2")]
    set_choices(SetChoices(SYSTEM, "OI", "services", items))
    gold, other = make_proposal(cast), make_proposal(cast, service="service-2")
    client.sign_in(cast.owner)
    assert "A gold service is always validated technically" in path_of(client, gold, "detailed")
    assert "Technical validation" not in path_of(client, other, "detailed")


def test_a_vacant_part_is_a_defect_too(client, cast):
    key = make_proposal(cast)
    client.sign_in(cast.lead)
    assert "Nobody is sponsor yet. A program lead can name somebody." in path_of(client, key, "identified")


def test_an_open_review_is_linked(client, cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    move(cast, key, "identified")
    client.sign_in(cast.owner)
    assert "A review of this gate is open." in path_of(client, key, "identified")


def test_what_is_cancelled_or_closed_has_no_gate_ahead(client, cast):
    key = make_measure(cast, "defined")
    move(cast, key, ask="cancel", by=cast.lead, reason="Not worth it")
    client.sign_in(cast.owner)
    assert "no gate is ahead until it is reopened" in client.get(f"/measures/{key}/path").text
    closed = make_measure(cast, "closed")
    assert "It has passed its last gate." in client.get(f"/measures/{closed}/path").text


def test_who_may_not_see_amounts_is_not_told_the_value(client, cast, second):
    key = make_proposal(cast)
    assign_all(cast, key)
    saving(cast, key, "54321")
    assert "54,321" in client.sign_in(cast.owner).get(f"/measures/{key}/path").text
    seen = client.sign_in(cast.administrator).get(f"/measures/{key}/path")
    assert seen.status_code == 403 or "54,321" not in seen.text


def test_r08_a_measure_one_may_not_read_has_no_path(client, cast):
    key = make_measure(cast, "defined")
    assert client.sign_in(cast.stranger).get(f"/measures/{key}/path").status_code == 404
    assert client.sign_in(cast.outsider).get(f"/measures/{key}/path").status_code == 404
    assert client.sign_in(cast.owner).get("/measures/M-999/path").status_code == 404


def test_it_is_linked_from_approvals_and_from_other_moves(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    for at in ("approvals", "moves"):
        assert f'href="/measures/{key}/path"' in client.get(f"/measures/{key}/{at}").text


def test_the_page_asks_few_statements_however_long_the_paths_are(client, cast, second, count_queries):
    key = make_proposal(cast, change_type="major", risk_rating="critical", security_relevant=True)
    assign_all(cast, key)
    for name in ("risk-reviewers", "technical-validators", "change-authority", "steering-committee"):
        group(name, cast.approver, cast.leader, cast.member, cast.finance)
    client.sign_in(cast.owner)
    client.get(f"/measures/{key}/path")
    with count_queries() as counted:
        client.get(f"/measures/{key}/path")
    assert counted.number <= 14, counted.statements
