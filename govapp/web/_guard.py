"""What every request passes before its view: shape (R34), where it comes from (R29), declared permission (R08)."""

import secrets
from urllib.parse import unquote_to_bytes, urlsplit

from flask import abort, current_app, g, request
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.people_queries import holds_part
from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import PART_PERMISSIONS, READ, Permission
from govapp.domain.rights import Actor
from govapp.web._first_start import lead_to_setup
from govapp.web._identity import current_actor
from govapp.web._routes import declared_by
from govapp.web._signed_out import answer_signed_out

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = "static"


def refuse_malformed() -> None:
    """400 for NUL and for what is not UTF-8, in path, query and form."""
    g.request_id = secrets.token_hex(8)
    try:
        query = unquote_to_bytes(request.query_string.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        abort(400)
    if "\0" in query or "\0" in request.path or "\ufffd" in request.path:
        abort(400)
    if request.method in _SAFE:
        return
    for name, value in request.form.items(multi=True):
        if "\0" in name or "\0" in value or "\ufffd" in name or "\ufffd" in value:
            abort(400)


def from_here() -> bool | None:
    """Whether the browser says the request comes from our own pages; None when it says nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    if origin is not None:
        addresses = (request.host_url, current_app.config["GOVAPP"].base_url)
        ours = {urlsplit(address)[:2] for address in addresses if address}
        return urlsplit(origin)[:2] in ours
    return None if site is None else True


def refuse_other_sites() -> None:
    """403 for an unsafe request that another site's page sent."""
    if request.method not in _SAFE and from_here() is False:
        raise Refused("other_site")


def ask_permission() -> Response | None:
    """401 or the way to the sign-in when nobody is signed in; Refused when the permission is held nowhere.

    Who reads no measure at all is not told either whether the one asked for is there: NotFound.
    """
    if request.endpoint is None or request.endpoint == _OPEN:
        return None
    declared = declared_by(current_app, request.endpoint)
    if declared is None:
        raise Refused("undeclared")
    if Permission.PUBLIC in declared.permissions:
        return None
    leading = lead_to_setup()
    if leading is not None:
        return leading
    actor = current_actor()
    if actor is None:
        return answer_signed_out(poll=declared.poll)
    if not any(_held(actor, permission) for permission in declared.permissions):
        about = request.view_args and not READ.isdisjoint(declared.permissions)
        if about and not _held(actor, Permission.MEASURE_VIEW):
            raise NotFound("not_found")
        raise Refused("no_right", permission=str(declared.permissions[0]))
    return None


def _held(actor: Actor, permission: Permission) -> bool:
    if permission is Permission.SIGNED_IN or actor.holds_anywhere(permission):
        return True
    parts = [part for part, acts in PART_PERMISSIONS.items() if permission in acts]
    if not parts or actor.id is None:
        return False
    with reading() as session:
        return holds_part(session, actor.id, parts)
