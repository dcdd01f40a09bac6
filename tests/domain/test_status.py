"""Computed statuses without a database: every row of the rules at, above and below its limit; when time changes one."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.rules import parse_rules
from govapp.domain.snapshot import ConditionFact, KpiFact, LineFact, LookbackFact, RiskFact
from govapp.domain.status import (
    Around,
    Stone,
    due_day,
    fiscal_year,
    forecast_share,
    next_day,
    rate,
    working_day_after,
)
from tests.domain.snapshots import evidence, measure

RULES = parse_rules(yaml.safe_load((ROOT / "governance" / "service-team-3.yaml").read_text("utf-8")))
TODAY = date(2026, 11, 24)  # a Tuesday
MONTHS = tuple(f"2026-{month:02}" for month in range(1, 13))
SAVING = LineFact(
    1, "Calls", "ebitda", "recurring", currency="EUR", plan=tuple((month, 100_00) for month in MONTHS)
)


def works(day):
    return day.weekday() < 5


def around(**more):
    looked = {"implementation": TODAY, "potential": TODAY}
    return Around(**({"today": TODAY, "works": works, "looked": looked} | more))


def rated(kind, snapshot=None, **more):
    found = rate(RULES, kind, snapshot or measure("decided"), around(**more))
    return found.colour, [key for key, _ in found.reasons]


def stone(plan, *, done=None, forecast=None, final=False):
    return Stone("Pilot", plan, forecast, done, final)


def test_all_is_green_where_no_row_applies():
    assert rated("implementation") == rated("potential") == ("green", [])


@pytest.mark.parametrize(
    ("kind", "stage", "state"),
    [("implementation", "defined", "active"), ("implementation", "identified", "active"),
     ("potential", "defined", "active"), ("potential", "decided", "on_hold"),
     ("implementation", "decided", "cancelled"), ("potential", None, "proposed")],
)  # fmt: skip
def test_grey_is_not_rated(kind, stage, state):
    late = (stone(date(2026, 1, 5)),)
    assert rated(kind, measure(stage, state=state), stones=late) == ("grey", [])


def test_working_days_leave_out_weekends():
    assert working_day_after(date(2026, 11, 20), 4, works) == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("ago", "colour", "rows"),
    [(3, "green", []), (4, "yellow", ["IM2"]), (10, "yellow", ["IM2"]), (11, "red", ["IM1", "IM2"])],
)
def test_an_open_milestone_is_late_by_working_days(ago, colour, rows):
    plan = next(
        day for n in range(60) if working_day_after(day := TODAY - timedelta(days=n), ago, works) == TODAY
    )
    assert rated("implementation", stones=(stone(plan),)) == (colour, rows)


def test_what_is_kept_of_reasons_does_not_change_from_day_to_day():
    old = {"implementation": TODAY - timedelta(days=50), "potential": TODAY - timedelta(days=50)}
    waits = replace(SAVING, actual=(("2026-07", 90_00, "awaits"),))
    stones = (stone(date(2026, 10, 5)), stone(date(2026, 10, 1), done=date(2026, 10, 20)))
    for kind in ("implementation", "potential"):
        said = [
            rate(
                RULES,
                kind,
                measure("decided", lines=(waits,)),
                replace(around(looked=old, over=160, stones=stones), today=TODAY + timedelta(days=n)),
            )
            for n in (0, 1, 2)
        ]
        assert said[0].reasons
        assert said[0] == said[1] == said[2]


def test_posts_that_nobody_confirms_make_no_status_worse():
    posts = replace(SAVING, kind="fte", currency="", actual=(("2026-05", 1_0000, "awaits"),))
    assert rated("potential", measure("decided", lines=(SAVING, posts)))[1] == []


def test_a_late_tick_is_late_for_ever():
    ticked = stone(date(2026, 3, 2), done=date(2026, 3, 18))  # twelve working days
    assert rated("implementation", stones=(ticked,)) == ("red", ["IM1", "IM2"])
    assert rated("implementation", stones=(stone(date(2026, 3, 2), done=date(2026, 3, 2)),)) == ("green", [])


@pytest.mark.parametrize(("days", "rows"), [(10, []), (11, ["IM4"]), (30, ["IM4"]), (31, ["IM3", "IM4"])])
def test_the_forecast_of_the_final_milestone(days, rows):
    plan = TODAY + timedelta(days=60)
    final = stone(plan, forecast=plan + timedelta(days=days), final=True)
    assert rated("implementation", stones=(final,))[1] == rows


def test_conditions_risks_lookbacks_and_reviews():
    due = ConditionFact(1, "open", TODAY - timedelta(days=1), True, 1, 2)
    risk = RiskFact(1, "high", 1, "Stop", True, True)
    back = LookbackFact(1, "open", TODAY, "decided")
    assert rated("implementation", measure("decided", conditions=(due,))) == ("red", ["IM5"])
    assert rated("implementation", measure("decided", conditions=(replace(due, due=TODAY),))) == ("green", [])
    assert rated("implementation", measure("decided", risks=(risk,))) == ("red", ["IM8"])
    assert rated("implementation", measure("decided", lookbacks=(back,))) == ("yellow", ["IM9"])
    assert rated("implementation", over=150) == ("green", [])
    assert rated("implementation", over=151) == ("yellow", ["IM6"])


def test_dates_nobody_has_looked_at_for_five_weeks():
    old = {"implementation": TODAY - timedelta(days=36), "potential": TODAY - timedelta(days=36)}
    assert rated("implementation", looked=old) == ("yellow", ["IM7"])
    assert rated("potential", looked=old) == ("yellow", ["PO8"])
    assert rated("implementation", measure("implemented"), looked=old) == ("green", [])
    young = {"implementation": TODAY - timedelta(days=35), "potential": TODAY - timedelta(days=35)}
    assert rated("potential", looked=young) == ("green", [])


def months(amount):
    return {1: dict.fromkeys(MONTHS, amount)}


@pytest.mark.parametrize(
    ("amount", "colour", "rows"),
    [
        (90_00, "green", []),
        (89_99, "yellow", ["PO2"]),
        (70_00, "yellow", ["PO2"]),
        (69_99, "red", ["PO1", "PO2"]),
    ],
)
def test_the_forecast_of_the_year_against_its_plan(amount, colour, rows):
    assert rated("potential", measure("decided", lines=(SAVING,)), forecast=months(amount)) == (colour, rows)


def test_an_actual_amount_stands_in_place_of_the_forecast():
    line = replace(SAVING, actual=tuple((month, 40_00, "confirmed") for month in MONTHS[:6]))
    share = forecast_share(measure("decided", lines=(line,)), around(forecast=months(100_00)))
    assert share == Decimal(70)  # six months of 40 and six of 100, of twelve times 100


def test_kinds_are_never_added_up_and_the_worst_counts():
    avoided = replace(SAVING, id=2, kind="cost-avoidance")
    forecast = {1: dict.fromkeys(MONTHS, 50_00), 2: dict.fromkeys(MONTHS, 500_00)}
    snapshot = measure("decided", lines=(SAVING, avoided))
    assert forecast_share(snapshot, around(forecast=forecast)) == Decimal(50)
    assert forecast_share(measure("decided", lines=(SAVING,)), around()) is None  # no forecast is kept


def test_only_months_of_the_fiscal_year_count():
    assert fiscal_year("2026-11", 4)[0] == "2026-04"
    assert fiscal_year("2026-02", 4)[0] == "2025-04"
    assert fiscal_year("2026-02", 1)[-1] == "2026-12"
    share = forecast_share(
        measure("decided", lines=(SAVING,)), around(forecast={1: {"2026-04": 300_00}}, fiscal_month=4)
    )
    assert share == Decimal(30000) / Decimal(900)  # the plan from April to December is nine months


def test_an_amount_waits_for_its_confirmation_since_it_was_due():
    assert due_day("2026-09", RULES.effects, works) == date(
        2026, 10, 21
    )  # 15 working days after 30 September
    line = replace(SAVING, actual=(("2026-09", 90_00, "awaits"),))

    def on(day):
        return rated("potential", measure("decided", lines=(line,)), today=day)[1]

    assert on(date(2026, 11, 10)) == []
    assert on(date(2026, 11, 11)) == ["PO4"]
    assert on(date(2026, 12, 5)) == ["PO4"]
    assert on(date(2026, 12, 6)) == ["PO3", "PO4"]


def test_actual_amounts_that_are_missing_once_implemented():
    there = tuple((month, 90_00, "confirmed") for month in MONTHS[:7])
    line = replace(SAVING, actual=there)
    assert "PO5" in rated("potential", measure("implemented", lines=(line,)))[1]  # August, September, October
    two = replace(line, actual=(*there, ("2026-08", 90_00, "confirmed")))
    assert rated("potential", measure("implemented", lines=(two,))) == ("green", [])
    assert rated("potential", measure("implemented", lines=(replace(line, excepted=("2026-08",)),))) == (
        "green",
        [],
    )
    assert rated("potential", measure("decided", lines=(line,))) == ("green", [])


@pytest.mark.parametrize(("reading", "rows"), [(160, []), (161, ["PO6"])])
def test_the_operating_figure_on_its_way(reading, rows):
    kpi = KpiFact(1, "Calls", "", "", "lower", 400_0000, 0, (("2026-10", reading * 10_000),))
    assert rated("potential", measure("implemented", kpis=(kpi,)))[1] == rows
    assert rated("potential", measure("decided", kpis=(kpi,)))[1] == []


def test_an_overlap_of_claims_and_evidence_that_has_expired():
    assert rated("potential", measure("decided", claims=("CT-2207",))) == ("yellow", ["PO7"])
    old = evidence("baseline-record", until=TODAY - timedelta(days=1))
    found = rate(RULES, "potential", measure("decided", evidence=(old,)), around())
    assert (found.colour, found.reasons) == ("yellow", (("PO9", {"name": "Baseline record"}),))
    renewed = evidence("baseline-record", until=TODAY, revision=2)
    assert rated("potential", measure("decided", evidence=(old, renewed))) == ("green", [])
    case = evidence("business-case", until=TODAY - timedelta(days=1))
    assert rated("potential", measure("decided", evidence=(case,))) == (
        "green",
        [],
    )  # it mattered until Decided


def test_the_worst_row_gives_the_colour_and_all_are_reasons():
    due = ConditionFact(1, "open", TODAY - timedelta(days=1), True, 1, 2)
    found = rated("implementation", measure("decided", conditions=(due,)), over=200)
    assert found == ("red", ["IM5", "IM6"])


def turn(snapshot=None, **more):
    return next_day(RULES, snapshot or measure("decided"), around(**more))


def test_the_next_look_is_on_the_day_on_which_time_alone_changes_a_colour():
    assert turn() == TODAY + timedelta(days=36)  # nobody looks at the dates meanwhile
    plan = TODAY - timedelta(days=1)
    assert turn(stones=(stone(plan),)) == working_day_after(plan, 4, works)
    very_late = (stone(date(2026, 1, 5)),)
    assert turn(stones=very_late) == TODAY + timedelta(days=36)
    assert turn(tried=True) == TODAY + timedelta(days=1)
    assert turn(tried=True, over=151) == TODAY + timedelta(days=36)
    assert turn(measure("decided", lines=(SAVING,)), forecast=months(100_00)) == date(2026, 12, 1)
    assert turn(measure("closed")) is None
    assert turn(measure("decided", state="on_hold")) is None


def test_on_that_day_the_colour_changes_and_not_before():
    plan = date(2026, 11, 20)
    stones = (stone(plan),)
    day = turn(stones=stones)
    before = {"implementation": day, "potential": day}
    assert rated("implementation", stones=stones, today=day - timedelta(days=1), looked=before) == (
        "green",
        [],
    )
    assert rated("implementation", stones=stones, today=day, looked=before) == ("yellow", ["IM2"])
