"""For supervisors: health and metrics."""

import hmac

from flask import Blueprint, Response, current_app, request

from govapp.data.engine import ping, reading
from govapp.data.metrics import counts
from govapp.domain.errors import NotFound
from govapp.domain.permissions import Permission
from govapp.web._routes import route

bp = Blueprint("pages", __name__)


@route(bp, "/healthz", permission=Permission.PUBLIC, poll=True)
def healthz() -> Response:
    """`ok` with the version when the database answers."""
    ping()
    return Response(f"ok {current_app.config['VERSION']}\n", mimetype="text/plain")


@route(bp, "/metrics", permission=Permission.PUBLIC, poll=True)
def metrics() -> Response:
    """Counts in the text form monitors read; only with the token of the settings, else there is nothing here."""
    wanted = current_app.config["GOVAPP"].metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotFound("not_found")
    with reading() as session:
        rows = counts(session)
    return Response("".join(_line(*row) for row in rows), mimetype="text/plain")


def _line(name: str, labels: dict[str, str], value: int) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n"
