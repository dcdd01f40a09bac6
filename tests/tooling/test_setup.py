"""What bin/run says and writes before anything starts."""

import socket
import sqlite3
import stat
from pathlib import Path

import _run
import _setup
import pytest
from _system import SetupError


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for settings away from the real one, and no keys in the environment."""
    file = tmp_path / "settings.env"
    monkeypatch.setattr(_setup, "SETTINGS", file)
    for name in _setup.KEYS:
        monkeypatch.delenv(name, raising=False)
    return file


def test_r44_fresh_settings_hold_two_different_long_keys_for_this_user_alone(settings_file: Path) -> None:
    _setup.ensure_settings(None)
    secret, audit = (_setup.read_settings()[name] for name in _setup.KEYS)
    assert len(secret) >= 48 and len(audit) >= 48 and secret != audit
    assert stat.S_IMODE(settings_file.stat().st_mode) == 0o600


def test_r44_settings_are_never_overwritten(settings_file: Path) -> None:
    _setup.ensure_settings(None)
    before = settings_file.read_text()
    _setup.ensure_settings(None)
    assert settings_file.read_text() == before


def test_r44_a_database_whose_keys_are_gone_gets_no_new_ones(settings_file: Path, tmp_path: Path) -> None:
    database = tmp_path / "govapp.db"
    database.write_bytes(b"rows")
    with pytest.raises(SetupError, match="keys are gone"):
        _setup.ensure_settings(database)
    assert not settings_file.exists()


def test_settings_are_read_as_the_app_reads_them(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text(
        "# GOVAPP_HOST=no\nGOVAPP_PORT=81 # web\nexport GOVAPP_BASE_URL='http://a b#c'\nGOVAPP_HOST=x\n"
    )
    monkeypatch.setenv("GOVAPP_HOST", "127.0.0.9")
    read = _setup.read_settings()
    assert (read["GOVAPP_PORT"], read["GOVAPP_BASE_URL"], read["GOVAPP_HOST"]) == (
        "81",
        "http://a b#c",
        "127.0.0.9",
    )


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} on 127.0.0.1 is taken") as said:
            _run.free_port("127.0.0.1", port)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 65536), ("127.0.0.1", -1), ("192.0.2.1", 0)])
def test_an_address_that_cannot_be_listened_on_is_refused(host: str, port: int) -> None:
    with pytest.raises(SetupError):
        _run.free_port(host, port)


def test_port_zero_finds_a_free_one() -> None:
    assert _run.free_port("127.0.0.1", 0) > 1023


def test_the_newest_migration_is_the_one_nothing_follows() -> None:
    names = sorted(path.name for path in (_run.ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    newest = _run.newest_migration()
    assert newest is not None
    assert names[-1].startswith(newest)


def test_a_question_to_a_database_that_is_not_there_has_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "a database.db"
    assert _run.ask_sqlite(file, "SELECT 1") is None
    assert not file.exists()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE person (id integer)")
    assert _run.ask_sqlite(file, "SELECT 1 FROM person") is None
    assert _run.ask_sqlite(file, "SELECT 1 FROM nothing") is None
    connection.close()


def test_the_database_file_follows_the_setting() -> None:
    assert _run.sqlite_file("") == _run.VAR / "govapp.db"
    assert _run.sqlite_file("sqlite:////srv/one two.db?timeout=3") == Path("/srv/one two.db")
    assert _run.sqlite_file("postgresql+psycopg://server/govapp") is None
