"""Rules of version 1 and snapshots of a measure for tests of the gate engine; no database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import yaml

from govapp.config import ROOT
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.rules import CriterionRule, Rules, parse_rules
from govapp.domain.snapshot import (
    EvidenceFact,
    Held,
    MilestoneFact,
    PredecessorFact,
    ReviewFact,
    RiskFact,
    Snapshot,
    StepFact,
    VoteFact,
)
from govapp.domain.table import path_for

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OWNER, SPONSOR, CONTROLLER, SERVICE_OWNER, MEMBER, LEAD, FINANCE = range(1, 8)
PARTS = {
    "owner": Held(OWNER, "Olga"),
    "sponsor": Held(SPONSOR, "Samir"),
    "controller": Held(CONTROLLER, "Carla"),
    "service_owner": Held(SERVICE_OWNER, "Sven"),
    "process_owner": Held(MEMBER, "Mina"),
    "reporting_owner": Held(MEMBER, "Mina"),
    "finance_contact": Held(FINANCE, "Farid"),
}
FIELDS = {
    "title": "Fewer password calls",
    "problem": "p" * 100,
    "expected_effect": "e" * 50,
    "service": "desk",
    "request_category": "",
    "business_unit": "unit",
    "legal_entity": "entity",
    "function": "it",
    "change_type": "process",
    "risk_rating": "low",
    "security_relevant": False,
    "vendor_spend": None,
    "dependencies": [],
    "no_dependencies_declared": True,
}


@cache
def rules() -> Rules:
    """The governance set that is installed as version 1."""
    with (ROOT / "governance" / "service-team-1.yaml").open() as file:
        return parse_rules(yaml.safe_load(file))


def criterion(kind, params=None, when=None):
    return CriterionRule("x:y", kind, "A wording.", params or {}, when or {})


def evidence(
    kind, number=1, *, by=OWNER, until=None, judged="", passage=None, digest="d", revision=1, milestone=""
):
    return EvidenceFact(
        kind, number, number * 10 + revision, revision, digest, frozenset({by}), until, judged, passage,
        milestone=milestone,
    )  # fmt: skip


def everything():
    """One valid piece of every kind."""
    return tuple(evidence(key, n) for n, key in enumerate(rules().kinds, 1))


def milestones(*, done=True):
    actual = TODAY - timedelta(days=1) if done else None
    return tuple(MilestoneFact(n, f"M{n}", OWNER, TODAY, actual, n == 3) for n in (1, 2, 3))


def measure(stage="defined", **changes):
    """A measure for which every criterion of every gate holds."""
    whole = Snapshot(
        key="M-1", stage=stage, state="active" if stage else "proposed", version=1, fields=FIELDS, parts=PARTS,
        evidence=everything(), milestones=milestones(), risks=(RiskFact(1, "low", OWNER, "Watch it", False, True),),
        predecessors=(PredecessorFact("M-9", "identified", "closed", "active"),), figures={"1:plan": 100}, passage_id=1,
    )  # fmt: skip
    return replace(whole, **changes)


def reviewed(snapshot, into, votes=None, *, dossier=1):
    """The measure with an open review into a stage; `votes`: step key -> [(person, verdict)]."""
    basis = digest_of(basis_of(rules(), rules().gates[into], snapshot))
    steps = tuple(
        StepFact(
            n, step.key, step.name, step.waits_for, step.order, step.rule, step.deciders,
            tuple(VoteFact(person, verdict, basis, NOW) for person, verdict in (votes or {}).get(step.key, ())), NOW,
        )
        for n, step in enumerate((chosen.step for chosen in path_for(rules(), into, snapshot)), 1)
    )  # fmt: skip
    return replace(snapshot, review=ReviewFact(1, into, basis, dossier, OWNER, NOW, steps))


def approvals(into):
    """A vote of approval for every step of a gate, by whom its deciders name."""
    holders = {
        "roles": {"program_lead": LEAD},
        "parts": {part: held.person_id for part, held in PARTS.items()},
    }
    return {
        step.key: [
            (next(holders[kind][key] for kind, keys in step.deciders.items() for key in keys), "approve")
        ]
        for step in (chosen.step for chosen in path_for(rules(), into, measure()))
    }
