"""What a controller may do with an amount, and what the rows of the ledger add up to."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.ledger import (
    AWAITS,
    CONFIRMATION,
    CONFIRMED,
    EXCEPT,
    EXCEPTED,
    FULL,
    LEAKAGE,
    NONE,
    PART,
    REFUSE,
    REFUSED,
    REVERSAL,
    Booking,
    Cell,
    CellAsk,
    LineMonths,
    confirmed_by,
    due_months,
    part_fault,
    sums_of,
    unsettled,
    why_not,
    why_not_leaked,
    why_not_reversed,
)

TODAY = date(2026, 11, 22)
OCTOBER = date(2026, 10, 1)
CARLA = frozenset({7})


def cell(amount: int | None = 300_713, standing: str = AWAITS, **more) -> Cell:
    values = {"month": OCTOBER, "hands": frozenset({3})} | more
    return Cell(line=1, amount=amount, standing=standing, **values)


def test_an_amount_that_awaits_is_confirmed_in_full_without_a_reason():
    assert why_not(cell(), CellAsk(FULL), CARLA, TODAY) == []
    assert confirmed_by(cell(), CellAsk(FULL)) == 300_713


@pytest.mark.parametrize(
    ("amount", "part", "fault"),
    [
        (300_713, 269_713, ""),
        (300_713, 300_713, ""),
        (300_713, 0, "part_is_nothing"),
        (300_713, 300_714, "part_too_large"),
        (300_713, -1, "part_sign"),
        (300_713, None, "part_needed"),
        (-1_700_000, -1_500_000, ""),
        (-1_700_000, -1_700_001, "part_too_large"),
        (-1_700_000, 1, "part_sign"),
        (0, 0, ""),
        (0, 1, "part_too_large"),
    ],
)
def test_a_part_has_the_sign_of_the_amount_and_is_not_more_than_it(amount, part, fault):
    assert part_fault(amount, part) == fault


def test_a_part_of_m_154_is_what_the_demonstration_confirmed():
    asked = CellAsk(PART, 269_713, "310.00 belong to the year before.")
    assert why_not(cell(), asked, CARLA, TODAY) == []
    assert confirmed_by(cell(), asked) == 269_713


@pytest.mark.parametrize("act", [PART, REFUSE, EXCEPT])
def test_all_but_a_full_confirmation_needs_a_reason(act):
    there = cell(None, NONE, due=True) if act == EXCEPT else cell()
    assert why_not(there, CellAsk(act, 1), CARLA, TODAY) == ["reason_needed"]
    assert why_not(there, CellAsk(act, 1, "Because."), CARLA, TODAY) == []
    assert why_not(there, CellAsk(act, 1, "x" * 2001), CARLA, TODAY) == ["too_long"]


def test_r03_who_entered_an_amount_or_is_bound_by_who_did_neither_confirms_nor_refuses_it():
    for act in (FULL, REFUSE):
        assert "entered_it" in why_not(cell(), CellAsk(act, reason="Because."), frozenset({7, 3}), TODAY)


def test_r05_a_confirmed_amount_takes_no_second_ruling():
    for act in (FULL, PART, REFUSE):
        asked = CellAsk(act, 1, "Because.")
        assert why_not(cell(standing=CONFIRMED), asked, CARLA, TODAY) == ["already_confirmed"]


def test_a_refused_amount_may_be_confirmed_after_all_but_not_refused_again():
    assert why_not(cell(standing=REFUSED), CellAsk(FULL), CARLA, TODAY) == []
    assert why_not(cell(standing=REFUSED), CellAsk(REFUSE, reason="x"), CARLA, TODAY) == ["already_refused"]


def test_nothing_is_confirmed_that_nobody_saw():
    assert why_not(cell(), CellAsk(FULL, seen=300_712), CARLA, TODAY) == ["amount_changed"]
    assert why_not(cell(None, NONE), CellAsk(FULL), CARLA, TODAY) == ["no_amount"]
    assert why_not(cell(), CellAsk("approve"), CARLA, TODAY) == ["unknown_choice"]


def test_a_month_that_has_not_begun_is_not_confirmed():
    assert why_not(cell(month=date(2026, 12, 1)), CellAsk(FULL), CARLA, TODAY) == ["month_ahead"]
    assert why_not(cell(month=date(2026, 11, 1)), CellAsk(FULL), CARLA, TODAY) == []
    assert why_not(cell(month=None), CellAsk(FULL), CARLA, TODAY) == []


def test_a_month_is_excepted_once_where_it_is_due_and_bears_no_amount():
    asked = CellAsk(EXCEPT, reason="The invoice comes in March.")
    assert why_not(cell(None, NONE, due=True), asked, CARLA, TODAY) == []
    assert why_not(cell(None, NONE), asked, CARLA, TODAY) == ["month_not_due"]
    assert why_not(cell(None, EXCEPTED, due=True), asked, CARLA, TODAY) == ["already_excepted"]
    assert why_not(cell(due=True), asked, CARLA, TODAY) == ["amount_there"]


def test_a_row_is_reversed_once_and_a_reversal_never():
    row = Booking(1, CONFIRMATION, 500)
    assert why_not_reversed(row, 500, 0, "Wrong month.") == []
    assert why_not_reversed(row, 500, 0, "") == ["reason_needed"]
    assert why_not_reversed(Booking(1, CONFIRMATION, 500, True), 0, 9, "x") == ["already_reversed"]
    assert why_not_reversed(Booking(2, REVERSAL, -500), 0, 0, "x") == ["reversal_stays"]


def test_what_leaked_since_stands_in_the_way_of_a_reversal():
    assert why_not_reversed(Booking(1, CONFIRMATION, 500), 400, 100, "x") == ["leaked_since"]
    assert why_not_reversed(Booking(1, CONFIRMATION, 500), -100, 0, "x") == []
    assert why_not_reversed(Booking(1, CONFIRMATION, -500), -500, 0, "x") == []
    assert why_not_reversed(Booking(2, LEAKAGE, -100), 400, 100, "x") == []


def test_leakage_comes_after_closing_and_is_not_more_than_is_confirmed_now():
    assert why_not_leaked(1000, 1000, "Half the licences came back.", closed=True) == []
    assert why_not_leaked(1000, 1001, "x", closed=True) == ["leakage_too_large"]
    assert why_not_leaked(1000, 0, "x", closed=True) == ["leakage_positive"]
    assert why_not_leaked(-1000, 1, "x", closed=True) == ["leakage_too_large"]
    assert why_not_leaked(1000, 1, "", closed=False) == ["not_closed_yet", "reason_needed"]


def test_confirmed_now_is_what_was_confirmed_at_closing_and_since_less_reversed_and_leaked():
    # at closing 900; since: +100, one of 300 taken back, 50 leaked, 20 of that taken back as a mistake
    rows = [
        (CONFIRMATION, 100, ""), (REVERSAL, -300, CONFIRMATION), (LEAKAGE, -50, ""), (LEAKAGE, -20, ""),
        (REVERSAL, 20, LEAKAGE),
    ]  # fmt: skip
    found = sums_of(rows, 900)
    assert (found.since, found.reversed, found.leaked, found.now) == (100, 300, 50, 650)


@given(
    st.lists(st.tuples(st.sampled_from([CONFIRMATION, REVERSAL, LEAKAGE]), st.integers(-(10**12), 10**12)))
)
def test_whatever_the_rows_confirmed_now_is_their_plain_sum(rows):
    of = [(kind, amount, CONFIRMATION if kind == REVERSAL else "") for kind, amount in rows]
    assert sums_of(of, 17).now == 17 + sum(amount for _, amount in rows)


def months(**standings: str) -> dict[date | None, str]:
    return {date(2026, int(name[1:]), 1): standing for name, standing in standings.items()}


def test_due_are_months_up_to_the_last_closed_one_that_expect_or_bear_an_amount():
    line = LineMonths(
        1, frozenset({date(2026, 8, 1), date(2026, 9, 1), date(2026, 11, 1)}), months(m7=AWAITS)
    )
    assert due_months(line, date(2026, 10, 1)) == [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]
    assert due_months(line, None) == []


def test_an_undated_actual_amount_is_always_due():
    line = LineMonths(1, frozenset(), {None: AWAITS})
    assert due_months(line, None) == [None]
    assert unsettled(line, None) == [None]
    assert unsettled(LineMonths(1, frozenset(), {None: CONFIRMED}), None) == []


def test_settled_is_what_is_confirmed_refused_or_excepted():
    expected = frozenset(date(2026, month, 1) for month in (6, 7, 8, 9, 10))
    line = LineMonths(1, expected, months(m6=CONFIRMED, m7=REFUSED, m8=EXCEPTED, m9=AWAITS))
    assert unsettled(line, date(2026, 10, 1)) == [date(2026, 9, 1), date(2026, 10, 1)]
    assert unsettled(line, date(2026, 8, 1)) == []
