"""Who may do what about a condition of a conditional advance (product.md, Words: Decision)."""

from govapp.domain.snapshot import Snapshot

FULFIL, CONFIRM, NOT_MET, EXTEND, LIFT = "fulfil", "confirm", "not_met", "extend", "lift"
OPEN, FULFILLED = "open", "fulfilled"


def reports(person: int | None, owner: int, snapshot: Snapshot) -> bool:
    """True for who may report it as fulfilled: its owner, or the owner of the measure."""
    return person is not None and person in {owner, snapshot.owner_id}


def confirmer(
    set_by: int, owner: int, fulfilled_by: int | None, snapshot: Snapshot, *, setter_active: bool
) -> int | None:
    """Who decides about it: who set it; where they are no longer active or own it, the sponsor, else the controller.

    Never who owns it, reported it as fulfilled, or owns the measure; None when that leaves nobody.
    """
    barred = {owner, fulfilled_by, snapshot.owner_id}
    held = [snapshot.parts.get(part) for part in ("sponsor", "controller")]
    chain = [set_by] if setter_active else []
    chain += [holder.person_id for holder in held if holder is not None and holder.active]
    return next((person for person in chain if person not in barred), None)


def acts_open(state: str, *, reports_it: bool, decides_it: bool) -> tuple[str, ...]:
    """What somebody may do about it as it stands."""
    found = [FULFIL] if reports_it and state == OPEN else []
    if decides_it and state in {OPEN, FULFILLED}:
        found += [CONFIRM, *([NOT_MET] if state == FULFILLED else []), EXTEND, LIFT]
    return tuple(found)
