"""What one may not read is not told in passing either: dependencies, history, notices, lists (R07, R08, R34)."""

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.people import Grant
from govapp.domain.errors import Invalid
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import AddPerson, add_person
from govapp.services.plans import AddDependency, add_dependency
from tests.cast import SYSTEM, Someone
from tests.factories import (
    assign_all,
    make_measure,
    make_proposal,
    move,
    supply,
    version_of,
    vote,
)

FOREIGN = "Replace the badge printers"


@pytest.fixture
def pair(cast):
    """A measure of the owner's program that depends on one of another program."""
    ours = make_measure(cast, "defined")
    theirs = make_proposal(cast, "workplace", cast.outsider, title=FOREIGN)
    add_dependency(AddDependency(ours, theirs, "identified", SYSTEM))
    return ours, theirs


@pytest.mark.parametrize("tab", ["", "/plan"])
def test_r08_a_predecessor_one_may_not_read_is_a_key_and_nothing_else(client, cast, pair, tab):
    ours, theirs = pair
    page = client.sign_in(cast.owner).get(f"/measures/{ours}{tab}").text
    assert theirs in page
    assert FOREIGN not in page
    assert f"/measures/{theirs}" not in page
    assert client.get(f"/measures/{theirs}").status_code == 404
    whole = client.sign_in(cast.leader).get(f"/measures/{ours}{tab}").text
    assert f"/measures/{theirs}" in whole


@pytest.mark.parametrize("tab", ["", "/plan"])
def test_r08_what_waits_for_a_measure_is_counted_and_not_named(client, cast, pair, tab):
    ours, theirs = pair
    page = client.sign_in(cast.outsider).get(f"/measures/{theirs}{tab}").text
    assert ours not in page
    if tab:
        assert "1 measure you may not read" in page


def test_r08_a_circle_over_measures_one_may_not_read_leaves_them_out(cast, pair):
    ours, theirs = pair
    beyond = make_proposal(cast, "service-desk", title="The end of the circle")
    add_dependency(AddDependency(theirs, beyond, "identified", SYSTEM))
    assign_all(cast, beyond)
    with pytest.raises(Invalid) as refused:
        add_dependency(AddDependency(beyond, ours, "identified", cast.owner.origin))
    assert refused.value.values["way"] == [beyond, ours, "…", beyond]


def test_r08_the_history_leaves_out_money_evidence_and_votes_for_who_may_not_read_them(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    line = {"name": "Agent hours saved", "kind": "ebitda", "timing": "recurring", "currency": "EUR"}
    assert client.submit(f"/measures/{key}/effects", line | {"run_rate": "84000"}).status_code == 303
    own = client.get(f"/measures/{key}/history").text
    assert "Agent hours saved" in own
    assert "Scope statement" in own
    client.sign_in(cast.administrator)
    for tab in ("", "/history"):
        page = client.get(f"/measures/{key}{tab}").text
        assert "Agent hours saved" not in page
        assert "Scope statement (" not in page
        assert "dossier" not in page.partition('<ol class="tl">')[2].partition("</ol>")[0].lower()
    assert "that you may not read" in client.get(f"/measures/{key}/history").text


def test_r07_a_notice_of_a_measure_one_may_not_read_any_more_says_its_key_alone(client, cast):
    key = make_measure(cast, "defined", title="Passwords reset by themselves")
    named = AssignParts(key, version_of(key), {"process_owner": cast.outsider.id}, cast.lead.origin)
    assign_parts(named)
    client.sign_in(cast.outsider)
    assert "Passwords reset by themselves" in client.get("/notices").text
    assign_parts(AssignParts(key, version_of(key), {"process_owner": cast.member.id}, cast.lead.origin))
    page = client.get("/notices").text
    assert key in page
    assert "Passwords reset by themselves" not in page


def test_r07_decided_reviews_leave_the_inbox_with_the_right_to_read_them(client, cast):
    key = make_measure(cast, "defined", title="Passwords reset by themselves")
    supply(cast, key, "identified")
    move(cast, key, "identified", by=cast.lead)
    vote(cast, key, cast.sponsor)
    client.sign_in(cast.lead)
    assert "Passwords reset by themselves" in client.get("/reviews").text
    with reading() as session:
        held = session.scalars(select(Grant.id).where(Grant.person_id == cast.lead.id)).one()
    grant_role(GrantRole(SYSTEM, cast.lead.id, "member", "workplace"))
    end_grant(EndGrant(SYSTEM, held))
    page = client.get("/reviews")
    assert page.status_code == 200
    assert "Passwords reset by themselves" not in page.text


def test_people_of_other_programs_are_not_offered_in_the_forms_of_the_dialog(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    names = set()
    for kind in ("technical-review", "kpi-definition", "training-record", "acceptance"):
        page = client.get(f"/measures/{key}/evidence/new?kind={kind}").text
        names |= {name for name in (cast.outsider.name, cast.stranger.name) if name in page}
    answer = client.submit_htmx(
        f"/measures/{key}/moves", {"to": "detailed", "version": version_of(key), "action_key": "k"}
    )
    assert answer.status_code == 422
    assert cast.outsider.name not in answer.text
    assert names == set()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/board/changes?since=²", (200, 204)),
        ("/board/changes?since=٣", (200, 204)),
        ("/board/cards?stage=defined&after=²-²", (404,)),
        ("/board?workflow=²&owner=²&more-defined=²", (200,)),
        ("/measures?owner=²&page=²", (200,)),
        ("/reviews?page=²", (200,)),
        ("/notices?page=²", (200,)),
        ("/reports?page=²", (200,)),
    ],
)
def test_r34_digits_of_other_scripts_in_an_address_are_no_failure(client, cast, address, status):
    make_measure(cast, "defined")
    assert client.sign_in(cast.owner).get(address).status_code in status


def test_r08_who_reads_nothing_any_more_is_not_told_that_a_measure_is_there(client, cast, pair):
    ours, _ = pair
    left = add_person(AddPerson(SYSTEM, "left@example.test", "Lea Vale"))
    client.sign_in(Someone(left, "left@example.test", "Lea Vale"))
    assert client.get(f"/measures/{ours}").status_code == 404
    assert client.get("/measures/M-99999").status_code == 404
    assert client.get("/measures").status_code == 403
