"""Judging: the list of what waits for the reader's judgement, and accepting or returning a revision."""

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.judgement_queries import judging_count, judging_for
from govapp.data.review_queries import stage_names
from govapp.domain.errors import Invalid, Stale
from govapp.domain.permissions import Permission
from govapp.present import judging as judged
from govapp.present.errors import sentence_of
from govapp.services.judging import Judged, JudgeEvidence, judge_evidence
from govapp.web._context import actor, origin
from govapp.web._fields import form_key, page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.evidence._bp import bp
from govapp.web.evidence._form import number_or_none
from govapp.web.evidence._piece import piece_page

P = Permission
PAGE = 50


@route(bp, "/evidence/judgements", permission=P.EVIDENCE_JUDGE)
def judgements() -> Response:
    """What waits for the reader's judgement, oldest first."""
    n = page_number()
    with reading() as session:
        total = judging_count(session, actor())
        rows = judging_for(session, actor(), limit=PAGE, offset=(n - 1) * PAGE)
        names = stage_names(session, {row.workflow_version_id for row in rows}) if rows else {}
    return page(
        "evidence/judgements.html", rows=rows, names=names, total=total, n=n, pages=max(1, -(-total // PAGE)),
        address=lambda p: f"/evidence/judgements?page={p}",
    )  # fmt: skip


@route(
    bp,
    "/measures/<key>/evidence/<int:evidence_id>/judgement",
    permission=P.EVIDENCE_JUDGE,
    methods=["POST"],
)
def judge(key: str, evidence_id: int) -> Response:
    """Take a judgement. Incomplete: 422 with what was typed; judged or revised meanwhile: 409 with the fresh page."""
    typed = {name: request.form.get(name, "") for name in ("verdict", "reason")}
    seen = number_or_none(request.form.get("revision", "")) or 0
    command = JudgeEvidence(key, evidence_id, seen, typed["verdict"], origin(), typed["reason"], form_key())
    try:
        done = judge_evidence(command)
    except Invalid as error:
        faults, note = judged.field_errors(error.errors), sentence_of(error.code)
        return piece_page(key, evidence_id, status=422, note=note, typed=typed, faults=faults)
    except Stale as error:
        return piece_page(key, evidence_id, status=409, note=sentence_of(error.code), typed=typed)
    return _go_on(key, done)


def _go_on(key: str, done: Judged) -> Response:
    """To the next piece that waits, else to the list, with what came of this one."""
    with reading() as session:
        following = judging_for(session, actor(), limit=1)
    message = judged.done_sentence(done.state, done.kind_name, key)
    if following:
        first = following[0]
        return see_other(
            f"/measures/{first.measure}/evidence/{first.evidence_id}",
            f"{message} {_('The next one that waits for you is below.')}",
        )
    return see_other("/evidence/judgements", message)
