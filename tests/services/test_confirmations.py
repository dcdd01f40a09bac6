"""Confirming actual amounts: worked examples to the cent, who may, what is refused, and what is written (R03, R05)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate, EffectValue
from govapp.data.ledger_queries import confirmed_sums, line_months
from govapp.data.notices import Notice
from govapp.data.people import Grant
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.ledger import EXCEPT, PART, REFUSE, unsettled
from govapp.services._work import Work, writing
from govapp.services.audit import verify
from govapp.services.confirmations import CellWish, RuleCells, rule_cells
from govapp.services.deputies import SetDeputy, set_deputy
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.grids import Cell, SaveGrid, save_grid
from govapp.services.parts import AssignParts, assign_parts
from tests.cast import SYSTEM
from tests.confirming import (
    close_month,
    codes,
    confirm,
    enter,
    ledger,
    make_line,
    month,
    reverse,
    rule,
    rulings,
    standings,
)
from tests.factories import key_of_form, loaded, make_measure, measure_row, today_of, version_of

pytestmark = pytest.mark.usefixtures("database")
PLAN = {"2026-07": "2025.00", "2026-08": "3037.50", "2026-09": "4050.00", "2026-10": "4050.00"}
ACTUAL = {"2026-07": "2004.75", "2026-08": "3007.13", "2026-09": "4009.50", "2026-10": "4009.50"}


@pytest.fixture
def key(cast) -> str:
    return make_measure(cast, "defined")


@pytest.fixture
def line(cast, key) -> int:
    """M-154 of the demonstration: its plan, and actual amounts that await."""
    number = make_line(cast, key, PLAN)
    enter(cast, key, number, ACTUAL)
    return number


def logged(event: str) -> list[dict]:
    with reading() as session:
        rows = session.scalars(
            select(AuditLog.payload).where(AuditLog.event == event).order_by(AuditLog.sequence)
        )
        return [row if isinstance(row, dict) else json.loads(row) for row in rows]


def test_m_154_three_months_in_full_and_one_in_part_come_out_as_the_demonstration_says(cast, key, line):
    part = CellWish(line, month("2026-08"), PART, Decimal("2697.13"))
    assert codes(confirm(cast.controller, line, "2026-07", "2026-09", "2026-10")) == [(), (), ()]
    assert codes(rule(cast.controller, part, reason="310.00 were saved the year before.")) == [()]
    rows = ledger(key)
    assert [(row.month, row.amount, row.claimed) for row in rows[-1:]] == [
        (month("2026-08"), 269_713, 300_713)
    ]
    with reading() as session:
        # 2004.75 + 2697.13 + 4009.50 + 4009.50
        assert confirmed_sums(session, measure_row(key).id) == {"EUR": 1_272_088}
    assert set(standings(line).values()) == {"confirmed"}
    assert logged("finance:confirmed")[-1]["rows"] == [[line, "2026-08-01", 269_713, "EUR", 0, 269_713]]
    assert verify(state=True).faults == ()


def test_every_cell_of_a_bulk_has_a_result_and_one_refused_stops_no_other(cast, key, line):
    wishes = [
        CellWish(line, month("2026-07"), "full"),
        CellWish(line, month("2026-06"), "full"),
        CellWish(line, month("2026-08"), "full", seen=1),
        CellWish(line, month("2026-09"), "approve"),
        CellWish(line, month("2026-10"), PART, Decimal("4009.51")),
    ]
    found = rule(cast.controller, *wishes, reason="So it is.")
    assert codes(found) == [(), ("no_amount",), ("amount_changed",), ("unknown_choice",), ("part_too_large",)]
    assert standings(line)["2026-07"] == "confirmed"
    assert [row.amount for row in ledger(key)] == [200_475]


def test_a_reason_stands_only_beside_what_needs_one_and_each_may_have_its_own(cast, key, line):
    wishes = [
        CellWish(line, month("2026-07"), "full"),
        CellWish(line, month("2026-08"), PART, Decimal("2697.13")),
        CellWish(line, month("2026-09"), PART, Decimal(4000), reason="9.50 belong to October."),
        CellWish(line, month("2026-10"), "refuse"),
    ]
    assert codes(rule(cast.controller, *wishes, reason="310.00 were saved before.")) == [()] * 4
    reasons = {row.month.isoformat()[:7]: row.reason for row in (*ledger(key), *rulings(key))}
    assert reasons == {
        "2026-07": "", "2026-08": "310.00 were saved before.", "2026-09": "9.50 belong to October.",
        "2026-10": "310.00 were saved before.",
    }  # fmt: skip
    assert [(len(said["rows"]), said["reason"]) for said in logged("finance:confirmed")] == [
        (1, ""), (1, "310.00 were saved before."), (1, "9.50 belong to October."),
    ]  # fmt: skip
    assert verify(state=True).faults == ()


def test_the_one_amount_confirmed_in_full_keeps_its_reason(cast, key, line):
    confirm(cast.controller, line, "2026-07", reason="Seen in the ledger of the month.")
    assert [row.reason for row in ledger(key)] == ["Seen in the ledger of the month."]


def test_a_late_entry_does_not_keep_the_source_of_the_amount_it_replaces(cast, key, line):
    cells = (Cell(line, "actual", month("2026-07"), 200_475, Decimal(2000)),)
    first = (Cell(line, "actual", month("2026-07"), 200_475, Decimal("2004.74")),)
    save_grid(SaveGrid(key, first, cast.finance.origin, "Ledger of the month"))
    close_month("2026-07")
    again = tuple(replace(cell, seen=200_474) for cell in cells)
    with pytest.raises(Invalid) as refused:
        save_grid(SaveGrid(key, again, cast.controller.origin))
    assert refused.value.errors == {f"{line}:actual:2026-07": ["source_needed"]}
    save_grid(SaveGrid(key, again, cast.controller.origin, "Invoice 4711"))
    with reading() as session:
        row = session.scalars(
            select(EffectValue).where(EffectValue.line_id == line, EffectValue.month == month("2026-07"),
                                      EffectValue.series == "actual")
        ).one()  # fmt: skip
        assert (row.source, row.late_on is not None) == ("Invoice 4711", True)


def test_r05_a_confirmed_amount_is_edited_by_nobody_until_its_confirmation_is_taken_back(cast, key, line):
    confirm(cast.controller, line, "2026-07")
    for who in (cast.finance, cast.controller, cast.lead, cast.owner):
        with pytest.raises((Invalid, Refused)):
            enter(cast, key, line, {"2026-07": "1.00"}, by=who)
    reverse(cast.controller, ledger(key)[0].id)
    assert standings(line)["2026-07"] == "awaits"
    enter(cast, key, line, {"2026-07": "2000.00"})
    assert codes(confirm(cast.controller, line, "2026-07")) == [()]
    assert [(row.kind, row.amount, row.translated) for row in ledger(key)] == [
        ("confirmation", 200_475, 200_475),
        ("reversal", -200_475, -200_475),
        ("confirmation", 200_000, 200_000),
    ]


def test_a_row_is_taken_back_once_with_a_reason_and_a_reversal_never(cast, key, line):
    confirm(cast.controller, line, "2026-07")
    row = ledger(key)[0].id
    with pytest.raises(Invalid) as without:
        reverse(cast.controller, row, " ")
    assert without.value.errors == {"reason": ["reason_needed"]}
    reverse(cast.controller, row)
    with pytest.raises(Invalid) as again:
        reverse(cast.controller, row)
    assert again.value.errors == {"row": ["already_reversed"]}
    with pytest.raises(Invalid) as back:
        reverse(cast.controller, ledger(key)[1].id)
    assert back.value.errors == {"row": ["reversal_stays"]}
    with pytest.raises(NotFound):
        reverse(cast.controller, 987_654)


def test_refused_amounts_are_corrected_and_await_again(cast, key, line):
    refused = rule(
        cast.controller, CellWish(line, month("2026-07"), REFUSE), reason="The invoice is not there."
    )
    assert codes(refused) == [()]
    assert standings(line)["2026-07"] == "refused"
    assert [(one.verdict, one.claimed, one.reason) for one in rulings(key)] == [
        ("refused", 200_475, "The invoice is not there.")
    ]
    assert ledger(key) == []
    enter(cast, key, line, {"2026-07": "1999.99"})
    assert standings(line)["2026-07"] == "awaits"


def test_a_due_month_without_an_amount_is_excepted_and_closing_then_asks_no_more_of_it(cast, key):
    line = make_line(cast, key, PLAN)
    exception = CellWish(line, month("2026-07"), EXCEPT)
    assert codes(rule(cast.controller, exception, reason="Late start.")) == [("month_not_due",)]
    close_month("2026-08")
    assert codes(rule(cast.controller, exception, reason="Late start.")) == [()]
    assert codes(rule(cast.controller, exception, reason="Late start.")) == [("already_excepted",)]
    with reading() as session:
        found = line_months(session, measure_row(key).id)
    assert [unsettled(each, month("2026-08")) for each in found] == [[month("2026-08")]]


def test_after_the_month_was_closed_a_confirmation_is_a_late_one(cast, key, line):
    confirm(cast.controller, line, "2026-07")
    close_month("2026-08")
    confirm(cast.controller, line, "2026-08", "2026-09")
    assert [row.late for row in ledger(key)] == [False, True, False]


def test_r03_who_entered_or_edited_an_amount_does_not_confirm_it(cast, key):
    line = make_line(cast, key, PLAN)
    grant_role(GrantRole(SYSTEM, cast.finance.id, "controller", "OI"))
    parts = {"finance_contact": None, "controller": None}
    enter(cast, key, line, ACTUAL)
    assign_parts(AssignParts(key, version_of(key), parts, cast.lead.origin))
    assert codes(confirm(cast.finance, line, "2026-07")) == [("entered_it",)]
    assert codes(confirm(cast.controller, line, "2026-07")) == [()]


def test_r05_only_the_controller_of_the_measure_confirms_while_there_is_one(cast, key, line):
    other = cast.leader
    grant_role(GrantRole(SYSTEM, other.id, "controller", "OI"))
    for who in (other, cast.owner, cast.lead, cast.finance, cast.auditor, cast.administrator):
        with pytest.raises(Refused) as refused:
            confirm(who, line, "2026-07")
        assert refused.value.code in {"not_the_controller", "no_right", "duty_forbids"}
    with pytest.raises(NotFound):
        confirm(cast.stranger, line, "2026-07")
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    assert codes(confirm(other, line, "2026-07")) == [()]
    assert ledger(key)[0].right_used.startswith("role:controller@")


def test_r05_an_owner_with_the_role_of_a_controller_does_not_confirm_where_the_part_is_vacant(
    cast, key, line
):
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    grant_role(GrantRole(SYSTEM, cast.owner.id, "controller", "OI"))
    with pytest.raises(Refused) as refused:
        confirm(cast.owner, line, "2026-07")
    assert refused.value.code in {"owner_confirms", "duty_forbids"}
    assert ledger(key) == []


def test_r07_a_controller_whose_role_has_ended_confirms_nothing(cast, key, line):
    with reading() as session:
        from_grant = next(
            g.id for g in session.scalars(select(Grant).where(Grant.person_id == cast.controller.id))
        )
    end_grant(EndGrant(SYSTEM, from_grant))
    with pytest.raises(Refused) as refused:
        confirm(cast.controller, line, "2026-07")
    assert refused.value.code == "not_the_controller"


def away(key, person, deputy):
    day = today_of(key)
    set_deputy(SetDeputy(person.origin, person.id, deputy.id, day, day + timedelta(days=3)))


def test_r58_a_deputy_confirms_and_both_names_stand_in_the_ledger(cast, key, line):
    away(key, cast.controller, cast.approver)
    assert codes(confirm(cast.approver, line, "2026-07")) == [()]
    row = ledger(key)[0]
    assert (row.person_id, row.on_behalf_of, row.right_used) == (
        cast.approver.id, cast.controller.id, "part:controller",
    )  # fmt: skip


def test_r03_a_deputy_is_bound_by_what_either_of_the_two_entered(cast, key):
    # the deputy entered it as finance contact of the measure
    line = make_line(cast, key, PLAN)
    assign_parts(AssignParts(key, version_of(key), {"finance_contact": cast.member.id}, cast.lead.origin))
    enter(cast, key, line, ACTUAL, by=cast.member)
    assign_parts(AssignParts(key, version_of(key), {"finance_contact": None}, cast.lead.origin))
    away(key, cast.controller, cast.member)
    assert codes(confirm(cast.member, line, "2026-07")) == [("entered_it",)]


def test_r13_a_form_sent_twice_books_once_and_answers_the_same(cast, key, line):
    again = RuleCells(
        (CellWish(line, month("2026-07"), "full"), CellWish(line, month("2026-06"), "full")),
        cast.controller.origin, action_key=key_of_form(),
    )  # fmt: skip
    first = rule_cells(again)
    assert rule_cells(again) == first
    assert len(ledger(key)) == 1
    with pytest.raises(KeyReused):
        rule_cells(replace(again, reason="Another."))


def test_amounts_in_pounds_keep_the_actual_rate_of_their_month_for_good(cast, key):
    line = make_line(cast, key, currency="GBP")
    enter(cast, key, line, {"2026-08": "100.10"})
    found = confirm(cast.controller, line, "2026-08")
    assert codes(found) == [("rate_missing",)]
    assert found[0].values == {"currency": "GBP", "kind": "actual", "day": "2026-08-01"}
    set_actual_rate("GBP", "2026-08", "1.163")
    assert codes(confirm(cast.controller, line, "2026-08")) == [()]
    set_actual_rate("GBP", "2026-08", "1.2")
    row = ledger(key)[0]
    # 100.10 x 1.163 = 116.4163
    assert (row.amount, row.rate, row.translated) == (10_010, "1.163", 11_642)
    reverse(cast.controller, row.id)
    assert [each.translated for each in ledger(key)] == [11_642, -11_642]


def set_actual_rate(currency: str, text: str, rate: str) -> None:
    def body(work: Work) -> None:
        organization = work.session.scalars(select(Organization.id).where(Organization.key == "OI")).one()
        row = work.session.scalar(
            select(CurrencyRate).where(CurrencyRate.currency == currency, CurrencyRate.kind == "actual")
        )
        if row is None:
            row = CurrencyRate(
                organization_id=organization, kind="actual", currency=currency, from_day=month(text)
            )
            work.session.add(row)
        row.rate = rate
        work.log(Event.ACTUAL_RATES_SET, {"month": text, "changes": {currency: [None, rate]}})

    writing(SYSTEM, body)


def test_posts_set_free_are_confirmed_without_any_rate(cast, key):
    line = make_line(cast, key, kind="fte", currency="")
    enter(cast, key, line, {"2026-08": "1.5"})
    assert codes(confirm(cast.controller, line, "2026-08")) == [()]
    row = ledger(key)[0]
    assert (row.amount, row.currency, row.rate, row.translated) == (15_000, "", "", 0)


def test_an_amount_of_zero_is_confirmed_and_stands_still(cast, key):
    line = make_line(cast, key, PLAN)
    enter(cast, key, line, {"2026-08": "0"})
    assert codes(confirm(cast.controller, line, "2026-08")) == [()]
    assert codes(confirm(cast.controller, line, "2026-08")) == [("already_confirmed",)]
    with pytest.raises(Invalid):
        enter(cast, key, line, {"2026-08": "1"})


def test_lines_of_other_measures_and_unknown_ones_are_refused_in_their_own_place(cast, key, line):
    other = make_measure(cast, "defined")
    theirs = make_line(cast, other, PLAN)
    enter(cast, other, theirs, ACTUAL)
    wishes = [CellWish(number, month("2026-07"), "full") for number in (theirs, 987_654, line)]
    found = rule(cast.controller, *wishes)
    assert codes(found) == [(), ("not_found",), ()]
    assert [each.measure for each in found] == [other, "", key]


def test_nothing_and_too_much_are_refused_as_a_whole(cast, key, line):
    with pytest.raises(Invalid) as none:
        rule(cast.controller)
    assert none.value.code == "cells_none"
    with pytest.raises(Invalid) as many:
        rule(cast.controller, *[CellWish(line, date(2026, 1, 1), "full", seen=n) for n in range(501)])
    assert many.value.code == "cells_many"


def test_r27_where_the_rules_ask_for_it_the_controller_signs_and_the_name_is_kept(
    cast, key, line, monkeypatch
):
    rules = loaded(key).rules
    signing = replace(rules, effects=replace(rules.effects, sign_in_again=True))
    monkeypatch.setattr("govapp.data.snapshots.rules_for", lambda *_: signing)
    with pytest.raises(Invalid) as refused:
        confirm(cast.controller, line, "2026-07")
    assert refused.value.errors == {"password": ["signature_needed"]}
    assert codes(confirm(cast.controller, line, "2026-07", signed=True)) == [()]
    assert ledger(key)[0].signed_name == cast.controller.name


def test_the_hands_of_an_amount_are_all_who_touched_it(cast, key):
    line = make_line(cast, key, PLAN)
    enter(cast, key, line, {"2026-07": "1"})
    grant_role(GrantRole(SYSTEM, cast.lead.id, "controller", "OI"))
    assign_parts(AssignParts(key, version_of(key), {"finance_contact": cast.member.id}, cast.lead.origin))
    enter(cast, key, line, {"2026-07": "2"}, by=cast.member)
    with reading() as session:
        hands = session.scalar(select(EffectValue.hands).where(EffectValue.series == "actual"))
    assert hands == sorted([cast.finance.id, cast.member.id])


def test_the_log_says_what_was_confirmed_before_and_after_a_row_was_taken_back(cast, key, line):
    confirm(cast.controller, line, "2026-08")
    reverse(cast.controller, ledger(key)[0].id)
    assert logged("finance:reversed")[-1]["rows"] == [[line, "2026-08-01", -300_713, "EUR", 300_713, 0]]


def stand_in(cast, absent, deputy, key: str) -> None:
    day = today_of(key)
    set_deputy(SetDeputy(absent.origin, absent.id, deputy.id, day, day + timedelta(days=3)))


def test_r03_a_controller_who_is_the_owner_s_deputy_does_not_confirm(cast, key, line):
    stand_in(cast, cast.owner, cast.controller, key)
    with pytest.raises(Refused) as refused:
        confirm(cast.controller, line, "2026-08")
    assert refused.value.code == "owner_confirms"
    assert ledger(key) == []


def test_whoever_entered_an_amount_learns_that_it_was_refused_cut_or_taken_back(cast, key, line):
    confirm(cast.controller, line, "2026-07")
    refused = CellWish(line, month("2026-08"), REFUSE)
    part = CellWish(line, month("2026-09"), PART, Decimal(1))
    rule(cast.controller, refused, part, reason="Look again.")
    reverse(cast.controller, ledger(key)[0].id)
    with reading() as session:
        kinds = select(Notice.person_id, Notice.payload).where(Notice.kind == "amounts_returned")
        found = session.execute(kinds.order_by(Notice.id)).all()
    assert [(row.person_id, row.payload["what"]) for row in found] == [
        (cast.finance.id, "part"), (cast.finance.id, "refuse"), (cast.finance.id, "reverse")
    ]  # fmt: skip
    assert "amount" not in str(found)


def test_late_amounts_of_one_controller_are_confirmed_by_another_one_only(cast, key):
    line = make_line(cast, key, PLAN)
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "OI"))
    close_month("2026-08")
    late = Cell(line, "actual", month("2026-08"), None, Decimal(10))
    save_grid(SaveGrid(key, (late,), cast.leader.origin))
    with pytest.raises(Refused):
        confirm(cast.leader, line, "2026-08")
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    assert codes(confirm(cast.leader, line, "2026-08")) == [("entered_it",)]
    assert codes(confirm(cast.controller, line, "2026-08")) == [()]
    assert ledger(key)[0].late


@pytest.fixture
def late(cast, key, line) -> int:
    """A confirmation taken back in a closed month, its amount corrected by the controller of the measure."""
    confirm(cast.controller, line, "2026-08")
    close_month("2026-08")
    reverse(cast.controller, ledger(key)[0].id)
    enter(cast, key, line, {"2026-08": "90"}, by=cast.controller)
    return line


def test_r05_what_the_controller_added_late_another_controller_of_the_branch_confirms(cast, key, late):
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "OI"))
    assert codes(confirm(cast.controller, late, "2026-08")) == [("entered_it",)]
    results = confirm(cast.leader, late, "2026-07", "2026-08")
    assert codes(results) == [("not_the_controller",), ()]
    row = ledger(key)[-1]
    assert (row.amount, row.late, row.person_id, row.right_used[:5]) == (9000, True, cast.leader.id, "role:")
    with pytest.raises(Refused):
        reverse(cast.leader, row.id)
    assert verify(state=True).ok


def test_r05_a_late_entry_is_refused_by_another_controller_too(cast, key, late):
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "OI"))
    wish = CellWish(late, month("2026-08"), REFUSE)
    assert codes(rule(cast.leader, wish, reason="Not booked.")) == [()]
    assert standings(late)["2026-08"] == "refused"


def test_r05_nobody_else_confirms_what_the_controller_added_late(cast, key, late):
    for who in (cast.owner, cast.lead, cast.finance, cast.leader, cast.approver, cast.auditor):
        with pytest.raises(Refused):
            confirm(who, late, "2026-08")
    for who in (cast.owner, cast.finance):
        grant_role(GrantRole(SYSTEM, who.id, "controller", "OI"))
        with pytest.raises(Refused):
            confirm(who, late, "2026-08")
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "workplace"))
    with pytest.raises(Refused):
        confirm(cast.leader, late, "2026-08")
    grant_role(GrantRole(SYSTEM, cast.approver.id, "controller", "OI"))
    stand_in(cast, cast.controller, cast.approver, key)
    assert codes(confirm(cast.approver, late, "2026-08")) == [("entered_it",)]


def test_r58_another_controller_lends_the_confirming_of_late_entries_to_a_deputy(cast, key, late):
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "OI"))
    stand_in(cast, cast.leader, cast.approver, key)
    assert codes(confirm(cast.approver, late, "2026-08")) == [()]
    row = ledger(key)[-1]
    assert (row.person_id, row.on_behalf_of) == (cast.approver.id, cast.leader.id)
