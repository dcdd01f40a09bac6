"""Debts of decisions when something else goes wrong: who owns conditions, their days, what the clock does alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from govapp.data.engine import reading, write_session
from govapp.data.notices import Outbox
from govapp.data.reviews import Condition
from govapp.data.snapshots import load_measures
from govapp.domain.errors import Invalid
from govapp.services._conditions import VoteConditions, _set_conditions
from govapp.services._work import Work, now, writing
from govapp.services.clockwork import each_alone
from govapp.services.conditions import hold_overdue
from govapp.services.due_notices import tell_due
from govapp.services.plans import AddDependency, add_dependency
from tests.cast import SYSTEM, Cast
from tests.factories import loaded, make_measure, measure_row, move, open_review, supply, today_of, vote
from tests.factories2 import (
    Board,
    condition,
    make_measure2,
    supply2,
    use_version_2,
    vote_all2,
    voters,
)


@pytest.fixture
def board(database: Engine, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def asked(cast: Cast, board: Board, into: str = "identified") -> str:
    """A measure of which only the last step of a gate is left to decide."""
    key = make_measure2(cast, board)
    supply2(cast, board, key, into)
    move(cast, key, into)
    vote_all2(cast, board, key, but=voters(cast, board, key)[-1][0])
    return key


def test_r03_nobody_owns_a_condition_that_they_set_and_would_confirm(board: Board, cast: Cast) -> None:
    key = asked(cast, board)
    who = voters(cast, board, key)[0][1]
    with pytest.raises(Invalid) as refused:
        vote(
            cast, key, who, "approve_with_conditions", reason="Once I have trained the desk",
            conditions=(condition(who, key),), signed=True,
        )  # fmt: skip
    assert refused.value.errors == {"condition-1-owner": ["condition_owner_sets"]}


def owe(cast: Cast, key: str, *due: date) -> list[int]:
    """Conditions on a measure, due on these days."""
    values = [
        {"measure_id": measure_row(key).id, "wording": "Name a deputy", "owner_id": cast.member.id, "due": day,
         "set_by": cast.sponsor.id, "set_at": now(), "blocking": False, "state": "open", "fulfilled_note": "",
         "version": 1}
        for day in due
    ]  # fmt: skip
    with write_session() as session:
        return list(session.scalars(insert(Condition).returning(Condition.id), values))


def test_a_day_that_passed_before_the_last_vote_is_moved_by_the_time_it_gave(
    database: Engine, cast: Cast
) -> None:
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    move(cast, key, "identified")
    review, today = open_review(key)[0], today_of(key)
    days = [today - timedelta(days=2), today, today - timedelta(days=5)]
    given = [
        {"wording": "Train the desk", "owner": cast.member.id, "due": day.isoformat(), "blocking": True}
        for day in days
    ]

    def body(work: Work) -> None:
        measure = load_measures(work.session, [measure_row(key).id], lock=True)[0]
        voted = VoteConditions(cast.sponsor.id, work.at - timedelta(days=5), given)
        _set_conditions(work, measure, review, [voted], "vote:sponsor-decision")

    writing(cast.sponsor.origin, body)
    with reading() as session:
        due = list(session.scalars(select(Condition.due).order_by(Condition.id)))
    assert due == [today + timedelta(days=3), today, today + timedelta(days=1)]


def test_the_clock_writes_nothing_on_the_day_a_condition_is_due_and_holds_with_the_neighbours_locked(
    database: Engine, cast: Cast, count_queries: Callable[[], Any]
) -> None:
    key, waits = make_measure(cast, "defined"), make_measure(cast, "defined")
    add_dependency(AddDependency(waits, key, "implemented", cast.owner.origin))
    owe(cast, key, today_of(key))
    at_day = replace(SYSTEM, at=now())
    with count_queries() as counted:
        assert hold_overdue(at_day) == []
    assert counted.number == 1, "the one read"
    with count_queries() as counted:
        assert hold_overdue(replace(SYSTEM, at=now() + timedelta(days=2))) == [key]
    locks = [each for each in counted.statements if "FOR UPDATE" in each and "measure.id" in each]
    if database.dialect.name == "postgresql":
        assert "dependency" in locks[0]
    assert measure_row(key).state == "on_hold"


def test_what_fails_for_one_measure_leaves_the_others_to_be_done(database: Engine, cast: Cast) -> None:
    def fails(work: Work) -> int:
        raise ValueError("this one is broken")

    assert each_alone(SYSTEM, [lambda work: 1, fails, lambda work: 3]) == [1, 3]


def test_debts_told_already_do_not_keep_later_ones_from_being_told(database: Engine, cast: Cast) -> None:
    key = make_measure(cast, "defined")
    day = today_of(key) + timedelta(days=1)
    ids = owe(cast, key, *[day] * 100)
    values = {"kind": "period", "payload": {}, "state": "done", "attempts": 0, "problem": ""}
    values |= {"due_at": now(), "made_at": now(), "done_at": now()}
    with write_session() as session:
        session.execute(insert(Outbox), [values | {"key": f"due:condition:{each}:{day}"} for each in ids])
    owe(cast, key, day + timedelta(days=1))
    assert tell_due(SYSTEM) == 1
    assert tell_due(SYSTEM) == 0
    assert loaded(key).snapshot.conditions[-1].due == day + timedelta(days=1)
