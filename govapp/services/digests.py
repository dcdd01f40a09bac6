"""The daily digest: what is marked for it and what still waits, one mail a person and working day, at 07:00 there."""

import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from govapp.data.actors import day_in, load_actor
from govapp.data.dues import EVIDENCE, OWED, PLAN_CHANGE, Due, dues_of, only
from govapp.data.engine import hold, reading
from govapp.data.inbox import InboxRow, waiting_count, waiting_for
from govapp.data.judgement_queries import JudgingRow, judging_for
from govapp.data.mail_queries import (
    choices_of_mail,
    notices_for_digest,
    open_steps,
    organization_zones,
    parts_held,
    people_of,
)
from govapp.data.notices import MAIL_DIGEST, Notice, Outbox
from govapp.data.rulebook import rules_for
from govapp.domain.notices import NEVER, digest_is_due, way_of
from govapp.domain.rights import Actor
from govapp.services._work import Origin, Work, now, writing
from govapp.services.mails import Reader, is_over, said_of

CHUNK = 20
SHOWN = 20
# Which kind's choice speaks for what still waits.
_SPEAKS = {
    "condition": "condition_due", "condition_to_confirm": "condition_fulfilled", "lookback": "lookback_due",
    "evidence_returned": "evidence_returned", "evidence_expires": "evidence_expiring",
    "plan_change": "plan_change_waits",
    "sustain": "sustain_due",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Letter:
    """A digest to be: of whom, the mail, and the notices it tells."""

    person_id: int
    payload: dict[str, Any]
    notices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Round:
    """The digests of one organization and day; `after`: people up to that id are done."""

    organization_id: int
    zone: str
    day: date
    after: int = 0

    @property
    def key(self) -> str:
        """The period key: two clocks go through one round together."""
        return f"digests:{self.organization_id}:{self.day}"


def send_digests(origin: Origin, seconds: float = 2.0) -> int:
    """Put the digests that are due into the outbox for so many seconds; returns how many. The next call goes on.

    A person gets one a day, whatever organizations they belong to and however many clocks run; nothing when there is
    nothing to tell.
    """
    at = origin.at or now()
    began, made = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        todo = _next_round(at)
        if todo is None:
            break
        made += _chunk(origin, todo, at)
    return made


def _next_round(at: datetime) -> _Round | None:
    with reading() as session:
        rounds = [
            _Round(organization, zone, at.astimezone(ZoneInfo(zone)).date())
            for organization, zone in organization_zones(session)
            if digest_is_due(at.astimezone(ZoneInfo(zone)))
        ]
        keys = [each.key for each in rounds]
        rows = session.execute(select(Outbox.key, Outbox.state, Outbox.payload).where(Outbox.key.in_(keys)))
        begun = {row.key: row for row in rows}
    for each in rounds:
        row = begun.get(each.key)
        if row is None:
            return each
        if row.state != "done":
            return replace(each, after=int(row.payload["after"]))
    return None


def _chunk(origin: Origin, todo: _Round, at: datetime) -> int:
    """The next people of a round: gathered in a read, written in a short transaction unless another clock was first."""
    with reading() as session:
        people = people_of(session, todo.organization_id, todo.after, CHUNK)
        letters = _letters(session, people, todo, at)
    last = people[-1][0] if len(people) == CHUNK else None
    return writing(origin, lambda work: _post(work, todo, letters, last))


def _post(work: Work, todo: _Round, letters: list[_Letter], last: int | None) -> int:
    hold(work.session, todo.key)
    row = work.session.scalars(select(Outbox).where(Outbox.key == todo.key)).one_or_none()
    if (int(str(row.payload["after"])) if row else 0) != todo.after or (
        row is not None and row.state == "done"
    ):
        return 0
    if row is None:
        row = Outbox(
            kind="period", key=todo.key, due_at=work.at, made_at=work.at, state="waiting", attempts=0
        )
        work.session.add(row)
    row.payload = {"after": last or todo.after}
    if last is None:
        row.state, row.done_at = "done", work.at
    keys = {f"digest:{letter.person_id}:{todo.day}": letter for letter in letters}
    sent = set(work.session.scalars(select(Outbox.key).where(Outbox.key.in_(keys))))
    fresh = {key: letter for key, letter in keys.items() if key not in sent}
    for key, letter in fresh.items():
        work.deliver("mail", letter.payload, key=key)
    told = [notice for letter in fresh.values() for notice in letter.notices]
    work.session.execute(
        update(Notice).where(Notice.id.in_(told), Notice.mail == MAIL_DIGEST).values(mail="")
    )
    return len(fresh)


def _letters(session: Session, people: list[tuple[int, str]], todo: _Round, at: datetime) -> list[_Letter]:
    ids = [person for person, _ in people]
    chosen = choices_of_mail(session, ids)
    marked = notices_for_digest(session, ids, todo.day)
    parts = parts_held(session, (row.notice.measure_id for row in marked if row.notice.measure_id))
    steps = open_steps(session, (row.notice.review_id for row in marked if row.notice.review_id))
    letters = []
    for person, email in people:
        actor = load_actor(session, person, at)
        if actor is None:
            continue
        rows = [row for row in marked if row.notice.person_id == person]
        news = [row for row in rows if not is_over(row, steps.get(row.notice.review_id or 0, []))]
        reader = Reader(actor, parts)
        payload = {
            "kind": "digest", "to": email, "person": person,
            "day": todo.day.isoformat(), "zone": actor.timezone or todo.zone,
            "notices": [said_of(session, row, reader) for row in news[:SHOWN]],
            "more_notices": max(0, len(news) - SHOWN),
        } | _waits(session, actor, chosen.get(person, {}), todo.zone, at)  # fmt: skip
        if payload["notices"] or payload["decisions"] or payload["dues"]:
            letters.append(_Letter(person, payload, tuple(row.notice.id for row in rows)))
    return letters


def _waits(session: Session, actor: Actor, chosen: dict[str, str], zone: str, at: datetime) -> dict[str, Any]:
    """What waits for the person, as far as they want mail about such things."""

    def wanted(kind: str) -> bool:
        return way_of(kind, chosen.get(kind)) != NEVER

    decisions = waiting_for(session, actor, limit=SHOWN, now=at) if wanted("decision_waits") else []
    total = waiting_count(session, actor) if len(decisions) == SHOWN else len(decisions)
    told = only(dues_of(session, actor, at), *OWED, PLAN_CHANGE, *EVIDENCE)
    dues = [due for due in told if wanted(_SPEAKS[due.what])]
    judging = judging_for(session, actor, limit=SHOWN) if wanted("judgement_waits") else []
    today = day_in(zone, at)
    owed = [_judgement(row, today) for row in judging] + [_due(session, due) for due in dues]
    return {
        "decisions": [_decision(row) for row in decisions],
        "more_decisions": total - len(decisions),
        "dues": owed[:SHOWN],
        "more_dues": max(0, len(owed) - SHOWN),
    }


def _decision(row: InboxRow) -> dict[str, Any]:
    return {
        "key": row.measure, "title": row.title, "review": row.review_id, "step": row.step,
        "since": row.since.isoformat(timespec="seconds"), "hours": row.target_hours,
        "target": row.clock.due.isoformat(timespec="seconds") if row.clock else "",
    }  # fmt: skip


def _judgement(row: JudgingRow, today: date) -> dict[str, Any]:
    return {
        "what": "judgement", "key": row.measure, "title": row.title, "id": row.evidence_id, "whose": row.person,
        "text": "", "name": row.kind_name, "day": "", "today": today.isoformat(),
    }  # fmt: skip


def _due(session: Session, due: Due) -> dict[str, Any]:
    return {
        "what": due.what, "key": due.key, "title": due.title, "id": due.id, "whose": due.whose, "text": due.text,
        "name": due_name(session, due), "day": due.day.isoformat() if due.day else "", "today": due.today.isoformat(),
    }  # fmt: skip


def due_name(session: Session, due: Due) -> str:
    """The wording of a condition or milestone; of evidence the name of its kind, of a look-back that of the stage."""
    if due.what in EVIDENCE:
        kind = rules_for(session, due.version_id, due.version_digest).kinds.get(due.name)
        return kind.name if kind else due.name
    if due.what == "lookback":
        stages = rules_for(session, due.version_id, due.version_digest).stages
        return next((stage.name for stage in stages if stage.key == due.name), due.name)
    return due.name
