"""Copies of the whole: the database by its own means, the files beside it (R46). Never a plain copy of a live file."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL

from govapp.data.blobs import BlobStore

DATABASE = "database.sqlite"
DUMP = "database.dump"
FILES = "files"


class CopyFailed(Exception):
    """The copy could not be made or brought back; the text says why."""


def copy_out(url: URL, files: Path, target: Path) -> None:
    """Write database and files into the empty or new folder `target`, database first, so that no row lacks its file."""
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise CopyFailed(f"{target} is not empty")
    if url.get_backend_name() == "sqlite":
        source, copy = sqlite3.connect(str(url.database)), sqlite3.connect(target / DATABASE)
        with source, copy:
            source.backup(copy)
        source.close()
        copy.close()
    else:
        _run(["pg_dump", "--format=custom", f"--file={target / DUMP}"], url)
    _copy_files(files, target / FILES)


def copy_back(url: URL, files: Path, source: Path) -> None:
    """Bring database and files back from a folder of `copy_out`. The database must be empty or absent."""
    if url.get_backend_name() == "sqlite":
        database = Path(str(url.database))
        if not (source / DATABASE).exists():
            raise CopyFailed(f"{source} holds no {DATABASE}")
        if database.exists() and database.stat().st_size and _has_tables(database):
            raise CopyFailed(f"{database} exists already; move it away first")
        held, fresh = sqlite3.connect(source / DATABASE), sqlite3.connect(database)
        with held, fresh:
            held.backup(fresh)
        held.close()
        fresh.close()
    else:
        if not (source / DUMP).exists():
            raise CopyFailed(f"{source} holds no {DUMP}")
        _run(["pg_restore", "--exit-on-error", "--no-owner", str(source / DUMP)], url)
    _copy_files(source / FILES, files)


def _copy_files(source: Path, target: Path) -> None:
    """Every stored file; what is still coming in is none yet, and what is swept away meanwhile belongs to no row."""
    held, fresh = BlobStore(source), BlobStore(target)
    for digest in held.digests():
        place = fresh.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(held.path(digest), place)


def _has_tables(database: Path) -> bool:
    connection = sqlite3.connect(database)
    try:
        return bool(connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())
    finally:
        connection.close()


def _run(command: list[str], url: URL) -> None:
    """Run a client program of PostgreSQL; the password goes by its environment, which no other user can read."""
    program = shutil.which(command[0])
    if program is None:
        raise CopyFailed(f"{command[0]} is not installed: install the PostgreSQL client programs")
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    words = [program, f"--dbname={bare}", *command[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)  # nosec B603  # the words are ours
    if done.returncode:
        raise CopyFailed(" ".join(done.stderr.split())[:300] or f"{command[0]} failed")
