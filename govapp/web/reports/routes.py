"""Reports: the archive, asking for one, its progress, its file, and a printable page where no PDF can be made."""

from typing import Any

from flask import Blueprint, current_app, make_response, request, send_file
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.report_archive import PAGE, archive_page, branches_to_choose, place_in_queue
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.permissions import Permission
from govapp.domain.reports import KINDS
from govapp.domain.rights import right_of
from govapp.present import report_pages as words
from govapp.present.environment import TEMPLATES
from govapp.present.errors import sentences_of
from govapp.services.reports import (
    ReportCommand,
    RequestReport,
    download_report,
    open_report,
    print_report,
    request_report,
    retry_report,
)
from govapp.web._attachment import as_attachment
from govapp.web._context import actor, origin
from govapp.web._fields import day, page_number, text
from govapp.web._hx import page, see_other
from govapp.web._routes import route

bp = Blueprint("reports", __name__)
P = Permission
MAY_SEE = (P.REPORT_VIEW, P.REPORT_MAKE)


@route(bp, "/reports", permission=MAY_SEE)
def list_reports() -> Response:
    """The archive with the form that asks for a report, filled from the address."""
    given = {
        name: request.args.get(name, "").strip()[:200] for name in ("kind", "measure", "branch", "as_of")
    }
    return _list(given)


def _list(given: dict[str, str], errors: dict[str, list[str]] | None = None, status: int = 200) -> Response:
    shown = request.args.get("show", "")
    shown = shown if shown in KINDS else ""
    number = page_number()
    with reading() as session:
        rows, total = archive_page(session, actor(), number, shown)
        branches = branches_to_choose(session, actor())
    return page(
        "reports/list.html", status=status, rows=rows, total=total, page_number=number, pages=-(-total // PAGE),
        shown=shown, given=given, errors=errors or {}, branches=branches, words=words,
        address=lambda n: f"/reports?page={n}" + (f"&show={shown}" if shown else ""),
    )  # fmt: skip


@route(bp, "/reports", permission=P.REPORT_MAKE, methods=["POST"])
def ask_for_report() -> Response:
    """Ask for a report; what cannot be comes back in the form with everything that was typed."""
    kind = request.form.get("kind", "")[:20]
    try:
        field = "branch" if kind == "branch" else "measure"
        key = text(field, 200)
        if not key:
            raise Invalid("report_invalid", {field: ["required"]})
        report = request_report(
            RequestReport(kind, key if field == "branch" else key.upper(), origin(), day("as_of"))
        )
    except Invalid as error:
        return _list(request.form.to_dict(), sentences_of(error), 422)
    except NotFound:
        sentence = words.unknown_sentence(field)
        return _list(request.form.to_dict(), {field: [sentence]}, 422)
    return see_other(f"/reports/{report}")


def _shown(report_id: int) -> dict[str, Any]:
    report, subject = open_report(actor(), report_id)
    place = 0
    if report.state == "queued":
        with reading() as session:
            place = place_in_queue(session, report)
    return {
        "report": report,
        "subject": subject,
        "words": words,
        "place": place,
        "may_make": right_of(actor(), P.REPORT_MAKE, subject.place) is not None,
    }


@route(bp, "/reports/<int:report_id>", permission=MAY_SEE)
def show_report(report_id: int) -> Response:
    """One report: how far it is, or its file."""
    return page("reports/report.html", **_shown(report_id))


@route(bp, "/reports/<int:report_id>/progress", permission=MAY_SEE, poll=True)
def show_progress(report_id: int) -> Response:
    """How far it is, asked every second by a page that is open."""
    return page("reports/report.html", fragment="reports/_progress.html", **_shown(report_id))


@route(bp, "/reports/<int:report_id>/retry", permission=P.REPORT_MAKE, methods=["POST"])
def retry(report_id: int) -> Response:
    """Put a failed report into the queue again."""
    retry_report(ReportCommand(report_id, origin()))
    return see_other(f"/reports/{report_id}")


@route(bp, "/reports/<int:report_id>/file", permission=MAY_SEE)
def download(report_id: int) -> Response:
    """The PDF, always as an attachment under a name of its own."""
    return as_attachment(download_report(ReportCommand(report_id, origin())))


@route(bp, "/reports/<int:report_id>/print", permission=MAY_SEE)
def show_printable(report_id: int) -> Response:
    """The report as a page that prints well: needs no worker and no Pango."""
    asked = print_report(ReportCommand(report_id, origin()))
    drawn = current_app.extensions["govapp.printable"](
        asked, current_app.config["GOVAPP"].address, "/reports/print.css"
    )
    return make_response(drawn)


@route(bp, "/reports/print.css", permission=P.SIGNED_IN)
def show_print_sheet() -> Response:
    """The style of printable pages, the same as that of the PDF."""
    return send_file(TEMPLATES / "pdf" / "print.css", mimetype="text/css", max_age=3600)
