"""PDF reports: `python -m tests.bench.bench_pdf [click|rows|long|all] [TIMES]`.

Budget B10. `click`: from the click to the ready file of a branch report on 60 measures and of a dossier, through web
server, Valkey and worker. `rows`: CPU a row and a page of branch reports of growing length, with memory. `long`: a
report on 5,000 measures out of a database. Reports are made as the worker makes them: in a process forked from one
that has loaded the PDF library. CPU and peak memory are those of every process below it.
"""

import io
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pikepdf
from sqlalchemy import func, select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.runtime import current
from govapp.jobs.report_data import gather_now
from govapp.jobs.reports import make
from govapp.reports._engine import warm
from govapp.reports.branch import render_branch
from govapp.reports.paper import RenderedPdf
from tests.bench.bench_queue import LEAD, await_end, change, click, database, percentiles, worker
from tests.bench.served import Client, server
from tests.reports.sample_reports import sample_branch
from tests.support import servers

_TICK = os.sysconf("SC_CLK_TCK")
LENGTHS = (60, 400, 1000, 2500, 5000)
SIXTY, FIVE_THOUSAND = 66, 5500  # one of eleven is a proposal, which is in no table


@dataclass
class Watch:
    """CPU and peak memory of a process and all below it, looked at every 20 ms."""

    top: int
    cpu: dict[int, float] = field(default_factory=dict)
    peak: dict[int, int] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._ended.wait(0.02):
            for pid in self._below():
                self._look(pid)

    def stop(self) -> None:
        """End."""
        self._ended.set()

    def _below(self) -> list[int]:
        found, todo = [], [self.top]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return found

    def _look(self, pid: int) -> None:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        self.cpu[pid] = (int(fields[11]) + int(fields[12])) / _TICK
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak[pid] = int(line.split()[1]) // 1024


@dataclass(frozen=True)
class Made:
    """One report made: seconds by the clock, CPU seconds, peak MiB of the largest process, pages, bytes."""

    seconds: float
    cpu: float
    peak: int
    pages: int
    size: int


def made_apart(work: Callable[[], RenderedPdf]) -> Made:
    """Make a report in a forked process, as the worker's work-horse does."""
    reader, writer = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            current().engine.dispose(close=False) if _has_database() else None
            report = work()
            os.write(writer, f"{report.pages} {len(report.data)}".encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    watch = Watch(child)
    watcher = threading.Thread(target=watch.run)
    watcher.start()
    said = os.read(reader, 100)
    seconds = time.perf_counter() - began
    watch.stop()
    watcher.join()
    os.close(reader)
    _, status, used = os.wait4(child, 0)
    if status or not said:
        raise RuntimeError(f"the report was not made ({status})")
    pages, size = map(int, said.split())
    watch.cpu.pop(child, None)
    return Made(
        seconds,
        used.ru_utime + used.ru_stime + sum(watch.cpu.values()),
        max(watch.peak.values()),
        pages,
        size,
    )


def _has_database() -> bool:
    try:
        return bool(current().engine)
    except RuntimeError:
        return False


def rows(times: int) -> None:
    """Branch reports of growing length, without a database."""
    print(
        f"{'rows':>6} {'seconds':>8} {'CPU s':>7} {'ms/row':>7} {'pages':>6} {'ms/page':>8} {'MiB':>5} {'kB':>6}"
    )
    for count in LENGTHS:
        data = sample_branch(count)
        found = [
            made_apart(lambda data=data: render_branch(data))
            for _ in range(max(1, min(times, 6000 // count)))
        ]
        seconds, cpu = median(m.seconds for m in found), median(m.cpu for m in found)
        pages = found[0].pages
        print(
            f"{count:6} {seconds:8.2f} {cpu:7.2f} {cpu * 1000 / count:7.1f} {pages:6} {cpu * 1000 / pages:8.0f}"
            f" {max(m.peak for m in found):5} {found[0].size / 1000:6.0f}  ({len(found)} times)",
            flush=True,
        )


def long(times: int) -> None:
    """Five thousand measures from the database to the file."""
    with tempfile.TemporaryDirectory() as name, database(Path(name), FIVE_THOUSAND):
        began, cpu = time.perf_counter(), time.process_time()
        data = gather_now("branch", "OI", None, "")
        print(
            f"gathered in {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s CPU",
            flush=True,
        )
        for _ in range(min(times, 3)):
            found = made_apart(lambda: make(data))
            print(
                f"{len(data.measures)} rows, {found.pages} pages, {found.size / 1000:.0f} kB: {found.seconds:.1f} s,"
                f" {found.cpu:.1f} s CPU, {found.cpu * 1000 / len(data.measures):.1f} ms a row,"
                f" largest process {found.peak} MiB",
                flush=True,
            )


def clicks(times: int) -> None:
    """From the click to the ready file, with everything on this machine."""
    valkey = servers.start_valkey()
    with tempfile.TemporaryDirectory() as name, database(Path(name), SIXTY) as url:
        folder = Path(name)
        settings = {
            "GOVAPP_DATABASE_URL": url, "GOVAPP_REDIS_URL": valkey.url, "GOVAPP_FILES": str(folder / "files"),
        }  # fmt: skip
        with server("wsgi:app", **settings) as served, worker(url, valkey.url, folder):
            client = Client(served.port).sign_in(LEAD)
            with reading() as session:
                count = session.scalar(select(func.count()).where(Measure.state.in_(("active", "on_hold"))))
            for kind, key in (("branch", "OI"), ("dossier", "M-9")):
                took, size, pages = [], 0, 0
                for n in range(-2, times):
                    change("M-2", f"Asked again, {kind} {n}")
                    began = time.perf_counter()
                    row = await_end(click(client, kind, key))
                    if row.state != "ready":
                        raise AssertionError(row.problem)
                    if n >= 0:
                        took.append((time.perf_counter() - began) * 1000)
                    size, pages = row.size, row.pages
                what = f"click to ready, {kind}" + (f", {count} measures" if kind == "branch" else "")
                print(f"{what:44} {percentiles(took)}  {pages} pages, {size / 1000:.0f} kB", flush=True)
    valkey.stop()


def main() -> None:
    """Measure what is asked for."""
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    if what in {"all", "click"}:
        clicks(times)
    if what in {"all", "rows", "long"}:
        warm()
        print(f"a warm process holds {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
        report = render_branch(sample_branch(3))
        with pikepdf.open(io.BytesIO(report.data)) as pdf:
            assert len(pdf.pages) == report.pages
    if what in {"all", "rows"}:
        rows(times)
    if what in {"all", "long"}:
        long(times)


if __name__ == "__main__":
    main()
