"""Random entering, confirming, refusing, excepting, taking back, leaking, closing, reopening: the sums always hold.

What is looked at is read from the tables and held against a ledger of its own, kept in plain numbers.
"""

import tempfile
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.data.ledger_queries import confirmed_sums, rows_since
from govapp.data.measures import StagePassage
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError
from govapp.domain.ledger import sums_of
from govapp.services.audit import verify
from govapp.services.confirmations import CellWish
from govapp.services.leakage import BookLeakage, book_leakage
from govapp.services.settling import settle_all
from tests import databases
from tests.cast import SYSTEM, fill_with_cast, read_cast
from tests.confirming import close_month, enter, ledger, make_line, month, reverse
from tests.confirming import rule as decide
from tests.factories import bring_to, key_of_form, loaded, make_measure, measure_row, move, stage_of

MONTHS = ("2026-07", "2026-08", "2026-09")
PLAN = dict.fromkeys(MONTHS, "100.00")
months = st.sampled_from(MONTHS)
cents = st.integers(-20_000, 20_000)


def fill() -> None:
    """A measure in Implemented with two lines; July is closed."""
    fill_with_cast()
    cast = read_cast()
    key = make_measure(cast, "defined")
    for name in ("Calls", "Hosting"):
        line = make_line(cast, key, PLAN, name=name)
        if name == "Calls":
            enter(cast, key, line, {"2026-07": "95.50"})
    bring_to(cast, key, "implemented")
    close_month("2026-07")


class Ledger(RuleBasedStateMachine):
    """One measure with two lines, its finance contact and its controller."""

    template: databases.Template

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = databases.copy_of(self.template, Path(self.folder.name))
        self.engine = databases.use(databases.open_engine(url), Path(self.folder.name) / "files")
        self.cast = read_cast()
        self.key = "M-1"
        self.lines = [line.id for line in loaded(self.key).lines]
        self.booked = 0
        self.at_closing: int | None = None

    def teardown(self) -> None:
        """Everything derived is as it would be made anew, and the history is whole."""
        assert settle_all(SYSTEM) == 0
        assert verify(state=True).faults == ()
        self.engine.dispose()
        self.folder.cleanup()

    @initialize(amounts=st.lists(st.integers(-5_000, 20_000), min_size=4, max_size=4))
    def begin(self, amounts: list[int]) -> None:
        """The open months have actual amounts to begin with."""
        places = [(line, at) for line in (0, 1) for at in MONTHS[1:]]
        for (line, at), amount in zip(places, amounts, strict=True):
            self.enter(line, at, amount)

    def ruled(self, line: int, at: str, act: str, **more) -> None:
        wish = CellWish(self.lines[line], month(at), act, **more)
        with suppress(GovappError):
            (found,) = decide(self.cast.controller, wish, reason="As agreed.")
            self.booked += found.amount or 0

    @rule(line=st.integers(0, 1), at=st.sampled_from(MONTHS[1:]), amount=cents)
    def enter(self, line: int, at: str, amount: int) -> None:
        before = {row.month: row for row in self.actuals(self.lines[line])}.get(month(at))
        try:
            enter(self.cast, self.key, self.lines[line], {at: str(Decimal(amount) / 100)})
        except GovappError:
            return
        assert before is None or before.standing != "confirmed" or before.amount == amount

    @rule(line=st.integers(0, 1), at=months)
    def confirm(self, line: int, at: str) -> None:
        self.ruled(line, at, "full")

    @rule(line=st.integers(0, 1))
    def confirm_all_of_a_line(self, line: int) -> None:
        for at in MONTHS:
            self.ruled(line, at, "full")

    @rule(line=st.integers(0, 1), at=months, part=cents)
    def confirm_part(self, line: int, at: str, part: int) -> None:
        self.ruled(line, at, "part", part=Decimal(part) / 100)

    @rule(line=st.integers(0, 1), at=months, act=st.sampled_from(("refuse", "except")))
    def refuse_or_except(self, line: int, at: str, act: str) -> None:
        self.ruled(line, at, act)

    @rule(place=st.integers(0, 30))
    def take_back(self, place: int) -> None:
        rows = ledger(self.key)
        if rows:
            row = rows[place % len(rows)]
            with suppress(GovappError):
                reverse(self.cast.controller, row.id)
                self.booked -= row.amount

    @rule(line=st.integers(0, 1), lost=st.integers(-5, 20_000), reopen=st.booleans())
    def leak(self, line: int, lost: int, *, reopen: bool) -> None:
        command = BookLeakage(
            self.key, self.lines[line], date(2026, 10, 1), Decimal(lost) / 100, "Lost again.",
            self.cast.controller.origin, reopen, action_key=key_of_form(),
        )  # fmt: skip
        with suppress(GovappError):
            book_leakage(command)
            self.booked -= lost

    @rule()
    def close(self) -> None:
        if stage_of(self.key) != "closed":
            bring_to(self.cast, self.key, "closed")
            self.at_closing = self.booked

    @rule(stage=st.sampled_from(("implemented", "detailed")))
    def go_back(self, stage: str) -> None:
        if stage_of(self.key) == "closed":
            move(self.cast, self.key, ask=AskKind.REOPEN, by=self.cast.controller, reason="It is lost again.")
        elif stage == "detailed":
            move(self.cast, self.key, stage, by=self.cast.lead, reason="The scope has changed for good.")

    def actuals(self, line: int) -> list[EffectValue]:
        with reading() as session:
            rows = select(EffectValue).where(EffectValue.line_id == line, EffectValue.series == "actual")
            found = list(session.scalars(rows))
            session.expunge_all()
            return found

    @invariant()
    def confirmed_is_what_the_rows_add_up_to(self) -> None:
        with reading() as session:
            found = confirmed_sums(session, measure_row(self.key).id)
        assert found.get("EUR", 0) == self.booked == sum(row.amount for row in ledger(self.key))

    @invariant()
    def confirmed_now_is_at_closing_and_since_less_reversed_and_leaked(self) -> None:
        if self.at_closing is None:
            return
        measure = measure_row(self.key).id
        with reading() as session:
            passage = session.scalars(
                select(StagePassage)
                .where(StagePassage.measure_id == measure, StagePassage.stage == "closed")
                .order_by(StagePassage.id.desc())
            ).first()
            assert passage is not None
            rows = rows_since(session, measure, passage.entered_seq)
        sums = sums_of([(kind, amount, of) for _, kind, amount, of in rows], self.at_closing)
        assert sums.now == self.booked
        assert sums.leaked >= 0

    @invariant()
    def a_cell_stands_still_exactly_while_one_confirmation_of_it_stands(self) -> None:
        rows = ledger(self.key)
        taken = {row.reverses_id for row in rows}
        for line in self.lines:
            standing = {row.month: row for row in self.actuals(line)}
            held = [
                row for row in rows
                if row.line_id == line and row.kind == "confirmation" and row.id not in taken
            ]  # fmt: skip
            assert len({row.month for row in held}) == len(held)
            confirmed = {each for each, row in standing.items() if row.standing == "confirmed"}
            assert {row.month for row in held} == confirmed
            for row in held:
                assert row.claimed == standing[row.month].amount
                assert abs(row.amount) <= abs(row.claimed)
                assert row.amount * row.claimed >= 0

    @invariant()
    def nothing_comes_back_that_was_not_lost(self) -> None:
        rows = ledger(self.key)
        kinds = {row.id: row.kind for row in rows}
        for line in self.lines:
            mine = [row for row in rows if row.line_id == line]
            leaked = -sum(
                row.amount for row in mine
                if row.kind == "leakage" or kinds.get(row.reverses_id or 0) == "leakage"
            )  # fmt: skip
            assert leaked >= 0


def test_r05_whatever_people_do_the_sums_of_the_ledger_hold(tmp_path_factory) -> None:
    Ledger.template = databases.new_template("sqlite", tmp_path_factory.mktemp("ledger"), fill)
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
