"""An organization's lists (units, services, vendors, ...) and its groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.measures import Measure
from govapp.data.people import Group, GroupMember, Person
from govapp.data.structure import Choice
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.measures import CHOSEN
from govapp.domain.permissions import Permission
from govapp.domain.structure import LISTS, key_fault, name_fault
from govapp.services._organizations import _locked_organization
from govapp.services._work import Origin, Work, writing
from govapp.services.duties import without_voice
from govapp.services.settling import settle_named, settle_services

SERVICES = CHOSEN["service"]
MOST_ITEMS = 5000
MOST_MEMBERS = 200


@dataclass(frozen=True, slots=True)
class ChoiceItem:
    """One entry of a list."""

    key: str
    name: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetChoices:
    """The whole of one list of an organization, in its order."""

    origin: Origin
    organization: str
    list: str
    items: Sequence[ChoiceItem]


@dataclass(frozen=True, slots=True)
class SetGroup:
    """A group with its members (person ids) as they are from now on; `chair` is one of them."""

    origin: Origin
    organization: str
    key: str
    name: str
    members: Sequence[int]
    chair: int | None = None
    quorum: int | None = None
    summary: str = ""


def set_choices(command: SetChoices) -> int:
    """Set a list; returns how many entries were added, changed or removed. Needs `catalogue:edit` on the organization.

    Open reviews of measures that use a changed service are brought in line at once.

    Raises NotFound, Invalid on `list` or `items` (a key twice, malformed, or removed although a measure bears it).
    """
    touched = writing(command.origin, lambda work: _set_choices(work, command))
    if command.list == SERVICES and touched:
        settle_services(command.origin, command.organization, touched)
    return len(touched)


def set_group(command: SetGroup) -> int:
    """Make or change a group; returns its id. Needs `people:manage` there; nobody adds or ends themselves.

    Open reviews that name the group are brought in line at once.

    Raises NotFound (organization, person), Refused, Invalid by field (key, name, members, quorum).
    """
    group = writing(command.origin, lambda work: _set_group(work, command))
    settle_named(command.origin, command.organization, command.key)
    return group


def _set_choices(work: Work, command: SetChoices) -> list[str]:
    organization, root, right = _locked_organization(work, command.organization, Permission.CATALOGUE_EDIT)
    if command.list not in LISTS:
        raise Invalid("not_saved", {"list": ["unknown_choice"]})
    if fault := _items_fault(command.items):
        raise Invalid("not_saved", {"items": [fault]})
    rows = work.session.scalars(
        select(Choice).where(Choice.organization_id == organization.id, Choice.list == command.list)
    )
    held = {row.key: row for row in rows}
    wanted = {item.key: item for item in command.items}
    gone = sorted(held.keys() - wanted.keys())
    if used := _used(work.session, organization.id, command.list, gone):
        raise Invalid("not_saved", {"items": ["choice_in_use"]}, keys=used)
    for key in gone:
        work.session.delete(held[key])
    added, changed = [], []
    for place, item in enumerate(command.items):
        values = {"name": " ".join(item.name.split()), "position": place, "details": dict(item.details)}
        row = held.get(item.key)
        if row is None:
            row = Choice(organization_id=organization.id, list=command.list, key=item.key, **values)
            work.session.add(row)
            added.append([item.key, values["name"]])
        elif any(getattr(row, name) != value for name, value in values.items()):
            changed.append([item.key, row.name, values["name"]])
            for name, value in values.items():
                setattr(row, name, value)
    if not (added or changed or gone):
        return []
    work.log(
        Event.CHOICES_SET, {"list": command.list, "added": added, "changed": changed, "removed": gone},
        right=right, object_type="organization", object_id=organization.key, branch_id=root.id,
    )  # fmt: skip
    return [str(each[0]) for each in (*added, *changed)] + list(gone)


def _items_fault(items: Sequence[ChoiceItem]) -> str:
    if len(items) > MOST_ITEMS:
        return "too_many"
    if len({item.key for item in items}) < len(items):
        return "key_taken"
    faults = (key_fault(item.key) or name_fault(" ".join(item.name.split())) for item in items)
    return next((fault for fault in faults if fault), "")


def _used(session: Session, organization_id: int, name: str, keys: Sequence[str]) -> list[str]:
    """The keys of a list that some measure bears."""
    column = next((getattr(Measure, field) for field, of in CHOSEN.items() if of == name), None)
    if column is None or not keys:
        return []
    found = session.scalars(
        select(column).where(Measure.organization_id == organization_id, column.in_(keys)).distinct()
    )
    return sorted(found)


def _set_group(work: Work, command: SetGroup) -> int:
    organization, root, right = _locked_organization(work, command.organization, Permission.PEOPLE_MANAGE)
    name = " ".join(command.name.split())
    members = list(dict.fromkeys(command.members))
    checks = {
        "key": key_fault(command.key),
        "name": name_fault(name),
        "members": "too_many" if len(members) > MOST_MEMBERS else "",
        "chair": "" if command.chair is None or command.chair in members else "chair_not_member",
        "quorum": ""
        if command.quorum is None or 1 <= command.quorum <= max(len(members), 1)
        else "quorum_unreachable",
    }
    if faults := {place: [code] for place, code in checks.items() if code}:
        raise Invalid("not_saved", faults)
    known = set(work.session.scalars(select(Person.id).where(Person.id.in_(members))))
    if set(members) - known:
        raise NotFound("not_found", person=min(set(members) - known))
    group = work.session.scalar(
        select(Group).where(Group.organization_id == organization.id, Group.key == command.key)
    )
    if group is None:
        group = Group(organization_id=organization.id, key=command.key, name=name)
        work.session.add(group)
    group.name, group.quorum, group.summary = name, command.quorum, command.summary.strip()
    work.session.flush()
    added, ended = _set_members(work, group.id, members, command.chair)
    if voiceless := without_voice(work.session, members, organization.id, work.today(organization.timezone)):
        raise Invalid("not_saved", {"members": ["member_without_voice"]}, people=voiceless)
    work.log(
        Event.GROUP_SET,
        {"key": group.key, "name": name, "quorum": group.quorum, "chair": command.chair, "members": members,
         "added": added, "ended": ended},
        right=right, object_type="group", object_id=group.key, branch_id=root.id,
    )  # fmt: skip
    return group.id


def _set_members(
    work: Work, group_id: int, members: Sequence[int], chair: int | None
) -> tuple[list[int], list[int]]:
    rows = work.session.scalars(
        select(GroupMember).where(GroupMember.group_id == group_id, GroupMember.ended_at.is_(None))
    )
    held = {row.person_id: row for row in rows}
    added = [person for person in members if person not in held]
    ended = sorted(held.keys() - set(members))
    if work.actor.id is not None and work.actor.id in {*added, *ended}:
        raise Refused("own_roles")
    for person in ended:
        held[person].ended_at = work.at
    for person in members:
        row = held.get(person)
        if row is None:
            work.session.add(GroupMember(group_id=group_id, person_id=person, chair=person == chair))
        elif row.chair is not (person == chair):
            row.chair = person == chair
    return added, ended
