"""Who asks: Flask-Login over server-side session rows. One query: the session, its person, the grants in force."""

from datetime import UTC, datetime, timedelta

from flask import Flask, current_app, g, request
from flask_login import UserMixin, current_user

from govapp.data.actors import load_signed_in
from govapp.data.engine import reading
from govapp.data.people import LoginSession
from govapp.domain.rights import Actor
from govapp.extensions import login
from govapp.services.sessions import TouchSession, digest_of, touch
from govapp.web._routes import declared_by

TOUCH_EVERY = timedelta(minutes=1)


class SignedIn(UserMixin):
    """The signed-in person of a request. The id Flask-Login keeps in the cookie is the session's token (R24)."""

    def __init__(self, token: str, actor: Actor, row: LoginSession) -> None:
        self.token = token
        self.actor = actor
        self.session_id = row.id
        self.password_at = row.password_at
        self.seen_at = row.seen_at

    def get_id(self) -> str:
        """The token of the session."""
        return self.token


def install(app: Flask) -> None:
    """Tell Flask-Login how to find the person, and look once at the start of every request but static files."""
    login.session_protection = None  # our rows end sessions; the client address may change on a phone
    login.user_loader(load)
    app.before_request(_look)


def load(token: str) -> SignedIn | None:
    """The person of a session that is still good, or None (R25: idle and absolute limits are the server's)."""
    settings = current_app.config["GOVAPP"]
    at = datetime.now(UTC)
    with reading() as session:
        found = load_signed_in(session, digest_of(token), at)
        if found is None:
            return None
        row, actor = found
        g.was_person = row.person_id
        if row.ended_at is not None or row.expires_at <= at:
            return None
        if row.seen_at + timedelta(minutes=settings.session_idle_minutes) <= at:
            return None
        return None if actor is None else SignedIn(token, actor, row)


def _look() -> None:
    if request.endpoint == "static":
        g.actor = None
        return
    user = current_user if current_user.is_authenticated else None
    g.actor = user.actor if user else None
    declared = declared_by(current_app, request.endpoint) if request.endpoint else None
    if user and not (declared and declared.poll) and datetime.now(UTC) - user.seen_at > TOUCH_EVERY:
        touch(TouchSession(user.session_id))


def current_actor() -> Actor | None:
    """The signed-in person with the rights in force, or None."""
    actor: Actor | None = g.get("actor")
    return actor


def signed_in() -> SignedIn:
    """The signed-in person's session; only behind a route that is not public."""
    user: SignedIn = current_user._get_current_object()
    return user
