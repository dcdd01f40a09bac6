"""The pipeline by stage: weights drawn from what finished measures of the branch were worth and brought."""

from datetime import date
from decimal import Decimal

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.services._work import now
from govapp.services.finance_views import FinanceQuery, frame_of
from govapp.services.pipeline import pipeline
from tests.factories import bring_to, make_measure, move
from tests.money import add_line, book, put

YEAR = date.today().year
JAN, FEB = date(YEAR, 1, 1), date(YEAR, 2, 1)


def stages_of(cast):
    with reading() as session:
        actor = load_actor(session, cast.controller.id, now())
        frame = frame_of(session, actor, FinanceQuery(branch="service-quality"), date.today())
        return {stage.key: stage for stage in pipeline(session, frame)}


def test_finished_measures_weigh_the_stages_they_passed(database, cast):
    done, gone = make_measure(cast, "defined"), make_measure(cast, "defined")
    line = add_line(done, run_rate=12_000_00)
    put(done, line, "plan", {JAN: 1_000_00})
    add_line(gone, run_rate=6_000_00)
    for key in (done, gone):
        bring_to(cast, key, "identified")
    move(cast, gone, ask="cancel", by=cast.lead, reason="It is not worth it any more")
    bring_to(cast, done, "closed")
    book(done, line, JAN, 800_00)
    book(done, line, FEB, 1_000_00)
    found = stages_of(cast)
    assert "closed" not in found, "what is delivered is no promise"
    # 1,800 in two months are 10,800 a year; worth 18,000 on entering Identified, one of the two cancelled
    weight = found["identified"].weight
    assert (weight.sample, weight.brought, weight.prior) == (2, Decimal("0.6000"), Decimal("0.4000"))
    assert weight.weight == Decimal("0.4571"), "(2 x 0.6 + 5 x 0.4) / 7"
    decided = found["decided"].weight
    assert (decided.sample, decided.brought) == (1, Decimal("0.9000")), "10,800 of 12,000"
