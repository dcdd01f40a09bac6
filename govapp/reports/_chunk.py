"""The short-lived process that lays out one part of a long report: HTML file in, PDF file out."""

import gc
import sys
from pathlib import Path

from govapp.reports import _engine
from govapp.reports.paper import RenderError


def lay_out_file(page: str, result: str) -> None:
    """Lay out the HTML in `page` into the file `result`; a refusal is written beside it and ends with status
    3."""
    gc.disable()
    try:
        data, _pages = _engine.lay_out(Path(page).read_text("utf-8"))
    except RenderError as problem:
        Path(result).with_suffix(".problem").write_text(str(problem), "utf-8")
        sys.exit(3)
    Path(result).write_bytes(data)
