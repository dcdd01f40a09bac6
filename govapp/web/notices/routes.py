"""Notices of the signed-in person, and asking others for what is missing."""

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data import notice_queries as queries
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.permissions import Permission
from govapp.present.errors import sentence_of
from govapp.present.notices import told
from govapp.services.asking import ASKING, AskPeople, ask_people
from govapp.services.notices import MarkRead, mark_read
from govapp.web._context import actor, origin
from govapp.web._fields import page_number
from govapp.web._hx import is_partial, page, see_other
from govapp.web._local import local_path
from govapp.web._routes import route

bp = Blueprint("notices", __name__)
P = Permission


@route(bp, "/notices", permission=P.SIGNED_IN)
def list_notices() -> Response:
    """The person's notices, newest first."""
    n = page_number()
    with reading() as session:
        rows, total = queries.notices(session, actor(), n)
    shown = [(row, told(row.kind, row.key, row.sender, row.review_id, row.payload)) for row in rows]
    return page(
        "notices/list.html", shown=shown, total=total, n=n, pages=max(1, -(-total // queries.PAGE)),
        newest=max((row.id for row in rows), default=0), address=lambda p: f"/notices?page={p}",
    )  # fmt: skip


@route(bp, "/notices/read", permission=P.SIGNED_IN, methods=["POST"])
def read_all() -> Response:
    """Mark what is shown, and all older ones, as read."""
    number = request.form.get("up_to", "")
    up_to = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    mark_read(MarkRead(origin(), up_to=up_to))
    return see_other("/notices", _("All read."))


@route(bp, "/notices/<int:notice_id>/open", permission=P.SIGNED_IN, methods=["POST"])
def open_notice(notice_id: int) -> Response:
    """Mark one as read and go where it leads."""
    mark_read(MarkRead(origin(), (notice_id,)))
    return see_other(local_path(request.form.get("to"), "/notices"))


@route(bp, "/measures/<key>/asks", permission=ASKING, methods=["POST"])
def ask(key: str) -> Response:
    """Ask those who can supply a criterion (`finding`), or remind the deciders when none is named."""
    back = local_path(request.form.get("next"), f"/measures/{key}")
    try:
        names = ask_people(AskPeople(key, origin(), request.form.get("finding", "")[:200]))
    except Invalid as error:
        return _answer(back, sentence_of(error.code, error.values), "risk", 422)
    return _answer(back, _("Asked: %(names)s. A notice waits for them.", names=", ".join(names)), "ok", 200)


def _answer(back: str, sentence: str, kind: str, status: int) -> Response:
    if is_partial():
        return page("notices/_asked.html", status=status, sentence=sentence, kind=kind)
    return see_other(back, sentence, kind)
