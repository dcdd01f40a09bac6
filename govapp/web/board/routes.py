"""Addresses of the gate board."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from govapp.domain.asks import Outcome
from govapp.domain.errors import NotFound, Stale
from govapp.domain.permissions import Permission
from govapp.services.board_changes import changes, more_cards
from govapp.services.board_moves import decision_on, standing, ways
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.reviews import AcceptProposal, accept_proposal
from govapp.web._context import actor, moment, origin
from govapp.web._hx import page
from govapp.web._numbers import whole
from govapp.web._routes import route
from govapp.web.board import _answers
from govapp.web.board._details import with_details
from govapp.web.board._drawing import drawn
from govapp.web.board._evidence import Given, given
from govapp.web.board._query import query_of
from govapp.web.board._views import acts, card_views, head_views, hints, page_key
from govapp.web.board.forms import MoveForm, move_form

bp = Blueprint("board", __name__)
bp.add_app_template_global(drawn)
P = Permission
_MOVES = (
    P.MEASURE_MOVE,
    P.MEASURE_RECYCLE,
    P.MEASURE_HOLD,
    P.MEASURE_CANCEL,
    P.MEASURE_REOPEN,
    P.MEASURE_EMERGENCY,
)


@route(bp, "/board", permission=P.MEASURE_VIEW)
def show() -> Response:
    """The gate board of a branch, as its address asks for it."""
    args = request.args.to_dict()
    return _answers.board_page(query_of(args, actor()), args)


@route(bp, "/board/cards", permission=P.MEASURE_VIEW)
def below() -> Response:
    """The next cards of a column."""
    seq, _, measure = request.args.get("after", "").partition("-")
    after = whole(seq), whole(measure)
    if None in after:
        raise NotFound("not_found")
    args = request.args.to_dict()
    stage = args.pop("stage", "")
    args.pop("after", "")
    found = more_cards(actor(), query_of(args, actor()), stage, (after[0] or 0, after[1] or 0))
    views = card_views(found.rules, found.rows, found) if found.rules else []
    return make_response(
        render_template(
            "board/_more.html",
            cards=views,
            acceptable=found.acceptable,
            left=found.left,
            stage=stage,
            args=args,
            page_key=page_key(),
        )
    )


@route(bp, "/board/changes", permission=P.MEASURE_VIEW, poll=True)
def changed() -> Response:
    """Cards others changed since a sequence of the history; 204 when there are none."""
    since = request.args.get("since", "0")
    args = {name: value for name, value in request.args.items() if name != "since"}
    found = changes(actor(), query_of(args, actor()), whole(since) or 0)
    if found is None:
        return make_response("", 204)
    views = card_views(found.rules, found.rows, found) if found.rules else []
    heads = head_views(found.rules, found.heads) if found.rules else []
    return make_response(
        render_template(
            "board/_changes.html",
            cards=views,
            heads=heads,
            found=found,
            acceptable=found.acceptable,
            page_key=page_key(),
        )
    )


@route(bp, "/measures/<key>/moves", permission=P.MEASURE_VIEW)
def moves(key: str) -> Response:
    """Every stage, reachable first, the others with their findings; hold, send back, cancel and the rest."""
    now = standing(actor(), key, moment())
    stages, others = ways(actor(), now)
    return page(
        "board/moves.html",
        fragment="board/_moves.html",
        standing=now,
        stages=hints(now, stages),
        acts=acts(now, others),
    )


@route(bp, "/measures/<key>/moves", permission=_MOVES, methods=["POST"])
def move(key: str) -> Response:
    """Ask for a decision: 200 moved, 202 waiting, 422 refused with findings, 409 stale; always with the true state."""
    form = with_details(key, move_form())
    supplied = _supplied(key, form)
    if supplied is not None and supplied.submission is None:
        now = standing(actor(), key, moment())
        decision = decision_on(actor(), now, form.stage, form.ask, form.reason, form.details)
        return _answers.refused(now, decision, supplied)
    command = MoveMeasure(
        key, origin(), form.version, form.stage, form.ask, form.reason, form.action_key, form.details,
        supplied.submission if supplied else None,
    )  # fmt: skip
    try:
        outcome = move_measure(command)
    except Stale:
        kept = supplied is not None and supplied.keep_draft(key)
        return _answers.stale(key, draft_kept=kept, typed=form)
    now = outcome.now or standing(actor(), key, moment())
    if outcome.outcome is Outcome.REFUSED:
        decision = outcome.decision or decision_on(
            actor(), now, form.stage, form.ask, form.reason, form.details
        )
        return _answers.refused(now, decision, saved=outcome.evidence_kept, faults=form.faults)
    return _answers.moved(outcome, now)


def _supplied(key: str, form: MoveForm) -> Given | None:
    if not form.evidence_kind:
        return None
    now = standing(actor(), key, moment())
    kind = now.rules.kinds.get(form.evidence_kind)
    if kind is None:
        raise NotFound("unknown_kind")
    return given(actor(), now, kind, form.revision, draft_only=form.draft)


@route(bp, "/measures/<key>/acceptance", permission=P.REVIEW_DECIDE, methods=["POST"])
def accept(key: str) -> Response:
    """Accept a proposal as its card showed it: opens the review into the first stage and approves it in one act."""
    form = move_form()
    try:
        outcome = accept_proposal(AcceptProposal(key, form.seen, origin(), form.action_key))
    except Stale:
        return _answers.stale(key)
    now = standing(actor(), key, moment())
    move = outcome if isinstance(outcome, MoveOutcome) else outcome.move
    if move is None or move.outcome is Outcome.WAITING:
        return _answers.accepted(now)
    if move.outcome is Outcome.REFUSED and move.decision is not None:
        return _answers.refused(now, move.decision)
    return _answers.moved(move, now)
