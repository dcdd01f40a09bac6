"""Dossiers: what the deciders of a review have before them, frozen and numbered. Codes and values, no sentences."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.evidence import EvidenceRevision
from govapp.data.json_rows import json_rows, moment_of
from govapp.data.measures import Milestone, Risk
from govapp.data.numbering import NO_NUMBERS, Counts, Numbers, number_columns, numbers_in
from govapp.data.reviews import Dossier
from govapp.data.snapshots import Loaded
from govapp.data.types import canonical
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.events import Event
from govapp.domain.gates import gate_findings
from govapp.services._work import Work


@dataclass(frozen=True, slots=True)
class Record:
    """Rows that a dossier shows beside the snapshot: milestones, risks, revisions of evidence; and reserved numbers."""

    milestones: list[Any]
    risks: list[Any]
    evidence: list[Any]
    numbers: Numbers


def record_of(session: Session, loaded: Loaded, counts: Counts = NO_NUMBERS) -> Record:
    """They are read in one statement, which also reserves so many numbers by table."""
    mine, revisions = loaded.measure.id, [fact.revision_id for fact in loaded.snapshot.evidence]
    found = session.execute(
        select(
            json_rows(
                select(
                    Milestone.id, Milestone.name, Milestone.owner_id, Milestone.plan_date, Milestone.forecast_date,
                    Milestone.actual_date, Milestone.final,
                ).where(Milestone.measure_id == mine).order_by(Milestone.id)
            ),
            json_rows(
                select(
                    Risk.id, Risk.text, Risk.likelihood, Risk.impact, Risk.rating, Risk.owner_id, Risk.response,
                    Risk.blocking, Risk.open,
                ).where(Risk.measure_id == mine).order_by(Risk.id)
            ),
            json_rows(
                select(
                    EvidenceRevision.id, EvidenceRevision.evidence_id, EvidenceRevision.number, EvidenceRevision.digest,
                    EvidenceRevision.values, EvidenceRevision.effective_on, EvidenceRevision.valid_until,
                    EvidenceRevision.person_id, EvidenceRevision.on_behalf_of, EvidenceRevision.at,
                    EvidenceRevision.judged,
                ).where(EvidenceRevision.id.in_(revisions)).order_by(EvidenceRevision.id)
            ),
            *number_columns(session, counts),
        )
    ).one()  # fmt: skip
    milestones, risks, evidence = (json.loads(text) for text in found[:3])
    return Record(milestones, risks, evidence, numbers_in(counts, found[3:]))


def _evidence(loaded: Loaded, rows: Iterable[Any]) -> list[dict[str, Any]]:
    facts = {fact.revision_id: fact for fact in loaded.snapshot.evidence}
    return [
        {
            "kind": facts[i].kind,
            "evidence": evidence,
            "revision": number,
            "kind_version": facts[i].kind_version,
            "digest": digest,
            "values": json.loads(values),
            "effective_on": effective,
            "valid_until": until,
            "person": person,
            "on_behalf_of": behalf,
            "at": moment_of(at).isoformat(),
            "judged": judged,
        }
        for i, evidence, number, digest, values, effective, until, person, behalf, at, judged in rows
    ]


def _said(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def dossier_content(
    session: Session, loaded: Loaded, into: str, today: date, record: Record | None = None
) -> dict[str, Any]:
    """Everything the deciders see: fields, parts, evidence with digests, figures (minor units), risks, findings, rules.

    `today` is the day in the organization's zone, for what may have expired.
    """
    measure, snapshot = loaded.measure, loaded.snapshot
    gate = loaded.rules.gates[into]
    record = record or record_of(session, loaded)
    shown = {line.id: line for line in loaded.gate_lines}
    findings = gate_findings(loaded.rules, gate, snapshot, today)
    return {
        "key": measure.key,
        "into": into,
        "from": snapshot.stage,
        "rules": [loaded.rules.workflow, loaded.rules.version],
        "fields": {name: _said(value) for name, value in snapshot.fields.items()},
        "parts": {part: {"person": held.person_id, "name": held.name} for part, held in snapshot.parts.items()},
        "evidence": _evidence(loaded, record.evidence),
        "milestones": [
            {"id": i, "name": name, "owner": owner, "plan": plan, "forecast": forecast, "actual": actual,
             "final": bool(final)}
            for i, name, owner, plan, forecast, actual, final in record.milestones
        ],
        "risks": [
            {"id": i, "text": text, "likelihood": likelihood, "impact": impact, "rating": rating,
             "owner": owner, "response": response, "blocking": bool(blocking), "open": bool(still)}
            for i, text, likelihood, impact, rating, owner, response, blocking, still in record.risks
        ],
        "lines": [
            {"id": line.id, "name": line.name, "kind": line.kind, "timing": line.timing, "category": line.category,
             "currency": line.currency, "run_rate": shown[line.id].run_rate, "plan": shown[line.id].plan}
            for line in snapshot.lines
        ],
        "plan": {"version": loaded.plan_number, "draft": loaded.gate_lines is loaded.draft},
        "predecessors": [[p.key, p.needs, p.stage, p.state] for p in snapshot.predecessors],
        "statuses": {kind: said.colour for kind, said in loaded.declared.items()},
        "findings": [
            {"key": f.key, "met": f.met, "code": f.code, "values": dict(f.values), "wording": f.wording}
            for f in findings
        ],
    }  # fmt: skip


def write_dossier(
    work: Work, loaded: Loaded, review_id: int, number: int, basis: str = "", record: Record | None = None
) -> Dossier:
    """Freeze the next dossier of a review and log its digests. With a number reserved for it, it is written late."""
    into = (
        loaded.snapshot.review.into
        if loaded.snapshot.review
        else (loaded.rules.next_stage(loaded.snapshot.stage) or "")
    )
    content = dossier_content(work.session, loaded, into, work.today(loaded.timezone), record)
    basis = basis or digest_of(basis_of(loaded.rules, loaded.rules.gates[into], loaded.snapshot))
    dossier = Dossier(
        review_id=review_id,
        number=number,
        content=content,
        content_digest=digest_of(canonical(content)),
        basis_digest=basis,
        at=work.at,
    )
    work.write([dossier], record.numbers if record else {})
    work.log(
        Event.REVIEW_DOSSIER,
        {"review": review_id, "dossier": number, "content": dossier.content_digest, "basis": basis},
        made=(dossier,), object_type="review", object_id=str(review_id),
        measure_id=loaded.measure.id, branch_id=loaded.measure.branch_id,
    )  # fmt: skip
    return dossier
