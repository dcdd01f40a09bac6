"""What is waited for, whom, how long, and the figures a decision turns on."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from govapp.domain.clocks import Clock
from govapp.present import board, clocks, dates, dossiers, measures, money

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def card(**values: object) -> SimpleNamespace:
    plain = {"state": "active", "next_stage": "decided", "waits_for": "", "waits_words": (), "waits_whom": ()}
    return SimpleNamespace(**{**plain, "missing": 0, **values})


def test_what_is_waited_for_stands_apart_from_whom() -> None:
    row = card(
        waits_for="sponsor",
        waits_words=("Check", "Decision"),
        waits_whom=("Henrik Lund", "role:program_lead"),
    )
    assert measures.waits(row, None) == measures.Waits(
        "Check + Decision", "Henrik Lund, a program lead", True
    )
    assert measures.waits_sentence(row, None) == "Check + Decision: Henrik Lund, a program lead"
    assert measures.waits(card(missing=2), None).what == "2 criteria open for decided"
    assert measures.waits(card(state="on_hold"), None) == measures.Waits("On hold")
    assert measures.waits_sentence(card(state="cancelled"), None) == ""


def test_a_target_is_missed_once_its_moment_has_passed() -> None:
    assert not dates.over_target(MONDAY, MONDAY)
    assert dates.over_target(MONDAY, MONDAY + timedelta(seconds=1))


def test_without_a_target_moment_nothing_is_late() -> None:
    assert not dates.over_target(None, MONDAY)


def test_working_time_says_how_much_of_the_target_has_passed() -> None:
    assert clocks.worked_words(Clock(9.58, 24, MONDAY, late=False)) == "9.5 of 24 working hours"
    assert clocks.worked_words(Clock(31.9, 24, MONDAY, late=True)) == "31 working hours, target 24"
    assert clocks.hours_text(0) == "0" and clocks.hours_text(7.999999999) == "8"


@pytest.mark.parametrize(
    ("party", "said"),
    [
        ("person:7", "Henrik Lund"),
        ("deputy:8:7", "Mina Park for Henrik Lund"),
        ("person:99", "99"),
        ("role:program_lead+group:risk-reviewers", "a program lead, risk reviewers"),
        ("step:risk-review", "Risk review"),
        ("hold", "on hold, the clock rested"),
        ("criteria", "approved, criteria open again"),
        ("move", "approved, ready to move"),
        ("nobody", "nobody: nobody may decide"),
    ],
)
def test_every_party_that_may_hold_a_step_has_words(party: str, said: str) -> None:
    people = {7: "Henrik Lund", 8: "Mina Park"}
    assert clocks.party_words(party, people, {"risk-review": "Risk review"}) == said
    assert clocks.people_of(party) <= {7, 8, 99}


def test_the_head_of_a_page_names_the_weekday() -> None:
    assert dates.long_day(MONDAY.date()) == "Monday, 2 November 2026"


def test_headline_figures_carry_no_cents() -> None:
    assert money.whole_minor_amounts({"EUR": 4858337, "GBP": -50}) == "EUR 48,583 · GBP −1"
    assert money.whole_minor_amounts({}) == "–"


def test_a_decision_turns_on_ebitda_a_year_and_once() -> None:
    lines = [
        {"kind": "ebitda", "timing": "recurring", "currency": "EUR", "run_rate": 4400000, "plan": 1},
        {"kind": "ebitda", "timing": "one_off", "currency": "EUR", "run_rate": None, "plan": -3600000},
        {"kind": "ebitda", "timing": "one_off", "currency": "EUR", "run_rate": None, "plan": -400000},
        {"kind": "fte", "timing": "recurring", "currency": "", "run_rate": 60, "plan": 1},
        {"kind": "ebitda", "timing": "recurring", "currency": "GBP", "run_rate": None, "plan": None},
    ]
    assert dossiers.headline_money({"lines": lines}) == [
        ("Run rate a year", {"EUR": 4400000}),
        ("One-off, plan", {"EUR": -4000000}),
    ]
    assert dossiers.headline_money({}) == []
    assert dossiers.headline_money({"fields": {"value": "18000.00"}}, "EUR") == [
        ("Value the path goes by", {"EUR": 1_800_000})
    ]


@pytest.mark.parametrize(("days", "late"), [(43, "over target"), (1, "")])
def test_a_card_says_when_a_decision_is_over_its_target(days: int, late: str) -> None:
    steps = {"sponsor": SimpleNamespace(key="sponsor", target_hours=24)}
    rules = SimpleNamespace(stages=(), order=(), gates={}, kinds={}, steps=steps)
    row = card(
        id=1, key="M-1", title="Title", stage="detailed", version=1, seq=1, change_seq=1, owner="", proposer="",
        met=1, review_id=1, waits_for="sponsor", waits_words=("Decision",), waits_whom=("Henrik Lund",), expired=(),
        waits_since=MONDAY, target_at=MONDAY + timedelta(days=3), hold_cause="", hold_until=None,
        implementation="green", potential="none", values={}, lookback_due=None,
    )  # fmt: skip
    last = board.CardWords(rules, MONDAY + timedelta(days=days), "").view(row, movable=True).last
    assert (last.words, last.who, last.short, last.late) == ("Decision", "Henrik Lund", f"{days} d", late)
    assert measures.waits(row, rules).hours == 24
