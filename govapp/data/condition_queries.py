"""Reads conditions and look-backs of a measure with the names of their people."""

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from govapp.data.measures import Measure
from govapp.data.people import Person
from govapp.data.reviews import Condition, Lookback

Rows = tuple[Any, ...]
_CONDITION: tuple[Any, ...] = (
    Condition.id, Condition.wording, Condition.owner_id, Condition.due, Condition.blocking, Condition.state,
    Condition.set_by, Condition.set_at, Condition.fulfilled_by, Condition.fulfilled_at, Condition.fulfilled_note,
    Condition.confirmed_at, Condition.review_id, Condition.version,
)  # fmt: skip
_LOOKBACK: tuple[Any, ...] = (
    Lookback.id, Lookback.into, Lookback.reason, Lookback.incident, Lookback.informed, Lookback.debts, Lookback.due,
    Lookback.state, Lookback.set_by, Lookback.set_at, Lookback.accepted_at,
)  # fmt: skip


@cache
def _conditions() -> Select[Any]:
    owner, setter, doer, confirmed = (aliased(Person) for _ in range(4))
    return (
        select(
            *_CONDITION, owner.name.label("owner"), setter.name.label("setter"), setter.active.label("setter_active"),
            doer.name.label("fulfiller"), confirmed.name.label("confirmed_name"),
        )
        .join(owner, owner.id == Condition.owner_id)
        .join(setter, setter.id == Condition.set_by)
        .outerjoin(doer, doer.id == Condition.fulfilled_by)
        .outerjoin(confirmed, confirmed.id == Condition.confirmed_by)
        .where(Condition.measure_id == bindparam("measure"))
        .order_by(Condition.state.in_(("confirmed", "lifted")), Condition.due, Condition.id)
    )  # fmt: skip


def conditions(session: Session, measure_id: int) -> Rows:
    """Conditions of a measure, those not settled first, by their day."""
    return tuple(session.execute(_conditions(), {"measure": measure_id}).all())


@cache
def _lookbacks() -> Select[Any]:
    setter = aliased(Person)
    return (
        select(*_LOOKBACK, setter.name.label("setter"))
        .join(setter, setter.id == Lookback.set_by)
        .where(Lookback.measure_id == bindparam("measure"))
        .order_by(Lookback.id.desc())
    )  # fmt: skip


def lookbacks(session: Session, measure_id: int) -> Rows:
    """Look-backs of a measure, the newest first."""
    return tuple(session.execute(_lookbacks(), {"measure": measure_id}).all())


def measure_of_condition(session: Session, condition_id: int) -> str | None:
    """The key of the measure a condition belongs to."""
    mine = Condition.id == condition_id
    return session.scalar(select(Measure.key).join(Condition, Condition.measure_id == Measure.id).where(mine))
