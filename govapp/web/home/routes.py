"""My work: decisions that wait for me, my measures and what they wait for, proposals to accept, what is overdue."""

from flask import Blueprint
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.inbox import waiting_for
from govapp.data.list_queries import list_page
from govapp.data.list_scope import ListFilter, read_scope
from govapp.data.measure_pages import overdue_milestones
from govapp.domain.permissions import Permission
from govapp.present import measures as words
from govapp.services.sent_back import my_sent_back
from govapp.web._context import actor, moment
from govapp.web._hx import page
from govapp.web._routes import route

bp = Blueprint("home", __name__)
P = Permission


@route(bp, "/", permission=P.SIGNED_IN)
def my_work() -> Response:
    """The page one starts from."""
    person = actor()
    with reading() as session:
        scope = read_scope(session, person)
        decisions = waiting_for(session, person)
        mine, total = list_page(session, scope, ListFilter(person=person.id, live=True, sort="waiting"), 1)
        led = scope.only(person, P.MEASURE_ASSIGN_PARTS)  # whose proposals this person accepts
        proposals, waiting = (
            list_page(session, led, ListFilter(state="proposed"), 1) if led.readable else ([], 0)
        )
        overdue = overdue_milestones(session, person, moment())
        returned = my_sent_back(session, person)
    return page(
        "home/my_work.html", decisions=decisions, mine=mine, total=total, proposals=proposals[:10], waiting=waiting,
        overdue=overdue, returned=returned, scope=scope, words=words, leads=bool(led.readable),
        may_propose=person.holds_anywhere(P.MEASURE_CREATE), holds_role=bool(person.grants),
    )  # fmt: skip
