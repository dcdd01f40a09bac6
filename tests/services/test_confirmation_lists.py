"""What awaits whom: the list, its totals, what is missing, and who sees it (R05, R07)."""

from datetime import timedelta

import pytest

from govapp.data.actors import load_actor
from govapp.data.confirmation_queries import (
    Wanted,
    cells,
    confirmed_totals,
    entered_at,
    expectations,
    totals,
)
from govapp.data.engine import reading
from govapp.data.notice_queries import counters
from govapp.data.structure import Branch
from govapp.domain.ledger import AWAITS, CONFIRMED, EXCEPT, LISTS, MISSING, REFUSE, REFUSED
from govapp.services._work import now
from govapp.services.confirmations import CellWish
from govapp.services.deputies import SetDeputy, set_deputy
from govapp.services.grants import GrantRole, grant_role
from govapp.services.parts import AssignParts, assign_parts
from tests.cast import SYSTEM
from tests.confirming import close_month, confirm, enter, ledger, make_line, month, reverse, rule
from tests.factories import bring_to, loaded, make_measure, today_of, version_of

pytestmark = pytest.mark.usefixtures("database")
AWAITING = Wanted()
PLAN = {f"2026-{n:02}": "100.00" for n in range(7, 11)}


def listed(person, wanted=AWAITING, limit: int = 50, offset: int = 0) -> list[tuple[str, str, int | None]]:
    with reading() as session:
        actor = load_actor(session, person.id, now())
        rows = cells(session, actor, wanted, limit, offset)
        counted = sum(total.cells for total in totals(session, actor, wanted))
        assert counted == len(rows) or limit < 50
    return [(row.measure, f"{row.month:%Y-%m}" if row.month else "", row.actual) for row in rows]


def counted(person) -> int:
    with reading() as session:
        return counters(session, load_actor(session, person.id, now()))[2]


@pytest.fixture
def key(cast) -> str:
    return make_measure(cast, "defined")


@pytest.fixture
def line(cast, key) -> int:
    number = make_line(cast, key, PLAN)
    enter(cast, key, number, {"2026-07": "90.00", "2026-08": "95.00"})
    return number


def test_the_controller_of_a_measure_finds_what_awaits_and_nobody_else_does(cast, key, line):
    assert listed(cast.controller) == [(key, "2026-07", 9000), (key, "2026-08", 9500)]
    for who in (cast.owner, cast.lead, cast.finance, cast.leader, cast.auditor, cast.stranger):
        assert listed(who) == []


def test_of_a_measure_without_a_controller_those_of_the_branch_find_it(cast, key, line):
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "service-desk"))
    assert listed(cast.leader) == []
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    assert len(listed(cast.leader)) == len(listed(cast.controller)) == 2


def test_r58_a_deputy_finds_what_awaits_the_absent_controller(cast, key, line):
    day = today_of(key)
    set_deputy(
        SetDeputy(cast.controller.origin, cast.controller.id, cast.approver.id, day, day + timedelta(days=2))
    )
    assert len(listed(cast.approver)) == 2
    assert len(listed(cast.controller)) == 2


def test_what_the_controller_added_late_is_found_by_another_controller_of_the_branch(cast, key, line):
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "service-desk"))
    close_month("2026-09")
    enter(cast, key, line, {"2026-09": "80.00"}, by=cast.controller)
    assert listed(cast.leader) == [(key, "2026-09", 8000)]
    assert counted(cast.leader) == 1
    assert listed(cast.finance) == []
    enter(cast, key, line, {"2026-08": "80.00"}, by=cast.leader)
    assert listed(cast.leader) == [(key, "2026-09", 8000)]
    confirm(cast.leader, line, "2026-09")
    assert listed(cast.leader) == []


def test_posts_are_listed_where_their_kind_or_measure_is_asked_for_and_are_not_counted(cast, key, line):
    posts = make_line(cast, key, {"2026-09": "2"}, kind="fte", currency="", name="Posts")
    enter(cast, key, posts, {"2026-08": "1.5"})
    assert listed(cast.controller) == [(key, "2026-07", 9000), (key, "2026-08", 9500)]
    assert counted(cast.controller) == 2
    assert listed(cast.controller, Wanted(kind="fte")) == [(key, "2026-08", 15_000)]
    assert len(listed(cast.controller, Wanted(measure=key))) == 3
    close_month("2026-09")
    assert listed(cast.controller, Wanted(MISSING)) == [(key, "2026-09", None)]
    assert len(listed(cast.controller, Wanted(MISSING, kind="fte"))) == 1


def test_r03_the_owner_s_deputy_finds_nothing_to_confirm_of_theirs(cast, key, line):
    day = today_of(key)
    set_deputy(SetDeputy(cast.owner.origin, cast.owner.id, cast.controller.id, day, day + timedelta(days=2)))
    assert listed(cast.controller) == []
    assert counted(cast.controller) == 0


def test_each_list_holds_what_it_says(cast, key, line):
    confirm(cast.controller, line, "2026-07")
    rule(cast.controller, CellWish(line, month("2026-08"), REFUSE), reason="No invoice.")
    assert listed(cast.controller) == []
    assert listed(cast.controller, Wanted(CONFIRMED)) == [(key, "2026-07", 9000)]
    assert listed(cast.controller, Wanted(REFUSED)) == [(key, "2026-08", 9500)]
    reverse(cast.controller, ledger(key)[0].id)
    assert listed(cast.controller) == [(key, "2026-07", 9000)]


def test_missing_are_closed_months_the_plan_in_force_expects(cast, key, line):
    missing = Wanted(MISSING)
    assert listed(cast.controller, missing) == []
    close_month("2026-09")
    assert listed(cast.controller, missing) == [(key, "2026-09", None)]
    bring_to(cast, key, "decided")
    assert listed(cast.controller, missing) == [(key, "2026-09", None)]
    rule(cast.controller, CellWish(line, month("2026-09"), EXCEPT), reason="Late start.")
    assert listed(cast.controller, missing) == []


def test_the_filter_narrows_by_branch_kind_period_and_measure(cast, key, line):
    other = make_measure(cast, "defined", "first-contact")
    second = make_line(cast, other, kind="cash")
    enter(cast, other, second, {"2026-09": "-5.00"})
    with reading() as session:
        path = session.get(Branch, loaded(other).measure.branch_id).path
    assert listed(cast.controller, Wanted(path=path)) == [(other, "2026-09", -500)]
    assert listed(cast.controller, Wanted(kind="cash")) == [(other, "2026-09", -500)]
    assert listed(cast.controller, Wanted(until=month("2026-07"))) == [(key, "2026-07", 9000)]
    assert listed(cast.controller, Wanted(measure=key), limit=1, offset=1) == [(key, "2026-08", 9500)]


def test_kinds_are_never_added_and_what_is_confirmed_is_the_sum_of_rows(cast, key, line):
    second = make_line(cast, key, kind="cost-avoidance", name="Avoided")
    enter(cast, key, second, {"2026-08": "1000.00"})
    confirm(cast.controller, line, "2026-07", "2026-08")
    reverse(cast.controller, ledger(key)[0].id)
    with reading() as session:
        actor = load_actor(session, cast.controller.id, now())
        waiting = totals(session, actor, Wanted())
        confirmed = confirmed_totals(session, actor, Wanted())
    assert [(each.kind, each.currency, each.cells, each.amount) for each in waiting] == [
        ("cost-avoidance", "EUR", 1, 100_000),
        ("ebitda", "EUR", 1, 9000),
    ]
    assert [(each.kind, each.amount) for each in confirmed] == [("ebitda", 9500)]


def test_a_cell_comes_with_plan_forecast_and_the_moment_it_was_entered(cast, key, line):
    with reading() as session:
        actor = load_actor(session, cast.controller.id, now())
        rows = cells(session, actor, Wanted(), 50)
        found = expectations(session, rows)
        since = entered_at(session, [row.value_id for row in rows if row.value_id])
    assert found[line, month("2026-07")] == {"plan": 10_000}
    assert len(since) == 2
    assert all(timedelta(0) <= now() - each < timedelta(minutes=5) for each in since.values())
    assert rows[0].hands == (cast.finance.id,)
    assert set(LISTS) == {AWAITS, MISSING, REFUSED, CONFIRMED}
