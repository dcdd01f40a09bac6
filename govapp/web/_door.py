"""The sign-in page, and how a fresh session enters the cookie."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from flask_login import login_user
from werkzeug.wrappers import Response

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.inbox import waiting_count
from govapp.data.people_queries import PersonRow, demonstration_people
from govapp.data.settings import is_demo
from govapp.services.sessions import Opened
from govapp.web._context import moment, today
from govapp.web._hx import page
from govapp.web._identity import load

_LOOPBACK = ("127.", "::1")
_OUR_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def demo_allowed() -> bool:
    """One-click sign-in: demonstration mode, loopback on both ends, and a database marked as demonstration.

    The address in the browser must name this machine too: neither a proxy in front nor a foreign name that resolves
    to loopback opens the door to others.
    """
    settings = current_app.config["GOVAPP"]
    here = (request.remote_addr or "").startswith(_LOOPBACK) and urlsplit(
        request.host_url
    ).hostname in _OUR_NAMES
    if settings.env != "demo" or not settings.loopback or not here:
        return False
    with reading() as found:
        return is_demo(found)


def _people() -> list[tuple[PersonRow, int]]:
    """The demonstration people, each with how many decisions wait for them, also for whom they stand in."""
    if not demo_allowed():
        return []
    with reading() as found:
        rows = demonstration_people(found, today())
        actors = {row.id: load_actor(found, row.id, moment()) for row in rows}
        return [(row, waiting_count(found, actor) if (actor := actors[row.id]) else 0) for row in rows]


def sign_in_page(status: int = 200, **shown: Any) -> Response:
    """The door. `shown`: email, next, kept, note (heading, sentence)."""
    values: dict[str, Any] = {"email": "", "next": "", "kept": "", "note": None, **shown}
    return page("sessions/sign_in.html", status=status, people=_people(), **values)


def enter(opened: Opened) -> None:
    """Put a fresh session into the cookie; whatever the cookie held before is gone, its token too."""
    session.clear()
    g.pop("csrf_token", None)
    user = load(opened.token)
    if user is not None:
        login_user(user)
        g.actor = user.actor
