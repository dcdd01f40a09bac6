"""Counters in the navigation: decisions and amounts that wait for the person, notices not read. One query a request."""

from flask import g

from govapp.data.engine import reading
from govapp.data.notice_queries import counters
from govapp.domain.rights import Actor
from govapp.web._identity import current_actor


def _counted(actor: Actor) -> tuple[int, int, int]:
    if "counters" not in g:
        with reading() as session:
            g.counters = counters(session, actor)
    found: tuple[int, int, int] = g.counters
    return found


def inbox_count(actor: Actor) -> int:
    """How many open review steps wait for the person; asked once a request."""
    return _counted(actor)[0]


def amounts_count(actor: Actor) -> int:
    """How many amounts await confirmation by the person, counted to a hundred; asked once a request."""
    return _counted(actor)[2]


def unread_notices() -> int:
    """How many notices the person has not read; none on error pages, which ask the database for nothing."""
    actor = current_actor()
    return 0 if actor is None or g.get("quiet") else _counted(actor)[1]
