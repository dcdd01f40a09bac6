"""Forms that change a measure itself: propose, edit, parts, status, comments, archive."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import measure_pages as queries
from govapp.data import measure_records as records
from govapp.data.engine import reading
from govapp.data.measure_queries import choices_of, currency_at, currency_of
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.measures import CHANGE_TYPES, CHOSEN, COLOURS, FLAGS, RATINGS, STATUS_KINDS, TEXTS
from govapp.domain.permissions import Permission
from govapp.present import measures as words
from govapp.services.comments import AddComment, add_comment
from govapp.services.measures import (
    ArchiveProposal,
    EditMeasure,
    ProposeMeasure,
    archive_proposal,
    edit_measure,
    propose_measure,
)
from govapp.services.statuses import DeclareStatus, declare_status
from govapp.web._context import actor, origin
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._pages import amount_of, show, text_of
from govapp.web.measures._typed import Typed, attempt

P = Permission
_STALE = 409
_PLAIN = (*TEXTS, *CHOSEN, "change_type", "risk_rating")
_LISTS = {"change_types": CHANGE_TYPES, "ratings": RATINGS}


def _fields(typed: Typed, currency: str) -> dict[str, Any]:
    """The fields the form carried; one it did not carry stays as it is."""
    found: dict[str, Any] = {name: typed.text(name) for name in _PLAIN if name in request.form}
    if "vendor_spend" in request.form:
        found["vendor_spend"] = typed.amount("vendor_spend", currency)
    return found | {name: typed.flag(name) for name in FLAGS}


@route(bp, "/measures/new", permission=P.MEASURE_CREATE)
def new_measure() -> Response:
    """The form for a proposal."""
    return _propose_form(form={"branch": request.args.get("branch", "")})


def _propose_form(
    *,
    status: int = 200,
    problem: str = "",
    faults: dict[str, list[str]] | None = None,
    form: dict[str, Any] | None = None,
) -> Response:
    form = form or {}
    with reading() as session:
        branches = queries.branches_to_propose(session, actor())
        chosen = next(
            (branch for branch in branches if branch.key == form.get("branch")),
            branches[0] if branches else None,
        )
        choices = choices_of(session, chosen.organization_id) if chosen else {}
    return page(
        "measures/new.html",
        status=status,
        branches=branches,
        choices=choices,
        form=form,
        faults=faults or {},
        problem=problem,
        words=words,
        change_types=CHANGE_TYPES,
        ratings=RATINGS,
    )


@route(bp, "/measures/new", permission=P.MEASURE_CREATE, methods=["POST"])
def propose() -> Response:
    """Store the proposal and open it."""
    typed = Typed()

    def verb() -> Response:
        with reading() as session:
            currency = currency_at(session, typed.text("branch"))
        fields = _fields(typed, currency)
        typed.checked()
        try:
            key = propose_measure(ProposeMeasure(typed.text("branch"), fields, origin(), typed.key()))
        except NotFound:
            raise Invalid("measure_invalid", {"branch": ["branch_not_offered"]}) from None
        return see_other(
            f"/measures/{key}",
            _(
                "%(key)s is proposed. Below is what its first gate asks for; then a program lead accepts it.",
                key=key,
            ),
        )

    answer: Response = attempt(verb, _propose_form)
    return answer


def _edit_form(key: str, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        measure = loaded.measure
        form = {name: text_of(getattr(measure, name)) for name in (*_PLAIN, *FLAGS)}
        form["vendor_spend"] = amount_of(measure.vendor_spend, loaded.currency)
        return {"form": form, "stored": form if again.get("status") == _STALE else {}, **_LISTS}

    return show(key, "measures/edit.html", "overview", read, **again)


@route(bp, "/measures/<key>/edit", permission=P.MEASURE_VIEW)
def show_edit(key: str) -> Response:
    """The form for the measure's own fields."""
    return _edit_form(key)


@route(bp, "/measures/<key>/edit", permission=P.MEASURE_VIEW, methods=["POST"])
def edit(key: str) -> Response:
    """Store the fields."""
    typed = Typed()

    def verb() -> Response:
        with reading() as session:
            currency = currency_of(session, key)
        fields = _fields(typed, currency)
        typed.checked()
        edit_measure(EditMeasure(key, typed.version(), fields, origin(), typed.key()))
        return see_other(f"/measures/{key}", _("%(key)s is saved.", key=key))

    answer: Response = attempt(verb, lambda **again: _edit_form(key, **again))
    return answer


def _status_form(key: str, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        asked = request.args.get("kind", "implementation")
        entries = records.statuses(session, loaded.measure.id, limit=10)
        return {"form": {"kind": asked}, "entries": entries, "kinds": STATUS_KINDS, "colours": COLOURS}

    return show(key, "measures/status.html", "overview", read, **again)


@route(bp, "/measures/<key>/status", permission=P.MEASURE_VIEW)
def show_status(key: str) -> Response:
    """Declared statuses, and the form for the next."""
    return _status_form(key)


@route(bp, "/measures/<key>/status", permission=P.MEASURE_VIEW, methods=["POST"])
def declare(key: str) -> Response:
    """Declare a status."""
    typed = Typed()

    def verb() -> Response:
        until = typed.day("until")
        typed.checked()
        asked = DeclareStatus(
            key, typed.text("kind"), typed.text("colour"), typed.text("reason"), origin(), until, typed.key()
        )
        declare_status(asked)
        return see_other(f"/measures/{key}", _("The status is declared."))

    answer: Response = attempt(verb, lambda **again: _status_form(key, **again))
    return answer


@route(bp, "/measures/<key>/comments", permission=P.MEASURE_VIEW, methods=["POST"])
def comment(key: str) -> Response:
    """Keep a comment."""
    typed = Typed()

    def verb() -> Response:
        add_comment(AddComment(key, typed.text("text"), origin(), typed.key()))
        return see_other(f"/measures/{key}#comments", _("Your comment is kept."))

    answer: Response = attempt(verb, lambda **again: _comment_form(key, **again))
    return answer


def _comment_form(key: str, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        return {"comments": records.comments(session, loaded.measure.id)}

    return show(key, "measures/comment.html", "overview", read, **again)


def _archive_form(key: str, **again: Any) -> Response:
    return show(key, "measures/archive.html", "overview", lambda session, loaded: {}, **again)


@route(bp, "/measures/<key>/archive", permission=P.MEASURE_VIEW)
def show_archive(key: str) -> Response:
    """Ask for the reason before a proposal is archived."""
    return _archive_form(key)


@route(bp, "/measures/<key>/archive", permission=P.MEASURE_VIEW, methods=["POST"])
def archive(key: str) -> Response:
    """Archive a proposal."""
    typed = Typed()

    def verb() -> Response:
        archive_proposal(ArchiveProposal(key, typed.version(), typed.text("reason"), origin(), typed.key()))
        return see_other(f"/measures/{key}", _("%(key)s is archived. Its record stays.", key=key))

    answer: Response = attempt(verb, lambda **again: _archive_form(key, **again))
    return answer
