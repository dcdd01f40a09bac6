"""Figures by month, operating figures and what statuses read, as they stood at a log sequence, for reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.audit import AuditLog
from govapp.data.figure_rows import EXCEPTED, Cells, line_fact
from govapp.data.ledger import CellRuling, PeriodLock
from govapp.data.measures import StagePassage
from govapp.data.report_queries import OrganizationThen, Recorded, chunks, kept
from govapp.data.status_rows import LOOKED, StatusRows, done_on, looked_on
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ConditionFact, KpiFact, LineFact, LookbackFact, Snapshot
from govapp.domain.status import Stone

_EVENTS = sorted({str(event) for events in LOOKED.values() for event in events})


OPEN = ("open", "fulfilled")


@dataclass(slots=True)
class Then:
    """One measure's figures at a moment; `dates` are what computed statuses read beside the snapshot."""

    lines: tuple[LineFact, ...] = ()
    kpis: tuple[KpiFact, ...] = ()
    locked: str = ""
    conditions: tuple[ConditionFact, ...] = ()
    lookbacks: tuple[LookbackFact, ...] = ()
    forecast: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    dates: StatusRows = field(default_factory=StatusRows)

    def within(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with these figures in it, as its gate saw them."""
        return replace(
            snapshot, lines=self.lines, kpis=self.kpis, locked=self.locked, conditions=self.conditions,
            lookbacks=self.lookbacks,
        )  # fmt: skip


def figures_then(
    session: Session, seq: int, organization: OrganizationThen, recorded: Mapping[int, Recorded],
    rules: Mapping[int, Rules],
) -> dict[int, Then]:  # fmt: skip
    """Figures of these measures by id; `rules` by workflow version. Only versions that compute statuses are read."""
    wanted = [
        i for i, each in recorded.items() if rules[each.measure["workflow_version_id"]].statuses is not None
    ]
    locked = session.scalar(
        select(func.max(PeriodLock.month)).where(
            PeriodLock.organization_id == organization.id, PeriodLock.seq <= seq
        )
    )
    newest = f"{locked:%Y-%m}" if locked else ""
    found: dict[int, Then] = {}
    for ids in chunks(wanted):
        cells, kpis = _cells(session, seq, ids), _kpis(session, seq, ids)
        seen, entered = _looked(session, seq, ids), _entered(session, seq, ids)
        stones = _rows(session, seq, "milestone", ids)
        conditions = _rows(session, seq, "condition", ids)
        lookbacks = _rows(session, seq, "lookback", ids)
        for i in ids:
            record = recorded[i]
            measure, own = record.measure, cells.get(i, {})
            frozen = bool(
                record.plan_number and rules[measure["workflow_version_id"]].frozen_in(measure["stage"])
            )
            found[i] = Then(
                lines=tuple(
                    _line(row, own.get(row["id"]) or Cells(), newest, frozen=frozen) for row in record.lines
                ),
                kpis=kpis.get(i, ()),
                locked=newest,
                conditions=tuple(_condition(row) for row in conditions.get(i, ()) if row["state"] in OPEN),
                lookbacks=tuple(
                    LookbackFact(row["id"], row["state"], row["due"], row["into"])
                    for row in lookbacks.get(i, ())
                ),
                forecast={line: {m: a for m, a in each.forecast if m} for line, each in own.items()},
                dates=_dates(organization, measure, stones.get(i, ()), seen.get(i, {}), entered.get(i)),
            )
    return found


def _line(row: Mapping[str, Any], cells: Cells, locked: str, *, frozen: bool) -> LineFact:
    said = [row[name] for name in ("id", "name", "kind", "timing", "category", "currency", "run_rate")]
    return line_fact(said, cells, locked, frozen=frozen)


def _cells(session: Session, seq: int, ids: Sequence[int]) -> dict[int, dict[int, Cells]]:
    """Amounts by measure and line: the draft plan, and the highest version there was by then."""
    columns = ("measure_id", "line_id", "series", "month", "amount", "plan_version", "standing")
    rows = kept(session, seq, "effect_value", lambda t: t.c.measure_id.in_(ids), columns=columns)
    newest: dict[int, int] = {}
    for row in rows:
        newest[row["measure_id"]] = max(newest.get(row["measure_id"], 0), row["plan_version"])
    found: dict[int, dict[int, Cells]] = {}
    for row in sorted(rows, key=lambda row: row["month"] or date.min):
        cells = found.setdefault(row["measure_id"], {}).setdefault(row["line_id"], Cells())
        month = f"{row['month']:%Y-%m}" if row["month"] else ""
        if row["series"] == "actual":
            cells.actual.append((month, row["amount"], row["standing"]))
        elif row["series"] == "plan" and row["plan_version"] == 0:
            cells.draft.append((month, row["amount"]))
        elif row["series"] == "plan" and row["plan_version"] == newest[row["measure_id"]]:
            cells.frozen.append((month, row["amount"]))
        elif row["series"] in {"forecast", "baseline"}:
            getattr(cells, row["series"]).append((month, row["amount"]))
    excepted = select(CellRuling.measure_id, CellRuling.line_id, CellRuling.month).where(
        CellRuling.measure_id.in_(ids), CellRuling.verdict == EXCEPTED, CellRuling.seq <= seq
    )
    for measure, line, day in session.execute(excepted):
        cells = found.setdefault(measure, {}).setdefault(line, Cells())
        cells.excepted.append(f"{day:%Y-%m}" if day else "")
    return found


def _kpis(session: Session, seq: int, ids: Sequence[int]) -> dict[int, tuple[KpiFact, ...]]:
    promised = kept(session, seq, "measure_kpi", lambda t: t.c.measure_id.in_(ids))
    used = sorted({row["kpi_id"] for row in promised})
    if not used:
        return {}
    figures = {row["id"]: row for row in kept(session, seq, "kpi", lambda t: t.c.id.in_(used))}
    readings: dict[int, list[tuple[str, int]]] = {}
    for row in kept(session, seq, "kpi_reading", lambda t: t.c.kpi_id.in_(used)):
        readings.setdefault(row["kpi_id"], []).append((f"{row['month']:%Y-%m}", row["value"]))
    found: dict[int, list[KpiFact]] = {}
    for row in promised:
        kpi = figures[row["kpi_id"]]
        fact = KpiFact(
            row["id"], kpi["name"], kpi["unit"], kpi["source"], kpi["better"], row["baseline"], row["target"],
            tuple(sorted(readings.get(row["kpi_id"], ()))), row["signed_at"] is not None, bool(row["explanation"]),
        )  # fmt: skip
        found.setdefault(row["measure_id"], []).append(fact)
    return {measure: tuple(facts) for measure, facts in found.items()}


def _rows(session: Session, seq: int, name: str, ids: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in kept(session, seq, name, lambda t: t.c.measure_id.in_(ids)):
        found.setdefault(row["measure_id"], []).append(row)
    return found


def _condition(row: Mapping[str, Any]) -> ConditionFact:
    return ConditionFact(
        row["id"], row["state"], row["due"], bool(row["blocking"]), row["owner_id"], row["set_by"]
    )


def _looked(session: Session, seq: int, ids: Sequence[int]) -> dict[int, dict[str, datetime]]:
    """When dates and forecasts had last been touched, by measure and event."""
    rows = session.execute(
        select(AuditLog.measure_id, AuditLog.event, func.max(AuditLog.at))
        .where(AuditLog.measure_id.in_(ids), AuditLog.event.in_(_EVENTS), AuditLog.sequence <= seq)
        .group_by(AuditLog.measure_id, AuditLog.event)
    )
    found: dict[int, dict[str, datetime]] = {}
    for measure, event, at in rows:
        found.setdefault(measure or 0, {})[event] = at
    return found


def _entered(session: Session, seq: int, ids: Sequence[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(StagePassage.measure_id, func.max(StagePassage.entered_at))
        .where(StagePassage.measure_id.in_(ids), StagePassage.entered_seq <= seq)
        .group_by(StagePassage.measure_id)
    )
    return {measure: at for measure, at in rows if at is not None}


def _dates(
    organization: OrganizationThen, measure: Mapping[str, Any], stones: Sequence[Mapping[str, Any]],
    seen: Mapping[str, datetime], entered: datetime | None,
) -> StatusRows:  # fmt: skip
    zone = ZoneInfo(organization.timezone)
    created = measure["created_at"].astimezone(zone).date()
    return StatusRows(
        tuple(
            Stone(
                row["name"], row["plan_date"], row["forecast_date"],
                done_on(row["actual_date"], row["actual_at"], created, zone), bool(row["final"]),
            )
            for row in stones
        ),
        looked_on(seen, entered, created, zone),
        organization.fiscal_month,
    )  # fmt: skip
