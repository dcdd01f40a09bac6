"""When evidence ends: whether that matters in a stage, from when on its end is near, and the next day to look."""

from datetime import date, timedelta

from govapp.domain.criteria import counts_on_any_day
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rules import Rules
from govapp.domain.snapshot import EvidenceFact, Snapshot

NEAR, NEAR_OF_SHORT = timedelta(days=30), timedelta(days=14)
SHORT_MONTHS = 3
EXPIRING, EXPIRED, PAST = "expiring", "expired", "past"


def near_from(kind: EvidenceKind | None, until: date) -> date:
    """The day from which the end is near: 30 days before it, 14 where evidence counts for three months or less."""
    months = kind.validity_months if kind else None
    return until - (NEAR_OF_SHORT if months and months <= SHORT_MONTHS else NEAR)


def matters(kind: EvidenceKind | None, rules: Rules, stage: str | None) -> bool:
    """False once the stage is reached until which the kind's validity matters: from then on an expiry is history."""
    until = kind.validity_matters_until if kind else None
    return not until or not rules.reached(stage, until)


def end_of(fact: EvidenceFact, rules: Rules, snapshot: Snapshot, today: date) -> str:
    """How near its end a piece is that counts: '', expiring, expired, or past where that matters no more."""
    if fact.valid_until is None or counts_on_any_day(fact, rules, snapshot):
        return ""
    kind = rules.kinds.get(fact.kind)
    over = fact.valid_until < today
    if not matters(kind, rules, snapshot.stage):
        return PAST if over else ""
    if over:
        return EXPIRED
    return EXPIRING if near_from(kind, fact.valid_until) <= today else ""


def next_change(fact: EvidenceFact, rules: Rules, snapshot: Snapshot, today: date) -> date | None:
    """The next day on which `end_of` says something else, by time alone; None when there is none."""
    if fact.valid_until is None or counts_on_any_day(fact, rules, snapshot):
        return None
    near = near_from(rules.kinds.get(fact.kind), fact.valid_until)
    days = (near, fact.valid_until + timedelta(days=1))
    return next((day for day in days if day > today), None)
