"""Long tables: parts laid out in processes that end after one part each, then joined (design budget B10)."""

import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from govapp.present.environment import TEMPLATES
from govapp.reports._chunk import lay_out_file
from govapp.reports._join import join_files, page_sizes
from govapp.reports._templates import page_marks_html
from govapp.reports.paper import Progress, RenderError

FIRST_ROWS, CHUNK_ROWS = 150, 250
_MOST_AT_ONCE = 2
_FOLDERS, _LEFT_SECONDS = "govapp-report-", 600  # no job may take so long


@dataclass(slots=True)
class _Running:
    process: ForkServerProcess
    result: Path


def lay_out_parts(pages: Iterable[str], count: int, progress: Progress | None) -> tuple[bytes, int]:
    """Lay out `count` HTML pages side by side and join them; gives the file and its number of pages.

    No process lives longer than one part, so memory does not grow with the length of the report (B10).
    """
    forget_left_behind()
    with tempfile.TemporaryDirectory(prefix=_FOLDERS) as folder:
        results = _lay_out_all(pages, count, Path(folder), progress)
        if progress:
            progress("joining", 0, count)
        sizes = page_sizes(results)
        joined = _joined(results, sizes, Path(folder))
        return joined.read_bytes(), len(sizes)


def forget_left_behind() -> None:
    """Remove the folders of reports whose process was killed: they hold what the report was about to say."""
    old = time.time() - _LEFT_SECONDS
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        with suppress(OSError):
            about = folder.lstat()
            if about.st_uid == os.getuid() and about.st_mtime < old and not folder.is_symlink():
                shutil.rmtree(folder)


def _lay_out_all(pages: Iterable[str], count: int, folder: Path, progress: Progress | None) -> list[Path]:
    context = _server()
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


def _server() -> ForkServerContext:
    """The server that forks warm processes.

    It is told where our package lies, wherever the worker was started.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["govapp.reports._warm"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(TEMPLATES.parent), *([before] if before else [])])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _wait_for_one(running: list[_Running]) -> None:
    ended = wait([one.process.sentinel for one in running])
    for one in [one for one in running if one.process.sentinel in ended]:
        one.process.join()
        running.remove(one)
        if one.process.exitcode:
            problem = one.result.with_suffix(".problem")
            words = (
                problem.read_text("utf-8")
                if problem.exists()
                else "A part of the report could not be laid out."
            )
            raise RenderError(words)


def _joined(results: list[Path], sizes: list[bool], folder: Path) -> Path:
    marks_page, marks, joined = folder / "marks.html", folder / "marks.pdf", folder / "joined.pdf"
    marks_page.write_text(page_marks_html(sizes), "utf-8")
    _in_process(lay_out_file, (str(marks_page), str(marks)), marks)
    _in_process(join_files, ([str(result) for result in results], str(marks), str(joined)), joined)
    return joined


def _in_process(work: Callable[..., None], arguments: tuple[object, ...], result: Path) -> None:
    process = _server().Process(target=work, args=arguments, daemon=True)
    process.start()
    try:
        _wait_for_one([_Running(process, result)])
    finally:
        process.kill()
        process.join()
