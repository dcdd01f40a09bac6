"""Notices are marked as read by the person they are for."""

from dataclasses import dataclass

from sqlalchemy import update

from govapp.data.notices import Notice
from govapp.services._work import Origin, Work, writing


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Mark one's own notices as read: these, or all up to a number."""

    origin: Origin
    notices: tuple[int, ...] = ()
    up_to: int | None = None


def mark_read(command: MarkRead) -> int:
    """Returns how many became read. Notices of others are left alone; nothing of the record changes."""
    return writing(command.origin, lambda work: _mark_read(work, command))


def _mark_read(work: Work, command: MarkRead) -> int:
    statement = update(Notice).where(Notice.person_id == work.actor.id, Notice.read_at.is_(None))
    if command.up_to is not None:
        statement = statement.where(Notice.id <= command.up_to)
    else:
        statement = statement.where(Notice.id.in_(command.notices))
    read = statement.values(read_at=work.at).returning(Notice.id).execution_options(synchronize_session=False)
    return len(work.session.execute(read).all())
