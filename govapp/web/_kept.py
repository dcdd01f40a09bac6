"""Keeps what was typed when a form comes back after its session or token has ended, signed and bound to the person."""

from typing import Any

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from govapp.web._local import is_local

_SECRET = ("csrf_token", "password", "current_password", "new_password", "repeated", "kept", "token")
_MOST = 400_000
_HOURS = 12


def _signer() -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="kept-form")


def typed() -> list[tuple[str, str]]:
    """The fields of the form as typed, without passwords and tokens."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in _SECRET]


def keep() -> str:
    """The form of this request as a signed text, or an empty one when there is nothing to keep or it is too long."""
    fields = typed()
    if (
        not fields
        or request.path in {"/sign-in", "/sign-out"}
        or sum(len(n) + len(v) for n, v in fields) > _MOST
    ):
        return ""
    person = g.get("was_person")
    return _signer().dumps(
        {
            "to": request.full_path.rstrip("?"),
            "fields": fields,
            "person": person,
            "files": bool(request.files),
        }
    )


def kept(text: str, person_id: int | None) -> dict[str, Any] | None:
    """What `keep` stored; None when forged, old, or typed by somebody else."""
    try:
        found: dict[str, Any] = _signer().loads(text, max_age=_HOURS * 3600)
    except BadSignature:
        return None
    if found["person"] not in {None, person_id} or not is_local(found["to"]):
        return None
    return found
