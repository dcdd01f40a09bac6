"""Row locks on measures, in order of id (architecture.md, Transactions). SQLite has one writer and needs none."""

from sqlalchemy import ColumnElement, select, union_all
from sqlalchemy.orm import Session

from govapp.data.measures import Dependency, Measure


def lock_measures(session: Session, which: ColumnElement[bool]) -> None:
    """Lock rows in order of id, in a statement of its own before that of the snapshot.

    PostgreSQL does not read a statement's other tables again after waiting for a lock: votes would be missing.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(Measure.id).where(which).order_by(Measure.id).with_for_update())


def neighbours_of(key: str) -> ColumnElement[bool]:
    """Clause: the measure of this key, those it depends on and those that depend on it."""
    own = select(Measure.id).where(Measure.key == key)
    on, by = Dependency.on_measure_id, Dependency.measure_id
    ids = union_all(own, select(on).where(by.in_(own)), select(by).where(on.in_(own)))
    return Measure.id.in_(ids)
