"""Installing a governance set: roles with their permissions, a workflow version with its gates and evidence kinds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select, update

from govapp.config import ROOT
from govapp.data.gates import (
    Criterion,
    EvidenceKindRow,
    EvidenceKindVersion,
    Gate,
    Stage,
    Workflow,
    WorkflowVersion,
)
from govapp.data.people import Role, RolePermission
from govapp.data.types import canonical
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.evidence_kinds import EvidenceKind, KindError
from govapp.domain.permissions import Permission
from govapp.domain.rules import GateRule, Rules, RulesError, parse_rules
from govapp.services._people_rights import _may_anywhere
from govapp.services._work import Origin, Work, writing

FIRST_SET = ROOT / "governance" / "service-team-1.yaml"
STANDARD_SET = ROOT / "governance" / "service-team-2.yaml"
ACTIVE, RETIRED = "active", "retired"


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation did: the workflow, its version's row id and number, and whether anything was new."""

    workflow: str
    version_id: int
    number: int
    changed: bool
    roles_changed: tuple[str, ...] = ()


def read_set(path: Path = STANDARD_SET) -> dict[str, Any]:
    """A governance set from a YAML file, with dates as ISO text. Raises Invalid when it cannot be read."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Invalid("set_unreadable", file=path.name, problem=" ".join(str(error).split())) from error
    if not isinstance(data, dict):
        raise Invalid("set_unreadable", file=path.name, problem="no mapping at its top")
    return _plain(data)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The set as JSON holds it, so that its digest is the same from a file and from the database."""
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def install_set(origin: Origin, data: Mapping[str, Any]) -> Installed:
    """Install roles and workflow of a set in one transaction; the same set twice changes nothing.

    Needs `governance:activate`. Raises Invalid with the first thing that does not hold together.
    """
    return writing(origin, lambda work: _install_set(work, data))


def _install_set(work: Work, data: Mapping[str, Any]) -> Installed:
    roles = _install_roles(work, data)
    made = _install_workflow(work, data)
    return Installed(made.workflow, made.version_id, made.number, made.changed or bool(roles), roles)


def _install_roles(work: Work, data: Mapping[str, Any]) -> tuple[str, ...]:
    right = _may_anywhere(work, Permission.GOVERNANCE_ACTIVATE)
    known = set(Permission) - {Permission.PUBLIC, Permission.SIGNED_IN}
    changed: dict[str, Any] = {}
    for place, raw in enumerate(data.get("roles") or ()):
        wanted = frozenset(raw["permissions"])
        if wanted - known:
            raise Invalid(
                "set_invalid", problem=f"role {raw['key']}: unknown permission {min(wanted - known)}"
            )
        if (change := _role(work, place, raw, wanted)) is not None:
            changed[raw["key"]] = change
    if changed:
        work.log(Event.ROLES_SET, {"roles": changed}, right=right, object_type="roles")
    return tuple(changed)


def _role(work: Work, place: int, raw: Mapping[str, Any], wanted: frozenset[str]) -> dict[str, Any] | None:
    """Make or change one role; the permissions of a version never change, a new set is a new version."""
    session = work.session
    role = session.scalar(select(Role).where(Role.key == raw["key"]).with_for_update())
    words = {"name": raw["name"], "summary": raw.get("summary", ""), "position": place}
    if role is None:
        role = Role(key=raw["key"], version=1, **words)
        session.add(role)
        session.flush()
        held: frozenset[str] = frozenset()
    else:
        version = (RolePermission.role_id == role.id, RolePermission.version == role.version)
        held = frozenset(session.scalars(select(RolePermission.permission).where(*version)))
        for name, value in words.items():
            setattr(role, name, value)
        if held == wanted:
            return None
        role.version += 1
    session.add_all(
        RolePermission(role_id=role.id, version=role.version, permission=each) for each in sorted(wanted)
    )
    return {"version": role.version, "added": sorted(wanted - held), "removed": sorted(held - wanted)}


def _install_workflow(work: Work, data: Mapping[str, Any]) -> Installed:
    right = _may_anywhere(work, Permission.GOVERNANCE_ACTIVATE)
    data = _plain(data)
    rules = _parsed(data)
    session, digest = work.session, digest_of(data)
    workflow = session.scalar(select(Workflow).where(Workflow.key == rules.workflow).with_for_update())
    if workflow is None:
        workflow = Workflow(key=rules.workflow, name=rules.name)
        session.add(workflow)
        session.flush()
    same = session.scalar(
        select(WorkflowVersion).where(
            WorkflowVersion.workflow_id == workflow.id, WorkflowVersion.digest == digest
        )
    )
    if same is not None and same.state == ACTIVE:
        return Installed(workflow.key, same.id, same.number, changed=False)
    session.execute(
        update(WorkflowVersion)
        .where(WorkflowVersion.workflow_id == workflow.id, WorkflowVersion.state == ACTIVE)
        .values(state=RETIRED)
    )
    version = same or _store_version(work, workflow, rules, data, digest)
    version.state, version.activated_at = ACTIVE, work.at
    workflow.name = rules.name
    work.log(
        Event.WORKFLOW_ACTIVATED,
        {"workflow": workflow.key, "number": version.number, "set_version": rules.version, "digest": digest},
        right=right, object_type="workflow", object_id=workflow.key,
    )  # fmt: skip
    return Installed(workflow.key, version.id, version.number, changed=True)


def _parsed(data: Mapping[str, Any]) -> Rules:
    try:
        return parse_rules(data)
    except (RulesError, KindError, KeyError, TypeError) as error:
        raise Invalid("set_invalid", problem=" ".join(str(error).split())) from error


def _store_version(
    work: Work, workflow: Workflow, rules: Rules, data: Mapping[str, Any], digest: str
) -> WorkflowVersion:
    session = work.session
    newest = select(func.max(WorkflowVersion.number)).where(WorkflowVersion.workflow_id == workflow.id)
    version = WorkflowVersion(
        workflow_id=workflow.id,
        number=(session.scalar(newest) or 0) + 1,
        state=RETIRED,
        digest=digest,
        definition=dict(data),
        made_at=work.at,
    )
    session.add(version)
    session.flush()
    for place, stage in enumerate(rules.stages):
        row = Stage(
            workflow_version_id=version.id,
            key=stage.key,
            name=stage.name,
            meaning=stage.meaning,
            position=place,
        )
        row.wip_hint, row.terminal = stage.wip_hint, stage.terminal
        session.add(row)
    for gate in rules.gates.values():
        _store_gate(work, version.id, gate)
    for kind in rules.kinds.values():
        _store_kind(work, workflow.id, kind)
    return version


def _store_gate(work: Work, version_id: int, gate: GateRule) -> None:
    row = Gate(
        workflow_version_id=version_id,
        into=gate.into,
        came_from=gate.came_from,
        question=gate.question,
    )
    work.session.add(row)
    work.session.flush()
    work.session.add_all(
        Criterion(
            gate_id=row.id, key=each.key, kind=each.kind, position=place, params=dict(each.params),
            condition=dict(each.when), wording=each.wording, supplied_by=list(each.supplied_by),
        )
        for place, each in enumerate(gate.criteria)
    )  # fmt: skip


def _store_kind(work: Work, workflow_id: int, kind: EvidenceKind) -> None:
    """A kind's row, and a version row when its digest is new; measures on older rules go on using theirs."""
    session = work.session
    row = session.scalar(
        select(EvidenceKindRow).where(
            EvidenceKindRow.workflow_id == workflow_id, EvidenceKindRow.key == kind.key
        )
    )
    if row is None:
        row = EvidenceKindRow(workflow_id=workflow_id, key=kind.key)
        session.add(row)
        session.flush()
    rows = session.execute(
        select(EvidenceKindVersion.digest, EvidenceKindVersion.number).where(
            EvidenceKindVersion.evidence_kind_id == row.id
        )
    )
    stored = {each.digest: each.number for each in rows}
    if kind.digest in stored:
        return
    definition = json.loads(canonical(kind.to_dict()))
    number = max(stored.values(), default=0) + 1
    session.add(
        EvidenceKindVersion(evidence_kind_id=row.id, number=number, digest=kind.digest, definition=definition)
    )
