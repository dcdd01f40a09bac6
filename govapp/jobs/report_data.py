"""Gathers what a report shows, as of a sequence of the business log, no further than the asker's rights reach."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.report_archive import moment_at
from govapp.domain.errors import NotFound
from govapp.domain.reports import GATE
from govapp.jobs._gather_branch import branch_data
from govapp.jobs._gather_dossier import dossier_data
from govapp.jobs._gather_gate import gate_data
from govapp.reports.branch import BranchData
from govapp.reports.dossier_data import DossierData
from govapp.reports.paper import LogHead
from govapp.services._report_rights import Reach, subject_of
from govapp.services._work import now
from govapp.services.reports import moment_of


def gather(
    kind: str, subject_id: int, seq: int, at: datetime, reach: Reach, base_url: str = ""
) -> DossierData | BranchData:
    """The data of a dossier, a branch report, or what is filed of a review (by its id): equal for equal arguments.

    `at` is the moment at which expiry and lapse are judged. Raises NotFound when it was not on record then.
    """
    with reading() as session:
        return _gather(session, kind, subject_id, seq, at, reach, base_url)


def gather_now(kind: str, key: str, as_of: date | None, base_url: str) -> DossierData | BranchData:
    """The whole report for the operator of this installation, straight from the database.

    Raises NotFound, and Invalid for a day to come or before the record began.
    """
    with reading() as session:
        subject = subject_of(session, kind, key)
        if subject is None:
            raise NotFound("not_found", **{"measure" if kind == "dossier" else "branch": key})
        moment = moment_of(session, as_of, subject.timezone, now())
        return _gather(session, kind, subject.id, moment.seq, moment.at, Reach(True), base_url)


def _gather(
    session: Session, kind: str, subject_id: int, seq: int, at: datetime, reach: Reach, base_url: str
) -> DossierData | BranchData:
    head = LogHead(seq, moment_at(session, seq).mac)
    if kind == "dossier":
        found: DossierData | BranchData | None = dossier_data(
            session, subject_id, seq, at, reach, head, base_url
        )
    elif kind == GATE:
        found = gate_data(session, subject_id, seq, at, head, base_url)
    else:
        found = branch_data(session, subject_id, seq, at, reach, head, base_url)
    if found is None:
        raise NotFound("not_on_record")
    return found
