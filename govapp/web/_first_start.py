"""On an empty database every page leads to the first steps."""

from flask import current_app, redirect, request
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.setup_queries import first_start

_READY = "govapp_ready"
_ALLOWED = frozenset({"setup", "sessions", "pages"})


def lead_to_setup() -> Response | None:
    """303 to /setup while there is no person or no organization; asked of the database only until then."""
    if current_app.extensions.get(_READY) or request.blueprint in _ALLOWED:
        return None
    with reading() as session:
        blocking = first_start(session).blocking
    if not blocking:
        current_app.extensions[_READY] = True
        return None
    return redirect("/setup", 303)
