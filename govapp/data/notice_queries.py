"""Reads a person's notices, and the counters of the navigation in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.confirmable import Shape as Confirming
from govapp.data.confirmable import confirming_values
from govapp.data.confirmation_queries import awaiting_count
from govapp.data.inbox import Shape, waiting_statement, waiting_values
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Measure
from govapp.data.notices import Notice, NoticeChoice
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
    stands_in_for: str


def notices(session: Session, actor: Actor, page: int = 1, kind: str = "") -> tuple[list[NoticeRow], int]:
    """The person's notices of a kind (all when empty), newest first, and how many of them there are.

    Of a measure the person may not read any more they say its key and nothing else (R07).
    """
    mine = Notice.person_id == actor.id
    if kind:
        mine &= Notice.kind == kind
    total = session.scalar(select(func.count()).select_from(Notice).where(mine)) or 0
    principal = aliased(Person)
    readable = or_(Notice.measure_id.is_(None), readable_by(actor))
    rows: Any = session.execute(
        select(
            Notice.id, Notice.kind, func.coalesce(Measure.key, ""), func.coalesce(Measure.title, ""), Notice.review_id,
            func.coalesce(Person.name, ""), Notice.payload, Notice.at, Notice.read_at,
            func.coalesce(principal.name, ""), readable.label("readable"),
        )
        .outerjoin(Measure, Measure.id == Notice.measure_id)
        .outerjoin(Person, Person.id == Notice.from_person_id)
        .outerjoin(principal, principal.id == Notice.on_behalf_of)
        .where(mine)
        .order_by(Notice.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )  # fmt: skip
    found = [(NoticeRow(*row[:-1]), row.readable) for row in rows]
    return [row if readable else replace(row, title="", payload={}) for row, readable in found], total


def kinds_received(session: Session, actor: Actor) -> dict[str, tuple[int, int]]:
    """Kinds of which the person has notices: how many of each, and how many unread."""
    unread = func.count(case((Notice.read_at.is_(None), 1)))
    rows = session.execute(
        select(Notice.kind, func.count(), unread).where(Notice.person_id == actor.id).group_by(Notice.kind)
    )
    return {kind: (number, new) for kind, number, new in rows}


def mail_choices(session: Session, actor: Actor) -> dict[str, str]:
    """How the person chose to get kinds of notices by mail; kinds not chosen are not among them."""
    rows = session.execute(
        select(NoticeChoice.kind, NoticeChoice.mail).where(NoticeChoice.person_id == actor.id)
    )
    return {row.kind: row.mail for row in rows}


@lru_cache(64)
def _counters(shape: Shape, confirming: Confirming) -> Select[Any]:
    unread = (
        select(func.count())
        .select_from(Notice)
        .where(Notice.person_id == bindparam("person"), Notice.read_at.is_(None))
    )
    amounts = awaiting_count(confirming) if confirming else literal(0)
    return select(
        waiting_statement(shape).scalar_subquery().label("waiting"),
        unread.scalar_subquery().label("unread"),
        amounts.label("amounts"),
    )


def counters(session: Session, actor: Actor) -> tuple[int, int, int]:
    """How many decisions wait for the person, how many notices are unread, how many amounts await confirmation."""
    shape, values = waiting_values(actor)
    confirming, more = confirming_values(actor)
    row = session.execute(_counters(shape, confirming), values | (more if confirming else {})).one()
    return row.waiting or 0, row.unread or 0, row.amounts or 0
