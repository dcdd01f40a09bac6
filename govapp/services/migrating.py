"""Measures brought to another version of their rules: first a preview, then chunk by chunk, going on after a kill.

A measure is refused while a review of it is open, and when its stage is not in the new version (domain/migration.py).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.gates import Workflow, WorkflowVersion
from govapp.data.import_queries import unfinished_batch
from govapp.data.imports import Batch
from govapp.data.measures import Measure
from govapp.data.rulebook import rules_for
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.structure import Branch
from govapp.data.version_queries import Scope, count_to_migrate, to_migrate
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.migration import RuleChange, change_for
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules
from govapp.services._keys import writing_once
from govapp.services._versions import DRAFT
from govapp.services._work import Origin, Work

JOB = "govapp.jobs.rules.migrate"
KIND = "migration"
LOOKED_AT_ONCE = 500
SHORTEST_REASON, LONGEST_REASON = 3, 2000


@dataclass(frozen=True, slots=True)
class MigrateMeasures:
    """Bring measures to a version: chosen `keys`, those under `branch`, or `everything`. The reason goes to each."""

    origin: Origin
    version_id: int
    reason: str
    keys: tuple[str, ...] = ()
    branch: str = ""
    everything: bool = False
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The version to which measures are brought, with its rules."""

    version_id: int
    workflow_id: int
    workflow: str
    number: int
    rules: Rules


@dataclass(frozen=True, slots=True)
class Planned:
    """A measure with what would change for it."""

    key: str
    title: str
    stage: str | None
    number: int
    change: RuleChange


@dataclass(frozen=True, slots=True)
class Preview:
    """What a migration would do: how many measures it is about, and the changes of those looked at."""

    target: Target
    total: int
    planned: tuple[Planned, ...]


def target_of(session: Session, version_id: int) -> Target:
    """The version as a target. Raises NotFound, and Invalid for a draft: measures never stand on one."""
    version = session.get(WorkflowVersion, version_id)
    if version is None:
        raise NotFound("not_found", version=version_id)
    if version.state == DRAFT:
        raise Invalid("version_draft", number=version.number)
    workflow = session.get_one(Workflow, version.workflow_id)
    rules = rules_for(session, version.id, version.digest)
    return Target(version.id, workflow.id, workflow.key, version.number, rules)


def right_to_migrate(actor: Actor, path: str | None = None) -> str:
    """The grant that permits it, on a branch or (without a path) anywhere. Raises Refused."""
    if actor.is_system:
        return "system"
    for grant in actor.grants:
        if Permission.GOVERNANCE_ACTIVATE in grant.permissions and (
            path is None or path.startswith(grant.path)
        ):
            return f"role:{grant.role}@{grant.branch_id}"
    raise Refused("no_right", permission=str(Permission.GOVERNANCE_ACTIVATE))


def scope_of(
    session: Session, actor: Actor, keys: tuple[str, ...], branch: str, *, everything: bool
) -> Scope:
    """Which measures are meant, within the branches on which the actor may switch rules.

    Raises Refused without that right anywhere, Invalid when not exactly one of the three is named, NotFound (branch).
    """
    right_to_migrate(actor)
    if sum((bool(keys), bool(branch), everything)) != 1:
        raise Invalid("migration_scope")
    reach = None
    if not actor.is_system:
        reach = tuple(g.path for g in actor.grants if Permission.GOVERNANCE_ACTIVATE in g.permissions)
    paths: tuple[str, ...] = ()
    if branch:
        path = session.scalar(select(Branch.path).where(Branch.key == branch))
        if path is None:
            raise NotFound("not_found", branch=branch)
        paths = (path,)
    return Scope(keys, paths, reach)


def preview_migration(
    actor: Actor, version_id: int, scope: Scope, at: datetime, *, limit: int | None = None
) -> Preview:
    """What changes for each measure of a scope; with a limit only for the first ones. Nothing is written."""
    with reading() as session:
        target = target_of(session, version_id)
        total = count_to_migrate(session, target.workflow_id, version_id, scope)
        ids = [each for each, _key in to_migrate(session, target.workflow_id, version_id, scope, limit=limit)]
        return Preview(target, total, tuple(_planned(session, target, ids, at)))


def _planned(session: Session, target: Target, ids: list[int], at: datetime) -> Iterator[Planned]:
    numbers: dict[int, int] = {}
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        for loaded in load_measures(session, ids[start : start + LOOKED_AT_ONCE]):
            change = change_for(loaded.rules, target.rules, loaded.snapshot, day_of(loaded, at))
            version = loaded.measure.workflow_version_id
            if version not in numbers:
                numbers[version] = session.get_one(WorkflowVersion, version).number
            measure = loaded.measure
            yield Planned(measure.key, measure.title, measure.stage, numbers[version], change)
        session.expunge_all()


def day_of(loaded: Loaded, at: datetime) -> date:
    """The day in the zone of the measure's organization."""
    return at.astimezone(ZoneInfo(loaded.timezone)).date()


def start_migration(command: MigrateMeasures, *, by_job: bool) -> int:
    """Begin a migration and return its batch; `by_job` hands it to a worker, else the caller goes on with it.

    The same request that a kill left unfinished is found again. Needs `governance:activate`; measures on branches
    outside that right are left out. Raises NotFound, Refused, Invalid.
    """
    reason = command.reason.strip()
    if len(reason) < SHORTEST_REASON or len(reason) > LONGEST_REASON:
        raise Invalid("not_saved", {"reason": ["required" if len(reason) < SHORTEST_REASON else "too_long"]})
    return int(writing_once(command, lambda work: _start(work, command, reason, by_job=by_job))["batch"])


def _start(work: Work, command: MigrateMeasures, reason: str, *, by_job: bool) -> dict[str, Any]:
    session = work.session
    right = right_to_migrate(work.actor)
    scope = scope_of(session, work.actor, command.keys, command.branch, everything=command.everything)
    target = target_of(session, command.version_id)
    asked = digest_of([command.keys, command.branch, reason, work.actor.id])[:24]
    key = f"migrate:{target.version_id}:{asked}"
    batch = unfinished_batch(session, key)
    if batch is None:
        first = to_migrate(session, target.workflow_id, target.version_id, scope, limit=1)
        if not first:
            raise Invalid("migration_empty", number=target.number)
        total = count_to_migrate(session, target.workflow_id, target.version_id, scope)
        earlier = (
            session.scalar(select(func.count()).select_from(Batch).where(Batch.key.startswith(f"{key}:")))
            or 0
        )
        batch = Batch(
            kind=KIND, key=f"{key}:{earlier + 1}", file_name="", file_digest="", state="staging", rows=total,
            branch_id=session.scalars(select(Measure.branch_id).where(Measure.id == first[0][0])).one(),
            person_id=work.actor.id, made_at=work.at,
            about={"version": target.version_id, "reason": reason, "scope": asdict(scope)},
        )  # fmt: skip
        session.add(batch)
        session.flush()
        work.log(
            Event.MIGRATION_STARTED,
            {"workflow": target.workflow, "number": target.number, "measures": total, "reason": reason},
            right=right, object_type="batch", object_id=str(batch.id),
        )  # fmt: skip
    if by_job:
        work.deliver("job", {"name": JOB, "args": [batch.id]})
    return {"batch": batch.id}
