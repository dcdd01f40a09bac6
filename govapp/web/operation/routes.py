"""Operation: the outbox of mail and jobs."""

from urllib.parse import urlencode

from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.outbox_queries import PAGE, STATES, outbox_page
from govapp.domain.permissions import Permission
from govapp.present.mails import mail_words
from govapp.services.outbox import SendAgain, send_again
from govapp.web._context import origin
from govapp.web._fields import page_number
from govapp.web._hx import page, see_other
from govapp.web._routes import route

bp = Blueprint("operation", __name__)
P = Permission


@route(bp, "/admin/outbox", permission=P.SYSTEM_OPERATE)
def show_outbox() -> Response:
    """Mail and jobs: what waits, what failed and why, what left."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    number = page_number()
    with reading() as session:
        rows, counts = outbox_page(session, state, number)
    total = counts[state] if state else sum(counts.values())
    base = current_app.config["GOVAPP"].address
    words = {row.id: mail_words(row.payload, base, amounts=False) for row in rows if row.kind == "mail"}

    def address(n: int) -> str:
        return "/admin/outbox?" + urlencode(({"state": state} if state else {}) | {"page": n})

    return page(
        "operation/outbox.html", rows=rows, mail=words, counts=counts, state=state, states=STATES, total=total,
        page_number=number, pages=-(-total // PAGE), address=address, mails=bool(current_app.config["GOVAPP"].smtp_url),
    )  # fmt: skip


@route(bp, "/admin/outbox/<int:parcel_id>/again", permission=P.SYSTEM_OPERATE, methods=["POST"])
def try_again(parcel_id: int) -> Response:
    """Let a parcel be due now."""
    send_again(SendAgain(parcel_id, origin()))
    return see_other("/admin/outbox", _("It will be tried at once."))
