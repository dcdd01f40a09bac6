"""Deciding in the place of somebody absent: both names kept, bound by both; requests move along (R03, R58)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.inbox import waiting_count, waiting_for
from govapp.data.notices import Notice
from govapp.data.reviews import Review, Vote
from govapp.domain.asks import AskKind
from govapp.domain.errors import Refused
from govapp.services._work import Origin, now
from govapp.services.choices import SetGroup, set_group
from govapp.services.deputies import EndDeputy, SetDeputy, begin_absences, end_deputy, set_deputy
from govapp.services.grants import GrantRole, grant_role
from govapp.services.reviews import CastVote, WithdrawReview, cast_vote, withdraw_review
from govapp.services.settling import settle_due
from tests.cast import SYSTEM
from tests.factories import (
    assign_all,
    loaded,
    make_measure,
    move,
    open_review,
    review_states,
    stage_of,
    submit,
    supply,
    today_of,
    version_of,
    vote,
)
from tests.support.tampering import plainly

pytestmark = pytest.mark.usefixtures("database")


def away(key, person, deputy, first=0, last=5, **more):
    day = today_of(key)
    days = (day + timedelta(days=first), day + timedelta(days=last))
    return set_deputy(SetDeputy(person.origin, person.id, deputy.id, *days, **more))


def inbox(person):
    with reading() as session:
        actor = load_actor(session, person.id, now())
        rows = waiting_for(session, actor)
        assert waiting_count(session, actor) == len(rows)
    return [(row.measure, row.on_behalf_of) for row in rows]


def code(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def waiting_measure(cast, into="identified"):
    """A measure that waits for its deciders."""
    before = {"identified": "defined", "detailed": "identified"}[into]
    key = make_measure(cast, before)
    supply(cast, key, into)
    move(cast, key, into)
    return key


@pytest.fixture
def key(cast):
    return waiting_measure(cast)


def test_r58_a_deputy_decides_and_both_names_stay_on_vote_and_log(cast, key):
    away(key, cast.sponsor, cast.leader)
    assert vote(cast, key, cast.leader).result == "moved"
    with reading() as session:
        found = session.execute(select(Vote.person_id, Vote.on_behalf_of, Vote.right_used)).all()
        rows = session.execute(
            select(AuditLog.actor_id, AuditLog.on_behalf_of).where(AuditLog.event == "review:vote")
        ).all()
    assert tuple(found[-1]) == (cast.leader.id, cast.sponsor.id, "part:sponsor")
    assert tuple(rows[-1]) == (cast.leader.id, cast.sponsor.id)
    assert stage_of(key) == "identified"


def test_requests_already_open_move_with_the_absence_and_go_back(cast, key):
    assert (inbox(cast.sponsor), inbox(cast.leader)) == ([(key, "")], [])
    number = away(key, cast.sponsor, cast.leader)
    assert inbox(cast.leader) == [(key, cast.sponsor.name)]
    assert inbox(cast.sponsor) == [(key, "")]
    end_deputy(EndDeputy(cast.sponsor.origin, number, 1))
    assert inbox(cast.leader) == []
    assert code(lambda: vote(cast, key, cast.leader)) == "not_a_decider"


def test_fault_deputy_not_notified_of_what_waits_already_when_it_begins_later(cast, key):
    away(key, cast.sponsor, cast.leader, 1)
    tomorrow = now() + timedelta(days=1)
    assert begin_absences(SYSTEM) == 0
    assert begin_absences(Origin(None, "job", at=tomorrow)) == 1
    assert begin_absences(Origin(None, "job", at=tomorrow)) == 0
    with reading() as session:
        (told,) = session.scalars(select(Notice.payload).where(Notice.kind == "deputy_begins"))
    assert told["waiting"] == 1 and told["person_name"] == cast.sponsor.name


def test_fault_deputy_not_notified_of_a_new_request(cast):
    key = make_measure(cast, "defined")
    away(key, cast.sponsor, cast.leader)
    supply(cast, key, "identified")
    move(cast, key, "identified")
    with reading() as session:
        told = session.execute(
            select(Notice.person_id, Notice.on_behalf_of).where(
                Notice.kind == "decision_waits", Notice.person_id.in_([cast.sponsor.id, cast.leader.id])
            )
        ).all()
    assert {(cast.sponsor.id, None), (cast.leader.id, cast.sponsor.id)} <= {tuple(row) for row in told}


def test_cards_name_the_deputy_from_the_day_on_which_it_counts(cast, key):
    assert loaded(key).card.waits_whom == [cast.sponsor.name]
    number = away(key, cast.sponsor, cast.leader)
    settle_due(SYSTEM)
    assert loaded(key).card.waits_whom == [f"deputy:{cast.leader.name}:{cast.sponsor.name}"]
    end_deputy(EndDeputy(cast.leader.origin, number, 1))
    settle_due(SYSTEM)
    assert loaded(key).card.waits_whom == [cast.sponsor.name]


@pytest.mark.parametrize(("who", "why"), [("owner", "barred_owner_votes"), ("controller", "barred_apart"),
                                          ("finance", "")])  # fmt: skip
def test_r58_whoever_stands_on_the_other_side_of_the_measure_does_not_decide_for_the_sponsor(
    cast, key, who, why
):
    deputy = getattr(cast, who)
    away(key, cast.sponsor, deputy)
    assert inbox(deputy) == ([] if why else [(key, cast.sponsor.name)])
    if why:
        assert code(lambda: vote(cast, key, deputy)) == why
    else:
        assert vote(cast, key, deputy).result == "moved"


def test_r58_who_handed_in_the_proof_is_no_decider_in_anybodys_place(cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    submit(cast, key, "rough-numbers", by=cast.lead)
    move(cast, key, "identified")
    away(key, cast.sponsor, cast.lead)
    assert inbox(cast.lead) == []
    assert code(lambda: vote(cast, key, cast.lead)) == "barred_submitter_votes"


def test_r58_what_bars_the_absent_person_bars_the_deputy(cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    submit(cast, key, "rough-numbers", by=cast.lead)
    move(cast, key, "identified")
    assign_all(cast, key, sponsor=cast.lead)
    away(key, cast.lead, cast.leader)
    assert inbox(cast.leader) == []
    assert code(lambda: vote(cast, key, cast.leader)) == "barred_absent_submitter_votes"


def test_r03_nobody_counts_twice_in_a_review_for_themselves_and_for_somebody(cast):
    key = waiting_measure(cast, "detailed")
    grant_role(GrantRole(SYSTEM, cast.leader.id, "controller", "OI"))
    assign_all(cast, key, process_owner=cast.leader)
    away(key, cast.controller, cast.leader)
    away(key, cast.sponsor, cast.leader)
    assert vote(cast, key, cast.leader).step == "controller-check"
    assert code(lambda: vote(cast, key, cast.leader, verdict="comment", reason="More")) in {
        "barred_voted_elsewhere", "step_decided",
    }  # fmt: skip
    assert inbox(cast.leader) == []
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_r03_in_a_group_one_person_counts_once_whether_for_themselves_or_for_a_member(cast, key):
    review, _ = open_review(key)
    named = '{"groups":["committee"]}'
    with reading() as session:
        engine = session.get_bind().engine
    plainly(engine, "UPDATE review_step SET deciders = :named, rule = :rule WHERE review_id = :id", named=named,
            rule='{"n":2,"type":"at_least"}', id=review)  # fmt: skip
    members = [cast.leader.id, cast.approver.id, cast.finance.id]
    set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", members))
    plainly(engine, "DELETE FROM step_decider WHERE kind = 'parts'")
    plainly(engine, "INSERT INTO step_decider (step_id, kind, key) SELECT id, 'groups', 'committee' FROM review_step "
            "WHERE review_id = :id", id=review)  # fmt: skip
    away(key, cast.finance, cast.approver)
    assert inbox(cast.approver) == [(key, "")]
    assert vote(cast, key, cast.approver).result == "kept"
    assert inbox(cast.approver) == []
    assert vote(cast, key, cast.approver).result == "kept", (
        "a voter may change the vote until the step is decided"
    )
    with reading() as session:
        assert not session.scalars(select(Vote.id).where(Vote.on_behalf_of.is_not(None))).all()
    forced = Origin(cast.approver.id, on_behalf_of=cast.finance.id)
    dossier = open_review(key)[1]
    assert code(lambda: cast_vote(CastVote(review, "approve", dossier, forced))) == "barred_voted_elsewhere"
    assert vote(cast, key, cast.finance).result == "moved"


def test_r58_a_deputy_does_not_overrule_what_the_absent_person_decided(cast):
    key = waiting_measure(cast, "detailed")
    vote(cast, key, cast.controller, verdict="comment", reason="Looks right")
    away(key, cast.controller, cast.leader)
    assert vote(cast, key, cast.leader).step == "controller-check"
    assert review_states(key)[-1] == "open"


def test_r02_on_behalf_of_somebody_who_named_nobody_is_refused_whatever_the_form_says(cast, key):
    review, dossier = open_review(key)
    claimed = Origin(cast.leader.id, on_behalf_of=cast.sponsor.id)
    assert code(lambda: cast_vote(CastVote(review, "approve", dossier, claimed))) == "not_their_deputy"
    away(key, cast.sponsor, cast.leader, kinds=("ask",))
    assert code(lambda: cast_vote(CastVote(review, "approve", dossier, claimed))) == "not_a_decider"
    assert stage_of(key) == "defined"


def test_r06_a_deputy_who_became_administrator_has_no_voice_any_more(cast, key):
    away(key, cast.sponsor, cast.finance)
    grant_role(GrantRole(SYSTEM, cast.finance.id, "administrator", "OI"))
    assert code(lambda: vote(cast, key, cast.finance)) == "barred_administrator_votes"


def test_r58_a_deputy_asks_in_the_voice_of_the_absent_person_and_only_for_what_was_lent(cast):
    key = make_measure(cast, "defined")
    away(key, cast.sponsor, cast.finance, kinds=("decide",))
    held = {"ask": AskKind.HOLD, "reason": "The vendor has to answer first"}
    assert code(lambda: move(cast, key, by=cast.finance, **held)) == "no_right"
    away(key, cast.sponsor, cast.finance, kinds=("ask",))
    assert move(cast, key, by=cast.finance, **held).outcome == "allowed"
    with reading() as session:
        row = session.execute(
            select(AuditLog.actor_id, AuditLog.on_behalf_of, AuditLog.right_used).where(
                AuditLog.event == "measure:held"
            )
        ).one()
    assert tuple(row) == (cast.finance.id, cast.sponsor.id, "part:sponsor")


def test_r58_the_owner_asks_for_nothing_in_the_voice_of_the_sponsor(cast):
    key = make_measure(cast, "defined")
    away(key, cast.sponsor, cast.owner)
    held = {"ask": AskKind.HOLD, "reason": "The vendor has to answer first"}
    assert code(lambda: move(cast, key, by=cast.owner, **held)) == "duty_forbids"


def test_r58_evidence_handed_in_for_the_owner_bars_both_from_the_vote(cast):
    key = make_measure(cast, "defined")
    stranger = cast.outsider
    away(key, cast.owner, stranger)
    supply(cast, key, "identified")
    submit(cast, key, "rough-numbers", by=stranger)
    fact = next(one for one in loaded(key).snapshot.evidence if one.kind == "rough-numbers")
    assert fact.submitters == {cast.owner.id, stranger.id}
    assign_all(cast, key, sponsor=cast.leader)
    away(key, cast.leader, cast.finance)
    move(cast, key, "identified")
    assert inbox(stranger) == []


def test_a_deputy_withdraws_what_the_absent_person_asked_for(cast, key):
    away(key, cast.owner, cast.finance, kinds=("ask",))
    review, _ = open_review(key)
    withdraw_review(WithdrawReview(review, cast.finance.origin))
    assert review_states(key)[-1] == "withdrawn"


def test_a_request_made_by_a_deputy_bears_both_names(cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    away(key, cast.owner, cast.outsider)
    move(cast, key, "identified", by=cast.outsider, seen_version=version_of(key))
    with reading() as session:
        row = session.execute(select(Review.asked_by, Review.on_behalf_of).order_by(Review.id.desc())).first()
    assert tuple(row) == (cast.outsider.id, cast.owner.id)
