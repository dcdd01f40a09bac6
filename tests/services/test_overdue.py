"""An overdue condition puts its measure on hold: by the program itself, and no move passes before the clock came by."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.notices import Notice
from govapp.domain.asks import AskKind, Outcome
from govapp.services._work import Origin, now
from govapp.services.conditions import ConditionAct, act_on_condition, hold_overdue
from govapp.services.moves import MoveMeasure, move_measure
from tests.cast import Cast, Someone
from tests.factories import key_of_form, measure_row, version_of
from tests.factories2 import Board, use_version_2
from tests.services.test_conditions import conditional, events, rows

CLOCK = Origin(None, "job", "clock")


@pytest.fixture
def board(database: Engine, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def later(days: int) -> datetime:
    """So many days from now."""
    return now() + timedelta(days=days)


def ask_later(key: str, by: Someone, days: int, **more: object):
    """An ask so many days from now."""
    origin = replace(by.origin, at=later(days))
    values = {"seen_version": version_of(key), "action_key": key_of_form()} | more
    return move_measure(MoveMeasure(key=key, origin=origin, **values))  # type: ignore[arg-type]


RELEASE = {"ask": AskKind.RELEASE, "reason": "It is settled now", "details": {"new_dates_checked": "yes"}}


def test_the_clock_holds_it_by_itself_once_its_day_has_passed(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    assert hold_overdue(replace(CLOCK, at=later(14))) == [], "its day is not over yet"
    assert hold_overdue(replace(CLOCK, at=later(16))) == [key]
    assert hold_overdue(replace(CLOCK, at=later(17))) == [], "once is enough"
    row = measure_row(key)
    assert (row.state, row.hold_cause, row.value_treatment) == (
        "on_hold",
        "overdue-condition",
        "keep-forecast",
    )
    assert row.hold_review_date == later(16).date() + timedelta(days=30)


def test_the_hold_is_logged_by_system_with_condition_and_day(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    (condition,) = rows(key)
    hold_overdue(replace(CLOCK, at=later(16)))
    with reading() as session:
        statement = (
            select(AuditLog).join(Measure, Measure.id == AuditLog.measure_id).where(Measure.key == key)
        )
        row = session.scalars(statement.where(AuditLog.event == "measure:held")).one()
    assert (row.actor_id, row.right_used) == (None, "system")
    said = json.loads(row.payload or "{}")
    assert said["reason"] == "overdue-condition"
    assert (said["condition"], said["due"]) == (condition.id, condition.due.isoformat())


def test_owner_sponsor_and_who_owns_the_condition_are_told(board: Board, cast: Cast) -> None:
    conditional(cast, board)
    hold_overdue(replace(CLOCK, at=later(16)))
    with reading() as session:
        told = set(session.scalars(select(Notice.person_id).where(Notice.kind == "condition_overdue")))
    assert told == {cast.owner.id, cast.sponsor.id, cast.member.id}


def test_a_move_is_refused_before_the_clock_came_by(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    refused = ask_later(key, cast.owner, 16, stage="detailed")
    assert refused.outcome is Outcome.REFUSED
    assert "rule_condition_overdue" in [finding.code for finding in refused.decision.unmet]  # type: ignore[union-attr]
    assert measure_row(key).state == "active"


def test_release_is_refused_while_it_is_overdue_and_goes_through_once_it_is_extended(
    board: Board, cast: Cast
) -> None:
    key, setter = conditional(cast, board)
    hold_overdue(replace(CLOCK, at=later(16)))
    refused = ask_later(key, cast.lead, 16, **RELEASE)
    assert [finding.code for finding in refused.decision.unmet] == ["rule_condition_overdue"]  # type: ignore[union-attr]
    (row,) = rows(key)
    act_on_condition(
        ConditionAct(
            row.id, "extend", replace(setter.origin, at=later(16)), row.version, "The trainer was ill",
            row.due + timedelta(days=20), key_of_form(),
        )
    )  # fmt: skip
    assert ask_later(key, cast.lead, 16, **RELEASE).outcome is Outcome.ALLOWED
    assert measure_row(key).state == "active"


def test_reported_in_time_it_is_not_overdue_though_nobody_has_confirmed_it(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    (row,) = rows(key)
    act_on_condition(
        ConditionAct(row.id, "fulfil", cast.member.origin, row.version, action_key=key_of_form())
    )
    assert hold_overdue(replace(CLOCK, at=later(30))) == []


def test_a_late_tick_is_recorded_as_late(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    (row,) = rows(key)
    at = later(20)
    act_on_condition(
        ConditionAct(
            row.id, "fulfil", replace(cast.member.origin, at=at), row.version, action_key=key_of_form()
        )
    )
    (done,) = rows(key)
    assert done.fulfilled_at == at
    assert done.fulfilled_at.date() > done.due
    assert events(key)[-1] == "condition:fulfilled"


def test_what_is_on_hold_or_cancelled_already_stays_as_it_is(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    held = {
        "hold_cause": "budget",
        "review_date": later(40).date().isoformat(),
        "value_treatment": "keep-forecast",
    }
    ask_later(key, cast.lead, 1, ask=AskKind.HOLD, reason="No money this quarter", details=held)
    assert hold_overdue(replace(CLOCK, at=later(16))) == []
    assert measure_row(key).hold_cause == "budget"
