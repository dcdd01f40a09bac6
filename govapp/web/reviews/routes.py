"""Reviews: the inbox, one review with its dossier, the vote, withdrawal, reminders, older dossiers."""

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data import review_queries as queries
from govapp.data.engine import reading
from govapp.data.inbox import named_but_barred, next_waiting, waiting_for
from govapp.domain.errors import Invalid, Stale
from govapp.domain.permissions import Permission
from govapp.present import reviews as said
from govapp.present.errors import sentence_of
from govapp.services.asking import ASKING, AskPeople, ask_people
from govapp.services.filing import DownloadDossier, download_dossier
from govapp.services.reviews import VoteOutcome, WithdrawReview, cast_vote, withdraw_review
from govapp.web._attachment import as_attachment
from govapp.web._context import actor, origin
from govapp.web._counters import inbox_count
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.reviews._pages import inbox_context, show_review
from govapp.web.reviews._vote import command_of, is_comment, read_vote

bp = Blueprint("reviews", __name__)
P = Permission
PAGE = 50
LONGEST_REASON = 4000


@route(bp, "/reviews", permission=P.REVIEW_VIEW)
def inbox() -> Response:
    """What waits for the person's decision, what they may not decide, what they asked for, what was decided lately."""
    n, total = page_number(), inbox_count(actor())
    with reading() as session:
        waiting = waiting_for(session, actor(), limit=PAGE, offset=(n - 1) * PAGE)
        barred = named_but_barred(session, actor())
        asked = queries.asked_and_open(session, actor())
        decided = queries.recently_decided(session, actor())
        versions = {row.workflow_version_id for rows in (waiting, barred, asked, decided) for row in rows}
        names = queries.stage_names(session, versions) if versions else {}
    return page(
        "reviews/inbox.html", waiting=inbox_context(waiting, names), barred=inbox_context(barred, names),
        asked=inbox_context(asked, names), decided=inbox_context(decided, names), total=total, n=n,
        pages=max(1, -(-total // PAGE)), said=said,
        address=lambda p: f"/reviews?page={p}",
    )  # fmt: skip


@route(bp, "/reviews/<int:review_id>", permission=P.REVIEW_VIEW)
def show(review_id: int) -> Response:
    """One review with its newest dossier."""
    return show_review(review_id)


@route(bp, "/reviews/<int:review_id>/dossiers/<int:number>", permission=P.REVIEW_VIEW)
def show_dossier(review_id: int, number: int) -> Response:
    """One of the review's dossiers as it was frozen."""
    return show_review(review_id, number=number)


@route(bp, "/reviews/<int:review_id>/decision", permission=P.REVIEW_DECIDE, methods=["POST"])
def decide(review_id: int) -> Response:
    """Take a vote. Incomplete: 422 with the form; the dossier changed or the review ended: 409 with the fresh page."""
    ballot = read_vote(review_id)
    again: dict[str, Any] = {"typed": ballot.typed, "seen": ballot.seen, "attestation": ballot.attestation}
    try:
        done = cast_vote(command_of(ballot, review_id))
    except Invalid as error:
        faults = said.field_errors(ballot.in_place(error.errors), error.values)
        note = sentence_of(error.code, error.values)
        return show_review(review_id, status=422, faults=faults, note=note, **again)
    except Stale as error:
        return show_review(review_id, status=409, note=sentence_of(error.code, error.values), **again)
    if is_comment(ballot):
        return see_other(f"/reviews/{review_id}", said.comment_sentence(done.key))
    return _go_on(review_id, done)


def _go_on(review_id: int, done: VoteOutcome) -> Response:
    """To the next decision that waits, else back to My work, with what the vote led to."""
    with reading() as session:
        following = next_waiting(session, actor(), review_id)
        into = done.into or queries.stage_of_review(session, review_id)
    message = said.outcome_sentence(done.result, done.key, into)
    if following is not None:
        return see_other(f"/reviews/{following}", f"{message} {_('The next decision is below.')}")
    return see_other("/", f"{message} {_('Nothing waits for you.')}")


@route(bp, "/reviews/<int:review_id>/file", permission=P.REVIEW_VIEW)
def filed(review_id: int) -> Response:
    """The filed dossier of a decided review, as an attachment under a name of its own."""
    return as_attachment(download_dossier(DownloadDossier(review_id, origin())))


@route(bp, "/reviews/<int:review_id>/withdrawal", permission=P.REVIEW_VIEW, methods=["POST"])
def withdraw(review_id: int) -> Response:
    """Take the request back."""
    command = WithdrawReview(
        review_id,
        origin(),
        request.form.get("reason", "")[:LONGEST_REASON],
        request.form.get("action_key", "")[:200],
    )
    try:
        key = withdraw_review(command)
    except Stale as error:
        return show_review(review_id, status=409, note=sentence_of(error.code, error.values))
    return see_other(f"/reviews/{review_id}", _("Withdrawn. %(key)s stays where it is.", key=key))


@route(bp, "/reviews/<int:review_id>/reminders", permission=ASKING, methods=["POST"])
def remind(review_id: int) -> Response:
    """Remind those who still have to decide."""
    with reading() as session:
        head = queries.review_head(session, review_id)
    try:
        names = ask_people(AskPeople(head.key if head else "", origin()))
    except Invalid as error:
        return show_review(review_id, status=422, note=sentence_of(error.code, error.values))
    return see_other(f"/reviews/{review_id}", _("Reminded: %(names)s.", names=", ".join(names)))
