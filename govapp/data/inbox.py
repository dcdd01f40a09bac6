"""What waits for a person's decision: open steps that name them, without a counting vote of theirs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.measures import Card, Measure, Part
from govapp.data.people import Group, GroupMember, Person
from govapp.data.reviews import Review, ReviewStep, StepDecider
from govapp.data.structure import Branch
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One open step that waits for the person."""

    review_id: int
    measure: str
    title: str
    came_from: str | None
    into: str
    step: str
    waits_for: str
    since: datetime
    target_hours: int | None
    asked_by: str
    values: dict[str, int]
    stale_votes: int
    risk_rating: str
    workflow_version_id: int


def _named(actor: Actor) -> ColumnElement[bool]:
    """Clause: a decider row of the step names this person."""
    by_part = and_(
        StepDecider.kind == "parts",
        exists().where(
            Part.measure_id == Review.measure_id, Part.part == StepDecider.key, Part.person_id == actor.id
        ),
    )
    by_role: list[ColumnElement[bool]] = [
        and_(
            StepDecider.kind == "roles",
            StepDecider.key == grant.role,
            Branch.path.startswith(grant.path, autoescape=True),
        )
        for grant in actor.grants
        if Permission.REVIEW_DECIDE in grant.permissions
    ]
    by_group = and_(
        StepDecider.kind == "groups",
        StepDecider.key.in_(
            select(Group.key)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .where(
                GroupMember.person_id == actor.id,
                GroupMember.ended_at.is_(None),
                Group.organization_id == Measure.organization_id,
            )
        ),
    )
    return or_(by_part, *by_role, by_group)


def _candidates(actor: Actor) -> CompoundSelect[Any]:
    """Open steps that may name the person: from the parts held and from the few open steps of roles and groups.

    A superset without rights: it keeps the query from looking at every open review with its measure and branch.
    """
    roles = {grant.role for grant in actor.grants if Permission.REVIEW_DECIDE in grant.permissions}
    groups = (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == actor.id, GroupMember.ended_at.is_(None))
    )
    by_part = (
        select(ReviewStep.id)
        .select_from(Part)
        .join(Review, Review.measure_id == Part.measure_id)
        .join(ReviewStep, ReviewStep.review_id == Review.id)
        .where(
            Part.person_id == actor.id, Review.state == literal_column("'open'"), ReviewStep.state == "open"
        )
    )
    by_name = (
        select(ReviewStep.id)
        .select_from(StepDecider)
        .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
        .where(
            ReviewStep.state == "open",
            or_(
                and_(StepDecider.kind == "roles", StepDecider.key.in_(roles)),
                and_(StepDecider.kind == "groups", StepDecider.key.in_(groups)),
            ),
        )
    )
    return union_all(by_part, by_name)


def _open_steps(actor: Actor, *columns: Any) -> Select[Any]:
    if actor.id is None:
        return select(*columns).where(false())
    owner = aliased(Part)
    return (
        select(*columns)
        .select_from(ReviewStep)
        .join(Review, Review.id == ReviewStep.review_id)
        .join(StepDecider, StepDecider.step_id == ReviewStep.id)
        .join(Measure, Measure.id == Review.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .outerjoin(owner, and_(owner.measure_id == Measure.id, owner.part == "owner"))
        .where(
            ReviewStep.id.in_(_candidates(actor)),
            Review.state == "open",
            ReviewStep.state == "open",
            Measure.state.in_(("active", "proposed")),
            _named(actor),
            or_(owner.person_id.is_(None), owner.person_id != actor.id),
        )
    )


def waiting_statement(actor: Actor) -> Select[Any]:
    """Counts the open steps that wait for the person."""
    return _open_steps(actor, func.count(func.distinct(ReviewStep.id)))


def waiting_count(session: Session, actor: Actor) -> int:
    """How many open steps wait for the person."""
    return session.scalar(waiting_statement(actor)) or 0


def waiting_for(session: Session, actor: Actor, *, limit: int = 50, offset: int = 0) -> list[InboxRow]:
    """The open steps that wait for the person, oldest first; values in minor units by currency."""
    asker = aliased(Person)
    statement = (
        _open_steps(
            actor,
            Review.id, Measure.key, Measure.title, Review.came_from, Review.into, ReviewStep.name, ReviewStep.waits_for,
            ReviewStep.opened_at, ReviewStep.target_hours, asker.name.label("asked_by"), Card.values, Card.stale_votes,
            Measure.risk_rating, Measure.workflow_version_id, Review.opened_at.label("review_opened"),
        )
        .join(asker, asker.id == Review.asked_by)
        .outerjoin(Card, Card.measure_id == Measure.id)
        .distinct()
        .order_by(ReviewStep.opened_at, Review.id)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    return [
        InboxRow(
            r[0],
            r[1],
            r[2],
            r[3],
            r[4],
            r[5],
            r[6],
            r[7] or r[14],
            r[8],
            r[9],
            r[10] or {},
            r[11] or 0,
            r[12],
            r[13],
        )
        for r in session.execute(statement)
    ]
