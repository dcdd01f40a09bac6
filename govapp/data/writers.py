"""Writers of all processes take turns on one SQLite file: who waits is next. SQLite's own waiting is unfair."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_QUEUE, _WRITER = 0, 1  # bytes of the file: who is next, who writes
_PAUSE = 0.0005
_in_this_process = threading.Lock()
_files: dict[str, int] = {}


class WritersQueue(Exception):
    """It was not this writer's turn in time."""


def _take(file: int, byte: int, until: float) -> None:
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            return
        except OSError:
            if time.monotonic() > until:
                raise WritersQueue("other writers did not end in time") from None
            time.sleep(_PAUSE)


def _leave(file: int, byte: int) -> None:
    fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)


def _file_of(database: str) -> int:
    """Opened once and never closed: closing any descriptor of a file drops the process's locks on it."""
    if database not in _files:
        _files[database] = os.open(f"{database}-writers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return _files[database]


@contextmanager
def turn(database: str | None, seconds: float) -> Iterator[None]:
    """Wait for one's turn to write to this file (None: in memory). Raises WritersQueue when it does not come.

    Only who stands first in the queue waits for the writer, so a process with many threads cannot overtake another.
    """
    until = time.monotonic() + seconds
    if not _in_this_process.acquire(timeout=seconds):
        raise WritersQueue("other writers of this process did not end in time")
    try:
        if not database or database == ":memory:":
            yield
            return
        file = _file_of(database)
        _take(file, _QUEUE, until)
        try:
            _take(file, _WRITER, until)
        finally:
            _leave(file, _QUEUE)
        try:
            yield
        finally:
            _leave(file, _WRITER)
    finally:
        _in_this_process.release()
