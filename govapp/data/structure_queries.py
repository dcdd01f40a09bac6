"""Read queries about the tree: the workflow in force, branches, and roll-ups from the maintained totals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from govapp.data.gates import Stage, WorkflowVersion
from govapp.data.measure_queries import path_ids
from govapp.data.measures import WAITING, Measure, Part, StageTotal
from govapp.data.structure import Branch, Organization

OUTSIDE_THE_BOARD = frozenset({"cancelled"})


def branch_by_key(session: Session, key: str) -> Branch | None:
    """A branch by its key."""
    return session.scalar(select(Branch).where(Branch.key == key))


def root_keys(session: Session) -> list[str]:
    """Keys of the organizations."""
    return list(session.scalars(select(Branch.key).where(Branch.parent_id.is_(None)).order_by(Branch.id)))


@dataclass(frozen=True, slots=True)
class Node:
    """A branch in the order of the tree; `depth` counts from the first branch shown above it."""

    id: int
    key: str
    kind: str
    name: str
    path: str
    parent_id: int | None
    depth: int
    archived: bool
    version: int
    organization: str
    organization_id: int


def tree(session: Session, paths: Iterable[str] | None) -> list[Node]:
    """Branches at or below these paths (None: all), parents before their children, those beside each other by name."""
    statement = select(Branch, Organization.name).join(
        Organization, Organization.id == Branch.organization_id
    )
    if paths is not None:
        clauses = [Branch.path.like(f"{path}%") for path in paths]
        if not clauses:
            return []
        statement = statement.where(or_(*clauses))
    rows = session.execute(
        statement.order_by(Branch.organization_id, func.lower(Branch.name), Branch.id)
    ).all()
    ids = {row.Branch.id for row in rows}
    below: dict[int | None, list[tuple[Branch, str]]] = {}
    for branch, organization in rows:
        below.setdefault(branch.parent_id if branch.parent_id in ids else None, []).append(
            (branch, organization)
        )
    return _ordered(below, None, 0)


def _ordered(below: dict[int | None, list[tuple[Branch, str]]], above: int | None, depth: int) -> list[Node]:
    nodes: list[Node] = []
    for b, organization in below.get(above, ()):
        nodes.append(
            Node(
                b.id, b.key, b.kind, b.name, b.path, b.parent_id, depth, b.archived, b.version, organization,
                b.organization_id,
            )
        )  # fmt: skip
        nodes += _ordered(below, b.id, depth + 1)
    return nodes


@dataclass(slots=True)
class Totals:
    """Counts by stage (proposals under `proposed`), values by stage and currency in minor units, and how many wait."""

    counts: dict[str, int] = field(default_factory=dict)
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    waiting: int = 0
    on_hold: int = 0
    cancelled: int = 0

    @property
    def count(self) -> int:
        """Measures in all stages, proposals and cancelled ones not among them."""
        return sum(n for stage, n in self.counts.items() if stage != "proposed")

    @property
    def value(self) -> dict[str, int]:
        """Values of all stages by currency, in minor units; currencies are never added."""
        sums: dict[str, int] = {}
        for stage, by_currency in self.values.items():
            for currency, amount in by_currency.items() if stage != "proposed" else ():
                sums[currency] = sums.get(currency, 0) + amount
        return sums


@dataclass(frozen=True, slots=True)
class RolledUp:
    """A branch with its own figures and those of everything below it that may be read."""

    node: Node
    own: Totals
    total: Totals
    branches_below: int


def roll_ups(session: Session, nodes: Sequence[Node]) -> list[RolledUp]:
    """Counts and values on every level, from the maintained totals; only the branches given are added up."""
    by_id = {node.id: node for node in nodes}
    own = {node.id: Totals() for node in nodes}
    total = {node.id: Totals() for node in nodes}
    below = dict.fromkeys(by_id, 0)
    above = {node.id: [each for each in path_ids(node.path) if each in by_id] for node in nodes}
    for node in nodes:
        for each in above[node.id][:-1]:
            below[each] += 1
    for row in _totals(session, [node.id for node in nodes]):
        _add(own[row.branch_id], row)
        for each in above[row.branch_id]:
            _add(total[each], row)
    return [RolledUp(node, own[node.id], total[node.id], below[node.id]) for node in nodes]


def _totals(session: Session, branches: Sequence[int]) -> list[Any]:
    """Whole tables when most branches are wanted: a long list of ids is slower than reading past a few."""
    statement = select(*StageTotal.__table__.columns).where(StageTotal.count != 0)
    wanted = set(branches)
    if len(wanted) <= 500:
        statement = statement.where(StageTotal.branch_id.in_(wanted))
    return [row for row in session.execute(statement) if row.branch_id in wanted]


def _add(into: Totals, row: Any) -> None:
    if row.state in OUTSIDE_THE_BOARD:
        into.cancelled += row.count if not row.currency else 0
        return
    if row.currency:
        amounts = into.values.setdefault(row.stage, {})
        amounts[row.currency] = amounts.get(row.currency, 0) + row.value
        return
    into.counts[row.stage] = into.counts.get(row.stage, 0) + row.count
    into.waiting += row.count if row.standing == WAITING else 0
    into.on_hold += row.count if row.state == "on_hold" else 0


def stage_names(session: Session) -> list[tuple[str, str]]:
    """Keys and names of stages of the active versions, in their order; the newest name of a key counts."""
    rows = session.execute(
        select(Stage.key, Stage.name, Stage.position, WorkflowVersion.id.label("version"))
        .join(WorkflowVersion, WorkflowVersion.id == Stage.workflow_version_id)
        .where(WorkflowVersion.state == "active")
        .order_by(Stage.position, WorkflowVersion.id)
    )
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        found[row.key] = (max(row.position, found.get(row.key, (0, ""))[0]), row.name)
    return [(key, name) for key, (_, name) in sorted(found.items(), key=lambda item: item[1][0])]


def measures_by_part(session: Session, person: int, paths: Sequence[str]) -> int:
    """How many measures somebody may read only through a part: they lie outside these paths."""
    statement = (
        select(func.count(func.distinct(Measure.id)))
        .join(Part, Part.measure_id == Measure.id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(Part.person_id == person)
    )
    if paths:
        statement = statement.where(~or_(*(Branch.path.like(f"{path}%") for path in paths)))
    return session.scalar(statement) or 0


def way_to(session: Session, path: str) -> list[tuple[str, str, str]]:
    """Key, name and path of every branch from the organization down to this one."""
    ids = path_ids(path)
    rows = session.execute(select(Branch.id, Branch.key, Branch.name, Branch.path).where(Branch.id.in_(ids)))
    found = {row.id: (row.key, row.name, row.path) for row in rows}
    return [found[each] for each in ids if each in found]
