"""Criteria about money and operating figures, without a database: what is met, and what is said where it is not."""

from dataclasses import replace

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.criteria import find
from govapp.domain.replay import snapshot_from_json, snapshot_to_json
from govapp.domain.rules import parse_rules
from govapp.domain.snapshot import KpiFact, LineFact
from tests.domain.snapshots import TODAY, criterion, measure

RULES = parse_rules(yaml.safe_load((ROOT / "governance" / "service-team-3.yaml").read_text("utf-8")))
YEAR = tuple(f"2026-{month:02}" for month in range(1, 13))
RAMP = ((YEAR[0], 0), (YEAR[1], 50_00), *((month, 100_00) for month in YEAR[2:]), ("2027-01", 100_00))
SAVING = LineFact(1, "Fewer calls", "ebitda", "recurring", "handling-effort", "EUR", 1200_00, plan=RAMP)
COST = LineFact(
    2, "Set-up", "ebitda", "one_off", "implementation-cost", "EUR", plan=((YEAR[0], -500_00),),
    actual=((YEAR[0], -480_00, "confirmed"),), due=(YEAR[0],),
)  # fmt: skip
FIGURE = KpiFact(1, "Calls a week", "calls", "ticket-system", "lower", 400_0000, 200_0000)


def asked(kind, snapshot, **params):
    finding = find(criterion(kind, params), RULES, snapshot, TODAY)
    return finding.met, finding.code


def figures(check, *lines, **params):
    return asked("figures", measure(lines=lines), check=check, **params)


def test_a_rough_run_rate_is_one_of_a_recurring_line():
    check = "rough_run_rate_present"
    assert figures(check) == (False, "run_rate_missing")
    assert figures(check, COST) == (False, "run_rate_missing")
    assert figures(check, replace(SAVING, run_rate=None)) == (False, "run_rate_missing")
    assert figures(check, SAVING, COST) == (True, "run_rate_present")


def test_a_run_rate_of_zero_counts_only_where_the_line_says_what_it_is_for():
    check, nothing = "rough_run_rate_present", replace(SAVING, run_rate=0)
    assert figures(check, nothing) == (False, "run_rate_zero")
    assert figures(check, replace(nothing, name="For the audit: nobody keeps rights")) == (
        True,
        "run_rate_present",
    )


def test_a_rough_one_off_cost_may_be_zero_but_not_missing():
    check = "rough_one_off_present"
    assert figures(check, SAVING) == (False, "one_off_missing")
    assert figures(check, replace(COST, plan=())) == (False, "one_off_missing")
    assert figures(check, replace(COST, plan=(("", 0),))) == (True, "one_off_present")


def test_a_one_off_gain_is_no_cost():
    gain = replace(COST, category="one-off-gain", plan=((YEAR[0], 700_00),))
    assert figures("one_off_cost_line", gain) == (False, "one_off_missing")
    assert figures("one_off_cost_line", replace(gain, category="")) == (False, "one_off_missing")
    assert figures("one_off_cost_line", gain, COST) == (True, "one_off_present")


def test_lines_are_entered_by_month():
    check = {"check": "lines_by_month", "series": "plan", "min_months": 12}
    assert asked("figures", measure(), **check) == (False, "lines_missing")
    assert asked("figures", measure(lines=(replace(SAVING, plan=(("", 1200_00),)),)), **check) == (
        False,
        "lines_short",
    )
    assert asked("figures", measure(lines=(replace(SAVING, plan=RAMP[:11]),)), **check) == (
        False,
        "lines_short",
    )
    assert asked("figures", measure(lines=(SAVING, COST)), **check) == (True, "lines_by_month")


def test_a_line_worth_nothing_needs_no_months():
    reasoned = replace(SAVING, run_rate=0, plan=(), name="For the audit: nobody keeps rights")
    assert figures("lines_by_month", reasoned, min_months=12) == (True, "lines_by_month")
    assert figures("plan_covers_first_effect_plus_months", reasoned, min_months=12) == (True, "plan_covers")


def test_the_last_month_may_be_held_against_the_run_rate():
    near, far = replace(SAVING, run_rate=1250_00), replace(SAVING, run_rate=2400_00)
    assert figures("lines_by_month", near, min_months=12, tolerance_percent=5) == (True, "lines_by_month")
    assert figures("lines_by_month", far, min_months=12, tolerance_percent=5) == (False, "lines_off_run_rate")


def test_the_plan_covers_a_year_from_the_first_effect_and_not_from_the_first_cell():
    check = "plan_covers_first_effect_plus_months"
    assert figures(check, SAVING, min_months=12) == (True, "plan_covers")  # February 2026 to January 2027
    short = replace(SAVING, plan=RAMP[:-1])
    assert figures(check, short, min_months=12) == (False, "plan_short")
    finding = find(
        criterion("figures", {"check": check, "min_months": 12}), RULES, measure(lines=(short,)), TODAY
    )
    assert (finding.values["first"], finding.values["until"], finding.values["month"]) == (
        "2026-02",
        "2027-01",
        "2027-01",
    )
    assert figures(check, replace(SAVING, plan=(RAMP[0],)), min_months=12) == (False, "plan_without_effect")


def test_a_hole_in_the_plan_is_named():
    holed = replace(SAVING, plan=tuple(each for each in RAMP if each[0] != "2026-07"))
    rule = criterion("figures", {"check": "plan_covers_first_effect_plus_months", "min_months": 12})
    assert find(rule, RULES, measure(lines=(holed,)), TODAY).values["month"] == "2026-07"


def test_overlapping_claims_stop_until_they_are_split():
    check = {"check": "no_unresolved_claim_overlap"}
    assert asked("figures", measure(claims=("CT-2207",)), **check) == (False, "claims_overlap")
    assert asked("figures", measure(), **check) == (True, "claims_apart")


def test_the_one_off_cost_is_booked_once_its_actual_amount_is_confirmed():
    check = "one_off_booked"
    assert figures(check, COST) == (True, "one_off_booked")
    assert figures(check, replace(COST, actual=())) == (False, "one_off_unbooked")
    assert figures(check, replace(COST, actual=((YEAR[0], -480_00, "refused"),))) == (
        False,
        "one_off_unbooked",
    )
    assert figures(check, replace(COST, actual=((YEAR[0], -480_00, "awaits"),))) == (False, "one_off_awaits")
    assert figures(check, replace(COST, plan=(("", 0),), actual=())) == (True, "one_off_booked")


def confirmed(*standings, due=4, **more):
    actual = tuple((month, 90_00, standing) for month, standing in zip(YEAR[1:], standings, strict=False))
    return replace(SAVING, actual=actual, due=YEAR[1 : 1 + due], **more)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (confirmed("confirmed", "confirmed", "confirmed", due=3), (True, "amounts_confirmed")),
        (confirmed("confirmed", "confirmed", due=2), (False, "months_few")),
        (confirmed("confirmed", "confirmed", "confirmed", "awaits"), (False, "amounts_await")),
        (confirmed("confirmed", "confirmed", "confirmed"), (False, "months_open")),
        (confirmed("confirmed", "confirmed", "confirmed", "refused"), (True, "amounts_confirmed")),
        (confirmed("confirmed", "confirmed", "confirmed", excepted=(YEAR[4],)), (True, "amounts_confirmed")),
        (confirmed(due=0), (False, "months_few")),
    ],
)
def test_every_due_month_is_confirmed_refused_or_excepted(line, answer):
    snapshot = measure(lines=(line,), locked="2026-05")
    assert asked("confirmation", snapshot, series="actual", min_months=3, share_percent=100) == answer


def test_the_first_open_month_of_every_line_counts():
    late = replace(COST, actual=(), due=("2026-01",))
    fine = confirmed("confirmed", "confirmed", "confirmed", due=3)
    rule = criterion("confirmation", {"min_months": 3, "share_percent": 100})
    finding = find(rule, RULES, measure(lines=(fine, late), locked="2026-04"), TODAY)
    assert (finding.code, finding.values["month"], finding.values["lines"]) == (
        "months_open",
        "2026-01",
        ["Set-up"],
    )


def test_a_share_of_the_amounts_may_be_enough():
    line = confirmed("confirmed", "confirmed", "confirmed", "awaits", due=3)
    snapshot = measure(lines=(line,), locked="2026-04")
    assert asked("confirmation", snapshot, min_months=3, share_percent=75) == (True, "amounts_confirmed")
    assert asked("confirmation", snapshot, min_months=3, share_percent=76) == (False, "amounts_await")


def test_months_of_every_line_of_money_count_and_posts_ask_for_no_confirmation():
    two = confirmed("confirmed", "confirmed", due=2)
    posts = LineFact(
        3, "Posts", "fte", "recurring", run_rate=1_0000, actual=((YEAR[1], 1_0000, "awaits"),), due=YEAR[1:3]
    )
    rule = {"min_months": 3, "share_percent": 100}
    assert asked("confirmation", measure(lines=(two, posts), locked="2026-03"), **rule) == (
        False,
        "months_few",
    )
    snapshot = measure(lines=(two, COST, posts), locked="2026-03")
    assert asked("confirmation", snapshot, **rule) == (True, "amounts_confirmed")


def test_closing_a_month_makes_no_vote_stale():
    gate = RULES.gates["closed"]
    before, after = (measure(lines=(COST,), locked=month) for month in ("2026-01", "2026-02"))
    assert digest_of(basis_of(RULES, gate, before)) == digest_of(basis_of(RULES, gate, after))


def test_an_operating_figure_needs_baseline_target_unit_and_source():
    check = {"check": "baseline_and_target", "min_count": 1}
    assert asked("kpi", measure(), **check) == (False, "kpi_missing")
    for lacking in ({"baseline": None}, {"target": None}, {"unit": ""}, {"source": ""}):
        assert asked("kpi", measure(kpis=(replace(FIGURE, **lacking),)), **check) == (False, "kpi_incomplete")
    assert asked("kpi", measure(kpis=(replace(FIGURE, baseline=0),)), **check) == (True, "kpi_defined")


def readings(*values):
    return tuple((month, round(value * 10_000)) for month, value in zip(YEAR, values, strict=False))


@pytest.mark.parametrize(
    ("better", "target", "values", "code"),
    [
        (
            "lower",
            9.0,
            (21, 9.8, 8.7, 8.4),
            "kpi_reached",
        ),  # mean of the last three 8.97, though one is above
        ("lower", 170, (201, 174, 173, 174), "kpi_missed"),
        ("higher", 66, (54, 66.2, 66.4, 66.8), "kpi_reached"),
        ("higher", 95, (88, 93, 96), "kpi_missed"),
        ("lower", 9.0, (8.0, 8.0), "kpi_few_readings"),
        ("lower", 5, (5, 5, 5), "kpi_reached"),
    ],
)
def test_the_target_is_reached_by_the_mean_of_the_last_readings(better, target, values, code):
    figure = replace(FIGURE, better=better, target=target * 10_000, readings=readings(*values))
    met, said = asked("kpi", measure(kpis=(figure,)), check="target_reached_or_explained", min_readings=3)
    assert (met, said) == (code == "kpi_reached", code)


def test_a_missed_target_counts_once_the_controller_has_signed_why():
    check = {"check": "target_reached_or_explained", "min_readings": 3}
    explained = replace(FIGURE, readings=readings(300, 290, 280), explained=True)
    assert asked("kpi", measure(kpis=(explained,)), **check) == (False, "kpi_unsigned")
    assert asked("kpi", measure(kpis=(replace(explained, signed=True),)), **check) == (True, "kpi_explained")
    assert asked("kpi", measure(), **check) == (False, "kpi_missing")


def test_dates_of_the_sustain_checks_are_three():
    rule = criterion("field", {"fields": ["sustain_dates"], "min_count": 3})
    days = ["2027-02-24", "2027-05-24", "2027-11-24"]
    two, three = (measure(fields={"sustain_dates": days[:n]}) for n in (2, 3))
    assert not find(rule, RULES, two, TODAY).met
    assert find(rule, RULES, three, TODAY).met


def test_a_check_nobody_knows_is_never_met():
    assert figures("guessing") == (False, "kind_unknown")
    assert asked("kpi", measure(), check="guessing") == (False, "kind_unknown")


WHOLE = measure(
    lines=(SAVING, COST), kpis=(replace(FIGURE, readings=readings(210, 205, 190, 180)),), locked="2026-03"
)
CHANGES = {
    "a month of the plan": ("decided", replace(WHOLE, lines=(replace(SAVING, plan=RAMP[:-1]), COST))),
    "a baseline": ("decided", replace(WHOLE, lines=(replace(SAVING, baseline=((YEAR[0], 1),)), COST))),
    "the category of a line": ("decided", replace(WHOLE, lines=(SAVING, replace(COST, category="training-cost")))),
    "an overlap": ("decided", replace(WHOLE, claims=("CT-2207",))),
    "a target": ("detailed", replace(WHOLE, kpis=(replace(WHOLE.kpis[0], target=1),))),
    "one of the last readings": (
        "closed", replace(WHOLE, kpis=(replace(WHOLE.kpis[0], readings=readings(9, 9, 9, 9)),)),
    ),
    "an actual amount": ("closed", replace(WHOLE, lines=(SAVING, replace(COST, actual=())))),
    "an exception": ("closed", replace(WHOLE, lines=(SAVING, replace(COST, excepted=("2026-02",))))),
}  # fmt: skip


def basis(into, snapshot):
    return digest_of(basis_of(RULES, RULES.gates[into], snapshot))


@pytest.mark.parametrize("what", CHANGES)
def test_votes_are_given_on_what_the_criteria_read(what):
    into, changed = CHANGES[what]
    assert basis(into, changed) != basis(into, WHOLE)


def test_what_a_gate_does_not_read_makes_no_vote_stale():
    earlier = replace(WHOLE, kpis=(replace(WHOLE.kpis[0], readings=readings(1, 205, 190, 180)),))
    assert basis("closed", earlier) == basis("closed", WHOLE)  # only the last three readings count
    booked = replace(WHOLE, lines=(SAVING, replace(COST, actual=())), kpis=())
    assert basis("decided", booked) == basis("decided", replace(WHOLE, kpis=()))


def test_a_snapshot_with_figures_comes_back_from_a_record_as_it_was():
    full = replace(
        WHOLE, lines=(replace(SAVING, run_rate=0, baseline=((YEAR[0], 0),)), replace(COST, excepted=("",))),
        kpis=(*WHOLE.kpis, replace(FIGURE, baseline=0, target=None, signed=True)), claims=("CT-1",),
    )  # fmt: skip
    assert snapshot_from_json(snapshot_to_json(full)) == full
