"""Writers of several processes take turns on one SQLite file."""

import multiprocessing
import time
from itertools import pairwise
from pathlib import Path

import pytest

from govapp.data.writers import WritersQueue, turn

TURNS = 40


def _write(database: str, name: str, start) -> None:
    """Write again at once, as a process with many waiting threads does."""
    start.wait()
    for _ in range(TURNS):
        with turn(database, 10), Path(f"{database}.log").open("a") as log:
            log.write(name)
            log.flush()
            time.sleep(0.002)


def _hold(database: str, held, release) -> None:
    with turn(database, 1):
        held.set()
        release.wait(10)


def test_no_process_writes_twice_while_another_waits(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    database = str(tmp_path / "a.db")
    processes = [context.Process(target=_write, args=(database, name, start)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    order = Path(f"{database}.log").read_text()
    assert len(order) == 2 * TURNS
    overtaken = sum(one == other for one, other in pairwise(order))
    assert overtaken < TURNS, f"nearly in turn: {order}"


def test_a_turn_that_does_not_come_ends_in_time_and_hinders_nobody(tmp_path):
    context = multiprocessing.get_context("spawn")
    database = str(tmp_path / "a.db")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(database, held, release))
    process.start()
    assert held.wait(30)
    began = time.monotonic()
    with pytest.raises(WritersQueue), turn(database, 0.2):
        pass
    assert time.monotonic() - began < 5
    release.set()
    process.join(30)
    with turn(database, 1):
        pass


def test_a_killed_writer_leaves_the_turn_to_the_next(tmp_path):
    context = multiprocessing.get_context("spawn")
    database = str(tmp_path / "a.db")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(database, held, release))
    process.start()
    assert held.wait(30)
    process.kill()
    process.join(30)
    with turn(database, 2):
        pass
