"""What a list of measures is asked for, and what of the tree the person may read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.gates import WorkflowVersion
from govapp.data.rulebook import rules_for
from govapp.data.structure import Branch
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules

SORTS = ("newest", "key", "title", "stage", "waiting", "changed")
STATES = ("proposed", "active", "on_hold", "cancelled", "archived")
ENDED = ("cancelled", "archived")


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What the address of a list says; empty means all. `owner` is a person's id, `missing` a part or `any`.

    `person` holds any part; `live` leaves out what is cancelled or in a last stage.
    """

    q: str = ""
    branch: str = ""
    stage: str = ""
    state: str = ""
    owner: int | None = None
    waiting: str = ""
    missing: str = ""
    status: str = ""
    unit: str = ""
    function: str = ""
    service: str = ""
    external: str = ""
    sort: str = "newest"
    person: int | None = None
    live: bool = False

    @property
    def by_card(self) -> bool:
        """True when filter or order look at what `settle` derived."""
        asks = self.owner is not None or self.waiting or self.missing or self.status
        return bool(asks) or self.sort in {"waiting", "changed"}


@dataclass(frozen=True, slots=True)
class BranchOption:
    """A branch to choose; `depth` 0 is the organization."""

    id: int
    key: str
    name: str
    kind: str
    path: str
    organization_id: int

    @property
    def depth(self) -> int:
        """How far below the organization it lies."""
        return self.path.count("/") - 2


@dataclass(frozen=True, slots=True)
class Scope:
    """All branches, those the person may read, those with their money, and the rules in use by workflow version."""

    branches: tuple[BranchOption, ...]
    readable: frozenset[int]
    priced: frozenset[int]
    person_id: int | None
    rules: Mapping[int, Rules]

    @property
    def whole(self) -> bool:
        """True when the person reads every branch."""
        return len(self.readable) == len(self.branches)

    def shown(self) -> list[BranchOption]:
        """The branches the person may read, as a tree."""
        return [branch for branch in self.branches if branch.id in self.readable]

    def below(self, key: str) -> frozenset[int]:
        """Ids of the branch of that key and all under it; empty when it is unknown or not readable."""
        top = next(
            (branch for branch in self.branches if branch.key == key and branch.id in self.readable), None
        )
        return frozenset(b.id for b in self.branches if top and b.path.startswith(top.path))

    def only(self, actor: Actor, permission: Permission) -> "Scope":
        """The readable branches on which the person holds a permission, without what is read through a part."""
        held = _held(self.branches, actor, permission)
        return replace(self, readable=self.readable & held, person_id=0)


def _held(branches: tuple[BranchOption, ...], actor: Actor, permission: Permission) -> frozenset[int]:
    paths = [grant.path for grant in actor.grants if permission in grant.permissions]
    return frozenset(
        b.id for b in branches if actor.is_system or any(b.path.startswith(path) for path in paths)
    )


def read_scope(session: Session, actor: Actor) -> Scope:
    """What the person may read, in two statements."""
    rows = session.execute(
        select(Branch.id, Branch.key, Branch.name, Branch.kind, Branch.path, Branch.organization_id).order_by(
            Branch.path
        )
    )
    branches = tuple(BranchOption(*row) for row in rows)
    readable = _held(branches, actor, Permission.MEASURE_VIEW)
    priced = _held(branches, actor, Permission.FINANCE_VIEW)
    versions = session.execute(
        select(WorkflowVersion.id, WorkflowVersion.digest).order_by(WorkflowVersion.id)
    ).all()
    return Scope(
        branches,
        readable,
        priced,
        actor.id,
        {row.id: rules_for(session, row.id, row.digest) for row in versions},
    )
