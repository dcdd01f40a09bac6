"""Fixtures of tests of jobs: an application on a queue, and its processes, ended with the test."""

import signal

import pytest

from tests.conftest import make_app
from tests.jobs.processes import Process


@pytest.fixture
def url(sqlite) -> str:
    return sqlite.url.render_as_string(hide_password=False)


@pytest.fixture
def app_on(url, tmp_path):
    """An application on the test's database and a queue."""

    def make(redis_url: str):
        return make_app(url, tmp_path / "files", redis_url=redis_url)

    return make


@pytest.fixture
def start(url, tmp_path):
    started: list[Process] = []

    def begin(command: str, redis_url: str) -> Process:
        started.append(Process(command, url, redis_url, tmp_path))
        return started[-1]

    yield begin
    for each in started:
        each.stop(signal.SIGKILL)
