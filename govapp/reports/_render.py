"""From a report's data to HTML and PDF: one template, whole or in parts when its last table is long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from govapp.present import language
from govapp.reports import _engine, _long
from govapp.reports._templates import PRINT_CSS, environment
from govapp.reports.paper import Progress, RenderedPdf

ROWS_AT_ONCE = 300
_LONG = 1000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report ready to be laid out: its template, its data, and the rows of the table that stands last."""

    template: str
    data: Any
    rows: Sequence[Any]
    content_hash: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def html(
        self,
        part: str = "whole",
        rows: Sequence[Any] | None = None,
        stylesheet: str = PRINT_CSS,
        *,
        last: bool = True,
    ) -> str:
        """The page: `whole`, its `front` with the first rows, or a `chunk` of further rows.

        What stands after the table comes with the `last` rows.
        """
        template = environment().get_template(f"pdf/{self.template}.html")
        return template.render(
            data=self.data,
            rows=self.rows if rows is None else rows,
            part=part,
            last=last,
            linked=len(self.rows) <= _LONG,
            content_hash=self.content_hash,
            stylesheet=stylesheet,
            language=language.locale(),
            **self.extra,
        )


def render(sheet: Sheet, progress: Progress | None = None) -> RenderedPdf:
    """Lay the report out; a table of more than 300 rows in short-lived processes, a few hundred rows each
    (B10)."""
    if progress:
        progress("collecting", len(sheet.rows), len(sheet.rows))
    if len(sheet.rows) <= ROWS_AT_ONCE:
        data, pages = _engine.lay_out(sheet.html(), progress)
    else:
        parts = [("front", sheet.rows[: _long.FIRST_ROWS])]
        starts = range(_long.FIRST_ROWS, len(sheet.rows), _long.CHUNK_ROWS)
        parts += [("chunk", sheet.rows[start : start + _long.CHUNK_ROWS]) for start in starts]
        count = len(parts)
        data, pages = _long.lay_out_parts(
            (sheet.html(part, rows, last=n == count) for n, (part, rows) in enumerate(parts, 1)),
            count,
            progress,
        )
    if progress:
        progress("ready", pages, pages)
    return RenderedPdf(data, pages, sheet.content_hash)


def render_page(sheet: Sheet, stylesheet: str) -> str:
    """The whole report as an HTML page that prints well in a browser."""
    return sheet.html("page", stylesheet=stylesheet)
