"""One's own account: display, password, sessions."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.people_queries import grants_of, parts_of, person_detail, sessions_of
from govapp.domain.errors import Invalid, TooMany
from govapp.domain.permissions import Permission
from govapp.present.errors import sentences_of
from govapp.present.zones import zones
from govapp.services.people import ChangePassword, EditAccount, change_password, edit_account
from govapp.services.sessions import EndSession, end_session
from govapp.web._context import actor, moment, origin, today
from govapp.web._fields import secret, text
from govapp.web._hx import page, see_other
from govapp.web._identity import signed_in
from govapp.web._routes import route

bp = Blueprint("account", __name__)


def _page(errors: dict[str, list[str]] | None = None, status: int = 200) -> Response:
    me, idle = actor().id or 0, timedelta(minutes=current_app.config["GOVAPP"].session_idle_minutes)
    with reading() as session:
        shown: dict[str, Any] = {
            "person": person_detail(session, me),
            "grants": [grant for grant in grants_of(session, me, today()) if grant.live],
            "parts": parts_of(session, me),
            "sessions": sessions_of(session, me, moment(), moment() - idle),
        }
    return page(
        "account/account.html",
        status=status,
        errors=errors or {},
        zone_choices=[(zone, zone.replace("_", " ")) for zone in zones()],
        this=signed_in().session_id,
        **shown,
    )


@route(bp, "/account", permission=Permission.SIGNED_IN)
def show_account() -> Response:
    """Own data, display, password and sessions."""
    return _page()


@route(bp, "/account/display", permission=Permission.SIGNED_IN, methods=["POST"])
def change_display() -> Response:
    """Theme and time zone."""
    try:
        edit_account(EditAccount(origin(), text("theme"), text("timezone")))
    except Invalid as error:
        return _page(sentences_of(error), 422)
    return see_other("/account", _("Your display is changed."))


@route(bp, "/account/password", permission=Permission.SIGNED_IN, methods=["POST"])
def change_own_password() -> Response:
    """A new password; the other sessions end."""
    try:
        if secret("new_password") != secret("repeated"):
            raise Invalid("not_saved", {"repeated": ["password_differs"]})
        change_password(
            ChangePassword(
                origin(), secret("current_password"), secret("new_password"), signed_in().session_id
            )
        )
    except (Invalid, TooMany) as error:
        return _page(sentences_of(error, "current_password"), 422 if isinstance(error, Invalid) else 429)
    return see_other("/account", _("Your password is changed. Your other sessions have ended."))


@route(bp, "/account/sessions/<session_id>/end", permission=Permission.SIGNED_IN, methods=["POST"])
def end_own_session(session_id: str) -> Response:
    """End one of one's own sessions, on another device for instance."""
    end_session(EndSession(origin(), session_id))
    return see_other("/account", _("The session has ended."))
