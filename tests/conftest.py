"""Fixtures for every layer. `database`: SQLite and PostgreSQL, for services and data; `app`, `client`: SQLite."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from sqlalchemy import Engine, event

from govapp import create_app
from govapp.config import Settings
from govapp.data.runtime import current
from govapp.extensions import db
from tests import databases
from tests.browser_client import GovappClient
from tests.cast import Cast, fill_with_cast, read_cast
from tests.support.fixtures import (
    chromium_path,
    leave_out_long_tests,
    long_tests_asked_for,
    only_this_machine,
    own_valkey,
    postgres_url,
    valkey_url,
)
from tests.support.templates import Compiled
from tests.support.worlds import worlds

__all__ = ["chromium_path", "only_this_machine", "own_valkey", "postgres_url", "valkey_url"]

# Without --long every run tries the same examples, and none fails because the machine is slow.
_LONG = long_tests_asked_for()
settings.register_profile(
    "govapp",
    max_examples=200 if _LONG else 50,
    derandomize=not _LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("govapp")

DIALECTS = ("sqlite", "postgresql")
_templates: dict[tuple[str, bool], databases.Template] = {}
_compiled = Compiled()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `long` run only when asked for."""
    leave_out_long_tests(config, items)


def _template(dialect: str, factory: pytest.TempPathFactory, *, cast: bool = True) -> databases.Template:
    """Made at the first use in a process, so that a run without PostgreSQL tests starts no server."""
    if (dialect, cast) not in _templates:
        folder = factory.mktemp("template")
        fill = fill_with_cast if cast else lambda: None
        _templates[dialect, cast] = databases.new_template(dialect, folder, fill)
    return _templates[dialect, cast]


@pytest.fixture(scope="session", autouse=True)
def _worlds_end() -> Iterator[None]:
    yield
    worlds.clear()


def _patches(request: pytest.FixtureRequest) -> bool:
    """A test that patches the program makes worlds of its own."""
    return "monkeypatch" in request.fixturenames


def _opened(template: databases.Template, folder: Path, *, patched: bool) -> Iterator[Engine]:
    url = databases.copy_of(template, folder)
    engine = databases.use(databases.open_engine(url), folder / "files")
    if not patched:
        worlds.begin(template.url, databases.rows_of(url))
    yield engine
    worlds.forget()
    engine.dispose()
    databases.drop(url)


@pytest.fixture(params=DIALECTS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database with gates, tree and the cast, open as the process's own; every test using it runs on both kinds."""
    template = _template(request.param, tmp_path_factory)
    yield from _opened(template, tmp_path, patched=_patches(request))


@pytest.fixture(params=DIALECTS)
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A migrated database without a row, on both kinds."""
    template = _template(request.param, tmp_path_factory, cast=False)
    yield from _opened(template, tmp_path, patched=True)


@pytest.fixture
def sqlite(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """As `database`, on SQLite only."""
    yield from _opened(_template("sqlite", tmp_path_factory), tmp_path, patched=_patches(request))


@pytest.fixture
def postgresql(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """As `database`, on PostgreSQL only."""
    yield from _opened(_template("postgresql", tmp_path_factory), tmp_path, patched=_patches(request))


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """The people of the tests, in whatever database the test uses (SQLite when it names none)."""
    if not {"database", "sqlite", "postgresql", "app", "client"} & set(request.fixturenames):
        request.getfixturevalue("sqlite")
    return read_cast()


def settings_for(url: str, files: Path, **more: object) -> Settings:
    """Settings of a test's application; nothing is read from the environment or from var/."""
    values: dict[str, object] = {
        "env": "test",
        "database_url": url,
        "files": files,
        "secret_key": SecretStr(databases.SECRET_KEY),
        "audit_key": SecretStr(databases.AUDIT_KEY),
        "audit_key_id": databases.KEY_ID,
        "redis_url": "unix:///nowhere/valkey.sock",
        "timezone": databases.ZONE,
    }
    return Settings(_env_file=None, **(values | more))


def make_app(url: str, files: Path, **more: object) -> Flask:
    """An application on a database."""
    app = create_app(settings_for(url, files, **more))
    app.test_client_class = GovappClient
    app.jinja_env.bytecode_cache = _compiled
    with app.app_context():
        databases.share_statements(db.engine)
    return app


@pytest.fixture
def app(sqlite: Engine, tmp_path: Path) -> Flask:
    """The application on an SQLite database with the cast."""
    return make_app(sqlite.url.render_as_string(hide_password=False), tmp_path / "files")


@pytest.fixture
def empty_app(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application on a migrated database without a row: the first start."""
    url = databases.copy_of(_template("sqlite", tmp_path_factory, cast=False), tmp_path)
    return make_app(url, tmp_path / "files")


@pytest.fixture
def client(app: Flask, cast: Cast) -> GovappClient:
    """A browser without scripts, signed out; `client.sign_in(cast.owner)`, `client.submit(address, fields)`."""
    found = app.test_client()
    assert isinstance(found, GovappClient)
    return found


class Counted:
    """Statements sent to the database while it is open."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def number(self) -> int:
        """How many; what begins a transaction is none."""
        return len(self.statements)


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[Counted]]:
    """`with count_queries() as counted: ...; assert counted.number <= 12`."""

    @contextmanager
    def counting() -> Iterator[Counted]:
        counted = Counted()
        engine = current().engine

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                counted.statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
