"""Backup and restore: a copy of a live database and its files ends in a history that verifies (R46)."""

import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

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
