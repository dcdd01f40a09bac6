"""Sessions: signing in and out, ending sessions, and their last use."""

import contextlib
from dataclasses import dataclass

from sqlalchemy import update

from govapp.data.engine import write_session
from govapp.data.people import LoginSession
from govapp.services._work import now


@dataclass(frozen=True, slots=True)
class TouchSession:
    """A session that was used."""

    session_id: str


def touch(command: TouchSession) -> None:
    """Note that a session was used; asked for at most once a minute (R29). Never fails a request."""
    with contextlib.suppress(Exception), write_session() as session:
        session.execute(
            update(LoginSession)
            .where(LoginSession.id == command.session_id, LoginSession.ended_at.is_(None))
            .values(seen_at=now())
        )
