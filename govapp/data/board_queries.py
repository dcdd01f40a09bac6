"""What the gate board reads beside its cards: branches with counts, heads from totals, people, moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.actors import above, in_force
from govapp.data.audit import AuditLog
from govapp.data.gates import WorkflowVersion
from govapp.data.measures import Card, Measure, Part, StageTotal
from govapp.data.people import Grant, Person, Role
from govapp.data.structure import Branch, Organization

_COUNTED = ("active", "on_hold", "proposed")


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch the reader knows of. `count`: measures that may be read; `whole`: all of them may be.

    Of a whole branch the count takes in all under it, of another it is those directly in it.
    """

    id: int
    key: str
    name: str
    kind: str
    path: str
    organization_id: int
    timezone: str
    workflow_id: int | None
    count: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Total:
    """Totals: `count` measures (empty currency), their `value` in minor units."""

    workflow_id: int
    stage: str
    state: str
    standing: str
    currency: str
    count: int
    value: int


@lru_cache(64)
def _readable_branches(paths: int) -> Any:
    own = (
        select(StageTotal.branch_id, func.sum(StageTotal.count).label("count"))
        .where(StageTotal.currency == "", StageTotal.state.in_(_COUNTED))
        .group_by(StageTotal.branch_id)
        .subquery()
    )
    under = or_(*(Branch.path.like(bindparam(f"path_{n}")) for n in range(paths)))
    return (
        select(
            Branch.id, Branch.key, Branch.name, Branch.kind, Branch.path, Branch.organization_id, Organization.timezone,
            Branch.workflow_id, func.coalesce(own.c.count, 0),
        )
        .join(Organization, Organization.id == Branch.organization_id)
        .outerjoin(own, own.c.branch_id == Branch.id)
        .where(under, Branch.archived.is_(False))
        .order_by(Branch.path)
    )  # fmt: skip


def readable_branches(session: Session, paths: Sequence[str]) -> list[BranchRow]:
    """Branches under these paths, in order of the tree, each with the number of measures under it."""
    if not paths:
        return []
    values = {
        f"path_{n}": f"{path}%" for n, path in enumerate(paths)
    }  # digits and slashes: nothing to escape
    rows = session.execute(_readable_branches(len(paths)), values).all()
    counts = dict.fromkeys((str(row[0]) for row in rows), 0)
    for row in rows:
        for part in row[4].strip("/").split("/"):
            if row[8] and part in counts:
                counts[part] += row[8]
    return [BranchRow(*(*row[:8], counts[str(row[0])])) for row in rows]


def branches_by_part(session: Session, person_id: int, paths: Sequence[str]) -> list[BranchRow]:
    """Branches outside these paths in which the person holds a part on a measure, with the number of those measures."""
    outside = [~Branch.path.startswith(path, autoescape=True) for path in paths]
    rows = session.execute(
        select(
            Branch.id, Branch.key, Branch.name, Branch.kind, Branch.path, Branch.organization_id, Organization.timezone,
            Branch.workflow_id, func.count(func.distinct(Measure.id)),
        )
        .join(Measure, Measure.branch_id == Branch.id)
        .join(Part, Part.measure_id == Measure.id)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Part.person_id == person_id, Measure.state != "cancelled", *outside)
        .group_by(Branch.id, Organization.timezone)
        .order_by(Branch.path)
    )  # fmt: skip
    return [BranchRow(*row, whole=False) for row in rows]


_BY = (StageTotal.workflow_id, StageTotal.stage, StageTotal.state, StageTotal.standing, StageTotal.currency)


@cache
def _totals() -> Any:
    inside = StageTotal.branch_id.in_(bindparam("branches", expanding=True))
    return select(*_BY, func.sum(StageTotal.count), func.sum(StageTotal.value)).where(inside).group_by(*_BY)


def totals(session: Session, branch_ids: Sequence[int]) -> list[Total]:
    """Maintained totals of these branches by workflow, stage, state, waiting and currency; values in minor units."""
    rows: Any = session.execute(_totals(), {"branches": list(branch_ids)})
    return [Total(*(*row[:5], int(row[5]), int(row[6]))) for row in rows]


def counted_everywhere(session: Session) -> dict[str, int]:
    """How many measures each stage holds in all branches."""
    rows: Any = session.execute(
        select(StageTotal.stage, func.sum(StageTotal.count))
        .where(StageTotal.currency == "")
        .group_by(StageTotal.stage)
    )
    return {stage: int(count) for stage, count in rows}


@cache
def _stage_totals() -> Any:
    top = aliased(Branch)
    statement: Any = (
        select(*_BY, func.sum(StageTotal.count), func.sum(StageTotal.value), top.path)
        .select_from(top)
        .join(Branch, Branch.path.like(top.path + "%"))  # ids in paths are digits, so LIKE needs no escape
        .join(StageTotal, StageTotal.branch_id == Branch.id)
        .where(top.key == bindparam("key"), StageTotal.stage.in_(bindparam("stages", expanding=True)))
        .group_by(*_BY, top.path)
    )
    return statement


def stage_totals(session: Session, key: str, stages: Sequence[str]) -> tuple[str, list[Total]]:
    """Where a branch lies ('' when unknown or without such totals), and `totals` of some stages of all under it."""
    rows: Any = session.execute(_stage_totals(), {"key": key, "stages": list(stages)}).all()
    found = [Total(row[0], row[1], row[2], row[3], row[4], int(row[5]), int(row[6])) for row in rows]
    return (rows[0][7] if rows else ""), found


@cache
def _newest_version() -> Any:
    newest = select(func.max(Card.change_seq)).scalar_subquery()
    return (
        select(WorkflowVersion.id, WorkflowVersion.digest, newest)
        .where(WorkflowVersion.workflow_id == bindparam("workflow"))
        .order_by(case((WorkflowVersion.state == "active", 0), else_=1), WorkflowVersion.number.desc())
        .limit(1)
    )


def newest_version(session: Session, workflow_id: int) -> tuple[int, str, int]:
    """Id and digest of the version new measures start under, else of the newest; and when cards last changed."""
    row = session.execute(_newest_version(), {"workflow": workflow_id}).one()
    return row.id, row.digest, row[2] or 0


def only_active_workflow(session: Session) -> int | None:
    """A workflow that is in use, for a board that has no measures yet."""
    return session.scalar(
        select(WorkflowVersion.workflow_id)
        .where(WorkflowVersion.state == "active")
        .order_by(WorkflowVersion.workflow_id)
        .limit(1)
    )


@cache
def _moments() -> Any:
    wanted = AuditLog.sequence.in_(bindparam("sequences", expanding=True))
    return select(AuditLog.sequence, AuditLog.at).where(AuditLog.chain == "business", wanted)


def moments(session: Session, sequences: Sequence[int]) -> dict[int, datetime]:
    """When these rows of the business history were written."""
    if not sequences:
        return {}
    rows = session.execute(_moments(), {"sequences": list(sequences)})
    return {row.sequence: row.at for row in rows}


@cache
def _parts_held() -> Any:
    wanted = Part.measure_id.in_(bindparam("measures", expanding=True))
    return select(Part.measure_id, Part.part).where(Part.person_id == bindparam("person"), wanted)


def parts_held(session: Session, person_id: int, measure_ids: Sequence[int]) -> dict[int, set[str]]:
    """Parts the person holds on these measures."""
    held: dict[int, set[str]] = {}
    values = {"person": person_id, "measures": list(measure_ids)}
    for measure_id, part in session.execute(_parts_held(), values) if measure_ids else ():
        held.setdefault(measure_id, set()).add(part)
    return held


def role_holders(
    session: Session, path: str, roles: Sequence[str], today: date
) -> dict[str, list[tuple[int, str]]]:
    """Active people who hold these roles on the branch at `path`: id and name by role, by name."""
    if not roles:
        return {}
    rows = session.execute(
        select(Role.key, Person.id, Person.name)
        .join(Grant, Grant.role_id == Role.id)
        .join(Person, Person.id == Grant.person_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(Role.key.in_(roles), Branch.path.in_(above(path)), Person.active, *in_force(today))
        .order_by(Person.name)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for role, person, name in rows:
        if (person, name) not in found.setdefault(role, []):
            found[role].append((person, name))
    return found


def person_name(session: Session, person_id: int | None) -> str:
    """The name of a person, or an empty text."""
    return (session.scalar(select(Person.name).where(Person.id == person_id)) or "") if person_id else ""


def changed_at_all(session: Session) -> int:
    """The newest sequence at which any card changed: one look at an index."""
    return session.scalar(select(func.max(Card.change_seq))) or 0
