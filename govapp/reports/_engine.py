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
from govapp.reports.paper import Progress, RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLES = {
    "Latin": "Aéł",
    "Greek": "Ωω",
    "Cyrillic": "Жж",
    "Arabic": "عربي",
    "Hebrew": "עב",
    "Chinese": "漢字",
    "Japanese": "かな",
    "Korean": "한글",
    "Thai": "ไทย",
    "Devanagari": "हि",
    "status marks": "●▲■○",
}
_log = logging.getLogger(__name__)
BUNDLED = {"bundled:print.css": TEMPLATES / "pdf" / "print.css"}


def pango_problem() -> str | None:
    """None if PDF files can be made here, else what is missing and what to do, in one sentence."""
    try:
        _weasyprint()
    except OSError as error:
        return (
            "PDF files cannot be made: the system library Pango is missing "
            f"({str(error).splitlines()[0][:120]}). "
            "Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0."
        )
    except ImportError:
        return "PDF files cannot be made: the Python package WeasyPrint is not installed."
    return None


def font_problem() -> str | None:
    """None if the fonts here can print the scripts people are named in, else which are missing and what to
    install."""
    if pango_problem():
        return None
    lacking = []
    for name, letters in _SAMPLES.items():
        with _unprinted() as missing:
            _weasyprint().HTML(string=f"<p>{letters}", url_fetcher=make_fetcher()).write_pdf()
        if missing:
            lacking.append(name)
    if not lacking:
        return None
    return f"No font here prints {', '.join(lacking)}: install fonts-noto-core and fonts-noto-cjk."


def warm() -> None:
    """Load WeasyPrint and the fonts once, before processes are forked from this one."""
    letters = " ".join(_SAMPLES.values())
    _weasyprint().HTML(
        string=f"<b>{letters}</b> <code>{letters}</code> {letters}", url_fetcher=make_fetcher()
    ).write_pdf()
    gc.collect()
    gc.freeze()


def lay_out(html: str, progress: Progress | None = None) -> tuple[bytes, int]:
    """A page of HTML as a tagged PDF/UA-1 file, with its number of pages.

    Nothing is fetched but `data:` addresses and our own sheet (R38). Raises RenderError where Pango is
    missing or the page is nested too deeply (R39).
    """
    problem = pango_problem()
    if problem:
        raise RenderError(problem)
    with _pages_counted(progress), _unprinted() as missing:
        try:
            document = _weasyprint().HTML(string=html, base_url=None, url_fetcher=make_fetcher()).render()
            data = document.write_pdf(pdf_variant="pdf/ua-1", finisher=_finish)
        except RecursionError as error:
            raise RenderError("The report is nested too deeply to be laid out.") from error
    if missing:
        _log.warning(
            "no installed font has these characters, install fonts-noto-cjk: %s",
            "".join(sorted(missing))[:80],
        )
    return data, len(document.pages)


def make_fetcher() -> Any:
    """The one fetcher of all reports: `data:` and bundled assets by name, no redirects, no files, no network
    (R38)."""
    return _fetcher_class()(allowed_protocols=("data",), allow_redirects=False)


def _finish(_document: Any, pdf: Any) -> None:
    """The finisher WeasyPrint calls with its document and the file before it is written."""
    tidy_tags(pdf)


@lru_cache(1)
def _weasyprint() -> ModuleType:
    return importlib.import_module("weasyprint")


@lru_cache(1)
def _fetcher_class() -> Any:
    urls = _weasyprint().urls
    base: Any = urls.URLFetcher

    class BundledOnly(base):
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


class _MissingCharacters(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if ".notdef" in str(record.msg) and isinstance(record.args, tuple):
            self.found.add(str(record.args[0]))


@contextmanager
def _unprinted() -> "Iterator[set[str]]":
    """The characters for which no font is found while this lasts."""
    logger, collector = logging.getLogger("weasyprint"), _MissingCharacters()
    passing = logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        yield collector.found
    finally:
        logger.removeHandler(collector)
        logger.propagate = passing


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
