"""Reads the archive of reports: what a person may see of it, one report with who asked, and places in the queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session

from govapp.data.audit import AuditLog
from govapp.data.measures import Measure, Part
from govapp.data.notices import FILING, Outbox
from govapp.data.people import Person
from govapp.data.reports import Report, ReportRequest
from govapp.data.structure import Branch
from govapp.domain.events import BUSINESS
from govapp.domain.permissions import Permission
from govapp.domain.reports import GATE
from govapp.domain.rights import Actor

PAGE = 50
P = Permission
_OPENS = (P.REPORT_VIEW, P.MEASURE_VIEW, P.EVIDENCE_VIEW, P.FINANCE_VIEW, P.REVIEW_VIEW)


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """A report in the list. `mine`: the reader asked for it."""

    id: int
    kind: str
    key: str
    name: str
    as_of: datetime
    as_of_seq: int
    state: str
    asked_at: datetime
    asked_by: str
    pages: int
    size: int
    mine: bool


@dataclass(frozen=True, slots=True)
class LogMoment:
    """A row of the business log as a point in the record."""

    seq: int
    at: datetime
    mac: str


def last_change(session: Session, before: datetime | None = None) -> LogMoment | None:
    """The last row of the business log, or the last before a time; rows about reports are passed over."""
    log = AuditLog
    statement = select(log.sequence, log.at, log.mac).where(
        log.chain == BUSINESS, ~log.event.startswith("report:")
    )
    if before is not None:
        statement = statement.where(log.at < before)
    row = session.execute(statement.order_by(log.sequence.desc()).limit(1)).first()
    return None if row is None else LogMoment(*row)


def moment_at(session: Session, seq: int) -> LogMoment:
    """The row of the business log with that sequence. Raises NoResultFound."""
    log = AuditLog
    statement = select(log.sequence, log.at, log.mac).where(log.chain == BUSINESS, log.sequence == seq)
    return LogMoment(*session.execute(statement).one())


def _under(paths: Iterable[str]) -> ColumnElement[bool]:
    clauses = [Branch.path.startswith(path, autoescape=True) for path in paths]
    return or_(*clauses) if clauses else false()


def _visible(actor: Actor) -> ColumnElement[bool]:
    """What I asked for and may still know of, and whole reports about what I read anyway."""
    if actor.is_system:
        return literal(True)
    mine = exists().where(ReportRequest.report_id == Report.id, ReportRequest.person_id == actor.id)
    viewing = [grant.path for grant in actor.grants if P.MEASURE_VIEW in grant.permissions]
    opening = [grant.path for grant in actor.grants if all(p in grant.permissions for p in _OPENS)]
    held = exists().where(Part.measure_id == Report.measure_id, Part.person_id == actor.id)
    above = [literal(path).startswith(Branch.path) for path in viewing]
    known = or_(_under(viewing), held, and_(Report.kind == "branch", or_(*above)) if above else false())
    return or_(and_(mine, known), and_(Report.identity.contains(":whole:"), _under(opening)))


def _rows(actor: Actor, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Report)
        .outerjoin(Measure, Measure.id == Report.measure_id)
        .join(Branch, Branch.id == func.coalesce(Report.branch_id, Measure.branch_id))
        .where(_visible(actor))
    )


def archive_page(
    session: Session, actor: Actor, page: int = 1, kind: str = ""
) -> tuple[list[ArchiveRow], int]:
    """Reports the person may see, newest first, and how many there are."""
    wanted = Report.kind == kind if kind else literal(True)
    total = session.scalar(_rows(actor, func.count(Report.id)).where(wanted)) or 0
    mine = exists().where(ReportRequest.report_id == Report.id, ReportRequest.person_id == actor.id)
    statement = (
        _rows(
            actor, Report.id, Report.kind, func.coalesce(Measure.key, Branch.key),
            func.coalesce(Measure.title, Branch.name),
            Report.as_of, Report.as_of_seq, Report.state, Report.asked_at, Person.name, Report.pages, Report.size, mine,
        )
        .join(Person, Person.id == Report.asked_by)
        .where(wanted)
        .order_by(Report.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )  # fmt: skip
    return [ArchiveRow(*row) for row in session.execute(statement)], total


def requesters(session: Session, report_id: int) -> list[int]:
    """Ids of the people who asked for a report, the first one first."""
    statement = select(ReportRequest.person_id).where(ReportRequest.report_id == report_id)
    return list(session.scalars(statement.order_by(ReportRequest.at, ReportRequest.person_id)))


def has_asked(session: Session, report_id: int, person_id: int | None) -> bool:
    """True when the person asked for the report."""
    asked = ReportRequest.report_id == report_id, ReportRequest.person_id == person_id
    return bool(session.scalar(select(exists().where(*asked))))


def reports_in_hand(session: Session, person_id: int | None) -> int:
    """How many reports of a person are queued or being made."""
    statement = select(func.count(Report.id)).where(
        Report.state.in_(("queued", "running")), Report.asked_by == person_id, Report.kind != GATE
    )
    return session.scalar(statement) or 0


def place_in_queue(session: Session, report: Report) -> int:
    """Which place a queued report has, from 1; filed dossiers stand in a queue of their own, behind all others."""
    ahead = or_(
        Report.beat_at < report.beat_at, and_(Report.beat_at == report.beat_at, Report.id < report.id)
    )
    same = Report.kind == GATE if report.kind == GATE else Report.kind != GATE
    counted = select(func.count(Report.id)).where(Report.state == "queued", same, ahead)
    return 1 + (session.scalar(counted) or 0)


def running_since(session: Session, beat: datetime) -> bool:
    """True when some report is being made, or was finished, since a moment: the queue moves."""
    moving = or_(and_(Report.state == "running", Report.beat_at >= beat), Report.finished_at >= beat)
    return bool(session.scalar(select(exists().where(moving))))


def silent(session: Session, queued_before: datetime, beat_before: datetime) -> list[tuple[int, str]]:
    """Id and state of reports nobody has worked on since: queued ones, and running ones without a sign of life.

    Not filed ones that are queued: nobody waits for them, and `filings_to_try` finds them.
    """
    statement = select(Report.id, Report.state).where(
        or_(
            and_(Report.state == "queued", Report.beat_at < queued_before, Report.kind != GATE),
            and_(Report.state == "running", Report.beat_at < beat_before),
        )
    )
    return [(row.id, row.state) for row in session.execute(statement.order_by(Report.id))]


def filings_to_try(session: Session, failed_before: datetime, queued_before: datetime) -> list[int]:
    """Ids of filed reports that failed, or that lie in no queue though they were handed over, since before then."""
    handed = exists().where(
        Outbox.key == literal(f"{FILING}:") + cast(Report.id, String), Outbox.state == "waiting"
    )
    statement = select(Report.id).where(
        Report.kind == GATE,
        or_(
            and_(Report.state == "failed", Report.finished_at < failed_before),
            and_(Report.state == "queued", Report.beat_at < queued_before, ~handed),
        ),
    )
    return list(session.scalars(statement.order_by(Report.id).limit(PAGE)))


@dataclass(frozen=True, slots=True)
class FiledDossier:
    """The filed dossier of a decided review: where it stands, and what identifies what it shows."""

    review_id: int
    report_id: int
    dossier: int
    state: str
    problem: str
    content_hash: str
    file_digest: str
    pages: int
    size: int
    finished_at: datetime | None


def filed_dossiers(session: Session, review_ids: Iterable[int]) -> dict[int, FiledDossier]:
    """Filed dossiers by their review; reviews that ended without a decision have none."""
    rows = session.execute(
        select(
            Report.review_id, Report.id, Report.params, Report.state, Report.problem, Report.content_hash,
            Report.file_digest, Report.pages, Report.size, Report.finished_at,
        )
        .where(Report.review_id.in_(list(review_ids)))
    ).tuples()  # fmt: skip
    return {
        review: FiledDossier(review, report, int(str(params["dossier"])), *rest)
        for review, report, params, *rest in rows
        if review is not None
    }


def branches_to_choose(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Key and indented name of branches the person may have reported, wholly or in part, as a tree."""
    paths = [grant.path for grant in actor.grants if P.REPORT_MAKE in grant.permissions]
    rows = session.execute(
        select(Branch.key, Branch.name, Branch.path).where(Branch.archived.is_(False)).order_by(Branch.path)
    )
    return [
        (row.key, "\u2003" * (row.path.count("/") - 2) + row.name)
        for row in rows
        if any(row.path.startswith(path) or path.startswith(row.path) for path in paths)
    ]
