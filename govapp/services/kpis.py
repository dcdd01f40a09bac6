"""Operating figures: what they are, and what measures promise of them. Readings: `readings.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.kpis import Kpi, MeasureKpi
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.kpis import clean_figure, promise_fault, units_of
from govapp.domain.permissions import Permission
from govapp.services._belongs import _locked_for, _same_version, _settle_again, _where, changes_of
from govapp.services._figures import (
    _forget_signatures,
    _is_closed,
    _locked_figure,
    _promise,
    _settle_all,
    _unsign,
    figure_right,
    shown,
)
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work

P = Permission
FIGURE = ("name", "unit", "source", "service", "better")
_PROMISE = ("baseline", "target")


@dataclass(frozen=True, slots=True)
class SetKpi:
    """Add a figure to an organization (its key), or change one (`kpi_id`). `better`: lower or higher."""

    origin: Origin
    name: str
    unit: str
    source: str
    better: str
    service: str = ""
    organization: str = ""
    kpi_id: int | None = None
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class SetMeasureKpi:
    """Judge a measure by a figure: one that is there (`kpi_id`), or a new one; with baseline and target in its unit.

    With `promise_id` baseline and target of one that it has are changed.
    """

    key: str
    origin: Origin
    baseline: Decimal | None = None
    target: Decimal | None = None
    kpi_id: int | None = None
    name: str = ""
    unit: str = ""
    source: str = ""
    better: str = "lower"
    promise_id: int | None = None
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class RemoveMeasureKpi:
    """A measure is judged by this figure no longer; the figure and its readings stay."""

    key: str
    promise_id: int
    origin: Origin
    action_key: str = ""


def set_kpi(command: SetKpi) -> int:
    """Add or change a figure; returns its id.

    Needs kpi:edit on a measure it judges, or by a role that edits any measure. Raises NotFound, Refused, Stale,
    KeyReused, Invalid by field.
    """
    return int(writing_once(command, lambda work: {"id": _set_kpi(work, command).id})["id"])


def _set_kpi(work: Work, command: SetKpi) -> Kpi:
    values, faults = clean_figure({name: getattr(command, name) for name in FIGURE})
    if command.kpi_id is None:
        root = work.session.scalar(
            select(Branch).where(Branch.key == command.organization, Branch.parent_id.is_(None))
        )
        if root is None:
            raise NotFound("not_found")
        right = figure_right(work.actor, root, ())
        if faults:
            raise Invalid("kpi_invalid", faults)
        return _new_figure(work, root.organization_id, values, right, branch_id=root.id)
    figure = _locked_figure(work, command.kpi_id)
    if faults:
        raise Invalid("kpi_invalid", faults)
    _same_version(command.seen_version, figure.row.version, "stale_row")
    before = {name: getattr(figure.row, name) for name in FIGURE}
    changed = changes_of(before, values)
    if changed:
        for name, value in values.items():
            setattr(figure.row, name, value)
        figure.row.version += 1
        if {"better", "unit"} & changed.keys():
            _forget_signatures(work, figure)
        work.log(
            Event.KPI_SET, {"kpi": figure.row.id, "name": figure.row.name, "changes": changed}, right=figure.right,
            object_type="kpi", object_id=str(figure.row.id),
        )  # fmt: skip
        _settle_all(work, figure.measures)
    return figure.row


def _new_figure(work: Work, organization_id: int, values: Mapping[str, Any], right: str, **where: Any) -> Kpi:
    taken = set(work.session.scalars(select(Kpi.key).where(Kpi.organization_id == organization_id)))
    row = Kpi(organization_id=organization_id, key=_key_for(values["name"], taken), version=1, **values)
    work.session.add(row)
    work.session.flush()
    said = {"kpi": row.id, "name": row.name, "changes": changes_of({}, dict(values))}
    work.log(Event.KPI_SET, said, made=(row,), right=right, object_type="kpi", object_id=str(row.id), **where)
    return row


def _key_for(name: str, taken: set[str]) -> str:
    """A key made of the name's letters and digits, numbered where it is taken."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name.casefold()).split()
    key = "-".join(words)[:60] or "figure"
    return next(
        each for n in range(1, len(taken) + 2) if (each := key if n == 1 else f"{key}-{n}") not in taken
    )


def set_measure_kpi(command: SetMeasureKpi) -> int:
    """Let a measure be judged by a figure; returns the id of what it promises. Needs kpi:edit on the measure.

    Another baseline or target takes the signature from an explanation. Raises NotFound, Refused, Stale, KeyReused,
    Invalid by field (target_worse: the target lies on the wrong side of the baseline).
    """
    return int(writing_once(command, lambda work: {"id": _set_measure_kpi(work, command).id})["id"])


def _set_measure_kpi(work: Work, command: SetMeasureKpi) -> MeasureKpi:
    loaded, right = _locked_for(work, command.key, P.KPI_EDIT)
    faults: dict[str, list[str]] = {}
    values = {name: units_of(getattr(command, name), faults, name) for name in _PROMISE}
    row = None if command.promise_id is None else _promise(work, loaded, command.promise_id)
    if row is not None:
        _same_version(command.seen_version, row.version, "stale_row")
        if _is_closed(loaded):
            raise Refused("kpi_of_closed")
        kpi: Kpi | None = work.session.get_one(Kpi, row.kpi_id)
    else:
        kpi = _figure_for(work, loaded, command, right, faults)
    if kpi is not None and (fault := promise_fault(kpi.better, values["baseline"], values["target"])):
        faults["target"] = [fault]
    if faults or kpi is None:
        raise Invalid("kpi_invalid", faults)
    before = {name: getattr(row, name) for name in _PROMISE} if row else {}
    if row is None:
        row = MeasureKpi(measure_id=loaded.measure.id, kpi_id=kpi.id, version=0)
        work.session.add(row)
    elif not changes_of(before, values):
        return row
    else:
        _unsign(work, loaded, row, kpi.name, right)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    work.session.flush()
    told = {name: shown(value) for name, value in values.items()}
    said = {
        "kpi": kpi.id, "name": kpi.name, "unit": kpi.unit,
        "changes": changes_of({name: shown(value) for name, value in before.items()}, told),
    }  # fmt: skip
    work.log(
        Event.MEASURE_KPI_SET, said, right=right, object_type="kpi", object_id=str(kpi.id), **_where(loaded)
    )
    _settle_again(work, loaded.measure.id)
    return row


def _figure_for(
    work: Work, loaded: Loaded, command: SetMeasureKpi, right: str, faults: dict[str, list[str]]
) -> Kpi | None:
    """The figure that is named and not used yet, or a new one; None with the fault noted."""
    organization = loaded.measure.organization_id
    if command.kpi_id is None:
        values, found = clean_figure({name: getattr(command, name, "") for name in FIGURE})
        faults |= found
        return None if faults else _new_figure(work, organization, values, right, **_where(loaded))
    row = work.session.get(Kpi, command.kpi_id)
    same = select(MeasureKpi.id).where(
        MeasureKpi.measure_id == loaded.measure.id, MeasureKpi.kpi_id == command.kpi_id
    )
    if row is None or row.organization_id != organization:
        faults["kpi_id"] = ["unknown_choice"]
    elif work.session.scalar(same) is not None:
        faults["kpi_id"] = ["kpi_twice"]
    return row


def remove_measure_kpi(command: RemoveMeasureKpi) -> None:
    """Take a figure off a measure. Needs kpi:edit on it. Raises NotFound, Refused, KeyReused."""
    writing_once(command, lambda work: _remove(work, command))


def _remove(work: Work, command: RemoveMeasureKpi) -> None:
    loaded, right = _locked_for(work, command.key, P.KPI_EDIT)
    row = _promise(work, loaded, command.promise_id)
    if _is_closed(loaded):
        raise Refused("kpi_of_closed")
    kpi = work.session.get_one(Kpi, row.kpi_id)
    work.session.delete(row)
    said = {"kpi": kpi.id, "name": kpi.name, "changes": {"removed": [False, True]}}
    work.log(
        Event.MEASURE_KPI_SET, said, right=right, object_type="kpi", object_id=str(kpi.id), **_where(loaded)
    )
    _settle_again(work, loaded.measure.id)
