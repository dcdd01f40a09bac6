"""What a check of a governance set says, and the names such a set knows: shared by the parts of the check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from govapp.domain.measures import CHANGE_TYPES, RATINGS

FAULT, WARNING = "fault", "warning"
DECIDERS = ("parts", "roles", "groups")


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One thing that is wrong (fault) or odd (warning) in a set. `about` is the key of what it is about."""

    level: str
    code: str
    about: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """True when a version with it cannot be switched on."""
        return self.level == FAULT


def fault(code: str, about: object, **values: Any) -> RuleFinding:
    """Something that keeps a version from being switched on."""
    return RuleFinding(FAULT, code, str(about), values)


def warning(code: str, about: object, **values: Any) -> RuleFinding:
    """Something worth a second look that stops nothing."""
    return RuleFinding(WARNING, code, str(about), values)


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list; whatever else stands there is told by `shape`."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def words(value: Any) -> tuple[str, ...]:
    """One key or a list of keys as keys."""
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def one(value: Any) -> str:
    """A single key; whatever else stands there as text, which is no key of anything."""
    return value if isinstance(value, str) else repr(value)


def whole(value: Any) -> int | None:
    """The value when it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class SetNames:
    """A governance set with the keys it gives to things, in its own order."""

    data: Mapping[str, Any]

    def keys(self, section: str) -> tuple[str, ...]:
        """Keys of the entries of a section."""
        return tuple(str(each.get("key", "")) for each in entries(self.data.get(section)))

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """Stages in the order of the board."""
        found = entries(self.data.get("stages"))
        return tuple(
            str(each.get("key", "")) for each in sorted(found, key=lambda s: whole(s.get("order")) or 0)
        )

    @cached_property
    def parts(self) -> frozenset[str]:
        """Parts on a measure."""
        return frozenset(self.keys("parts"))

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles in a branch."""
        return frozenset(self.keys("roles"))

    @cached_property
    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """Named groups by key."""
        return {str(each.get("key", "")): each for each in entries(self.data.get("groups"))}

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Evidence kinds."""
        return frozenset(self.keys("evidence_kinds"))

    @cached_property
    def steps(self) -> Mapping[str, Mapping[str, Any]]:
        """Approval steps by key."""
        return {str(each.get("key", "")): each for each in entries(self.data.get("approval_steps"))}

    @cached_property
    def gates(self) -> Mapping[str, Mapping[str, Any]]:
        """Gates by the stage they lead into."""
        return {str(each.get("into", "")): each for each in entries(self.data.get("gates"))}

    @cached_property
    def ratings(self) -> frozenset[str]:
        """Risk ratings."""
        scale = mapping(self.data.get("risk_scale"))
        return frozenset(str(each.get("key", "")) for each in entries(scale.get("ratings"))) or frozenset(
            RATINGS
        )

    @cached_property
    def change_types(self) -> frozenset[str]:
        """Types of change."""
        return frozenset(self.keys("change_types")) or frozenset(CHANGE_TYPES)

    def known(self, kind: str) -> frozenset[str]:
        """Keys that may stand under `parts`, `roles` or `groups`."""
        return {"parts": self.parts, "roles": self.roles, "groups": frozenset(self.groups)}[kind]

    def unknown_people(self, named: Any) -> list[tuple[str, str]]:
        """Of parts, roles and groups named somewhere those the set does not have, as (kind, key)."""
        asked = mapping(named)
        return [
            (kind, key) for kind in DECIDERS for key in words(asked.get(kind)) if key not in self.known(kind)
        ]


def twice(keys: Iterable[str]) -> list[str]:
    """Keys that occur more than once, each named once."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for key in keys:
        if key in seen:
            again[key] = None
        seen.add(key)
    return list(again)
