"""Reviews and votes: opening, votes on a numbered dossier, staleness, withdrawal, sending back, barring (R03, R04)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.measures import Card, Measure
from govapp.data.notices import Notice
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.data.types import canonical
from govapp.domain.asks import Outcome
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.services.measures import EditMeasure, edit_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import PersonCommand, disable_person, enable_person
from govapp.services.reviews import CastVote, WithdrawReview, cast_vote, withdraw_review
from tests.cast import SYSTEM
from tests.factories import (
    assign_all,
    hold,
    loaded,
    make_measure,
    move,
    open_review,
    review_states,
    stage_of,
    submit,
    supply,
    version_of,
    vote,
)


@pytest.fixture
def key(database, cast):
    """A measure in Identified whose gate into Detailed waits for controller and sponsor."""
    made = make_measure(cast, "identified")
    supply(cast, made, "detailed")
    move(cast, made, "detailed")
    return made


def rows(entity, *where):
    with reading() as session:
        found = session.scalars(select(entity).where(*where).order_by(entity.id)).all()
        session.expunge_all()
        return found


def review_rows(key):
    with reading() as session:
        found = session.scalars(
            select(Review)
            .join(Measure, Measure.id == Review.measure_id)
            .where(Measure.key == key)
            .order_by(Review.id)
        )
        found = found.all()
        session.expunge_all()
        return found


def dossiers(key):
    return rows(Dossier, Dossier.review_id == review_rows(key)[-1].id)


def steps(key):
    return {row.key: row.state for row in rows(ReviewStep, ReviewStep.review_id == review_rows(key)[-1].id)}


def card(key):
    with reading() as session:
        found = session.scalars(
            select(Card).join(Measure, Measure.id == Card.measure_id).where(Measure.key == key)
        ).one()
        session.expunge(found)
        return found


def events(name):
    with reading() as session:
        return session.scalars(
            select(AuditLog.payload).where(AuditLog.event == name).order_by(AuditLog.sequence)
        ).all()


def notices(person, kind):
    return rows(Notice, Notice.person_id == person.id, Notice.kind == kind)


def test_asking_opens_one_review_with_a_frozen_numbered_dossier(key, cast):
    assert stage_of(key) == "identified"
    assert steps(key) == {"controller-check": "open", "sponsor-decision": "open"}
    first = dossiers(key)[0]
    assert first.number == 1
    assert {piece["kind"] for piece in first.content["evidence"]} >= {"plan-numbers", "technical-review"}
    assert all(finding["met"] for finding in first.content["findings"])
    assert first.content["parts"]["sponsor"]["name"] == cast.sponsor.name
    assert card(key).waits_whom == [cast.controller.name, cast.sponsor.name]


def test_asking_again_shows_the_same_review(key, cast):
    again = move(cast, key, "detailed")
    assert again.outcome is Outcome.WAITING
    assert again.review_id == open_review(key)[0]
    assert review_states(key).count("open") == 1
    assert len(dossiers(key)) == 1


def test_the_last_vote_moves_the_measure_in_its_own_transaction(key, cast):
    assert vote(cast, key, cast.controller).result == "kept"
    assert stage_of(key) == "identified"
    assert vote(cast, key, cast.sponsor).result == "moved"
    assert stage_of(key) == "detailed"
    assert review_states(key)[-1] == "passed"
    assert steps(key) == {"controller-check": "granted", "sponsor-decision": "granted"}
    with reading() as session:
        found = session.execute(
            select(AuditLog.event, AuditLog.sequence, AuditLog.request_id)
            .where(AuditLog.event.in_(("review:vote", "measure:moved", "review:ended")))
            .order_by(AuditLog.sequence.desc())
            .limit(3)
        ).all()
    assert {row.event for row in found} == {"review:vote", "measure:moved", "review:ended"}
    assert [found[0].sequence - row.sequence for row in found] == [0, 1, 2]


def test_r04_a_change_of_the_basis_makes_votes_stale_and_writes_the_next_dossier(key, cast):
    vote(cast, key, cast.controller)
    before = dossiers(key)[0]
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert [one.number for one in dossiers(key)] == [1, 2]
    assert dossiers(key)[1].basis_digest != before.basis_digest
    assert dossiers(key)[0].content == before.content
    assert steps(key)["controller-check"] == "open"
    assert card(key).stale_votes == 1
    assert len(notices(cast.controller, "vote_stale")) == 1
    assert vote(cast, key, cast.sponsor).result == "kept"
    assert stage_of(key) == "identified"
    assert vote(cast, key, cast.controller).result == "moved"


def test_votes_go_stale_once_and_their_voters_are_told_once(key, cast):
    vote(cast, key, cast.controller)
    for rate in (70_000, 75_000, 80_000):
        submit(cast, key, "plan-numbers", run_rate=rate)
    assert [one.number for one in dossiers(key)] == [1, 2, 3, 4]
    assert card(key).stale_votes == 1
    assert len(notices(cast.controller, "vote_stale")) == 1
    assert len(events("review:votes-stale")) == 1


def test_a_change_outside_the_basis_makes_nothing_stale(key, cast):
    vote(cast, key, cast.controller)
    edit_measure(EditMeasure(key, version_of(key), {"description": "More about it."}, cast.owner.origin))
    assert len(dossiers(key)) == 1
    assert steps(key)["controller-check"] == "granted"
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_r04_a_gate_already_passed_stays_passed(key, cast):
    vote(cast, key, cast.controller)
    vote(cast, key, cast.sponsor)
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert stage_of(key) == "detailed"
    assert review_states(key)[-1] == "passed"


def test_r04_a_vote_stores_the_digest_of_what_was_approved(key, cast):
    vote(cast, key, cast.controller)
    given = rows(Vote)[-1]
    on = next(one for one in dossiers(key) if one.id == given.dossier_id)
    measure = loaded(key)
    assert measure.snapshot.review.basis == on.basis_digest
    assert on.content_digest
    assert f'"basis":"{on.basis_digest}"' in events("review:vote")[-1]


def test_a_vote_on_an_old_dossier_is_refused(key, cast):
    submit(cast, key, "plan-numbers", run_rate=70_000)
    with pytest.raises(Stale) as refused:
        vote(cast, key, cast.controller, dossier=1)
    assert refused.value.code == "dossier_changed"
    assert refused.value.values == {"seen": 1, "dossier": 2}
    assert all(
        one.person_id != cast.controller.id or one.review_id != review_rows(key)[-1].id for one in rows(Vote)
    )


def test_a_send_back_ends_the_review_with_its_reason_and_tells_who_asked(key, cast):
    vote(cast, key, cast.controller)
    done = vote(cast, key, cast.sponsor, "send_back", reason="The plan is too thin.")
    assert done.result == "sent_back"
    assert stage_of(key) == "identified"
    ended = review_rows(key)[-1]
    assert (ended.state, ended.reason) == ("sent_back", "The plan is too thin.")
    assert notices(cast.owner, "sent_back")[-1].payload == {"reason": "The plan is too thin."}
    with pytest.raises(Stale):
        cast_vote(CastVote(ended.id, "approve", 1, cast.sponsor.origin))


def test_after_a_send_back_a_new_review_needs_new_votes(key, cast):
    vote(cast, key, cast.controller)
    vote(cast, key, cast.sponsor, "send_back", reason="The plan is too thin.")
    assert move(cast, key, "detailed").outcome is Outcome.WAITING
    assert review_states(key)[-2:] == ["sent_back", "open"]
    assert vote(cast, key, cast.sponsor).result == "kept"
    assert vote(cast, key, cast.controller).result == "moved"


@pytest.mark.parametrize("verdict", ["send_back", "comment"])
def test_a_send_back_and_a_comment_need_words(key, cast, verdict):
    with pytest.raises(Invalid) as refused:
        vote(cast, key, cast.sponsor, verdict, reason="  ")
    assert "reason" in refused.value.errors


@pytest.mark.parametrize(("verdict", "reason"), [("maybe", ""), ("approve", "x" * 4001)])
def test_a_vote_of_no_known_shape_is_refused(key, cast, verdict, reason):
    with pytest.raises(Invalid):
        vote(cast, key, cast.sponsor, verdict, reason=reason)
    assert review_states(key)[-1] == "open"


def test_a_comment_decides_nothing_and_a_later_vote_counts(key, cast):
    assert vote(cast, key, cast.sponsor, "comment", reason="Who runs it at night?").result == "kept"
    assert steps(key)["sponsor-decision"] == "open"
    vote(cast, key, cast.sponsor)
    assert steps(key)["sponsor-decision"] == "granted"


def test_a_vote_cannot_be_changed_once_its_step_is_decided(key, cast):
    vote(cast, key, cast.sponsor)
    with pytest.raises(Refused) as refused:
        vote(cast, key, cast.sponsor, "send_back", reason="I changed my mind.")
    assert refused.value.code == "step_decided"


def test_a_changed_mind_on_the_next_dossier_is_a_later_row(key, cast):
    vote(cast, key, cast.sponsor)
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert vote(cast, key, cast.sponsor, "send_back", reason="Not with these numbers.").result == "sent_back"
    mine = [one.verdict for one in rows(Vote, Vote.review_id == review_rows(key)[-1].id)]
    assert mine == ["approve", "send_back"]


def test_who_asked_may_withdraw_and_nothing_moves(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.controller)
    assert withdraw_review(WithdrawReview(review, cast.owner.origin, "Not yet", "w")) == key
    assert withdraw_review(WithdrawReview(review, cast.owner.origin, "Not yet", "w")) == key
    assert review_states(key)[-1] == "withdrawn"
    assert steps(key)["sponsor-decision"] == "ended"
    assert card(key).waits_for == ""
    with pytest.raises(Stale):
        withdraw_review(WithdrawReview(review, cast.owner.origin))


def test_others_may_not_withdraw(key, cast):
    review, _ = open_review(key)
    for who in (cast.sponsor, cast.controller, cast.member, cast.auditor, cast.administrator):
        with pytest.raises(Refused):
            withdraw_review(WithdrawReview(review, who.origin))
    with pytest.raises(NotFound):
        withdraw_review(WithdrawReview(review, cast.outsider.origin))
    withdraw_review(WithdrawReview(review, cast.lead.origin))


def test_r03_the_owner_may_never_vote(key, cast):
    with pytest.raises(Refused):
        vote(cast, key, cast.owner)


@pytest.mark.parametrize(
    "who", ["lead", "leader", "approver", "auditor", "administrator", "member", "finance", "service_owner"]
)
def test_whom_no_step_names_may_not_vote(key, cast, who):
    with pytest.raises(Refused):
        vote(cast, key, getattr(cast, who))


def test_what_one_may_not_see_one_cannot_vote_on(key, cast):
    for who in (cast.outsider, cast.stranger):
        with pytest.raises(NotFound):
            vote(cast, key, who)
    with pytest.raises(NotFound):
        cast_vote(CastVote(4711, "approve", 1, cast.sponsor.origin))


def test_r03_whoever_handed_in_counted_evidence_is_barred(database, cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    submit(cast, made, "rough-numbers", by=cast.lead)
    assign_all(cast, made, sponsor=cast.lead)
    with pytest.raises(Refused) as refused:
        vote(cast, made, cast.lead)
    assert refused.value.code == "barred_submitter_votes"


def test_r03_a_sponsor_who_becomes_another_person_votes_and_the_earlier_one_no_longer(key, cast):
    vote(cast, key, cast.sponsor)
    assign_parts(AssignParts(key, version_of(key), {"sponsor": cast.leader.id}, cast.lead.origin))
    assert steps(key)["sponsor-decision"] == "open"
    assert len(notices(cast.leader, "decision_waits")) == 1
    with pytest.raises(Refused):
        vote(cast, key, cast.sponsor)
    vote(cast, key, cast.controller)
    assert vote(cast, key, cast.leader).result == "moved"


def test_r07_a_disabled_person_votes_no_more(key, cast):
    disable_person(PersonCommand(SYSTEM, cast.sponsor.id))
    with pytest.raises(Refused):
        vote(cast, key, cast.sponsor)


def test_nobody_votes_while_the_measure_is_on_hold(key, cast):
    hold(cast, key)
    with pytest.raises(Stale) as refused:
        vote(cast, key, cast.sponsor)
    assert refused.value.code == "review_paused"


def test_approved_but_unmet_is_kept_and_the_next_drop_moves_without_new_votes(key, cast):
    vote(cast, key, cast.controller)
    disable_person(PersonCommand(SYSTEM, cast.member.id))
    done = vote(cast, key, cast.sponsor)
    assert done.result == "granted"
    assert stage_of(key) == "identified"
    assert card(key).waits_for == "criteria"
    assert move(cast, key, "detailed").outcome is Outcome.REFUSED
    enable_person(PersonCommand(SYSTEM, cast.member.id))
    votes = len(rows(Vote))
    assert move(cast, key, "detailed").outcome is Outcome.ALLOWED
    assert stage_of(key) == "detailed"
    assert len(rows(Vote)) == votes


def test_dropping_on_an_earlier_stage_overtakes_the_review(key, cast):
    assert move(cast, key, "defined", by=cast.lead, reason="Start again").outcome is Outcome.ALLOWED
    assert review_states(key)[-1] == "overtaken"
    assert stage_of(key) == "defined"


def test_r13_a_vote_sent_twice_is_one_vote_and_the_key_serves_nothing_else(key, cast):
    review, dossier = open_review(key)
    once = CastVote(review, "approve", dossier, cast.sponsor.origin, "", "the-key")
    first, second = cast_vote(once), cast_vote(once)
    assert (first.result, first.step) == (second.result, second.step)
    assert len(rows(Vote, Vote.review_id == review)) == 1
    with pytest.raises(KeyReused):
        cast_vote(replace(once, reason="Something else"))
    with pytest.raises(KeyReused):
        cast_vote(replace(once, origin=cast.controller.origin))


def test_r13_the_vote_that_moved_answers_the_same_when_sent_again(key, cast):
    vote(cast, key, cast.controller)
    review, dossier = open_review(key)
    last = CastVote(review, "approve", dossier, cast.sponsor.origin, "", "the-key")
    assert cast_vote(last).result == "moved"
    version = version_of(key)
    assert cast_vote(last).result == "moved"
    assert version_of(key) == version


def test_closed_is_reached_by_the_vote_of_the_controller_alone(database, cast):
    made = make_measure(cast, "implemented")
    supply(cast, made, "closed")
    assert move(cast, made, "closed").outcome is Outcome.WAITING
    for who in (cast.owner, cast.sponsor, cast.service_owner, cast.lead, cast.administrator):
        with pytest.raises(Refused):
            vote(cast, made, who)
    assert stage_of(made) == "implemented"
    assert vote(cast, made, cast.controller).result == "moved"
    assert stage_of(made) == "closed"


def test_the_digest_of_a_dossier_is_that_of_its_content(key, cast):
    for one in dossiers(key):
        assert digest_of(canonical(one.content)) == one.content_digest


def test_r03_no_review_opens_when_nobody_is_left_who_may_decide_and_the_refusal_says_so(database, cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    submit(cast, made, "rough-numbers", by=cast.lead)
    assign_all(cast, made, sponsor=cast.lead)
    refused = move(cast, made, "identified")
    assert refused.outcome is Outcome.REFUSED
    assert refused.decision is not None
    (why,) = refused.decision.unmet
    assert (why.code, why.values["who"]) == ("rule_no_decider", [cast.lead.name])
    assert loaded(made).snapshot.review is None
    assign_all(cast, made)
    assert move(cast, made, "identified").outcome is Outcome.WAITING


def test_r03_a_review_whose_only_decider_becomes_barred_says_so(database, cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    assign_all(cast, made, sponsor=cast.lead)
    assert card(made).waits_whom == [cast.lead.name]
    submit(cast, made, "rough-numbers", by=cast.lead)
    assert card(made).waits_whom == [f"barred:{cast.lead.name}"]
