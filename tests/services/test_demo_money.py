"""The money of the demonstration comes out as the file says, to the cent: effects, confirmations, overlap, totals."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PeriodLock, PlanVersion
from govapp.data.measures import Card, Measure
from govapp.data.people import Person
from govapp.data.rollup_queries import MoneyFilter
from govapp.domain.ledger import CONFIRMATION, LEAKAGE
from govapp.domain.money import from_minor
from govapp.domain.money_rows import RUN_RATE, UNDATED
from govapp.domain.rollups import (
    ACTUAL,
    AT_PLAN,
    CONFIRMED,
    FORECAST,
    ONE_OFF,
    PLAN,
    RECURRING,
    of_kinds,
    of_timing,
    total,
)
from govapp.services.finance_views import FinanceQuery, frame_of, in_year, merged, rows_by
from tests import databases
from tests.demonstration import Year, minute, play_once

KINDS = ("ebitda", "cost-avoidance")
SERIES = {"plan": PLAN, "forecast": FORECAST, "actual": ACTUAL, "confirmed": CONFIRMED}
# The sustain check of M-119 found it lost: booked as leakage, which the totals of the file leave aside.
LEAKED = {"M-119": Decimal(-240)}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    year = play_once(tmp_path_factory)
    yield year
    year.engine.dispose()


@pytest.fixture(autouse=True)
def year(played: Year) -> Year:
    """The demonstration is the database of the process."""
    databases.use(played.engine, played.files)
    return played


def months(series: dict[str, Any] | None) -> dict[date, Decimal]:
    if not series:
        return {}
    first, amounts = str(series["from"])[:7], series["amounts"]
    start = int(first[:4]) * 12 + int(first[5:]) - 1
    return {
        date(place // 12, place % 12 + 1, 1): Decimal(str(amount))
        for place, amount in enumerate(amounts, start)
    }


def live(year: Year) -> dict[str, dict[str, Any]]:
    """Measures of the file that were not cancelled."""
    return {key: one for key, one in year.measures.items() if one["state"] != "cancelled"}


def by_line(year: Year, key: str) -> list[tuple[EffectLine, dict[str, Any]]]:
    """Lines as kept beside those of the file, which were entered in its order."""
    with reading() as session:
        rows = session.scalars(
            select(EffectLine)
            .join(Measure, Measure.id == EffectLine.measure_id)
            .where(Measure.key == key)
            .order_by(EffectLine.id)
        ).all()
    return list(zip(rows, year.measures[key]["effects"], strict=True))


def held(line: EffectLine, series: str) -> dict[date, Decimal]:
    """Amounts by month in units of the line's currency; confirmed ones from the ledger, without leakage."""
    statement = select(EffectValue.month, EffectValue.amount).where(
        EffectValue.line_id == line.id, EffectValue.series == series, EffectValue.plan_version == 0
    )
    if series == "confirmed":
        statement = (
            select(LedgerRow.month, func.sum(LedgerRow.amount))
            .where(LedgerRow.line_id == line.id, LedgerRow.kind != LEAKAGE)
            .group_by(LedgerRow.month)
        )
    with reading() as session:
        return {
            row[0]: from_minor(int(row[1]), line.currency) for row in session.execute(statement) if row[0]
        }


def test_every_line_holds_plan_forecast_actual_and_confirmed_amounts_of_the_file(year: Year) -> None:
    seen = 0
    for key, one in live(year).items():
        if not one["effects"]:
            continue
        for line, said in by_line(year, key):
            for series in SERIES:
                wanted = {month: amount for month, amount in months(said.get(series)).items() if amount}
                found = {month: amount for month, amount in held(line, series).items() if amount}
                assert found == wanted, (said["id"], series)
            if said.get("run_rate") is not None:
                assert line.run_rate is not None
                assert from_minor(line.run_rate, line.currency) == Decimal(str(said["run_rate"])), said["id"]
            seen += 1
    assert seen == sum(len(one["effects"]) for one in live(year).values()) > 100


def test_every_plan_that_was_decided_stands_frozen_from_that_minute_on(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, PlanVersion.number, PlanVersion.at)
            .join(Measure, Measure.id == PlanVersion.measure_id)
            .where(Measure.key.like("M-%"), PlanVersion.cause == "decided")
        ).all()
    found = Counter((row.key, minute(row.at)) for row in rows)
    assert found == Counter((key, said["at"]) for key, said in year.events("plan_frozen"))


def test_the_controllers_of_the_file_confirmed_line_by_line_and_one_of_them_in_part(year: Year) -> None:
    people = year.people()
    lines = {}
    for key in live(year):
        lines |= {
            line.id: said["id"]
            for line, said in (by_line(year, key) if year.measures[key]["effects"] else ())
        }
    with reading() as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == CONFIRMATION)).all()
    found = Counter(
        (
            lines[row.line_id],
            str(row.month)[:7],
            minute(row.at),
            people[row.person_id or 0],
            people.get(row.on_behalf_of or 0),
        )
        for row in rows
    )
    wanted = Counter(
        (line, said["month"], said["at"], said["by"], said.get("for"))
        for _, said in year.events("amounts_confirmed")
        for line in said["lines"]
    )
    assert found == wanted
    in_part = [row for row in rows if row.claimed != row.amount]
    assert [(lines[row.line_id], row.amount, row.claimed, row.currency) for row in in_part] == [
        ("M-154-L1", 269713, 300713, "EUR")
    ]
    assert in_part[0].reason.startswith("310.00 EUR of the month are refused")


def test_what_was_lost_of_m_119_is_a_row_of_leakage_of_its_own(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, LedgerRow.amount, LedgerRow.at, LedgerRow.reason)
            .join(Measure, Measure.id == LedgerRow.measure_id)
            .where(LedgerRow.kind == LEAKAGE)
        ).all()
    ((key, said),) = year.events("leakage_booked")
    assert [(row.key, row.amount, minute(row.at), row.reason) for row in rows] == [
        (key, -24000, said["at"], said["reason"])
    ]


def test_only_the_claims_on_the_overflow_calls_exceed_what_the_contract_costs(year: Year) -> None:
    with reading() as session:
        rows = session.execute(
            select(Measure.key, Card.overlapping).join(Card, Card.measure_id == Measure.id)
        ).all()
    (overlap,) = year.programme["overlaps"]
    found = {row.key: row.overlapping for row in rows if row.overlapping}
    assert set(found) == {claim["measure"] for claim in overlap["claims"]}
    assert set(map(tuple, found.values())) == {(overlap["cost_object"],)}


def figures_of(year: Year, branch: str, **more: Any) -> dict[str, Decimal]:
    """The totals of a branch, or of a measure in it, at the plan rate, as the finance page makes them."""
    with reading() as session:
        number = session.scalar(select(Person.id).where(Person.email == "ingrid.halvorsen@example.com"))
        actor = load_actor(session, number or 0, datetime(2026, 11, 22, 12, tzinfo=UTC))
        assert actor is not None
        query = FinanceQuery(branch, MoneyFilter(year=2026, **more), how=AT_PLAN)
        frame = frame_of(session, actor, query, year.as_of)
        rows = merged(rows_by(session, frame))
        life = frame_of(session, actor, replace(query, whole_life=True), year.as_of)
        dated = [row for row in merged(rows_by(session, life)) if row[0].year != UNDATED]

    def units(rows: Any, series: str) -> Decimal:
        minor = total(rows, series, frame.basis).in_one("EUR")
        assert minor is not None
        return from_minor(minor, "EUR")

    money = of_kinds(in_year(frame, rows), KINDS)
    found = {
        "run_rate_saving": units(of_kinds(in_year(frame, rows), ("ebitda",)), RUN_RATE),
        "run_rate_avoidance": units(of_kinds(in_year(frame, rows), ("cost-avoidance",)), RUN_RATE),
        "one_off_plan": units(of_timing(of_kinds(dated, KINDS), ONE_OFF), PLAN),
    }
    for name, series in SERIES.items():
        found[f"effect_{name}_2026"] = units(of_timing(money, RECURRING), series)
        found[f"{name}_2026"] = units(money, series)
    return found


@pytest.mark.parametrize("kind", ["portfolios", "programs", "projects", "measure_packages"])
def test_totals_of_every_branch_come_out_to_the_cent(year: Year, kind: str) -> None:
    branches = year.programme["structure"][kind]
    above = year.programme["structure"]
    packages = {one["key"]: one for one in above["measure_packages"]}
    projects = {one["key"]: one for one in above["projects"]}
    programs = {one["key"]: one for one in above["programs"]}
    package = packages[year.measures["M-119"]["package"]]
    project = projects[package["project"]]
    leaking = {package["key"], project["key"], project["program"], programs[project["program"]]["portfolio"]}
    for one in branches:
        wanted = {
            name: Decimal(str(value)) for name, value in one["totals_eur"].items() if name != "measures"
        }
        if one["key"] in leaking:
            for name in ("confirmed_2026", "effect_confirmed_2026"):
                wanted[name] += LEAKED["M-119"]
        found = figures_of(year, one["key"])
        assert {name: found[name] for name in wanted} == wanted, one["key"]


def test_the_months_were_closed_one_after_the_other_up_to_september(year: Year) -> None:
    with reading() as session:
        rows = session.scalars(select(PeriodLock.month).order_by(PeriodLock.month)).all()
    assert rows == [date(2026, month, 1) for month in range(1, 10)]
