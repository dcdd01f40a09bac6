"""One-time action keys: a committed change consumes its key; a replay gets its outcome and writes nothing (R13)."""

from typing import Any

from govapp.data.audit import ActionKey
from govapp.domain.basis import digest_of
from govapp.domain.errors import KeyReused
from govapp.services._work import Work


def consumed(work: Work, key: str, body: Any) -> dict[str, Any] | None:
    """The first outcome when this key was consumed by the same request; None when it is fresh.

    Raises KeyReused when it was consumed by another body or another person.
    """
    if not key:
        return None
    row = work.session.get(ActionKey, key)
    if row is None:
        return None
    if row.body_digest != digest_of(body) or row.person_id != work.actor.id:
        raise KeyReused("key_reused")
    return row.outcome


def replays(work: Work) -> bool:
    """True when the actor's request was carried out before, so that what the state forbids by now is no refusal (R13).

    Nothing can come of it but the first outcome: `consumed` gives that, and a key is never consumed twice.
    """
    row = work.session.get(ActionKey, work.action_key) if work.action_key else None
    return row is not None and row.person_id == work.actor.id


def consume(work: Work, key: str, body: Any, outcome: dict[str, Any]) -> None:
    """Mark the key as consumed with its outcome; a second transaction with the same key fails and is tried again."""
    if key and work.actor.id is not None:
        row = ActionKey(
            key=key, person_id=work.actor.id, body_digest=digest_of(body), outcome=outcome, at=work.at
        )
        work.session.add(row)
        work.action_key = key
