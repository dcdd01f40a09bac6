"""Counters in the navigation: how many decisions wait for the person."""

from flask import g

from govapp.data.engine import reading
from govapp.data.inbox import waiting_count
from govapp.domain.rights import Actor


def inbox_count(actor: Actor) -> int:
    """How many open review steps wait for the person; asked once a request."""
    if "inbox_count" not in g:
        with reading() as session:
            g.inbox_count = waiting_count(session, actor)
    return int(g.inbox_count)
