"""Operating figures, checks after closing and status reports of a measure, as of a log sequence."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.measures import StagePassage, StatusReport
from govapp.data.report_queries import Row, kept, names_at
from govapp.domain.rules import Rules
from govapp.jobs._gather_branch import colour_of
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.reports.figure_data import CheckShown, KpiShown, StatusReportShown


def kpis_shown(session: Session, seq: int, measure_id: int, rules: Rules, zone: str) -> tuple[KpiShown, ...]:
    """The operating figures with all readings there were."""
    promised = kept(session, seq, "measure_kpi", lambda t: t.c.measure_id == measure_id)
    used = [row["kpi_id"] for row in promised]
    if not used:
        return ()
    figures = {row["id"]: row for row in kept(session, seq, "kpi", lambda t: t.c.id.in_(used))}
    readings = kept(session, seq, "kpi_reading", lambda t: t.c.kpi_id.in_(used))
    stage = rules.stages[-2].key if len(rules.stages) > 1 else ""
    came = session.scalar(
        select(func.max(StagePassage.entered_at)).where(
            StagePassage.measure_id == measure_id,
            StagePassage.stage == stage,
            StagePassage.entered_seq <= seq,
        )
    )
    since = dates.local(came, zone).date() if came else None
    return tuple(
        KpiShown(
            figures[row["kpi_id"]]["name"], figures[row["kpi_id"]]["unit"], figures[row["kpi_id"]]["source"],
            figures[row["kpi_id"]]["better"], row["baseline"], row["target"],
            tuple(sorted((each["month"], each["value"]) for each in readings if each["kpi_id"] == row["kpi_id"])),
            since, row["explanation"], _signed(row, zone),
        )
        for row in promised
    )  # fmt: skip


def _signed(row: Row, zone: str) -> str:
    if row["signed_at"] is None:
        return ""
    return _("%(name)s, %(at)s", name=row["signed_name"], at=dates.moment(row["signed_at"], zone))


def checks_shown(session: Session, seq: int, measure_id: int) -> tuple[CheckShown, ...]:
    """Checks after closing, by their day."""
    rows = kept(session, seq, "sustain_check", lambda t: t.c.measure_id == measure_id)
    rows.sort(key=lambda row: (row["passage_id"], row["due"]))
    return tuple(CheckShown(row["months_after"], row["due"], row["state"]) for row in rows)


def reports_shown(session: Session, seq: int, measure_id: int) -> tuple[StatusReportShown, ...]:
    """Published status reports, the newest month first."""
    rows = session.scalars(
        select(StatusReport)
        .where(StatusReport.measure_id == measure_id, StatusReport.seq <= seq)
        .order_by(StatusReport.month.desc(), StatusReport.number.desc())
    ).all()
    people = names_at(session, seq, {row.person_id for row in rows if row.person_id})
    return tuple(_report(row, people) for row in rows)


def _report(row: StatusReport, people: dict[int, Row]) -> StatusReportShown:
    shown = {kind: colour_of(str(dict(row.shown[kind])["colour"])) for kind in row.shown}  # type: ignore[call-overload]
    name = people[row.person_id]["name"] if row.person_id in people else ""
    return StatusReportShown(
        row.month, row.number, row.text, row.reason, shown.get("implementation", "none"),
        shown.get("potential", "none"), name, row.at,
    )  # fmt: skip
