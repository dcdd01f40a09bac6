"""A slipped milestone moves the forecast of the lines that start with it, and nothing else."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.services.audit import verify
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grids import CopyPlan, SaveGrid, copy_plan, save_grid
from govapp.services.plans import (
    RemoveMilestone,
    SetMilestone,
    remove_milestone,
    save_milestone,
    set_milestone,
)
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import make_measure
from tests.services.test_grids import cell, held, lock

LIVE = date(2026, 5, 10)
MONTHS = [date(2026, number, 1) for number in range(5, 9)]


def tied(cast, key: str, **more) -> tuple[int, int]:
    """A milestone and a line that starts with it, planned and expected 50, 75, 100, 100 from May on."""
    stone = set_milestone(SetMilestone(key, "Live", cast.owner.origin, cast.owner.id, LIVE))
    given = {"name": "Calls", "kind": "ebitda", "timing": "recurring", "currency": "EUR"} | more
    line = set_effect_line(
        SetEffectLine(
            key, origin=cast.owner.origin, start_milestone_id=stone, run_rate=Decimal(1200), **given
        )
    )
    amounts = zip(MONTHS, (50, 75, 100, 100), strict=True)
    cells = [
        cell(line, series, month, amount) for month, amount in amounts for series in ("plan", "forecast")
    ]
    save_grid(SaveGrid(key, (*cells, cell(line, "forecast", None, 9)), cast.owner.origin))
    return stone, line


def slip(cast, key: str, stone: int, **days):
    return save_milestone(
        SetMilestone(key, "Live", cast.owner.origin, cast.owner.id, LIVE, milestone_id=stone, **days)
    ).shift


def series_of(line: int, series: str) -> dict[str, int]:
    return {month: amount for (name, month), amount in held(line).items() if name == series}


def test_a_slip_of_two_months_moves_the_forecast_and_never_the_plan(database, cast):
    key = make_measure(cast)
    stone, line = tied(cast, key)
    other = set_effect_line(
        SetEffectLine(
            key, "Other", "ebitda", "one_off", "EUR", cast.owner.origin, totals={"forecast": Decimal(3)}
        )
    )
    plan = series_of(line, "plan")
    shift = slip(cast, key, stone, forecast_date=date(2026, 7, 3))
    assert (shift.months, shift.lines) == (2, 1)
    assert series_of(line, "forecast") == {
        "2026-07": 5_000, "2026-08": 7_500, "2026-09": 10_000, "2026-10": 10_000, "": 900,
    }  # fmt: skip
    assert series_of(line, "plan") == plan
    assert series_of(other, "forecast") == {"": 300}
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == str(Event.FORECAST_SHIFTED))).one()
        assert '"2026-05":[5000,null]' in row.payload
        assert session.get_one(EffectLine, line).run_rate == 120_000
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_a_day_in_the_same_month_moves_nothing(database, cast):
    key = make_measure(cast)
    stone, line = tied(cast, key)
    before = held(line)
    assert slip(cast, key, stone, forecast_date=date(2026, 5, 31)).months == 0
    assert held(line) == before


def test_reached_earlier_than_expected_brings_the_forecast_back(database, cast):
    key = make_measure(cast)
    stone, line = tied(cast, key)
    slip(cast, key, stone, forecast_date=date(2026, 9, 1))
    shift = slip(cast, key, stone, forecast_date=date(2026, 9, 1), actual_date=date(2026, 6, 30))
    assert (shift.months, shift.lines) == (-3, 1)
    assert set(series_of(line, "forecast")) == {"2026-06", "2026-07", "2026-08", "2026-09", ""}


def test_closed_months_and_those_with_actual_amounts_stay(database, cast):
    key = make_measure(cast)
    stone, line = tied(cast, key)
    save_grid(SaveGrid(key, (cell(line, "actual", MONTHS[1], 70),), cast.finance.origin))
    lock(MONTHS[0])
    shift = slip(cast, key, stone, forecast_date=date(2026, 6, 1))
    assert (shift.months, shift.lines) == (1, 1)
    assert series_of(line, "forecast") == {
        "2026-05": 5_000, "2026-06": 7_500, "2026-08": 10_000, "2026-09": 10_000, "": 900,
    }  # fmt: skip
    assert series_of(line, "actual") == {"2026-06": 7_000}


def test_a_plan_taken_over_as_forecast_is_as_late_as_its_milestone_is_expected(database, cast):
    key = make_measure(cast)
    stone, line = tied(cast, key)
    slip(cast, key, stone, forecast_date=date(2026, 7, 3))
    save_grid(SaveGrid(key, (cell(line, "forecast", date(2026, 8, 1), 1, 7_500),), cast.owner.origin))
    assert copy_plan(CopyPlan(key, cast.owner.origin)) == 2
    assert series_of(line, "forecast") == {
        "2026-07": 5_000, "2026-08": 7_500, "2026-09": 10_000, "2026-10": 10_000,
    }  # fmt: skip


def test_a_line_starts_on_a_day_or_with_a_milestone_of_its_measure(database, cast):
    key, other = make_measure(cast), make_measure(cast)
    stone = set_milestone(SetMilestone(key, "Live", cast.owner.origin, cast.owner.id, LIVE))
    for where, start, field, code in (
        (key, LIVE, "start", "start_twice"), (other, None, "start_milestone_id", "unknown_choice"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            set_effect_line(
                SetEffectLine(
                    where, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, start=start,
                    start_milestone_id=stone,
                )
            )  # fmt: skip
        assert refused.value.errors == {field: [code]}


def test_a_milestone_with_which_a_line_starts_is_not_removed(database, cast):
    key = make_measure(cast)
    stone, _ = tied(cast, key)
    with pytest.raises(Invalid, match="milestone_starts_lines"):
        remove_milestone(RemoveMilestone(key, stone, cast.owner.origin))
