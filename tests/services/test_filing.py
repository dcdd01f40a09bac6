"""The dossier of every decided gate is filed as a PDF once, with its digests in the log, the same at any time."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.notices import FILING, Outbox
from govapp.data.report_archive import archive_page, filed_dossiers
from govapp.data.reports import Report
from govapp.domain.errors import NotFound, Refused
from govapp.domain.reports import GATE
from govapp.jobs.report_data import gather
from govapp.jobs.reports import make, render
from govapp.services._report_rights import Reach
from govapp.services._work import now
from govapp.services.filing import DownloadDossier, download_dossier, file_again
from govapp.services.measures import EditMeasure, edit_measure
from govapp.services.people import PersonCommand, disable_person
from govapp.services.report_runs import Finished, finish_report, reap_reports, start_report
from govapp.services.reports import MOST_IN_HAND, RequestReport, request_report
from govapp.services.reviews import WithdrawReview, withdraw_review
from govapp.services.structure import RenameBranch, rename_branch
from tests.cast import SYSTEM
from tests.factories import (
    make_measure,
    move,
    open_review,
    stage_of,
    submit,
    today_of,
    version_of,
    vote,
)
from tests.step_sets import COMMITTEE, SIGNED, asked_for, set_board, use_steps

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def key(database, cast):
    """A measure in Defined that waits for its sponsor."""
    return asked_for(cast)


def filed(review):
    with reading() as session:
        found = session.scalars(select(Report).where(Report.review_id == review)).all()
        session.expunge_all()
        return found


def parcels(report):
    with reading() as session:
        found = session.scalars(select(Outbox).where(Outbox.key == f"{FILING}:{report}")).all()
        session.expunge_all()
        return found


def logged(event, report):
    with reading() as session:
        rows = session.scalars(
            select(AuditLog.payload).where(AuditLog.event == event, AuditLog.object_id == str(report))
        )
        return [json.loads(row) for row in rows]


def content_of(report):
    return gather(report.kind, report.review_id, report.as_of_seq, report.as_of, Reach(True))


def test_a_gate_that_is_passed_is_filed_in_the_transaction_of_the_vote(key, cast):
    review, dossier = open_review(key)
    assert filed(review) == []
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    assert (report.kind, report.state, report.params["dossier"]) == (GATE, "queued", dossier)
    assert [parcel.payload["args"] for parcel in parcels(report.id)] == [[report.id]]
    with reading() as session:
        last = session.scalars(select(AuditLog.event).where(AuditLog.sequence == report.as_of_seq)).all()
    assert "review:ended" in last or "measure:moved" in last


def test_a_review_that_is_sent_back_is_filed_and_one_that_is_withdrawn_is_not(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor, "send_back", reason="Name the teams first")
    (report,) = filed(review)
    data = content_of(report)
    assert (data.gate.state, data.gate.reason) == ("sent_back", "Name the teams first")
    move(cast, key, "identified")
    again, _ = open_review(key)
    withdraw_review(WithdrawReview(again, cast.owner.origin))
    assert filed(again) == []


def test_r43_made_again_after_everything_was_edited_it_has_the_same_hash_and_bytes(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    first = make(content_of(report))
    edit_measure(
        EditMeasure(key, version_of(key), {"title": "Another title", "problem": "p" * 90}, cast.owner.origin)
    )
    submit(cast, key, "scope-statement")
    submit(cast, key, "rough-numbers", run_rate=99_000)
    rename_branch(RenameBranch(SYSTEM, "service-desk", "Another name"))
    disable_person(PersonCommand(SYSTEM, cast.sponsor.id))
    second = make(content_of(report))
    assert second.content_hash == first.content_hash
    assert second.data == first.data
    assert first.data.startswith(b"%PDF")


def test_the_file_lies_in_the_archive_with_its_digest_in_the_log(key, cast):
    review, dossier = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    render(report.id)
    (ready,) = filed(review)
    assert ready.state == "ready", ready.problem
    got = download_dossier(DownloadDossier(review, cast.owner.origin))
    assert hashlib.sha256(got.path.read_bytes()).hexdigest() == ready.file_digest
    assert got.name.startswith(f"{key} review {review} dossier ")
    (entry,) = logged("report:made", report.id)
    assert entry["content_hash"] == ready.content_hash
    assert entry["digest"] == ready.file_digest
    assert (entry["review"], entry["dossier"]) == (review, dossier)
    with reading() as session:
        found = filed_dossiers(session, [review])[review]
    assert (found.state, found.content_hash, found.dossier) == ("ready", ready.content_hash, dossier)


def test_r41_a_filing_that_runs_twice_is_one_file_and_one_entry(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    assert start_report(report.id)
    assert start_report(report.id) is None, "a second delivery finds it at work"
    assert finish_report(Finished(report.id, b"%PDF-1.7 made by a test", 1, "c" * 64))
    assert not finish_report(Finished(report.id, b"%PDF-1.7 made by a test", 1, "c" * 64))
    assert len(logged("report:made", report.id)) == 1
    assert len(filed(review)) == 1


def test_r42_a_filing_that_nobody_takes_up_is_never_given_up_and_handed_over_again(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    later = replace(SYSTEM, at=now() + timedelta(minutes=30))
    assert reap_reports(later) == 0, "no worker for half an hour is no failure of the record"
    assert file_again(later) == 0, "its parcel still waits in the outbox"
    with write_session() as session:
        mine = update(Outbox).where(Outbox.key == f"{FILING}:{report.id}")
        session.execute(mine.values(state="done", done_at=now()))
    assert file_again(later) == 1, "handed over, and lost with the queue"
    assert [parcel.state for parcel in parcels(report.id)] == ["waiting"]
    assert file_again(later) == 0


def test_a_filing_that_failed_is_tried_again_after_an_hour(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    with write_session() as session:
        session.execute(
            update(Report)
            .where(Report.id == report.id)
            .values(state="failed", problem="x", finished_at=now())
        )
    assert file_again(replace(SYSTEM, at=now() + timedelta(minutes=59))) == 0
    assert file_again(replace(SYSTEM, at=now() + timedelta(minutes=61))) == 1
    assert filed(review)[0].state == "queued"


def test_r40_who_may_read_the_reviews_of_the_measure_may_download_it_and_nobody_else(key, cast):
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor)
    (report,) = filed(review)
    with pytest.raises(NotFound):
        download_dossier(DownloadDossier(review, cast.owner.origin))
    assert start_report(report.id)
    finish_report(Finished(report.id, b"%PDF-1.7 made by a test", 1, "c" * 64))
    for who in (cast.owner, cast.sponsor, cast.auditor, cast.member, cast.controller):
        download_dossier(DownloadDossier(review, who.origin))
    for who in (cast.outsider, cast.stranger, cast.administrator):
        with pytest.raises((NotFound, Refused)):
            download_dossier(DownloadDossier(review, who.origin))
    disable_person(PersonCommand(SYSTEM, cast.owner.id))
    with pytest.raises(Refused):
        download_dossier(DownloadDossier(review, cast.owner.origin))
    with pytest.raises(NotFound):
        download_dossier(DownloadDossier(4711, cast.sponsor.origin))


def test_filings_neither_count_as_asked_for_nor_stand_before_what_people_wait_for(key, cast):
    vote(cast, key, cast.sponsor)
    for _ in range(3):
        request_report(RequestReport("dossier", make_measure(cast, "defined"), cast.sponsor.origin))
    assert MOST_IN_HAND > 3
    with reading() as session:
        kinds = session.scalars(select(Outbox.kind).where(Outbox.kind.in_(("job", FILING)))).all()
    assert kinds.count("job") == 3 and kinds.count(FILING) > 3


def test_a_filed_dossier_holds_the_path_with_rules_votes_and_reasons(cast):
    use_steps(COMMITTEE)
    set_board(cast.approver, cast.controller, cast.leader, cast.service_owner, cast.sponsor)
    key = asked_for(cast)
    review, _ = open_review(key)
    vote(cast, key, cast.approver)
    vote(cast, key, cast.controller, "send_back", reason="I would wait a year")
    vote(cast, key, cast.leader)
    assert vote(cast, key, cast.service_owner).result == "moved"
    (report,) = filed(review)
    data = content_of(report)
    (asked,) = data.reviews
    (step,) = asked.steps
    assert (step.name, step.state) == ("Steering committee", "granted")
    assert step.rule == "60 % of the votes cast, quorum 3, without the sponsor"
    assert [(one.name, one.verdict) for one in step.votes][1] == (cast.controller.name, "send_back")
    assert data.gate.digest == asked.dossier_digest


def test_a_signature_stands_in_the_filed_dossier(cast):
    use_steps(SIGNED)
    key = asked_for(cast)
    review, _ = open_review(key)
    vote(cast, key, cast.sponsor, signed=True)
    (report,) = filed(review)
    (given,) = content_of(report).reviews[0].steps[0].votes
    assert given.signed == cast.sponsor.name


def test_conditions_stand_in_the_filed_dossier_with_owner_and_day(cast):
    use_steps(SIGNED)
    key = asked_for(cast)
    review, _ = open_review(key)
    day = today_of(key) + timedelta(days=20)
    given = {
        "wording": "The vendor signs first",
        "owner": cast.owner.id,
        "due": day.isoformat(),
        "blocking": True,
    }
    vote(
        cast, key, cast.sponsor, "approve_with_conditions", reason="Only so", conditions=(given,), signed=True
    )
    assert stage_of(key) == "identified"
    data = content_of(filed(review)[0])
    (said,) = data.reviews[0].steps[0].votes[0].conditions
    assert said.startswith(f"The vendor signs first ({cast.owner.name}, by ")
    assert [(one.wording, one.state) for one in data.conditions] == [("The vendor signs first", "open")]


def test_the_archive_lists_filed_dossiers_for_those_who_read_everything_there(key, cast):
    vote(cast, key, cast.sponsor)
    with reading() as session:
        rows, _ = archive_page(session, load_actor(session, cast.leader.id, now()), kind=GATE)
        none, _ = archive_page(session, load_actor(session, cast.outsider.id, now()), kind=GATE)
    assert rows and not none
    assert {row.kind for row in rows} == {GATE}


def test_a_filing_of_the_system_is_made_without_asking_whose_it_is(key, cast):
    vote(cast, key, cast.sponsor)
    disable_person(PersonCommand(SYSTEM, cast.sponsor.id))
    with reading() as session:
        newest = session.scalar(select(Report.id).where(Report.kind == GATE).order_by(Report.id.desc()))
    assert start_report(newest) is not None
