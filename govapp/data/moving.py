"""A measure that somebody is about to move and who that is, in one statement: both as they stand after the lock."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from govapp.data.actors import actor_column, actor_in, load_actor, person_at
from govapp.data.locks import lock_measures, neighbours_of
from govapp.data.snapshots import Loaded, by_key, measure_in
from govapp.domain.rights import Actor


@cache
def _with_actor() -> Select[Any]:
    return by_key().add_columns(actor_column().label("actor"))


def load_moving(
    session: Session, key: str, person_id: int, at: datetime, action_key: str
) -> tuple[Loaded | None, Actor | None]:
    """The measure with its neighbours locked, and the active person, as `load_measure` and `load_actor` read them."""
    lock_measures(session, neighbours_of(key))
    asked = {"measure_key": key, "action_key": action_key} | person_at(person_id, at)
    row = session.execute(_with_actor(), asked).first()
    if row is None:
        return None, load_actor(session, person_id, at)
    return measure_in(session, row, datetime.now(UTC)), actor_in(session, row.actor, at)
