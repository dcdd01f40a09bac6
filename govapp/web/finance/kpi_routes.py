"""Operating figures of the organizations one works in: the list, and one figure with the measures it judges."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from govapp.data import kpi_queries as queries
from govapp.data.engine import reading
from govapp.data.kpis import Kpi
from govapp.data.structure import Branch
from govapp.domain.errors import GovappError, NotFound
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, right_of
from govapp.present import kpi_words
from govapp.present.chart_kpi import kpi_chart
from govapp.services._figures import figure_right
from govapp.services.kpis import FIGURE, SetKpi, set_kpi
from govapp.services.readings import SetReadings, set_readings
from govapp.web._context import actor, origin, today
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.measures._typed import Typed, attempt
from govapp.web.measures.kpi_routes import SHOWN_MONTHS, months_back, pasted_readings, shown, typed_readings

P = Permission
AT = "/finance/operating-figures"


def _roots() -> list[Branch]:
    """Root branches of the organizations in which this person reads measures anywhere."""
    paths = tuple(grant.path for grant in actor().grants if P.MEASURE_VIEW in grant.permissions)
    with reading() as session:
        rows = session.scalars(select(Branch).where(Branch.parent_id.is_(None)).order_by(Branch.id)).all()
        session.expunge_all()
    return [row for row in rows if actor().is_system or any(path.startswith(row.path) for path in paths)]


def _may_edit(root: Branch, places: list[Place]) -> bool:
    try:
        figure_right(actor(), root, places)
    except GovappError:
        return False
    return True


def _list(**again: Any) -> Response:
    roots = _roots()
    with reading() as session:
        found = queries.figures_of(session, [root.organization_id for root in roots])
    editable = [root for root in roots if _may_edit(root, [])]
    status = again.pop("status", 200)
    words = {"faults": {}, "form": {}, "problem": ""} | again
    return page(
        "finance/figures.html",
        status=status,
        found=found,
        editable=editable,
        organizations=[(root.key, root.name) for root in editable],
        figure_words=kpi_words,
        **words,
    )


@route(bp, AT, permission=P.MEASURE_VIEW)
def show_operating_figures() -> Response:
    """All figures by name, with their newest readings."""
    return _list()


@route(bp, AT, permission=P.MEASURE_VIEW, methods=["POST"])
def add_operating_figure() -> Response:
    """A new figure of an organization."""
    typed = Typed()

    def verb() -> Response:
        given: dict[str, Any] = {name: typed.text(name) for name in FIGURE}
        number = set_kpi(
            SetKpi(origin(), **given, organization=typed.text("organization"), action_key=typed.key())
        )
        return see_other(f"{AT}/{number}", _("The figure is saved."))

    answer: Response = attempt(verb, _list)
    return answer


def _figure(number: int, *, which: str = "", **again: Any) -> Response:
    roots = _roots()
    with reading() as session:
        row = session.get(Kpi, number)
        root = next((each for each in roots if row and each.organization_id == row.organization_id), None)
        if row is None or root is None:
            raise NotFound("not_found")
        read = queries.readings_of(session, [number]).get(number, ())
        uses = queries.uses_of(session, number)
        places = {each.measure_id: queries.place_of_use(session, each) for each in uses}
        session.expunge_all()
    mine = [each for each in uses if right_of(actor(), P.MEASURE_VIEW, places[each.measure_id])]
    known = {each.month: each for each in read}
    months = months_back(today(), SHOWN_MONTHS)
    status = again.pop("status", 200)
    words = {"faults": {}, "form": {}, "problem": ""} | again
    return page(
        "finance/figure.html",
        status=status,
        row=row,
        uses=mine,
        hidden_uses=len(uses) - len(mine),
        read=read,
        chart=kpi_chart(row.name, row.unit, row.better, [(each.month, each.value) for each in read]),
        cells=[(month, shown(known[month].value) if month in known else "") for month in months],
        may_edit=_may_edit(root, list(places.values())),
        may_import=any(P.KPI_IMPORT in grant.permissions for grant in actor().grants),
        which=which,
        figure_words=kpi_words,
        **words,
    )


@route(bp, f"{AT}/<int:number>", permission=P.MEASURE_VIEW)
def show_operating_figure(number: int) -> Response:
    """A figure with its readings and the measures it judges."""
    return _figure(number)


@route(bp, f"{AT}/<int:number>", permission=P.MEASURE_VIEW, methods=["POST"])
def change_operating_figure(number: int) -> Response:
    """Change name, unit, source or direction."""
    typed = Typed()

    def verb() -> Response:
        given: dict[str, Any] = {name: typed.text(name) for name in FIGURE}
        set_kpi(
            SetKpi(origin(), **given, kpi_id=number, seen_version=typed.version(), action_key=typed.key())
        )
        return see_other(f"{AT}/{number}", _("The figure is saved."))

    answer: Response = attempt(verb, lambda **again: _figure(number, which="figure", **again))
    return answer


@route(bp, f"{AT}/<int:number>/readings", permission=P.MEASURE_VIEW, methods=["POST"])
def save_figure_readings(number: int) -> Response:
    """Readings typed, pasted or from a file."""
    typed = Typed()
    pasted = bool(request.form.get("block", "").strip() or request.files.get("file"))

    def verb() -> Response:
        if pasted:
            given, seen = pasted_readings(), None
        else:
            given, seen = typed_readings(typed)
            typed.checked()
        from_file = bool(request.files.get("file") and request.files["file"].filename)
        command = SetReadings(
            number, given, origin(), typed.text("source"), seen, imported=from_file, action_key=typed.key()
        )
        changed = set_readings(command) if given else 0
        return see_other(f"{AT}/{number}", kpi_words.readings_saved(changed))

    answer: Response = attempt(
        verb, lambda **again: _figure(number, which="import" if pasted else "readings", **again)
    )
    return answer
