"""Who may do what: one function answers for every verb. Deny by default."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import NEEDS_PART, PART_PERMISSIONS, READ, Permission


@dataclass(frozen=True, slots=True)
class GrantHeld:
    """A role in force on a branch; `path` is the branch's place in the tree."""

    role: str
    branch_id: int
    path: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class StandIn:
    """An absent person in whose place somebody acts today, for some kinds of work (`domain/deputies.py`).

    The absent person comes without those they stand in for themselves: a deputy never passes a voice on. `apart`: by
    workflow version, which part of the deputy must not meet which part of the absent person on one measure.
    """

    actor: "Actor"
    kinds: frozenset[str]
    absence_id: int
    until: date
    apart: frozenset[tuple[int, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with the rights in force at that moment; `timezone`: their own, else their organization's, or ''."""

    id: int | None
    name: str
    email: str = ""
    grants: tuple[GrantHeld, ...] = ()
    groups: frozenset[str] = frozenset()
    timezone: str = ""
    theme: str = ""
    stands_in: tuple[StandIn, ...] = ()

    @property
    def is_system(self) -> bool:
        """True for the program itself (clock, settle)."""
        return self.id is None

    def grant_for(self, permission: str, path: str) -> GrantHeld | None:
        """The grant that gives the permission on the branch at `path`, or None."""
        for grant in self.grants:
            if permission in grant.permissions and path.startswith(grant.path):
                return grant
        return None

    def roles_on(self, path: str) -> frozenset[str]:
        """Keys of the roles in force on the branch at `path`."""
        return frozenset(grant.role for grant in self.grants if path.startswith(grant.path))

    def roles_around(self, path: str) -> frozenset[str]:
        """Keys of the roles in force anywhere in the organization of the branch at `path`."""
        root = path[: path.find("/", 1) + 1]
        return frozenset(grant.role for grant in self.grants if grant.path.startswith(root))

    def absent_for(self, kind: str) -> "tuple[Actor, ...]":
        """The people in whose place this person does a kind of work today."""
        return tuple(each.actor for each in self.stands_in if kind in each.kinds)

    def holds_anywhere(self, permission: str) -> bool:
        """True when some grant gives the permission on some branch; reading counts that of absent people, too."""
        if any(permission in grant.permissions for grant in self.grants):
            return True
        return permission in READ and any(each.actor.holds_anywhere(permission) for each in self.stands_in)


SYSTEM = Actor(id=None, name="system")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: the path of its branch and, for a measure, the parts held on it by person id."""

    path: str
    parts: Mapping[str, int] = field(default_factory=dict)
    branch_id: int | None = None


def with_voice(place: Place, actor: Actor, needs: Mapping[str, str]) -> Place:
    """The place without the actor's parts that give no right: those that need a role which they do not hold there.

    `needs`: the role that a part needs (R06, R07). Parts of others stay.
    """
    roles = actor.roles_on(place.path)
    kept = {
        part: person
        for part, person in place.parts.items()
        if person != actor.id or part not in needs or needs[part] in roles
    }
    return replace(place, parts=kept)


def right_of(actor: Actor, permission: Permission, place: Place) -> str | None:
    """The grant ('role:member@4') or part ('part:owner') that permits it, or None.

    A member's right to edit counts only where a part is held (product.md, Rights as seeded). A deputy reads what the
    absent person may read: nobody decides about what they cannot see.
    """
    own = _own_right(actor, permission, place)
    if own is None and permission in READ:
        lent = (_own_right(each.actor, permission, place) for each in actor.stands_in)
        return next((right for right in lent if right is not None), None)
    return own


def _own_right(actor: Actor, permission: Permission, place: Place) -> str | None:
    if actor.is_system:
        return "system"
    held = [part for part, person in place.parts.items() if person == actor.id]
    for part in held:
        if permission in PART_PERMISSIONS.get(part, frozenset()):
            return f"part:{part}"
    grant = actor.grant_for(permission, place.path)
    if grant is None:
        return None
    if permission in NEEDS_PART and Permission.MEASURE_EDIT_ANY not in grant.permissions and not held:
        any_grant = actor.grant_for(Permission.MEASURE_EDIT_ANY, place.path)
        if any_grant is None:
            return None
        grant = any_grant
    return f"role:{grant.role}@{grant.branch_id}"


def may(actor: Actor, permission: Permission, place: Place) -> str:
    """The right used, for the log.

    Raises NotFound when the actor may not even see the object, else Refused.
    """
    right = right_of(actor, permission, place)
    if right is not None:
        return right
    view = Permission.MEASURE_VIEW if place.parts or place.branch_id is None else Permission.STRUCTURE_VIEW
    if right_of(actor, view, place) is None and right_of(actor, Permission.MEASURE_VIEW, place) is None:
        raise NotFound("not_found")
    raise Refused("no_right", permission=str(permission))
