"""Figures under any filter, from years or months of lines, are those that are kept by branch."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.rollup_queries import MoneyFilter
from govapp.domain.exchange import ACTUAL, PLAN
from govapp.domain.rollups import BASES
from govapp.services._work import now
from govapp.services.finance_views import FinanceQuery, by_kinds, frame_of, merged, rows_by
from govapp.services.rates import SetRates, set_rates
from tests.cast import SYSTEM
from tests.factories import make_measure
from tests.money import add_line, book, freeze, put

JAN, FEB, MAR, NEXT = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2027, 1, 1)


def give_rates(kind, days):
    told = {day: {"USD": Decimal(rate)} for day, rate in days.items()}
    set_rates(SetRates(SYSTEM, "OI", kind, told, "As agreed with the bank"))


@pytest.fixture
def lines(database, cast):
    """A line in dollars, frozen and partly confirmed, one in euro, and posts of which some are confirmed."""
    give_rates(PLAN, {JAN: "0.92"})
    give_rates(ACTUAL, {JAN: "0.921", FEB: "0.918"})
    key = make_measure(cast)
    dollars, euro = add_line(key, currency="USD", run_rate=1_000_05), add_line(key)
    posts = add_line(key, kind="fte", currency="")
    put(key, dollars, "plan", {JAN: 100_05, FEB: 200_05, None: 7_00})
    freeze(key, USD="0.95")
    put(key, dollars, "actual", {JAN: 100_05, FEB: 200_05, MAR: 50_00, NEXT: 10_00, None: 3_33})
    book(key, dollars, JAN, 100_05, 92_15)
    book(key, dollars, FEB, 150_00, 137_70)
    put(key, euro, "actual", {JAN: 10_00, FEB: 20_00})
    book(key, euro, JAN, 10_00)
    put(key, posts, "actual", {JAN: 1_4000})
    book(key, posts, JAN, 1_4000, 0)


@pytest.mark.parametrize("how", BASES)
@pytest.mark.parametrize("whole_life", [False, True])
def test_a_filter_that_leaves_nothing_out_shows_the_kept_figures(lines, cast, how, whole_life):
    query = FinanceQuery("service-desk", MoneyFilter(year=2026), how=how, whole_life=whole_life)
    with reading() as session:
        actor = load_actor(session, cast.controller.id, now())
        kept = frame_of(session, actor, query, date(2026, 8, 20))
        asked = frame_of(
            session, actor, replace(query, wanted=MoneyFilter(year=2026, state="active")), date(2026, 8, 20)
        )
        by_kept = by_kinds(kept, merged(rows_by(session, kept)))
        by_years = by_kinds(asked, merged(rows_by(session, asked)))
        by_months = by_kinds(asked, merged(rows_by(session, asked, months=True)))
        by_service = by_kinds(asked, merged(rows_by(session, asked, "service")))
    assert by_kept == by_years == by_months == by_service
    if how == "booked" and not whole_life:
        figures = by_kept["savings"].figures
        # 92.15 + 137.70 booked, (200.05 - 150.00) x 0.918 = 45.9459 open, March without a rate; 10.00 + 20.00 in euro
        assert figures.actual.by == {"EUR": 305_80, "USD": 50_00}
        assert figures.actual.lacking == (("USD", "actual", "2026-03-01"),)
        assert figures.confirmed.by == {"EUR": 239_85}
        assert by_kept["fte"].figures.confirmed.by == {"": 1_4000}, "posts are confirmed as posts"
