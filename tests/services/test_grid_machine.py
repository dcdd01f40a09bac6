"""Whatever is entered, filled, copied, pasted, slipped and closed in any order: sums agree, and history is whole."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from govapp.domain.errors import Invalid, Refused
from govapp.domain.planning import later
from govapp.services.audit import verify
from govapp.services.grid_files import PasteGrid, paste_grid
from govapp.services.grids import Cell, CopyPlan, FillPlan, SaveGrid, copy_plan, fill_plan, save_grid
from govapp.services.plans import SetMilestone, save_milestone, set_milestone
from govapp.services.settling import settle_all
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure
from tests.services.test_grids import held, lock, make_line

PLANNED = date(2026, 5, 10)
MONTHS = [later(date(2026, 1, 1), n) for n in range(18)]
SERIES = ("baseline", "target", "plan", "forecast", "actual")
Held = dict[tuple[str, str], int]


class Machine:
    """One measure with lines in three currencies, two of them starting with a milestone."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.chance, self.key = cast, random.Random(seed), make_measure(cast)
        owner = cast.owner
        self.stone = set_milestone(SetMilestone(self.key, "Live", owner.origin, owner.id, PLANNED))
        self.lines = [
            make_line(
                cast, self.key, name=f"Line {n}", currency=currency, start_milestone_id=self.stone if n % 2 else None
            )
            for n, currency in enumerate(("EUR", "EUR", "JPY", "KWD"))
        ]  # fmt: skip
        self.closed = date(2025, 12, 1)

    def enter(self) -> None:
        """Some cells of a line, by whoever comes."""
        line = self.chance.choice(self.lines)
        now, amounts = held(line), (None, Decimal(-7), Decimal(840), Decimal("0.5"))
        cells = {}
        for _ in range(self.chance.randrange(1, 8)):
            series, month = self.chance.choice(SERIES), self.chance.choice([None, *MONTHS])
            seen = now.get((series, month.isoformat()[:7] if month else ""))
            one = Cell(line, series, month, seen, self.chance.choice(amounts))
            cells[one.key] = one
        who = self.chance.choice([self.cast.owner, self.cast.finance, self.cast.lead, self.cast.controller])
        save_grid(SaveGrid(self.key, tuple(cells.values()), who.origin))

    def slip(self) -> None:
        """The milestone is expected in another month: forecasts keep their sums, all else stays as it is."""
        before = {line: held(line) for line in self.lines}
        owner, day = self.cast.owner, date(2026, self.chance.randrange(1, 13), 3)
        save_milestone(
            SetMilestone(
                self.key, "Live", owner.origin, owner.id, PLANNED, forecast_date=day, milestone_id=self.stone
            )
        )
        for line, was in before.items():
            now = held(line)
            assert self.fixed(now) == self.fixed(was)
            assert self.forecast(now) == self.forecast(was)

    def fixed(self, amounts: Held) -> Held:
        """What no milestone moves: other series, undated amounts, closed months."""
        last = self.closed.isoformat()[:7]
        return {(s, m): amount for (s, m), amount in amounts.items() if s != "forecast" or m <= last}

    def forecast(self, amounts: Held) -> int:
        """The forecast in all."""
        return sum(amount for (series, _), amount in amounts.items() if series == "forecast")

    def copy(self) -> None:
        """The plan of one line or of all becomes the forecast."""
        copy_plan(CopyPlan(self.key, self.cast.owner.origin, self.chance.choice([None, *self.lines])))

    def fill(self) -> None:
        """From the run rate."""
        line, count = self.chance.choice(self.lines), self.chance.randrange(1, 15)
        fill_plan(FillPlan(self.key, line, count, self.cast.owner.origin, (Decimal(50),)))

    def paste(self) -> None:
        """A table for two lines."""
        rows = [["Line", "Series", *(f"{month:%Y-%m}" for month in MONTHS)]]
        for line in self.chance.sample(self.lines, 2):
            rows.append([str(line), "plan", *(self.chance.choice(["", "5", "-1"]) for _ in MONTHS)])
        paste_grid(PasteGrid(self.key, rows, self.cast.owner.origin))

    def close(self) -> None:
        """The next month, now and then."""
        if self.chance.random() < 0.2:
            self.closed = later(self.closed, 1)
            lock(self.closed)


@pytest.mark.parametrize("seed", [1, 2])
def test_sums_and_history_agree_after_any_order_of_acts(database, cast, seed):
    machine = Machine(cast, seed)
    acts = [
        machine.enter,
        machine.enter,
        machine.slip,
        machine.copy,
        machine.fill,
        machine.paste,
        machine.close,
    ]
    for _ in range(40):
        with suppress(Invalid, Refused):
            machine.chance.choice(acts)()
    assert settle_all(SYSTEM) == 0
    assert verify(state=True).ok
