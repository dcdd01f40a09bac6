"""Conditions under which a criterion or a row of the decision table counts (governance/README.md, Conventions)."""

from collections.abc import Iterable, Mapping
from typing import Any

FROM, BELOW = "_from", "_below"


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """True when every condition holds: a list means any of, `x_from` at least, `x_below` less than."""
    return all(_one(name, wanted, facts) for name, wanted in when.items())


def _one(name: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    if name.endswith(FROM):
        return bool((facts.get(name.removesuffix(FROM)) or 0) >= wanted)
    if name.endswith(BELOW):
        return bool((facts.get(name.removesuffix(BELOW)) or 0) < wanted)
    actual = facts.get(name)
    return actual in wanted if isinstance(wanted, list | tuple) else bool(actual == wanted)


def names_read(when: Iterable[str]) -> set[str]:
    """The facts that conditions look at: `vendor_spend_from` reads `vendor_spend`."""
    return {name.removesuffix(FROM).removesuffix(BELOW) for name in when}
