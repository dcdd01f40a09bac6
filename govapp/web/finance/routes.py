"""What a set of measures brings: the overview over branches. Every other file of routes here is imported below."""

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.rollup_queries import BRANCH, KIND
from govapp.domain.errors import NotFound
from govapp.domain.permissions import Permission
from govapp.services import finance_views as views
from govapp.services.finance_views import Frame
from govapp.web._fields import page_number
from govapp.web._hx import page
from govapp.web._routes import route
from govapp.web.finance import (
    confirmations_routes,
    cost_object_routes,
    kpi_routes,
    ledger_routes,
    lines_routes,
    periods_routes,
    rates_routes,
)
from govapp.web.finance._bp import bp
from govapp.web.finance._query import asked, understood
from govapp.web.finance._view import common, figures_part, groups_part, months_part, pipeline_part

P = Permission


@route(bp, "/finance", permission=P.FINANCE_VIEW)
def show_finance() -> Response:
    """The overview. What takes long in a large branch is loaded after the page."""
    with reading() as session:
        try:
            found = understood(session)
        except NotFound:
            if {"branch", "measure"} & set(asked()):
                raise
            return page("finance/nothing.html")
        shown = common(session, found) | _parts(session, found.frame)
    return page("finance/overview.html", **shown)


def _parts(session: Session, frame: Frame) -> dict[str, Any]:
    """The parts that are there at once: all in a small branch, else those whose sums are kept."""
    small, narrow = views.is_small(session, frame), frame.wanted.narrow
    at_once: set[str] = set()
    shown: dict[str, Any] = {"at_once": at_once}
    if small or not narrow:
        rows = views.merged(views.rows_by(session, frame, months=True))
        shown |= figures_part(frame, rows) | months_part(frame, rows)
        at_once |= {"figures", "months"}
    if small or (not narrow and frame.query.by in {BRANCH, KIND}):
        shown |= groups_part(session, frame, page_number())
        at_once.add("groups")
    if small:
        shown |= pipeline_part(session, frame)
        at_once.add("pipeline")
    return shown


def _part(name: str) -> Response:
    """One part of the overview, or a page of its own where scripts are off."""
    with reading() as session:
        found = understood(session)
        frame, shown = found.frame, common(session, found)
        if name == "groups":
            shown |= groups_part(session, frame, page_number())
        elif name == "pipeline":
            shown |= pipeline_part(session, frame)
        else:
            kinds = frame.kinds if name == "months" else ()
            rows = views.merged(views.rows_by(session, frame, months=name == "months", kinds=kinds))
            shown |= months_part(frame, rows) if name == "months" else figures_part(frame, rows)
    return page("finance/part.html", fragment=f"finance/_{name}.html", part=name, **shown)


@route(bp, "/finance/figures", permission=P.FINANCE_VIEW)
def show_figures() -> Response:
    """Kinds, recurring and one-off."""
    return _part("figures")


@route(bp, "/finance/months", permission=P.FINANCE_VIEW)
def show_months() -> Response:
    """Months and charts."""
    return _part("months")


@route(bp, "/finance/groups", permission=P.FINANCE_VIEW)
def show_groups() -> Response:
    """Figures by group."""
    return _part("groups")


@route(bp, "/finance/pipeline", permission=P.FINANCE_VIEW)
def show_pipeline() -> Response:
    """The pipeline by stage, nominal and weighted."""
    return _part("pipeline")


__all__ = [
    "bp", "confirmations_routes", "cost_object_routes", "kpi_routes", "ledger_routes", "lines_routes", "periods_routes",
    "rates_routes",
]  # fmt: skip
