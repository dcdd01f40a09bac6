"""Import and export of measures: `python -m tests.bench.bench_import [sqlite|postgresql] [ROWS ...]` (budget B6).

Makes a file of so many measures, imports it into a fresh database, imports it again, and streams the list as CSV from
a real server. Each import runs in a process of its own, so that its peak memory is its own.
"""

import csv
import gc
import http.client
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import govapp.data.tables  # noqa: F401 - every process that writes needs the whole metadata
from govapp.services.imports import ImportMeasures, import_measures
from tests import databases
from tests.bench.served import Client, server
from tests.cast import SYSTEM, fill_with_cast

ROWS = (10_000, 100_000)
PACKAGES, STAGES = 40, ("", "identified", "decided", "implemented")
REFUSED = 500  # one row of so many has an amount nobody can read
HEADS = (
    "id", "name", "package", "problem", "description", "effect", "unit", "function", "service", "risk", "stage",
    "start", "end", "saving", "cost", "colour", "comment",
)  # fmt: skip
_AMOUNT: dict[str, Any] = {"kind": "ebitda", "series": "plan", "scale": 1000, "currency": "EUR"}
MAPPING: dict[str, Any] = {
    "name": "A list of measures",
    "source": "bench",
    "encoding": "utf-8",
    "delimiter": "comma",
    "match": "key_then_name",
    "key": "id",
    "title": "name",
    "branch": [{"kind": "measure_package", "column": "package"}],
    "fields": {
        "problem": {"column": "problem"}, "description": {"column": "description"},
        "expected_effect": {"column": "effect"}, "business_unit": {"column": "unit"},
        "function": {"column": "function"}, "service": {"column": "service"}, "risk_rating": {"column": "risk"},
    },
    "dates": {"date_forms": ["yyyy-mm-dd"]},
    "milestones": [
        {"name": "Start", "which": "plan", "column": "start"},
        {"name": "End", "which": "plan", "column": "end"},
    ],
    "amount_style": {"decimal": "point", "thousands": "comma"},
    "amounts": [
        _AMOUNT | {"line": "Saving", "category": "licences", "timing": "recurring", "column": "saving"},
        _AMOUNT
        | {"line": "Cost", "category": "implementation-cost", "timing": "one_off", "column": "cost", "sign": -1},
    ],
    "statuses": [
        {"kind": "implementation", "column": "colour", "reason": "comment",
         "values": {"Green": "green", "Amber": "yellow", "Red": "red"}},
    ],
    "open_at": {"column": "stage", "otherwise": "keep"},
}  # fmt: skip


def lines(rows: int) -> Iterator[tuple[object, ...]]:
    """The records of the file, some 500 bytes each."""
    first = date(2026, 1, 5)
    for n in range(rows):
        saving = "a lot" if n % REFUSED == REFUSED - 1 else f"{n % 4000 + 1:,}.{n % 100:02}"
        yield (
            f"X-{n:06}", f"Fewer calls about subject {n} at the service desk", f"Package {n % PACKAGES + 1}",
            f"Every {n % 30 + 2}th call is about subject {n}; people wait eleven minutes each time it happens.",
            f"Self-service for subject {n}, with an article in the catalogue and training for all teams.",
            f"{n % 60 + 10} of 100 calls about subject {n} disappear within a year.",
            f"business-unit-{n % 2 + 1}", f"function-{n % 2 + 1}", f"service-{n % 2 + 1}",
            ("low", "medium", "high")[n % 3], STAGES[n % len(STAGES)], first + timedelta(n % 200),
            first + timedelta(n % 200 + 300), saving, n % 900 + 1, ("Green", "Amber", "Red")[n % 3],
            "As the last steering committee has seen it.",
        )  # fmt: skip


def write(file: Path, rows: int) -> None:
    """Write the file."""
    with file.open("w", encoding="utf-8", newline="") as to:
        out = csv.writer(to)
        out.writerow(HEADS)
        out.writerows(lines(rows))


def peak(pid: int | str = "self") -> float:
    """The largest resident size of a process so far, in MiB; ru_maxrss would count its parent's in."""
    return (
        int(re.findall(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[0]) / 1024
    )


@dataclass
class Told:
    """When progress was reported, and the longest silence: seconds, and the report before it."""

    last: float = field(default_factory=time.perf_counter)
    what: str = "the beginning"
    gap: float = 0.0
    where: str = ""
    phases: dict[str, float] = field(default_factory=dict)

    def __call__(self, phase: str, done: int, total: int, refused: int) -> None:
        """A report of the import."""
        now = time.perf_counter()
        self.phases[phase] = self.phases.get(phase, 0) + now - self.last
        if now - self.last > self.gap:
            self.gap, self.where = now - self.last, self.what
        self.last, self.what = now, f"{phase} {done}"


@dataclass(frozen=True)
class Imported:
    """One import: counts, seconds by the clock and of this process, MiB before and at most, and its reports."""

    counts: str
    rows: int
    seconds: float
    cpu: float
    before: float
    most: float
    told: Told


def import_file(url: str, file: Path) -> Imported:
    """Import the file as the command does."""
    engine = databases.use(databases.open_engine(url), file.parent / "files")
    before = peak()
    began, spent = time.perf_counter(), time.process_time()
    told = Told()
    gc.freeze()  # as the command does
    gc.set_threshold(50_000, 50, 50)
    command = ImportMeasures(SYSTEM, file.name, file.read_bytes(), "service-quality", MAPPING)
    result = import_measures(command, told)
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    told("end", result.rows, result.rows, result.refused)
    engine.dispose()
    if result.refused != result.rows // REFUSED:
        raise AssertionError(result.shown[0])
    counts = f"{result.added} added, {result.unchanged} unchanged, {result.refused} refused"
    return Imported(counts, result.rows, seconds, cpu, before, peak(), told)


def apart(what: str, url: str, file: Path) -> None:
    """Import in a fresh process and print how it went."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(import_file, url, file).result()
    speed = f"{found.rows / found.seconds:8,.0f} rows/s  {found.rows / found.cpu:8,.0f} a processor second"
    print(
        f"{what:16} {speed}  peak {found.most:4.0f} MiB ({found.before:.0f} before)  longest silence"
        f" {found.told.gap:5.2f} s (after {found.told.where})",
        flush=True,
    )
    phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in found.told.phases.items())
    print(f"{'':16} {found.counts}; {phases}", flush=True)


def export(url: str, folder: Path) -> None:
    """The whole list as CSV from a real server, read as it comes."""
    with server("wsgi:app", GOVAPP_DATABASE_URL=url, GOVAPP_FILES=str(folder / "files")) as served:
        client = Client(served.port).sign_in("auditor@example.test")
        before, spent = max(map(peak, served.pids())), served.cpu()
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=600)
        began = time.perf_counter()
        connection.request(
            "GET",
            "/measures.csv",
            headers={"Cookie": "; ".join(f"{k}={v}" for k, v in client.cookies.items())},
        )
        answer = connection.getresponse()
        size, rows, first = 0, -1, 0.0
        while data := answer.read1(65_536):
            first = first or time.perf_counter() - began
            size, rows = size + len(data), rows + data.count(b"\n")
        seconds, cpu = time.perf_counter() - began, served.cpu() - spent
        if answer.status != 200 or rows < 1:
            raise AssertionError((answer.status, rows))
        print(
            f"{'export as CSV':16} {rows / seconds:8,.0f} rows/s  {rows / cpu:8,.0f} a processor second"
            f"  peak {max(map(peak, served.pids())):4.0f} MiB ({before:.0f} before)  {rows} rows, {size / 1e6:.1f} MB,"
            f" first byte {first * 1000:.0f} ms, whole {seconds:.1f} s",
            flush=True,
        )


def main() -> None:
    """Measure each length on a database of its own."""
    given = sys.argv[1:]
    dialect = given.pop(0) if given and not given[0].isdecimal() else "sqlite"
    for rows in map(int, given) if given else ROWS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = databases.new_template(dialect, folder, fill_with_cast).url
            file = folder / "measures.csv"
            write(file, rows)
            print(f"{dialect}, {rows} rows, {file.stat().st_size / 1e6:.1f} MB", flush=True)
            apart("import", url, file)
            apart("the same again", url, file)
            export(url, folder)


if __name__ == "__main__":
    main()
