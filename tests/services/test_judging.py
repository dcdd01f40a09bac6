"""Judging evidence: who may, once, on the newest revision; what it does to gates, reviews, notices and the history."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.data.judgement_queries import judging_count, judging_for
from govapp.data.notices import Notice
from govapp.data.people import Grant, Role
from govapp.data.report_queries import measures_in, record_of
from govapp.data.reviews import Lookback
from govapp.domain.asks import Ask, AskKind, Outcome
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.domain.gates import gate_findings
from govapp.services._belongs import visible
from govapp.services._work import now, writing
from govapp.services.audit import verify
from govapp.services.choices import SetGroup, set_group
from govapp.services.evidence import Submission, SubmitEvidence, submit_evidence
from govapp.services.evidence_pages import piece_view
from govapp.services.governance import SECOND_SET, install_set, read_set
from govapp.services.grants import EndGrant, end_grant
from govapp.services.judging import JudgeEvidence, judge_evidence
from govapp.services.lookbacks import _owe_lookback
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import PersonCommand, disable_person
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import (
    assign_all,
    judge,
    key_of_form,
    loaded,
    make_measure,
    make_proposal,
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
from tests.judged_set import use_judged_set
from tests.samples_of_evidence import values_for
from tests.support.tampering import plainly


@pytest.fixture
def key(database, cast):
    """A measure in Defined whose rules have a judged baseline record."""
    use_judged_set()
    return make_measure(cast, "defined")


def code(key):
    measure = loaded(key)
    gate = measure.rules.gates["identified"]
    found = gate_findings(measure.rules, gate, measure.snapshot, today_of(key))
    return next(each.code for each in found if each.key == "evidence:baseline-record")


def notices(person, kind):
    with reading() as session:
        found = select(Notice.payload).where(Notice.person_id == person.id, Notice.kind == kind)
        return session.scalars(found.order_by(Notice.id)).all()


def waiting(cast, who):
    with reading() as session:
        actor = load_actor(session, getattr(cast, who).id, now())
        rows = judging_for(session, actor)
        assert len(rows) == judging_count(session, actor)
        return [(row.measure, row.kind, row.revision) for row in rows]


def state_of(key, cast, who="controller"):
    with reading() as session:
        actor = load_actor(session, getattr(cast, who).id, now())
        measure = loaded(key)
        fact = measure.snapshot.evidence[0]
        return piece_view(session, actor, measure, fact.evidence_id, today_of(key))


def test_judged_evidence_counts_once_its_judge_accepts_it(key, cast):
    submit(cast, key, "baseline-record")
    assert code(key) == "evidence_unjudged"
    done = judge(cast, key, "baseline-record")
    assert (done.state, done.revision) == ("accepted", 1)
    assert code(key) == "evidence_valid"


def test_what_is_returned_does_not_count_and_whoever_handed_it_in_is_told_why(key, cast):
    submit(cast, key, "baseline-record", by=cast.member)
    judge(cast, key, "baseline-record", "return", reason="Twenty requests of one week are too few.")
    assert code(key) == "evidence_returned"
    (told,) = notices(cast.member, "evidence_returned")
    assert told["reason"] == "Twenty requests of one week are too few."
    again = submit(cast, key, "baseline-record", by=cast.member)
    assert again.revision == 2
    assert code(key) == "evidence_unjudged"
    judge(cast, key, "baseline-record")
    assert notices(cast.member, "evidence_accepted")[0]["revision"] == 2


def test_the_judge_is_told_that_evidence_waits_and_finds_it_in_the_list(key, cast):
    submit(cast, key, "baseline-record")
    assert len(notices(cast.controller, "judgement_waits")) == 1
    assert waiting(cast, "controller") == [(key, "baseline-record", 1)]
    assert waiting(cast, "owner") == waiting(cast, "sponsor") == waiting(cast, "lead") == []
    judge(cast, key, "baseline-record")
    assert waiting(cast, "controller") == []


def test_a_role_or_a_group_is_named_as_well_as_a_part(key, cast):
    members = [cast.approver.id, cast.owner.id]
    set_group(SetGroup(SYSTEM, "OI", "technical-validators", "Technical validators", members))
    submit(cast, key, "milestone-proof")
    submit(cast, key, "technical-review")
    assert waiting(cast, "lead") == [(key, "milestone-proof", 1)]
    assert waiting(cast, "approver") == [(key, "technical-review", 1)]
    assert waiting(cast, "owner") == [], "an owner in the group does not judge the own measure"
    judge(cast, key, "technical-review", by=cast.approver)
    judge(cast, key, "milestone-proof", by=cast.lead)
    assert waiting(cast, "lead") == waiting(cast, "approver") == []


def test_self_approval_is_refused_and_says_why_and_who_may(key, cast):
    submit(cast, key, "milestone-proof", by=cast.lead)
    with pytest.raises(Refused) as refused:
        judge(cast, key, "milestone-proof", by=cast.lead)
    assert refused.value.code == "may_not_judge"
    assert refused.value.values == {"reasons": ["judge_submitted"], "judges": []}
    submit(cast, key, "baseline-record", by=cast.lead)
    with pytest.raises(Refused) as refused:
        judge(cast, key, "baseline-record", by=cast.lead)
    assert refused.value.values["reasons"] == ["judge_not_named", "judge_submitted"]
    assert refused.value.values["judges"] == [cast.controller.name]


def test_r03_the_owner_never_judges_even_as_a_program_lead(key, cast):
    assign_all(cast, key, owner=cast.lead)
    submit(cast, key, "milestone-proof", by=cast.member)
    with pytest.raises(Refused) as refused:
        judge(cast, key, "milestone-proof", by=cast.lead)
    assert refused.value.values["reasons"] == ["judge_owner"]
    assert waiting(cast, "lead") == []


@pytest.mark.parametrize("who", ["sponsor", "service_owner", "member", "leader", "approver"])
def test_only_whom_the_kind_names_judges(key, cast, who):
    submit(cast, key, "baseline-record", by=cast.owner)
    with pytest.raises(Refused) as refused:
        judge(cast, key, "baseline-record", by=getattr(cast, who))
    assert refused.value.values["reasons"] == ["judge_not_named"]
    assert code(key) == "evidence_unjudged"


@pytest.mark.parametrize("who", ["auditor", "administrator"])
def test_who_may_not_judge_at_all_lacks_the_right_whatever_a_kind_names(key, cast, who):
    submit(cast, key, "baseline-record")
    with pytest.raises(Refused) as refused:
        judge(cast, key, "baseline-record", by=getattr(cast, who))
    assert refused.value.code == "no_right"
    with pytest.raises(NotFound):
        judge(cast, key, "baseline-record", by=cast.stranger)


def test_r03_a_judge_who_becomes_the_submitter_of_the_next_revision_is_barred_from_it(key, cast):
    submit(cast, key, "milestone-proof", by=cast.member)
    assert waiting(cast, "lead") != []
    measure = loaded(key)
    piece = measure.snapshot.evidence[0]
    values = values_for(
        measure.rules.kinds["milestone-proof"], cast.lead.origin, cast.member.id, today_of(key)
    )
    submit_evidence(SubmitEvidence(key, Submission("milestone-proof", values, None, 1, 1), cast.lead.origin))
    assert waiting(cast, "lead") == []
    with pytest.raises(Refused):
        judge_evidence(JudgeEvidence(key, piece.evidence_id, 2, "accept", cast.lead.origin))


def test_only_the_newest_revision_is_judged_and_only_once(key, cast):
    submit(cast, key, "baseline-record")
    submit(cast, key, "baseline-record")
    with pytest.raises(Stale) as stale:
        judge(cast, key, "baseline-record", seen_revision=1)
    assert stale.value.code == "stale_judgement"
    judge(cast, key, "baseline-record")
    with pytest.raises(Stale) as stale:
        judge(cast, key, "baseline-record", "return", reason="On second thoughts no")
    assert stale.value.code == "judged_already"
    assert code(key) == "evidence_valid"


@pytest.mark.parametrize(
    ("verdict", "reason", "field"),
    [
        ("return", "", "reason"),
        ("return", "  x ", "reason"),
        ("perhaps", "", "verdict"),
        ("accept", "x" * 4001, "reason"),
    ],
)
def test_a_judgement_says_what_and_a_return_says_why(key, cast, verdict, reason, field):
    submit(cast, key, "baseline-record")
    with pytest.raises(Invalid) as refused:
        judge(cast, key, "baseline-record", verdict, reason=reason)
    assert list(refused.value.errors) == [field]
    assert code(key) == "evidence_unjudged"


def test_what_nobody_judges_or_nobody_has_cannot_be_judged(key, cast):
    done = submit(cast, key, "scope-statement")
    with pytest.raises(Refused) as refused:
        judge_evidence(JudgeEvidence(key, done.evidence_id, 1, "accept", cast.controller.origin))
    assert refused.value.code == "kind_not_judged"
    with pytest.raises(NotFound):
        judge_evidence(JudgeEvidence(key, 4711, 1, "accept", cast.controller.origin))
    submit(cast, key, "baseline-record")
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No money for it")
    with pytest.raises(Refused) as refused:
        judge(cast, key, "baseline-record")
    assert refused.value.code == "measure_cancelled"
    assert waiting(cast, "controller") == []


def test_r13_a_judgement_sent_twice_is_one(key, cast):
    done = submit(cast, key, "baseline-record")
    command = JudgeEvidence(key, done.evidence_id, 1, "accept", cast.controller.origin, action_key="judged")
    first = judge_evidence(command)
    assert judge_evidence(command) == first
    with pytest.raises(KeyReused):
        judge_evidence(replace(command, verdict="return", reason="No, it is not right"))
    with reading() as session:
        assert (
            len(session.scalars(select(AuditLog.sequence).where(AuditLog.event == "evidence:judged")).all())
            == 1
        )


def test_r16_a_judgement_is_logged_with_old_and_new_and_its_reason(key, cast):
    submit(cast, key, "baseline-record")
    judge(cast, key, "baseline-record", "return", reason="Take four weeks, please")
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == "evidence:judged")).one()
        revision = session.scalars(select(EvidenceRevision)).one()
    said = json.loads(row.payload)
    assert (said["from"], said["to"], said["reason"]) == ("", "returned", "Take four weeks, please")
    assert "part:controller" in row.right_used
    assert (revision.judged_by, revision.judged_seq) == (cast.controller.id, row.sequence)
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


def test_r19_a_judgement_forged_past_the_log_is_found(key, database, cast):
    submit(cast, key, "baseline-record")
    plainly(database, "UPDATE evidence_revision SET judged = 'accepted' WHERE id = 1")
    assert verify(state=True).first_bad.code == "judgement_unlogged"


def test_when_the_part_that_judges_is_vacant_it_is_a_dead_end_at_once(key, cast):
    submit(cast, key, "baseline-record")
    assert state_of(key, cast).judges.dead_end is False
    disable_person(PersonCommand(SYSTEM, cast.controller.id))
    found = state_of(key, cast, "owner").judges
    assert found.dead_end
    assert found.vacant == ("part:controller",)


def test_when_all_who_are_named_are_barred_it_is_a_dead_end_at_once(key, cast):
    submit(cast, key, "milestone-proof", by=cast.lead)
    found = state_of(key, cast, "owner").judges
    assert found.dead_end
    assert [(one.name, reasons) for one, reasons in found.barred] == [(cast.lead.name, ("judge_submitted",))]


def test_when_the_part_changes_hands_the_new_holder_judges_and_the_old_one_no_more(key, cast):
    submit(cast, key, "baseline-record")
    assign_parts(AssignParts(key, version_of(key), {"controller": None}, cast.lead.origin))
    assert waiting(cast, "controller") == []
    with pytest.raises(Refused):
        judge(cast, key, "baseline-record", by=cast.controller)


def test_r07_a_controller_whose_role_has_ended_judges_nothing_and_is_named_to_nobody(key, cast):
    submit(cast, key, "baseline-record")
    with reading() as session:
        grant = session.scalars(
            select(Grant.id).join(Role).where(Grant.person_id == cast.controller.id, Role.key == "controller")
        ).one()
    end_grant(EndGrant(SYSTEM, grant))
    with pytest.raises(Refused):
        judge(cast, key, "baseline-record")
    assert code(key) == "evidence_unjudged"
    assert waiting(cast, "controller") == []
    found = state_of(key, cast, "owner").judges
    assert found.dead_end
    assert found.vacant == ("part:controller",)


def in_review(cast, key):
    supply(cast, key, "identified")
    move(cast, key, "identified")
    return open_review(key)


def test_r04_a_revision_after_a_vote_makes_it_stale_and_so_does_its_judgement(key, cast):
    supply(cast, key, "identified")
    move(cast, key, "identified")
    number, dossier = open_review(key)
    submit(cast, key, "baseline-record", value=31)
    assert open_review(key) == (number, dossier + 1)
    judge(cast, key, "baseline-record")
    assert open_review(key) == (number, dossier + 2)
    with pytest.raises(Stale):
        vote(cast, key, cast.sponsor, dossier=dossier)
    vote(cast, key, cast.sponsor)
    assert stage_of(key) == "identified"


def test_what_is_returned_during_a_review_holds_the_gate_until_a_revision_is_accepted(key, cast):
    in_review(cast, key)
    submit(cast, key, "baseline-record", value=31)
    judge(cast, key, "baseline-record", "return", reason="Take four weeks, please")
    assert vote(cast, key, cast.sponsor).result == "granted"
    assert stage_of(key) == "defined"
    assert loaded(key).card.waits_for == "criteria"
    submit(cast, key, "baseline-record", value=32)
    assert loaded(key).card.stale_votes == 0, "what waits for its judge does not count yet"
    judge(cast, key, "baseline-record")
    assert loaded(key).card.stale_votes == 1, "the vote saw another basis"
    assert review_states(key)[-1] == "open"
    assert vote(cast, key, cast.sponsor).result == "moved"


def test_a_gate_passed_stays_passed_when_later_evidence_is_returned(key, cast):
    in_review(cast, key)
    vote(cast, key, cast.sponsor)
    assert stage_of(key) == "identified"
    submit(cast, key, "baseline-record", value=31)
    judge(cast, key, "baseline-record", "return", reason="Take four weeks, please")
    assert stage_of(key) == "identified"


def test_a_checklist_cannot_be_ignored_each_open_line_alone_stops_the_move(key, cast):
    supply(cast, key, "identified")
    submit(cast, key, "baseline-record", value=31)
    for by in (cast.owner, cast.lead, cast.controller):
        refused = move(cast, key, "identified", by=by)
        assert refused.outcome is Outcome.REFUSED
        assert [finding.key for finding in refused.decision.unmet] == ["evidence:baseline-record"]
    assert stage_of(key) == "defined"
    assert review_states(key) == ["passed"], "only the one into Defined"
    judge(cast, key, "baseline-record")
    assert move(cast, key, "identified").outcome is Outcome.WAITING


def test_two_judges_at_once_make_one_judgement(key, cast):
    done = submit(cast, key, "baseline-record")

    def attempt(verdict):
        command = JudgeEvidence(
            key, done.evidence_id, 1, verdict, cast.controller.origin, "A reason", key_of_form()
        )
        try:
            return judge_evidence(command).state
        except Stale as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(attempt, ("accept", "return")))
    assert "judged_already" in found
    assert len(set(found) & {"accepted", "returned"}) == 1


def test_a_past_moment_does_not_know_a_judgement_that_came_later(key, cast):
    submit(cast, key, "baseline-record")
    with reading() as session:
        before = session.scalar(select(func.max(AuditLog.sequence)).where(AuditLog.chain == "business"))
    judge(cast, key, "baseline-record")
    branch, number = loaded(key).measure.branch_id, loaded(key).measure.id

    def piece_at(session, seq):
        rows = measures_in(session, seq, [branch])
        return record_of(session, seq, rows, full=True)[number].newest_evidence()[0]

    with reading() as session:
        earlier, later = piece_at(session, before), piece_at(session, before + 1)
    assert (earlier["judged"], earlier["judged_by"]) == ("", None)
    assert (later["judged"], later["judged_by"]) == ("accepted", cast.controller.id)


def owe_lookback(cast, key, who):
    """Somebody used the emergency path."""

    def body(work):
        measure = visible(work, key)
        due = (today_of(key) + timedelta(days=9)).isoformat()
        details = {"lookback_due": due, "incident_number": "INC004711", "informed_people": []}
        ask = Ask(AskKind.EMERGENCY, "decided", "The desk was down", details)
        _owe_lookback(work, measure, ask, "decided", [], "role:program_lead")

    writing(who.origin, body)


def state_of_lookback():
    with reading() as session:
        return session.scalars(select(Lookback.state)).one()


def test_an_accepted_look_back_settles_it_and_never_by_whom_it_looks_back_on(database, cast):
    install_set(SYSTEM, read_set(SECOND_SET))
    key = make_proposal(cast)
    assign_all(cast, key)
    members = [cast.approver.id, cast.lead.id]
    set_group(SetGroup(SYSTEM, "OI", "risk-reviewers", "Risk reviewers", members))
    owe_lookback(cast, key, cast.lead)
    submit(cast, key, "lookback-report", by=cast.owner)
    assert waiting(cast, "lead") == []
    assert waiting(cast, "approver") == [(key, "lookback-report", 1)]
    with pytest.raises(Refused) as refused:
        judge(cast, key, "lookback-report", by=cast.lead)
    assert refused.value.values["reasons"] == ["judge_emergency"]
    judge(cast, key, "lookback-report", "return", by=cast.approver, reason="Say who was informed")
    assert state_of_lookback() == "open"
    submit(cast, key, "lookback-report", by=cast.owner)
    judge(cast, key, "lookback-report", by=cast.approver)
    assert state_of_lookback() == "accepted"
    assert verify(state=True).ok
