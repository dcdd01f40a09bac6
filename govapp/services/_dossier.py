"""Dossiers: what the deciders of a review have before them, frozen and numbered. Codes and values, no sentences."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.evidence import EvidenceRevision
from govapp.data.finance import EffectLine
from govapp.data.measures import Milestone, Risk
from govapp.data.reviews import Dossier
from govapp.data.snapshots import Loaded
from govapp.data.types import canonical
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.events import Event
from govapp.domain.gates import gate_findings
from govapp.services._work import Work


def _evidence(session: Session, loaded: Loaded) -> list[dict[str, Any]]:
    facts = {fact.revision_id: fact for fact in loaded.snapshot.evidence}
    rows = session.scalars(
        select(EvidenceRevision).where(EvidenceRevision.id.in_(facts)).order_by(EvidenceRevision.id)
    )
    return [
        {
            "kind": facts[row.id].kind,
            "evidence": row.evidence_id,
            "revision": row.number,
            "kind_version": facts[row.id].kind_version,
            "digest": row.digest,
            "values": row.values,
            "effective_on": row.effective_on.isoformat(),
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "person": row.person_id,
            "on_behalf_of": row.on_behalf_of,
            "at": row.at.isoformat(),
            "judged": row.judged,
        }
        for row in rows
    ]


def _day(value: Any) -> str | None:
    return None if value is None else value.isoformat()


def dossier_content(session: Session, loaded: Loaded, into: str, today: date) -> dict[str, Any]:
    """Everything the deciders see: fields, parts, evidence with digests, figures (minor units), risks, findings, rules.

    `today` is the day in the organization's zone, for what may have expired.
    """
    measure, snapshot = loaded.measure, loaded.snapshot
    gate = loaded.rules.gates[into]
    milestones = session.scalars(
        select(Milestone).where(Milestone.measure_id == measure.id).order_by(Milestone.id)
    )
    risks = session.scalars(select(Risk).where(Risk.measure_id == measure.id).order_by(Risk.id))
    lines = session.scalars(
        select(EffectLine).where(EffectLine.measure_id == measure.id).order_by(EffectLine.id)
    )
    plans = {line.id: line.plan for line in loaded.lines}
    findings = gate_findings(loaded.rules, gate, snapshot, today)
    return {
        "key": measure.key,
        "into": into,
        "from": snapshot.stage,
        "rules": [loaded.rules.workflow, loaded.rules.version],
        "fields": dict(snapshot.fields),
        "parts": {part: {"person": held.person_id, "name": held.name} for part, held in snapshot.parts.items()},
        "evidence": _evidence(session, loaded),
        "milestones": [
            {"id": m.id, "name": m.name, "owner": m.owner_id, "plan": _day(m.plan_date),
             "forecast": _day(m.forecast_date),
             "actual": _day(m.actual_date), "final": m.final}
            for m in milestones
        ],
        "risks": [
            {"id": r.id, "text": r.text, "likelihood": r.likelihood, "impact": r.impact, "rating": r.rating,
             "owner": r.owner_id, "response": r.response, "blocking": r.blocking, "open": r.open}
            for r in risks
        ],
        "lines": [
            {"id": line.id, "name": line.name, "kind": line.kind, "timing": line.timing, "category": line.category,
             "currency": line.currency, "run_rate": line.run_rate, "plan": plans.get(line.id)}
            for line in lines
        ],
        "predecessors": [[p.key, p.needs, p.stage, p.state] for p in snapshot.predecessors],
        "statuses": {kind: colour for kind, (colour, _) in loaded.declared.items()},
        "findings": [
            {"key": f.key, "met": f.met, "code": f.code, "values": dict(f.values), "wording": f.wording}
            for f in findings
        ],
    }  # fmt: skip


def write_dossier(work: Work, loaded: Loaded, review_id: int, number: int, basis: str = "") -> Dossier:
    """Freeze the next dossier of a review and log its digests."""
    into = (
        loaded.snapshot.review.into
        if loaded.snapshot.review
        else (loaded.rules.next_stage(loaded.snapshot.stage) or "")
    )
    content = dossier_content(work.session, loaded, into, work.today(loaded.timezone))
    basis = basis or digest_of(basis_of(loaded.rules, loaded.rules.gates[into], loaded.snapshot))
    dossier = Dossier(
        review_id=review_id,
        number=number,
        content=content,
        content_digest=digest_of(canonical(content)),
        basis_digest=basis,
        at=work.at,
    )
    work.session.add(dossier)
    work.log(
        Event.REVIEW_DOSSIER,
        {"review": review_id, "dossier": number, "content": dossier.content_digest, "basis": basis},
        made=(dossier,), object_type="review", object_id=str(review_id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return dossier
