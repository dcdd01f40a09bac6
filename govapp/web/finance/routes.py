"""What a set of measures brings: the overview over branches. Every other file of routes here is imported below."""

from werkzeug.wrappers import Response

from govapp.domain.permissions import Permission
from govapp.web._hx import page
from govapp.web._routes import route
from govapp.web.finance._bp import bp

P = Permission


@route(bp, "/finance", permission=P.FINANCE_VIEW)
def show_finance() -> Response:
    """The overview."""
    return page("finance/overview.html")


__all__ = ["bp"]
