"""What waits for a person's decision: open steps that name them and from which they are not barred.

A step is open only as long as no vote on it counts. Who is barred is kept by settle in `step_decider`. A step that
names the holder of a part whose role has ended stays here; its page says who can mend that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.calendars import CalendarRow
from govapp.data.clock_pages import CLOCK_COLUMNS, CLOCK_OF_STEP, clock_of_row
from govapp.data.measures import Card, Measure, Part
from govapp.data.people import Group, GroupMember, Person
from govapp.data.reviews import BARRED, Review, ReviewStep, StepDecider
from govapp.data.structure import Branch
from govapp.domain.clocks import Clock
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor

_PERSON: BindParameter[int] = bindparam("person")


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One open step that waits for the person; `why_not` is the code of the reason when they are barred from it."""

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
    clock: Clock | None = None
    why_not: str = ""


def _grants(actor: Actor) -> list[tuple[str, str]]:
    """Roles with their places by which the actor may decide at all."""
    return [
        (grant.role, grant.path) for grant in actor.grants if Permission.REVIEW_DECIDE in grant.permissions
    ]


def _values(actor: Actor) -> dict[str, Any]:
    """What `_open_steps` is asked with."""
    grants = _grants(actor)
    values: dict[str, Any] = {
        "person": actor.id,
        "by_id": str(actor.id),
        "roles": sorted({role for role, _ in grants}),
    }
    for n, (role, path) in enumerate(grants):
        values |= {
            f"role_{n}": role,
            f"path_{n}": f"{path}%",
        }  # ids in paths are digits: LIKE needs no escape
    return values


def _groups() -> Select[Any]:
    return (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == _PERSON, GroupMember.ended_at.is_(None))
    )


def _named(grants: int) -> ColumnElement[bool]:
    """Clause: a decider row of the step names this person."""
    by_part = and_(
        StepDecider.kind == "parts",
        exists().where(
            Part.measure_id == Review.measure_id, Part.part == StepDecider.key, Part.person_id == _PERSON
        ),
    )
    by_role = [
        and_(
            StepDecider.kind == "roles",
            StepDecider.key == bindparam(f"role_{n}"),
            Branch.path.like(bindparam(f"path_{n}")),
        )
        for n in range(grants)
    ]
    here = _groups().where(Group.organization_id == Measure.organization_id)
    return or_(by_part, *by_role, and_(StepDecider.kind == "groups", StepDecider.key.in_(here)))


def _candidates() -> CompoundSelect[Any]:
    """Open steps that may name the person: from the parts held and from the few open steps of roles and groups.

    A superset without rights: it keeps the query from looking at every open review with its measure and branch.
    """
    by_part = (
        select(ReviewStep.id)
        .select_from(Part)
        .join(Review, Review.measure_id == Part.measure_id)
        .join(ReviewStep, ReviewStep.review_id == Review.id)
        .where(
            Part.person_id == _PERSON, Review.state == literal_column("'open'"), ReviewStep.state == "open"
        )
    )
    by_name = (
        select(ReviewStep.id)
        .select_from(StepDecider)
        .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
        .where(
            ReviewStep.state == "open",
            or_(
                and_(StepDecider.kind == "roles", StepDecider.key.in_(bindparam("roles", expanding=True))),
                and_(StepDecider.kind == "groups", StepDecider.key.in_(_groups())),
            ),
        )
    )
    return union_all(by_part, by_name)


def _open_steps(grants: int, *columns: Any) -> Select[Any]:
    """Open steps that name the person of `_values`, who decides by so many grants."""
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
            ReviewStep.id.in_(_candidates()),
            Review.state == "open",
            ReviewStep.state == "open",
            Measure.state.in_(("active", "proposed")),
            _named(grants),
            or_(owner.person_id.is_(None), owner.person_id != _PERSON),
        )
    )


_barring = aliased(StepDecider)
_BARS = and_(
    _barring.step_id == ReviewStep.id,
    _barring.kind.startswith(BARRED, autoescape=True),
    _barring.key == bindparam("by_id"),
)


@lru_cache(64)
def waiting_statement(grants: int) -> Select[Any]:
    """Counts the open steps that wait for the person of `waiting_values`. Made once: every page asks it."""
    return _open_steps(grants, func.count(func.distinct(ReviewStep.id))).where(~exists().where(_BARS))


def waiting_values(actor: Actor) -> tuple[int, dict[str, Any]]:
    """By how many grants the actor decides, and the values `waiting_statement` is asked with."""
    return len(_grants(actor)), _values(actor)


def waiting_count(session: Session, actor: Actor) -> int:
    """How many open steps wait for the person."""
    grants, values = waiting_values(actor)
    return session.scalar(waiting_statement(grants), values) or 0


def waiting_for(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0, now: datetime | None = None
) -> list[InboxRow]:
    """The open steps that wait for the person, oldest first; values in minor units by currency."""
    grants, values = waiting_values(actor)
    statement = _rows(grants).where(~exists().where(_BARS)).limit(limit).offset(offset)
    at = now or datetime.now(UTC)
    return [_row(found, at) for found in session.execute(statement, values)]


def next_waiting(session: Session, actor: Actor, after: int) -> int | None:
    """The review that waits longest for the person, other than the one just decided; None when none does."""
    return next((row.review_id for row in waiting_for(session, actor, limit=5) if row.review_id != after), None)


def named_but_barred(session: Session, actor: Actor, limit: int = 20) -> list[InboxRow]:
    """Open steps that name the person and that they may not decide, oldest first.

    Without those of whose review they have decided another step: there they have done their share.
    """
    grants, values = waiting_values(actor)
    statement = _rows(grants, _barring.kind).join(_barring, _BARS).limit(limit)
    done = _barring.kind == f"{BARRED}voted_elsewhere"
    return [_row(found, None, found[-1]) for found in session.execute(statement.where(~done), values)]


def _rows(grants: int, *more: Any) -> Select[Any]:
    asker = aliased(Person)
    return (
        _open_steps(
            grants,
            Review.id, Measure.key, Measure.title, Review.came_from, Review.into, ReviewStep.name, ReviewStep.waits_for,
            ReviewStep.opened_at, ReviewStep.target_hours, asker.name.label("asked_by"), Card.values, Card.stale_votes,
            Measure.risk_rating, Measure.workflow_version_id, Review.opened_at.label("review_opened"),
            ReviewStep.target_at, *CLOCK_COLUMNS, *more,
        )
        .join(asker, asker.id == Review.asked_by)
        .outerjoin(Card, Card.measure_id == Measure.id)
        .outerjoin(CalendarRow, CLOCK_OF_STEP)
        .distinct()
        .order_by(ReviewStep.opened_at, Review.id)
    )  # fmt: skip


def _row(r: Any, now: datetime | None = None, why_not: str = "") -> InboxRow:
    clock = clock_of_row(r, now) if now else None
    values: list[Any] = [
        *r[:7],
        r[7] or r.review_opened,
        *r[8:10],
        r[10] or {},
        r[11] or 0,
        *r[12:14],
        clock,
        why_not,
    ]
    return InboxRow(*values)
