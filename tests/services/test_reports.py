"""Reports as rows: identity, rights, runs, and data as of a sequence. On SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from govapp.data.actors import load_actor
from govapp.data.audit import AuditLog
from govapp.data.blobs import BlobStore
from govapp.data.engine import reading
from govapp.data.notices import Outbox
from govapp.data.people import Grant
from govapp.data.report_archive import archive_page, last_change
from govapp.data.reports import Report
from govapp.data.runtime import current
from govapp.data.snapshots import load_measure
from govapp.domain.errors import Invalid, NotFound, Refused, TooMany
from govapp.domain.rights import Actor
from govapp.jobs.report_data import gather, gather_now
from govapp.jobs.reports import render
from govapp.present.report_pages import problem_sentence
from govapp.reports.branch import branch_page
from govapp.services._report_rights import Reach, covers, reach_of, subject_of
from govapp.services._work import Origin, now, writing
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grants import EndGrant, end_grant
from govapp.services.measures import EditMeasure, edit_measure
from govapp.services.people import PersonCommand, disable_person
from govapp.services.report_runs import (
    Finished,
    beat,
    fail_report,
    finish_report,
    reap_reports,
    start_report,
    worker_died,
)
from govapp.services.reports import (
    MOST_IN_HAND,
    ReportCommand,
    RequestReport,
    download_report,
    open_report,
    request_report,
    retry_report,
)
from tests.factories import bring_to, hold, make_measure, make_proposal, move, supply, version_of, vote

pytestmark = pytest.mark.usefixtures("database")
SYSTEM = Origin(None, "cli", "test")


def row(report_id: int) -> Report:
    with reading() as session:
        found = session.get_one(Report, report_id)
        session.expunge(found)
        return found


def jobs_waiting() -> int:
    with reading() as session:
        return session.scalar(select(func.count(Outbox.id)).where(Outbox.kind == "job")) or 0


def actor_of(person) -> Actor:
    with reading() as session:
        found = load_actor(session, person.id, now())
    assert found
    return found


def ask(cast, key: str, by=None, **more) -> int:
    return request_report(RequestReport("dossier", key, (by or cast.owner).origin, **more))


def finish(report_id: int, data: bytes = b"%PDF-1.7 made by a test") -> bool:
    return finish_report(Finished(report_id, data, 1, "c" * 64))


def later(seconds: float) -> Origin:
    return replace(SYSTEM, at=now() + timedelta(seconds=seconds))


def test_the_same_report_asked_twice_is_one_row_and_one_job(cast):
    key = make_measure(cast, "identified")
    first, second = ask(cast, key), ask(cast, key)
    assert first == second == ask(cast, key, cast.lead)
    assert jobs_waiting() == 1
    assert row(first).state == "queued"


def test_a_change_of_the_record_makes_another_report(cast):
    key = make_measure(cast, "identified")
    first = ask(cast, key)
    edit_measure(EditMeasure(key, version_of(key), {"title": "Another title of it"}, cast.owner.origin))
    assert ask(cast, key) != first


def test_who_may_not_read_a_measure_gets_no_report_of_it(cast):
    key = make_measure(cast, "identified")
    with pytest.raises(NotFound):
        ask(cast, key, cast.outsider)
    with pytest.raises(NotFound):
        ask(cast, "M-999999")
    with pytest.raises((Refused, NotFound)):
        request_report(RequestReport("branch", "service-quality", cast.stranger.origin))


def test_a_day_to_come_and_a_day_before_the_record_are_refused(cast):
    key = make_measure(cast, "defined")
    for day, code in (
        (now().date() + timedelta(days=2), "day_to_come"),
        (date(1999, 1, 1), "day_before_record"),
    ):
        with pytest.raises(Invalid) as refused:
            ask(cast, key, as_of=day)
        assert refused.value.errors == {"as_of": [code]}


def test_r40_rights_are_read_again_when_the_job_runs(cast):
    key = make_measure(cast, "identified")
    report = ask(cast, key, cast.leader)
    disable_person(PersonCommand(SYSTEM, cast.leader.id))
    assert start_report(report) is None
    assert (row(report).state, row(report).problem) == ("failed", "no_right_any_more")


def test_r40_rights_are_read_again_at_download(cast):
    key = make_measure(cast, "identified")
    report = ask(cast, key, cast.leader)
    assert start_report(report)
    assert finish(report)
    got = download_report(ReportCommand(report, cast.leader.origin))
    assert got.name.startswith(f"{key} dossier ") and got.path.read_bytes().startswith(b"%PDF")
    with pytest.raises(NotFound):
        download_report(ReportCommand(report, cast.outsider.origin))
    with reading() as session:
        downloads = session.scalar(select(func.count()).where(AuditLog.event == "report:downloaded"))
    assert downloads == 1
    with reading() as session:
        held = list(session.scalars(select(Grant.id).where(Grant.person_id == cast.leader.id)))
    for grant in held:
        end_grant(EndGrant(SYSTEM, grant))
    with pytest.raises((NotFound, Refused)):
        download_report(ReportCommand(report, cast.leader.origin))


def test_r41_a_job_run_twice_gives_one_file_and_one_entry_in_the_log(cast):
    report = ask(cast, make_measure(cast, "identified"))
    run = start_report(report)
    assert run and run.attempt == 1
    assert start_report(report) is None, "a second delivery finds it at work"
    assert finish(report)
    assert not finish(report)
    assert start_report(report) is None
    assert len(list(BlobStore(current().files).digests())) == 1
    with reading() as session:
        assert session.scalar(select(func.count()).where(AuditLog.event == "report:made")) == 1


def test_r41_a_report_whose_worker_died_is_tried_once_more_then_failed_within_two_minutes(cast):
    report = ask(cast, make_measure(cast, "identified"))
    first = start_report(report)
    assert first
    assert reap_reports(later(30)) == 0, "a sign of life half a minute old is fresh enough"
    assert reap_reports(later(50)) == 1
    assert (row(report).state, jobs_waiting()) == ("queued", 2)
    assert start_report(report, now() + timedelta(seconds=51))
    assert not beat(first, "laying_out", 3, 0), "the attempt that was given up notices"
    assert reap_reports(later(100)) == 1
    assert (row(report).state, row(report).problem) == ("failed", "worker_died")


def test_r42_without_a_queue_the_report_fails_in_words_and_a_late_delivery_still_makes_it(cast):
    report = ask(cast, make_measure(cast, "identified"))
    assert reap_reports(later(30)) == 0
    assert reap_reports(later(65)) == 1
    assert (row(report).state, row(report).problem) == ("failed", "no_worker")
    assert start_report(report)
    assert finish(report)
    assert row(report).state == "ready"


def test_a_long_queue_that_moves_fails_nobody(cast):
    waiting = ask(cast, make_measure(cast, "identified"))
    busy = ask(cast, make_proposal(cast, by=cast.lead), cast.lead)
    assert start_report(busy, now() + timedelta(seconds=61))
    assert reap_reports(later(65)) == 0
    assert row(waiting).state == "queued"


def test_a_work_horse_that_is_killed_puts_its_report_back_at_once(cast):
    report = ask(cast, make_measure(cast, "identified"))
    worker_died(report)
    assert row(report).attempts == 0
    start_report(report)
    worker_died(report)
    assert row(report).state == "queued"
    start_report(report)
    worker_died(report)
    assert row(report).problem == "worker_died"


def test_a_dossier_of_a_time_before_its_measure_fails_in_words(cast):
    report = ask(cast, make_measure(cast, "defined"))
    earlier = update(Report).where(Report.id == report).values(as_of_seq=1)
    writing(Origin(None, "cli"), lambda work: work.session.execute(earlier))
    render(report)
    assert (row(report).state, row(report).problem) == ("failed", "not_on_record")
    assert problem_sentence("not_on_record").startswith("It was not on record yet")


def test_a_failed_report_is_tried_again_by_who_may_make_it(cast):
    report = ask(cast, make_measure(cast, "identified"))
    run = start_report(report)
    assert run
    fail_report(run, "too_slow")
    assert row(report).state == "failed"
    with pytest.raises(NotFound):
        retry_report(ReportCommand(report, cast.outsider.origin))
    retry_report(ReportCommand(report, cast.owner.origin))
    assert (row(report).state, row(report).attempts) == ("queued", 0)
    retry_report(ReportCommand(report, cast.owner.origin))
    assert jobs_waiting() == 2, "one that is queued is not queued again"


def test_one_person_cannot_fill_the_queue(cast):
    keys = [make_proposal(cast, by=cast.lead) for _ in range(MOST_IN_HAND + 1)]
    for key in keys[:-1]:
        ask(cast, key, cast.lead)
    with pytest.raises(TooMany):
        ask(cast, keys[-1], cast.lead)
    assert ask(cast, keys[0], cast.lead), "what is in hand is shown"


def test_the_archive_shows_what_one_may_see(cast):
    key = make_measure(cast, "identified")
    report = ask(cast, key)
    branch = request_report(RequestReport("branch", "service-quality", cast.lead.origin))

    def seen(person) -> set[int]:
        with reading() as session:
            return {r.id for r in archive_page(session, actor_of(person))[0]}

    assert seen(cast.owner) >= {report}
    assert seen(cast.auditor) == {report, branch}
    assert seen(cast.outsider) == seen(cast.stranger) == set()
    assert open_report(actor_of(cast.auditor), report)[0].id == report
    with pytest.raises(NotFound):
        open_report(actor_of(cast.outsider), report)


def test_a_dossier_shows_what_was_so_then(cast):
    key = make_measure(cast, "identified")
    with reading() as session:
        then = last_change(session)
        measure = load_measure(session, key)
    assert then and measure
    at = now()
    before = gather("dossier", measure.measure.id, then.seq, at, Reach(True))
    edit_measure(EditMeasure(key, version_of(key), {"title": "A later title"}, cast.owner.origin))
    bring_to(cast, key, "detailed")
    again = gather("dossier", measure.measure.id, then.seq, at, Reach(True))
    assert again == before
    assert (before.stage, before.title) == ("Identified", measure.measure.title)
    after = gather_now("dossier", key, None, "")
    assert (after.stage, after.title) == ("Detailed", "A later title")
    assert len(after.history) > len(before.history)
    assert {r.state for r in after.reviews} == {"passed"}
    assert all(len(piece.digest) == 64 and piece.submitter for piece in after.evidence)
    names = [vote.name for review in after.reviews for step in review.steps for vote in step.votes]
    assert cast.sponsor.name in names and cast.controller.name in names


def test_what_a_dossier_leaves_out_stays_empty(cast):
    key = make_measure(cast, "detailed")
    with reading() as session:
        then, measure = last_change(session), load_measure(session, key)
    assert then and measure
    found = gather("dossier", measure.measure.id, then.seq, now(), Reach(False, ("evidence",)))
    assert found.evidence and not found.effects and not found.values and not found.reviews


def test_a_branch_report_says_what_waits_for_whom_and_on_which_stage(cast):
    waiting = make_measure(cast, "identified")
    supply(cast, waiting, "detailed")
    move(cast, waiting, "detailed")
    held = make_measure(cast, "defined", title="Rest for a while")
    hold(cast, held)
    make_proposal(cast)
    data = gather_now("branch", "service-quality", None, "")
    assert data.proposed == 1 and not data.partial
    assert {stage.name: stage.count for stage in data.stages if stage.count} == {
        "Defined": 1,
        "Identified": 1,
    }
    by_key = {measure.key: measure for measure in data.measures}
    assert by_key[held].state == "on_hold" and by_key[held].waits == ()
    waits = by_key[waiting].waits
    assert {wait.whom for wait in waits} == {(cast.controller.name,), (cast.sponsor.name,)}
    assert all(wait.since for wait in waits)
    vote(cast, waiting, cast.controller)
    now_waits = {
        g.whom: [m.key for m in g.waiting] for g in gather_now("branch", "service-quality", None, "").waits
    }
    assert now_waits == {cast.sponsor.name: [waiting]}


def test_a_branch_report_adds_up_only_what_the_asker_may_read_and_says_so(cast):
    make_measure(cast, "defined")
    make_proposal(cast, branch="workplace", by=cast.outsider)
    report = request_report(RequestReport("branch", "OI", cast.lead.origin))
    run = start_report(report)
    assert run and not run.reach.whole
    partial = gather("branch", run.subject_id, run.seq, run.at, run.reach)
    whole = gather("branch", run.subject_id, run.seq, run.at, Reach(True))
    assert partial.partial and not whole.partial
    assert (partial.proposed, whole.proposed) == (0, 1)
    assert len(partial.measures) == 1
    finish(report)
    with pytest.raises(NotFound):
        open_report(actor_of(cast.outsider), report)
    assert open_report(actor_of(cast.auditor), report), "who reads all may read a part"


def test_a_branch_report_holds_amounts_only_for_who_may_see_money_there(cast):
    key = make_measure(cast, "defined")
    line = SetEffectLine(
        key, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(84_000)
    )
    set_effect_line(line)
    with reading() as session:
        branch = subject_of(session, "branch", "OI")
        assert branch is not None
        reach = reach_of(session, actor_of(cast.administrator), branch)
        assert not covers(session, actor_of(cast.administrator), branch, Reach(True))
        assert covers(session, actor_of(cast.leader), branch, reach)
        latest = session.scalar(select(func.max(AuditLog.sequence)).where(AuditLog.chain == "business")) or 0
        part = reach_of(session, actor_of(cast.lead), branch)
    assert (reach.whole, reach.priced, part.whole, part.priced) == (False, False, False, True)
    blank = gather("branch", branch.id, latest, now(), reach)
    whole = gather("branch", branch.id, latest, now(), Reach(True))
    assert [len(data.measures) for data in (blank, whole)] == [1, 1]
    assert (blank.partial, blank.priced, blank.measures[0].values) == (False, False, ())
    assert whole.measures[0].values == (("EUR", Decimal(84_000)),)
    assert all(not stage.values for stage in blank.stages)
    assert "no right to amounts" in branch_page(blank, "print.css")
    assert "no right to amounts" not in branch_page(whole, "print.css")


def test_values_are_added_by_currency_in_minor_units(cast):
    key = make_measure(cast, "defined")
    for name, rate in (("Calls", Decimal("0.10")), ("Licences", Decimal("0.20"))):
        set_effect_line(
            SetEffectLine(key, name, "ebitda", "recurring", "EUR", cast.lead.origin, run_rate=rate)
        )
    data = gather_now("branch", "service-quality", None, "")
    assert dict(data.measures[0].values) == {"EUR": Decimal("0.30")}


def test_a_report_as_of_a_past_day_shows_the_end_of_that_day(cast):
    key = make_measure(cast, "defined")
    zone = ZoneInfo("Europe/Berlin")
    in_two, in_four = now() + timedelta(days=2), now() + timedelta(days=4)
    edit = EditMeasure(
        key, version_of(key), {"title": "A title of two days later"}, replace(cast.owner.origin, at=in_two)
    )
    edit_measure(edit)
    asking = replace(cast.owner.origin, at=in_four)

    def asked(day: date) -> Report:
        return row(request_report(RequestReport("dossier", key, asking, day)))

    before, after, latest = (asked((at).astimezone(zone).date()) for at in (now(), in_two, in_four))
    assert before.as_of_seq + 1 == after.as_of_seq == latest.as_of_seq
    assert before.as_of.astimezone(zone).time().isoformat() == "23:59:59"
    titles = [
        gather("dossier", each.measure_id or 0, each.as_of_seq, each.as_of, Reach(True)).title
        for each in (before, after)
    ]
    assert titles == ["Fewer password calls at the service desk", "A title of two days later"]
    assert latest.as_of > after.as_of, "what expires is judged on the day asked for"
