"""What does not change during an import: the branch, its rules and lists, the mapping, and which measures are known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.import_queries import known_measures
from govapp.data.measure_queries import choice_keys, workflow_id_at
from govapp.data.rulebook import active_version, rules_for
from govapp.data.structure import Branch, Organization
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.imports import Mapping, match_name
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.services._import_changes import Content
from govapp.services._work import Origin, Work

Progress = Callable[[str, int, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportMeasures:
    """A file to bring in under a branch; `mapping` is the content of a mapping file."""

    origin: Origin
    file_name: str
    data: bytes
    under: str
    mapping: dict[str, Any]
    dry_run: bool = False


@dataclass
class Frame:
    """What does not change during an import."""

    branch: Branch
    organization: Organization
    version_id: int
    stages: frozenset[str]
    choices: dict[str, frozenset[str]]
    mapping: Mapping
    by_key: dict[str, int]
    by_name: dict[str, list[int]]
    keys: dict[int, str]
    taken: set[int] = field(default_factory=set)


def frame_of(session: Session, under: str, mapping: Mapping) -> Frame:
    """Read the frame. Raises NotFound for an unknown branch and Invalid where no gates are installed."""
    branch = session.scalar(select(Branch).where(Branch.key == under))
    if branch is None:
        raise NotFound("unknown_branch", key=under)
    organization = session.get_one(Organization, branch.organization_id)
    workflow_id = workflow_id_at(session, branch.path)
    version = active_version(session, workflow_id) if workflow_id else None
    if version is None:
        raise Invalid("import_invalid", {"under": ["branch_without_workflow"]})
    rules = rules_for(session, version.id, version.digest)
    by_name: dict[str, list[int]] = {}
    by_key, keys = {}, {}
    for number, key, title in known_measures(session, organization.id, mapping.source):
        if key:
            by_key[key] = number
        keys[number] = key
        by_name.setdefault(match_name(title), []).append(number)
    session.expunge_all()
    return Frame(
        branch, organization, version.id, frozenset(rules.order), choice_keys(session, organization.id), mapping,
        by_key, by_name, keys,
    )  # fmt: skip


def match_of(frame: Frame, content: Content, taken: set[int]) -> int | None:
    """The measure a row speaks of: by key, else by name where the mapping says so; never the same one twice.

    `taken` gets it; those in `frame.taken` were spoken of before.
    """
    found = frame.by_key.get(content["key"]) if content["key"] and frame.mapping.match != "name" else None
    if found is None and frame.mapping.match != "key":
        known = frame.by_name.get(match_name(content["name"]), ())
        names = [number for number in known if number not in frame.taken and number not in taken]
        found = names[0] if len(names) == 1 else None
    if found is None or found in frame.taken or found in taken:
        return None
    taken.add(found)
    return found


def may_import(work: Work, frame: Frame) -> str:
    """The right to import here, and to open at a stage where the mapping does. Raises NotFound or Refused."""
    place = Place(frame.branch.path, {}, frame.branch.id)
    right = may(work.actor, Permission.MEASURE_IMPORT, place)
    if frame.mapping.open_at.stage or frame.mapping.open_at.source:
        may(work.actor, Permission.MEASURE_OPEN_AT, place)
    return right
