"""Look-backs: what an emergency advance owes, and how it is settled (product.md, Words: Decision)."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from govapp.data.evidence import EvidenceRevision
from govapp.data.reviews import Lookback
from govapp.data.snapshots import Loaded
from govapp.domain.asks import Ask
from govapp.domain.events import Event
from govapp.domain.snapshot import LookbackFact
from govapp.services._work import Work


def _owe_lookback(work: Work, loaded: Loaded, ask: Ask, into: str, debts: list[str], right: str) -> Lookback:
    """Write down what was skipped and by when it is looked back on; those named as informed are told."""
    informed = [int(person) for person in ask.details.get("informed_people", ())]
    row = Lookback(
        measure_id=loaded.measure.id,
        into=into,
        reason=ask.reason,
        incident=str(ask.details.get("incident_number", "")),
        informed=informed,
        debts=debts,
        due=date.fromisoformat(str(ask.details["lookback_due"])),
        state="open",
        set_by=work.actor.id,
        on_behalf_of=work.on_behalf_of,
        set_at=work.at,
        version=1,
    )
    work.session.add(row)
    work.session.flush()
    fact = LookbackFact(row.id, row.state, row.due, into)
    loaded.snapshot = replace(loaded.snapshot, lookbacks=(*loaded.snapshot.lookbacks, fact))
    work.log(
        Event.LOOKBACK_SET,
        {"lookback": row.id, "due": row.due.isoformat(), "into": into, "debts": debts, "informed": informed,
         "incident": row.incident, "reason": row.reason},
        right=right, object_type="lookback", object_id=str(row.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    owner = loaded.snapshot.owner_id
    for person in sorted({*informed, *([owner] if owner else [])}):
        work.tell(
            person,
            "emergency_advance",
            measure_id=loaded.measure.id,
            payload={"to": into, "due": row.due.isoformat()},
        )
    return row


def _accept_lookback(work: Work, loaded: Loaded, revision: EvidenceRevision, right: str) -> bool:
    """An accepted report, handed in since the emergency advance, settles the open look-back; True when it did."""
    statement = select(Lookback).where(Lookback.measure_id == loaded.measure.id, Lookback.state == "open")
    row = work.session.scalars(statement.order_by(Lookback.id)).first()
    if row is None or revision.at < row.set_at:
        return False
    row.state, row.accepted_at, row.revision_id = "accepted", work.at, revision.id
    row.version += 1
    work.log(
        Event.LOOKBACK_ACCEPTED,
        {"lookback": row.id, "revision": revision.id},
        right=right, object_type="lookback", object_id=str(row.id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return True
