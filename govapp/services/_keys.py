"""One-time action keys: a committed change consumes its key; a replay gets its outcome and writes nothing (R13)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Protocol

from govapp.data.audit import ActionKey
from govapp.domain.basis import digest_of
from govapp.domain.errors import KeyReused
from govapp.services._work import Origin, Work, writing


def consumed(work: Work, key: str, body: Any) -> dict[str, Any] | None:
    """The first outcome when this key was consumed by the same request; None when it is fresh.

    Raises KeyReused when it was consumed by another body or another person.
    """
    if not key:
        return None
    row = _row(work, key)
    if row is None:
        return None
    person, digest, outcome = row
    if digest != digest_of(body) or person != work.actor.id:
        raise KeyReused("key_reused")
    return outcome


def _row(work: Work, key: str) -> tuple[int, str, dict[str, Any]] | None:
    """Person, digest and outcome of a consumed key; what was read with the measure is not asked for again."""
    if key in work.keys:
        known = work.keys[key]
        return known and (known[0], known[1], json.loads(known[2]))
    row = work.session.get(ActionKey, key)
    return None if row is None else (row.person_id, row.body_digest, row.outcome)


def replays(work: Work) -> bool:
    """True when the actor's request was carried out before, so that what the state forbids by now is no refusal (R13).

    Nothing can come of it but the first outcome: `consumed` gives that, and a key is never consumed twice.
    """
    row = _row(work, work.action_key) if work.action_key else None
    return row is not None and row[0] == work.actor.id


def consume(work: Work, key: str, body: Any, outcome: dict[str, Any]) -> None:
    """Mark the key as consumed with its outcome; a second transaction with the same key fails and is tried again."""
    if key and work.actor.id is not None:
        row = ActionKey(
            key=key, person_id=work.actor.id, body_digest=digest_of(body), outcome=outcome, at=work.at
        )
        work.session.add(row)
        work.action_key = key


class Keyed(Protocol):
    """A command that came with a form: who asks, and the form's one-time key."""

    @property
    def origin(self) -> Origin: ...

    @property
    def action_key(self) -> str: ...


def writing_once(
    command: Keyed, act: Callable[[Work], dict[str, Any] | None], *, body: Sequence[Any] | None = None
) -> dict[str, Any]:
    """Act in one write transaction and consume the key; where the same request did before, the outcome of then.

    `body` says what was asked for when the command itself may not be kept, as with passwords. Raises KeyReused, and
    what `act` raises; then the key stays fresh.
    """
    asked = [type(command).__name__, *(body or _asked(command))]

    def once(work: Work) -> dict[str, Any]:
        earlier = consumed(work, command.action_key, asked)
        if earlier is not None:
            return earlier
        outcome = act(work) or {}
        consume(work, command.action_key, asked, outcome)
        return outcome

    return writing(command.origin, once, action_key=command.action_key)


def _asked(command: Any) -> list[Any]:
    return [
        getattr(command, each.name) for each in fields(command) if each.name not in {"origin", "action_key"}
    ]
