"""Answers to a move: the card in its true place and the heads of the touched columns, with a sentence or a dialog."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.domain.asks import Decision, Outcome
from govapp.present.board import CardWords
from govapp.present.board_moves import moved_sentence
from govapp.present.findings import stage_name, who_words
from govapp.services.board import BoardQuery, board, rights_on
from govapp.services.board_amounts import with_amounts
from govapp.services.board_changes import heads_after
from govapp.services.board_moves import Standing, decision_on, lesson, standing
from govapp.services.moves import MoveOutcome
from govapp.web._context import actor, moment, zone
from govapp.web._hx import is_partial, page, reply
from govapp.web.board._details import form_of
from govapp.web.board._evidence import Given, start_of
from govapp.web.board._query import address_of, board_args, query_of
from govapp.web.board._views import (
    FormShown,
    branch_options,
    columns,
    filter_options,
    head_views,
    page_key,
    refusal,
    summary,
)
from govapp.web.board.forms import MoveForm


def board_page(
    query: BoardQuery, args: dict[str, str], status: int = 200, dialog: dict[str, Any] | None = None
) -> Response:
    """The whole board, with a dialog open on it when a form without script was refused."""
    found = board(actor(), query)
    views = columns(found, query, args)
    return page(
        "board/page.html",
        status=status,
        board=found,
        query=query,
        args=args,
        intake=views[0] if views else None,
        columns=views[1:],
        branch_options=branch_options(found.branches, found.place.branch if found.place else None),
        filters=filter_options(found, query),
        summary=summary(found),
        page_key=page_key(),
        dialog=dialog,
        page_inert=dialog is not None,
        close_address=address_of(args),
    )


def _fragment(now: Standing, stages: Sequence[str | None], **context: Any) -> str:
    """The card and the touched heads, as the board has them which the reader has open."""
    args = board_args()
    query = query_of(args, actor())
    me = actor()
    touched = list(dict.fromkeys(stage or "proposed" for stage in stages))
    heads = heads_after(me, query, now.workflow_id, touched)
    with reading() as session:
        branch_paths = {now.card.branch_id: now.place.path}
        (card,) = with_amounts(session, me, [now.card], branch_paths)
        movable, acceptable, held = rights_on(session, me, [card], branch_paths, now.rules)
    words = CardWords(now.rules, moment(), zone())
    view = words.view(card, movable=card.id in movable, held_since=held.get(card.seq))
    return render_template(
        "board/_answer.html",
        cards=[view],
        acceptable=acceptable,
        heads=head_views(now.rules, heads),
        page_key=page_key(),
        **context,
    )


def moved(outcome: MoveOutcome, now: Standing) -> Response:
    """200 when it moved, 202 when a review is open."""
    waiting = outcome.outcome is Outcome.WAITING
    sentence = (
        waiting_sentence(now, outcome)
        if waiting
        else moved_sentence(now.key, now.rules, outcome.ask, outcome.came_from, outcome.to)
    )
    if not is_partial():
        flash(sentence, "ok")
        args = board_args()
        target = address_of(args) if args else f"/measures/{now.key}"
        return redirect(target, 303)
    touched = [outcome.came_from, now.snapshot.stage]
    return reply(
        _fragment(now, touched, sentence=sentence, tone="ok", dialog=None), status=202 if waiting else 200
    )


def waiting_sentence(now: Standing, outcome: MoveOutcome) -> str:
    """That a review is open, and whom it waits for."""
    whom = ", ".join(who_words(one) for one in now.card.waits_whom)
    to = stage_name(now.rules, outcome.to)
    if outcome.opened:
        text = _(
            "%(key)s stays until it is decided: the review into %(to)s is open and waits for %(whom)s.",
            key=now.key,
            to=to,
            whom=whom,
        )
    else:
        text = _("%(key)s still waits for %(whom)s to decide about %(to)s.", key=now.key, to=to, whom=whom)
    return str(text)


def refused(
    now: Standing,
    decision: Decision,
    sent: Given | None = None,
    *,
    saved: str = "",
    faults: dict[str, str] | None = None,
) -> Response:
    """422 with every finding, who can supply it, and the form for the first thing this reader may supply."""
    taught = lesson(actor(), now, decision)
    form: FormShown | None = None
    if sent is not None:
        form = FormShown(sent.form, sent.typed["revision"], draft_saved=sent.draft_saved)
    elif taught.kind is not None:
        start = start_of(actor(), now, taught.kind)
        form = FormShown(start.form, start.revision, start.overtaken_by)
    asked = form_of(now, decision.ask, faults) if decision.wants_reason else None
    shown = refusal(now, decision, taught, form, asked, saved=saved)
    args = board_args()
    if is_partial():
        stages = [now.snapshot.stage, decision.to if decision.to in now.rules.order else None]
        touched: list[str | None] = [stage for stage in stages if stage] or [None]
        sentence = ""
        if decision.wants_reason:
            sentence = _("%(key)s needs a reason or details; the form asks for them.", key=now.key)
        elif shown["missing"]:
            sentence = _("Not moved: %(key)s. %(n)s missing.", key=now.key, n=len(shown["missing"]))
        return reply(_fragment(now, touched, sentence=sentence, tone="", dialog=shown), status=422)
    return board_page(query_of(args, actor()), args, 422, shown)


def _typed_again(now: Standing, typed: MoveForm) -> dict[str, Any] | None:
    """The form of a decision that met a changed measure, filled in as it was, where it still can be asked for."""
    if typed.ask is None or not (typed.reason or typed.details):
        return None
    decision = decision_on(actor(), now, typed.stage, typed.ask, typed.reason, typed.details)
    if decision.outcome is Outcome.REFUSED and not decision.wants_reason:
        return None
    asked = form_of(now, decision.ask, typed.faults)
    return refusal(now, decision, lesson(actor(), now, decision), None, asked)


def stale(key: str, *, draft_kept: bool = False, typed: MoveForm | None = None) -> Response:
    """409 with the fresh card and one sentence; `draft_kept` when evidence had been typed, `typed` what else was."""
    now = standing(actor(), key, moment())
    dialog = _typed_again(now, typed) if typed else None
    where = stage_name(now.rules, now.snapshot.stage)
    sentence = _(
        "%(key)s was changed by somebody else meanwhile. It stands in %(stage)s; here it is fresh. Please try again.",
        key=key,
        stage=where,
    )
    if draft_kept:
        sentence += " " + _("What you typed is kept as your draft.")
    if is_partial():
        return reply(
            _fragment(now, [now.snapshot.stage], sentence=sentence, tone="risk", dialog=dialog), status=409
        )
    args = board_args()
    flash(sentence, "risk")
    return board_page(query_of(args, actor()), args, 409, dialog)


def accepted(now: Standing) -> Response:
    """200 for an acceptance that was recorded but has not moved the proposal yet."""
    sentence = _("Your acceptance of %(key)s is recorded.", key=now.key)
    if is_partial():
        return reply(_fragment(now, [now.snapshot.stage], sentence=sentence, tone="ok", dialog=None))
    flash(sentence, "ok")
    return redirect(address_of(board_args()), 303)
