"""Bulk: tick measures in the list, see each judged, ask for one decision, follow its results."""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from govapp.domain.asks import PERMISSION_FOR, AskKind
from govapp.domain.errors import Invalid
from govapp.domain.permissions import Permission
from govapp.present import bulk as words
from govapp.services.bulk import ASKS, AskInBulk, BulkAsk, Judged, ask_in_bulk, bulk_page, judge_bulk
from govapp.web._context import actor, moment, origin
from govapp.web._detail_text import detail_text
from govapp.web._fields import text
from govapp.web._hx import page, see_other
from govapp.web._numbers import whole
from govapp.web._routes import route

bp = Blueprint("bulk", __name__)
P = Permission
_MOVES = tuple(dict.fromkeys(PERMISSION_FOR[kind] for kind in ASKS))
_DETAILS = ("hold_cause", "review_date", "value_treatment", "new_dates_checked", "cancel_cause", "sunk_cost")


@route(bp, "/bulk", permission=_MOVES)
def judge() -> Response:
    """Every ticked measure judged for the decision asked for, with its reasons; nothing is asked for yet."""
    asked, _, stage = request.args.get("ask", "").partition(":")
    return _judged(request.args.getlist("key"), BulkAsk(_kind(asked), stage or None))


def _kind(text_: str) -> AskKind:
    try:
        return AskKind(text_)
    except ValueError:
        raise Invalid("ask_unknown", {"ask": ["ask_unknown"]}) from None


def _judged(keys: list[str], asked: BulkAsk, status: int = 200) -> Response:
    judged = judge_bulk(actor(), keys, asked, moment())
    return page("bulk/judge.html", status=status, **_context(judged, asked))


def _context(judged: list[Judged], asked: BulkAsk) -> dict[str, Any]:
    return {
        "items": [words.item_view(one) for one in judged],
        "passing": sum(one.passes for one in judged),
        "asked": asked,
        "fields": words.fields_of(judged, asked, typed=request.method == "POST"),
        "words": words,
    }


@route(bp, "/bulk", permission=_MOVES, methods=["POST"])
def ask() -> Response:
    """Ask for it: the batch is put down and worked off by a job. 422 with the form where something is lacking."""
    asked, _, stage = text("ask", 120).partition(":")
    details = {name: value for name in _DETAILS if (value := detail_text(name, text(name, 200)))}
    bulk = BulkAsk(_kind(asked), stage or None, text("reason", 4000), details)
    seen = {
        key: whole(version) or 0
        for key, _, version in (one.partition("@") for one in request.form.getlist("seen"))
    }
    judged = judge_bulk(actor(), list(seen), bulk, moment())
    if any(one.decision.wants_reason for one in judged) or not any(one.passes for one in judged):
        return page("bulk/judge.html", status=422, **_context(judged, bulk))
    passing = {one.key: seen[one.key] for one in judged if one.passes}
    batch = ask_in_bulk(AskInBulk(passing, bulk, origin(), text("action_key", 200)))
    return see_other(f"/bulk/{batch}")


@route(bp, "/bulk/<int:batch>", permission=_MOVES)
def show(batch: int) -> Response:
    """How far a batch is, and what became of each measure."""
    return page("bulk/batch.html", batch=bulk_page(origin(), batch), words=words)


@route(bp, "/bulk/<int:batch>/progress", permission=_MOVES, poll=True)
def progress(batch: int) -> Response:
    """The same as a fragment, for an open page."""
    found = bulk_page(origin(), batch)
    return page("bulk/batch.html", fragment="bulk/_batch.html", batch=found, words=words)
