"""The emergency advance: past the gate, by whom, with what; its look-back blocks later gates until it is accepted."""

import pytest
from sqlalchemy import Engine, select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.notices import Notice
from govapp.data.reviews import Lookback
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid, Refused
from tests.cast import Cast
from tests.factories import loaded, make_measure, measure_row, move, review_states, stage_of, submit
from tests.factories2 import (
    Board,
    emergency,
    emergency_details,
    judge2,
    make_measure2,
    supply2,
    use_version_2,
)

WHY = "The phones are down, the fix must go live"


@pytest.fixture
def board(database: Engine, cast: Cast) -> Board:
    """Version 2 with its groups."""
    return use_version_2(cast)


def lookback(key: str) -> Lookback:
    """The measure's look-back, detached."""
    with reading() as session:
        statement = (
            select(Lookback).join(Measure, Measure.id == Lookback.measure_id).where(Measure.key == key)
        )
        row = session.scalars(statement).one()
        session.expunge(row)
        return row


def test_it_moves_past_the_gate_and_what_was_skipped_is_owed(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    outcome = emergency(cast, key, "decided")
    assert (outcome.outcome, stage_of(key)) == (Outcome.ALLOWED, "decided")
    row = lookback(key)
    assert (row.state, row.into, row.incident, row.set_by) == ("open", "decided", "INC0042", cast.lead.id)
    assert "evidence:business-case" in row.debts
    assert "risk:none-blocking" not in row.debts, "what was met is not owed"


def test_those_named_and_the_owner_are_told(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    emergency(cast, key, "decided")
    with reading() as session:
        told = set(session.scalars(select(Notice.person_id).where(Notice.kind == "emergency_advance")))
    assert told >= {cast.sponsor.id, cast.service_owner.id, cast.owner.id}


def test_an_open_review_ends_as_overtaken(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    supply2(cast, board, key, "decided")
    move(cast, key, "decided")
    emergency(cast, key, "decided")
    assert review_states(key)[-1] == "overtaken"


def test_later_gates_stay_shut_until_a_judge_has_accepted_the_report(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    emergency(cast, key, "decided")
    supply2(cast, board, key, "implemented")
    refused = move(cast, key, "implemented")
    assert [finding.code for finding in refused.decision.unmet] == ["lookback_open"]  # type: ignore[union-attr]
    submit(cast, key, "lookback-report")
    assert move(cast, key, "implemented").outcome is Outcome.REFUSED, "handed in is not yet accepted"
    judge2(cast, board, key, "lookback-report", "return", reason="The damage is missing")
    assert lookback(key).state == "open"
    submit(cast, key, "lookback-report")
    judge2(cast, board, key, "lookback-report")
    assert lookback(key).state == "accepted"
    assert move(cast, key, "implemented").opened


def test_one_emergency_for_each_measure(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    emergency(cast, key, "decided")
    again = emergency(cast, key, "implemented")
    assert [finding.code for finding in again.decision.unmet] == ["rule_emergency_used"]  # type: ignore[union-attr]
    assert stage_of(key) == "decided"


@pytest.mark.parametrize("stage", ["identified", "closed"])
def test_only_into_the_stages_the_rules_name(sqlite: Engine, cast: Cast, stage: str) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, {"identified": "defined", "closed": "implemented"}[stage])
    refused = emergency(cast, key, stage)
    assert [finding.code for finding in refused.decision.unmet] == ["rule_no_emergency_into"]  # type: ignore[union-attr]


def test_it_skips_a_gate_never_a_stage(sqlite: Engine, cast: Cast) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, "identified")
    refused = emergency(cast, key, "decided")
    assert [finding.code for finding in refused.decision.unmet] == ["rule_next_stage_only"]  # type: ignore[union-attr]


def test_r06_the_owner_may_not_whatever_roles_they_hold(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    for who in (cast.owner, cast.sponsor, cast.controller, cast.member, cast.approver, cast.administrator):
        if who is cast.sponsor:
            continue  # Samir is a leader of the organization, which the rules name
        with pytest.raises(Refused):
            emergency(cast, key, "decided", by=who)
    assert stage_of(key) == "detailed"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"incident_number": ""}, "incident_number", "required"),
        ({"lookback_due": ""}, "lookback_due", "required"),
        ({"lookback_due": "2999-01-01"}, "lookback_due", "date_too_late"),
        ({"lookback_due": "2020-01-01"}, "lookback_due", "date_past"),
        ({"informed_people": []}, "informed_people", "required"),
        ({"signed": False}, "password", "signature_needed"),
    ],
)
def test_r27_each_missing_detail_is_named_and_nothing_moves(
    sqlite: Engine, cast: Cast, change: dict[str, object], field: str, code: str
) -> None:
    board = use_version_2(cast)
    key = make_measure2(cast, board, "detailed")
    refused = emergency(cast, key, "decided", **change)
    (finding,) = refused.decision.unmet  # type: ignore[union-attr]
    assert finding.code == "rule_details_needed"
    assert finding.values["faults"] == {field: code}
    assert stage_of(key) == "detailed"


def test_r09_people_who_are_not_here_are_refused(board: Board, cast: Cast) -> None:
    key = make_measure2(cast, board, "detailed")
    with pytest.raises(Invalid) as wrong:
        emergency(cast, key, "decided", informed_people=[10**9])
    assert wrong.value.errors == {"informed_people": ["person_unknown"]}
    assert stage_of(key) == "detailed"


def test_under_version_1_nobody_has_an_emergency(sqlite: Engine, cast: Cast) -> None:
    key = make_measure(cast, "detailed")
    with pytest.raises(Refused):
        move(
            cast,
            key,
            "decided",
            cast.lead,
            ask=AskKind.EMERGENCY,
            reason=WHY,
            details=emergency_details(cast, key),
        )
    assert (measure_row(key).stage, loaded(key).rules.version) == ("detailed", 1)
