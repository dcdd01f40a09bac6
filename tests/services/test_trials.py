"""Versions tried on past decisions: the rules of then answer exactly as they did; what differs is explained."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from govapp.data.engine import reading, write_session
from govapp.data.gates import Replay
from govapp.data.notices import Outbox
from govapp.data.reviews import DecisionRecord
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.services import replay_runs
from govapp.services._work import Origin
from govapp.services.drafts import DiscardDraft, DraftVersion, discard_draft, draft_version
from govapp.services.governance import FIRST_SET, SECOND_SET, read_set
from govapp.services.replay_runs import fail_replay, reap_replays, replay_worker_died, run_replay
from govapp.services.replays import StartReplay, start_replay
from tests.cast import SYSTEM
from tests.factories import bring_to, hold, key_of_form, make_measure, move, supply, vote
from tests.many import everything


def changed(**gates):
    """The first set as version 2, with changes to its gates by function."""
    data = copy.deepcopy(read_set(FIRST_SET))
    data["set"]["version"] = 2
    for into, change in gates.items():
        change(next(each for each in data["gates"] if each["into"] == into))
    return data


def asks_for_more(gate):
    gate["criteria"].append(
        {"id": "field:description", "kind": "field", "params": {"fields": ["description"], "min_length": 900},
         "wording": "The description is long.", "supplied_by": ["owner"]}
    )  # fmt: skip


def asks_the_controller_too(gate):
    gate["steps"] = [*gate["steps"], "controller-check"]


def draft(data=None):
    return draft_version(DraftVersion(SYSTEM, data or changed())).version_id


def start(version, wanted=1000, origin=SYSTEM, **more):
    return start_replay(StartReplay(origin, version, wanted, **more), by_job=False)


def tried(version, wanted=1000):
    """The row of a trial that has run to its end."""
    number = start(version, wanted)
    assert run_replay(number)
    return row_of(number)


def row_of(number):
    with reading() as session:
        row = session.get_one(Replay, number)
        session.expunge_all()
        return row


def kept():
    with reading() as session:
        return session.scalar(select(func.count()).select_from(DecisionRecord))


def decided(row, **wanted):
    """The group of decisions with these values."""
    found = [g for g in row.differences if all(g.get(name) == value for name, value in wanted.items())]
    assert len(found) == 1, row.differences
    return found[0]


def a_history(cast):
    """Moves, refusals, a send-back, a hold; returns a measure in Detailed and one waiting for the sponsor."""
    key = bring_to(cast, make_measure(cast, "defined"), "detailed")
    move(cast, key, "decided")
    waiting = make_measure(cast, "defined")
    supply(cast, waiting, "identified")
    move(cast, waiting, "identified")
    vote(cast, waiting, cast.sponsor, "send_back", reason="The scope is open")
    move(cast, waiting, "identified")
    held = make_measure(cast, "identified")
    hold(cast, held)
    return key, waiting


def test_the_rules_of_then_answer_exactly_as_they_did(database, cast):
    a_history(cast)
    row = tried(1)
    assert row.done == row.todo == kept() + 3
    assert (row.state, row.faulty, row.differing) == ("done", 0, 0)


def test_a_draft_that_changes_no_gate_differs_in_nothing(database, cast):
    a_history(cast)
    row = tried(draft())
    assert (row.faulty, row.differing, row.differences) == (0, 0, [])


def test_a_move_that_would_now_be_refused_says_which_criterion_is_new(database, cast):
    a_history(cast)
    row = tried(draft(changed(identified=asks_for_more)))
    group = decided(row, what="decision", outcome=["needs_review", "refused"])
    assert group["unmet"] == [["field:description", "field_missing"]]
    assert group["wording"] == {"field:description": "The description is long."}
    assert group["count"] == len(group["items"]) == 4
    ahead = decided(row, what="measure", unmet=[["field:description", "field_missing"]])
    assert ahead["count"] == 1


def test_a_move_that_would_now_wait_for_one_more_step_says_for_which(database, cast):
    a_history(cast)
    row = tried(draft(changed(identified=asks_the_controller_too)))
    moved = decided(row, what="decision", outcome=["allowed", "waiting"])
    assert [each[:3] for each in moved["added"]] == [
        ["controller-check", "Controller's check of the numbers", 1]
    ]
    assert moved["count"] == 2, "the votes that counted then count again"
    opened = decided(row, what="decision", outcome=["needs_review", "needs_review"])
    assert opened["added"] == moved["added"]


def test_the_full_set_names_the_rows_that_ask_for_more_steps(database, cast):
    a_history(cast)
    row = tried(draft(read_set(SECOND_SET)))
    assert row.faulty == 0
    said = {say for group in row.differences for say in group["says"].values()}
    assert "From 25 000 EUR on, a budget holder agrees before." in said


def test_a_stage_that_a_draft_has_not_is_said(database, cast):
    key, _waiting = a_history(cast)
    data = changed()
    data["stages"] = [each for each in data["stages"] if each["key"] != "detailed"]
    data["gates"] = [each for each in data["gates"] if each["into"] != "detailed"]
    next(each for each in data["gates"] if each["into"] == "decided")["from"] = "identified"
    row = tried(draft(data))
    assert decided(row, what="measure", refused=["stage_missing"])["items"] == [[key, ""]]
    assert any(
        group["outcome"][1] == "stage_missing" for group in row.differences if group["what"] == "decision"
    )


def test_only_the_newest_decisions_that_were_asked_for_are_tried(database, cast):
    a_history(cast)
    row = tried(1, wanted=2)
    assert row.todo == 2 + 3
    assert tried(1, wanted=0).todo == 3


def test_a_record_that_the_rules_of_then_do_not_answer_as_they_did_is_shown(sqlite, cast):
    a_history(cast)
    with write_session() as session:
        session.execute(text("DROP TRIGGER decision_record_no_update"))
        first = session.scalars(select(DecisionRecord).order_by(DecisionRecord.id)).first()
        session.execute(
            update(DecisionRecord)
            .where(DecisionRecord.id == first.id)
            .values(answer={**first.answer, "outcome": "refused"})
        )
    row = tried(1)
    assert row.faulty == 1
    assert row.faults[0]["record"] == first.id
    assert row.faults[0]["kept"]["outcome"] == "refused"
    assert row.faults[0]["again"]["outcome"] != "refused"


def test_a_trial_changes_nothing_but_its_own_row_and_the_log(database, cast):
    a_history(cast)
    version = draft(changed(identified=asks_for_more))
    before = everything()
    tried(version)
    after = everything()
    differing = {name for name, rows in after.items() if rows != before[name]}
    assert differing == {"replay", "audit_log", "audit_head"}


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def test_what_a_kill_left_goes_on_where_it_stopped_and_counts_nothing_twice(database, cast, monkeypatch):
    a_history(cast)
    version = draft(changed(identified=asks_for_more))
    whole = tried(version)
    monkeypatch.setattr(replay_runs, "CHUNK", 2)
    monkeypatch.setattr(replay_runs, "BEAT_SECONDS", 0)
    number = start(version)

    def stop(what, done, todo):
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        run_replay(number, stop)
    assert row_of(number).state == "running"
    replay_worker_died(number)
    assert row_of(number).state == "queued"
    assert run_replay(number)
    row = row_of(number)
    assert (row.done, row.differing) == (whole.todo, whole.differing)
    assert sorted(g["sign"] for g in row.differences) == sorted(g["sign"] for g in whole.differences)
    assert [g["count"] for g in row.differences] == [g["count"] for g in whole.differences]


def test_progress_is_kept_so_that_the_page_can_be_left(database, cast, monkeypatch):
    a_history(cast)
    monkeypatch.setattr(replay_runs, "CHUNK", 3)
    monkeypatch.setattr(replay_runs, "BEAT_SECONDS", 0)
    seen = []
    number = start(1)
    run_replay(number, lambda what, done, todo: seen.append((done, row_of(number).done, todo)))
    assert [each[0] for each in seen] == [each[1] for each in seen]
    assert len(seen) >= 4


def test_a_long_trial_is_handed_on_to_the_next_job(database, cast, monkeypatch):
    a_history(cast)
    monkeypatch.setattr(replay_runs, "CHUNK", 3)
    monkeypatch.setattr(replay_runs, "BEAT_SECONDS", 0)
    number = start(1)
    assert not run_replay(number, seconds=0)
    assert row_of(number).state == "queued"
    turns = 1
    while not run_replay(number, seconds=0):
        turns += 1
    assert turns > 2
    assert row_of(number).state == "done"
    with reading() as session:
        parcels = session.scalars(select(Outbox.payload).where(Outbox.kind == "job")).all()
    assert {each["name"] for each in parcels} == {"govapp.jobs.rules.replay"}
    assert len(parcels) == turns


def test_a_trial_whose_worker_is_silent_is_taken_up_again_and_fails_in_the_end(database, cast):
    number = start(draft())
    later = Origin(None, "job", at=datetime.now(UTC) + timedelta(hours=1))
    assert reap_replays(Origin(None, "job")) == 0
    for attempt in (1, 2, 3):
        with write_session() as session:
            session.execute(
                update(Replay).values(state="running", attempts=attempt, beat_at=datetime.now(UTC))
            )
        assert reap_replays(later) == 1
    row = row_of(number)
    assert (row.state, row.problem) == ("failed", "worker_died")
    assert reap_replays(later) == 0
    assert not run_replay(number)


def test_a_trial_that_nobody_takes_up_fails_and_a_late_worker_does_it_all_the_same(database, cast):
    number = start(draft())
    later = Origin(None, "job", at=datetime.now(UTC) + timedelta(hours=1))
    assert reap_replays(later) == 1
    assert row_of(number).problem == "no_worker"
    assert run_replay(number)
    assert row_of(number).state == "done"


def test_one_that_is_done_is_not_done_again(database, cast):
    number = start(1)
    assert run_replay(number)
    assert not run_replay(number)
    fail_replay(number, "not_made")
    assert row_of(number).state == "done"
    assert not run_replay(999)


def test_a_version_with_faults_cannot_be_tried(database, cast):
    with pytest.raises(Invalid, match="version_faulty"):
        start(draft(changed(defined=lambda gate: gate.update(question=""))))
    for wanted in (-1, 20_001):
        with pytest.raises(Invalid):
            start(1, wanted)
    with pytest.raises(NotFound):
        start(99)


def test_r08_who_may_not_draft_may_not_try(database, cast):
    for who in (cast.lead, cast.controller, cast.auditor):
        with pytest.raises(Refused):
            start(1, origin=who.origin)


def test_r13_a_form_sent_twice_begins_one_trial(database, cast):
    key = key_of_form()
    numbers = {start(1, origin=cast.administrator.origin, action_key=key) for _ in range(2)}
    assert len(numbers) == 1


def test_a_draft_goes_with_its_trials(database, cast):
    version = draft()
    tried(version)
    discard_draft(DiscardDraft(SYSTEM, version))
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Replay)) == 0
