"""The finance page of a measure: effect lines entered as run rate and totals."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import measure_pages as queries
from govapp.data.snapshots import Loaded
from govapp.domain.measures import EFFECT_KINDS, TIMINGS
from govapp.domain.permissions import Permission
from govapp.services.effects import RemoveEffectLine, SetEffectLine, remove_effect_line, set_effect_line
from govapp.web._context import origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._money import figures
from govapp.web.measures._pages import amount_of, show, text_of
from govapp.web.measures._typed import Typed, attempt

P = Permission
ENTERED = ("plan", "forecast", "actual")


def _form_of(line: Any, currency: str) -> dict[str, str]:
    if line is None:
        return {"currency": currency, "kind": "ebitda", "timing": "recurring"}
    form = {name: text_of(value) for name, value in line.items()}
    form["run_rate"] = amount_of(line["run_rate"], line["currency"])
    return form | {series: amount_of(line["undated"].get(series), line["currency"]) for series in ENTERED}


def _finance(key: str, *, number: int | None = None, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        lines = queries.effect_lines(session, loaded.measure.id)
        asked = request.args.get("edit", "")
        wanted = (
            number
            if number is not None
            else int(asked)
            if asked.isascii() and asked.isdigit() and len(asked) < 16
            else None
        )
        row = next((line for line in lines if line["id"] == wanted), None)
        form = _form_of(row, loaded.currency)
        lists = {"kinds": EFFECT_KINDS, "timings": TIMINGS, "series": ENTERED}
        frozen = loaded.rules.frozen_in(loaded.snapshot.stage)
        return {
            "lines": lines,
            "row": row,
            "form": form,
            "figures": figures(lines),
            "frozen": frozen,
            **lists,
        }

    return show(key, "measures/finance.html", "finance", read, needs=(P.FINANCE_VIEW,), **again)


@route(bp, "/measures/<key>/finance", permission=P.FINANCE_VIEW)
def show_finance(key: str) -> Response:
    """Effect lines with their sums; `edit` names the line to change."""
    return _finance(key)


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
            typed.version() if number else None, typed.key(),
        )  # fmt: skip
        typed.checked()
        set_effect_line(command)
        return see_other(f"/measures/{key}/finance", _("The effect line is saved."))

    answer: Response = attempt(verb, lambda **again: _finance(key, number=number, **again))
    return answer


@route(bp, "/measures/<key>/effects/<int:number>/removal", permission=P.FINANCE_VIEW, methods=["POST"])
def drop_effect(key: str, number: int) -> Response:
    """Remove an effect line."""
    typed = Typed()

    def verb() -> Response:
        remove_effect_line(RemoveEffectLine(key, number, origin(), typed.version(), typed.key()))
        return see_other(f"/measures/{key}/finance", _("The effect line is removed; its history stays."))

    answer: Response = attempt(verb, lambda **again: _finance(key, **{**again, "form": None}))
    return answer
