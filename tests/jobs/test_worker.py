"""Queue, worker and clock with a real Valkey: from the click to the file, and when one of them is killed."""

import io
import json
import os
import signal
import threading
import time
import zlib
from datetime import timedelta

import pypdf
import pytest
import redis
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as PoolTimeout

from govapp.data.engine import reading
from govapp.data.notices import FILING, Outbox
from govapp.data.reports import Report
from govapp.domain.reports import GATE
from govapp.jobs import queue
from govapp.jobs.clock import run_clock
from govapp.jobs.queue import Enqueuer, QueueAway, connect, push_after_commit, queue_on
from govapp.jobs.worker import make_worker
from govapp.services._work import Origin, now
from govapp.services.outbox import Parcel, deliver_due, due_parcels
from govapp.services.report_runs import reap_reports
from govapp.services.reports import RequestReport, request_report
from tests.factories import make_measure
from tests.jobs.processes import ENDED, await_state, make_due, report_row


def test_from_the_click_through_valkey_to_the_file(app_on, cast, valkey_url, start):
    app = app_on(valkey_url)
    worker = start("worker", valkey_url)
    client = app.test_client().sign_in(cast.owner)
    key = make_measure(cast, "identified")
    answer = client.submit("/reports", {"kind": "dossier", "measure": key})
    report = int(answer.headers["Location"].rsplit("/", 1)[1])
    found = await_state(report, ENDED)
    assert found.state == "ready", found.problem or worker.log.read_text()
    file = client.get(f"/reports/{report}/file", buffered=True)
    assert key in pypdf.PdfReader(io.BytesIO(file.data)).pages[0].extract_text()
    with reading() as session:
        assert set(session.scalars(select(Outbox.state).where(Outbox.kind == "job"))) == {"done"}
    assert worker.stop() < 5


def test_r40_what_lies_in_valkey_is_json_and_holds_ids_only(app_on, cast, valkey_url):
    app_on(valkey_url)
    report = request_report(RequestReport("dossier", make_measure(cast, "defined"), cast.owner.origin))
    with connect(valkey_url) as client:
        jobs = queue_on(client).get_job_ids()
        assert len(jobs) == 1
        data = client.hget(f"rq:job:{jobs[0]}", "data")
    raw = zlib.decompress(data) if data[:1] == b"x" else data
    assert json.loads(raw) == ["govapp.jobs.reports.render", None, [report], {}]


def test_r40_only_our_jobs_with_ids_are_put_on_the_queue(valkey_url):
    enqueuer = Enqueuer(valkey_url)
    for payload in (
        {"name": "os.system", "args": ["true"]},
        {"name": "govapp.jobs.reports.render", "args": [{"id": 1}]},
    ):
        with pytest.raises(ValueError, match="not a job"):
            enqueuer.put(Parcel(1, "job", payload, 0))


def test_r41_a_job_delivered_twice_is_made_once(app_on, cast, valkey_url):
    app_on(valkey_url)
    report = request_report(RequestReport("dossier", make_measure(cast, "defined"), cast.owner.origin))
    with connect(valkey_url) as client:
        queue_on(client).enqueue_call("govapp.jobs.reports.render", args=[report])
    make_worker(valkey_url).work(burst=True, logging_level="ERROR")
    found = report_row(report)
    assert (found.state, found.attempts) == ("ready", 1)


def test_r42_with_valkey_gone_the_request_commits_at_once(app_on, cast, own_valkey):
    app = app_on(own_valkey.url)
    client = app.test_client().sign_in(cast.owner)
    key = make_measure(cast, "defined")
    own_valkey.kill()
    began = time.monotonic()
    answer = client.submit("/reports", {"kind": "dossier", "measure": key})
    assert answer.status_code == 303 and time.monotonic() - began < 2
    report = int(answer.headers["Location"].rsplit("/", 1)[1])
    assert report_row(report).state == "queued"
    assert reap_reports(Origin(None, "job", at=now() + timedelta(seconds=65))) == 1
    assert report_row(report).problem == "no_worker"


def test_r42_with_a_silent_valkey_a_request_answers_in_two_seconds_and_those_after_it_do_not_try(
    app_on, cast, own_valkey
):
    app_on(own_valkey.url)
    keys = [make_measure(cast, "defined") for _ in range(3)]
    os.kill(own_valkey.process.pid, signal.SIGSTOP)
    try:
        times = []
        for key in keys:
            began = time.monotonic()
            request_report(RequestReport("dossier", key, cast.owner.origin))
            times.append(time.monotonic() - began)
    finally:
        os.kill(own_valkey.process.pid, signal.SIGCONT)
    assert max(times) < 2, "as R42 says; without the short timeout it is half a minute"
    with reading() as session:
        jobs = select(Outbox).where(Outbox.kind == "job")
        tried = [bool(row.problem) for row in session.scalars(jobs.order_by(Outbox.id))]
    assert tried == [True, False, False], "the breaker spares those that follow"


def test_what_a_request_could_not_hand_over_the_clock_delivers(app_on, cast, own_valkey, start):
    app_on("unix:///nowhere/valkey.sock")
    report = request_report(RequestReport("dossier", make_measure(cast, "defined"), cast.owner.origin))
    make_due()
    stop = threading.Event()
    clock = threading.Thread(target=run_clock, args=(own_valkey.url,), kwargs={"stop": stop})
    clock.start()
    try:
        start("worker", own_valkey.url)
        assert await_state(report, ENDED).state == "ready"
    finally:
        stop.set()
        clock.join(10)


def test_r41_a_worker_killed_with_its_work_horse_leaves_a_report_that_another_finishes(
    app_on, cast, valkey_url, start
):
    app_on(valkey_url)
    report = request_report(RequestReport("branch", "service-quality", cast.lead.origin))
    worker = start("worker", valkey_url)
    await_state(report, {"running", *ENDED})
    horses = worker.children()
    worker.process.kill()
    for pid in horses:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    worker.process.wait(5)
    if report_row(report).state not in ENDED:
        later = Origin(None, "job", at=now() + timedelta(seconds=50))
        assert reap_reports(later) == 1
        make_due()
        assert deliver_due(Origin(None, "job"), {"job": Enqueuer(valkey_url).put})
        start("worker", valkey_url)
    assert await_state(report, ENDED).state == "ready"


def test_a_killed_work_horse_is_noticed_by_its_worker_at_once(app_on, cast, valkey_url, start):
    app_on(valkey_url)
    report = request_report(RequestReport("branch", "service-quality", cast.lead.origin))
    worker = start("worker", valkey_url)
    await_state(report, {"running", *ENDED})
    for pid in worker.children():
        os.kill(pid, signal.SIGKILL)
    assert await_state(report, ENDED, 15).state == "ready"
    assert worker.process.poll() is None


def test_the_clock_ends_at_once_when_told(app_on, cast, own_valkey, start):
    app_on(own_valkey.url)
    clock = start("clock", own_valkey.url)
    clock.await_words("the clock runs")
    assert clock.stop() < 2
    assert clock.process.returncode == 0


def test_a_worker_waits_for_valkey_and_says_so(app_on, cast, own_valkey, start):
    app_on(own_valkey.url)
    own_valkey.kill()
    worker = start("worker", own_valkey.url)
    worker.await_words("waiting for Valkey")
    assert worker.process.poll() is None
    assert "Traceback" not in worker.log.read_text()


def test_the_breaker_spares_the_clock(sqlite):
    enqueuer = Enqueuer("unix:///nowhere/valkey.sock")
    parcel = Parcel(1, "job", {"name": "govapp.jobs.reports.render", "args": [1]}, 0)
    assert enqueuer.open
    with pytest.raises(QueueAway):
        enqueuer.put(parcel)
    assert not enqueuer.open
    assert due_parcels(("job",)) == []


def test_what_is_committed_is_not_undone_by_a_pool_without_a_free_connection(sqlite, monkeypatch):
    def no_connection(*_):
        raise PoolTimeout

    monkeypatch.setattr(queue, "deliver_due", no_connection)
    push_after_commit(Enqueuer("unix:///nowhere/valkey.sock"))


def test_the_client_never_tries_again_by_itself(valkey_url):
    with connect(valkey_url) as client:
        assert client.get_connection_kwargs()["socket_timeout"] == 0.1
        assert isinstance(client, redis.Redis)


def test_r42_a_decided_gate_is_filed_by_clock_and_worker_though_valkey_was_away_at_the_vote(
    app_on, cast, own_valkey, start
):
    app_on("unix:///nowhere/valkey.sock")
    make_measure(cast, "defined")
    with reading() as session:
        report = session.scalars(select(Report.id).where(Report.kind == GATE)).one()
    stop = threading.Event()
    clock = threading.Thread(target=run_clock, args=(own_valkey.url,), kwargs={"stop": stop})
    clock.start()
    try:
        start("worker", own_valkey.url)
        assert await_state(report, ENDED).state == "ready"
    finally:
        stop.set()
        clock.join(10)
    with connect(own_valkey.url) as client:
        assert queue_on(client).get_job_ids() == [], "what is filed waits in a queue of its own"


def test_what_people_wait_for_is_made_before_what_is_filed(app_on, cast, valkey_url):
    app_on(valkey_url)
    key = make_measure(cast, "identified")
    assert deliver_due(Origin(None, "job"), {FILING: Enqueuer(valkey_url).put}) == 2
    asked = request_report(RequestReport("dossier", key, cast.owner.origin))
    make_worker(valkey_url).work(burst=True, logging_level="ERROR")
    with reading() as session:
        order = list(session.scalars(select(Report.id).order_by(Report.finished_at)))
        assert set(session.scalars(select(Report.state))) == {"ready"}
    assert order[0] == asked and len(order) == 3
