"""Leakage after closing, and the identity of the four sums (issue, The ledger)."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.ledger_queries import confirmed_sums, rows_since
from govapp.data.measures import StagePassage
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.ledger import sums_of
from govapp.services.leakage import BookLeakage, book_leakage
from tests.confirming import codes, confirm, enter, ledger, make_line, month, reverse
from tests.factories import bring_to, key_of_form, make_measure, measure_row, stage_of

pytestmark = pytest.mark.usefixtures("database")
ACTUAL = {"2026-07": "100.00", "2026-08": "200.00", "2026-09": "300.00"}


@pytest.fixture
def key(cast) -> str:
    return make_measure(cast, "defined")


@pytest.fixture
def line(cast, key) -> int:
    """A line with 600.00 confirmed, on a measure that is then closed."""
    number = make_line(cast, key)
    enter(cast, key, number, ACTUAL)
    confirm(cast.controller, number, *ACTUAL)
    bring_to(cast, key, "closed")
    return number


def leak(cast, key: str, line: int, lost: str, **more) -> int:
    values = {"month": date(2026, 11, 1), "reason": "Half of the licences came back."} | more
    who = values.pop("by", cast.controller)
    command = BookLeakage(
        key, line, lost=Decimal(lost), origin=who.origin, action_key=key_of_form(), **values
    )
    return book_leakage(command)


def four_sums(key: str):
    measure = measure_row(key).id
    with reading() as session:
        passage = session.scalars(
            select(StagePassage)
            .where(StagePassage.measure_id == measure, StagePassage.stage == "closed")
            .order_by(StagePassage.id.desc())
        ).first()
        rows = rows_since(session, measure, passage.entered_seq)
        now = confirmed_sums(session, measure)
    at_closing = sum(row.amount for row in ledger(key) if row.seq <= passage.entered_seq)
    return sums_of([(kind, amount, of) for _, kind, amount, of in rows], at_closing), now["EUR"]


def test_confirmed_now_is_at_closing_and_since_less_reversed_and_leaked(cast, key, line):
    enter(cast, key, line, {"2026-10": "50.00"})
    confirm(cast.controller, line, "2026-10")
    reverse(cast.controller, ledger(key)[0].id)
    leak(cast, key, line, "120.55")
    sums, now = four_sums(key)
    # 600.00 + 50.00 - 100.00 - 120.55 = 429.45
    assert (sums.at_closing, sums.since, sums.reversed, sums.leaked) == (60_000, 5_000, 10_000, 12_055)
    assert sums.now == now == 42_945


def test_no_more_leaks_than_is_confirmed_now_and_only_after_closing(cast, key, line):
    with pytest.raises(Invalid) as too_much:
        leak(cast, key, line, "600.01")
    assert too_much.value.errors == {"lost": ["leakage_too_large"]}
    for lost in ("0", "-1"):
        with pytest.raises(Invalid) as wrong:
            leak(cast, key, line, lost, reason=" ")
        assert wrong.value.errors == {"lost": ["leakage_positive"], "reason": ["reason_needed"]}
    leak(cast, key, line, "600.00")
    other = make_measure(cast, "defined")
    theirs = make_line(cast, other)
    enter(cast, other, theirs, ACTUAL)
    confirm(cast.controller, theirs, "2026-07")
    with pytest.raises(Invalid) as early:
        leak(cast, other, theirs, "1")
    assert early.value.errors == {"lost": ["not_closed_yet"]}
    with pytest.raises(NotFound):
        leak(cast, key, theirs, "1")


@pytest.mark.parametrize("lost", ["NaN", "1e400", "0.001"])
def test_what_is_no_amount_of_the_currency_does_not_leak(cast, key, line, lost):
    with pytest.raises(Invalid):
        leak(cast, key, line, lost)


def test_leakage_can_reopen_the_measure_and_reopening_changes_no_row(cast, key, line):
    before = [(row.id, row.amount) for row in ledger(key)]
    leak(cast, key, line, "300.00", reopen=True)
    assert stage_of(key) == "implemented"
    assert [(row.id, row.amount) for row in ledger(key)][:-1] == before
    assert ledger(key)[-1].amount == -30_000
    leak(cast, key, line, "300.00")


def test_what_leaked_stands_in_the_way_of_taking_more_back_than_is_left(cast, key, line):
    number = leak(cast, key, line, "400.00")
    with pytest.raises(Invalid) as refused:
        reverse(cast.controller, ledger(key)[2].id)
    assert refused.value.errors == {"row": ["leaked_since"]}
    reverse(cast.controller, number, "It was another contract.")
    reverse(cast.controller, ledger(key)[2].id)
    sums, now = four_sums(key)
    assert (sums.reversed, sums.leaked, now) == (30_000, 0, 30_000)


def test_r05_only_the_controller_books_leakage(cast, key, line):
    for who in (cast.owner, cast.lead, cast.sponsor, cast.auditor):
        with pytest.raises(Refused):
            leak(cast, key, line, "1", by=who)
    assert codes(confirm(cast.controller, line, "2026-07")) == [("already_confirmed",)]
    assert month("2026-07") == ledger(key)[0].month


@pytest.mark.parametrize(
    ("text", "code"),
    [("2099-01", "month_ahead"), ("2026-06", "leakage_before_effect"), ("1999-01", "leakage_before_effect")],
)
def test_nothing_leaks_as_of_a_month_to_come_or_before_anything_was_confirmed(cast, key, line, text, code):
    with pytest.raises(Invalid) as refused:
        leak(cast, key, line, "1", month=month(text))
    assert refused.value.errors == {"month": [code]}
    assert [row.kind for row in ledger(key)] == ["confirmation"] * 3


def test_leakage_may_count_from_the_first_month_that_is_still_confirmed(cast, key, line):
    leak(cast, key, line, "1", month=month("2026-07"))
    reverse(cast.controller, ledger(key)[0].id)
    with pytest.raises(Invalid):
        leak(cast, key, line, "1", month=month("2026-07"))
    leak(cast, key, line, "1", month=month("2026-08"))
