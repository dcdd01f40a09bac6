"""From the click to the start of a job, and requests without Valkey: `python -m tests.bench.bench_queue [TIMES]`.

Budget B12. Fills a database of its own, starts Valkey, web server and worker, asks for reports over HTTP; then stops
Valkey in two ways, silent (its process is halted, connections hang) and away (killed), and asks on.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from statistics import median

from sqlalchemy import select, update

from govapp.config import ROOT
from govapp.data.engine import reading, write_session
from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.reports import Report
from govapp.services._work import Origin
from govapp.services.comments import AddComment, add_comment
from tests import databases
from tests.bench.bench_web import LEAD, drop
from tests.bench.fill import fill
from tests.bench.served import Client, Served, server
from tests.support import servers

ENDED = ("ready", "failed")
_PLACE = re.compile(rb"/reports/(\d+)")
_MOST = 18  # waiting reports of one person; the twentieth is refused


@contextmanager
def database(folder: Path, measures: int) -> Iterator[str]:
    """A filled SQLite database of this run; gives its address."""
    url = f"sqlite:///{folder / 'bench.db'}"
    engine = databases.use(databases.open_engine(url), folder / "files")
    databases.migrate(engine)
    fill(engine, measures, 50)
    change("M-2", "The first entry of the log after the copies")
    yield url
    engine.dispose()


def lead() -> Origin:
    """The program lead of all measures."""
    with reading() as session:
        return Origin(session.scalars(select(Person.id).where(Person.email == LEAD)).one(), "web", "bench")


def change(key: str, words: str) -> None:
    """Change the record, so that the same report is another one."""
    add_comment(AddComment(key, words, lead()))


@contextmanager
def worker(url: str, redis_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is ready; ended with its work-horses."""
    settings = {
        "GOVAPP_DATABASE_URL": url,
        "GOVAPP_REDIS_URL": redis_url,
        "GOVAPP_FILES": str(folder / "files"),
        "GOVAPP_SECRET_KEY": databases.SECRET_KEY,
        "GOVAPP_AUDIT_KEY": databases.AUDIT_KEY,
        "GOVAPP_AUDIT_KEY_ID": databases.KEY_ID,
    }
    log = folder / "worker.log"
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=said, stderr=said)
    try:
        until = time.monotonic() + 60
        while "the worker is ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text())
            time.sleep(0.05)
        yield process
    except BaseException:
        print(log.read_text(), file=sys.stderr)
        raise
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()


def click(client: Client, kind: str, key: str) -> int:
    """Ask for a report as the form does; its id."""
    status, data = client.ask("POST", "/reports", {"kind": kind, "measure": key, "branch": key})
    if status != 303:
        raise AssertionError((status, data[:300]))
    return int(_PLACE.findall(data)[-1])


def await_end(report: int, seconds: float = 120) -> Report:
    """The row when it is ready or failed."""
    until = time.monotonic() + seconds
    while True:
        with reading() as session:
            row = session.scalars(select(Report).where(Report.id == report)).one()
            session.expunge(row)
        if row.state in ENDED:
            return row
        if time.monotonic() > until:
            raise RuntimeError(f"report {report} is still {row.state} {row.phase}")
        time.sleep(0.005)


def percentiles(took: list[float]) -> str:
    """Median, 95th percentile and worst of milliseconds."""
    took = sorted(took)
    return (
        f"p50 {median(took):7.1f} ms  p95 {took[ceil(len(took) * 0.95) - 1]:7.1f}  worst {took[-1]:7.1f}"
        f"  ({len(took)} times)"
    )


def _keys() -> list[str]:
    with reading() as session:
        found = select(Measure.key).where(Measure.state == "active").order_by(Measure.id)
        return list(session.scalars(found))


def _to_start(client: Client, keys: list[str], times: int) -> None:
    waits, whole = [], []
    for n in range(-3, times):
        clicked = time.time()
        row = await_end(click(client, "dossier", keys[n]))
        if row.state != "ready" or row.started_at is None or row.finished_at is None:
            raise AssertionError(f"{row.state}: {row.problem}")
        if n >= 0:
            waits.append((row.started_at.timestamp() - clicked) * 1000)
            whole.append((row.finished_at.timestamp() - clicked) * 1000)
    print(f"{'click to start of the job':44} {percentiles(waits)}", flush=True)
    print(f"{'click to ready, dossier':44} {percentiles(whole)}", flush=True)


def _clear() -> None:
    with write_session() as session:
        waiting = update(Report).where(Report.state == "queued").values(state="failed", problem="no_worker")
        session.execute(waiting)
        session.commit()


def _requests(what: str, client: Client, keys: list[str], times: int) -> None:
    """Requests for reports and, beside them, moves, which put nothing on the queue."""
    asked, moved = [], []
    for n in range(times):
        if n % _MOST == 0:
            _clear()
        began = time.perf_counter()
        click(client, "dossier", keys[n])
        asked.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        status, _ = drop(client, keys[n], f"{what}-{n}", to="closed")
        moved.append((time.perf_counter() - began) * 1000)
        if status not in {200, 202, 422}:
            raise AssertionError(f"a move was answered with {status}")
    _clear()
    print(f"{'request for a report, Valkey ' + what:44} {percentiles(asked)}", flush=True)
    print(f"{'a refused move, Valkey ' + what:44} {percentiles(moved)}", flush=True)


def _without_valkey(served: Served, keys: list[str], times: int, valkey: servers.Server) -> None:
    client = Client(served.port).sign_in(LEAD)
    _requests("there, no worker", client, keys[:times], times)
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        _requests("silent", client, keys[times : 2 * times], times)
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    time.sleep(11)  # the breaker closes again
    valkey.kill()
    _requests("away", client, keys[2 * times : 3 * times], times)


def main() -> None:
    """Measure everything once."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    valkey = servers.start_valkey()
    with tempfile.TemporaryDirectory() as name, database(Path(name), 11 * (times // 2 + 5)) as url:
        folder = Path(name)
        keys = _keys()
        settings = {
            "GOVAPP_DATABASE_URL": url, "GOVAPP_REDIS_URL": valkey.url, "GOVAPP_FILES": str(folder / "files"),
        }  # fmt: skip
        with server("wsgi:app", **settings) as served:
            with worker(url, valkey.url, folder):
                _to_start(Client(served.port).sign_in(LEAD), keys[: times + 3], times)
            _without_valkey(served, keys[times + 3 :], times, valkey)
    valkey.stop()


if __name__ == "__main__":
    main()
