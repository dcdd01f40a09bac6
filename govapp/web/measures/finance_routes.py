"""The finance page of a measure and the forms of its effect lines."""

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.claim_queries import is_registered
from govapp.data.engine import reading
from govapp.domain.permissions import Permission
from govapp.services.effects import RemoveEffectLine, SetEffectLine, remove_effect_line, set_effect_line
from govapp.web._context import origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._finance import ENTERED, finance_page
from govapp.web.measures._typed import Typed, attempt

P = Permission


@route(bp, "/measures/<key>/finance", permission=P.FINANCE_VIEW)
def show_finance(key: str) -> Response:
    """Effect lines with their sums, and the grid; `edit` names the line to change, `year` the fiscal year shown."""
    return finance_page(key)


@route(bp, "/measures/<key>/effects", permission=P.FINANCE_VIEW, methods=["POST"])
def add_effect(key: str) -> Response:
    """Add an effect line."""
    return _save_line(key, None)


@route(bp, "/measures/<key>/effects/<int:number>", permission=P.FINANCE_VIEW, methods=["POST"])
def change_effect(key: str, number: int) -> Response:
    """Change an effect line and its totals."""
    return _save_line(key, number)


def _save_line(key: str, number: int | None) -> Response:
    typed = Typed()

    def verb() -> Response:
        kind = typed.text("kind")
        currency = "" if kind == "fte" else typed.text("currency").strip().upper()
        totals = {series: typed.amount(series, currency) for series in ENTERED if series in request.form}
        command = SetEffectLine(
            key, typed.text("name"), kind, typed.text("timing"), currency, origin(), typed.text("category"),
            typed.text("cost_object"), typed.amount("run_rate", currency), typed.day("start"), totals, number,
            typed.version() if number else None, typed.key(), typed.whole("start_milestone_id"),
        )  # fmt: skip
        typed.checked()
        set_effect_line(command)
        return see_other(f"/measures/{key}/finance", _saved(key, command.cost_object))

    answer: Response = attempt(verb, lambda **again: finance_page(key, number=number, **again))
    return answer


def _saved(key: str, cost_object: str) -> str:
    said: str = _("The effect line is saved.")
    with reading() as session:
        if not cost_object.strip() or is_registered(session, key, cost_object):
            return said
    said += " " + _(
        "No cost object “%(key)s” is registered, so nothing can tell whether others claim the same saving; a controller"
        " registers it under Finance, Cost objects.", key=cost_object.strip(),
    )  # fmt: skip
    return said


@route(bp, "/measures/<key>/effects/<int:number>/removal", permission=P.FINANCE_VIEW, methods=["POST"])
def drop_effect(key: str, number: int) -> Response:
    """Remove an effect line."""
    typed = Typed()

    def verb() -> Response:
        remove_effect_line(RemoveEffectLine(key, number, origin(), typed.version(), typed.key()))
        return see_other(f"/measures/{key}/finance", _("The effect line is removed; its history stays."))

    answer: Response = attempt(verb, lambda **again: finance_page(key, **{**again, "form": None}))
    return answer
