"""The report job: an id in, verb calls out. Run twice, it gives the same single result (R41)."""

import logging
import time
from collections.abc import Callable

from rq.timeouts import JobTimeoutException

from govapp.data.runtime import current
from govapp.domain.errors import NotFound
from govapp.jobs.report_data import gather
from govapp.reports.branch import BranchData, branch_page, render_branch
from govapp.reports.dossier import dossier_page, render_dossier
from govapp.reports.dossier_data import DossierData
from govapp.reports.paper import Progress, RenderedPdf, RenderError
from govapp.services.report_runs import Finished, Run, beat, fail_report, finish_report, start_report
from govapp.services.reports import Printable

BEAT_SECONDS = 0.7
_log = logging.getLogger("govapp.jobs")


class Superseded(Exception):
    """Another attempt has this report now."""


_address = [""]


def use_address(base_url: str) -> None:
    """Where links in the reports of this process lead to."""
    _address[:] = [base_url]


def render(report_id: int) -> None:
    """Make a report that was asked for; what goes wrong ends in its row in words."""
    run = start_report(report_id)
    if run is None:
        return
    try:
        made = make(gather(run.kind, run.subject_id, run.seq, run.at, run.reach, _address[0]), _beating(run))
        finish_report(Finished(report_id, made.data, made.pages, made.content_hash))
    except Superseded:
        _log.info("report %s is made by another worker", report_id)
    except JobTimeoutException:
        fail_report(run, "too_slow")
    except MemoryError:
        fail_report(run, "too_large")
    except RenderError as error:
        fail_report(run, str(error))
    except NotFound:  # asked for a day before it was there
        fail_report(run, "not_on_record")
    except Exception:
        _log.exception("report %s on %s", report_id, current().engine.dialect.name)
        fail_report(run, "not_made")
        raise


def make(data: DossierData | BranchData, progress: Progress | None = None) -> RenderedPdf:
    """The PDF of gathered data. Raises RenderError."""
    return render_dossier(data, progress) if isinstance(data, DossierData) else render_branch(data, progress)


def printable(asked: Printable, base_url: str, stylesheet: str) -> str:
    """The report as a page that prints well, for where no PDF can be made; web gets it from create_app."""
    data = gather(asked.kind, asked.subject_id, asked.seq, asked.at, asked.reach, base_url)
    return branch_page(data, stylesheet) if isinstance(data, BranchData) else dossier_page(data, stylesheet)


def _beating(run: Run) -> Callable[[str, int, int], None]:
    """Progress of the layout as signs of life, at most one in 0.7 s."""
    last_at, last_phase = 0.0, ""

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal last_at, last_phase
        if phase == "ready" or (phase == last_phase and time.monotonic() - last_at < BEAT_SECONDS):
            return
        last_at, last_phase = time.monotonic(), phase
        if not beat(run, phase, done, total):
            raise Superseded

    return progress
