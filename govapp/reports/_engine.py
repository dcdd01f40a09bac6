"""WeasyPrint lives here and nowhere else, and is loaded only when something is rendered."""

import gc
import importlib
import logging
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from govapp.present.environment import TEMPLATES
from govapp.reports._tags import tidy_tags
from govapp.reports.paper import Progress, RenderProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRIPTS = "Aé Ωω Жж عربي עב 漢字 かな 한글 ไทย हि ●▲■○–−"  # so that fonts of these scripts are found once
BUNDLED = {"bundled:print.css": TEMPLATES / "pdf" / "print.css"}


def pango_problem() -> str | None:
    """None if PDF files can be made here, else what is missing and what to do, in one sentence."""
    try:
        _weasyprint()
    except OSError as error:
        return (
            "PDF files cannot be made: the system library Pango is missing "
            f"({str(error).splitlines()[0][:120]}). Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0."
        )
    except ImportError:
        return "PDF files cannot be made: the Python package WeasyPrint is not installed."
    return None


def warm() -> None:
    """Load WeasyPrint and the fonts once, before processes are forked from this one."""
    lay_out(f"<html lang='en'><title>-</title><body><b>{_SCRIPTS}</b> <code>{_SCRIPTS}</code> {_SCRIPTS}")
    gc.collect()
    gc.freeze()


def lay_out(html: str, progress: Progress | None = None) -> tuple[bytes, int]:
    """A page of HTML as a tagged PDF/UA-1 file, with its number of pages.

    Nothing is fetched but `data:` addresses and our own sheet (R38). Raises RenderProblem where Pango is missing or the
    page is nested too deeply (R39).
    """
    problem = pango_problem()
    if problem:
        raise RenderProblem(problem)
    fetcher = make_fetcher()
    with _pages_counted(progress):
        try:
            document = _weasyprint().HTML(string=html, base_url=None, url_fetcher=fetcher).render()
            data = document.write_pdf(pdf_variant="pdf/ua-1", finisher=tidy_tags)
        except RecursionError as error:
            raise RenderProblem("The report is nested too deeply to be laid out.") from error
    return data, len(document.pages)


def make_fetcher() -> Any:
    """The one fetcher of all reports: `data:` and bundled assets by name, no redirects, no files, no network (R38)."""
    return _fetcher_class()(allowed_protocols=("data",), allow_redirects=False)


@lru_cache(1)
def _weasyprint() -> ModuleType:
    return importlib.import_module("weasyprint")


@lru_cache(1)
def _fetcher_class() -> Any:
    urls = _weasyprint().urls
    base: Any = urls.URLFetcher

    class BundledOnly(base):  # type: ignore[misc]  # the base is loaded at run time
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in BUNDLED:
                return urls.URLFetcherResponse(url, BUNDLED[url].read_bytes(), {"Content-Type": "text/css"})
            return super().fetch(url, headers)

    return BundledOnly


class _PageCounter(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self.progress = progress
        self.page = 0

    def emit(self, record: logging.LogRecord) -> None:
        if "Creating layout - Page" not in str(record.msg) or not isinstance(record.args, tuple):
            return
        page = int(str(record.args[0]))
        if page > self.page:  # a second round over the pages does not count down
            self.page = page
            self.progress("laying_out", page, 0)


@contextmanager
def _pages_counted(progress: Progress | None) -> "Iterator[None]":
    logger = logging.getLogger("weasyprint.progress")
    if progress is None:
        yield
        return
    counter, level, passing = _PageCounter(progress), logger.level, logger.propagate
    logger.addHandler(counter)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(counter)
        logger.setLevel(level)
        logger.propagate = passing
