"""Status reports: what was true of a measure in a month, said once. A correction is the next number, with reason."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.measures import StatusReport
from govapp.data.snapshots import Loaded
from govapp.data.status_report_queries import newest_number, stones_of, year_figures
from govapp.domain.errors import Invalid, Stale
from govapp.domain.events import Event
from govapp.domain.measures import STATUS_KINDS
from govapp.domain.permissions import Permission
from govapp.domain.status import fiscal_year
from govapp.domain.status_reports import report_faults
from govapp.services._belongs import _locked_for, _where
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work


@dataclass(frozen=True, slots=True)
class PublishReport:
    """Publish the report of a month (any day of it). `seen_number`: the newest of that month that was shown, else 0."""

    key: str
    month: date
    text: str
    origin: Origin
    reason: str = ""
    seen_number: int = 0
    action_key: str = ""


def publish_report(command: PublishReport) -> int:
    """Keep the report with statuses, figures of the year and milestones as they are now; returns its number.

    Nobody ever changes it. Needs measure:declare-status. Raises NotFound, Refused, KeyReused, Stale when the month has
    a report that was not seen, and Invalid by field: month_ahead, required, too_long, correction_reason.
    """
    return int(writing_once(command, lambda work: {"number": _publish(work, command)})["number"])


def _publish(work: Work, command: PublishReport) -> int:
    loaded, right = _locked_for(work, command.key, Permission.MEASURE_DECLARE_STATUS)
    month, today = command.month.replace(day=1), work.today(loaded.timezone)
    newest = newest_number(work.session, loaded.measure.id, month)
    text, reason = command.text.replace("\r\n", "\n").strip(), command.reason.strip()
    if faults := report_faults(month, text, reason, newest + 1, today):
        raise Invalid("status_report_invalid", faults)
    if command.seen_number != newest:
        raise Stale("report_published", number=newest)
    said = content_of(work.session, loaded, month)
    same = select(StatusReport.id).where(
        StatusReport.measure_id == loaded.measure.id,
        StatusReport.month == month,
        StatusReport.number == newest,
    )
    row = StatusReport(
        measure_id=loaded.measure.id, month=month, number=newest + 1, corrects_id=work.session.scalar(same), text=text,
        reason=reason, person_id=work.actor.id, on_behalf_of=work.on_behalf_of, right_used=right, at=work.at, **said,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    work.log(
        Event.STATUS_PUBLISHED,
        {"month": month.isoformat(), "number": row.number, "reason": reason,
         "shown": {kind: each["colour"] for kind, each in said["shown"].items()}},
        made=(row,), right=right, object_type="status_report", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row.number


def content_of(session: Session, loaded: Loaded, month: date) -> dict[str, Any]:
    """What a report of the month bears beside its text: statuses, figures of its fiscal year, milestones.

    Also what the form shows before it is published.
    """
    card = loaded.card
    first = loaded.dates.fiscal_month
    year = int(fiscal_year(f"{month:%Y-%m}", first)[0][:4])
    saving = loaded.rules.effects.saving_kinds
    shown = {
        kind: {"colour": getattr(card, kind) if card else "none", "declared": _declared(loaded, kind)}
        for kind in STATUS_KINDS
    }
    figures = {
        "year": year,
        "fiscal_month": first,
        "amounts": year_figures(session, loaded.measure.id, year, saving),
        "stage": loaded.snapshot.stage,
        "milestones": stones_of(session, loaded.measure.id),
    }
    return {"computed": dict(card.computed) if card else {}, "shown": shown, "figures": figures}


def _declared(loaded: Loaded, kind: str) -> dict[str, Any] | None:
    said = loaded.declared.get(kind)
    return (
        None
        if said is None
        else {"colour": said.colour, "until": said.until.isoformat() if said.until else None}
    )
