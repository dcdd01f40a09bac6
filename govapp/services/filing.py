"""Filed dossiers of decided gates: downloaded by who may read the reviews, and tried again until they are made."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select, update

from govapp.data.engine import reading
from govapp.data.notices import FILING, Outbox
from govapp.data.report_archive import filings_to_try
from govapp.data.reports import Report
from govapp.domain.errors import NotFound
from govapp.services._filing import parcel
from govapp.services._work import Origin, Work, now, writing
from govapp.services.downloads import Download
from govapp.services.reports import ReportCommand, download_report

# A filing that failed is tried again after so long, for ever: the record must hold it.
AGAIN = timedelta(hours=1)
# One that was handed over and not begun since has been lost with its queue; begun twice it is made once all the same.
LOST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DownloadDossier:
    """Ask for the filed dossier of a decided review."""

    review_id: int
    origin: Origin


def download_dossier(command: DownloadDossier) -> Download:
    """The file, after the right to read the reviews of its measure was checked; the download is logged.

    Raises NotFound (none is filed, or it is not made yet) and Refused.
    """
    with reading() as session:
        found = session.scalar(select(Report.id).where(Report.review_id == command.review_id))
    if found is None:
        raise NotFound("not_found")
    return download_report(ReportCommand(found, command.origin))


def file_again(origin: Origin) -> int:
    """Put filings that failed an hour ago, or that their queue has lost, into it again; returns how many."""
    at = origin.at or now()
    with reading() as session:
        found = filings_to_try(session, at - AGAIN, at - LOST)
    return sum(writing(origin, partial(_again, report_id=each)) for each in found)


def _again(work: Work, report_id: int) -> int:
    report = work.session.get(Report, report_id, with_for_update=True)
    if report is None or report.state not in {"failed", "queued"}:
        return 0
    report.state, report.phase, report.problem = "queued", "queued", ""
    report.attempts, report.done, report.total = 0, 0, 0
    report.beat_at, report.started_at, report.finished_at = work.at, None, None
    _hand_over(work, report_id)
    return 1


def _hand_over(work: Work, report_id: int) -> None:
    """Let the parcel of a filed report be due again, or make one where the last was swept away."""
    due = (
        update(Outbox)
        .where(Outbox.key == f"{FILING}:{report_id}")
        .values(state="waiting", due_at=work.at, attempts=0, done_at=None)
    )
    if not work.session.execute(due).rowcount:  # type: ignore[attr-defined]  # an UPDATE has one
        work.session.add(parcel(work, report_id))
