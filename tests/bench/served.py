"""A real server (gunicorn, two workers) on a free port, CPU time and memory of its processes, and clients."""

import gzip
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from govapp.config import ROOT
from tests import databases
from tests.cast import PASSWORD

_KEPT_OPEN = 3  # seconds; the server closes idle connections after five
_TICK = os.sysconf("SC_CLK_TCK")
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Served:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def pids(self) -> list[int]:
        """The master and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu(self) -> float:
        """CPU seconds of all its processes so far."""
        spent = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / _TICK

    def memory(self) -> float:
        """Proportional set size of all its processes in MiB."""
        sizes = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids()]
        return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) for text in sizes) / 1024


@contextmanager
def server(app: str, **environment: str) -> Iterator[Served]:
    """Start an application and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "GOVAPP_PORT": str(port),
        "GOVAPP_SECRET_KEY": databases.SECRET_KEY,
        "GOVAPP_AUDIT_KEY": databases.AUDIT_KEY,
        "GOVAPP_AUDIT_KEY_ID": databases.KEY_ID,
        "GOVAPP_REDIS_URL": "unix:///nowhere/valkey.sock",
        "GOVAPP_FILES": str(ROOT / "var" / "bench-files"),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", app]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings | environment)
    try:
        served = Served(port, process)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield served
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Client:
    """One browser: keeps its connection and its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    _connection: http.client.HTTPConnection | None = None
    _used: float = 0.0

    def ask(
        self, method: str, address: str, fields: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """A request; status and body."""
        if self._connection is None or time.monotonic() - self._used > _KEPT_OPEN:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        body = None
        if fields is not None:
            body = urlencode({"csrf_token": self.token} | fields)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, address, body, sent)
        answer = self._connection.getresponse()
        data = answer.read()
        self._used = time.monotonic()
        for value in answer.headers.get_all("Set-Cookie", []):
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        if answer.headers.get("Connection") == "close":
            self._connection = None
        return answer.status, data

    def sign_in(self, email: str) -> "Client":
        """Sign in with the password of the tests' people."""
        self.token = _TOKEN.findall(self.ask("GET", "/sign-in")[1].decode())[0]
        status, data = self.ask("POST", "/sign-in", {"email": email, "password": PASSWORD})
        assert status == 303, (status, data[:500])
        self.token = _TOKEN.findall(self.ask("GET", "/")[1].decode())[0]
        return self


@dataclass(frozen=True)
class Measured:
    """Of a series of requests: the server's CPU a request, median and 95th percentile of the clock (ms), bytes."""

    cpu: float
    p50: float
    p95: float
    size: int
    zipped: int

    def __str__(self) -> str:
        return (
            f"cpu {self.cpu:6.1f} ms  p50 {self.p50:6.1f}  p95 {self.p95:6.1f}  {self.size / 1000:7.1f} kB"
            f"  gzip {self.zipped / 1000:5.1f} kB"
        )


def series(
    served: Served, ask: Callable[[int], tuple[int, bytes]], times: int = 40, expect: int = 200
) -> Measured:
    """Ask so often after a few tries; raises when an answer has another status."""
    for n in range(4):
        ask(n)
    took, data = [], b""
    before = served.cpu()
    for n in range(4, 4 + times):
        began = time.perf_counter()
        status, data = ask(n)
        took.append((time.perf_counter() - began) * 1000)
        if status != expect:
            raise AssertionError(f"{status} instead of {expect}: {data[:300]!r}")
    cpu = (served.cpu() - before) * 1000 / times
    took.sort()
    return Measured(
        cpu, median(took), took[ceil(len(took) * 0.95) - 1], len(data), len(gzip.compress(data, 6))
    )
