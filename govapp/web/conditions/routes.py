"""Conditions of a conditional advance and the look-back of an emergency advance, on pages of the measure."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.condition_queries import measure_of_condition
from govapp.data.engine import reading
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, NotFound, Stale
from govapp.domain.permissions import Permission
from govapp.present import conditions as told
from govapp.present.errors import sentence_of, sentences_of
from govapp.services.board_moves import standing_of
from govapp.services.condition_pages import conditions_seen, hands_in_report, lookbacks_seen, report_kind
from govapp.services.conditions import ConditionAct, act_on_condition
from govapp.web._context import actor, day_at, moment, origin
from govapp.web._fields import day, form_key, number, text
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._pages import show

bp = Blueprint("conditions", __name__)
P = Permission


@route(bp, "/measures/<key>/conditions", permission=P.MEASURE_VIEW)
def show_conditions(key: str) -> Response:
    """Conditions with what the reader may do about each, look-backs with what they owe."""
    return _page(key)


def _page(key: str, status: int = 200, typed: dict[str, Any] | None = None, problem: str = "") -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        today, now = day_at(loaded.timezone), standing_of(loaded, moment())
        kind = report_kind(now)
        return {
            "conditions": conditions_seen(session, actor(), loaded, today),
            "lookbacks": [
                told.lookback_view(each, now.rules, key) for each in lookbacks_seen(session, loaded, today)
            ],
            "report": kind,
            "hands_in": hands_in_report(actor(), now, kind),
        }

    return show(
        key,
        "conditions/page.html",
        "approvals",
        read,
        status=status,
        problem=problem,
        typed=typed or {},
        told_of=told,
    )


@route(bp, "/conditions/<int:number_>", permission=P.MEASURE_VIEW, methods=["POST"])
def act(number_: int) -> Response:
    """Fulfil, confirm, give back, extend or lift a condition; 409 and 422 show it fresh with what was typed."""
    with reading() as session:
        key = measure_of_condition(session, number_)
    if key is None:
        raise NotFound("not_found")
    typed: dict[str, Any] = {"id": number_, "act": "", "reason": "", "due": "", "faults": {}}
    try:
        typed |= {"act": text("act", 40), "due": text("due", 40), "reason": text("reason", 4000)}
        command = ConditionAct(
            number_, typed["act"], origin(), number("version"), typed["reason"], day("due"), form_key()
        )
        act_on_condition(command)
    except Invalid as refused:
        typed["faults"] = sentences_of(refused, "act")
        return _page(key, 422, typed, sentence_of(refused.code, refused.values))
    except Stale as stale:
        return _page(key, 409, typed, sentence_of(stale.code, stale.values))
    return see_other(f"/measures/{key}/conditions#condition-{number_}", _said(typed["act"], number_))


def _said(act_: str, number_: int) -> str:
    said = {
        "fulfil": _(
            "Condition %(n)s is reported as fulfilled; whoever decides about it has been told.", n=number_
        ),
        "confirm": _("Condition %(n)s is confirmed.", n=number_),
        "not_met": _("Condition %(n)s is open again; its owner has been told why.", n=number_),
        "extend": _("Condition %(n)s has a later day.", n=number_),
        "lift": _("Condition %(n)s is lifted.", n=number_),
    }
    return str(said[act_])
