"""One decision for many measures: judged first, done one by one, each with its result, resumed after a kill."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.engine import reading, write_session
from govapp.data.imports import Batch, BatchRow
from govapp.data.notices import Outbox
from govapp.data.people import Person
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid, KeyReused, NotFound
from govapp.services._work import Origin, now
from govapp.services.bulk import AskInBulk, BulkAsk, ask_in_bulk, bulk_page, judge_bulk
from govapp.services.bulk_runs import SILENT, resume_bulk, run_bulk
from tests.cast import SYSTEM
from tests.factories import (
    key_of_form,
    make_measure,
    make_proposal,
    measure_row,
    move,
    stage_of,
    supply,
    version_of,
)
from tests.services.test_concurrency import hold_the_lock
from tests.services.test_requirements_duties import end_role

pytestmark = pytest.mark.usefixtures("database")
ADVANCE = BulkAsk(AskKind.ADVANCE)


def actor_of(someone):
    with reading() as session:
        return load_actor(session, someone.id, now())


@pytest.fixture
def three(cast):
    """Ready for the next gate, lacking everything, and on hold."""
    ready, lacking, held = (make_measure(cast, "defined") for _ in range(3))
    supply(cast, ready, "identified")
    move(cast, held, ask=AskKind.HOLD, by=cast.lead, reason="The vendor has to answer")
    return ready, lacking, held


def seen(keys):
    return {key: version_of(key) for key in keys}


def ask(cast, keys, asked=ADVANCE, by=None, action_key=None):
    origin = (by or cast.lead).origin
    return ask_in_bulk(AskInBulk(seen(keys), asked, origin, action_key or key_of_form()))


def items(cast, batch, by=None):
    return {item.key: item for item in bulk_page((by or cast.lead).origin, batch).items}


def test_each_measure_is_judged_by_itself_with_all_its_reasons_before_anything_is_asked(cast, three):
    ready, lacking, held = three
    judged = {one.key: one for one in judge_bulk(actor_of(cast.lead), three, ADVANCE, now())}
    assert judged[ready].decision.outcome is Outcome.NEEDS_REVIEW
    assert judged[ready].passes
    assert not judged[lacking].passes
    assert len(judged[lacking].decision.unmet) > 2
    assert [finding.code for finding in judged[held].decision.unmet] == ["rule_on_hold"]
    assert stage_of(ready) == "defined"


def test_each_is_done_or_refused_by_itself_with_a_result(cast, three):
    ready, lacking, held = three
    before = version_of(ready)
    batch = ask(cast, three)
    assert version_of(ready) == before, "nothing has moved yet"
    run_bulk(batch)
    found = items(cast, batch)
    assert found[ready].state == "changed"
    assert found[ready].outcome["outcome"] == "waiting"
    assert found[lacking].state == found[held].state == "refused"
    assert {key for key, *_ in found[lacking].outcome["findings"]} >= {"evidence:scope-statement"}
    page = bulk_page(cast.lead.origin, batch)
    assert (page.state, page.done, page.refused) == ("done", 3, 2)


def test_r41_run_twice_it_does_each_once(cast, three):
    batch = ask(cast, three[:1], BulkAsk(AskKind.HOLD, reason="Budget is frozen"))
    run_bulk(batch)
    version = version_of(three[0])
    with write_session() as session:
        session.get_one(Batch, batch).state = "running"
        session.get_one(BatchRow, (batch, 1)).state = "staged"
    run_bulk(batch)
    assert version_of(three[0]) == version
    assert items(cast, batch)[three[0]].state == "changed"


def test_a_measure_that_changed_since_it_was_seen_is_refused_alone(cast, three):
    batch = ask(cast, three[:2], BulkAsk(AskKind.HOLD, reason="Budget is frozen"))
    move(cast, three[0], ask=AskKind.HOLD, by=cast.lead, reason="Held by hand meanwhile")
    run_bulk(batch)
    found = items(cast, batch)
    assert found[three[0]].outcome["error"] == "stale_measure"
    assert found[three[1]].state == "changed"


def test_r07_rights_count_when_it_is_done_not_when_it_was_asked(cast, three):
    batch = ask(cast, three[:1], BulkAsk(AskKind.HOLD, reason="Budget is frozen"))
    with write_session() as session:
        session.execute(Person.__table__.update().where(Person.id == cast.lead.id).values(active=False))
    run_bulk(batch)
    with reading() as session:
        row = session.get_one(BatchRow, (batch, 1))
    assert (row.state, row.outcome["error"]) == ("refused", "account_disabled")
    assert measure_row(three[0]).state == "active"


def test_a_batch_whose_worker_died_is_handed_over_again_and_goes_on(cast, three):
    batch = ask(cast, three)
    assert resume_bulk(SYSTEM) == []
    later = Origin(None, "job", at=now() + SILENT + timedelta(seconds=1))
    assert resume_bulk(later) == [batch]
    with reading() as session:
        sent = session.scalars(select(Outbox).where(Outbox.kind == "job")).all()
    assert [row.payload["args"] for row in sent] == [[batch], [batch]]


def test_r13_the_same_form_sent_twice_is_one_batch_and_another_body_is_refused(cast, three):
    first = ask(cast, three[:1], action_key="one-form")
    assert ask(cast, three[:1], action_key="one-form") == first
    with pytest.raises(KeyReused):
        ask(cast, three, action_key="one-form")


def test_too_many_none_and_what_needs_a_signature_are_refused_in_words(cast, three):
    with pytest.raises(Invalid, match="bulk_many"):
        judge_bulk(actor_of(cast.lead), [f"M-{n}" for n in range(201)], ADVANCE, now())
    with pytest.raises(Invalid, match="bulk_empty"):
        ask_in_bulk(AskInBulk({}, ADVANCE, cast.lead.origin, key_of_form()))
    with pytest.raises(Invalid, match="ask_unknown"):
        judge_bulk(actor_of(cast.lead), three, BulkAsk(AskKind.EMERGENCY), now())


def test_r08_a_batch_is_seen_by_who_asked_for_it_alone_and_measures_one_may_not_read_are_left_out(
    cast, three
):
    batch = ask(cast, three[:1])
    with pytest.raises(NotFound):
        bulk_page(cast.sponsor.origin, batch)
    assert judge_bulk(actor_of(cast.stranger), three, ADVANCE, now()) == []
    with pytest.raises(Invalid, match="bulk_empty"):
        ask(cast, three, by=cast.stranger)


def test_r13_nobody_takes_the_key_of_an_item_before_it_is_asked(cast, three):
    hold = BulkAsk(AskKind.HOLD, reason="Budget is frozen")
    batch = ask(cast, three[:1], hold)
    taken = f"bulk-{batch}-1"
    move(cast, three[1], ask=AskKind.HOLD, by=cast.lead, reason="Another form", action_key=taken)
    run_bulk(batch)
    assert items(cast, batch)[three[0]].state == "changed"


def test_r08_a_batch_shows_no_measure_that_its_asker_may_read_no_longer(cast, three):
    batch = ask(cast, three[:1])
    assert items(cast, batch).keys() == {three[0]}
    end_role(cast.lead, "program_lead")
    assert items(cast, batch) == {}


def test_a_busy_database_leaves_what_is_staged_to_be_handed_over_again(database, cast, three):
    batch = ask(cast, three[:1], BulkAsk(AskKind.HOLD, reason="Budget is frozen"))
    other, release = hold_the_lock(database, three[0])
    run_bulk(batch)
    release()
    other.close()
    assert (bulk_page(cast.lead.origin, batch).state, items(cast, batch)[three[0]].state) == (
        "running",
        "staged",
    )
    run_bulk(batch)
    assert items(cast, batch)[three[0]].state == "changed"


def test_who_would_decide_is_looked_up_once_for_measures_of_a_branch(cast, count_queries):
    keys = [make_proposal(cast) for _ in range(3)]
    for key in keys:
        supply(cast, key, "defined")
    asked, numbers = judge_bulk(actor_of(cast.lead), keys, ADVANCE, now()), []
    for some in (keys[:1], keys):
        with count_queries() as counted:
            asked += judge_bulk(actor_of(cast.lead), some, ADVANCE, now())
        numbers.append(counted.number)
    assert {one.decision.outcome for one in asked} == {Outcome.NEEDS_REVIEW}
    assert numbers[0] == numbers[1]
