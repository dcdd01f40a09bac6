"""The lines behind a figure, and figures as files."""

from collections.abc import Iterator
from typing import Any

from flask import Response as FlaskResponse
from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.domain.money_rows import KEPT, RUN_RATE, TOTAL
from govapp.domain.permissions import Permission
from govapp.present import dates
from govapp.present import finance as words
from govapp.present.finance_files import GROUP_COLUMNS, LINE_COLUMNS, group_cells, line_cells
from govapp.services.finance_groups import every_group
from govapp.services.finance_lines import (
    SO_FAR,
    Behind,
    export_lines,
    figure_behind,
    lines_behind,
    lines_to_export,
)
from govapp.services.finance_views import PAGE, Frame, frame_of, is_small
from govapp.services.measures import RecordListExport, record_list_export
from govapp.web._context import actor, origin, today
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._numbers import whole
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._files import as_csv, as_workbook
from govapp.web.finance._query import address, asked, query_of
from govapp.web.finance._view import common, name_of, period

P = Permission
MOST_IN_WORKBOOK = 2000


def _behind(frame: Frame) -> tuple[Behind, dict[str, str], str]:
    """The figure the address asks for, its part of the address, and its time in words."""
    series = request.args.get("series", "plan")
    series = series if series in KEPT and series != "booked" else "plan"
    span, month = request.args.get("span", ""), whole(request.args.get("month"))
    if frame.year and span == SO_FAR and frame.months:
        last = dates.month(frame.month(frame.months - 1))
        return Behind(series, frame.so_far), {"series": series, "span": span}, _("to %(month)s", month=last)
    if frame.year and month is not None and 1 <= month <= TOTAL:
        said = {"series": series, "month": str(month)}
        return Behind(series, (month - 1, month)), said, dates.month(frame.month(month - 1))
    return Behind(series), {"series": series}, "" if series == RUN_RATE else period(frame)


@route(bp, "/finance/lines", permission=P.FINANCE_VIEW)
def show_lines() -> Response:
    """The lines a figure is made of, fifty a page; their amounts add up to it."""
    said, n = asked(), page_number()
    with reading() as session:
        frame = frame_of(session, actor(), query_of(said), today())
        behind, more, when = _behind(frame)
        rows, count = lines_behind(session, frame, behind, n)
        slow = frame.wanted.narrow and not is_small(session, frame)
        figure = None if slow else figure_behind(session, frame, behind)
        shown = common(session, frame, said)
    pages = max(1, -(-count // PAGE))
    if n > pages:
        return see_other(address("/finance/lines", said, **more, page=pages))
    lacking = words.lacking_sentences(lack for row in rows for lack in row.translated.lacking)
    return page(
        "finance/lines.html", **shown, rows=rows, count=count, behind=behind, when=when, figure=figure,
        more=more, page_number=n, pages=pages, here=lambda to: address("/finance/lines", said, **more, page=to),
        lacking=lacking, most=MOST_IN_WORKBOOK,
    )  # fmt: skip


@route(bp, "/finance/lines/sum", permission=P.FINANCE_VIEW)
def show_sum() -> Response:
    """The figure itself where adding it up takes a while: a part of the page, or a page where scripts are off."""
    said = asked()
    with reading() as session:
        frame = frame_of(session, actor(), query_of(said), today())
        behind, more, when = _behind(frame)
        figure = figure_behind(session, frame, behind)
        shown = common(session, frame, said)
    return page(
        "finance/part.html", fragment="finance/_sum.html", part="sum", **shown, behind=behind, when=when,
        figure=figure, more=more,
    )  # fmt: skip


def _export_frame(session: Any) -> Frame:
    return frame_of(session, actor(), query_of(asked()), today(), P.MEASURE_EXPORT)


def _group_rows() -> list[list[Any]]:
    with reading() as session:
        frame = _export_frame(session)
        found = []
        for group in every_group(session, frame):
            name, way = name_of(frame, {}, group.key)
            key, title = (name, group.title) if group.title else (next(iter(way.values())), name)
            found += group_cells(key, title, group.standing.figures, group.standing.run_rate, frame.own)
        return found


@route(bp, "/finance.csv", permission=P.MEASURE_EXPORT)
def export_groups() -> FlaskResponse:
    """Figures of the view by group as CSV."""
    record_list_export(RecordListExport(origin(), asked(), "finance"))
    return as_csv(GROUP_COLUMNS, _group_rows(), "finance")


@route(bp, "/finance.xlsx", permission=P.MEASURE_EXPORT)
def export_groups_workbook() -> Response:
    """Figures of the view by group as a workbook."""
    rows = _group_rows()
    if len(rows) > MOST_IN_WORKBOOK:
        return _too_many("/finance.csv")
    record_list_export(RecordListExport(origin(), asked(), "finance"))
    return as_workbook(GROUP_COLUMNS, rows, "finance")


@route(bp, "/finance/lines.csv", permission=P.MEASURE_EXPORT)
def export_lines_csv() -> FlaskResponse:
    """All lines behind a figure as CSV, streamed."""
    record_list_export(RecordListExport(origin(), asked(), "finance-lines"))
    person, query, day = actor(), query_of(asked()), today()
    series = _series()

    def rows() -> Iterator[list[Any]]:
        with reading() as session:
            frame = frame_of(session, person, query, day, P.MEASURE_EXPORT)
            for source in export_lines(session, frame, series):
                yield line_cells(source, frame.own)

    return as_csv(LINE_COLUMNS, rows(), "finance-lines")


@route(bp, "/finance/lines.xlsx", permission=P.MEASURE_EXPORT)
def export_lines_workbook() -> Response:
    """All lines behind a figure as a workbook; of more than it holds, CSV."""
    with reading() as session:
        frame = _export_frame(session)
        if lines_to_export(session, frame, _series()) > MOST_IN_WORKBOOK:
            return _too_many("/finance/lines.csv")
        rows = [line_cells(source, frame.own) for source in export_lines(session, frame, _series())]
    record_list_export(RecordListExport(origin(), asked(), "finance-lines"))
    return as_workbook(LINE_COLUMNS, rows, "finance-lines")


def _series() -> str:
    said = request.args.get("series", "plan")
    return said if said in KEPT and said != "booked" else "plan"


def _too_many(path: str) -> Response:
    """So many rows leave as CSV, which is streamed."""
    return see_other(address(path, asked(), series=_series(), bom=1))
