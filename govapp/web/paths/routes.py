"""Which steps the gates ahead will ask for, and why."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data.snapshots import Loaded
from govapp.domain.permissions import Permission
from govapp.domain.rights import right_of
from govapp.present.paths import path_view
from govapp.services.paths import paths_ahead
from govapp.web._context import actor, moment
from govapp.web._routes import route
from govapp.web.measures._pages import show

bp = Blueprint("paths", __name__)
P = Permission


@route(bp, "/measures/<key>/path", permission=P.REVIEW_VIEW)
def show_path(key: str) -> Response:
    """The approval path of the next gate and of those after it, in plain sentences."""

    def read(session: Session, loaded: Loaded) -> Mapping[str, Any]:
        amounts = right_of(actor(), P.FINANCE_VIEW, loaded.place) is not None
        found = paths_ahead(session, loaded, moment())
        return {
            "paths": [path_view(each, loaded.rules, loaded.measure.key, amounts=amounts) for each in found]
        }

    return show(key, "measures/path.html", "approvals", read, needs=(P.REVIEW_VIEW,))
