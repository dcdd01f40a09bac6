"""Measures under version 3 of the set: figures by month, an operating figure and confirmed amounts in place of forms.

`use_version_3(cast)` switches it on and fills its groups. `make_measure3`, `bring_to3`, `pass_gate3`, `supply3` do what
their namesakes in factories2.py do. Plans begin four months before today, so that months can be confirmed.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.data.kpi_queries import promises_of
from govapp.services.confirmations import CellWish, RuleCells, rule_cells
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from govapp.services.governance import STANDARD_SET, install_set, read_set
from govapp.services.kpis import SetMeasureKpi, set_measure_kpi
from govapp.services.readings import SetReadings, set_readings
from govapp.services.sustain import SetSustainDates, set_sustain_dates
from tests.cast import SYSTEM, Cast
from tests.factories import (
    _meet,
    assign_all,
    loaded,
    make_proposal,
    through,
    today_of,
    version_of,
    walk,
)
from tests.factories2 import PACKAGE, Board, fill_groups, supply_each, vote_all2
from tests.support.worlds import remembered

SAVING, COST = "Fewer password calls", "Self-service form"
BACK, MONTHS = 4, 16


@remembered
def use_version_3(cast: Cast) -> Board:
    """Switch version 3 on: what is proposed from now on starts under it. Its groups get their members."""
    install_set(SYSTEM, read_set(STANDARD_SET))
    return fill_groups()


@remembered
def make_measure3(cast: Cast, board: Board, stage: str | None = "defined", **fields: Any) -> str:
    """A measure under version 3 at a stage (None: a proposal), with everybody in their parts; returns its key."""
    key = make_proposal(cast, PACKAGE, **fields)
    assign_all(cast, key)
    return bring_to3(cast, board, key, stage) if stage else key


def month_of(key: str, ahead: int = 0) -> date:
    """First day of the month so many months from today."""
    today = today_of(key)
    place = today.year * 12 + today.month - 1 + ahead
    return date(place // 12, place % 12 + 1, 1)


def lines_of(key: str) -> dict[str, int]:
    """Ids of the measure's lines by name."""
    with reading() as session:
        rows = select(EffectLine.name, EffectLine.id).where(EffectLine.measure_id == loaded(key).measure.id)
        return {row.name: row.id for row in session.execute(rows)}


@remembered
def set_months(cast: Cast, key: str, line: str, series: str, months: dict[date, int | None]) -> None:
    """Amounts of a line by month in whole units, by the owner; actual ones by the finance contact."""
    who = cast.finance if series == "actual" else cast.owner
    given = {month: None if value is None else Decimal(value) for month, value in months.items()}
    set_monthly_values(SetMonthlyValues(key, lines_of(key)[line], series, given, who.origin))


def confirm(cast: Cast, key: str, line: str, *months: date, act: str = "full", reason: str = "") -> None:
    """The controller rules on cells of a line."""
    cells = tuple(CellWish(lines_of(key)[line], month, act) for month in months)
    results = rule_cells(RuleCells(cells, cast.controller.origin, reason, signed=True))
    assert not [result.codes for result in results if result.codes], results


def readings(cast: Cast, key: str, *values: float) -> None:
    """Readings of the measure's figure in the months up to this one."""
    with reading() as session:
        kpi = promises_of(session, loaded(key).measure.id)[0].kpi_id
    months = {
        month_of(key, place - len(values) + 1): Decimal(str(value)) for place, value in enumerate(values)
    }
    set_readings(SetReadings(kpi, months, cast.member.origin, key=key))


def _figures(cast: Cast, key: str, name: str) -> None:
    owner, lines = cast.owner.origin, lines_of(key)
    if name == "rough-run-rate":
        saving = SetEffectLine(
            key, SAVING, "ebitda", "recurring", "EUR", owner, "handling-effort", run_rate=Decimal(12000)
        )
        set_effect_line(saving)
    elif name in {"rough-one-off", "one-off-cost"} and COST not in lines:
        set_effect_line(SetEffectLine(key, COST, "ebitda", "one_off", "EUR", owner, "implementation-cost"))
        set_months(cast, key, COST, "plan", {month_of(key, -BACK): -500})
    elif name in {"effect-lines", "plan-complete"}:
        if SAVING not in lines:
            _figures(cast, key, "rough-run-rate")
        set_months(cast, key, SAVING, "plan", {month_of(key, ahead - BACK): 1000 for ahead in range(MONTHS)})
    elif name == "one-off-booked":
        book(cast, key, COST, month_of(key, -BACK), -480)


def book(cast: Cast, key: str, line: str, month: date, amount: int) -> None:
    """An actual amount, confirmed."""
    set_months(cast, key, line, "actual", {month: amount})
    confirm(cast, key, line, month)


def _meet3(cast: Cast, key: str, criterion: str) -> None:
    subject, _, name = criterion.partition(":")
    if subject == "figures":
        _figures(cast, key, name)
    elif criterion == "kpi:defined":
        set_measure_kpi(
            SetMeasureKpi(
                key, cast.owner.origin, Decimal(1420), Decimal(420), name="Reset calls", unit="calls",
                source="ticket-system",
            )
        )  # fmt: skip
    elif criterion == "kpi:reached-or-explained":
        readings(cast, key, 430, 415, 410)
    elif criterion == "confirmation:actuals":
        for ahead in (-4, -3, -2):
            book(cast, key, SAVING, month_of(key, ahead), 950)
    elif criterion == "field:sustain-dates":
        days = tuple(today_of(key) + timedelta(days=ahead) for ahead in (91, 183, 365))
        set_sustain_dates(SetSustainDates(key, days, cast.controller.origin, version_of(key)))
    else:
        _meet(cast, key, criterion)


@remembered
def supply3(cast: Cast, board: Board, key: str, into: str) -> None:
    """Make every criterion of a gate hold but conditions and look-backs."""
    supply_each(cast, board, key, into, partial(_meet3, cast, key))


def pass_gate3(cast: Cast, board: Board, key: str, into: str) -> None:
    """Supply, ask, and let everybody approve."""
    supply, votes = partial(supply3, cast, board, key, into), partial(vote_all2, cast, board, key)
    through(cast, key, into, supply, votes)


@remembered
def bring_to3(cast: Cast, board: Board, key: str, stage: str) -> str:
    """Pass gate after gate until the measure stands in a stage; returns its key."""
    return walk(key, stage, partial(pass_gate3, cast, board))
