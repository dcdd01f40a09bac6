"""Working time that the steps of reviews had taken at a past moment, by the calendars of then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.calendars import WaitingSpan
from govapp.data.report_queries import Recorded, chunks, kept
from govapp.data.working_calendars import NAMING, Calendars, calendar_of, plain_calendar
from govapp.domain.clocks import Waited, worked_of
from govapp.domain.working_time import Calendar, working_hours

_CENT = 100


@dataclass(frozen=True, slots=True)
class ClocksThen:
    """The clocks of some measures at a moment: their calendars, and the stretches of each step."""

    at: datetime
    calendars: Mapping[int, Calendar]
    spans: Mapping[int, tuple[Waited, ...]]

    def worked(self, measure_id: int, step_id: int, since: datetime | None) -> Decimal | None:
        """Working hours a step had run since it opened, without holds; None for one that had not."""
        if since is None:
            return None
        calendar = self.calendars[measure_id]
        own = [span for span in self.spans.get(step_id, ()) if span.from_at >= since]
        if not own:  # of a time before stretches were kept
            return _rounded(working_hours(calendar, since, self.at))
        return _rounded(worked_of(calendar, own, self.at) / timedelta(hours=1))


def _rounded(hours: float) -> Decimal:
    """Cut to the hundredth: a report holds no float."""
    return Decimal(int(hours * _CENT)) / _CENT


def clocks_then(
    session: Session, seq: int, at: datetime, organization_id: int, zone: str, recorded: Iterable[Recorded]
) -> ClocksThen:
    """The clocks of these measures as they stood; four statements, and one more for every 500 measures."""
    measures = {each.measure["id"]: each.measure for each in recorded}
    known = _calendars(session, seq, organization_id, zone)
    spans: dict[int, list[Waited]] = {}
    for ids in chunks(list(measures)):
        rows = session.scalars(
            select(WaitingSpan)
            .where(
                WaitingSpan.measure_id.in_(ids), WaitingSpan.step_id.is_not(None), WaitingSpan.from_at <= at
            )
            .order_by(WaitingSpan.id)
        )
        for row in rows:
            span = Waited(row.step_id, row.party, row.paused, row.from_at, row.until_at)
            spans.setdefault(row.step_id or 0, []).append(span)
    calendars = {i: known.of(row["legal_entity"], row["business_unit"]) for i, row in measures.items()}
    return ClocksThen(at, calendars, {step: tuple(rows) for step, rows in spans.items()})


def _calendars(session: Session, seq: int, organization_id: int, zone: str) -> Calendars:
    rows = kept(session, seq, "calendar", lambda t: t.c.organization_id == organization_id)
    entries = kept(
        session,
        seq,
        "choice",
        lambda t: t.c.organization_id == organization_id,
        lambda t: t.c.list.in_(NAMING),
    )
    found, standard = {}, plain_calendar(zone)
    for row in rows:
        lists = (tuple(row[name]) for name in ("days", "hours", "closed"))
        found[row["key"]] = calendar_of(
            row["key"], row["timezone"], *lists, row["country"], row["subdivision"]
        )
        if row["standard"]:
            standard = found[row["key"]]
    named = {(row["list"], row["key"]): str((row["details"] or {}).get("calendar", "")) for row in entries}
    return Calendars(standard, found, named)
