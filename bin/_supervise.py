"""One supervisor for the processes of the Procfile: starts, restarts, passes on output, leaves nothing running."""

import contextlib
import ctypes
import os
import selectors
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PATIENCE = 10.0  # seconds a child may take to end before it is killed
_SHORTEST_PAUSE = 0.3
_LONGEST_PAUSE = 30.0  # seconds between restarts of a child that keeps failing
_STEADY = 20.0  # a child that ran so many seconds begins again with a short pause


def die_with_parent() -> None:
    """Let the kernel end this process when its parent is gone, even after kill -9 (Linux; elsewhere nothing)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process of the Procfile, in a session of its own so that Ctrl-C reaches only the supervisor."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self.name, self.command, self.env, self.cwd = name, command, env, cwd
        self.process: subprocess.Popen[bytes] | None = None
        self.sessions: set[int] = set()
        self.started = 0.0
        self.pause = _SHORTEST_PAUSE
        self.due: float | None = None
        self.rest = b""

    def start(self) -> None:
        """Start, or start again."""
        self.due, self.rest, self.started = None, b"", time.monotonic()
        supervisor = os.getpid()

        def prepare() -> None:
            die_with_parent()
            if os.getppid() != supervisor:  # it died between fork and prctl
                os._exit(1)

        self.process = subprocess.Popen(
            self.command,
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - this program has no threads
        )
        self.sessions.add(self.process.pid)

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; it looks after its own children."""
        if self.process is not None and self.running:
            self.process.send_signal(number)


def members(sessions: set[int]) -> list[int]:
    """The processes that live in one of these sessions: also those a dead child left behind."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) in sessions and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def read_procfile(path: Path, env: dict[str, str]) -> dict[str, list[str]]:
    """The processes of a Procfile: name -> command with variables filled in (one word each, spaces and all)."""
    commands = {}
    for line in path.read_text("utf-8").splitlines():
        name, colon, command = line.partition(":")
        if colon and not line.startswith("#"):
            commands[name.strip()] = [string.Template(word).safe_substitute(env) for word in command.split()]
    return commands


class Supervisor:
    """Runs children until asked to stop. `first` must be up before `later` start; `ready` is asked until it is true."""

    def __init__(
        self, first: list[Child], later: list[Child], ready: Callable[[], bool], started: Callable[[], None]
    ):
        self.first, self.later, self.ready, self.started = first, later, ready, started
        self.children = [*first]
        self.selector = selectors.DefaultSelector()
        self.width = max(len(child.name) for child in [*first, *later])
        self.stops = 0
        self.failed = False

    def run(self, patience: float = 90.0) -> int:
        """Start everything, stay until a signal comes, stop everything. Returns the exit status."""
        before = {
            number: signal.signal(number, self._asked)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            for child in self.first:
                self._start(child)
            deadline = time.monotonic() + patience
            while not self.stops and not self.failed and not self.ready():
                self._turn(0.03, restart=False)
                self.failed = self.failed or time.monotonic() > deadline
            if not self.stops and not self.failed:
                self.started()
                self.children += self.later
                for child in self.later:
                    self._start(child)
            while not self.stops and not self.failed:
                self._turn(0.25, restart=True)
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 1 if self.failed else 0

    def say(self, name: str, text: str) -> None:
        """Print one line under the name of the process it comes from."""
        try:
            print(f"{name:<{self.width}} | {text}", flush=True)
        except OSError:  # the terminal is gone; the work goes on
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - stays open until the end

    def _asked(self, number: int, frame: object) -> None:
        self.stops += 1

    def _start(self, child: Child) -> None:
        child.start()
        if child.process is not None and child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self.selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _turn(self, seconds: float, restart: bool) -> None:
        """Pass on what was said, notice who ended, start again who is due."""
        self._read(seconds)
        now = time.monotonic()
        for child in self.children:
            if child.due is not None:
                if now >= child.due:
                    self._start(child)
            elif not child.running and child.process is not None:
                self._sweep(child)
                if not restart:
                    self.failed = True
                    continue
                pause = _SHORTEST_PAUSE if now - child.started > _STEADY else child.pause
                child.due, child.pause = now + pause, min(pause * 2, _LONGEST_PAUSE)
                self.say(
                    child.name, f"{describe(child.process.returncode)}; starting it again in {pause:g} s"
                )

    def _read(self, seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.selector.select(seconds):
            child: Child = key.data
            data = os.read(key.fd, 65536)
            *lines, child.rest = (child.rest + data).split(b"\n")
            if not data:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]  # always the pipe registered in _start
                lines, child.rest = ([child.rest] if child.rest else []), b""
            for line in lines:
                self.say(child.name, line.decode("utf-8", "replace").rstrip())

    def _sweep(self, child: Child) -> None:
        """Kill what a dead child left in its session."""
        for pid in members(child.sessions):
            _kill(pid)

    def _stop(self) -> None:
        """End the children, Valkey (the first) last; whoever does not end in time is killed."""
        asked = self.stops
        for group in (self.children[1:], self.children[:1]):
            for child in group:
                child.due = None
                child.signal(signal.SIGTERM)
            end, again = time.monotonic() + _PATIENCE, time.monotonic() + _PATIENCE / 2
            while any(child.running for child in group) and time.monotonic() < end and self.stops <= asked:
                self._read(0.05)
                if time.monotonic() > again:  # a second time: do not wait for the job at hand
                    again = end
                    for child in group:
                        child.signal(signal.SIGTERM)
            for child in group:
                child.signal(signal.SIGKILL)
                self._sweep(child)
                if child.process is not None:
                    child.process.wait()
        self._read(0)
        self.selector.close()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def describe(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
