"""Copies of the whole: the database by its own means, the files beside it (R46). Never a plain copy of a live file."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL

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
        _run(["pg_dump", "--format=custom", f"--file={target / DUMP}", f"--dbname={_plain(url)}"])
    if files.exists():
        shutil.copytree(files, target / FILES, ignore=shutil.ignore_patterns("tmp"), dirs_exist_ok=True)


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
        _run(["pg_restore", "--exit-on-error", "--no-owner", f"--dbname={_plain(url)}", str(source / DUMP)])
    if (source / FILES).exists():
        shutil.copytree(source / FILES, files, dirs_exist_ok=True)


def _has_tables(database: Path) -> bool:
    connection = sqlite3.connect(database)
    try:
        return bool(connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())
    finally:
        connection.close()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(command: list[str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise CopyFailed(f"{command[0]} is not installed: install the PostgreSQL client programs")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)  # nosec B603  # the words are ours
    if done.returncode:
        raise CopyFailed(" ".join(done.stderr.split())[:300] or f"{command[0]} failed")
