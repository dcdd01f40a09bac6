"""Status reports of a measure: those published, and the form for the next with what it will bear."""

from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.snapshots import Loaded
from govapp.data.status_report_queries import newest_number, reports_of
from govapp.domain.kpis import month_of
from govapp.domain.measures import STATUS_KINDS
from govapp.domain.permissions import Permission
from govapp.present.status_words import computed_view
from govapp.services.status_reports import PublishReport, content_of, publish_report
from govapp.web._context import day_at, origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._pages import show
from govapp.web.measures._typed import Typed, attempt
from govapp.web.measures.kpi_routes import months_back

P = Permission
OFFERED = 6


def _page(key: str, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        measure = loaded.measure.id
        months = list(reversed(months_back(day_at(loaded.timezone), OFFERED)))
        asked = month_of((again.get("form") or request.args).get("month", "")) or months[0]
        chosen = asked if asked in months else months[0]
        return {
            "reports": [(each, _views(loaded, each.computed)) for each in reports_of(session, measure)],
            "months": months,
            "month": chosen,
            "newest": newest_number(session, measure, chosen),
            "draft": content_of(session, loaded, chosen),
            "kinds": STATUS_KINDS,
            "day_of": date.fromisoformat,
        }

    return show(key, "measures/status_reports.html", "overview", read, **again)


def _views(loaded: Loaded, computed: dict[str, Any]) -> dict[str, Any]:
    return {kind: computed_view(loaded.rules, kind, computed.get(kind)) for kind in STATUS_KINDS}


@route(bp, "/measures/<key>/status-reports", permission=P.MEASURE_VIEW)
def show_status_reports(key: str) -> Response:
    """Published reports; `month` chooses the one to be written."""
    return _page(key)


@route(bp, "/measures/<key>/status-reports", permission=P.MEASURE_VIEW, methods=["POST"])
def publish_status_report(key: str) -> Response:
    """Publish a report, or the correction of one."""
    typed = Typed()

    def verb() -> Response:
        month = month_of(typed.text("month"))
        if month is None:
            typed.faults["month"] = ["reading_month"]
        typed.checked()
        command = PublishReport(
            key, month or date.min, typed.text("text"), origin(), typed.text("reason"), typed.version("seen"),
            typed.key(),
        )  # fmt: skip
        number = publish_report(command)
        told = _("The report is published.") if number == 1 else _("The correction is published.")
        return see_other(f"/measures/{key}/status-reports", told)

    answer: Response = attempt(verb, lambda **again: _page(key, **again))
    return answer
