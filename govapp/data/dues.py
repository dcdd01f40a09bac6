"""What a person owes or should look at, in one statement: conditions, look-backs, plans, evidence, milestones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Date,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import day_in
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.gates import Stage, WorkflowVersion
from govapp.data.kpis import SustainCheck
from govapp.data.ledger import PlanChange, PlanChangeVote
from govapp.data.measures import Measure, Milestone, Part
from govapp.data.people import Person
from govapp.data.reviews import Condition, Lookback
from govapp.data.structure import Branch, Organization
from govapp.domain.effect_rules import SustainRule
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor

# What ends within so many days is worth a look.
SOON = timedelta(days=30)
MOST = 100
PLAN_CHANGE = "plan_change"
OWED = ("condition", "condition_to_confirm", "lookback")
EVIDENCE = ("evidence_returned", "evidence_expires", "sustain")
SUSTAIN_KIND = SustainRule().kind
_PERSON: BindParameter[int] = bindparam("person")


@dataclass(frozen=True, slots=True)
class Due:
    """One thing: what it is, its own number, the measure, its wording or kind, its day, and today in the organization.

    `what`: condition, condition_to_confirm, lookback, plan_change, evidence_returned, evidence_expires, sustain,
    milestone. `whose`: who owes it, or who returned it; `text` a reason given. `version` and `digest` are those of the
    measure's workflow.
    """

    what: str
    id: int
    key: str
    title: str
    name: str
    day: date | None
    whose: str
    text: str
    version_id: int
    version_digest: str
    today: date

    @property
    def late(self) -> bool:
        """True when its day has passed."""
        return self.day is not None and self.day < self.today


def dues_of(session: Session, actor: Actor, at: datetime) -> list[Due]:
    """What the person owes, must confirm, handed in and has to mend, or whose day has come: oldest day first.

    At most MOST; of measures the person may read that are neither cancelled nor closed.
    """
    latest = (at + timedelta(days=1)).date()  # no zone is further ahead
    rows = session.execute(_every(), {"person": actor.id, "latest": latest, "soon": latest + SOON})
    found = [
        _due(row, at)
        for row in rows
        if row.held or actor.is_system or actor.grant_for(Permission.MEASURE_VIEW, row.path) is not None
    ]
    return [each for each in found if each.what != "milestone" or each.late]


@cache
def _every() -> Select[Any]:
    """Made once: making it costs more than asking it."""
    every = union_all(
        _conditions(), _confirmations(), _lookbacks(), _plan_changes(), _returned(), _expiring(), _sustain(),
        _milestones(),
    ).subquery()  # fmt: skip
    return select(every).order_by(every.c.day.is_(None).desc(), every.c.day, every.c.id).limit(MOST)


def _due(row: Any, at: datetime) -> Due:
    return Due(*(*row[:10], day_in(row.zone, at)))


def _of(
    what: str, table: Any, name: Any, day: Any, whose: Any, text: Any = "", *, going_on: bool = True
) -> Select[Any]:
    """Rows of a table that belong to measures that go on, or have been closed."""
    closed = exists().where(
        Stage.workflow_version_id == Measure.workflow_version_id,
        Stage.key == Measure.stage,
        Stage.terminal.is_(True),
    )
    columns: tuple[Any, ...] = (
        literal(what).label("what"), table.id.label("id"), Measure.key.label("key"), Measure.title.label("title"),
        name.label("name"), type_coerce(day, Date).label("day"), func.coalesce(whose, "").label("whose"),
        (literal(text) if isinstance(text, str) else text).label("text"),
        Measure.workflow_version_id.label("version_id"), WorkflowVersion.digest.label("version_digest"),
        Organization.timezone.label("zone"), Branch.path.label("path"),
        exists().where(Part.measure_id == Measure.id, Part.person_id == _PERSON).label("held"),
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(table)
        .join(Measure, Measure.id == table.measure_id)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(
            Measure.state.in_(("active", "on_hold", "proposed")),
            Measure.archived.is_(False),
            ~closed if going_on else closed,
        )
    )


def _holds(part: str) -> Any:
    return exists().where(Part.measure_id == Measure.id, Part.part == part, Part.person_id == _PERSON)


def _conditions() -> Select[Any]:
    setter = aliased(Person)
    return (
        _of("condition", Condition, Condition.wording, Condition.due, setter.name)
        .join(setter, setter.id == Condition.set_by)
        .where(Condition.owner_id == _PERSON, Condition.state == "open")
    )


def _confirmations() -> Select[Any]:
    """Fulfilled conditions of others, for who set them; where they are no longer active, for the sponsor."""
    owner, setter = aliased(Person), aliased(Person)
    return (
        _of(
            "condition_to_confirm",
            Condition,
            Condition.wording,
            Condition.due,
            owner.name,
            Condition.fulfilled_note,
        )
        .join(owner, owner.id == Condition.owner_id)
        .join(setter, setter.id == Condition.set_by)
        .where(
            Condition.state == "fulfilled",
            Condition.owner_id != _PERSON,
            or_(Condition.set_by == _PERSON, and_(setter.active.is_(False), _holds("sponsor"))),
        )
    )


def _lookbacks() -> Select[Any]:
    setter = aliased(Person)
    return (
        _of("lookback", Lookback, Lookback.into, Lookback.due, setter.name, Lookback.reason)
        .join(setter, setter.id == Lookback.set_by)
        .where(
            Lookback.state == "open",
            or_(Lookback.set_by == _PERSON, _holds("owner")),
        )
    )


def _plan_changes() -> Select[Any]:
    """Changes of plans that a part of the person must approve and has not decided yet."""
    asker = aliased(Person)
    decided = exists().where(PlanChangeVote.change_id == PlanChange.id, PlanChangeVote.part == Part.part)
    awaited = exists().where(
        Part.measure_id == Measure.id,
        Part.person_id == _PERSON,
        type_coerce(PlanChange.needs, Text).like(literal('%"') + Part.part + literal('"%')),
        ~decided,
    )
    return (
        _of(PLAN_CHANGE, PlanChange, PlanChange.reason, null(), asker.name)
        .outerjoin(asker, asker.id == PlanChange.asked_by)
        .where(PlanChange.state == "asked", awaited)
    )


def _latest_revisions(what: str, day: Any, whose: Any, text: Any = "") -> Select[Any]:
    """Newest revisions of pieces that the person handed in, or that lie on measures the person owns."""
    handed = select(EvidenceRevision.evidence_id).where(EvidenceRevision.person_id == _PERSON)
    owned = select(Evidence.id).join(Part, Part.measure_id == Evidence.measure_id)
    owned = owned.where(Part.part == "owner", Part.person_id == _PERSON)
    newest = and_(EvidenceRevision.evidence_id == Evidence.id, EvidenceRevision.number == Evidence.revisions)
    return (
        _of(what, Evidence, Evidence.kind, day, whose, text)
        .join(EvidenceRevision, newest)
        .where(
            Evidence.id.in_(union_all(handed, owned)),
            or_(EvidenceRevision.person_id == _PERSON, _holds("owner")),
        )
    )


def _returned() -> Select[Any]:
    judge = aliased(Person)
    return (
        _latest_revisions("evidence_returned", null(), judge.name, EvidenceRevision.judged_reason)
        .outerjoin(judge, judge.id == EvidenceRevision.judged_by)
        .where(EvidenceRevision.judged == "returned")
    )


def _expiring() -> Select[Any]:
    return _latest_revisions("evidence_expires", EvidenceRevision.valid_until, literal("")).where(
        EvidenceRevision.judged != "returned",
        EvidenceRevision.valid_until.is_not(None),
        EvidenceRevision.valid_until < bindparam("soon", type_=Date),
    )


def _sustain() -> Select[Any]:
    """Checks after closing whose day is near, for those whose parts hand them in; `name` is their kind of evidence."""
    found = _of("sustain", SustainCheck, literal(SUSTAIN_KIND), SustainCheck.due, literal(""), going_on=False)
    return found.where(
        SustainCheck.state == "due", SustainCheck.due < bindparam("soon", type_=Date),
        or_(*(_holds(part) for part in ("owner", "reporting_owner", "finance_contact"))),
    )  # fmt: skip


def _milestones() -> Select[Any]:
    owner = aliased(Person)
    late = select(Milestone.id).where(
        Milestone.actual_date.is_(None), Milestone.plan_date < bindparam("latest", type_=Date)
    )
    owned = late.join(Part, Part.measure_id == Milestone.measure_id)
    owned = owned.where(Part.person_id == _PERSON, Part.part == "owner")
    return (
        _of("milestone", Milestone, Milestone.name, Milestone.plan_date, owner.name)
        .outerjoin(owner, owner.id == Milestone.owner_id)
        .where(
            Milestone.id.in_(union_all(late.where(Milestone.owner_id == _PERSON), owned)),
            Measure.state == "active",
        )
    )


def only(dues: Sequence[Due], *what: str) -> list[Due]:
    """Those of these kinds, in the same order."""
    return [each for each in dues if each.what in what]
