"""Health for supervisors."""

from flask import Blueprint, Response, current_app

from govapp.data.engine import ping
from govapp.domain.permissions import Permission
from govapp.web._routes import route

bp = Blueprint("pages", __name__)


@route(bp, "/healthz", permission=Permission.PUBLIC, poll=True)
def healthz() -> Response:
    """`ok` with the version when the database answers."""
    ping()
    return Response(f"ok {current_app.config['VERSION']}\n", mimetype="text/plain")
