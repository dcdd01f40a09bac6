"""Read queries about people: lists, sessions, parts held."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from govapp.data.measures import Part
from govapp.data.people import Person


def holds_part(session: Session, person_id: int, parts: Sequence[str]) -> bool:
    """True when the person holds one of these parts on some measure."""
    statement = select(exists().where(Part.person_id == person_id, Part.part.in_(parts)))
    return bool(session.scalar(statement))


def anybody(session: Session) -> bool:
    """True when the database has a person; without one the first start guides."""
    return bool(session.scalar(select(exists().where(Person.id.is_not(None)))))
