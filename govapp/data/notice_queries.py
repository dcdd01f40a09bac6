"""Reads a person's notices, and the counters of the navigation in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.inbox import Shape, waiting_statement, waiting_values
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Measure
from govapp.data.notices import Notice
from govapp.data.people import Person
from govapp.domain.rights import Actor

PAGE = 50


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice with the key of its measure and who caused it."""

    id: int
    kind: str
    key: str
    title: str
    review_id: int | None
    sender: str
    payload: Mapping[str, Any]
    at: datetime
    read_at: datetime | None
    workflow_version_id: int | None


def notices(session: Session, actor: Actor, page: int = 1) -> tuple[list[NoticeRow], int]:
    """The person's notices, newest first, and how many there are.

    Of a measure the person may not read any more they say its key and nothing else (R07).
    """
    mine = Notice.person_id == actor.id
    total = session.scalar(select(func.count()).select_from(Notice).where(mine)) or 0
    readable = or_(Notice.measure_id.is_(None), readable_by(actor))
    rows: Any = session.execute(
        select(
            Notice.id, Notice.kind, func.coalesce(Measure.key, ""), func.coalesce(Measure.title, ""), Notice.review_id,
            func.coalesce(Person.name, ""), Notice.payload, Notice.at, Notice.read_at, Measure.workflow_version_id,
            readable.label("readable"),
        )
        .outerjoin(Measure, Measure.id == Notice.measure_id)
        .outerjoin(Person, Person.id == Notice.from_person_id)
        .where(mine)
        .order_by(Notice.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )  # fmt: skip
    found = [(NoticeRow(*row[:-1]), row.readable) for row in rows]
    return [row if readable else replace(row, title="", payload={}) for row, readable in found], total


@lru_cache(64)
def _counters(shape: Shape) -> Select[Any]:
    unread = (
        select(func.count())
        .select_from(Notice)
        .where(Notice.person_id == bindparam("person"), Notice.read_at.is_(None))
    )
    return select(
        waiting_statement(shape).scalar_subquery().label("waiting"),
        unread.scalar_subquery().label("unread"),
    )


def counters(session: Session, actor: Actor) -> tuple[int, int]:
    """How many decisions wait for the person, and how many notices are unread."""
    shape, values = waiting_values(actor)
    row = session.execute(_counters(shape), values).one()
    return row.waiting or 0, row.unread or 0
