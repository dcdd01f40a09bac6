"""Evidence of a measure: what each kind proves, handing in, one piece with its revisions, its files."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import abort, request, send_file
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, Stale
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.present import evidence_pages as said
from govapp.present import judging as judged
from govapp.services.asking import right_to_ask_people
from govapp.services.downloads import DownloadFile, download_file
from govapp.services.evidence import Submission, SubmitEvidence, submit_evidence
from govapp.services.evidence_pages import standings_of_kinds
from govapp.web._context import actor, origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.evidence import judge_routes
from govapp.web.evidence._bp import bp
from govapp.web.evidence._form import (
    Handed,
    day_there,
    form_context,
    number_or_none,
    read_form,
    refused_by_verb,
    sent_context,
)
from govapp.web.evidence._piece import piece_page
from govapp.web.measures._pages import show

__all__ = ["bp", "judge_routes"]

P = Permission
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_FILE_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)


@route(bp, "/measures/<key>/evidence", permission=P.EVIDENCE_VIEW)
def list_evidence(key: str) -> Response:
    """Every kind: what it proves, its state, its newest revision, who can hand it in."""

    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        may(actor(), P.EVIDENCE_VIEW, loaded.place)
        found = standings_of_kinds(session, actor(), loaded, day_there(loaded))
        groups: dict[tuple[str, str | None], list[Any]] = {}
        for standing in found:
            groups.setdefault((standing.group, standing.into), []).append(standing)
        asks = right_to_ask_people(actor(), loaded.place) is not None
        return {"groups": groups, "said": said, "judged": judged, "asks": asks}

    return show(key, "evidence/list.html", "evidence", read)


@route(bp, "/measures/<key>/evidence/new", permission=P.EVIDENCE_SUBMIT)
def new_evidence(key: str) -> Response:
    """The form of a kind, filled with the person's draft or the revision before."""
    kind, piece = request.args.get("kind", ""), number_or_none(request.args.get("piece", ""))
    if not kind:
        return see_other(f"/measures/{key}/evidence")
    return show(
        key,
        "evidence/new.html",
        "evidence",
        lambda session, loaded: form_context(session, loaded, kind, piece),
    )


@route(bp, "/measures/<key>/evidence", permission=P.EVIDENCE_SUBMIT, methods=["POST"])
def submit(key: str) -> Response:
    """Hand in evidence, or keep the form as a draft; wrong answers come back with everything that was typed."""
    if request.mimetype not in _FORMS:
        abort(415)
    handed = read_form(key, request.form.get("kind", ""))
    if request.form.get("save") == "draft":
        handed.keep_draft()
        query = urlencode({"kind": handed.kind.key} | ({"piece": handed.piece_id} if handed.piece_id else {}))
        return see_other(
            f"/measures/{key}/evidence/new?{query}", _("Kept as your draft; it counts once you hand it in.")
        )
    if handed.bound.valid and not handed.errors:
        piece = handed.start.piece.number if handed.start.piece and request.form.get("piece") else None
        values = Submission(handed.kind.key, handed.bound.values, handed.effective_on, piece, handed.seen)
        try:
            done = submit_evidence(
                SubmitEvidence(key, values, origin(), request.form.get("action_key", "")[:200])
            )
        except Stale:
            handed.keep_draft()
            return show(key, "evidence/new.html", "evidence", partial(_afresh, handed), status=409)
        except Invalid as error:
            refused_by_verb(handed, error)
        else:
            message = _("%(kind)s: revision %(n)s is on record.", kind=handed.kind.name, n=done.revision)
            return see_other(f"/measures/{key}/evidence/{done.evidence_id}", message)
    handed.keep_draft()
    return show(
        key, "evidence/new.html", "evidence", lambda session, loaded: sent_context(handed), status=422
    )


def _afresh(handed: Handed, session: Session, loaded: Loaded) -> dict[str, Any]:
    return form_context(session, loaded, handed.kind.key, handed.piece_id)


@route(bp, "/measures/<key>/evidence/<int:evidence_id>", permission=P.EVIDENCE_VIEW)
def show_piece(key: str, evidence_id: int) -> Response:
    """One piece: its revisions side by side, its files, and the judging of the newest one."""
    return piece_page(key, evidence_id)


@route(bp, "/measures/<key>/evidence/<int:evidence_id>/files/<int:file_id>", permission=P.EVIDENCE_VIEW)
def download(key: str, evidence_id: int, file_id: int) -> Response:
    """A file to keep: always as an attachment under its own name."""
    return _send(DownloadFile(key, evidence_id, file_id, origin()))


@route(
    bp, "/measures/<key>/evidence/<int:evidence_id>/files/<int:file_id>/preview", permission=P.EVIDENCE_VIEW
)
def preview(key: str, evidence_id: int, file_id: int) -> Response:
    """A picture or PDF to look at, under the type that was checked when it came in."""
    return _send(DownloadFile(key, evidence_id, file_id, origin(), inline=True))


def _send(command: DownloadFile) -> Response:
    found = download_file(command)
    answer = send_file(
        found.path,
        mimetype=found.type,
        as_attachment=not command.inline,
        download_name=found.name,
        etag=False,
        max_age=None,
    )
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    return answer
