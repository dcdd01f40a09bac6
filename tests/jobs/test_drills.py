"""Worker, work-horse or Valkey killed in the middle of a report, in real time: ended in words within two minutes."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from govapp.services.reports import RequestReport, request_report
from tests.bench.bench_queue import change, database, lead
from tests.jobs.processes import ENDED, Process, await_state, report_row
from tests.support import servers

pytestmark = pytest.mark.long
TWO_MINUTES = 120


@pytest.fixture
def url(tmp_path):
    """A database with a branch so large that its report takes many seconds."""
    with database(tmp_path, 1650) as filled:
        yield filled


@pytest.fixture
def portfolio(app_on, own_valkey):
    app_on(own_valkey.url)
    return lead()


def ask(who) -> int:
    return request_report(RequestReport("branch", "OI", who))


def await_layout(report: int) -> None:
    """Wait until it is in the middle of being laid out."""
    end = time.monotonic() + 60
    while (row := report_row(report)).phase != "laying_out":
        assert row.state not in ENDED and time.monotonic() < end, (row.state, row.phase)
        time.sleep(0.02)


def kill(worker: Process, *, horse_too: bool) -> None:
    """At once and without a word."""
    horses = worker.children()
    worker.process.kill()
    for pid in horses if horse_too else []:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)


def test_r41_killed_with_no_other_worker_it_fails_in_words_within_two_minutes(portfolio, own_valkey, start):
    start("clock", own_valkey.url)
    worker = start("worker", own_valkey.url)
    report = ask(portfolio)
    await_layout(report)
    kill(worker, horse_too=True)
    row = await_state(report, ENDED, TWO_MINUTES)
    assert (row.state, row.problem) == ("failed", "no_worker")


def test_r41_killed_with_another_worker_there_it_is_finished_within_two_minutes(portfolio, own_valkey, start):
    start("clock", own_valkey.url)
    worker = start("worker", own_valkey.url)
    report = ask(portfolio)
    await_layout(report)
    kill(worker, horse_too=True)
    start("worker", own_valkey.url)
    row = await_state(report, ENDED, TWO_MINUTES)
    assert (row.state, row.attempts) == ("ready", 2)


def test_r41_a_worker_killed_alone_leaves_a_work_horse_that_finishes(portfolio, own_valkey, start):
    worker = start("worker", own_valkey.url)
    report = ask(portfolio)
    await_layout(report)
    kill(worker, horse_too=False)
    row = await_state(report, ENDED, TWO_MINUTES)
    assert (row.state, row.attempts) == ("ready", 1)


def test_r42_valkey_gone_in_the_middle_the_report_is_finished_and_the_worker_comes_back(
    portfolio, own_valkey, start, tmp_path
):
    start("clock", own_valkey.url)
    worker = start("worker", own_valkey.url)
    report = ask(portfolio)
    await_layout(report)
    own_valkey.kill()
    began = time.monotonic()
    change("M-2", "While Valkey is away")
    second = request_report(RequestReport("dossier", "M-4", portfolio))
    assert time.monotonic() - began < 2
    assert await_state(report, ENDED, TWO_MINUTES).state == "ready"
    socket = own_valkey.url.removeprefix("unix://")
    again = servers.start_valkey(Path(socket))
    try:
        if worker.process.poll() is not None:  # bin/run starts it again
            start("worker", own_valkey.url)
        assert await_state(second, ENDED, TWO_MINUTES).state == "ready"
    finally:
        again.stop()
