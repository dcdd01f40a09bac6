"""Trials and migrations through a real Valkey and a real worker: from the click to the end, and when one is killed."""

import os
import signal
import time

from sqlalchemy import insert, select

from govapp.data.engine import reading, write_session
from govapp.data.gates import Replay
from govapp.data.imports import Batch
from govapp.data.reviews import DecisionRecord
from govapp.services.drafts import ActivateVersion, DraftVersion, activate_version, draft_version
from govapp.services.replays import StartReplay, start_replay
from tests.cast import SYSTEM
from tests.factories import key_of_form, loaded, make_measure
from tests.many import open_many


def copies_of_decisions(number):
    """So many kept decisions more."""
    with write_session() as session:
        rows = session.execute(select(DecisionRecord.__table__)).mappings().all()
        kept = [{name: value for name, value in dict(row).items() if name != "id"} for row in rows]
        session.execute(insert(DecisionRecord), [kept[n % len(kept)] for n in range(number)])


def await_row(table, number, states, seconds=60):
    end = time.monotonic() + seconds
    while True:
        with reading() as session:
            row = session.get_one(table, number)
            session.expunge(row)
        if row.state in states:
            return row
        assert time.monotonic() < end, row.state
        time.sleep(0.05)


def next_version():
    version = draft_version(DraftVersion(SYSTEM, copy_of=1)).version_id
    activate_version(ActivateVersion(SYSTEM, version, "Agreed"))
    return version


def test_measures_are_brought_over_by_a_worker(app_on, cast, valkey_url, start):
    client = app_on(valkey_url).test_client().sign_in(cast.administrator)
    keys = open_many(60)
    version = next_version()
    start("worker", valkey_url)
    fields = {"scope": "all", "reason": "One set for all", "action_key": key_of_form()}
    answer = client.submit(f"/admin/workflows/{version}/migration", fields)
    batch = await_row(Batch, int(answer.location.rsplit("/", 1)[1]), {"done"})
    assert (batch.changed, batch.refused) == (60, 0)
    assert {loaded(key).rules.version for key in keys[:3]} == {2}


def test_a_trial_whose_worker_is_killed_is_taken_up_by_the_next(app_on, cast, valkey_url, start):
    app_on(valkey_url)
    make_measure(cast, "detailed")
    copies_of_decisions(8000)
    first = start("worker", valkey_url)
    first.await_words("the worker is ready")
    number = start_replay(StartReplay(SYSTEM, 1, 20_000), by_job=True)
    await_row(Replay, number, {"running"})
    while not first.children():
        time.sleep(0.01)
    os.kill(first.children()[0], signal.SIGKILL)
    row = await_row(Replay, number, {"done", "failed"})
    assert row.state == "done", first.log.read_text()
    assert row.attempts == 2
    assert row.done == row.todo
    assert row.faulty == 0
