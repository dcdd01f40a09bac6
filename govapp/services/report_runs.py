"""A report's way from queued to ready or failed; found and ended when its worker died (R41)."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update

from govapp.data.actors import load_actor
from govapp.data.blobs import BlobStore, StoreFull
from govapp.data.engine import reading
from govapp.data.report_archive import requesters, running_since, silent
from govapp.data.reports import Report
from govapp.data.runtime import current
from govapp.domain.errors import GovappError
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.reports import GATE
from govapp.services._report_rights import Reach, Subject, covers, right_for, subject_for
from govapp.services._work import Origin, Work, now, writing
from govapp.services.reports import JOB, _log

JOB_ORIGIN = Origin(None, "job")
# A worker gives a sign of life every few seconds. One that is silent for so long is taken for dead; with one more try
# and the wait for a worker, every report is finished or failed within two minutes.
SILENT_SECONDS = 45
QUEUED_SECONDS = 60
MOST_ATTEMPTS = 2
LATE = frozenset({"no_worker"})


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a report: what to gather, at which point of the record, and how far it may reach."""

    report_id: int
    attempt: int
    kind: str
    subject_id: int
    seq: int
    at: datetime
    reach: Reach


@dataclass(frozen=True, slots=True)
class Finished:
    """The file of a report. `content_hash` is that of the data it shows."""

    report_id: int
    data: bytes
    pages: int
    content_hash: str


def start_report(report_id: int, at: datetime | None = None) -> Run | None:
    """Begin an attempt, or None when there is nothing to do: ready, failed, or at work elsewhere.

    The rights of those who asked are read again; when nobody of them may have it any more, the report fails. A filed
    dossier is asked for by the record itself: rights are read when it is downloaded.
    """
    origin = Origin(None, "job", at=at)
    return writing(origin, lambda work: _start(work, report_id))


def _start(work: Work, report_id: int) -> Run | None:
    report = _locked(work, report_id)
    if report is None or not _startable(work, report):
        return None
    report.attempts += 1
    report.state, report.phase, report.problem = "running", "collecting", ""
    report.done = report.total = 0
    report.started_at = report.started_at or work.at
    report.beat_at = work.at
    subject = subject_for(work.session, report)
    reach = Reach.from_data(report.params["reach"])  # type: ignore[arg-type]  # JSON
    if subject is None or not (report.kind == GATE or _still_may(work, report.id, subject, reach)):
        _fail(work, report, subject, "no_right_any_more")
        return None
    about = report.review_id or subject.id
    return Run(report.id, report.attempts, report.kind, about, report.as_of_seq, report.as_of, reach)


def _locked(work: Work, report_id: int) -> Report | None:
    statement = select(Report).where(Report.id == report_id).with_for_update()
    return work.session.scalar(statement.execution_options(populate_existing=True))


def _startable(work: Work, report: Report) -> bool:
    if report.state == "running":
        return report.beat_at is None or report.beat_at < work.at - timedelta(seconds=SILENT_SECONDS)
    return report.state == "queued" or (report.state == "failed" and report.problem in LATE)


def _still_may(work: Work, report_id: int, subject: Subject, reach: Reach) -> bool:
    for person_id in requesters(work.session, report_id):
        actor = load_actor(work.session, person_id, work.at)
        try:
            if (
                actor
                and right_for(actor, Permission.REPORT_MAKE, subject)
                and covers(work.session, actor, subject, reach)
            ):
                return True
        except GovappError:
            continue
    return False


def beat(run: Run, phase: str, done: int, total: int) -> bool:
    """A sign of life with how far it came; False when this attempt was given up and another has the report."""
    return writing(JOB_ORIGIN, lambda work: _beat(work, run, phase, done, total))


def _beat(work: Work, run: Run, phase: str, done: int, total: int) -> bool:
    result = work.session.execute(
        update(Report)
        .where(Report.id == run.report_id, Report.state == "running", Report.attempts == run.attempt)
        .values(beat_at=work.at, phase=phase, done=done, total=total)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def finish_report(finished: Finished, at: datetime | None = None) -> bool:
    """Store the file, then set the row to ready; False when it was ready already. Twice gives the same single result.

    Equal data gives equal bytes, so the file of a second run takes the place of an equal one.
    """
    try:
        blob = BlobStore(current().files).put(io.BytesIO(finished.data))
    except StoreFull:
        writing(JOB_ORIGIN, lambda work: _end_badly(work, finished.report_id, None, "disk_full"))
        return False
    return writing(Origin(None, "job", at=at), lambda work: _finish(work, finished, blob.digest))


def _finish(work: Work, finished: Finished, digest: str) -> bool:
    report = _locked(work, finished.report_id)
    if report is None or report.state == "ready":
        return False
    report.state, report.phase, report.problem = "ready", "ready", ""
    report.done = report.total = finished.pages
    report.finished_at = report.beat_at = work.at
    report.content_hash, report.file_digest = finished.content_hash, digest
    report.size, report.pages = len(finished.data), finished.pages
    subject = subject_for(work.session, report)
    more = {
        "content_hash": finished.content_hash,
        "digest": digest,
        "pages": finished.pages,
        "size": report.size,
    }
    _log(work, Event.REPORT_MADE, report, subject, "system", **more)
    return True


def fail_report(run: Run, problem: str) -> None:
    """End this attempt as failed; `problem` is a code, or the sentence of the layout."""
    writing(JOB_ORIGIN, lambda work: _end_badly(work, run.report_id, run.attempt, problem))


def _end_badly(work: Work, report_id: int, attempt: int | None, problem: str) -> None:
    report = _locked(work, report_id)
    if report is None or report.state != "running" or attempt not in {None, report.attempts}:
        return
    _fail(work, report, subject_for(work.session, report), problem)


def _fail(work: Work, report: Report, subject: Subject | None, problem: str) -> None:
    report.state, report.phase, report.problem = "failed", "failed", problem[:300]
    report.finished_at = work.at
    _log(
        work, Event.REPORT_FAILED, report, subject, "system", problem=report.problem, attempt=report.attempts
    )


def reap_reports(origin: Origin) -> int:
    """Look after reports whose worker is silent: once more into the queue, then failed in words. Returns how many."""
    at = origin.at or now()
    queued_before, beat_before = (
        at - timedelta(seconds=QUEUED_SECONDS),
        at - timedelta(seconds=SILENT_SECONDS),
    )
    with reading() as session:
        found = silent(session, queued_before, beat_before)
        moves = bool(found) and running_since(session, queued_before)
    changed = 0
    for report_id, state in found:
        if state == "queued" and moves:
            continue
        before = queued_before if state == "queued" else beat_before
        changed += writing(origin, partial(_reap, report_id=report_id, before=before))
    return changed


def worker_died(report_id: int) -> None:
    """The process that made the report has just died: do at once what the clock would do later."""
    writing(
        JOB_ORIGIN, lambda work: _reap(work, report_id, work.at + timedelta(seconds=1), running_only=True)
    )


def _reap(work: Work, report_id: int, before: datetime, *, running_only: bool = False) -> int:
    report = _locked(work, report_id)
    if (
        report is None
        or report.state not in {"running", "queued"}
        or (report.beat_at and report.beat_at >= before)
    ):
        return 0
    if report.state == "queued":
        if running_only:
            return 0
        subject = subject_for(work.session, report)
        _fail(work, report, subject, "no_worker")
    elif report.attempts >= MOST_ATTEMPTS:
        subject = subject_for(work.session, report)
        _fail(work, report, subject, "worker_died")
    else:
        report.state, report.phase = "queued", "queued"
        report.beat_at = work.at
        work.deliver("job", {"name": JOB, "args": [report.id]})
    return 1
