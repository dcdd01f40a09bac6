"""Readings of operating figures by month: entered, pasted or from a file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.kpis import KpiReading
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.kpis import units_of, value_of
from govapp.domain.measures import NAME, text_fault
from govapp.domain.permissions import Permission
from govapp.services._belongs import _where, plain
from govapp.services._figures import Figure, _forget_signatures, _locked_figure, _settle_all, shown
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work


@dataclass(frozen=True, slots=True)
class SetReadings:
    """Readings of a figure by month (any day of it), in its unit; None takes a month back.

    `seen`: what was shown of these months; where that has changed meanwhile nothing is saved. `imported` says that they
    come from a file, which needs kpi:import. `key`: the measure on whose page they were entered.
    """

    kpi_id: int
    months: Mapping[date, Decimal | None]
    origin: Origin
    source: str = ""
    seen: Mapping[date, Decimal | None] | None = None
    imported: bool = False
    key: str = ""
    action_key: str = ""


def set_readings(command: SetReadings) -> int:
    """Keep readings of a figure; returns how many months changed. Explanations of open measures lose their signature.

    Needs kpi:edit on a measure it judges, or by a role that edits any measure; from a file kpi:import as well. Raises
    NotFound, Refused, KeyReused, Stale (readings_changed, with the months) and Invalid by month (YYYY-MM).
    """
    return int(
        writing_once(command, lambda work: {"changed": _set_readings(work, command)}, body=_asked(command))[
            "changed"
        ]
    )


def _asked(command: SetReadings) -> list[Any]:
    months = sorted((day.isoformat(), plain(value)) for day, value in command.months.items())
    return [command.kpi_id, months, command.source, command.imported, command.key]


def _set_readings(work: Work, command: SetReadings) -> int:
    figure = _locked_figure(work, command.kpi_id)
    if command.imported and not _may_import(work, figure):
        raise Refused("no_right", permission=str(Permission.KPI_IMPORT))
    given = _checked(work, figure, command)
    held = {row.month: row for row in _readings(work, figure.row.id, given)}
    _same_readings(held, command.seen)
    changes: dict[str, list[str]] = {}
    for month, units in sorted(given.items()):
        row = held.get(month)
        if units == (row.value if row else None):
            continue
        changes[month.isoformat()[:7]] = [shown(row.value if row else None), shown(units)]
        _write(work, figure.row.id, month, units, row, command.source.strip())
    if changes:
        _forget_signatures(work, figure)
        here = next((each for each in figure.measures if each.measure.key == command.key), None)
        said = {"kpi": figure.row.id, "name": figure.row.name, "unit": figure.row.unit, "months": changes,
                "imported": command.imported, "source": command.source.strip()}  # fmt: skip
        work.log(
            Event.KPI_READ, said, right=figure.right, object_type="kpi", object_id=str(figure.row.id),
            **(_where(here) if here else {}),
        )  # fmt: skip
        _settle_all(work, figure.measures)
    return len(changes)


def _checked(work: Work, figure: Figure, command: SetReadings) -> dict[date, int | None]:
    """Values by the first day of their months; every fault by month, in one answer."""
    faults: dict[str, list[str]] = {}
    zones = [each.timezone for each in figure.measures]
    newest = work.today(zones[0] if zones else "UTC").replace(day=1)
    given: dict[date, int | None] = {}
    for day, value in command.months.items():
        month = day.replace(day=1)
        given[month] = units_of(value, faults, month.isoformat()[:7])
        if month > newest:
            faults[month.isoformat()[:7]] = ["month_ahead"]
    if fault := text_fault(command.source, NAME):
        faults["source"] = [fault]
    if faults:
        raise Invalid("readings_invalid", faults)
    return given


def _readings(work: Work, kpi_id: int, months: Iterable[date]) -> Sequence[KpiReading]:
    return work.session.scalars(
        select(KpiReading).where(KpiReading.kpi_id == kpi_id, KpiReading.month.in_(list(months)))
    ).all()


def _same_readings(held: Mapping[date, KpiReading], seen: Mapping[date, Decimal | None] | None) -> None:
    """Raise Stale with both values of every month that somebody else has changed meanwhile."""
    now = {month: value_of(row.value) for month, row in held.items()}
    shown = {day.replace(day=1): value for day, value in (seen or {}).items()}
    other = {month: [value, now.get(month)] for month, value in shown.items() if now.get(month) != value}
    if other:
        raise Stale(
            "readings_changed", months={month.isoformat()[:7]: plain(both) for month, both in other.items()}
        )


def _write(
    work: Work, kpi_id: int, month: date, units: int | None, row: KpiReading | None, source: str
) -> None:
    if units is None:
        if row is not None:
            work.session.delete(row)
        return
    if row is None:
        row = KpiReading(kpi_id=kpi_id, month=month, version=0)
        work.session.add(row)
    row.value, row.source, row.person_id, row.at = units, source, work.actor.id, work.at
    row.version += 1


def _may_import(work: Work, figure: Figure) -> bool:
    grants = (each for each in work.actor.grants if each.path.startswith(figure.root))
    return work.actor.is_system or any(Permission.KPI_IMPORT in each.permissions for each in grants)
