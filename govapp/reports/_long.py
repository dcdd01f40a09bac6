"""Long tables: parts laid out in processes that end after one part each, then joined (design budget B10)."""

import multiprocessing
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from govapp.reports._chunk import lay_out_file
from govapp.reports._join import Joiner
from govapp.reports._templates import page_marks_html
from govapp.reports.paper import Progress, RenderProblem

FIRST_ROWS, CHUNK_ROWS = 150, 350
_MOST_AT_ONCE = 2


@dataclass(slots=True)
class _Running:
    process: ForkServerProcess
    result: Path


def lay_out_parts(pages: Iterable[str], count: int, progress: Progress | None) -> tuple[bytes, int]:
    """Lay out `count` HTML pages side by side and join them; gives the file and its number of pages.

    No process lives longer than one part, so memory does not grow with the length of the report (B10).
    """
    with tempfile.TemporaryDirectory(prefix="govapp-report-") as folder:
        results = _lay_out_all(pages, count, Path(folder), progress)
        if progress:
            progress("joining", 0, count)
        joiner = Joiner(results[0])
        try:
            for done, result in enumerate(results[1:], start=1):
                joiner.add(result)
                if progress:
                    progress("joining", done, count)
            sizes = joiner.sizes()
            return _numbered(joiner, sizes, Path(folder)), len(sizes)
        finally:
            joiner.close()


def _lay_out_all(pages: Iterable[str], count: int, folder: Path, progress: Progress | None) -> list[Path]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["govapp.reports._warm"])
    at_once = max(1, min(_MOST_AT_ONCE, os.cpu_count() or 1))
    running: list[_Running] = []
    results: list[Path] = []
    try:
        for number, page in enumerate(pages):
            source, result = folder / f"{number}.html", folder / f"{number}.pdf"
            source.write_text(page, "utf-8", "surrogatepass")
            results.append(result)
            if len(running) >= at_once:
                _wait_for_one(running)
                if progress:
                    progress("laying_out", number - len(running), count)
            process = context.Process(target=lay_out_file, args=(str(source), str(result)), daemon=True)
            process.start()
            running.append(_Running(process, result))
        while running:
            _wait_for_one(running)
            if progress:
                progress("laying_out", count - len(running), count)
    finally:
        for left in running:
            left.process.kill()
            left.process.join()
    return results


def _wait_for_one(running: list[_Running]) -> None:
    ended = wait([one.process.sentinel for one in running])
    for one in [one for one in running if one.process.sentinel in ended]:
        one.process.join()
        running.remove(one)
        if one.process.exitcode:
            problem = one.result.with_suffix(".problem")
            words = problem.read_text("utf-8") if problem.exists() else "A part of the report could not be laid out."
            raise RenderProblem(words)


def _numbered(joiner: Joiner, sizes: list[bool], folder: Path) -> bytes:
    marks_page, marks, joined = folder / "marks.html", folder / "marks.pdf", folder / "joined.pdf"
    marks_page.write_text(page_marks_html(sizes), "utf-8")
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=lay_out_file, args=(str(marks_page), str(marks)), daemon=True)
    process.start()
    running = [_Running(process, marks)]
    _wait_for_one(running)
    joiner.save(joined, marks)
    return joined.read_bytes()
