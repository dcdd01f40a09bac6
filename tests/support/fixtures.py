"""Fixtures on the servers of tests/support; tests/conftest.py imports them by name."""

import os
from collections.abc import Iterator

import pytest

from tests.support import servers
from tests.support.loopback import forbid_other_machines
from tests.support.processes import Server


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> None:
    """No test reaches another machine."""
    forbid_other_machines()


@pytest.fixture
def valkey_url() -> str:
    """This process's Valkey, emptied for the test."""
    return servers.valkey_url()


@pytest.fixture
def own_valkey() -> Iterator[Server]:
    """A Valkey for tests that stop or kill it."""
    server = servers.start_valkey()
    yield server
    server.stop()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    url = servers.postgres_url()
    yield url
    servers.drop_postgres(url)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Chromium's path."""
    return servers.chromium_path()


def long_tests_asked_for() -> bool:
    """True under bin/test --long."""
    return bool(os.environ.get("GOVAPP_TEST_LONG"))


def leave_out_long_tests(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests marked `long` unless asked for; call it from pytest_collection_modifyitems."""
    if long_tests_asked_for():
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
