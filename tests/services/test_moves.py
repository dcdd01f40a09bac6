"""Moving over the gate board through the verb: R01 over all gates and roles, R02, R10, R11, R13, and the decisions."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.measures import Card, Measure, StagePassage
from govapp.data.notices import Outbox
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.services import moves
from govapp.services.moves import MoveMeasure, move_measure
from govapp.services.plans import AddDependency, add_dependency
from tests.factories import (
    hold,
    loaded,
    make_measure,
    measure_row,
    move,
    open_review,
    pass_gate,
    review_states,
    stage_of,
    submit,
    supply,
    version_of,
    vote,
)

STAGES = ("defined", "identified", "detailed", "decided", "implemented", "closed")
EVERYBODY = (
    "owner", "sponsor", "controller", "service_owner", "lead", "member", "finance", "leader", "approver", "auditor",
    "administrator", "outsider", "stranger",
)  # fmt: skip


def log(key, *names):
    with reading() as session:
        found = select(AuditLog.event).where(AuditLog.object_id == key, AuditLog.event.in_(names))
        return session.scalars(found.order_by(AuditLog.sequence)).all()


def everything(key):
    """What a refused move must leave as it is."""
    row = measure_row(key)
    return row.stage, row.state, row.version, row.stage_seq, review_states(key)


@pytest.mark.parametrize("here", STAGES)
def test_r01_nobody_skips_a_gate_or_moves_a_card_past_its_votes(sqlite, cast, here):
    """All stages asked for by everybody: whatever comes of it, the card only ever moves back by those who may."""
    key = make_measure(cast, here)
    for name in EVERYBODY:
        for to in STAGES:
            before = everything(key)
            try:
                outcome = move(cast, key, to, by=getattr(cast, name))
            except (Refused, NotFound):
                outcome = None
            assert stage_of(key) == here, (name, to)
            assert measure_row(key).state == "active"
            if outcome is None or outcome.outcome is Outcome.REFUSED:
                assert everything(key) == before, (name, to)
            else:
                assert outcome.outcome is Outcome.WAITING
                assert STAGES.index(to) == STAGES.index(here) + 1
                assert name in {"owner", "lead", "controller"}


@pytest.mark.parametrize("name", EVERYBODY)
def test_r01_only_those_with_the_right_send_back_hold_cancel_and_reopen(sqlite, cast, name):
    who = getattr(cast, name)
    may = {
        AskKind.RECYCLE: {"sponsor", "controller", "lead", "leader"},
        AskKind.HOLD: {"sponsor", "controller", "lead"},
        AskKind.CANCEL: {"sponsor", "lead"},
    }
    for kind, allowed in may.items():
        key = make_measure(cast, "identified")
        try:
            outcome = move(
                cast, key, "defined" if kind is AskKind.RECYCLE else None, by=who, ask=kind, reason="Because"
            )
        except (Refused, NotFound):
            assert name not in allowed, kind
            assert (stage_of(key), measure_row(key).state) == ("identified", "active")
        else:
            assert outcome.outcome is Outcome.ALLOWED
            assert name in allowed, kind


def test_a_refused_move_names_every_criterion_changes_nothing_and_is_logged(database, cast):
    key = make_measure(cast, "defined")
    before = everything(key)
    outcome = move(cast, key, "identified")
    assert outcome.outcome is Outcome.REFUSED
    assert {finding.key for finding in outcome.decision.unmet} == {
        "evidence:scope-statement", "evidence:baseline-record", "evidence:rough-numbers",
    }  # fmt: skip
    assert everything(key) == before
    assert log(key, "measure:move-refused") == ["measure:move-refused"]


def test_a_passage_is_written_when_a_stage_is_left_and_entered(database, cast):
    key = make_measure(cast, "identified")
    with reading() as session:
        rows = session.execute(
            select(
                StagePassage.stage,
                StagePassage.how,
                StagePassage.left_at,
                StagePassage.entered_seq,
                StagePassage.left_seq,
            )
            .join(Measure, Measure.id == StagePassage.measure_id)
            .where(Measure.key == key)
            .order_by(StagePassage.id)
        ).all()
    assert [(row.stage, row.how) for row in rows] == [("defined", "advance"), ("identified", "advance")]
    assert rows[0].left_at is not None
    assert rows[0].left_seq == rows[1].entered_seq == measure_row(key).stage_seq
    assert rows[1].left_at is None


def test_r10_a_version_that_was_not_the_last_is_refused(database, cast):
    key = make_measure(cast, "defined")
    with pytest.raises(Stale) as refused:
        move(cast, key, "identified", seen_version=version_of(key) - 1)
    assert refused.value.values["version"] == version_of(key)


def test_r10_of_moves_at_the_same_time_exactly_one_wins(database, cast):
    key = make_measure(cast, "identified")
    version, outcomes, gate = version_of(key), [], threading.Barrier(6)

    def go(number):
        command = MoveMeasure(
            key, cast.lead.origin, version, "defined", reason="Again", action_key=f"k{number}"
        )
        gate.wait()
        try:
            outcomes.append(str(move_measure(command).outcome))
        except Stale:
            outcomes.append("stale")

    threads = [threading.Thread(target=go, args=(n,)) for n in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["allowed"] + ["stale"] * 5
    assert stage_of(key) == "defined"
    assert version_of(key) == version + 1


def test_r10_of_two_last_votes_at_the_same_time_one_moves_the_card_once(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    gate, results = threading.Barrier(2), []

    def go(who):
        gate.wait()
        results.append(vote(cast, key, who).result)

    threads = [threading.Thread(target=go, args=(who,)) for who in (cast.sponsor, cast.controller)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(results) == ["kept", "moved"]
    assert stage_of(key) == "detailed"
    assert log(key, "measure:moved").count("measure:moved") == 3


def parcels_waiting():
    with reading() as session:
        return session.scalars(select(Outbox.id)).all()


def test_r11_an_exception_on_the_way_rolls_everything_back(database, cast, monkeypatch):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    vote(cast, key, cast.controller)
    before, review, parcels = everything(key), open_review(key), parcels_waiting()

    def broken(work, loaded_measure):
        raise OSError("the disk is gone")

    monkeypatch.setattr(moves, "settle", broken)
    with pytest.raises(OSError, match="gone"):
        vote(cast, key, cast.sponsor)
    monkeypatch.undo()
    assert everything(key) == before
    assert open_review(key) == review
    assert parcels_waiting() == parcels
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_r13_a_move_sent_twice_gives_the_first_outcome_and_writes_nothing_new(database, cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    command = MoveMeasure(key, cast.owner.origin, version_of(key), "identified", action_key="the-key")
    first = move_measure(command)
    with reading() as session:
        rows = len(session.scalars(select(AuditLog.sequence)).all())
    second = move_measure(command)
    assert (second.outcome, second.to, second.review_id) == (first.outcome, first.to, first.review_id)
    with reading() as session:
        assert len(session.scalars(select(AuditLog.sequence)).all()) == rows
    with pytest.raises(KeyReused):
        move_measure(replace(command, stage="detailed"))


def test_r13_a_refusal_consumes_no_key(database, cast):
    key = make_measure(cast, "defined")
    command = MoveMeasure(key, cast.owner.origin, version_of(key), "identified", action_key="the-key")
    assert move_measure(command).outcome is Outcome.REFUSED
    supply(cast, key, "identified")
    assert move_measure(replace(command, seen_version=version_of(key))).outcome is Outcome.WAITING


def test_a_hold_returns_to_where_it_came_from(database, cast):
    key = make_measure(cast, "identified")
    details = {"hold_cause": "waits_for_supplier", "review_date": "2027-01-15"}
    move(cast, key, ask=AskKind.HOLD, by=cast.lead, reason="The vendor has to answer", details=details)
    row = measure_row(key)
    assert (row.stage, row.state, row.hold_cause, str(row.hold_review_date)) == (
        "identified", "on_hold", "waits_for_supplier", "2027-01-15",
    )  # fmt: skip
    assert move(cast, key, "detailed").decision.unmet[0].code == "rule_on_hold"
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="The vendor answered")
    row = measure_row(key)
    assert (row.stage, row.state, row.hold_cause) == ("identified", "active", "")
    assert log(key, "measure:held", "measure:released") == ["measure:held", "measure:released"]


def test_a_cancelled_measure_returns_to_the_stage_it_left(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No money for it")
    assert measure_row(key).state == "cancelled"
    assert review_states(key)[-1] == "overtaken"
    move(cast, key, ask=AskKind.REOPEN, by=cast.lead, reason="Money was found")
    assert (stage_of(key), measure_row(key).state) == ("identified", "active")


def test_a_closed_measure_is_reopened_to_implemented_and_needs_its_review_again(database, cast):
    key = make_measure(cast, "closed")
    for kind in (AskKind.HOLD, AskKind.CANCEL):
        assert move(cast, key, ask=kind, by=cast.lead, reason="Because").outcome is Outcome.REFUSED
    assert (
        move(cast, key, ask=AskKind.REOPEN, by=cast.controller, reason="The effect vanished").to
        == "implemented"
    )
    assert stage_of(key) == "implemented"
    assert move(cast, key, "closed").outcome is Outcome.WAITING


def test_all_but_a_plain_advance_need_a_reason(database, cast):
    key = make_measure(cast, "identified")
    for kind, to in ((AskKind.HOLD, None), (AskKind.CANCEL, None), (AskKind.RECYCLE, "defined")):
        outcome = move(cast, key, to, by=cast.lead, ask=kind, reason=" x ")
        assert [finding.code for finding in outcome.decision.unmet] == ["rule_reason_needed"]


def test_every_passage_of_a_gate_needs_its_own_review_and_valid_evidence_counts_again(database, cast):
    key = make_measure(cast, "identified")
    move(cast, key, "defined", by=cast.lead, reason="Look again")
    outcome = move(cast, key, "identified")
    assert outcome.outcome is Outcome.WAITING
    assert not outcome.decision.unmet
    assert vote(cast, key, cast.sponsor).result == "moved"
    assert review_states(key) == ["passed", "passed", "passed"]


def test_whoever_waits_for_a_predecessor_is_settled_when_it_moves(database, cast):
    first = make_measure(cast, "detailed")
    second = make_measure(cast, "detailed")
    add_dependency(AddDependency(second, first, "decided", cast.owner.origin))
    supply_all_but_dependency(cast, second)
    assert "dependency:predecessors-decided" in card(second).missing_keys
    pass_gate(cast, first, "decided")
    assert "dependency:predecessors-decided" not in card(second).missing_keys


def supply_all_but_dependency(cast, key):
    for kind in ("business-case", "budget-source"):
        submit(cast, key, kind)


def card(key):
    with reading() as session:
        found = session.scalars(
            select(Card).join(Measure, Measure.id == Card.measure_id).where(Measure.key == key)
        ).one()
        session.expunge(found)
        return found


def test_the_card_waits_while_on_hold_and_its_review_goes_on_after_release(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    hold(cast, key)
    assert loaded(key).snapshot.review is not None
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="Goes on")
    vote(cast, key, cast.controller)
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_r13_a_refused_move_sent_again_is_logged_once(database, cast):
    key = make_measure(cast, "defined")
    command = MoveMeasure(key, cast.owner.origin, version_of(key), "identified", action_key="the-key")
    first = move_measure(command)
    again = move_measure(command)
    assert again.decision == first.decision
    assert log(key, "measure:move-refused") == ["measure:move-refused"]
    submit(cast, key, "scope-statement")
    move_measure(replace(command, seen_version=version_of(key)))
    move_measure(replace(command, seen_version=version_of(key), action_key="another"))
    assert len(log(key, "measure:move-refused")) == 3, (
        "other findings and another form are attempts of their own"
    )


@pytest.mark.parametrize("asked", [{"stage": "defined"}, {"ask": AskKind.HOLD}, {"ask": AskKind.CANCEL}])
def test_a_decision_asked_for_before_its_reason_is_given_is_no_attempt(database, cast, asked):
    key = make_measure(cast, "identified")
    found = move(cast, key, by=cast.lead, **asked)
    assert found.outcome is Outcome.REFUSED
    assert found.decision.wants_reason
    assert log(key, "measure:move-refused") == []
    move(cast, key, "decided", by=cast.lead)
    assert log(key, "measure:move-refused") == ["measure:move-refused"]


def test_r08_only_people_here_are_named_as_informed(database, cast):
    key = make_measure(cast, "defined")
    for who in (cast.outsider, cast.stranger):
        with pytest.raises(Invalid) as refused:
            move(cast, key, "identified", details={"informed_people": [cast.sponsor.id, who.id]})
        assert refused.value.errors == {"informed_people": ["person_unknown"]}
    assert move(cast, key, "identified", details={"informed_people": [cast.sponsor.id]}).decision
