"""Bulk through the pages: tick in the list, see each judged, ask, and read what became of each."""

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.imports import Batch
from govapp.services.bulk_runs import run_bulk
from tests.factories import key_of_form, make_measure, measure_row, supply, version_of


def last_batch():
    with reading() as session:
        return session.scalars(select(Batch.id).where(Batch.kind == "bulk").order_by(Batch.id.desc())).first()


def test_the_list_offers_ticks_to_whoever_may_ask_and_to_nobody_who_only_reads(client, cast):
    make_measure(cast, "defined")
    page = client.sign_in(cast.lead).get("/measures").text
    assert 'name="key" value="M-1"' in page
    assert "Send back to Defined" in page
    assert "checked" in client.get("/measures?tick=all").text
    assert 'name="key"' not in client.sign_in(cast.auditor).get("/measures").text


def test_each_is_judged_shown_asked_for_and_ends_with_its_result(client, cast):
    ready, lacking = make_measure(cast, "defined"), make_measure(cast, "defined")
    supply(cast, ready, "identified")
    client.sign_in(cast.lead)
    page = client.get(f"/bulk?ask=advance&key={ready}&key={lacking}").text
    assert f'data-bulk="{ready}" data-passes="true"' in page
    assert f'data-bulk="{lacking}" data-passes="false"' in page
    assert "A review into Identified opens" in page
    assert "A scope statement says what is in and what stays out" in page
    fields = {"ask": "advance", "seen": [f"{key}@{version_of(key)}" for key in (ready, lacking)]}
    answer = client.submit("/bulk", fields | {"action_key": key_of_form()})
    assert answer.status_code == 303
    assert answer.location.endswith(f"/bulk/{last_batch()}")
    assert 'data-batch-state="running"' in client.get(answer.location).text
    run_bulk(last_batch())
    page = client.get(answer.location).text
    assert 'data-batch-state="done"' in page
    assert "Review open" in page
    assert lacking not in page, "what was refused when judged is not asked for"


def test_a_reason_that_lacks_comes_back_with_the_form_and_nothing_is_asked_for(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.lead)
    fields = {"ask": "hold", "seen": f"{key}@{version_of(key)}", "action_key": key_of_form()}
    answer = client.submit("/bulk", fields)
    assert answer.status_code == 422
    assert last_batch() is None
    assert client.submit("/bulk", fields | {"reason": "Budget is frozen"}).status_code == 303
    run_bulk(last_batch())
    assert measure_row(key).state == "on_hold"


def test_r08_a_batch_of_somebody_else_is_not_there(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.lead)
    fields = {"ask": "hold", "seen": f"{key}@{version_of(key)}", "reason": "Budget is frozen"}
    client.submit("/bulk", fields | {"action_key": key_of_form()})
    assert client.sign_in(cast.sponsor).get(f"/bulk/{last_batch()}").status_code == 404


def test_an_unknown_decision_is_refused_in_words(client, cast):
    key = make_measure(cast, "defined")
    assert client.sign_in(cast.lead).get(f"/bulk?ask=explode&key={key}").status_code == 422
    assert client.get("/bulk?ask=advance").status_code == 422
