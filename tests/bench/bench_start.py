"""Start, memory at rest and end of `bin/run`: `python -m tests.bench.bench_start CHECKOUT [run|checks|all] [TIMES]`.

Budgets B1 and B15. CHECKOUT is a clone with a virtual environment of its own (not a worktree with a borrowed one: the
set-up would make it anew); what `bin/run` needs is installed there first. Prints the time from the command to the first
page, the memory of every process at rest, what holds Pango, what an interrupt leaves behind, and the time of
`bin/check` and of the tests of the rules.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

AT_REST = 5.0  # seconds after everything is up
PATIENCE = 60.0
_KINDS = {
    "gunicorn": "web",
    "_valkey": "valkey",
    "valkey-server": "valkey",
    "clock": "clock",
    "worker": "worker",
}


@dataclass
class Running:
    """A started `bin/run`: when its command was given, its port, what it says."""

    process: subprocess.Popen[str]
    port: int
    began: float
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keep what it says."""
        if self.process.stdout:
            self.said.extend(self.process.stdout)

    def first_page(self) -> float:
        """Seconds from the command to the first whole page."""
        while time.perf_counter() - self.began < PATIENCE and self.process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/sign-in")
                answer = connection.getresponse()
                answer.read()
                if answer.status in {200, 302, 303}:
                    return time.perf_counter() - self.began
            time.sleep(0.01)
        raise RuntimeError("".join(self.said))

    def whole(self) -> float:
        """Seconds until the worker is ready too."""
        while time.perf_counter() - self.began < PATIENCE:
            if any("the worker is ready" in line for line in list(self.said)):
                return time.perf_counter() - self.began
            time.sleep(0.02)
        raise RuntimeError("".join(self.said))


@dataclass(frozen=True)
class Process:
    """A process as it was at one moment; `started` tells it from a later one with the same number."""

    pid: int
    started: str
    kind: str
    pss: float
    pango: bool

    def lives(self) -> bool:
        """True while this very process is there."""
        return _started(self.pid) == self.started


def _started(pid: int) -> str:
    """When a process began, in ticks; empty when it is gone or only waits to be buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def below(top: int) -> list[int]:
    """A process and all below it."""
    found, todo = [], [top]
    while todo:
        pid = todo.pop()
        found.append(pid)
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
    return found


def look(pid: int) -> Process:
    """Kind, proportional set size in MiB, and whether Pango is mapped, without which WeasyPrint cannot be imported."""
    words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    kind = next((kind for part, kind in _KINDS.items() if part in words), "supervisor")
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = int(re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[0]) / 1024
    return Process(pid, _started(pid), kind, pss, "libpango" in Path(f"/proc/{pid}/maps").read_text())


def look_at_all(top: int) -> list[Process]:
    """A process and all below it; one that ends meanwhile is left out."""
    found = []
    for pid in below(top):
        with suppress(OSError, IndexError):
            found.append(look(pid))
    return found


def within(checkout: Path) -> set[int]:
    """Processes that work in the checkout."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cwd").resolve().is_relative_to(checkout):
                found.add(int(folder.name))
    return found


def environment() -> dict[str, str]:
    """Ours without what would change the application's settings or its Python."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("GOVAPP_", "VIRTUAL_ENV", "PYTHON"))}


@contextmanager
def running(checkout: Path) -> Iterator[Running]:
    """Start bin/run on a free port; interrupted at the end when it still runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(checkout / "bin" / "run"), "--port", str(port)], cwd=checkout, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    run = Running(process, port, began)
    listener = threading.Thread(target=run.listen, daemon=True)
    listener.start()
    try:
        yield run
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        listener.join(5)


def starts(checkout: Path, times: int) -> None:
    """Start and end so often; at the last, look at everything at rest."""
    subprocess.run(
        [str(checkout / "bin" / "run"), "--setup-only"], cwd=checkout, env=environment(), check=True
    )
    there = within(checkout)
    first, whole, end, left = [], [], [], set[int]()
    for n in range(times):
        with running(checkout) as run:
            first.append(run.first_page())
            whole.append(run.whole())
            if n == times - 1:
                time.sleep(AT_REST)
                at_rest(look_at_all(run.process.pid))
            seen = look_at_all(run.process.pid)
            began = time.perf_counter()
            run.process.send_signal(signal.SIGINT)
            run.process.wait(PATIENCE)
            end.append(time.perf_counter() - began)
        left |= {process.pid for process in seen if process.lives()} | (within(checkout) - there)
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", run.port), 1).close()
            raise AssertionError(f"port {run.port} still answers")
    for what, took in (
        ("command to first page", first),
        ("command to ready worker", whole),
        ("interrupt to end", end),
    ):
        print(
            f"{what:32} median {median(took):5.2f} s  worst {max(took):5.2f}  ({len(took)} times)", flush=True
        )
    print(f"{'left running after it':32} {sorted(left) or 'nothing'}", flush=True)


def at_rest(found: list[Process]) -> None:
    """Memory by kind, and that no web process has Pango."""
    for kind in sorted({process.kind for process in found}):
        those = [process for process in found if process.kind == kind]
        pango = ", Pango loaded" if any(process.pango for process in those) else ""
        print(f"{kind:32} {sum(process.pss for process in those):5.0f} MiB in {len(those)} processes{pango}")
    print(f"{'everything':32} {sum(process.pss for process in found):5.0f} MiB", flush=True)
    if any(process.pango for process in found if process.kind == "web"):
        raise AssertionError("a web process has loaded Pango")


def checks(checkout: Path, times: int) -> None:
    """bin/check and the tests of the rules, as the developer runs them; a first run fills caches and does not count."""
    python = str(checkout / ".venv" / "bin" / "python")
    commands = {
        "bin/check": [str(checkout / "bin" / "check")],
        "pytest tests/domain": [python, "-m", "pytest", "-q", "tests/domain"],
    }
    for what, command in commands.items():
        took, status = [], 0
        for n in range(times + 1):
            began = time.perf_counter()
            done = subprocess.run(command, cwd=checkout, env=environment(), capture_output=True, text=True)
            status = status or done.returncode
            if n:
                took.append(time.perf_counter() - began)
        said = (done.stdout.strip().splitlines() or [""])[-1]
        print(f"{what:32} median {median(took):5.1f} s  worst {max(took):5.1f}  (status {status}: {said})")


def main() -> None:
    """Measure what is asked for."""
    checkout, what = Path(sys.argv[1]).resolve(), (sys.argv[2] if len(sys.argv) > 2 else "all")
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    if (checkout / ".venv").is_symlink():
        raise SystemExit(
            "this checkout borrows its virtual environment: measure in a clone with one of its own"
        )
    if what in {"all", "run"}:
        starts(checkout, times)
    if what in {"all", "checks"}:
        checks(checkout, times)


if __name__ == "__main__":
    main()
