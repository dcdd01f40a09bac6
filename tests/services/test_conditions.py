"""Conditions of a conditional advance: set with the last vote, reported, confirmed, extended, lifted; by whom."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.reviews import Condition
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.services.conditions import ConditionAct, act_on_condition
from govapp.services.people import PersonCommand, disable_person
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import key_of_form, loaded, move, stage_of, supply, today_of, vote
from tests.factories2 import (
    Board,
    advance_with_conditions,
    condition,
    make_measure2,
    pass_gate2,
    supply2,
    use_version_2,
    vote_all2,
    voters,
)


@pytest.fixture
def board(database: Engine, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def conditional(cast: Cast, board: Board, **more: object) -> tuple[str, Someone]:
    """A measure that came into Identified with one condition, owned by a team member; and who set it."""
    key = make_measure2(cast, board)
    given = condition(cast.member, key, **more)  # type: ignore[arg-type]
    return key, advance_with_conditions(cast, board, key, "identified", given)


def rows(key: str) -> list[Condition]:
    """The measure's conditions, detached."""
    with reading() as session:
        statement = (
            select(Condition).join(Measure, Measure.id == Condition.measure_id).where(Measure.key == key)
        )
        found = list(session.scalars(statement.order_by(Condition.id)))
        session.expunge_all()
        return found


def act(key: str, by: Someone, what: str, reason: str = "", **more: object) -> str:
    """Do something about the measure's first condition, seen as it is now."""
    row = rows(key)[0]
    values = {"seen_version": row.version, "action_key": key_of_form()} | more
    return act_on_condition(ConditionAct(row.id, what, by.origin, reason=reason, **values))  # type: ignore[arg-type]


def events(key: str) -> list[str]:
    """Events of the measure, oldest first."""
    with reading() as session:
        statement = select(AuditLog.event).join(Measure, Measure.id == AuditLog.measure_id)
        return list(session.scalars(statement.where(Measure.key == key).order_by(AuditLog.sequence)))


def test_the_last_vote_moves_it_and_its_conditions_bind_from_then_on(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    (row,) = rows(key)
    assert stage_of(key) == "identified"
    assert (row.owner_id, row.state, row.set_by, row.blocking) == (cast.member.id, "open", setter.id, True)
    assert events(key)[-2:] == ["measure:moved", "condition:set"]


def test_an_open_condition_closes_a_gate_that_asks_for_none_until_it_is_confirmed(
    board: Board, cast: Cast
) -> None:
    key, setter = conditional(cast, board)
    pass_gate2(cast, board, key, "detailed")
    supply2(cast, board, key, "decided")
    refused = move(cast, key, "decided")
    assert [finding.code for finding in refused.decision.unmet] == ["conditions_open"]  # type: ignore[union-attr]
    act(key, cast.member, "fulfil")
    assert not move(cast, key, "decided").opened, "reported is not yet confirmed"
    act(key, setter, "confirm")
    assert move(cast, key, "decided").opened
    vote_all2(cast, board, key)
    assert stage_of(key) == "decided"


def test_one_that_does_not_block_lets_decided_pass_and_stops_implemented(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board, blocking=False)
    pass_gate2(cast, board, key, "detailed")
    pass_gate2(cast, board, key, "decided")
    supply2(cast, board, key, "implemented")
    refused = move(cast, key, "implemented")
    assert "conditions_open" in [finding.code for finding in refused.decision.unmet]  # type: ignore[union-attr]
    act(key, setter, "lift", "The pilot made it needless")
    assert move(cast, key, "implemented").opened


def test_given_back_it_is_open_again_and_its_owner_is_told_why(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    act(key, cast.member, "fulfil", "All were there")
    act(key, setter, "not_met", "Two of nine were missing")
    (row,) = rows(key)
    assert (row.state, row.fulfilled_by) == ("open", None)


def test_extending_needs_a_later_day_and_a_reason(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    due = rows(key)[0].due
    with pytest.raises(Invalid) as wrong:
        act(key, setter, "extend", "The trainer is ill", due=due)
    assert wrong.value.errors == {"due": ["condition_due_range"]}
    with pytest.raises(Invalid) as bare:
        act(key, setter, "extend", due=due + timedelta(days=7))
    assert bare.value.errors == {"reason": ["reason_needed"]}
    act(key, setter, "extend", "The trainer is ill", due=due + timedelta(days=7))
    assert rows(key)[0].due == due + timedelta(days=7)


def test_r06_who_owns_or_fulfilled_it_never_confirms_it(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    for who, code in (
        (cast.member, {"no_right", "condition_own"}), (cast.owner, {"no_right", "condition_own"}),
        (cast.lead, {"not_condition_setter"}), (cast.controller, {"not_condition_setter", "no_right"}),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            act(key, who, "confirm")
        assert refused.value.code in code, who.name
    act(key, setter, "confirm")


def test_only_its_owner_or_that_of_the_measure_reports_it(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    for who in (setter, cast.lead, cast.finance):
        with pytest.raises(Refused) as refused:
            act(key, who, "fulfil")
        assert refused.value.code == "not_condition_owner"
    act(key, cast.owner, "fulfil")


def test_nobody_sets_a_condition_that_they_would_owe_themselves(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board)
    with pytest.raises(Invalid) as refused:
        advance_with_conditions(cast, board, key, "identified", condition(cast.sponsor, key))
    assert refused.value.errors == {"condition-1-owner": ["condition_owner_sets"]}
    assert rows(key) == []


def test_the_sponsor_decides_when_who_set_it_has_left(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "identified")
    given = condition(cast.member, key)
    advance_with_conditions(cast, board, key, "detailed", given)
    (row,) = rows(key)
    disable_person(PersonCommand(SYSTEM, row.set_by))
    act(key, cast.controller, "confirm")
    assert rows(key)[0].state == "confirmed"


def test_r10_of_two_acts_on_one_version_the_second_sees_the_fresh_condition(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    seen = rows(key)[0].version
    act(key, cast.member, "fulfil")
    with pytest.raises(Stale) as stale:
        act(key, setter, "lift", "Not needed any more", seen_version=seen)
    assert stale.value.code == "stale_condition"


def test_r13_a_replayed_form_does_it_once(board: Board, cast: Cast) -> None:
    key, _setter = conditional(cast, board)
    command = ConditionAct(rows(key)[0].id, "fulfil", cast.member.origin, 1, "Done", action_key="one-key")
    assert act_on_condition(command) == act_on_condition(command) == key
    assert events(key).count("condition:fulfilled") == 1


def test_what_is_settled_takes_no_further_act(board: Board, cast: Cast) -> None:
    key, setter = conditional(cast, board)
    act(key, setter, "lift", "The pilot made it needless")
    with pytest.raises(Stale) as ended:
        act(key, setter, "confirm")
    assert ended.value.code == "condition_ended"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"wording": " "}, "condition-1-wording", "required"),
        ({"wording": "w" * 501}, "condition-1-wording", "text_too_long"),
        ({"owner": 10**9}, "condition-1-owner", "person_unknown"),
        ({"due": "2020-01-01"}, "condition-1-due", "date_past"),
        ({"due": "2999-01-01"}, "condition-1-due", "date_too_late"),
        ({"due": "soon"}, "condition-1-due", "date_invalid"),
    ],
)
def test_a_condition_that_does_not_hold_together_is_refused_by_field(
    sqlite: Engine, cast: Cast, change: dict[str, object], field: str, code: str
) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board)
    supply(cast, key, "identified")
    move(cast, key, "identified")
    who = voters(cast, board, key)[0][1]
    given = (condition(cast.member, key) | change,)
    with pytest.raises(Invalid) as wrong:
        vote(cast, key, who, "approve_with_conditions", reason="With this", conditions=given)
    assert wrong.value.errors == {field: [code]}


def test_no_more_than_five_and_no_gate_into_closed(sqlite: Engine, cast: Cast) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board)
    supply(cast, key, "identified")
    move(cast, key, "identified")
    who = voters(cast, board, key)[0][1]
    for given, code in (((), "conditions_few"), ((condition(cast.member, key),) * 6, "conditions_many")):
        with pytest.raises(Invalid) as wrong:
            vote(cast, key, who, "approve_with_conditions", reason="With this", conditions=given)
        assert wrong.value.errors == {"conditions": [code]}
    last = make_measure2(cast, board, "implemented")
    supply2(cast, board, last, "closed")
    move(cast, last, "closed")
    given = (condition(cast.member, last),)
    with pytest.raises(Invalid) as closed:
        vote(
            cast,
            last,
            cast.controller,
            "approve_with_conditions",
            reason="With this",
            conditions=given,
            signed=True,
        )
    assert closed.value.errors == {"conditions": ["conditions_not_here"]}
    assert loaded(last).snapshot.stage == "implemented"
    assert today_of(last)
