"""The supervisor: starts, restarts, and leaves nothing running, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _supervise import members, read_procfile

ROOT = Path(__file__).resolve().parents[2]
# A child that starts a grandchild, as a web server or a job worker does; both ignore nothing and write their ids.
CHILD = """
import os, subprocess, sys, time
grandchild = subprocess.Popen(["sleep", "600"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {grandchild.pid}\\n")
print("a line of the child", flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from _supervise import Child, Supervisor
def child(name):
    return Child(name, [sys.executable, "-c", sys.argv[3], sys.argv[2]], dict(os.environ), Path.cwd())
sys.exit(Supervisor([child("web")], [child("clock")], lambda: Path(sys.argv[2]).exists(), lambda: None).run())
"""


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Running:
    """A supervisor with two children, each with a child of its own."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "pids"
        command = [sys.executable, "-c", SUPERVISOR, str(ROOT / "bin"), str(self.notes), CHILD]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        until(lambda: len(self.pids()) == 4)

    def pids(self) -> list[int]:
        return [int(word) for word in self.notes.read_text().split()] if self.notes.exists() else []

    def end(self) -> None:
        """Whatever a failed test left."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(tmp_path)
    yield found
    found.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_children_and_grandchildren(running: Running, number: signal.Signals) -> None:
    running.process.send_signal(number)
    assert running.process.wait(15) == 0
    assert not any(alive(pid) for pid in running.pids())


def test_children_end_when_the_supervisor_is_killed(running: Running) -> None:
    running.process.kill()
    children = running.pids()[::2]
    until(lambda: not any(alive(pid) for pid in children))
    for pid in running.pids()[1::2]:  # grandchildren of this trial have no supervisor of their own
        os.kill(pid, signal.SIGKILL)


def test_a_child_that_dies_is_started_again_and_its_own_children_are_swept(running: Running) -> None:
    first, orphan = running.pids()[:2]
    os.kill(first, signal.SIGKILL)
    until(lambda: len(running.pids()) == 6)
    assert not alive(orphan)


def test_output_carries_the_name_of_its_process(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    said, _ = running.process.communicate(timeout=15)
    assert "web   | a line of the child" in said
    assert "clock | a line of the child" in said


def test_a_procfile_names_each_process_and_fills_in_variables(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# a comment: here\nweb: serve $WHERE --fast\nclock: tick\n")
    assert read_procfile(file, {"WHERE": "a b"}) == {"web": ["serve", "a b", "--fast"], "clock": ["tick"]}


def test_the_processes_of_a_session_are_found() -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as sleeper:
        assert members({sleeper.pid}) == [sleeper.pid]
        sleeper.kill()
