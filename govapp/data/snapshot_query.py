"""The one statement that reads everything a gate may ask about a measure (docs/decisions.md)."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import aliased

from govapp.data.clock_queries import clock_columns
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.figure_rows import figure_columns
from govapp.data.finance import CurrencyRate, EffectLine
from govapp.data.gates import EvidenceKindVersion, WorkflowVersion
from govapp.data.json_rows import json_rows, json_text
from govapp.data.ledger import PlanChange, PlanVersion
from govapp.data.measures import Card, Dependency, Measure, Milestone, Part, Risk, StagePassage, StatusEntry
from govapp.data.people import Grant, Group, GroupMember, Person, Role, RolePermission
from govapp.data.reviews import BARRED, Condition, Dossier, Lookback, Review, ReviewStep, StepDecider, Vote
from govapp.data.status_rows import status_columns
from govapp.data.structure import Branch, Choice, Organization
from govapp.domain.criteria import MILESTONE_FIELD
from govapp.domain.permissions import Permission

DROPPED = "dropped"
# Forms that size a measure until it has effect lines, the better one first.
VALUE_FORMS = ("plan-numbers", "rough-numbers")


def _of(column: Any) -> ColumnElement[bool]:
    clause: ColumnElement[bool] = column == Measure.id
    return clause


def _rows(statement: Select[*tuple[Any, ...]], *order: Any) -> ColumnElement[str]:
    return json_rows(statement.order_by(*order), correlate=Measure.__table__)


@cache
def snapshot_statement() -> Select[*tuple[Any, ...]]:
    """Measures with all a gate may ask about, beside their cards; unpacked by position in `snapshots.py`."""
    open_review = (
        select(Review.id)
        .where(_of(Review.measure_id), Review.state == "open")
        .correlate(Measure.__table__)
        .scalar_subquery()
    )
    here, above = aliased(Branch), aliased(Branch)
    newest_status = (
        select(func.max(StatusEntry.id))
        .where(_of(StatusEntry.measure_id))
        .group_by(StatusEntry.kind)
        .correlate(Measure.__table__)
    )
    plan_number = (
        select(func.coalesce(func.max(PlanVersion.number), 0))
        .where(_of(PlanVersion.measure_id))
        .correlate(Measure.__table__)
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
                    case((Evidence.kind.in_(VALUE_FORMS), EvidenceRevision.values)).label("sizes"),
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
                    EffectLine.id, EffectLine.name, EffectLine.kind, EffectLine.timing, EffectLine.category,
                    EffectLine.currency, EffectLine.run_rate,
                ).where(_of(EffectLine.measure_id)),
                EffectLine.id,
            ).label("lines"),
            _rows(
                select(PlanVersion.number, PlanVersion.lines.label("planned"))
                .where(_of(PlanVersion.measure_id), PlanVersion.number == plan_number),
                PlanVersion.number,
            ).label("plan"),
            _rows(
                select(PlanChange.id, PlanChange.state)
                .where(_of(PlanChange.measure_id), PlanChange.state.in_(("draft", "asked"))),
                PlanChange.id,
            ).label("plan_change"),
            *figure_columns(plan_number),
            *status_columns(),
            _rows(
                select(StatusEntry.kind, StatusEntry.colour, StatusEntry.until_day, StatusEntry.computed)
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
                    ReviewStep.rule, ReviewStep.deciders, ReviewStep.opened_at, ReviewStep.quorum, ReviewStep.veto,
                    ReviewStep.sign, ReviewStep.attests, ReviewStep.state,
                ).where(ReviewStep.review_id == open_review, ReviewStep.state != DROPPED),
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
            _rows(
                select(StepDecider.step_id, GroupMember.person_id)
                .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
                .join(Group, Group.key == StepDecider.key)
                .join(GroupMember, GroupMember.group_id == Group.id)
                .join(Person, Person.id == GroupMember.person_id)
                .where(
                    ReviewStep.review_id == open_review, StepDecider.kind == "groups", Person.active,
                    Group.organization_id == Measure.organization_id, GroupMember.ended_at.is_(None),
                ),
                StepDecider.step_id, GroupMember.person_id,
            ).label("members"),
            _rows(
                select(Grant.person_id, Grant.from_day, Grant.until_day)
                .join(Role, Role.id == Grant.role_id)
                .join(RolePermission, (RolePermission.role_id == Role.id) & (RolePermission.version == Role.version))
                .join(above, above.id == Grant.branch_id)
                .join(here, here.id == Measure.branch_id)
                .where(
                    RolePermission.permission == str(Permission.REVIEW_DECIDE), Grant.ended_at.is_(None),
                    here.path.startswith(above.path),
                    Grant.person_id.in_(
                        select(GroupMember.person_id)
                        .join(Group, Group.id == GroupMember.group_id)
                        .join(StepDecider, (StepDecider.key == Group.key) & (StepDecider.kind == "groups"))
                        .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
                        .where(ReviewStep.review_id == open_review, GroupMember.ended_at.is_(None))
                    ),
                ),
                Grant.person_id,
            ).label("deciding"),
            _rows(
                select(StepDecider.step_id, Grant.person_id, Grant.from_day, Grant.until_day)
                .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
                .join(Role, Role.key == StepDecider.key)
                .join(Grant, Grant.role_id == Role.id)
                .join(Person, Person.id == Grant.person_id)
                .join(above, above.id == Grant.branch_id)
                .join(here, here.id == Measure.branch_id)
                .where(
                    ReviewStep.review_id == open_review, StepDecider.kind == "roles", Person.active,
                    Grant.ended_at.is_(None), here.path.startswith(above.path),
                ),
                StepDecider.step_id, Grant.person_id,
            ).label("role_holders"),
            _rows(
                select(
                    Condition.id, Condition.state, Condition.due, Condition.blocking, Condition.owner_id,
                    Condition.set_by,
                )
                .where(_of(Condition.measure_id), Condition.state.in_(("open", "fulfilled"))),
                Condition.id,
            ).label("conditions"),
            _rows(
                select(Lookback.id, Lookback.state, Lookback.due, Lookback.into).where(_of(Lookback.measure_id)),
                Lookback.id,
            ).label("lookbacks"),
            _rows(
                select(CurrencyRate.currency, CurrencyRate.rate, CurrencyRate.from_day)
                .where(CurrencyRate.organization_id == Measure.organization_id, CurrencyRate.kind == "plan"),
                CurrencyRate.from_day,
            ).label("rates"),
            select(Choice.details)
            .where(
                Choice.organization_id == Measure.organization_id, Choice.list == "services",
                Choice.key == Measure.service,
            )
            .correlate(Measure.__table__).scalar_subquery().label("service_details"),
            *clock_columns(),
        )
        .join(Branch, Branch.id == Measure.branch_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .outerjoin(Card, Card.measure_id == Measure.id)
    )  # fmt: skip
