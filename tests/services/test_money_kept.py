"""Sums of money that settle keeps: worked by hand, after random acts the same as sums made in another way."""

import random
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import delete, select, update

from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PlanVersion
from govapp.data.measures import Card, Measure
from govapp.data.money_totals import MONTH_COLUMNS, MoneyLine, MoneyTotal, MoneyYear
from govapp.data.structure import Branch
from govapp.services._work import writing
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import make_measure, measure_row, move
from tests.money import add_line, book, drop_line, freeze, place, put

SUMS = (*MONTH_COLUMNS, "total")
JAN, FEB, NEXT = date(2026, 1, 1), date(2026, 2, 1), date(2027, 1, 1)


def totals():
    """Kept sums by branch id, series, kind, timing, currency, rate, year, month (0: undated), zero ones left out."""
    found = Counter()
    with reading() as session:
        for row in session.scalars(select(MoneyTotal)):
            key = (row.branch_id, row.series, row.kind, row.timing, row.currency, row.rate, row.year)
            for n, name in enumerate(MONTH_COLUMNS, 1):
                found[*key, n] += getattr(row, name)
            found[*key, 0] += row.total - sum(getattr(row, name) for name in MONTH_COLUMNS)
    return {key: amount for key, amount in found.items() if amount}


def recomputed():
    """The same from the rows themselves, cell by cell."""
    planned = set()
    found = Counter()
    with reading() as session:
        measures = {row.id: row for row in session.scalars(select(Measure))}
        lines = {row.id: row for row in session.scalars(select(EffectLine))}
        versions = {}
        for version in session.scalars(select(PlanVersion).order_by(PlanVersion.number)):
            versions.setdefault(version.measure_id, []).append(version)

        def add(line, series, month, amount, rate="", currency=None):
            measure = measures[line.measure_id]
            if measure.state != "cancelled" and not measure.archived:
                code = line.currency if currency is None else currency
                key = (measure.branch_id, series, line.kind, line.timing, code, rate)
                found[*key, month.year if month else 0, month.month if month else 0] += amount

        def rate_of(line, version):
            return "" if line.currency == "EUR" else version.rates.get(line.currency, "")

        for value in session.scalars(select(EffectValue)):
            line = lines[value.line_id]
            known = versions.get(line.measure_id, [])
            rate = rate_of(line, known[-1]) if known else ""
            if value.series != "plan":
                add(
                    line,
                    value.series,
                    value.month,
                    value.amount,
                    rate if value.series in {"target", "baseline"} else "",
                )
                continue
            if value.plan_version == (known[-1].number if known else 0):
                planned.add(line.id)
                add(line, "plan", value.month, value.amount, rate)
            if value.plan_version == (known[0].number if known else 0):
                add(line, "first_plan", value.month, value.amount, rate_of(line, known[0]) if known else "")
        for row in session.scalars(select(LedgerRow)):
            add(lines[row.line_id], "confirmed", row.month, row.amount)
            add(lines[row.line_id], "booked", row.month, row.translated, currency="EUR")
        for line in lines.values():
            known = versions.get(line.measure_id, [])
            rate = known[-1].lines.get(str(line.id), {}).get("run_rate") if known else line.run_rate
            if rate is not None and line.id in planned:
                add(line, "run_rate", None, rate, rate_of(line, known[-1]) if known else "")
    return {key: amount for key, amount in found.items() if amount}


def branch_id(key):
    with reading() as session:
        return session.scalars(select(Branch.id).where(Branch.key == key)).one()


def test_sums_of_a_branch_are_those_worked_by_hand(database, cast):
    one, other = make_measure(cast), make_measure(cast)
    a = add_line(one, run_rate=120_000)
    b = add_line(other, currency="USD")
    put(one, a, "plan", {JAN: 1_000, FEB: 1_500, NEXT: 900})
    put(other, b, "plan", {JAN: 2_000, None: 70})
    put(other, b, "actual", {JAN: 1_999})
    book(other, b, JAN, 1_990, 1_830)
    desk = branch_id("service-desk")
    euro = (desk, "plan", "ebitda", "recurring", "EUR", "")
    dollar = (desk, "plan", "ebitda", "recurring", "USD", "")
    kept = totals()
    assert {key: kept[key] for key in kept if key[1] == "plan"} == {
        (*euro, 2026, 1): 1_000, (*euro, 2026, 2): 1_500, (*euro, 2027, 1): 900, (*dollar, 2026, 1): 2_000,
        (*dollar, 0, 0): 70,
    }  # fmt: skip
    assert kept[desk, "confirmed", "ebitda", "recurring", "USD", "", 2026, 1] == 1_990
    assert kept[desk, "booked", "ebitda", "recurring", "EUR", "", 2026, 1] == 1_830
    assert kept[desk, "run_rate", "ebitda", "recurring", "EUR", "", 0, 0] == 120_000
    with reading() as session:
        year = session.scalars(select(MoneyYear).where(MoneyYear.line_id == b, MoneyYear.year == 2026)).one()
        assert (year.plan, year.actual, year.confirmed, year.booked) == (2_000, 1_999, 1_990, 1_830)


def test_frozen_plans_carry_their_rates_and_the_draft_counts_no_more(database, cast):
    key = make_measure(cast)
    line = add_line(key, currency="USD", run_rate=24_000)
    put(key, line, "plan", {JAN: 2_000})
    put(key, line, "target", {JAN: 3_000})
    freeze(key, EUR="1", USD="0.92")
    put(key, line, "plan", {JAN: 5_000})
    desk = branch_id("service-desk")

    def of(series, rate):
        return totals().get((desk, series, "ebitda", "recurring", "USD", rate, 2026, 1))

    assert (of("plan", "0.92"), of("first_plan", "0.92"), of("target", "0.92")) == (2_000, 2_000, 3_000)
    freeze(key, EUR="1", USD="0.95")
    assert (of("plan", "0.95"), of("first_plan", "0.92"), of("target", "0.95")) == (5_000, 2_000, 3_000)
    assert of("plan", "0.92") is None
    with reading() as session:
        assert session.scalars(select(Card.plan_number).where(Card.plan_number > 0)).all() == [2]


def test_a_measure_takes_its_sums_with_it_and_a_cancelled_one_out_of_all(database, cast):
    key = make_measure(cast)
    line = add_line(key)
    put(key, line, "forecast", {JAN: 700})
    desk, package = branch_id("service-desk"), branch_id("first-contact")
    place(key, branch_id=package)
    assert {each[0] for each in totals()} == {package}
    move(cast, key, ask="cancel", by=cast.lead, reason="It is not worth it any more")
    assert totals() == {}
    with reading() as session:
        assert session.scalar(select(MoneyLine.total)) == 700, "the line itself keeps its sums"
    place(key, branch_id=desk, state="active")
    assert totals() == {(desk, "forecast", "ebitda", "recurring", "EUR", "", 2026, 1): 700}


def test_a_removed_line_leaves_nothing_behind(database, cast):
    key = make_measure(cast)
    line = add_line(key, run_rate=5)
    put(key, line, "plan", {JAN: 700, None: 3})
    drop_line(key, line)
    assert totals() == {}
    with reading() as session:
        assert session.scalars(select(MoneyLine)).all() == session.scalars(select(MoneyYear)).all() == []


@pytest.mark.parametrize("seed", range(3))
def test_after_any_acts_sums_are_those_of_the_parts_and_settling_all_changes_nothing(database, cast, seed):
    chance = random.Random(seed)
    keys = [make_measure(cast), make_measure(cast, branch="first-contact")]
    branches = [branch_id(name) for name in ("service-desk", "first-contact", "service-quality")]
    lines = {}
    for _ in range(60):
        key = chance.choice(keys)
        mine = [line for line, owner in lines.items() if owner == key]
        act = chance.randrange(12)
        month = chance.choice([None, JAN, FEB, NEXT, date(2026, 12, 1)])
        if act == 0 or not mine:
            kind, currency = chance.choice(
                [("ebitda", "EUR"), ("cash", "USD"), ("fte", ""), ("ebitda", "GBP")]
            )
            rate = chance.choice([None, 12_345])
            lines[add_line(key, kind, chance.choice(["recurring", "one_off"]), currency, rate)] = key
        elif act == 1:
            place(
                key, branch_id=chance.choice(branches), state=chance.choice(["active", "cancelled", "active"])
            )
        elif act == 2:
            freeze(key, USD=chance.choice(["0.9", "0.95"]), GBP="1.17")
        elif act in {3, 4}:
            book(key, chance.choice(mine), month, chance.randrange(-9_999, 9_999), chance.randrange(9_999))
        else:
            series = chance.choice(["baseline", "target", "plan", "forecast", "actual"])
            put(
                key,
                chance.choice(mine),
                series,
                {month: chance.choice([None, chance.randrange(-(10**9), 10**9)])},
            )
    assert totals() == recomputed()
    assert settle_all(SYSTEM) == 0
    assert totals() == recomputed()


def test_kept_sums_that_were_spoiled_or_lost_are_rebuilt(database, cast):
    key = make_measure(cast)
    line = add_line(key)
    put(key, line, "plan", {JAN: 1_000})
    right = totals()

    def spoil(work):
        work.session.execute(update(MoneyTotal).values(m01=7, total=9))
        work.session.execute(update(MoneyLine).where(MoneyLine.series == "plan").values(m01=5))
        work.session.execute(delete(MoneyYear))

    writing(SYSTEM, spoil)
    assert settle_all(SYSTEM) > 0
    assert totals() == right
    assert settle_all(SYSTEM) == 0


def test_a_measure_whose_money_did_not_change_costs_no_statement_about_money(sqlite, cast, count_queries):
    key = make_measure(cast)
    put(key, add_line(key), "plan", {JAN: 1_000})
    said = []
    with count_queries() as counted:
        move(cast, key, "identified")
        said = [
            each for each in counted.statements if "money_" in each.lower() and "card" not in each.lower()
        ]
    assert said == []
    assert measure_row(key)
