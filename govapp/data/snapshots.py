"""Rows -> domain values: one statement reads everything a gate may ask about a measure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.gates import EvidenceKindVersion, WorkflowVersion
from govapp.data.json_rows import json_rows, json_text
from govapp.data.locks import lock_measures, neighbours_of
from govapp.data.measures import Card, Dependency, Measure, Milestone, Part, Risk, StagePassage, StatusEntry
from govapp.data.people import Person
from govapp.data.reviews import BARRED, Dossier, Review, ReviewStep, StepDecider, Vote
from govapp.data.rulebook import rules_for
from govapp.data.structure import Branch, Organization
from govapp.domain.criteria import MILESTONE_FIELD
from govapp.domain.money import from_minor
from govapp.domain.rights import Place
from govapp.domain.rules import Rules
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

FIELDS = (
    "title", "description", "problem", "expected_effect", "business_unit", "legal_entity", "function", "service",
    "request_category", "vendor", "steering_committee", "change_type", "risk_rating", "security_relevant",
    "no_dependencies_declared",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """An effect line in short: amounts in minor units (FTE: 1/10,000)."""

    id: int
    kind: str
    timing: str
    currency: str
    run_rate: int | None
    plan: int | None


@dataclass(slots=True)
class Loaded:
    """A measure in a transaction: its row, its card row if any, the snapshot, the rules and where it stands.

    `barred`: the rows of `step_decider` that name who may not decide a step of its open review.
    """

    measure: Measure
    card: Card | None
    snapshot: Snapshot
    rules: Rules
    place: Place
    currency: str
    timezone: str
    workflow_id: int
    lines: tuple[Line, ...]
    declared: dict[str, tuple[str, date | None]]
    branch_kind: str
    successors: tuple[int, ...] = ()
    barred: frozenset[tuple[int, str, str]] = frozenset()


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _time(value: str | None) -> datetime | None:
    return None if value is None else _moment(value)


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value[:10])


def _of(column: Any) -> ColumnElement[bool]:
    clause: ColumnElement[bool] = column == Measure.id
    return clause


def _rows(statement: Select[*tuple[Any, ...]], *order: Any) -> ColumnElement[str]:
    return json_rows(statement.order_by(*order), correlate=Measure.__table__)


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    open_review = (
        select(Review.id)
        .where(_of(Review.measure_id), Review.state == "open")
        .correlate(Measure.__table__)
        .scalar_subquery()
    )
    newest_status = (
        select(func.max(StatusEntry.id))
        .where(_of(StatusEntry.measure_id))
        .group_by(StatusEntry.kind)
        .correlate(Measure.__table__)
    )
    plan = (
        select(func.sum(EffectValue.amount))
        .where(EffectValue.line_id == EffectLine.id, EffectValue.series == "plan")
        .correlate(EffectLine.__table__)
        .scalar_subquery()
    )
    on = Measure.__table__.alias("predecessor")
    return (
        select(
            Measure,
            Card,
            Branch.path,
            Branch.kind.label("branch_kind"),
            Organization.currency,
            Organization.timezone,
            WorkflowVersion.workflow_id,
            WorkflowVersion.digest,
            _rows(
                select(Part.part, Part.person_id, Person.name, Person.active)
                .join(Person, Person.id == Part.person_id)
                .where(_of(Part.measure_id)),
                Part.id,
            ).label("parts"),
            _rows(
                select(
                    Evidence.kind, Evidence.id, EvidenceRevision.id.label("rid"), EvidenceRevision.number,
                    EvidenceRevision.digest, EvidenceRevision.person_id, EvidenceRevision.on_behalf_of,
                    EvidenceRevision.valid_until, EvidenceRevision.judged, EvidenceRevision.passage_id,
                    EvidenceKindVersion.number.label("kind_number"),
                    json_text(EvidenceRevision.values, MILESTONE_FIELD).label("milestone"),
                )
                .join(
                    EvidenceRevision,
                    (EvidenceRevision.evidence_id == Evidence.id) & (EvidenceRevision.number == Evidence.revisions),
                )
                .join(EvidenceKindVersion, EvidenceKindVersion.id == EvidenceRevision.kind_version_id)
                .where(_of(Evidence.measure_id)),
                Evidence.id,
            ).label("evidence"),
            _rows(
                select(
                    Milestone.id, Milestone.name, Milestone.owner_id, Milestone.plan_date, Milestone.actual_date,
                    Milestone.final,
                ).where(_of(Milestone.measure_id)),
                Milestone.id,
            ).label("milestones"),
            _rows(
                select(Risk.id, Risk.rating, Risk.owner_id, Risk.response, Risk.blocking, Risk.open)
                .where(_of(Risk.measure_id)),
                Risk.id,
            ).label("risks"),
            _rows(
                select(on.c.key, Dependency.stage.label("needs"), on.c.stage, on.c.state)
                .join(on, on.c.id == Dependency.on_measure_id)
                .where(_of(Dependency.measure_id)),
                Dependency.id,
            ).label("predecessors"),
            _rows(
                select(Dependency.measure_id).where(_of(Dependency.on_measure_id)), Dependency.measure_id
            ).label("successors"),
            _rows(
                select(
                    EffectLine.id, EffectLine.kind, EffectLine.timing, EffectLine.currency, EffectLine.run_rate,
                    plan.label("plan"),
                ).where(_of(EffectLine.measure_id)),
                EffectLine.id,
            ).label("lines"),
            _rows(
                select(StatusEntry.kind, StatusEntry.colour, StatusEntry.until_day)
                .where(StatusEntry.id.in_(newest_status)),
                StatusEntry.id,
            ).label("statuses"),
            select(func.max(StagePassage.id)).where(_of(StagePassage.measure_id)).correlate(Measure.__table__).scalar_subquery().label("passage"),
            _rows(
                select(
                    Review.id, Review.into, Review.asked_by, Review.opened_at, Dossier.number,
                    Dossier.basis_digest,
                )
                .join(Dossier, Dossier.review_id == Review.id)
                .where(_of(Review.measure_id), Review.state == "open"),
                Dossier.number,
            ).label("review"),
            _rows(
                select(
                    ReviewStep.id, ReviewStep.key, ReviewStep.name, ReviewStep.waits_for, ReviewStep.position,
                    ReviewStep.rule, ReviewStep.deciders, ReviewStep.opened_at,
                ).where(ReviewStep.review_id == open_review),
                ReviewStep.position, ReviewStep.id,
            ).label("steps"),
            _rows(
                select(Vote.step_id, Vote.person_id, Vote.on_behalf_of, Vote.verdict, Vote.at, Dossier.basis_digest)
                .join(Dossier, Dossier.id == Vote.dossier_id)
                .where(Vote.review_id == open_review),
                Vote.id,
            ).label("votes"),
            _rows(
                select(StepDecider.step_id, StepDecider.kind, StepDecider.key)
                .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
                .where(ReviewStep.review_id == open_review, StepDecider.kind.startswith(BARRED, autoescape=True)),
                StepDecider.step_id,
            ).label("barred"),
        )
        .join(Branch, Branch.id == Measure.branch_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .outerjoin(Card, Card.measure_id == Measure.id)
    )  # fmt: skip


def _review(row: Any) -> ReviewFact | None:
    dossiers = json.loads(row.review)
    if not dossiers:
        return None
    votes: dict[int, list[VoteFact]] = {}
    for step_id, person, behalf, verdict, at, basis in json.loads(row.votes):
        votes.setdefault(step_id, []).append(VoteFact(person, verdict, basis, _moment(at), behalf))
    steps = tuple(
        StepFact(i, key, name, waits, order, json.loads(rule), json.loads(deciders), tuple(votes.get(i, ())), _time(at))
        for i, key, name, waits, order, rule, deciders, at in json.loads(row.steps)
    )  # fmt: skip
    number, into, asked_by, opened, dossier, basis = dossiers[-1]
    return ReviewFact(number, into, basis, dossier, asked_by, _moment(opened), steps)


def _loaded(session: Session, row: Any) -> Loaded:
    measure: Measure = row.Measure
    parts = {part: Held(person, name, bool(active)) for part, person, name, active in json.loads(row.parts)}
    lines = tuple(
        Line(i, kind, timing, cur, run, None if plan is None else int(plan))
        for i, kind, timing, cur, run, plan in json.loads(row.lines)
    )
    review = _review(row)
    fields: dict[str, Any] = {name: getattr(measure, name) for name in FIELDS}
    predecessors = tuple(PredecessorFact(*item) for item in json.loads(row.predecessors))
    fields["dependencies"] = [item.key for item in predecessors]
    fields["measure_package"] = row.branch_kind == "measure_package"
    fields["vendor_spend"] = (
        None if measure.vendor_spend is None else int(from_minor(measure.vendor_spend, row.currency))
    )
    evidence = tuple(
        EvidenceFact(
            kind, eid, rid, number, digest, frozenset(p for p in (person, behalf) if p), _day(until), judged or "",
            passage, kind_no, milestone or "",
        )
        for kind, eid, rid, number, digest, person, behalf, until, judged, passage, kind_no, milestone
        in json.loads(row.evidence)
    )  # fmt: skip
    figures = {f"{line.id}:run_rate": line.run_rate for line in lines if line.run_rate is not None}
    figures |= {f"{line.id}:plan": line.plan for line in lines if line.plan is not None}
    snapshot = Snapshot(
        key=measure.key,
        stage=measure.stage,
        state=measure.state,
        version=measure.version,
        fields=fields,
        parts=parts,
        evidence=evidence,
        milestones=tuple(
            MilestoneFact(i, name, owner, _day(plan), _day(actual), bool(final))
            for i, name, owner, plan, actual, final in json.loads(row.milestones)
        ),
        risks=tuple(
            RiskFact(i, rating, owner, resp or "", bool(block), bool(op))
            for i, rating, owner, resp, block, op in json.loads(row.risks)
        ),
        predecessors=predecessors,
        figures=figures,
        passage_id=row.passage,
        review=review,
    )
    place = Place(row.path, {part: held.person_id for part, held in parts.items()}, measure.branch_id)
    declared = {kind: (colour, _day(until)) for kind, colour, until in json.loads(row.statuses)}
    rules = rules_for(session, measure.workflow_version_id, row.digest)
    return Loaded(
        measure, row.Card, snapshot, rules, place, row.currency, row.timezone, row.workflow_id, lines, declared,
        row.branch_kind, tuple(measure_id for (measure_id,) in json.loads(row.successors)),
        frozenset((step, kind, person) for step, kind, person in json.loads(row.barred)),
    )  # fmt: skip


@cache
def _by_key() -> Select[Any]:
    """Made once, as the next: SQLAlchemy takes longer to look over so long a statement than to ask it."""
    return _statement().where(Measure.key == bindparam("measure_key"))


@cache
def _by_ids() -> Select[Any]:
    wanted = Measure.id.in_(bindparam("ids", expanding=True))
    return _statement().where(wanted).order_by(Measure.id).execution_options(populate_existing=True)


def load_measure(
    session: Session, key: str, *, lock: bool = False, neighbours: bool = False
) -> Loaded | None:
    """A measure by key with its snapshot, in one statement.

    `lock` first locks its row until the transaction ends, with `neighbours` those of its dependencies too, all in order
    of id: whoever moves one of them waits for the others before anything is written.
    """
    if lock:
        lock_measures(session, neighbours_of(key) if neighbours else Measure.key == key)
    row = session.execute(_by_key(), {"measure_key": key}).first()
    return None if row is None else _loaded(session, row)


def load_measures(session: Session, ids: Iterable[int], *, lock: bool = False) -> list[Loaded]:
    """Measures by id, in order of id, with their snapshots, in one statement; `lock` first locks their rows."""
    wanted = list(ids)
    if lock:
        lock_measures(session, Measure.id.in_(wanted))
    return [_loaded(session, row) for row in session.execute(_by_ids(), {"ids": wanted}).all()]


def place_of(session: Session, measure_id: int) -> Place | None:
    """Where a measure stands and who holds its parts; enough for a question of rights."""
    rows = session.execute(
        select(Branch.path, Measure.branch_id, Part.part, Part.person_id)
        .select_from(Measure)
        .join(Branch, Branch.id == Measure.branch_id)
        .outerjoin(Part, Part.measure_id == Measure.id)
        .where(Measure.id == measure_id)
    ).all()
    if not rows:
        return None
    return Place(rows[0].path, {row.part: row.person_id for row in rows if row.part}, rows[0].branch_id)


def due_measures(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Measures whose derived data must be looked at again because time has come (an expiry, a lapse)."""
    statement = select(Card.measure_id).where(Card.check_at <= at).order_by(Card.check_at).limit(limit)
    return list(session.scalars(statement))
