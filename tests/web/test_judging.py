"""Judging pages: the list, the form beside the revision, what was wrong, dead ends, and revising what was returned."""

from datetime import timedelta

import pytest

from govapp.services.parts import AssignParts, assign_parts
from tests.factories import (
    finish_milestones,
    judge,
    loaded,
    make_measure,
    submit,
    supply,
    today_of,
    version_of,
)
from tests.judged_set import use_judged_set

BASELINE = "baseline-record"


@pytest.fixture
def key(client, cast):
    """A measure in Defined whose rules have judged kinds."""
    use_judged_set()
    return make_measure(cast, "defined")


@pytest.fixture
def address(cast, key):
    """The page of a piece that waits for the controller."""
    done = submit(cast, key, BASELINE, by=cast.member)
    return f"/measures/{key}/evidence/{done.evidence_id}"


def verdict(verdict="accept", **more):
    return {"verdict": verdict, "reason": "", "revision": "1", "action_key": "a-key-of-the-form"} | more


def test_the_list_of_a_judge_shows_what_waits_and_leads_to_it(client, cast, key, address):
    page = client.sign_in(cast.controller).get("/evidence/judgements")
    assert page.status_code == 200
    assert "1 piece waits for your judgement" in page.text
    assert f'href="{address}"' in page.text
    assert cast.member.name in page.text
    empty = client.sign_in(cast.member).get("/evidence/judgements")
    assert "Nothing waits for your judgement" in empty.text
    assert client.sign_in(cast.auditor).get("/evidence/judgements").status_code == 403


def test_the_page_says_for_whom_it_waits_and_shows_the_form_to_the_judge_alone(client, cast, key, address):
    page = client.sign_in(cast.controller).get(address).text
    assert "Your judgement of revision 1" in page
    assert f'action="{address}/judgement"' in page
    assert "Serves the gate" in page
    for who in (cast.owner, cast.sponsor, cast.auditor):
        other = client.sign_in(who).get(address).text
        assert "/judgement" not in other
        assert f"Waits for {cast.controller.name}" in other
    mine = client.sign_in(cast.member).get(address).text
    assert "You handed it in yourself, and nobody judges their own evidence." in mine


def test_accepting_leads_to_the_next_that_waits_and_then_to_the_list(client, cast, key, address):
    client.sign_in(cast.controller)
    second = submit(cast, key, "business-case")
    done = client.submit(f"{address}/judgement", verdict())
    assert (done.status_code, done.location) == (303, f"/measures/{key}/evidence/{second.evidence_id}")
    page = client.get(done.location)
    assert "is accepted." in page.text
    last = client.submit(f"{done.location}/judgement", verdict(action_key="another"))
    assert last.location == "/evidence/judgements"
    after = client.get(address).text
    assert f"Accepted by {cast.controller.name}" in after
    assert "Your judgement" not in after


def test_a_return_without_reason_comes_back_with_what_was_chosen(client, cast, key, address):
    client.sign_in(cast.controller)
    done = client.submit(f"{address}/judgement", verdict("return", reason="x"))
    assert done.status_code == 422
    assert "Say what has to be different" in done.text
    assert 'value="return" checked' in done.text
    assert client.submit(f"{address}/judgement", verdict("maybe")).status_code == 422


def test_what_was_returned_is_revised_from_its_values_with_the_reason_on_top(client, cast, key, address):
    reason = "Twenty requests of one week are too few."
    judge(cast, key, BASELINE, "return", reason=reason)
    page = client.sign_in(cast.member).get(address).text
    assert f"Returned by {cast.controller.name}" in page
    assert reason in page
    form = client.get(f"/measures/{key}/evidence/new?kind={BASELINE}").text
    assert "data-returned" in form
    assert f"Revision 1 was returned by {cast.controller.name}." in form
    assert reason in form
    assert "A sample for" in form, "the returned values are the start of the next revision"
    assert 'data-state="returned"' in client.get(f"/measures/{key}/evidence").text


def test_who_was_slower_sees_the_fresh_page_with_what_they_had_written(client, cast, key, address):
    submit(cast, key, BASELINE, by=cast.member)
    client.sign_in(cast.controller)
    late = client.submit(f"{address}/judgement", verdict("return", reason="The first one was wrong"))
    assert late.status_code == 409
    assert "A newer revision was handed in" in late.text
    assert "The first one was wrong" in late.text
    judge(cast, key, BASELINE)
    again = client.submit(f"{address}/judgement", verdict("return", revision="2", reason="No"))
    assert again.status_code in {409, 422}


def test_self_approval_is_refused_in_words_with_who_may(client, cast, key):
    done = submit(cast, key, BASELINE, by=cast.lead)
    refused = client.sign_in(cast.lead).submit(
        f"/measures/{key}/evidence/{done.evidence_id}/judgement", verdict()
    )
    assert refused.status_code == 403
    assert "You handed it in yourself" in refused.text
    assert f"It may be judged by {cast.controller.name}" in refused.text


def test_when_nobody_can_judge_it_is_a_defect_at_once_with_how_to_mend_it(client, cast, key, address):
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    page = client.sign_in(cast.lead).get(address).text
    assert "data-dead-end" in page
    assert "Nobody holds the part controller." in page
    assert f'href="/measures/{key}/parts"' in page
    assert "Nobody can judge it" in client.get(f"/measures/{key}/evidence").text
    own = submit(cast, key, "milestone-proof", by=cast.lead)
    page = client.get(f"/measures/{key}/evidence/{own.evidence_id}").text
    assert f"{cast.lead.name} handed it in and may not judge it." in page
    assert "Somebody else can hand in the next revision." in page


def test_revisions_carry_their_judgements_side_by_side(client, cast, key, address):
    judge(cast, key, BASELINE, "return", reason="Take four weeks, please")
    submit(cast, key, BASELINE, by=cast.member, value=31)
    page = client.sign_in(cast.controller).get(address).text
    assert "2 revisions, side by side" in page
    assert f"Returned by {cast.controller.name}" in page
    assert "data-changed" in page
    assert "Your judgement of revision 2" in page


def test_what_is_signed_with_a_vote_has_no_form_of_its_own(client, cast):
    use_judged_set(lessons_learned={"attested": True})
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    assert "Signed as part of the vote" in client.get(f"/measures/{key}/evidence").text
    page = client.get(f"/measures/{key}/evidence/new?kind=lessons-learned")
    assert page.status_code == 403
    assert "is signed as part of a vote" in page.text


def test_r09_a_judgement_takes_nothing_from_the_form_but_verdict_and_reason(client, cast, key, address):
    client.sign_in(cast.controller)
    fields = verdict(judged_by=str(cast.owner.id), judged="returned", on_behalf_of=str(cast.sponsor.id))
    assert client.submit(f"{address}/judgement", fields).status_code == 303
    (fact,) = [one for one in loaded(key).snapshot.evidence if one.kind == BASELINE]
    assert fact.judged == "accepted"
    assert f"Accepted by {cast.controller.name}" in client.get(address).text


def test_the_list_costs_the_same_however_much_waits(client, cast, key, count_queries):
    client.sign_in(cast.controller)
    submit(cast, key, BASELINE, by=cast.member)
    client.get("/evidence/judgements")
    with count_queries() as one:
        client.get("/evidence/judgements")
    for _ in range(3):
        submit(cast, make_measure(cast, "defined"), "business-case")
    with count_queries() as many:
        assert client.get("/evidence/judgements").text.count("data-judgement") == 4
    assert many.number == one.number
    assert many.number <= 8


def test_the_page_of_a_piece_costs_the_same_however_many_revisions(client, cast, key, address, count_queries):
    client.sign_in(cast.controller)
    client.get(address)
    with count_queries() as one:
        client.get(address)
    for n in range(4):
        submit(cast, key, BASELINE, by=cast.member, value=30 + n)
    with count_queries() as many:
        client.get(address)
    assert many.number == one.number
    assert many.number <= 12


def test_a_refused_move_names_the_judge_and_offers_no_second_form(client, cast, key, address):
    supply(cast, key, "identified")
    submit(cast, key, BASELINE, by=cast.member, value=31)
    drop = {"to": "identified", "version": str(version_of(key)), "action_key": "k"}
    refused = client.sign_in(cast.owner).submit(f"/measures/{key}/moves", drop)
    assert refused.status_code == 422
    assert "Handed in, not yet judged." in refused.text
    assert f"{cast.controller.name} can judge it." in refused.text
    assert "Save and try again" not in refused.text
    mine = client.sign_in(cast.controller).submit(f"/measures/{key}/moves", drop | {"action_key": "mine"})
    assert "It waits for your judgement." in mine.text
    assert f'href="{address}#judging"' in mine.text


def test_who_asks_for_what_waits_asks_its_judge(client, cast, key, address):
    client.sign_in(cast.owner)
    client.submit(f"/measures/{key}/asks", {"finding": f"evidence:{BASELINE}", "next": f"/measures/{key}"})
    told = client.sign_in(cast.controller).get("/notices").text
    assert told.count("waits for your judgement: baseline record.") == 2
    assert f'href="{address}"' in told or address in told


def test_a_proof_is_offered_the_milestones_of_the_plan(client, cast):
    key = make_measure(cast, "detailed")
    page = client.sign_in(cast.owner).get(f"/measures/{key}/evidence/new?kind=milestone-proof").text
    assert '<option value="Rolled out">' in page


def test_a_late_tick_shows_when_it_was_entered(client, cast):
    key = make_measure(cast, "detailed")
    client.sign_in(cast.owner)
    finish_milestones(cast, key)
    assert "entered " not in client.get(f"/measures/{key}/plan").text
    first = loaded(key).snapshot.milestones[0]
    day = today_of(key) - timedelta(days=40)
    fields = {"name": first.name, "actual_date": day.isoformat(), "action_key": "tick", "version": "2"}
    fields["plan_date"] = first.plan_date.isoformat()
    assert client.submit(f"/measures/{key}/milestones/{first.id}", fields).status_code == 303
    assert "entered " in client.get(f"/measures/{key}/plan").text
