"""What does not change during an import: branch, lists, mapping; which measures are known and which a row speaks of."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.import_queries import known_measures, newest_year
from govapp.data.measure_queries import choice_keys
from govapp.data.structure import Branch, Organization
from govapp.domain.errors import NotFound
from govapp.domain.imports import Mapping, match_name, read_names, read_rows
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.services._import_changes import Content
from govapp.services._work import Origin, Work

Progress = Callable[[str, int, int, int], None]
Row = TypeVar("Row")
_SERIES_RIGHT = {"forecast": Permission.FINANCE_FORECAST, "actual": Permission.FINANCE_ACTUAL}


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
    """What does not change during an import.

    `needs`: what the importer must be permitted; `claimed`: known measures whose key the file holds; `loose`: how many
    of its rows bear a known name and no known key; `taken`: measures rows have spoken of before; `newer`: a later
    year than that of the file, which was brought in from its source already.
    """

    branch: Branch
    organization: Organization
    mapping: Mapping
    choices: dict[str, frozenset[str]]
    needs: tuple[Permission, ...]
    by_key: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    loose: Counter[str] = field(default_factory=Counter)
    taken: set[int] = field(default_factory=set)
    newer: int | None = None


def frame_of(session: Session, command: ImportMeasures, mapping: Mapping, progress: Progress | None) -> Frame:
    """Read the frame, and the keys and names of the file. Raises NotFound for an unknown branch, FileRefused."""
    branch = session.scalar(select(Branch).where(Branch.key == command.under))
    if branch is None:
        raise NotFound("unknown_branch", key=command.under)
    organization = session.get_one(Organization, branch.organization_id)
    choices = choice_keys(session, organization.id)
    frame = Frame(branch, organization, mapping, choices, _needs(mapping))
    known = known_measures(session, organization.id, mapping.source)
    for number, key, title in _told(known, "looking up", progress):
        if key:
            frame.by_key[key] = number
        frame.by_name.setdefault(match_name(title), []).append(number)
    first, newest = (
        next(read_rows(mapping, command.data), None),
        newest_year(session, organization.id, mapping.source),
    )
    if first and first.year and newest and first.year < newest:
        frame.newer = newest
    session.expunge_all()
    if mapping.match == "key_then_name":
        for key, name in _told(read_names(mapping, command.data), "comparing", progress):
            if key in frame.by_key:
                frame.claimed.add(frame.by_key[key])
            elif match_name(name) in frame.by_name:
                frame.loose[match_name(name)] += 1
    return frame


def _told(rows: Iterable[Row], phase: str, progress: Progress | None) -> Iterator[Row]:
    """The same rows, with a report every thousand."""
    for number, row in enumerate(rows, 1):
        if progress and number % 1000 == 0:
            progress(phase, number, 0, 0)
        yield row


def match_of(frame: Frame, content: Content, taken: set[int]) -> tuple[int | None, bool]:
    """The measure a row speaks of, and whether more than one could be meant.

    By key, else by name where the mapping says so: then among measures whose key no other row of the file bears.
    `taken` gets it; no two rows speak of one measure.
    """
    found = frame.by_key.get(content["key"]) if content["key"] and frame.mapping.match != "name" else None
    if found is None and frame.mapping.match != "key":
        name = match_name(content["name"])
        others = (frame.claimed, frame.taken, taken)
        meant = [n for n in frame.by_name.get(name, ()) if not any(n in each for each in others)]
        if len(meant) > 1 or (meant and frame.loose[name] > 1):
            return None, True
        found = meant[0] if meant else None
    if found is None or found in frame.taken or found in taken:
        return None, False
    taken.add(found)
    return found, False


def _needs(mapping: Mapping) -> tuple[Permission, ...]:
    """What a person must be permitted for what the mapping brings in, as the verbs ask for it one by one."""
    needs = {_SERIES_RIGHT.get(rule.series, Permission.FINANCE_PLAN) for rule in mapping.amounts}
    if mapping.milestones:
        needs.add(Permission.MILESTONE_EDIT)
    if mapping.statuses:
        needs.add(Permission.MEASURE_DECLARE_STATUS)
    return (Permission.MEASURE_IMPORT, *sorted(needs))


def may_import(work: Work, frame: Frame) -> str:
    """The right to import here, and to open at a stage where the mapping does. Raises NotFound or Refused."""
    place = Place(frame.branch.path, {}, frame.branch.id)
    rights = [may(work.actor, permission, place) for permission in frame.needs]
    if frame.mapping.open_at.stage or frame.mapping.open_at.source:
        may(work.actor, Permission.MEASURE_OPEN_AT, place)
    return rights[0]
