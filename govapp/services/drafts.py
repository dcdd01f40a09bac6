"""Life of a workflow version: drafted from a file or from another version, checked, switched on, or thrown away.

Several drafts may exist. A draft may hold faults, so that the check can name them all; it is switched on without any.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, exists, select

from govapp.data.engine import reading
from govapp.data.gates import Replay, Workflow, WorkflowVersion
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.rule_findings import RuleFinding, mapping
from govapp.services._keys import writing_once
from govapp.services._people_rights import _may_anywhere
from govapp.services._versions import ACTIVE, DRAFT, _new_version, _switch_on, _workflow_for, findings_of
from govapp.services._work import Origin, Work, writing
from govapp.services.governance import _install_roles, _plain

SHORTEST_REASON = 3
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class DraftVersion:
    """Keep a set as a draft. `data` is the set; without one, a copy of the version `copy_of`.

    `replaces` names the draft whose content this takes the place of; without one it is a further draft.
    """

    origin: Origin
    data: Mapping[str, Any] = field(default_factory=dict)
    copy_of: int | None = None
    replaces: int | None = None
    note: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft's row, its number, and what the check says about it."""

    version_id: int
    workflow: str
    number: int
    findings: tuple[RuleFinding, ...]


@dataclass(frozen=True, slots=True)
class DiscardDraft:
    """Throw a draft away."""

    origin: Origin
    version_id: int
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class ActivateVersion:
    """Switch a version on: new measures start under it from then on. The reason goes into the history."""

    origin: Origin
    version_id: int
    reason: str
    action_key: str = ""


def draft_version(command: DraftVersion) -> Drafted:
    """Keep a draft and say what the check finds. Needs `governance:edit`.

    Raises NotFound, Invalid for a set that names no workflow, for the content of a version there is already, and when
    what is to be replaced is no draft.
    """
    return writing(command.origin, lambda work: _draft(work, command))


def _draft(work: Work, command: DraftVersion) -> Drafted:
    right = _may_anywhere(work, Permission.GOVERNANCE_EDIT)
    data = _plain(command.data) if command.copy_of is None else _copied(work, command.copy_of)
    head = mapping(data.get("set"))
    key, name = str(head.get("key") or "").strip(), str(head.get("name") or "").strip()
    if not key or not name:
        raise Invalid("set_invalid", problem="set.key and set.name say which workflow it is")
    digest = digest_of(data)
    workflow = _workflow_for(work, key, name)
    same = (WorkflowVersion.workflow_id == workflow.id, WorkflowVersion.digest == digest)
    there = work.session.scalar(select(WorkflowVersion.number).where(*same))
    if there is not None:
        raise Invalid("version_there", number=there)
    if command.replaces is None:
        version = _new_version(work, workflow, data, digest, command.note[:LONGEST_NOTE])
    else:
        version = _open_draft(work, command.replaces)
        if version.workflow_id != workflow.id:
            raise Invalid("draft_of_other_workflow", workflow=key)
        work.session.execute(delete(Replay).where(Replay.workflow_version_id == version.id))
        version.definition, version.digest = data, digest
        version.note = command.note[:LONGEST_NOTE] or version.note
        version.made_by, version.made_at = work.actor.id, work.at
    payload = {
        "workflow": key, "number": version.number, "digest": digest, "replaced": command.replaces is not None,
        "reason": version.note,
    }  # fmt: skip
    work.log(Event.VERSION_DRAFTED, payload, right=right, object_type="workflow", object_id=key)
    work.session.flush()
    return Drafted(version.id, key, version.number, findings_of(work.session, version))


def _copied(work: Work, version_id: int) -> dict[str, Any]:
    """The set of a version under a number of its own, so that it is another version."""
    source = work.session.get(WorkflowVersion, version_id)
    if source is None:
        raise NotFound("not_found", version=version_id)
    numbers = select(WorkflowVersion.number).where(WorkflowVersion.workflow_id == source.workflow_id)
    data = _plain(source.definition)
    data["set"] = dict(mapping(data.get("set"))) | {"version": max(work.session.scalars(numbers)) + 1}
    return data


def _open_draft(work: Work, version_id: int) -> WorkflowVersion:
    """A draft's row, locked. Raises NotFound, and Invalid for a version that was switched on once."""
    version = work.session.get(WorkflowVersion, version_id, with_for_update=True)
    if version is None:
        raise NotFound("not_found", version=version_id)
    if version.state != DRAFT:
        raise Invalid("version_no_draft", number=version.number)
    return version


def discard_draft(command: DiscardDraft) -> None:
    """Throw a draft away with its trials; the history keeps its digest. Needs `governance:edit`.

    Raises NotFound, and Invalid for a version that was switched on once.
    """
    writing_once(command, lambda work: _discard(work, command))


def _discard(work: Work, command: DiscardDraft) -> None:
    right = _may_anywhere(work, Permission.GOVERNANCE_EDIT)
    version = _open_draft(work, command.version_id)
    session = work.session
    workflow = session.get_one(Workflow, version.workflow_id, with_for_update=True)
    session.execute(delete(Replay).where(Replay.workflow_version_id == version.id))
    session.delete(version)
    session.flush()
    if not session.scalar(select(exists().where(WorkflowVersion.workflow_id == workflow.id))):
        session.delete(workflow)
    payload = {"workflow": workflow.key, "number": version.number, "digest": version.digest}
    work.log(Event.DRAFT_DISCARDED, payload, right=right, object_type="workflow", object_id=workflow.key)


def check_version(actor: Actor, version_id: int) -> tuple[RuleFinding, ...]:
    """All findings about a version, faults first. Needs `governance:view`. Raises NotFound and Refused."""
    if not actor.is_system and not actor.holds_anywhere(Permission.GOVERNANCE_VIEW):
        raise Refused("no_right", permission=str(Permission.GOVERNANCE_VIEW))
    with reading() as session:
        version = session.get(WorkflowVersion, version_id)
        if version is None:
            raise NotFound("not_found", version=version_id)
        return findings_of(session, version)


def activate_version(command: ActivateVersion) -> None:
    """Switch a version on; the one before is retired, and measures keep theirs. Needs `governance:activate`.

    Raises NotFound, Refused, Invalid: without a reason, when it is on already, while the check finds faults
    (`values['faults']`), and while measures stand in a stage it does not have.
    """
    writing_once(command, lambda work: _activate(work, command))


def _activate(work: Work, command: ActivateVersion) -> None:
    right = _may_anywhere(work, Permission.GOVERNANCE_ACTIVATE)
    reason = command.reason.strip()
    if len(reason) < SHORTEST_REASON or len(reason) > LONGEST_NOTE:
        raise Invalid("not_saved", {"reason": ["required" if len(reason) < SHORTEST_REASON else "too_long"]})
    session = work.session
    version = session.get(WorkflowVersion, command.version_id)
    if version is None:
        raise NotFound("not_found", version=command.version_id)
    workflow = session.get_one(Workflow, version.workflow_id, with_for_update=True)
    session.refresh(version, with_for_update=True)
    if version.state == ACTIVE:
        raise Invalid("version_active", number=version.number)
    _switch_on(work, workflow, version, right, reason)
    _install_roles(work, version.definition)
