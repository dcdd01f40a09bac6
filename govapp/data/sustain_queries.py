"""Reads checks after closing: those of a measure, and those whose day has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.evidence import EvidenceRevision
from govapp.data.kpis import SustainCheck
from govapp.data.measures import Measure
from govapp.data.structure import Organization
from govapp.domain.sustain import DUE


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a measure; `evidence_id` of the proof that settled it."""

    id: int
    months_after: int
    due: date
    state: str
    revision_id: int | None
    evidence_id: int | None


def checks_of(session: Session, measure_id: int) -> tuple[Check, ...]:
    """All checks of a measure, the newest closing first, each by its day."""
    rows = session.execute(
        select(
            SustainCheck.id, SustainCheck.months_after, SustainCheck.due, SustainCheck.state, SustainCheck.revision_id,
            EvidenceRevision.evidence_id,
        )
        .outerjoin(EvidenceRevision, EvidenceRevision.id == SustainCheck.revision_id)
        .where(SustainCheck.measure_id == measure_id)
        .order_by(SustainCheck.passage_id.desc(), SustainCheck.due)
    )  # fmt: skip
    return tuple(Check(*row) for row in rows)


def checks_come_due(session: Session, at: datetime, limit: int) -> Sequence[int]:
    """Measures with a check whose day has come and of which nobody was told, the oldest day first."""
    rows = session.execute(
        select(SustainCheck.measure_id, SustainCheck.due, Organization.timezone)
        .join(Measure, Measure.id == SustainCheck.measure_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .where(
            SustainCheck.state == DUE, SustainCheck.told_at.is_(None),
            SustainCheck.due <= (at + timedelta(days=1)).date(),  # no zone is further ahead
        )
        .order_by(SustainCheck.due, SustainCheck.id)
        .limit(limit)
    ).all()  # fmt: skip
    come = (row.measure_id for row in rows if row.due <= at.astimezone(ZoneInfo(row.timezone)).date())
    return list(dict.fromkeys(come))
