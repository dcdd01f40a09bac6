"""Money in reports: from the record as it stood, with the plan versions named."""

from datetime import date

from sqlalchemy import select

from govapp.data.audit import AuditHead
from govapp.data.engine import reading
from govapp.jobs.report_data import gather
from govapp.services._report_rights import Reach
from govapp.services._work import now
from tests.factories import loaded, make_measure
from tests.money import add_line, book, freeze, put

YEAR = date.today().year
JAN, FEB = date(YEAR, 1, 1), date(YEAR, 2, 1)


def head():
    with reading() as session:
        return session.scalars(select(AuditHead.sequence).where(AuditHead.chain == "business")).one()


def money_of(key, seq, kind="dossier"):
    measure = loaded(key).measure
    subject = measure.id if kind == "dossier" else measure.branch_id
    return gather(kind, subject, seq, now(), Reach(True)).money


def test_a_dossier_shows_money_as_it_stood_and_names_the_plan(database, cast):
    key = make_measure(cast)
    line = add_line(key, run_rate=12_000_00)
    put(key, line, "plan", {JAN: 1_000_00, FEB: 1_000_00})
    put(key, line, "actual", {JAN: 900_00})
    drafted = head()
    freeze(key)
    book(key, line, JAN, 850_00)
    once = head()
    put(key, line, "plan", {JAN: 5_000_00})
    freeze(key)
    book(key, line, JAN, -850_00, kind="reversal")
    twice = head()

    def said(seq):
        (row,) = money_of(key, seq).kinds
        return row.run_rate, row.first_plan, row.plan, row.actual, row.confirmed

    assert said(drafted) == ("12,000.00", "2,000.00", "2,000.00", "900.00", "–")
    assert said(once) == ("12,000.00", "2,000.00", "2,000.00", "900.00", "850.00")
    assert said(twice) == ("12,000.00", "2,000.00", "6,000.00", "900.00", "–")
    assert "nothing is frozen" in money_of(key, drafted).plan
    assert money_of(key, once).plan.startswith("Plan: version 1, frozen on")
    assert "first plan: version 1" in money_of(key, twice).plan
    assert money_of(key, once).way == (0, 2_000_00, 0, 900_00, 850_00)
    assert dict(money_of(key, once).points.added)["plan"][11] == 2_000_00
    dossier = gather("dossier", loaded(key).measure.id, once, now(), Reach(True))
    assert [str(each.confirmed) for each in dossier.effects] == ["850.00"]


def test_a_branch_report_adds_up_its_measures_and_never_across_kinds(database, cast):
    one, other = make_measure(cast), make_measure(cast)
    put(one, add_line(one), "plan", {JAN: 1_000_00})
    put(other, add_line(other, timing="one_off"), "plan", {JAN: -300_00})
    put(other, add_line(other, kind="cost-avoidance"), "plan", {None: 9_000_00})
    put(other, add_line(other, currency="USD"), "forecast", {FEB: 10_00})
    shown = money_of(one, head(), "branch")
    assert {row.name: (row.plan, row.forecast) for row in shown.kinds} == {
        "Savings": ("700.00", "USD 10"), "Cost avoidance": ("9,000.00", "–"),
    }  # fmt: skip
    assert [row.name for row in shown.years] == [str(YEAR)]
    assert shown.lacking[0].startswith("There is no plan rate of USD")
    assert shown.way is None, "currencies stand side by side, so nothing is drawn"


def test_a_measure_without_lines_has_no_money_to_show(database, cast):
    key = make_measure(cast)
    assert money_of(key, head()) is None


def test_a_dossier_shows_the_ledger_row_by_row_and_what_it_adds_up_to(sqlite, cast):
    key = make_measure(cast)
    line, cost = add_line(key, name="Calls"), add_line(key, name="Form", timing="one_off")
    put(key, line, "plan", {JAN: 1_000_00, FEB: 1_000_00})
    put(key, cost, "plan", {None: -300_00})
    assert gather("dossier", loaded(key).measure.id, head(), now(), Reach(True)).closing is None
    book(key, line, JAN, 850_00)
    once = head()
    book(key, line, FEB, -50_00, kind="leakage")
    shown = gather("dossier", loaded(key).measure.id, head(), now(), Reach(True)).closing
    assert [(row.what, row.line, row.booked) for row in shown.rows] == [
        ("Leakage", "Calls", "−50.00"), ("Confirmation", "Calls", "850.00"),
    ]  # fmt: skip
    told = [
        (row.name, *(row.amounts[name] for name in ("plan", "confirmed", "leaked"))) for row in shown.lines
    ]
    assert told == [
        ("Calls", "2,000", "800", "−50"), ("Form", "−300", "0", "–"), ("Recurring, gross", "2,000", "800", "−50"),
        ("One-off", "−300", "0", "–"), ("Net", "1,700", "800", "−50"),
    ]  # fmt: skip
    (sums,) = shown.confirmed
    assert (sums.since, sums.leaked, sums.now) == ("850.00", "−50.00", "800.00")
    before = gather("dossier", loaded(key).measure.id, once, now(), Reach(True)).closing
    assert [row.what for row in before.rows] == ["Confirmation"]
    assert before.confirmed[0].now == "850.00"
