"""Asks for the password again before weighty acts, unless it was given in the last 10 minutes (R27)."""

from datetime import timedelta

from flask import request

from govapp.domain.errors import Invalid
from govapp.services.sessions import ConfirmPassword, confirm_password
from govapp.web._context import moment, origin
from govapp.web._fields import secret
from govapp.web._identity import signed_in

RECENT = timedelta(minutes=10)


def password_wanted() -> bool:
    """True when the form must carry a `password` field; a global of templates."""
    return moment() - signed_in().password_at > RECENT


def require_recent_password() -> None:
    """Check the `password` field when one is wanted. Raises Invalid on it, or TooMany."""
    if password_wanted():
        if "password" not in request.form:
            raise Invalid("not_saved", {"password": ["password_again"]})
        confirm_password(ConfirmPassword(origin(), signed_in().session_id, secret("password")))
