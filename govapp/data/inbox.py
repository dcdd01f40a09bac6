"""What waits for a person's decision: open steps that name them, or somebody whose deputy they are today.

A voice is whose decision it is: voice 0 the person's own, the others those of absent people. A step that waits for
several of them is shown once, for their own first. Who is barred is kept by settle in `step_decider`; a deputy is
barred by what bars either of the two, and by parts of the two that are kept apart. Whoever has voted on the dossier
that is before the deciders now has done their share. A step stays here that names the holder of a part whose role has
ended, or who holds a role without a voice; its page says who can mend that.
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
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.calendars import CalendarRow
from govapp.data.clock_pages import CLOCK_COLUMNS, CLOCK_OF_STEP, clock_of_row
from govapp.data.measures import Card, Measure, Part
from govapp.data.people import Group, GroupMember, Person
from govapp.data.reviews import BARRED, Dossier, Review, ReviewStep, StepDecider, Vote
from govapp.data.structure import Branch
from govapp.domain.clocks import Clock
from govapp.domain.deputies import DECIDE
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, StandIn

Shape = tuple[int, ...]  # by how many grants each voice decides, one's own first
_COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One open step that waits for the person; `why_not` is the code of the reason when they are barred from it.

    `on_behalf_of`: the absent person for whom they would decide, by name and id, where it is not for themselves.
    """

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
    on_behalf_of: str = ""
    on_behalf_id: int | None = None


def _voices(actor: Actor) -> list[tuple[Actor, StandIn | None]]:
    """The person, and the absent people for whom they decide today."""
    lent = [(each.actor, each) for each in actor.stands_in if DECIDE in each.kinds]
    return [(actor, None), *lent]


def _grants(actor: Actor) -> list[tuple[str, str]]:
    """Roles with their places by which somebody may decide at all."""
    return [
        (grant.role, grant.path) for grant in actor.grants if Permission.REVIEW_DECIDE in grant.permissions
    ]


def waiting_values(actor: Actor) -> tuple[Shape, dict[str, Any]]:
    """By how many grants each voice decides, and the values `waiting_statement` is asked with."""
    values: dict[str, Any] = {"person": actor.id}
    shape = []
    for v, (voice, lent) in enumerate(_voices(actor)):
        grants = _grants(voice)
        shape.append(len(grants))
        both = sorted({actor.id or 0, voice.id or 0})
        values |= {
            f"voice_{v}": voice.id,
            f"both_{v}": both,
            f"ids_{v}": [str(each) for each in both],
            f"roles_{v}": sorted({role for role, _ in grants}),
        }
        if lent is not None:
            values[f"apart_{v}"] = sorted(lent.apart)
        for n, (role, path) in enumerate(grants):
            values |= {
                f"role_{v}_{n}": role,
                f"path_{v}_{n}": f"{path}%",
            }  # ids are digits: LIKE needs no escape
    return tuple(shape), values


def _voice(v: int) -> BindParameter[int]:
    return bindparam(f"voice_{v}")


def _groups(v: int) -> Select[Any]:
    return (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == _voice(v), GroupMember.ended_at.is_(None))
    )


def _named(v: int, grants: int) -> ColumnElement[bool]:
    """Clause: a decider row of the step names this voice."""
    by_part = and_(
        StepDecider.kind == "parts",
        exists().where(
            Part.measure_id == Review.measure_id, Part.part == StepDecider.key, Part.person_id == _voice(v)
        ),
    )
    by_role = [
        and_(
            StepDecider.kind == "roles",
            StepDecider.key == bindparam(f"role_{v}_{n}"),
            Branch.path.like(bindparam(f"path_{v}_{n}")),
        )
        for n in range(grants)
    ]
    here = _groups(v).where(Group.organization_id == Measure.organization_id)
    return or_(by_part, *by_role, and_(StepDecider.kind == "groups", StepDecider.key.in_(here)))


def _candidates(v: int) -> CompoundSelect[Any]:
    """Open steps that may name the voice: from the parts held and from the few open steps of roles and groups.

    A superset without rights: it keeps the query from looking at every open review with its measure and branch.
    """
    by_part = (
        select(ReviewStep.id)
        .select_from(Part)
        .join(Review, Review.measure_id == Part.measure_id)
        .join(ReviewStep, ReviewStep.review_id == Review.id)
        .where(
            Part.person_id == _voice(v), Review.state == literal_column("'open'"), ReviewStep.state == "open"
        )
    )
    roles: BindParameter[Any] = bindparam(f"roles_{v}", expanding=True)
    by_name = (
        select(ReviewStep.id)
        .select_from(StepDecider)
        .join(ReviewStep, ReviewStep.id == StepDecider.step_id)
        .where(
            ReviewStep.state == "open",
            or_(
                and_(StepDecider.kind == "roles", StepDecider.key.in_(roles)),
                and_(StepDecider.kind == "groups", StepDecider.key.in_(_groups(v))),
            ),
        )
    )
    return union_all(by_part, by_name)


def _voted(v: int) -> ColumnElement[bool]:
    """Clause: either of the two has voted on this step, for whomever, on the basis that is before the deciders now."""
    given, newest = aliased(Dossier), aliased(Dossier)
    basis = (
        select(newest.basis_digest)
        .where(newest.review_id == Review.id)
        .order_by(newest.number.desc())
        .limit(1)
        .correlate(Review)
        .scalar_subquery()
    )
    both: BindParameter[Any] = bindparam(f"both_{v}", expanding=True)
    return exists().where(
        Vote.step_id == ReviewStep.id,
        Vote.verdict != _COMMENT,
        or_(Vote.person_id.in_(both), Vote.on_behalf_of.in_(both)),
        given.id == Vote.dossier_id,
        given.basis_digest == basis,
    )


def _apart(v: int) -> ColumnElement[bool]:
    """Clause: the deputy and the absent person hold parts on the measure that must not meet."""
    mine, theirs = aliased(Part), aliased(Part)
    pair = tuple_(Measure.workflow_version_id, mine.part, theirs.part)
    return exists().where(
        mine.measure_id == Measure.id,
        mine.person_id == bindparam("person"),
        theirs.measure_id == Measure.id,
        theirs.person_id == _voice(v),
        pair.in_(bindparam(f"apart_{v}", expanding=True)),
    )


_barring = aliased(StepDecider)


def _bars(v: int) -> ColumnElement[bool]:
    return and_(
        _barring.step_id == ReviewStep.id,
        _barring.kind.startswith(BARRED, autoescape=True),
        _barring.key.in_(bindparam(f"ids_{v}", expanding=True)),
    )


def _open_steps(v: int, grants: int, *columns: Any) -> Select[Any]:
    """Open steps that name a voice, who decides by so many grants."""
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
            ReviewStep.id.in_(_candidates(v)),
            Review.state == "open",
            ReviewStep.state == "open",
            Measure.state.in_(("active", "proposed")),
            _named(v, grants),
            or_(owner.person_id.is_(None), owner.person_id.not_in(bindparam(f"both_{v}", expanding=True))),
        )
    )


@lru_cache(64)
def _waiting(shape: Shape) -> Subquery:
    """Step and voice of everything that waits, each step once."""
    each = []
    for v, grants in enumerate(shape):
        found = _open_steps(v, grants, ReviewStep.id.label("step"), literal_column(str(v)).label("voice"))
        found = found.where(~exists().where(_bars(v)), ~_voted(v))
        each.append(found.where(~_apart(v)) if v else found)
    every = (each[0].distinct() if len(each) == 1 else union_all(*each)).subquery()
    if len(each) == 1:
        return every
    return select(every.c.step, func.min(every.c.voice).label("voice")).group_by(every.c.step).subquery()


@lru_cache(64)
def waiting_statement(shape: Shape) -> Select[Any]:
    """Counts the open steps that wait for the person of `waiting_values`. Made once: every page asks it."""
    return select(func.count()).select_from(_waiting(shape))


def waiting_count(session: Session, actor: Actor) -> int:
    """How many open steps wait for the person."""
    shape, values = waiting_values(actor)
    return session.scalar(waiting_statement(shape), values) or 0


def waiting_for(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0, now: datetime | None = None
) -> list[InboxRow]:
    """The open steps that wait for the person, oldest first; values in minor units by currency."""
    shape, values = waiting_values(actor)
    voices = [voice for voice, _ in _voices(actor)]
    statement = _listed(shape).limit(limit).offset(offset)
    at = now or datetime.now(UTC)
    return [_row(found, voices[found.voice], at) for found in session.execute(statement, values)]


def waiting_on_behalf(session: Session, actor: Actor) -> dict[int, int]:
    """How many of the open steps that wait for the person wait on behalf of each absent person, by id."""
    shape, values = waiting_values(actor)
    found = _waiting(shape)
    rows = session.execute(select(found.c.voice, func.count()).group_by(found.c.voice), values)
    voices = [voice.id or 0 for voice, _ in _voices(actor)]
    return {voices[voice]: number for voice, number in rows if voice}


def next_waiting(session: Session, actor: Actor, after: int) -> int | None:
    """The review that waits longest for the person, other than the one just decided; None when none does."""
    return next(
        (row.review_id for row in waiting_for(session, actor, limit=5) if row.review_id != after), None
    )


def named_but_barred(session: Session, actor: Actor, limit: int = 20) -> list[InboxRow]:
    """Open steps that name the person and that they may not decide, oldest first.

    Without those of whose review they have decided another step: there they have done their share.
    """
    shape, values = waiting_values(actor)
    statement = _open_steps(0, shape[0], *_columns(), _barring.kind).join(_barring, _bars(0))
    statement = _ordered(statement).distinct().limit(limit)
    done = _barring.kind == f"{BARRED}voted_elsewhere"
    return [_row(found, actor, None, found[-1]) for found in session.execute(statement.where(~done), values)]


_asker = aliased(Person)


def _columns() -> tuple[Any, ...]:
    return (
        Review.id, Measure.key, Measure.title, Review.came_from, Review.into, ReviewStep.name, ReviewStep.waits_for,
        ReviewStep.opened_at, ReviewStep.target_hours, _asker.name.label("asked_by"), Card.values, Card.stale_votes,
        Measure.risk_rating, Measure.workflow_version_id, Review.opened_at.label("review_opened"), ReviewStep.target_at,
        *CLOCK_COLUMNS, ReviewStep.id,
    )  # fmt: skip


def _ordered(statement: Select[Any]) -> Select[Any]:
    return (
        statement.join(_asker, _asker.id == Review.asked_by)
        .outerjoin(Card, Card.measure_id == Measure.id)
        .outerjoin(CalendarRow, CLOCK_OF_STEP)
        .order_by(ReviewStep.opened_at, Review.id, ReviewStep.id)
    )


@lru_cache(64)
def _listed(shape: Shape) -> Select[Any]:
    found = _waiting(shape)
    statement = (
        select(*_columns(), found.c.voice)
        .select_from(found)
        .join(ReviewStep, ReviewStep.id == found.c.step)
        .join(Review, Review.id == ReviewStep.review_id)
        .join(Measure, Measure.id == Review.measure_id)
    )
    return _ordered(statement)


def _row(r: Any, voice: Actor, now: datetime | None = None, why_not: str = "") -> InboxRow:
    lent = hasattr(r, "voice") and r.voice
    behalf = [voice.name, voice.id] if lent else ["", None]
    head = [*r[:7], r[7] or r.review_opened, *r[8:10], r[10] or {}, r[11] or 0, *r[12:14]]
    clock = clock_of_row(r, now) if now else None
    values: list[Any] = [*head, clock, why_not, *behalf]
    return InboxRow(*values)
