"""The duty matrix: which parts on one measure exclude each other, and which part needs a role (product.md, Rights)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FORBID, WARN = "forbid", "warn"
_THREE = (("owner", "sponsor"), ("owner", "controller"), ("sponsor", "controller"))


@dataclass(frozen=True, slots=True)
class PartConflict:
    """Two parts that one person must not (forbid) or should not (warn) hold on the same measure."""

    key: str
    one: str
    other: str
    effect: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Duties:
    """Conflicts between parts, and the role a part's holder must have on the branch."""

    conflicts: tuple[PartConflict, ...]
    needs_role: Mapping[str, str]


def parse_duties(definition: Mapping[str, Any]) -> Duties:
    """The duty matrix of a governance set. Owner, sponsor and controller are three persons whatever it says."""
    found: dict[frozenset[str], PartConflict] = {
        frozenset(pair): PartConflict("-".join(pair), *pair, FORBID) for pair in _THREE
    }
    rules = (definition.get("duties") or {}).get("rules") or ()
    for raw in rules:
        one, other = str(raw.get("a", "")), str(raw.get("b", ""))
        if raw.get("scope") != "measure" or not one.startswith("part:") or not other.startswith("part:"):
            continue
        pair = (one.removeprefix("part:"), other.removeprefix("part:"))
        effect = FORBID if frozenset(pair) in found else str(raw.get("effect", FORBID))
        found[frozenset(pair)] = PartConflict(str(raw["id"]), *pair, effect, str(raw.get("reason", "")))
    return Duties(tuple(found.values()), roles_of_parts(definition))


def roles_of_parts(definition: Mapping[str, Any]) -> dict[str, str]:
    """The role which the holder of a part must have on the branch, by part; a controller always the controller's."""
    needs = {raw["key"]: raw["needs_role"] for raw in definition.get("parts") or () if raw.get("needs_role")}
    return {"controller": "controller"} | needs


def part_conflicts(duties: Duties, parts: Mapping[str, int], touched: Iterable[str]) -> list[PartConflict]:
    """The conflicts among these holders in which a touched part has a share."""
    among = set(touched)
    return [
        conflict
        for conflict in duties.conflicts
        if (conflict.one in among or conflict.other in among)
        and conflict.one in parts
        and parts.get(conflict.one) == parts.get(conflict.other)
    ]
