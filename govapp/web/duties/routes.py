"""The duty matrix as it is in force, every conflict that is open now, and what nobody can move."""

from flask import Blueprint
from werkzeug.wrappers import Response

from govapp.data.duties import live_matrices
from govapp.data.engine import reading
from govapp.domain.permissions import Permission
from govapp.present import duties as words
from govapp.present.dead_ends import dead_end_words
from govapp.services.dead_ends import dead_ends
from govapp.services.duty_conflicts import open_conflicts
from govapp.web._context import actor, today
from govapp.web._fields import page_number
from govapp.web._hx import page
from govapp.web._routes import route

bp = Blueprint("duties", __name__)
P = Permission
PAGE = 50


@route(bp, "/admin/dead-ends", permission=(P.GOVERNANCE_VIEW, P.MEASURE_ASSIGN_PARTS))
def show_dead_ends() -> Response:
    """What nobody can move, on measures the reader may read, each with the way to mend it."""
    with reading() as session:
        found = [dead_end_words(each) for each in dead_ends(session, actor(), today())]
    pages = max(1, -(-len(found) // PAGE))
    number = min(page_number(), pages)
    return page(
        "duties/dead_ends.html", rows=found[(number - 1) * PAGE : number * PAGE], total=len(found), pages=pages,
        page_number=number, address=lambda n: f"/admin/dead-ends?page={n}",
    )  # fmt: skip


@route(bp, "/admin/duties", permission=(P.PEOPLE_VIEW, P.GOVERNANCE_VIEW))
def show_duties() -> Response:
    """The matrix with its reasons, and what collides now, forbidden things first."""
    with reading() as session:
        matrices = live_matrices(session)
        found = [words.conflict_words(each) for each in open_conflicts(session, actor(), today())]
    found.sort(key=lambda each: not each.forbids)
    pages = max(1, -(-len(found) // PAGE))
    number = min(page_number(), pages)
    return page(
        "duties/duties.html", matrices=matrices, words=words, total=len(found), page_number=number, pages=pages,
        conflicts=found[(number - 1) * PAGE : number * PAGE], address=lambda n: f"/admin/duties?page={n}",
        forbidden=sum(each.forbids for each in found),
    )  # fmt: skip
