"""The lines behind a figure, and figures as files."""

from collections.abc import Iterator
from typing import Any

from flask import Response as FlaskResponse
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.domain.errors import NotFound
from govapp.domain.money_rows import RUN_RATE
from govapp.domain.permissions import Permission
from govapp.domain.rollups import WHOLE
from govapp.present import dates
from govapp.present import finance as words
from govapp.present.finance_files import CSV_COLUMNS, LINE_COLUMNS, line_cells
from govapp.present.language import gettext as _
from govapp.services.finance_lines import Behind, export_lines, figure_behind, lines_behind, lines_to_export
from govapp.services.finance_views import PAGE, Frame, is_small
from govapp.services.measures import RecordListExport, record_list_export
from govapp.web._context import origin
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._export import Tables, csv_cells, sheets, tables_of
from govapp.web.finance._files import as_csv, as_sheets, as_workbook
from govapp.web.finance._query import address, asked, behind_of, for_file, understood
from govapp.web.finance._view import common, period

P = Permission
MOST_IN_WORKBOOK = 10_000


def _when(frame: Frame, behind: Behind) -> str:
    """The time of a figure in words."""
    if behind.span == WHOLE:
        return "" if behind.series == RUN_RATE else period(frame)
    first, after = behind.span
    if behind.span == frame.so_far and first + 1 != after:
        return _("to %(month)s", month=dates.month(frame.month(after - 1)))
    return dates.month(frame.month(first))


@route(bp, "/finance/lines", permission=P.FINANCE_VIEW)
def show_lines() -> Response:
    """The lines a figure is made of, fifty a page; their amounts add up to it."""
    n = page_number()
    with reading() as session:
        found = understood(session)
        frame = found.frame
        behind, more = behind_of(frame, found.unknown)
        rows, count = lines_behind(session, frame, behind, n)
        slow = frame.wanted.narrow and not is_small(session, frame)
        reckoning = None if slow else figure_behind(session, frame, behind, rows, count)
        shown = common(session, found)
    pages = max(1, -(-count // PAGE))
    if n > pages:
        return see_other(address("/finance/lines", found.said, **more, page=pages))
    lacking = words.lacking_sentences(lack for row in rows for lack in row.translated.lacking)
    return page(
        "finance/lines.html", **shown, rows=rows, count=count, behind=behind, when=_when(frame, behind),
        reckoning=reckoning, more=more, page_number=n, pages=pages,
        here=lambda to: address("/finance/lines", found.said, **more, page=to), lacking=lacking,
        most=MOST_IN_WORKBOOK,
    )  # fmt: skip


@route(bp, "/finance/lines/sum", permission=P.FINANCE_VIEW)
def show_sum() -> Response:
    """The figure itself where adding it up takes a while: a part of the page, or a page where scripts are off."""
    n = page_number()
    with reading() as session:
        found = understood(session)
        behind, more = behind_of(found.frame, found.unknown)
        rows, count = lines_behind(session, found.frame, behind, n)
        reckoning = figure_behind(session, found.frame, behind, rows, count)
        shown = common(session, found)
    return page(
        "finance/part.html", fragment="finance/_sum.html", part="sum", **shown, behind=behind,
        when=_when(found.frame, behind), reckoning=reckoning, more=more,
    )  # fmt: skip


def _tables() -> Tables:
    with reading() as session:
        found = for_file(session, P.MEASURE_EXPORT)
        return tables_of(session, found)


@route(bp, "/finance.csv", permission=P.MEASURE_EXPORT)
def export_view() -> FlaskResponse:
    """All tables of the view as one CSV."""
    tables = _tables()
    record_list_export(RecordListExport(origin(), asked(), "finance"))
    return as_csv(CSV_COLUMNS, csv_cells(tables), "finance")


@route(bp, "/finance.xlsx", permission=P.MEASURE_EXPORT)
def export_view_workbook() -> FlaskResponse:
    """All tables of the view as sheets of a workbook."""
    tables = _tables()
    record_list_export(RecordListExport(origin(), asked(), "finance"))
    return as_sheets(sheets(tables), "finance")


@route(bp, "/finance/lines.csv", permission=P.MEASURE_EXPORT)
def export_lines_csv() -> FlaskResponse:
    """All lines behind a figure as CSV, streamed."""
    with reading() as session:
        frame, series = _behind_file(session)
    record_list_export(RecordListExport(origin(), asked(), "finance-lines"))

    def rows() -> Iterator[list[Any]]:
        with reading() as own_session:
            for source in export_lines(own_session, frame, series):
                yield line_cells(source, frame.own)

    return as_csv(LINE_COLUMNS, rows(), "finance-lines")


@route(bp, "/finance/lines.xlsx", permission=P.MEASURE_EXPORT)
def export_lines_workbook() -> Response:
    """All lines behind a figure as a workbook; of more than it holds, CSV."""
    with reading() as session:
        frame, series = _behind_file(session)
        if lines_to_export(session, frame, series) > MOST_IN_WORKBOOK:
            return see_other(address("/finance/lines.csv", asked(), series=series, bom=1))
        rows = [line_cells(source, frame.own) for source in export_lines(session, frame, series)]
    record_list_export(RecordListExport(origin(), asked(), "finance-lines"))
    return as_workbook(LINE_COLUMNS, rows, "finance-lines")


def _behind_file(session: Session) -> tuple[Frame, str]:
    """The view and series of a file of lines. Raises NotFound where the address says what nobody knows."""
    found = for_file(session, P.MEASURE_EXPORT)
    unknown: dict[str, str] = {}
    behind, _more = behind_of(found.frame, unknown)
    if unknown:
        raise NotFound("not_found")
    return found.frame, behind.series
