"""Notices of the signed-in person, how they come by mail, and asking others for what is missing."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data import notice_queries as queries
from govapp.data.engine import reading
from govapp.domain.errors import Invalid
from govapp.domain.notices import KINDS, is_kind
from govapp.domain.permissions import Permission
from govapp.present import notice_kinds
from govapp.present.errors import sentence_of, sentences_of
from govapp.present.notices import told
from govapp.services.asking import ASKING, AskPeople, ask_people
from govapp.services.notices import ChooseMail, MarkRead, choose_mail, mark_read
from govapp.web._context import actor, origin
from govapp.web._fields import form_key, page_number, text
from govapp.web._hx import is_partial, page, see_other
from govapp.web._local import local_path
from govapp.web._numbers import whole
from govapp.web._routes import route

bp = Blueprint("notices", __name__)
P = Permission


def _listed(kind: str, n: int = 1) -> str:
    """The address of the list of a kind, of all when it is empty."""
    said = urlencode({name: value for name, value in (("kind", kind), ("page", n if n > 1 else "")) if value})
    return f"/notices?{said}" if said else "/notices"


@route(bp, "/notices", permission=P.SIGNED_IN)
def list_notices() -> Response:
    """The person's notices, of a kind where the address names one, newest first."""
    n, kind = page_number(), request.args.get("kind", "")
    kind = kind if is_kind(kind) else ""
    with reading() as session:
        rows, total = queries.notices(session, actor(), n, kind)
        received = queries.kinds_received(session, actor())
    shown = [
        (row, told(row.kind, row.key, row.sender, row.review_id, row.payload, row.stands_in_for))
        for row in rows
    ]
    return page(
        "notices/list.html", shown=shown, total=total, n=n, pages=max(1, -(-total // queries.PAGE)), kind=kind,
        kinds=[(each.key, *received[each.key]) for each in KINDS if each.key in received], words=notice_kinds,
        newest=max((row.id for row in rows), default=0), address=lambda p: _listed(kind, p),
        everything=sum(number for number, _new in received.values()),
    )  # fmt: skip


@route(bp, "/notices/read", permission=P.SIGNED_IN, methods=["POST"])
def read_all() -> Response:
    """Mark what is shown, and all older ones, as read; of one kind where the list was of one."""
    kind = request.form.get("kind", "")
    kind = kind if is_kind(kind) else ""
    mark_read(MarkRead(origin(), up_to=whole(request.form.get("up_to")) or 0, kind=kind))
    return see_other(_listed(kind), _("All read."))


@route(bp, "/notices/<int:notice_id>/read", permission=P.SIGNED_IN, methods=["POST"])
def read_one(notice_id: int) -> Response:
    """Mark one as read and stay."""
    mark_read(MarkRead(origin(), (notice_id,)))
    return see_other(local_path(request.form.get("next"), "/notices"))


@route(bp, "/notices/<int:notice_id>/open", permission=P.SIGNED_IN, methods=["POST"])
def open_notice(notice_id: int) -> Response:
    """Mark one as read and go where it leads."""
    mark_read(MarkRead(origin(), (notice_id,)))
    return see_other(local_path(request.form.get("to"), "/notices"))


def _choices(typed: dict[str, str] | None = None, errors: Any = None, status: int = 200) -> Response:
    with reading() as session:
        chosen = queries.mail_choices(session, actor())
    return page(
        "notices/choices.html", status=status, chosen=chosen | (typed or {}), errors=errors or {}, words=notice_kinds,
    )  # fmt: skip


@route(bp, "/account/notices", permission=P.SIGNED_IN)
def show_choices() -> Response:
    """How each kind of notice comes by mail."""
    return _choices()


@route(bp, "/account/notices", permission=P.SIGNED_IN, methods=["POST"])
def choose() -> Response:
    """Keep how each kind comes by mail."""
    typed = {kind.key: text(f"mail-{kind.key}", 20) for kind in KINDS if f"mail-{kind.key}" in request.form}
    try:
        choose_mail(ChooseMail(origin(), typed, form_key()))
    except Invalid as error:
        return _choices(typed, sentences_of(error), 422)
    return see_other("/account/notices", _("Kept. It counts for what is sent from now on."))


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
