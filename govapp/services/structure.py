"""The tree: organizations, branches and where they lie. Their lists and groups are in `choices.py`."""

from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from govapp.data.engine import hold
from govapp.data.gates import Workflow, WorkflowVersion
from govapp.data.measures import Measure
from govapp.data.structure import Branch, Currency, Organization
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.money import decimals_of
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.domain.structure import (
    KINDS,
    LONGEST_KEY,
    currency_fault,
    key_fault,
    key_from,
    may_lie_under,
    name_fault,
    prefix_fault,
)
from govapp.services._keys import writing_once
from govapp.services._people_rights import _may_anywhere
from govapp.services._work import Origin, Work, writing
from govapp.services.calendars import _definition_in_use, _install_calendars

ROOT_KIND = KINDS[0]


@dataclass(frozen=True, slots=True)
class AddOrganization:
    """An organization with its root branch. `workflow` is the key of the gates used below it; empty: the only one."""

    origin: Origin
    name: str
    key: str
    currency: str = "EUR"
    fiscal_month: int = 1
    timezone: str = "Europe/Berlin"
    key_prefix: str = "M"
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class AddBranch:
    """A branch under another; without a key one is made of the name. `workflow`: gates of its own, else inherited."""

    origin: Origin
    kind: str
    name: str
    under: str
    key: str = ""
    workflow: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class RenameBranch:
    """A new name; without a version the last one seen does not matter (commands)."""

    origin: Origin
    key: str
    name: str
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class MoveBranch:
    """A branch with everything below it goes under another branch of the same organization."""

    origin: Origin
    key: str
    under: str
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveBranch:
    """Take a branch out of use, or bring it back; its record stays."""

    origin: Origin
    key: str
    archived: bool = True
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class BranchAdded:
    """The stored branch."""

    id: int
    key: str
    organization_id: int
    path: str


def add_organization(command: AddOrganization) -> BranchAdded:
    """Add an organization and its root branch, which has the same key.

    Needs `system:operate`. Raises Invalid by field (name, key, currency, fiscal_month, timezone, key_prefix, workflow).
    """
    return writing(command.origin, lambda work: _add_organization(work, command))


def add_branch(command: AddBranch) -> BranchAdded:
    """Add a branch under one of a higher kind. Needs `structure:edit` above it. Raises NotFound, Invalid by field."""
    done = writing_once(command, lambda work: asdict(_add_branch(work, command)))
    return BranchAdded(**done)


def rename_branch(command: RenameBranch) -> None:
    """Rename a branch; its key stays. Needs `structure:edit`. Raises NotFound, Stale, Invalid on `name`."""
    writing_once(command, lambda work: _rename(work, command))


def move_branch(command: MoveBranch) -> None:
    """Move a branch with all below it. Needs `structure:edit` on it and on where it goes.

    Raises NotFound, Stale, Invalid on `under` (itself or below, another organization, a kind not higher, archived).
    """
    writing_once(command, lambda work: _move_branch(work, command))


def archive_branch(command: ArchiveBranch) -> None:
    """Archive a branch or bring it back. Needs `structure:edit`.

    Raises Refused for an organization, Invalid when something in use lies below it or its parent is archived.
    """
    writing_once(command, lambda work: _archive_branch(work, command))


def _add_organization(work: Work, command: AddOrganization) -> BranchAdded:
    right = _may_anywhere(work, Permission.SYSTEM_OPERATE)
    hold(work.session, "keys of branches")
    name, key = " ".join(command.name.split()), command.key.strip()
    checks = {
        "name": name_fault(name),
        "key": key_fault(key) or _taken(work.session, key),
        "currency": currency_fault(command.currency),
        "fiscal_month": "" if 1 <= command.fiscal_month <= 12 else "month_unknown",
        "timezone": "" if command.timezone in available_timezones() else "unknown_choice",
        "key_prefix": prefix_fault(command.key_prefix) or _prefix_taken(work.session, command.key_prefix),
    }
    workflow_id, checks["workflow"] = _workflow(work.session, command.workflow)
    _refuse(checks)
    _know_currency(work.session, command.currency)
    organization = Organization(
        key=key, name=name, currency=command.currency, fiscal_month=command.fiscal_month,
        timezone=command.timezone, key_prefix=command.key_prefix,
    )  # fmt: skip
    work.session.add(organization)
    work.session.flush()
    root = Branch(
        organization_id=organization.id, key=key, kind=ROOT_KIND, name=name, workflow_id=workflow_id
    )
    _place(work.session, root, "/")
    settings = {
        "currency": command.currency,
        "fiscal_month": command.fiscal_month,
        "timezone": command.timezone,
    }
    work.log(
        Event.ORGANIZATION_ADDED,
        {"key": key, "name": name, "key_prefix": command.key_prefix, "workflow": workflow_id, **settings},
        right=right, object_type="organization", object_id=key, branch_id=root.id,
    )  # fmt: skip
    _install_calendars(work, organization, root.id, _definition_in_use(work.session), right)
    return BranchAdded(root.id, key, organization.id, root.path)


def _add_branch(work: Work, command: AddBranch) -> BranchAdded:
    session = work.session
    above = _locked(session, command.under)
    right = may(work.actor, Permission.STRUCTURE_EDIT, Place(above.path, {}, above.id))
    name = " ".join(command.name.split())
    hold(session, "keys of branches")
    key = command.key.strip() or _free_key(session, key_from(name))
    checks = {
        "name": name_fault(name),
        "key": key_fault(key) or _taken(session, key),
        "kind": "" if command.kind in KINDS[1:] else "unknown_choice",
        "under": "branch_archived" if above.archived else "",
    }
    if not checks["kind"] and not may_lie_under(command.kind, above.kind):
        checks["under"] = "branch_not_higher"
    workflow_id = None
    if command.workflow:
        workflow_id, checks["workflow"] = _workflow(session, command.workflow)
    _refuse(checks)
    branch = Branch(
        organization_id=above.organization_id, key=key, kind=command.kind, name=name,
        parent_id=above.id, workflow_id=workflow_id,
    )  # fmt: skip
    _place(session, branch, above.path)
    work.log(
        Event.BRANCH_ADDED,
        {"key": key, "kind": command.kind, "name": name, "under": above.key, "workflow": command.workflow or None},
        right=right, object_type="branch", object_id=key, branch_id=branch.id,
    )  # fmt: skip
    return BranchAdded(branch.id, key, branch.organization_id, branch.path)


def _rename(work: Work, command: RenameBranch) -> None:
    branch, right = _editable(work, command.key, command.seen_version)
    name = " ".join(command.name.split())
    _refuse({"name": name_fault(name)})
    if name == branch.name:
        return
    _log_edit(work, branch, {"name": [branch.name, name]}, right)
    branch.name = name
    if branch.kind == ROOT_KIND:
        work.session.get_one(Organization, branch.organization_id).name = name


def _move_branch(work: Work, command: MoveBranch) -> None:
    branch, right = _editable(work, command.key, command.seen_version)
    above = _locked(work.session, command.under)
    may(work.actor, Permission.STRUCTURE_EDIT, Place(above.path, {}, above.id))
    if branch.parent_id == above.id:
        return
    fault = ""
    if branch.kind == ROOT_KIND or above.organization_id != branch.organization_id:
        fault = "branch_elsewhere"
    elif above.path.startswith(branch.path):
        fault = "branch_below_itself"
    elif above.archived:
        fault = "branch_archived"
    elif not may_lie_under(branch.kind, above.kind):
        fault = "branch_not_higher"
    _refuse({"under": fault})
    below = work.session.scalars(
        select(Branch).where(Branch.path.like(f"{branch.path}%")).order_by(Branch.path).with_for_update()
    ).all()
    before = branch.path
    was = work.session.scalar(select(Branch.key).where(Branch.id == branch.parent_id))
    for each in below:
        each.path = f"{above.path}{branch.id}/" + each.path.removeprefix(before)
    _log_edit(work, branch, {"under": [was, above.key]}, right, moved=len(below))
    branch.parent_id = above.id


def _archive_branch(work: Work, command: ArchiveBranch) -> None:
    branch, right = _editable(work, command.key, command.seen_version)
    if branch.kind == ROOT_KIND:
        raise Refused("organization_stays")
    if branch.archived is command.archived:
        return
    if command.archived and _in_use(work.session, branch):
        raise Invalid("not_saved", {"archived": ["branch_in_use"]})
    parent = work.session.get(Branch, branch.parent_id)
    if not command.archived and parent is not None and parent.archived:
        raise Invalid("not_saved", {"archived": ["branch_archived"]})
    _log_edit(work, branch, {"archived": [branch.archived, command.archived]}, right)
    branch.archived = command.archived


def _in_use(session: Session, branch: Branch) -> bool:
    """True when a branch that is not archived, or a measure neither archived nor cancelled, lies below."""
    below = select(Branch.id).where(Branch.path.like(f"{branch.path}%"))
    others = below.where(Branch.id != branch.id, Branch.archived.is_(False))
    live = select(Measure.id).where(
        Measure.branch_id.in_(below), Measure.archived.is_(False), Measure.state != "cancelled"
    )
    return any(session.scalar(each.limit(1)) is not None for each in (others, live))


def _editable(work: Work, key: str, seen: int | None) -> tuple[Branch, str]:
    branch = _locked(work.session, key)
    right = may(work.actor, Permission.STRUCTURE_EDIT, Place(branch.path, {}, branch.id))
    if seen is not None and seen != branch.version:
        raise Stale("stale", seen=seen, version=branch.version)
    return branch, right


def _locked(session: Session, key: str) -> Branch:
    branch = session.scalar(select(Branch).where(Branch.key == key).with_for_update())
    if branch is None:
        raise NotFound("not_found", branch=key)
    return branch


def _log_edit(work: Work, branch: Branch, changes: dict[str, Any], right: str, **more: Any) -> None:
    branch.version += 1
    work.log(
        Event.BRANCH_EDITED, {"changes": changes, "key": branch.key, **more},
        right=right, object_type="branch", object_id=branch.key, branch_id=branch.id,
    )  # fmt: skip


def _place(session: Session, branch: Branch, above: str) -> None:
    """Store a branch; its path ends with its own id."""
    session.add(branch)
    session.flush()
    branch.path = f"{above}{branch.id}/"
    session.flush()


def _refuse(checks: dict[str, str]) -> None:
    faults = {field: [code] for field, code in checks.items() if code}
    if faults:
        raise Invalid("not_saved", faults)


def _taken(session: Session, key: str) -> str:
    same = select(Branch.id).where(func.lower(Branch.key) == key.lower())
    return "key_taken" if session.scalar(same) is not None else ""


def _prefix_taken(session: Session, prefix: str) -> str:
    same = select(Organization.id).where(Organization.key_prefix == prefix)
    return "prefix_taken" if session.scalar(same) is not None else ""


def _free_key(session: Session, wanted: str) -> str:
    """The wanted key, or the first of wanted-2, wanted-3, ... that is free."""
    stem = wanted[: LONGEST_KEY - 5].strip("-")
    taken = set(
        session.scalars(select(func.lower(Branch.key)).where(func.lower(Branch.key).like(f"{stem.lower()}%")))
    )
    if wanted.lower() not in taken:
        return wanted
    return next(key for n in range(2, len(taken) + 3) if (key := f"{stem}-{n}").lower() not in taken)


def _workflow(session: Session, key: str) -> tuple[int | None, str]:
    """Id of a workflow by key; without a key, of the only one there is. One that is only drafted is none yet."""
    active = exists().where(WorkflowVersion.workflow_id == Workflow.id, WorkflowVersion.state == "active")
    found = session.execute(select(Workflow.id, Workflow.key).where(active)).all()
    chosen = [row_id for row_id, own in found if own == key or (not key and len(found) == 1)]
    if chosen:
        return chosen[0], ""
    return None, "unknown_choice" if key else ("required" if found else "")


def _know_currency(session: Session, code: str) -> None:
    if session.get(Currency, code) is None:
        session.add(Currency(code=code, decimals=decimals_of(code)))
