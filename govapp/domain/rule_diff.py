"""What differs between two governance sets: entries are told apart by key, so a mere order is no change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_IDENTITIES = ("key", "id", "into", "name")
_HEAD = "set"
_UNTOLD = frozenset({"version"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: where (section, entry, attribute ...), what became of it, the value before and after."""

    path: tuple[str, ...]
    what: str
    before: Any = None
    after: Any = None

    @property
    def section(self) -> str:
        """The part of the set it lies in."""
        return self.path[0]


def set_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every difference from one set to another, section by section; the version's own number is none."""
    one = dict(before) | {_HEAD: _without(before.get(_HEAD))}
    other = dict(after) | {_HEAD: _without(after.get(_HEAD))}
    return tuple(_in_mappings((), one, other))


def _without(head: Any) -> dict[str, Any]:
    return (
        {name: value for name, value in head.items() if name not in _UNTOLD}
        if isinstance(head, Mapping)
        else {}
    )


def _in_mappings(
    path: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in [*before, *(each for each in after if each not in before)]:
        yield from _between((*path, str(name)), before.get(name), after.get(name))


def _between(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    one, other = _keyed(before), _keyed(after)
    if one is not None and other is not None:
        yield from _in_mappings(path, one, other)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _in_mappings(path, before, after)
    elif before is None:
        yield Difference(path, ADDED, None, after)
    elif after is None:
        yield Difference(path, REMOVED, before, None)
    else:
        yield Difference(path, CHANGED, before, after)


def _keyed(value: Any) -> dict[str, Any] | None:
    """A list of entries that each have a key of their own, by that key; an absent list is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        return None
    for name in _IDENTITIES:
        keys = [each.get(name) for each in value]
        if all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
            return {str(key): each for key, each in zip(keys, value, strict=True)}
    return None
