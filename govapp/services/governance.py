"""Installing a governance set: roles with their permissions, a workflow version with its gates and evidence kinds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from govapp.config import ROOT
from govapp.data.gates import Workflow, WorkflowVersion
from govapp.data.people import Role, RolePermission
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.evidence_kinds import KindError
from govapp.domain.permissions import Permission
from govapp.domain.rules import Rules, RulesError, parse_rules
from govapp.services._people_rights import _may_anywhere
from govapp.services._versions import ACTIVE, _new_version, _switch_on, _workflow_for
from govapp.services._work import Origin, Work, writing

FIRST_SET = ROOT / "governance" / "service-team-1.yaml"
SECOND_SET = ROOT / "governance" / "service-team-2.yaml"
STANDARD_SET = ROOT / "governance" / "service-team-3.yaml"


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
    workflow = _workflow_for(work, rules.workflow, rules.name)
    version = _same_version(work, workflow, digest_of(data))
    if version is not None and version.state == ACTIVE:
        return Installed(workflow.key, version.id, version.number, changed=False)
    version = version or _new_version(work, workflow, data, digest_of(data), "")
    _switch_on(work, workflow, version, right)
    return Installed(workflow.key, version.id, version.number, changed=True)


def _same_version(work: Work, workflow: Workflow, digest: str) -> WorkflowVersion | None:
    """The version of exactly this content."""
    same = (WorkflowVersion.workflow_id == workflow.id, WorkflowVersion.digest == digest)
    return work.session.scalar(select(WorkflowVersion).where(*same))


def _parsed(data: Mapping[str, Any]) -> Rules:
    try:
        return parse_rules(data)
    except (RulesError, KindError, KeyError, TypeError) as error:
        raise Invalid("set_invalid", problem=" ".join(str(error).split())) from error
