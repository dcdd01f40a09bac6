"""What waits for a person's judgement: evidence that names them as its judge and that they may judge, oldest first."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.duties import duties_in_force
from govapp.data.evidence import Evidence, EvidenceJudge, EvidenceRevision
from govapp.data.gates import EvidenceKindVersion
from govapp.data.measures import Measure, Part
from govapp.data.people import Group, GroupMember, Person
from govapp.data.reviews import Lookback
from govapp.data.structure import Branch
from govapp.domain.deputies import JUDGE
from govapp.domain.evidence_judging import LOOKBACK_KIND
from govapp.domain.permissions import PART_PERMISSIONS, Permission
from govapp.domain.rights import Actor

_BY_PART = tuple(sorted(part for part, held in PART_PERMISSIONS.items() if Permission.EVIDENCE_JUDGE in held))


@dataclass(frozen=True, slots=True)
class JudgingRow:
    """A revision that waits for the person's judgement."""

    measure: str
    title: str
    stage: str | None
    evidence_id: int
    kind: str
    kind_name: str
    piece: int
    revision: int
    person: str
    on_behalf_of: str
    since: datetime
    workflow_version_id: int


def judging_count(session: Session, actor: Actor) -> int:
    """How many revisions wait for the person's judgement."""
    return session.scalar(_waiting(session, actor, func.count(func.distinct(EvidenceRevision.id)))) or 0


def judging_for(session: Session, actor: Actor, *, limit: int = 50, offset: int = 0) -> list[JudgingRow]:
    """The revisions that wait for the person's judgement, oldest first, in one statement beside that for the duties.

    Named by a part, a role or a group, with the right to judge there; without those they may not judge: what they
    handed in or was handed in for them, and what belongs to measures they own.
    """
    behalf = aliased(Person)
    mine = _waiting(session, actor, EvidenceRevision.id).subquery()
    rows: Any = session.execute(
        select(
            Measure.key, Measure.title, Measure.stage, Evidence.id, Evidence.kind, EvidenceKindVersion.definition,
            Evidence.number, EvidenceRevision.number, Person.name, func.coalesce(behalf.name, ""), EvidenceRevision.at,
            Measure.workflow_version_id,
        )
        .select_from(EvidenceRevision)
        .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
        .join(EvidenceKindVersion, EvidenceKindVersion.id == EvidenceRevision.kind_version_id)
        .join(Measure, Measure.id == EvidenceRevision.measure_id)
        .join(Person, Person.id == EvidenceRevision.person_id)
        .outerjoin(behalf, behalf.id == EvidenceRevision.on_behalf_of)
        .where(EvidenceRevision.id.in_(select(mine.c.id)))
        .order_by(EvidenceRevision.at, EvidenceRevision.id)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    return [_row(list(row)) for row in rows]


def _row(values: list[Any]) -> JudgingRow:
    values[5] = values[5]["name"]
    return JudgingRow(*values)


def _waiting(session: Session, actor: Actor, *columns: Any) -> Select[Any]:
    """Revisions that wait and that the actor may judge, for themselves or for absent people.

    Settle keeps `evidence_judge` to those that wait.
    """
    needs = duties_in_force(session).needs_role
    lent = (_judges(absent, {absent.id, actor.id}, needs) for absent in actor.absent_for(JUDGE))
    return (
        select(*columns)
        .select_from(EvidenceJudge)
        .join(EvidenceRevision, EvidenceRevision.id == EvidenceJudge.revision_id)
        .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
        .join(Measure, Measure.id == EvidenceJudge.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(or_(_judges(actor, {actor.id}, needs), *lent))
    )


def _judges(voice: Actor, people: AbstractSet[int | None], needs: Mapping[str, str]) -> ColumnElement[bool]:
    """Clause: a voice is named and has the right, and nothing bars whoever acts (`people`: the voice and the actor)."""
    owner, both = aliased(Part), sorted(person for person in people if person is not None)
    behalf = EvidenceRevision.on_behalf_of
    owned = exists().where(owner.measure_id == Measure.id, owner.part == "owner", owner.person_id.in_(both))
    return and_(
        _named(voice, needs),
        _right(voice, needs),
        EvidenceRevision.person_id.not_in(both),
        or_(behalf.is_(None), behalf.not_in(both)),
        ~owned,
        ~and_(Evidence.kind == LOOKBACK_KIND, exists().where(*_acted(both))),
    )


def _acted(people: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    """Clauses: one of these people used the emergency path on the measure and the look-back on it is open."""
    by = or_(Lookback.set_by.in_(people), Lookback.on_behalf_of.in_(people))
    return (Lookback.measure_id == EvidenceJudge.measure_id, Lookback.state == "open", by)


def _named(actor: Actor, needs: Mapping[str, str]) -> ColumnElement[bool]:
    by_part = and_(
        EvidenceJudge.kind == "parts", _holds(actor, needs, lambda part: part == EvidenceJudge.key)
    )
    by_role = [
        and_(
            EvidenceJudge.kind == "roles", EvidenceJudge.key == grant.role, Branch.path.like(f"{grant.path}%")
        )
        for grant in actor.grants
    ]
    groups = (
        select(Group.key)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == actor.id, GroupMember.ended_at.is_(None))
        .where(Group.organization_id == Measure.organization_id)
        .correlate(Measure)
    )
    return or_(by_part, *by_role, and_(EvidenceJudge.kind == "groups", EvidenceJudge.key.in_(groups)))


def _right(actor: Actor, needs: Mapping[str, str]) -> ColumnElement[bool]:
    """Clause: the actor holds `evidence:judge` on the measure, by a grant or a part."""
    paths = [grant.path for grant in actor.grants if Permission.EVIDENCE_JUDGE in grant.permissions]
    by_grant = [Branch.path.like(f"{path}%") for path in dict.fromkeys(paths)]
    return or_(*by_grant, _holds(actor, needs, lambda part: part.in_(_BY_PART)))


def _holds(
    actor: Actor, needs: Mapping[str, str], which: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Clause: the actor holds such a part on the measure, and the role that it needs (R06, R07)."""
    held = aliased(Part)
    mine = (held.measure_id == EvidenceJudge.measure_id, held.person_id == actor.id)
    with_role = (
        or_(held.part != part, *(Branch.path.like(f"{g.path}%") for g in actor.grants if g.role == role))
        for part, role in needs.items()
    )
    return exists().where(*mine, which(held.part), *with_role)
