"""The plan of a measure: milestones, and dependencies on other measures."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from govapp.data.finance import EffectLine
from govapp.data.grid_queries import day_of
from govapp.data.measure_queries import in_short, key_of, readable_by, way_between
from govapp.data.measures import Dependency, Measure, Milestone
from govapp.data.snapshots import Loaded, place_of
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.measures import NAME, SHORT, date_fault, plan_date_fault, text_fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import right_of
from govapp.services._belongs import (
    _is_active,
    _locked_for,
    _same_version,
    _settle_again,
    _where,
    changes_of,
    plain,
)
from govapp.services._keys import consume, consumed
from govapp.services._shifts import Shift, _shift_forecasts
from govapp.services._work import Origin, Work, writing

_DAYS = ("plan_date", "forecast_date", "actual_date")


@dataclass(frozen=True, slots=True)
class SetMilestone:
    """Add a milestone (no id) or change one. A milestone is done when it has an actual date."""

    key: str
    name: str
    origin: Origin
    owner_id: int | None = None
    plan_date: date | None = None
    forecast_date: date | None = None
    actual_date: date | None = None
    final: bool = False
    milestone_id: int | None = None
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class RemoveMilestone:
    """Remove a milestone that is not done."""

    key: str
    milestone_id: int
    origin: Origin
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class AddDependency:
    """This measure needs another one to have reached a stage."""

    key: str
    on_key: str
    stage: str
    origin: Origin
    note: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class RemoveDependency:
    """Take a dependency back."""

    key: str
    dependency_id: int
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class MilestoneSaved:
    """The milestone's id, and what moved with it."""

    id: int
    shift: Shift


def set_milestone(command: SetMilestone) -> int:
    """As `save_milestone`; returns the milestone's id."""
    return save_milestone(command).id


def save_milestone(command: SetMilestone) -> MilestoneSaved:
    """Add or change a milestone; the first plan date is kept for good. The forecast of lines that start with it moves.

    Raises NotFound, Refused, Stale, KeyReused, and Invalid with codes by field (an actual date ahead: date_ahead; a
    later plan date of what is done or frozen: plan_date_stands).
    """
    return writing(command.origin, lambda work: _save_milestone(work, command), action_key=command.action_key)


def _save_milestone(work: Work, command: SetMilestone) -> MilestoneSaved:
    loaded, right = _locked_for(work, command.key, Permission.MILESTONE_EDIT)
    values = {name: getattr(command, name) for name in ("name", "owner_id", *_DAYS, "final")}
    body = ["milestone", command.key, command.milestone_id, plain(values), command.seen_version]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return MilestoneSaved(int(earlier["id"]), Shift(earlier["months"], earlier["lines"]))
    row = _milestone(work, loaded, command.milestone_id)
    before = None
    if row is not None:
        _same_version(command.seen_version, row.version, "stale_row")
        before = day_of(row)
    row = _set_milestone(work, loaded, row, values, right)
    shift = _shift_forecasts(work, loaded, row, before, right)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id, "months": shift.months, "lines": shift.lines})
    return MilestoneSaved(row.id, shift)


def _milestone(work: Work, loaded: Loaded, milestone_id: int | None) -> Milestone | None:
    if milestone_id is None:
        return None
    row = work.session.get(Milestone, milestone_id)
    if row is None or row.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    return row


def _set_milestone(
    work: Work, loaded: Loaded, row: Milestone | None, values: dict[str, Any], right: str
) -> Milestone:
    """Check and store a milestone and log old and new. The caller settles."""
    values = {**values, "name": values["name"].strip()}
    faults = _milestone_faults(work, loaded, row, values)
    if faults:
        raise Invalid("milestone_invalid", faults)
    names = ("name", "owner_id", *_DAYS, "final")
    before = {name: getattr(row, name) for name in names} if row else {}
    if row is None:
        row = Milestone(measure_id=loaded.measure.id, version=0)
        work.session.add(row)
    changed = changes_of(before, values)
    if not changed:
        return row
    for name in names:
        setattr(row, name, values[name])
    row.first_plan_date = row.first_plan_date or row.plan_date
    if "actual_date" in changed:
        row.actual_at = work.at if row.actual_date else None
    row.version += 1
    work.session.flush()
    if row.final:
        _only_final(work, loaded, row)
    work.log(
        Event.MILESTONE_CHANGED,
        {"milestone": row.id, "name": row.name, "what": "changed" if before else "added", "changes": changed},
        right=right, object_type="milestone", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row


def _only_final(work: Work, loaded: Loaded, final: Milestone) -> None:
    """A measure has one final milestone: an earlier one steps back."""
    others = select(Milestone).where(
        Milestone.measure_id == loaded.measure.id, Milestone.final, Milestone.id != final.id
    )
    for other in work.session.scalars(others):
        other.final = False
        other.version += 1


def _milestone_faults(
    work: Work, loaded: Loaded, row: Milestone | None, values: dict[str, Any]
) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    name_fault = "required" if not values["name"] else text_fault(values["name"], SHORT)
    if name_fault:
        faults["name"] = [name_fault]
    if not _is_active(work, values["owner_id"]):
        faults["owner_id"] = ["person_unknown"]
    for day in _DAYS:
        if fault := date_fault(values[day]):
            faults[day] = [fault]
    if row is not None and "plan_date" not in faults:
        stands = row.actual_date is not None or loaded.rules.frozen_in(loaded.snapshot.stage) is not None
        if fault := plan_date_fault(row.plan_date, values["plan_date"], stands=stands):
            faults["plan_date"] = [fault]
    actual = values["actual_date"]
    if actual is not None and actual > work.today(loaded.timezone):
        faults["actual_date"] = ["date_ahead"]
    return faults


def remove_milestone(command: RemoveMilestone) -> None:
    """Remove a milestone; one that is done, or that effect lines start with, stays.

    Raises NotFound, Refused, Stale, KeyReused, Invalid (milestone_done, milestone_starts_lines).
    """
    writing(command.origin, lambda work: _remove_milestone(work, command), action_key=command.action_key)


def _remove_milestone(work: Work, command: RemoveMilestone) -> None:
    loaded, right = _locked_for(work, command.key, Permission.MILESTONE_EDIT)
    body = ["milestone-removed", command.key, command.milestone_id]
    if consumed(work, command.action_key, body) is not None:
        return
    row = _milestone(work, loaded, command.milestone_id)
    if row is None:
        raise NotFound("not_found")
    _same_version(command.seen_version, row.version, "stale_row")
    if row.actual_date is not None:
        raise Invalid("milestone_done")
    if work.session.scalar(select(EffectLine.id).where(EffectLine.start_milestone_id == row.id).limit(1)):
        raise Invalid("milestone_starts_lines")
    work.log(
        Event.MILESTONE_CHANGED, {"milestone": row.id, "name": row.name, "what": "removed", "changes": {}},
        right=right, object_type="milestone", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    work.session.delete(row)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})


def add_dependency(command: AddDependency) -> int:
    """Add a dependency; returns its id. A declaration that there are none is taken back with it.

    Raises NotFound, Refused, KeyReused, and Invalid: predecessor_unknown, predecessor_itself, predecessor_twice,
    predecessor_elsewhere (another organization), dependency_cycle (`values['way']` names the keys), unknown_choice.
    """
    return writing(
        command.origin, lambda work: _add_dependency_verb(work, command), action_key=command.action_key
    )


def _add_dependency_verb(work: Work, command: AddDependency) -> int:
    loaded, right = _locked_for(work, command.key, Permission.DEPENDENCY_EDIT)
    body = ["dependency", command.key, command.on_key, command.stage, command.note]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    row = _add_dependency(work, loaded, command.on_key, command.stage, command.note, right)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id


def _add_dependency(work: Work, loaded: Loaded, on_key: str, stage: str, note: str, right: str) -> Dependency:
    """Check and store a dependency; the caller settles. The organization's row is locked, so no two make a circle."""
    work.session.get_one(Organization, loaded.measure.organization_id, with_for_update=True)
    measure = loaded.measure
    on = in_short(work.session, on_key.strip().upper())
    place = place_of(work.session, on.id) if on else None
    if on is None or place is None or right_of(work.actor, Permission.MEASURE_VIEW, place) is None:
        raise Invalid("dependency_invalid", {"on_key": ["predecessor_unknown"]})
    fault = "predecessor_itself" if on.id == measure.id else ""
    if on.organization_id != measure.organization_id:
        fault = "predecessor_elsewhere"
    if work.session.scalar(
        select(Dependency.id).where(Dependency.measure_id == measure.id, Dependency.on_measure_id == on.id)
    ):
        fault = "predecessor_twice"
    if fault:
        raise Invalid("dependency_invalid", {"on_key": [fault]})
    if stage not in loaded.rules.order:
        raise Invalid("dependency_invalid", {"stage": ["unknown_choice"]})
    if text_fault(note, NAME):
        raise Invalid("dependency_invalid", {"note": [text_fault(note, NAME)]})
    way = way_between(work.session, on.id, measure.id)
    if way:
        said = [measure.key, *_as_read_by(work, way)]
        raise Invalid("dependency_invalid", {"on_key": ["dependency_cycle"]}, way=said)
    row = Dependency(measure_id=measure.id, on_measure_id=on.id, stage=stage, note=note.strip(), version=1)
    work.session.add(row)
    work.session.flush()
    if measure.no_dependencies_declared:
        measure.no_dependencies_declared = False
        measure.version += 1
    work.log(
        Event.DEPENDENCY_CHANGED, {"what": "added", "on": on.key, "stage": stage, "note": row.note},
        right=right, object_type="dependency", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row


def _as_read_by(work: Work, way: list[str]) -> list[str]:
    """The keys on a way; those of measures the actor may not read are left open."""
    known = set(
        work.session.scalars(select(Measure.key).where(Measure.key.in_(way), readable_by(work.actor)))
    )
    return [key if key in known else "…" for key in way]


def remove_dependency(command: RemoveDependency) -> None:
    """Take a dependency back. Raises NotFound, Refused, KeyReused."""
    writing(command.origin, lambda work: _remove_dependency(work, command), action_key=command.action_key)


def _remove_dependency(work: Work, command: RemoveDependency) -> None:
    loaded, right = _locked_for(work, command.key, Permission.DEPENDENCY_EDIT)
    body = ["dependency-removed", command.key, command.dependency_id]
    if consumed(work, command.action_key, body) is not None:
        return
    row = work.session.get(Dependency, command.dependency_id)
    if row is None or row.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    work.log(
        Event.DEPENDENCY_CHANGED,
        {
            "what": "removed",
            "on": key_of(work.session, row.on_measure_id),
            "stage": row.stage,
            "note": row.note,
        },
        right=right,
        object_type="dependency",
        object_id=str(row.id),
        **_where(loaded),
    )
    work.session.delete(row)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})
