"""Signing in and out."""

from datetime import timedelta

from flask import Blueprint, current_app, request, session
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.people_queries import anybody
from govapp.domain.errors import Invalid, NotFound, TooMany
from govapp.domain.permissions import Permission
from govapp.present.errors import sentence_of
from govapp.services.sessions import (
    EndSession,
    Opened,
    SignIn,
    SignInDemo,
    end_session,
    sign_in,
    sign_in_demo,
)
from govapp.web._context import origin
from govapp.web._door import demo_allowed, enter, sign_in_page
from govapp.web._hx import page, see_other
from govapp.web._identity import current_actor
from govapp.web._kept import kept
from govapp.web._local import local_path
from govapp.web._routes import route

bp = Blueprint("sessions", __name__)


@route(bp, "/sign-in", permission=Permission.PUBLIC)
def show_sign_in() -> Response:
    """The door; who is inside already goes on."""
    target = local_path(request.args.get("next"))
    if current_actor() is not None:
        return see_other(target)
    with reading() as found:
        if not anybody(found):
            return see_other("/setup")
    return sign_in_page(next=target)


@route(bp, "/sign-in", permission=Permission.PUBLIC, methods=["POST"])
def enter_by_sign_in() -> Response:
    """Check e-mail and password, open a session, and go where the person wanted to."""
    email, target = request.form.get("email", "")[:300], local_path(request.form.get("next"))
    try:
        opened = _open(email)
    except (Invalid, TooMany) as error:
        status = 422 if isinstance(error, Invalid) else 429
        note = (_("Not signed in."), sentence_of(error.code, error.values))
        answer = sign_in_page(status, email=email, next=target, kept=request.form.get("kept", ""), note=note)
        if "retry_after" in error.values:
            answer.headers["Retry-After"] = str(error.values["retry_after"])
        return answer
    enter(opened)
    found = kept(request.form.get("kept", ""), opened.person_id)
    if found:
        return page("errors/send_again.html", **found)
    return see_other(target)


def _open(email: str) -> Opened:
    lifetime = timedelta(hours=current_app.config["GOVAPP"].session_hours)
    agent = request.headers.get("User-Agent", "")
    if request.form.get("demo"):
        if not demo_allowed():
            raise NotFound("not_found")
        return sign_in_demo(SignInDemo(origin(), email, lifetime, agent))
    return sign_in(SignIn(origin(), email, request.form.get("password", ""), lifetime, agent))


@route(bp, "/sign-out", permission=Permission.PUBLIC, methods=["POST"])
def leave() -> Response:
    """End the session on the server and empty the cookie."""
    if current_actor() is not None:
        end_session(EndSession(origin(), current_user.session_id, signing_out=True))
    session.clear()
    return see_other("/sign-in", _("You are signed out."))
