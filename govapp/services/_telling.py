"""Who learns of a decision about a measure's state: owner and sponsor, but whoever took it."""

from govapp.data.snapshots import Loaded
from govapp.domain.asks import Ask, AskKind
from govapp.services._work import Work

_KINDS = {
    AskKind.HOLD: "put_on_hold",
    AskKind.RELEASE: "released",
    AskKind.CANCEL: "cancelled",
    AskKind.REOPEN: "reopened",
}


def _tell_of_state(work: Work, loaded: Loaded, ask: Ask) -> None:
    """Tell of a hold, release, cancellation or reopening; what the program itself does is told where it does it."""
    kind = _KINDS.get(ask.kind)
    if kind is None or work.actor.is_system:
        return
    held = (loaded.snapshot.parts.get(part) for part in ("owner", "sponsor"))
    for person in sorted({each.person_id for each in held if each is not None} - {work.actor.id}):
        payload = {"reason": ask.reason, "to": loaded.measure.stage or ""}
        work.tell(person, kind, measure_id=loaded.measure.id, payload=payload)
