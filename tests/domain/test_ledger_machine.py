"""The rules of the ledger alone, played at random: enter, rule, take back, leak; fast, so over many more steps."""

from dataclasses import replace
from datetime import date

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from govapp.domain.ledger import (
    ACTS,
    AWAITS,
    CONFIRMATION,
    CONFIRMED,
    EXCEPT,
    EXCEPTED,
    LEAKAGE,
    NONE,
    REFUSE,
    REFUSED,
    REVERSAL,
    SETTLED,
    Booking,
    Cell,
    CellAsk,
    LineMonths,
    confirmed_by,
    sums_of,
    unsettled,
    why_not,
    why_not_leaked,
    why_not_reversed,
)

TODAY = date(2026, 11, 22)
MONTHS = tuple(date(2026, month, 1) for month in (7, 8, 9, 10))
CLOSED = date(2026, 9, 1)
PEOPLE = (1, 2, 3)
amounts = st.integers(-1000, 1000)


class Rules(RuleBasedStateMachine):
    """One line of four months, three people who all may confirm, and a ledger kept as a list of rows."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = {month: Cell(1, month, None, NONE, due=month <= CLOSED) for month in MONTHS}
        self.rows: list[tuple[Booking, date | None, str]] = []  # row, month, kind of the row it takes back
        self.confirmed_in: dict[date, int] = {}
        self.closing: tuple[int, int] | None = None  # rows then, and their sum

    @property
    def net(self) -> int:
        return sum(row.amount for row, _, _ in self.rows)

    @property
    def leaked(self) -> int:
        return -sum(row.amount for row, _, of in self.rows if LEAKAGE in {row.kind, of})

    @initialize(first=st.lists(amounts, min_size=4, max_size=4))
    def begin(self, first: list[int]) -> None:
        for month, amount in zip(MONTHS, first, strict=True):
            self.enter(month, amount, 1)

    @rule(month=st.sampled_from(MONTHS), amount=amounts, by=st.sampled_from(PEOPLE))
    def enter(self, month: date, amount: int, by: int) -> None:
        cell = self.cells[month]
        if cell.standing != CONFIRMED:
            self.cells[month] = replace(cell, amount=amount, standing=AWAITS, hands=cell.hands | {by})

    @rule(month=st.sampled_from(MONTHS))
    def take_the_amount_out(self, month: date) -> None:
        if self.cells[month].standing != CONFIRMED:
            self.cells[month] = replace(self.cells[month], amount=None, standing=NONE, hands=frozenset())

    @rule(
        month=st.sampled_from(MONTHS), act=st.sampled_from(ACTS), by=st.sampled_from(PEOPLE), part=amounts,
        reason=st.sampled_from(("", "As agreed.")),
    )  # fmt: skip
    def rule_on(self, month: date, act: str, by: int, part: int, reason: str) -> None:
        cell, ask = self.cells[month], CellAsk(act, part, reason)
        if why_not(cell, ask, {by}, TODAY):
            return
        if act in {REFUSE, EXCEPT}:
            self.cells[month] = replace(cell, standing=REFUSED if act == REFUSE else EXCEPTED)
            return
        amount = confirmed_by(cell, ask)
        assert by not in cell.hands
        assert abs(amount) <= abs(cell.amount or 0)
        self.cells[month] = replace(cell, standing=CONFIRMED, net=cell.net + amount)
        self.confirmed_in[month] = len(self.rows)
        self.rows.append((Booking(len(self.rows), CONFIRMATION, amount), month, ""))

    @rule(place=st.integers(0, 40), reason=st.sampled_from(("", "Wrong month.")))
    def take_back(self, place: int, reason: str) -> None:
        if not self.rows:
            return
        row, month, _ = self.rows[place % len(self.rows)]
        if why_not_reversed(row, self.net, self.leaked, reason):
            return
        self.rows[row.id] = (replace(row, reversed=True), month, self.rows[row.id][2])
        self.rows.append((Booking(len(self.rows), REVERSAL, -row.amount), month, row.kind))
        if row.kind == CONFIRMATION and month is not None:
            cell = self.cells[month]
            self.cells[month] = replace(cell, standing=AWAITS, net=cell.net - row.amount)

    @rule(lost=st.integers(-5, 1500))
    def leak(self, lost: int) -> None:
        if not why_not_leaked(self.net, lost, "Lost.", closed=self.closing is not None):
            self.rows.append((Booking(len(self.rows), LEAKAGE, -lost), None, ""))

    @rule()
    def close(self) -> None:
        self.closing = self.closing or (len(self.rows), self.net)

    @invariant()
    def confirmed_now_is_at_closing_and_since_less_reversed_and_leaked(self) -> None:
        if self.closing is not None:
            count, then = self.closing
            rows = [(row.kind, row.amount, of) for row, _, of in self.rows[count:]]
            assert sums_of(rows, then).now == self.net

    @invariant()
    def a_month_is_confirmed_while_one_confirmation_of_it_stands(self) -> None:
        for month, cell in self.cells.items():
            held = [
                row for row, at, _ in self.rows
                if at == month and row.kind == CONFIRMATION and not row.reversed
            ]  # fmt: skip
            assert len(held) == (cell.standing == CONFIRMED)
            assert cell.net == sum(row.amount for row in held)

    @invariant()
    def nothing_comes_back_that_was_not_lost(self) -> None:
        assert self.leaked >= 0

    @invariant()
    def what_is_due_and_open_is_exactly_what_nobody_ruled_on(self) -> None:
        standings = {month: cell.standing for month, cell in self.cells.items() if cell.standing != NONE}
        line = LineMonths(1, frozenset(MONTHS), dict(standings))
        still = [m for m in MONTHS if m <= CLOSED and self.cells[m].standing not in SETTLED]
        assert unsettled(line, CLOSED) == still


def test_r05_the_rules_keep_the_sums_whatever_is_played() -> None:
    run_state_machine_as_test(
        Rules, settings=settings(max_examples=40, stateful_step_count=40, deadline=None, derandomize=True)
    )
