"""The two proofs on which a measure is closed, as they stand now: money line by line, and its operating figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data.kpi_queries import Promise, entered_at, promises_of
from govapp.data.ledger_queries import proven_by_line
from govapp.data.snapshots import Loaded
from govapp.domain.closure import ProofLine, ProofSum, proof_lines, proof_sums
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, right_of


@dataclass(frozen=True, slots=True)
class ClosingProofs:
    """Lines and sums (None where the reader may not see money), operating figures, and since when it is implemented."""

    lines: Sequence[ProofLine] | None
    sums: Sequence[ProofSum]
    figures: Sequence[Promise]
    since: date | None


def closing_proofs(session: Session, actor: Actor, loaded: Loaded, into: str) -> ClosingProofs | None:
    """The proofs for the gate into the last stage; None for every other gate."""
    if not loaded.rules.stage(into).terminal:
        return None
    measure = loaded.measure.id
    lines = None
    if right_of(actor, Permission.FINANCE_VIEW, loaded.place) is not None:
        lines = proof_lines(loaded.snapshot.lines, proven_by_line(session, measure))
    came = entered_at(session, measure, loaded.rules.stages[-2].key)
    since = came.astimezone(ZoneInfo(loaded.timezone)).date() if came else None
    return ClosingProofs(lines, proof_sums(lines or ()), promises_of(session, measure), since)
