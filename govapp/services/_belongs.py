"""What verbs on things that belong to a measure share: the locked row, its log place, people, settling again."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.people import Person
from govapp.data.snapshots import Loaded, load_measure, load_measures
from govapp.domain.errors import NotFound, Refused, Stale
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.services._keys import replays
from govapp.services._settle import settle
from govapp.services._work import Work

CANCELLED = "cancelled"


def visible(work: Work, key: str, *, moves: bool = False) -> Loaded:
    """The measure, its row locked; where it `moves`, those that a gate reads and those that wait for it as well.

    Raises NotFound when there is none or the actor may not know of it, Refused when it is archived.
    """
    loaded, work.moving = work.moving, None
    if loaded is None or loaded.measure.key != key:
        loaded = load_measure(work.session, key, lock=True, neighbours=moves, action_key=work.action_key)
    if loaded is None:
        raise NotFound("not_found")
    work.keys[work.action_key] = loaded.key_row
    may(work.actor, Permission.MEASURE_VIEW, loaded.place)
    if loaded.measure.archived and not replays(work):
        raise Refused("measure_archived")
    return loaded


def _locked_for(work: Work, key: str, permission: Permission) -> tuple[Loaded, str]:
    """The measure as `visible` gives it, and the right used. Raises Refused without the right and when cancelled."""
    loaded = visible(work, key)
    right = may(work.actor, permission, loaded.place)
    _refuse_cancelled(work, loaded)
    return loaded, right


def _refuse_cancelled(work: Work, loaded: Loaded) -> None:
    if loaded.snapshot.state == CANCELLED and not replays(work):
        raise Refused("measure_cancelled")


def _same_version(seen: int | None, version: int, code: str, **values: Any) -> None:
    """Raise Stale when another version was seen."""
    if seen is not None and seen != version:
        raise Stale(code, seen=seen, version=version, **values)


def _where(loaded: Loaded) -> dict[str, Any]:
    """Measure and branch for a log row."""
    return {"measure_id": loaded.measure.id, "branch_id": loaded.measure.branch_id}


def _settle_again(work: Work, measure_id: int) -> Loaded:
    """Write what was changed, read the measure anew and draw the consequences."""
    work.session.flush()
    fresh = load_measures(work.session, [measure_id])
    settle(work, fresh)
    return fresh[0]


def _is_active(work: Work, person_id: int | None) -> bool:
    """True for nobody and for an active person."""
    if person_id is None:
        return True
    return (
        work.session.scalar(select(Person.id).where(Person.id == person_id, Person.active.is_(True)))
        is not None
    )


def plain(value: Any) -> Any:
    """A value as the log and action keys keep it: days in ISO form, amounts as text, no sets."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value


def changes_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Old and new of every value that differs."""
    return {
        name: [plain(before.get(name)), plain(value)]
        for name, value in after.items()
        if before.get(name) != value
    }
