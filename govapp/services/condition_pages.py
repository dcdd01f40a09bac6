"""What the pages show of conditions and look-backs, and what a reader may do about each: as their verbs judge it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from govapp.data.condition_queries import conditions, lookbacks
from govapp.data.measure_records import names_of
from govapp.data.snapshots import Loaded
from govapp.domain.asks import AskKind
from govapp.domain.conditions import acts_open, confirmer
from govapp.domain.criteria import Finding
from govapp.domain.deputies import CONFIRM
from govapp.domain.errors import Refused
from govapp.domain.evidence_judging import LOOKBACK_KIND
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.gates import gate_findings
from govapp.domain.rights import Actor
from govapp.services.board_moves import Standing, require_supplier
from govapp.services.conditions import deciding, reporting
from govapp.services.duties import voice_for


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """A condition as a reader sees it: the row, whether it is overdue, who decides about it, what the reader may do."""

    row: Any
    overdue: bool
    decides: str
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookbackSeen:
    """A look-back: the row, whether it is overdue, what was skipped and how that stands now, who was informed."""

    row: Any
    overdue: bool
    debts: tuple[Finding, ...]
    informed: tuple[str, ...]


def _has_voice(actor: Actor, loaded: Loaded, right: Callable[[Actor], str | None]) -> bool:
    """True when the reader may, in their own voice or that of somebody absent."""
    try:
        return voice_for(actor, loaded.rules, loaded.place, CONFIRM, right) is not None
    except Refused:
        return False


def conditions_seen(session: Session, actor: Actor, loaded: Loaded, today: date) -> list[ConditionSeen]:
    """Conditions of the measure, those not settled first."""
    rows, snapshot = conditions(session, loaded.measure.id), loaded.snapshot
    by_row = {
        row.id: confirmer(
            row.set_by, row.owner_id, row.fulfilled_by, snapshot, setter_active=row.setter_active
        )
        for row in rows
    }
    names = {held.person_id: held.name for held in snapshot.parts.values()}
    names |= {row.set_by: row.setter for row in rows}
    seen = []
    for row in rows:
        decides = by_row[row.id]
        own = actor.id in {row.owner_id, row.fulfilled_by, snapshot.owner_id}
        acts = acts_open(
            row.state,
            reports_it=_has_voice(actor, loaded, partial(reporting, loaded, row.owner_id)),
            decides_it=not own and _has_voice(actor, loaded, partial(deciding, loaded, decides)),
        )
        overdue = row.state == "open" and row.due < today
        seen.append(ConditionSeen(row, overdue, names.get(decides or 0, ""), acts))
    return seen


def lookbacks_seen(session: Session, loaded: Loaded, today: date) -> list[LookbackSeen]:
    """Look-backs of the measure with what they owe; a debt whose criterion the rules know no more is left out."""
    rows = lookbacks(session, loaded.measure.id)
    people: Mapping[int, str] = names_of(session, {person for row in rows for person in row.informed})
    seen = []
    for row in rows:
        gate = loaded.rules.gates.get(row.into)
        findings = gate_findings(loaded.rules, gate, loaded.snapshot, today) if gate else ()
        owed = tuple(finding for finding in findings if finding.key in set(row.debts))
        informed = tuple(people[person] for person in row.informed if person in people)
        seen.append(LookbackSeen(row, row.state == "open" and row.due < today, owed, informed))
    return seen


def report_kind(now: Standing) -> EvidenceKind | None:
    """The kind of evidence that settles a look-back under the rules of the measure."""
    rule = now.rules.decisions.get(str(AskKind.EMERGENCY))
    return now.rules.kinds.get(str(rule.lookback.get("kind", LOOKBACK_KIND)) if rule else LOOKBACK_KIND)


def hands_in_report(actor: Actor, now: Standing, kind: EvidenceKind | None) -> bool:
    """True when this reader may hand in the report on the look-back."""
    if kind is None:
        return False
    try:
        require_supplier(actor, now, kind)
    except Refused:
        return False
    return True
