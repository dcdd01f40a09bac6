"""My work: decisions that wait for me, my measures and what they wait for, proposals to accept, what is due."""

from flask import Blueprint
from werkzeug.wrappers import Response

from govapp.data.dues import EVIDENCE, OWED, PLAN_CHANGE, only
from govapp.data.engine import reading
from govapp.data.my_work import leads
from govapp.domain.permissions import Permission
from govapp.present import measures as words
from govapp.present.mails import due_address, due_sentence
from govapp.present.my_work import changed_words, since_words
from govapp.services.my_work import DECISIONS, my_work
from govapp.web._context import actor, moment
from govapp.web._counters import amounts_count, inbox_count
from govapp.web._fields import page_number
from govapp.web._hx import page
from govapp.web._routes import route

bp = Blueprint("home", __name__)
P = Permission


@route(bp, "/", permission=P.SIGNED_IN)
def show_my_work() -> Response:
    """The page one starts from."""
    person, n = actor(), page_number()
    with reading() as session:
        found = my_work(session, person, moment(), n)
    total = inbox_count(person)
    return page(
        "home/my_work.html", work=found, total=total, n=n, pages=max(1, -(-total // DECISIONS)), words=words,
        owed=only(found.dues, *OWED), evidence=only(found.dues, *EVIDENCE), overdue=only(found.dues, "milestone"),
        plans=only(found.dues, PLAN_CHANGE), changed_words=changed_words, since_words=since_words,
        due_sentence=due_sentence, due_address=due_address,
        leads=leads(person), amounts=amounts_count(person),
        may_propose=person.holds_anywhere(P.MEASURE_CREATE), holds_role=bool(person.grants),
        address=lambda p: "/" if p == 1 else f"/?page={p}",
    )  # fmt: skip
