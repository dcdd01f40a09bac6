"""Reports as rows: asked for, made by a job, kept in the archive, handed out. One row for one identity (R41)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from govapp.data.blobs import BlobStore
from govapp.data.engine import reading
from govapp.data.report_archive import LogMoment, has_asked, last_change, reports_in_hand
from govapp.data.reports import Report, ReportRequest
from govapp.data.runtime import current
from govapp.domain.errors import GovappError, Invalid, NotFound, TooMany
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.reports import ASKED, GATE, TEMPLATE_VERSION
from govapp.domain.rights import Actor, may
from govapp.services._report_rights import (
    Reach,
    Subject,
    covers,
    reach_of,
    right_for,
    subject_for,
    subject_of,
)
from govapp.services._work import Origin, Work, writing
from govapp.services.downloads import Download

JOB = "govapp.jobs.reports.render"
MOST_IN_HAND = 20
P = Permission


@dataclass(frozen=True, slots=True)
class RequestReport:
    """Ask for the dossier of a measure or the report of a branch, as of the end of a day; None means now."""

    kind: str
    key: str
    origin: Origin
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class ReportCommand:
    """One report, for trying again or downloading."""

    report_id: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Moment:
    """What `as of` means: a row of the business log and the moment at which rules of time are read."""

    seq: int
    at: datetime
    mac: str


def moment_of(session: Session, as_of: date | None, timezone: str, at: datetime) -> Moment:
    """The point in the record for a day: its end in the organization's zone; for today or None, now.

    Asking twice while nothing changes gives the same moment, so it is the same report. Raises Invalid for a day to come
    and for one before the record began.
    """
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    if as_of is not None and as_of > today:
        raise Invalid("report_invalid", {"as_of": ["day_to_come"]})
    past = as_of is not None and as_of < today
    day = as_of if past and as_of is not None else today
    ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    last: LogMoment | None = last_change(session, ends if past else None)
    if last is None:
        raise Invalid("report_invalid", {"as_of": ["day_before_record"]})
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    return Moment(last.seq, ends - timedelta(seconds=1) if past else max(last.at, begins), last.mac)


def request_report(command: RequestReport) -> int:
    """Ask for a report and return its id; the same one again when it exists already (a failed one is tried again).

    Raises NotFound, Refused, Invalid for a kind or day that cannot be, and TooMany when twenty are being made already.
    """
    return writing(command.origin, lambda work: _request(work, command))


def _request(work: Work, command: RequestReport) -> int:
    if command.kind not in ASKED or work.actor.id is None:
        raise Invalid("report_invalid", {"kind": ["unknown_choice"]})
    subject = subject_of(work.session, command.kind, command.key)
    if subject is None:
        raise NotFound("not_found")
    right = right_for(work.actor, P.REPORT_MAKE, subject)
    reach = reach_of(work.session, work.actor, subject)
    moment = moment_of(work.session, command.as_of, subject.timezone, work.at)
    report = _row_for(work, subject, reach, moment)
    known = has_asked(work.session, report.id, work.actor.id)
    if not known:
        work.session.add(ReportRequest(report_id=report.id, person_id=work.actor.id, at=work.at))
    if report.state in {"new", "failed"}:
        if reports_in_hand(work.session, work.actor.id) >= MOST_IN_HAND:
            raise TooMany("too_many_reports", retry_after=60)
        _queue(work, report)
    elif known:
        return report.id
    _log(work, Event.REPORT_REQUESTED, report, subject, right)
    return report.id


def _row_for(work: Work, subject: Subject, reach: Reach, moment: Moment) -> Report:
    """The row of that identity, made if it is new; two askers at once meet in the same row."""
    identity = (
        f"{subject.kind}:{subject.id}:{moment.seq}:{moment.at.isoformat()}:{reach.token}:t{TEMPLATE_VERSION}"
    )
    values: dict[str, Any] = {
        "identity": identity, "kind": subject.kind, "measure_id": subject.measure_id, "branch_id": subject.branch_id,
        "as_of_seq": moment.seq, "as_of": moment.at, "asked_by": work.actor.id, "asked_at": work.at, "state": "new",
        "phase": "", "done": 0, "total": 0, "attempts": 0, "content_hash": "", "file_digest": "", "size": 0, "pages": 0,
        "problem": "", "params": {"reach": reach.as_data()},
    }  # fmt: skip
    insert = insert_sqlite if work.session.get_bind().dialect.name == "sqlite" else insert_postgresql
    work.session.execute(insert(Report).values(values).on_conflict_do_nothing(index_elements=["identity"]))
    return work.session.scalars(select(Report).where(Report.identity == identity).with_for_update()).one()


def _queue(work: Work, report: Report) -> None:
    """Put the report at the end of the queue, as if asked for just now."""
    report.state, report.phase, report.problem = "queued", "queued", ""
    report.attempts, report.done, report.total = 0, 0, 0
    report.beat_at, report.started_at, report.finished_at = work.at, None, None
    work.deliver("job", {"name": JOB, "args": [report.id]})


def _log(
    work: Work, event: Event, report: Report, subject: Subject | None, right: str = "", **more: Any
) -> None:
    payload = {
        "report": report.id,
        "kind": report.kind,
        "key": subject.key if subject else "",
        "as_of_seq": report.as_of_seq,
    }
    if report.kind == GATE:
        payload |= {"review": report.review_id, "dossier": report.params["dossier"]}
    work.log(
        event, payload | more, right=right, object_type="report", object_id=str(report.id),
        measure_id=report.measure_id, branch_id=subject.place.branch_id if subject else report.branch_id,
    )  # fmt: skip


def opened(
    session: Session, actor: Actor, report_id: int, *, lock: bool = False
) -> tuple[Report, Subject, str]:
    """A report the actor may open at this moment, what it is about, and the right used.

    Who asked may open it with the right to make or to view reports, others with the right to view; everybody must be
    able to read today all that it shows. A filed dossier opens with the right to read the reviews of its measure, whose
    pages show the same. Raises NotFound and Refused.
    """
    statement = select(Report).where(Report.id == report_id)
    report = session.scalar(statement.with_for_update() if lock else statement)
    subject = None if report is None else subject_for(session, report)
    if report is None or subject is None:
        raise NotFound("not_found")
    if report.kind == GATE:
        return report, subject, may(actor, P.REVIEW_VIEW, subject.place)
    right = _right_to_open(session, actor, report, subject)
    if not covers(session, actor, subject, Reach.from_data(report.params["reach"])):  # type: ignore[arg-type]  # JSON
        raise NotFound("not_found")
    return report, subject, right


def _right_to_open(session: Session, actor: Actor, report: Report, subject: Subject) -> str:
    if not has_asked(session, report.id, actor.id):
        return right_for(actor, P.REPORT_VIEW, subject)
    try:
        return right_for(actor, P.REPORT_MAKE, subject)
    except GovappError:
        return right_for(actor, P.REPORT_VIEW, subject)


def retry_report(command: ReportCommand) -> None:
    """Put a failed report into the queue again; one that has not failed stays as it is. Raises NotFound and Refused."""
    writing(command.origin, lambda work: _retry(work, command.report_id))


def _retry(work: Work, report_id: int) -> None:
    report, subject, _ = opened(work.session, work.actor, report_id, lock=True)
    right = right_for(work.actor, P.REPORT_MAKE, subject)
    if report.state == "failed":
        _queue(work, report)
        _log(work, Event.REPORT_REQUESTED, report, subject, right, again=True)


def download_report(command: ReportCommand) -> Download:
    """The file of a ready report, after the rights were checked again; the download is logged (R37, R40).

    Raises NotFound (also when it is not ready or its file is lost) and Refused.
    """
    return writing(command.origin, lambda work: _download(work, command.report_id))


def _download(work: Work, report_id: int) -> Download:
    report, subject, right = opened(work.session, work.actor, report_id)
    store = BlobStore(current().files)
    if report.state != "ready":
        raise NotFound("report_not_ready")
    name = file_name(report.kind, subject.key, report.as_of, subject.timezone, report.review_id)
    if not store.exists(report.file_digest):
        raise NotFound("file_lost", name=name)
    _log(work, Event.REPORT_DOWNLOADED, report, subject, right, digest=report.file_digest, name=name)
    return Download(store.path(report.file_digest), name, "application/pdf", report.size)


@dataclass(frozen=True, slots=True)
class Printable:
    """What a printable page shows, gathered afresh as a job would."""

    kind: str
    subject_id: int
    seq: int
    at: datetime
    reach: Reach


def print_report(command: ReportCommand) -> Printable:
    """What to gather for the printable page of a report, for where no PDF can be made; logged like a download.

    Raises NotFound and Refused.
    """
    return writing(command.origin, lambda work: _print(work, command.report_id))


def _print(work: Work, report_id: int) -> Printable:
    report, subject, right = opened(work.session, work.actor, report_id)
    _log(work, Event.REPORT_DOWNLOADED, report, subject, right, printed=True)
    reach = Reach.from_data(report.params["reach"])  # type: ignore[arg-type]  # JSON
    return Printable(report.kind, report.review_id or subject.id, report.as_of_seq, report.as_of, reach)


def file_name(kind: str, key: str, as_of: datetime, timezone: str, review_id: int | None = None) -> str:
    """The name under which a report goes out: `M-142 dossier 2026-11-24.pdf`, `M-142 review 7 dossier ...`."""
    what = {"dossier": "dossier", GATE: f"review {review_id} dossier"}.get(kind, "branch report")
    return f"{key} {what} {as_of.astimezone(ZoneInfo(timezone)).date().isoformat()}.pdf"


def open_report(actor: Actor, report_id: int) -> tuple[Report, Subject]:
    """A report for reading, detached. Raises NotFound and Refused."""
    with reading() as session:
        report, subject, _ = opened(session, actor, report_id)
        session.expunge(report)
    return report, subject
