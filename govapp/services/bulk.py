"""One decision asked for many measures: each judged first, then asked for one by one, with a result for each."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select

from govapp.data.actors import groups_of, load_actor
from govapp.data.engine import reading
from govapp.data.imports import Batch, BatchRow
from govapp.data.measures import Measure
from govapp.data.snapshots import Loaded, load_measures
from govapp.domain.asks import Ask, AskKind, Decision, Outcome
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.gates import decide
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, right_of
from govapp.domain.rules import Rules
from govapp.services._holders import Holders, holders_of_path
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, now, writing
from govapp.services.askers import ask_right
from govapp.services.board_moves import standing_of

KIND, JOB = "bulk", "govapp.jobs.bulk.run"
MOST = 200
# What needs a signature, and what differs for each measure, is not asked for in bulk.
ASKS = (AskKind.ADVANCE, AskKind.RECYCLE, AskKind.HOLD, AskKind.RELEASE, AskKind.CANCEL, AskKind.REOPEN)


@dataclass(frozen=True, slots=True)
class BulkAsk:
    """The decision asked for; `stage` only for recycle: an advance goes to each measure's own next stage."""

    kind: AskKind
    stage: str | None = None
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """What `decide` says of one measure now: the same function that the ask itself uses."""

    key: str
    title: str
    version: int
    stage: str | None
    rules: Rules
    decision: Decision
    today: date
    currency: str

    @property
    def passes(self) -> bool:
        """True when it would be done, or lacks nothing but what the form still asks for."""
        return self.decision.outcome is not Outcome.REFUSED or self.decision.wants_reason


def judge_bulk(actor: Actor, keys: Sequence[str], asked: BulkAsk, at: datetime) -> list[Judged]:
    """Judge every measure of the list, in its order; those the reader may not see are left out.

    Raises Invalid: bulk_many (more than 200), bulk_empty, ask_unknown.
    """
    with reading() as session:
        found = _measures(session, keys, asked)
        groups: dict[int, frozenset[str]] = {}
        holders: dict[Any, Holders] = {}
        judged = []
        for loaded in found:
            if right_of(actor, Permission.MEASURE_VIEW, loaded.place) is None:
                continue
            organization = loaded.measure.organization_id
            if organization not in groups:
                groups[organization] = groups_of(session, actor.id, organization) if actor.id else frozenset()
            judged.append(_judged(session, actor, loaded, asked, at, groups[organization], holders))
        return judged


def _measures(session: Any, keys: Sequence[str], asked: BulkAsk) -> list[Loaded]:
    wanted = list(dict.fromkeys(keys))
    if len(wanted) > MOST:
        raise Invalid("bulk_many", most=MOST)
    if not wanted:
        raise Invalid("bulk_empty")
    if asked.kind not in ASKS:
        raise Invalid("ask_unknown")
    rows = session.execute(select(Measure.key, Measure.id).where(Measure.key.in_(wanted)))
    ids = {row.key: row.id for row in rows}
    by_id = {loaded.measure.id: loaded for loaded in load_measures(session, ids.values())}
    return [by_id[ids[key]] for key in wanted if key in ids]


def _stage_of(loaded: Loaded, asked: BulkAsk) -> str | None:
    if asked.kind is AskKind.ADVANCE:
        return loaded.rules.next_stage(loaded.snapshot.stage) or loaded.snapshot.stage
    return asked.stage if asked.kind is AskKind.RECYCLE else None


def _judged(
    session: Any,
    actor: Actor,
    loaded: Loaded,
    asked: BulkAsk,
    at: datetime,
    groups: frozenset[str],
    known: dict[Any, Holders],
) -> Judged:
    standing = standing_of(loaded, at)

    def groups_of_voice(voice: Actor) -> frozenset[str]:
        return groups if voice is actor else groups_of(session, voice.id or 0, loaded.measure.organization_id)

    right = ask_right(actor, loaded.rules, asked.kind, loaded.place, loaded.snapshot.stage, groups_of_voice)
    ask = Ask(asked.kind, _stage_of(loaded, asked), asked.reason, asked.details)
    decision = decide(loaded.rules, loaded.snapshot, ask, standing.today, right=right)
    if decision.outcome is Outcome.NEEDS_REVIEW:
        holders = holders_of_path(session, loaded, decision.to, standing.today, known)
        decision = decide(loaded.rules, loaded.snapshot, ask, standing.today, right=right, holders=holders)
    measure = loaded.measure
    return Judged(
        measure.key, measure.title, measure.version, measure.stage, loaded.rules, decision, standing.today,
        loaded.currency,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskInBulk:
    """Ask for one decision on these measures, each as it was seen: key -> version."""

    seen: Mapping[str, int]
    asked: BulkAsk
    origin: Origin
    action_key: str = ""


def ask_in_bulk(command: AskInBulk) -> int:
    """Put the asks down as a batch that a job works off; returns its id. Nothing moves in this transaction.

    Raises Invalid (bulk_many, bulk_empty, ask_unknown), KeyReused.
    """
    return writing(command.origin, lambda work: _ask(work, command), action_key=command.action_key)


def _ask(work: Work, command: AskInBulk) -> int:
    asked = command.asked
    body = [KIND, dict(command.seen), str(asked.kind), asked.stage, asked.reason, dict(asked.details)]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["batch"])
    found = [
        loaded
        for loaded in _measures(work.session, list(command.seen), asked)
        if right_of(work.actor, Permission.MEASURE_VIEW, loaded.place) is not None
    ]
    if not found:
        raise Invalid("bulk_empty")
    batch = Batch(
        kind=KIND, key=f"{KIND}:{work.at.isoformat()}:{work.actor.id}:{command.action_key[:40]}", file_name="",
        file_digest="", branch_id=found[0].measure.branch_id, person_id=work.actor.id, state="running",
        rows=len(found), made_at=work.at, done_at=work.at,
    )  # fmt: skip
    work.session.add(batch)
    work.session.flush()
    said = {"kind": str(asked.kind), "reason": asked.reason, "details": dict(asked.details)}
    rows = [
        {
            "batch_id": batch.id, "number": number, "state": "staged", "outcome": {}, "measure_id": loaded.measure.id,
            "content": {
                "key": loaded.measure.key, "version": command.seen[loaded.measure.key],
                "ask": said | {"stage": _stage_of(loaded, asked)}, "action_key": f"{KIND}-{secrets.token_hex(16)}",
            },
        }
        for number, loaded in enumerate(found, 1)
    ]  # fmt: skip
    work.session.execute(insert(BatchRow), rows)
    work.log(
        Event.BULK_ASKED,
        {"ask": str(asked.kind), "count": len(rows), "reason": asked.reason},
        object_type="batch", object_id=str(batch.id), branch_id=batch.branch_id,
    )  # fmt: skip
    work.deliver("job", {"name": JOB, "args": [batch.id]})
    consume(work, command.action_key, body, {"batch": batch.id})
    return batch.id


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One measure of a batch and what became of it: staged, changed or refused."""

    number: int
    key: str
    title: str
    state: str
    ask: Mapping[str, Any]
    outcome: Mapping[str, Any]
    rules: Rules


@dataclass(frozen=True, slots=True)
class BulkPage:
    """A batch as its asker sees it."""

    id: int
    state: str
    rows: int
    done: int
    refused: int
    made_at: datetime
    items: tuple[BulkItem, ...]


def bulk_page(origin: Origin, batch_id: int) -> BulkPage:
    """A batch with its items, for who asked for it; measures they may read no longer are left out. Raises NotFound."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.kind != KIND or batch.person_id != origin.person_id:
            raise NotFound("not_found")
        actor = load_actor(session, origin.person_id or 0, origin.at or now())
        if actor is None:
            raise Refused("account_disabled")
        rows = session.scalars(
            select(BatchRow).where(BatchRow.batch_id == batch_id).order_by(BatchRow.number)
        ).all()
        measures = {
            m.measure.id: m
            for m in load_measures(session, [r.measure_id for r in rows if r.measure_id])
            if right_of(actor, Permission.MEASURE_VIEW, m.place) is not None
        }
        items = tuple(
            BulkItem(
                row.number, row.content["key"], measures[row.measure_id or 0].measure.title, row.state,
                row.content["ask"], row.outcome, measures[row.measure_id or 0].rules,
            )
            for row in rows
            if row.measure_id in measures
        )  # fmt: skip
        return BulkPage(batch.id, batch.state, batch.rows, batch.done, batch.refused, batch.made_at, items)
