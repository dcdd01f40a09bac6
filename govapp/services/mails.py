"""Notices become mail: at once, in the next digest, or not, as each person chose. Mail holds codes and values only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.actors import load_actor
from govapp.data.engine import hold, reading
from govapp.data.mail_queries import (
    OpenStep,
    ToMail,
    any_due,
    notices_to_mail,
    open_steps,
    parts_held,
    place_of_mail,
)
from govapp.data.notices import MAIL_DIGEST, Outbox
from govapp.data.people import Person
from govapp.data.rulebook import rules_for
from govapp.domain.notices import ASKS_TO_DECIDE, AT_ONCE, DIGEST, NEVER, digest_day, is_kind, way_of
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, right_of
from govapp.services._work import Origin, Work, writing

BATCH = 50


def make_mails(origin: Origin) -> int:
    """Look at notices that are to be mailed and put the mails into the outbox; returns how many.

    One notice is looked at once, by whichever clock comes first. Of one kind about one measure a person gets at most
    one mail within a minute; what else there is waits for the digest. Disabled people get none.
    """
    with reading() as session:
        if not any_due(session):
            return 0
    return writing(origin, _make_mails)


def _make_mails(work: Work) -> int:
    hold(work.session, "mails")
    rows = notices_to_mail(work.session, BATCH)
    parts = parts_held(work.session, (row.notice.measure_id for row in rows if row.notice.measure_id))
    steps = open_steps(work.session, (row.notice.review_id for row in rows if row.notice.review_id))
    wanted = {_key(row) for row in rows}
    sent = set(work.session.scalars(select(Outbox.key).where(Outbox.key.in_(wanted))))
    before = len(sent)
    actors: dict[int, Actor | None] = {}
    for row in rows:
        person = row.notice.person_id
        if person not in actors:
            actors[person] = load_actor(work.session, person, work.at)
        waiting = steps.get(row.notice.review_id or 0, [])
        way = _way(row, actors[person], waiting)
        if way == AT_ONCE and _key(row) in sent:
            way = DIGEST
        row.notice.mail = MAIL_DIGEST if way == DIGEST else ""
        if way == DIGEST:
            row.notice.digest_on = digest_day(work.at.astimezone(ZoneInfo(row.zone or row.own_zone or "UTC")))
        elif way == AT_ONCE:
            sent.add(_key(row))
            reader = Reader(actors[person], parts)
            mine = reader.own(waiting, row)
            head = {"to": row.email, "person": person, "zone": reader.zone_for(row)}
            payload = head | said_of(work.session, row, reader)
            work.deliver("mail", payload | {"steps": [_step(each) for each in mine]}, key=_key(row))
    return len(sent) - before


def address_now(payload: Mapping[str, Any]) -> str | None:
    """Where a mail goes now: to the address its person has by now, None when the account is disabled meanwhile."""
    if payload.get("person") is None:
        return str(payload["to"])
    with reading() as session:
        return session.scalar(
            select(Person.email).where(Person.id == payload["person"], Person.active.is_(True))
        )


def _key(row: ToMail) -> str:
    notice = row.notice
    return f"notice:{notice.person_id}:{notice.kind}:{notice.measure_id or 0}:{notice.at:%Y%m%d%H%M}"


def _way(row: ToMail, actor: Actor | None, waiting: list[OpenStep]) -> str:
    """How it leaves; not at all for who is disabled, nor when it asks for a decision that is taken."""
    if actor is None or not is_kind(row.notice.kind) or is_over(row, waiting):
        return NEVER
    return way_of(row.notice.kind, row.chosen)


def is_over(row: ToMail, waiting: list[OpenStep]) -> bool:
    """True when a notice asks for a decision and nothing of its review waits any more."""
    return row.notice.kind in ASKS_TO_DECIDE and row.notice.review_id is not None and not waiting


class Reader:
    """Who reads a mail, and the parts held on the measures it speaks of."""

    def __init__(self, actor: Actor | None, parts: Mapping[int, dict[str, int]]) -> None:
        self._actor = actor
        self._parts = parts

    def may(self, permission: Permission, row: ToMail) -> bool:
        """True when the reader has a right on the measure of a notice, or there is no measure."""
        if row.notice.measure_id is None:
            return True
        found = self._actor and right_of(self._actor, permission, place_of_mail(row, self._parts))
        return bool(found)

    def own(self, steps: list[OpenStep], row: ToMail) -> list[OpenStep]:
        """Those of a review's steps that the reader decides, by part, role or group; none where it may not be read."""
        if self._actor is None or not self.may(Permission.REVIEW_VIEW, row):
            return []
        held = {
            part
            for part, who in self._parts.get(row.notice.measure_id or 0, {}).items()
            if who == self._actor.id
        }
        roles = self._actor.roles_on(row.path)
        named = [
            step
            for step in steps
            if held & set(step.deciders.get("parts", ()))
            or roles & set(step.deciders.get("roles", ()))
            or step.deciders.get("groups")
        ]
        return named or steps

    def zone_for(self, row: ToMail) -> str:
        """The zone in which times are told: the reader's own, else that of the measure's organization."""
        return (self._actor.timezone if self._actor else "") or row.zone or "UTC"


def said_of(session: Session, row: ToMail, reader: Reader) -> dict[str, Any]:
    """What a mail says of a notice: of a measure the reader may not read the key only, amounts only with the right."""
    notice = row.notice
    readable = reader.may(Permission.MEASURE_VIEW, row)
    found: dict[str, Any] = {
        "kind": notice.kind, "at": _iso(notice.at), "key": row.key, "who": row.sender, "stands_in_for": row.principal,
        "review": notice.review_id, "readable": readable,
    }  # fmt: skip
    if not readable:
        return found
    found |= {"title": row.title, "effect": row.effect, "about": notice.payload}
    if notice.review_id is not None and row.version_id is not None:
        rules = rules_for(session, row.version_id, row.version_digest)
        names = {stage.key: stage.name for stage in rules.stages}
        found |= {"came_from": names.get(row.came_from or "", ""), "into": names.get(row.into, row.into)}
    if reader.may(Permission.FINANCE_VIEW, row):
        found["values"] = dict(row.values)
    return found


def _step(step: OpenStep) -> dict[str, Any]:
    return {
        "name": step.name, "since": _iso(step.since), "hours": step.hours,
        "target": _iso(step.target_at) if step.target_at else "",
    }  # fmt: skip


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
