"""Evidence that lives: expiry opens readiness again, ends are told once, a passed gate stays passed; attestations."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.data.inbox import waiting_for
from govapp.data.measures import Milestone
from govapp.data.notices import Notice
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid, Refused
from govapp.services._belongs import _settle_again, visible
from govapp.services._work import Origin, now, writing
from govapp.services.evidence import Submission, SubmitEvidence, _attest, submit_evidence
from govapp.services.evidence_pages import asking
from govapp.services.governance import install_set
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.settling import settle_all, settle_due
from tests.cast import SYSTEM
from tests.factories import (
    finish_milestones,
    judge,
    loaded,
    make_measure,
    move,
    open_review,
    pass_gate,
    stage_of,
    submit,
    supply,
    today_of,
    version_of,
    vote,
)
from tests.judged_set import judged_set, use_judged_set
from tests.samples_of_evidence import values_for


def on_day(days):
    """The clock, so many days from now."""
    return Origin(None, "job", at=now() + timedelta(days=days))


def told(person, *kinds):
    with reading() as session:
        found = select(Notice.kind, Notice.payload).where(
            Notice.person_id == person.id, Notice.kind.in_(kinds)
        )
        return [(kind, payload["kind"], payload["revision"]) for kind, payload in session.execute(found)]


ENDS = ("evidence_expiring", "evidence_expired")


def hand_in_aged(cast, key, kind, days):
    """Evidence that holds since so many days ago."""
    measure = loaded(key)
    values = values_for(measure.rules.kinds[kind], cast.owner.origin, cast.member.id, today_of(key))
    day = today_of(key) - timedelta(days=days)
    return submit_evidence(SubmitEvidence(key, Submission(kind, values, day), cast.owner.origin))


def test_the_owner_is_told_once_that_evidence_ends_soon_and_once_that_it_has_ended(database, cast):
    use_judged_set(baseline_record={"judged": False})
    key = make_measure(cast, "defined")
    submit(cast, key, "baseline-record", by=cast.member)
    assert told(cast.owner, *ENDS) == []
    assert settle_due(on_day(330)) == 0, "more than thirty days before the end nobody is troubled"
    for days in (336, 336, 350):
        settle_due(on_day(days))
    assert told(cast.owner, *ENDS) == [("evidence_expiring", "baseline-record", 1)]
    for days in (367, 367, 400):
        settle_due(on_day(days))
    assert told(cast.owner, *ENDS)[1:] == [("evidence_expired", "baseline-record", 1)]
    settle_all(on_day(401))
    assert len(told(cast.owner, *ENDS)) == 2
    assert told(cast.member, *ENDS) == []


def test_short_validity_is_told_of_two_weeks_before(database, cast):
    use_judged_set(scope_statement={"validity_months": 2})
    key = make_measure(cast, "defined")
    submit(cast, key, "scope-statement")
    assert settle_due(on_day(40)) == 0
    settle_due(on_day(50))
    assert told(cast.owner, *ENDS) == [("evidence_expiring", "scope-statement", 1)]


def test_a_clock_that_stood_still_tells_of_the_end_alone(database, cast):
    key = make_measure(cast, "defined")
    submit(cast, key, "baseline-record")
    settle_due(on_day(500))
    assert told(cast.owner, *ENDS) == [("evidence_expired", "baseline-record", 1)]


def test_a_new_revision_has_an_end_of_its_own_to_be_told_of(database, cast):
    key = make_measure(cast, "defined")
    hand_in_aged(cast, key, "baseline-record", 400)
    assert told(cast.owner, *ENDS) == [("evidence_expired", "baseline-record", 1)]
    submit(cast, key, "baseline-record")
    assert loaded(key).card.expired == []
    settle_due(on_day(380))
    assert told(cast.owner, *ENDS)[1:] == [("evidence_expired", "baseline-record", 2)]


def test_expiry_opens_readiness_again_marks_the_card_and_leaves_the_passed_gate_passed(database, cast):
    key = make_measure(cast, "detailed")
    supply(cast, key, "decided")
    assert loaded(key).card.standing == "ready"
    settle_due(on_day(250))
    card = loaded(key).card
    assert "business-case" in card.expired
    assert (card.standing, card.missing_keys) == ("missing", ["evidence:business-case"])
    assert stage_of(key) == "detailed"


def test_from_the_stage_on_until_which_validity_matters_an_expiry_is_history(database, cast):
    key = make_measure(cast, "decided")
    kind = loaded(key).rules.kinds["business-case"]
    assert kind.validity_matters_until == "decided"
    settle_due(on_day(250))
    assert "business-case" not in loaded(key).card.expired
    assert "business-case" not in {kind for _, kind, _ in told(cast.owner, *ENDS)}
    move(cast, key, "detailed", by=cast.lead, reason="The plan was wrong")
    settle_due(on_day(251))
    settle_all(on_day(251))
    assert "business-case" in loaded(key).card.expired, "a way back makes it matter again"


def test_a_cancelled_measure_troubles_nobody(database, cast):
    key = make_measure(cast, "defined")
    submit(cast, key, "baseline-record")
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No money for it")
    settle_all(on_day(400))
    assert told(cast.owner, *ENDS) == []


def test_without_an_owner_whoever_handed_it_in_is_told(database, cast):

    key = make_measure(cast, "defined")
    submit(cast, key, "baseline-record", by=cast.member)
    assign_parts(AssignParts(key, version_of(key), {"owner": None}, cast.lead.origin))
    settle_due(on_day(400))
    assert told(cast.member, *ENDS) == [("evidence_expired", "baseline-record", 1)]


def test_r04_expiry_during_a_review_keeps_the_votes_and_holds_the_gate(database, cast):
    key = make_measure(cast, "detailed")
    supply(cast, key, "decided")
    hand_in_aged(cast, key, "business-case", 170)
    move(cast, key, "decided")
    vote(cast, key, cast.controller)
    number, dossier = open_review(key)
    settle_due(on_day(30))
    assert open_review(key) == (number, dossier), "time alone makes no vote stale"
    card = loaded(key).card
    assert card.stale_votes == 0
    assert "business-case" in card.expired
    assert "evidence:business-case" in card.missing_keys
    submit(cast, key, "business-case")
    assert open_review(key) == (number, dossier + 1)
    assert loaded(key).card.stale_votes == 1


def test_r04_a_revision_after_votes_shows_on_card_and_inbox_at_once(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    vote(cast, key, cast.controller)
    submit(cast, key, "plan-numbers", run_rate=70_000)
    assert loaded(key).card.stale_votes == 1
    with reading() as session:
        rows = waiting_for(session, load_actor(session, cast.controller.id, now()))
    assert [(row.measure, row.stale_votes) for row in rows] == [(key, 1)]


def test_evidence_of_one_passage_does_not_count_after_a_way_back(database, cast):
    use_judged_set(plan_numbers={"once_per_passage": True}, technical_review={"judged": False})
    key = make_measure(cast, "identified")
    pass_gate(cast, key, "detailed")
    move(cast, key, "identified", by=cast.lead, reason="The numbers were wrong")
    again = move(cast, key, "detailed")
    assert again.outcome is Outcome.REFUSED
    assert [(each.key, each.code) for each in again.decision.unmet] == [
        ("evidence:plan-numbers", "evidence_earlier_passage")
    ]
    submit(cast, key, "plan-numbers")
    assert move(cast, key, "detailed").outcome is Outcome.WAITING


def test_one_piece_serves_every_gate_that_asks_for_its_kind(database, cast):

    data = judged_set(baseline_record={"judged": False})
    asks = {gate["into"]: gate for gate in data["gates"]}
    line = next(one for one in asks["identified"]["criteria"] if one["id"] == "evidence:scope-statement")
    asks["detailed"]["criteria"].append(line)
    install_set(SYSTEM, data)
    key = make_measure(cast, "identified")
    assert [stage for stage, _ in asking(loaded(key), "scope-statement")] == ["identified", "detailed"]
    assert "evidence:scope-statement" not in loaded(key).card.missing_keys


def sign(cast, key, kind, who, **values):
    """Sign an attestation as the vote does: within its transaction, settled by it."""
    measure = loaded(key)
    given = values_for(measure.rules.kinds[kind], who.origin, cast.member.id, today_of(key), **values)

    def body(work):
        row = _attest(work, visible(work, key), Submission(kind, given))
        number = row.id
        _settle_again(work, row.measure_id)
        return number

    return writing(who.origin, body)


def test_an_attestation_is_signed_by_the_voter_whom_the_kind_need_not_name(database, cast):
    use_judged_set(lessons_learned={"attested": True})
    key = make_measure(cast, "defined")
    number = sign(cast, key, "lessons-learned", cast.service_owner)
    with reading() as session:
        row = session.get_one(EvidenceRevision, number)
        assert (row.person_id, row.judged, row.seq > 0) == (cast.service_owner.id, "", True)
    with pytest.raises(Invalid):
        sign(cast, key, "lessons-learned", cast.service_owner, worked="x")
    with pytest.raises(Refused) as refused:
        sign(cast, key, "scope-statement", cast.service_owner)
    assert refused.value.code == "kind_not_attested"
    with pytest.raises(Refused):
        sign(cast, key, "lessons-learned", cast.auditor)


def test_an_attestation_cannot_be_handed_in_by_itself(database, cast):
    use_judged_set(lessons_learned={"attested": True})
    key = make_measure(cast, "defined")
    for who in (cast.owner, cast.lead):
        with pytest.raises(Refused) as refused:
            submit(cast, key, "lessons-learned", by=who)
        assert refused.value.code == "attested_kind"


def test_a_late_tick_is_not_recorded_as_on_time_it_keeps_when_it_was_entered(database, cast):
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    finish_milestones(cast, key)
    done = milestones(key)[0]
    entered = done.actual_at
    assert entered is not None
    set_milestone(again(cast, key, done, name="Renamed since"))
    assert milestones(key)[0].actual_at == entered, "another change is not another tick"
    set_milestone(
        again(cast, key, done, name="Renamed since", actual_date=today_of(key) - timedelta(days=20))
    )
    later = milestones(key)[0]
    assert later.actual_date == today_of(key) - timedelta(days=20)
    assert later.actual_at > entered, "a day given afterwards keeps when that was"
    set_milestone(again(cast, key, done, name="Renamed since", actual_date=None))
    assert milestones(key)[0].actual_at is None


def milestones(key):
    with reading() as session:
        rows = session.scalars(
            select(Milestone).where(Milestone.measure_id == loaded(key).measure.id).order_by(Milestone.id)
        ).all()
        session.expunge_all()
        return rows


def again(cast, key, row, **changes):
    values = {
        "owner_id": row.owner_id, "plan_date": row.plan_date, "actual_date": row.actual_date, "final": row.final,
        "name": row.name,
    }  # fmt: skip
    return SetMilestone(key, origin=cast.owner.origin, milestone_id=row.id, **(values | changes))


def with_final_proof():
    data = judged_set(
        technical_review={"judged": False},
        handover_record={"judged": False},
        baseline_record={"judged": False},
        business_case={"judged": False},
    )
    for gate in data["gates"]:
        for line in gate["criteria"]:
            if line["id"] == "evidence:milestone-proof":
                line["params"]["per"] = "final_milestone"
    install_set(SYSTEM, data)


def test_proof_names_a_milestone_of_the_plan_and_the_gate_wants_the_final_one(database, cast):
    with_final_proof()
    key = make_measure(cast, "detailed")
    pass_gate(cast, key, "decided")
    with pytest.raises(Invalid) as refused:
        submit(cast, key, "milestone-proof", milestone="Something else")
    assert list(refused.value.values["faults"]) == ["milestone"]
    stones = [one.name for one in milestones(key)]
    submit(cast, key, "milestone-proof", milestone=stones[0])
    judge(cast, key, "milestone-proof")
    supplied = {each.key: each.code for each in move(cast, key, "implemented").decision.unmet}
    assert supplied["evidence:milestone-proof"] == "evidence_other_milestone"
    submit(cast, key, "milestone-proof", milestone=stones[-1].upper())
    judge(cast, key, "milestone-proof")
    assert "evidence:milestone-proof" not in loaded(key).card.missing_keys
