"""What differs between two dossiers, value by value (product.md, Words: dossier)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Content = Mapping[str, Any]

# what identifies an entry of a list in a dossier, and which of its values are compared
_LISTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "milestones": (("id",), ("name", "owner", "plan", "forecast", "actual", "final")),
    "risks": (("id",), ("text", "likelihood", "impact", "rating", "owner", "response", "blocking", "open")),
    "lines": (("id",), ("name", "kind", "timing", "category", "currency", "run_rate", "plan")),
}
_NAMES = {"milestones": "name", "risks": "text", "lines": "name"}


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. `part` says what it belongs to (field, part, evidence, value, milestones, risks, lines,
    predecessor, status, rules), `key` which one, `name` which value of it; None stands for "was not there".
    `about` is the entry itself where the value alone would not say what it is."""

    part: str
    key: str
    name: str
    old: Any
    new: Any
    about: Mapping[str, Any]


def differences(old: Content, new: Content) -> tuple[Change, ...]:
    """Every value that differs between two dossiers, in the order in which a dossier is read.

    Amounts are minor units as in the dossier. Findings are left out: they follow from the rest.
    """
    found: list[Change] = []
    found += _mapping("field", old.get("fields", {}), new.get("fields", {}))
    found += _parts(old.get("parts", {}), new.get("parts", {}))
    found += _evidence(old.get("evidence", ()), new.get("evidence", ()))
    for name, (keys, compared) in _LISTS.items():
        found += _entries(name, old.get(name, ()), new.get(name, ()), keys, compared)
    found += _predecessors(old.get("predecessors", ()), new.get("predecessors", ()))
    found += _mapping("status", old.get("statuses", {}), new.get("statuses", {}))
    if list(old.get("rules", ())) != list(new.get("rules", ())):
        found.append(Change("rules", "", "", list(old.get("rules", ())), list(new.get("rules", ())), {}))
    return tuple(found)


def unchanged(old: Content, new: Content) -> int:
    """How many fields, parts and pieces of evidence are the same in both."""
    fields, parts = new.get("fields", {}), new.get("parts", {})
    same = sum(
        1 for name, value in fields.items() if name in old.get("fields", {}) and old["fields"][name] == value
    )
    same += sum(1 for name, held in parts.items() if _person(old.get("parts", {}).get(name)) == _person(held))
    before = {piece["evidence"]: piece["digest"] for piece in old.get("evidence", ())}
    return same + sum(
        1 for piece in new.get("evidence", ()) if before.get(piece["evidence"]) == piece["digest"]
    )


def people_in(*contents: Mapping[str, Any] | None) -> set[int]:
    """Ids of everybody these dossiers name."""
    found: set[int] = set()
    for content in contents:
        if not content:
            continue
        found |= {held["person"] for held in content.get("parts", {}).values()}
        for piece in content.get("evidence", ()):
            found |= {person for person in (piece["person"], piece.get("on_behalf_of")) if person}
            found |= {
                value
                for value in piece["values"].values()
                if isinstance(value, int) and not isinstance(value, bool)
            }
        for name in ("milestones", "risks"):
            found |= {entry["owner"] for entry in content.get(name, ()) if entry.get("owner")}
    return found


def _mapping(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    return [
        Change(part, name, "", old.get(name), new.get(name), {})
        for name in _ordered(old, new)
        if _plain(old.get(name)) != _plain(new.get(name))
    ]


def _plain(value: Any) -> Any:
    """Nothing filled in is nothing, whichever way it is written."""
    if value in ("", [], {}):
        return None
    return list(value) if isinstance(value, tuple) else value


def _ordered(old: Iterable[Any], new: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys([*new, *old]))


def _person(held: Mapping[str, Any] | None) -> Any:
    return held["person"] if held else None


def _parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    return [
        Change("part", part, "", old.get(part), new.get(part), {})
        for part in _ordered(old, new)
        if _person(old.get(part)) != _person(new.get(part))
    ]


def _evidence(old: Iterable[Any], new: Iterable[Any]) -> list[Change]:
    before = {piece["evidence"]: piece for piece in old}
    after = {piece["evidence"]: piece for piece in new}
    found = []
    for key in _ordered(before, after):
        was, now = before.get(key), after.get(key)
        about = now or was or {}
        if was is None or now is None:
            found.append(
                Change("evidence", str(key), "", was and was["revision"], now and now["revision"], about)
            )
        elif was["digest"] != now["digest"]:
            found.append(Change("evidence", str(key), "", was["revision"], now["revision"], about))
            found += [
                Change("value", str(key), name, was["values"].get(name), now["values"].get(name), about)
                for name in _ordered(was["values"], now["values"])
                if was["values"].get(name) != now["values"].get(name)
            ]
            if was["effective_on"] != now["effective_on"]:
                found.append(
                    Change("effective", str(key), "", was["effective_on"], now["effective_on"], about)
                )
        elif was.get("judged", "") != now.get("judged", ""):
            found.append(Change("judged", str(key), "", was.get("judged", ""), now.get("judged", ""), about))
    return found


def _entries(
    part: str, old: Iterable[Any], new: Iterable[Any], keys: tuple[str, ...], compared: tuple[str, ...]
) -> list[Change]:
    before = {tuple(entry[key] for key in keys): entry for entry in old}
    after = {tuple(entry[key] for key in keys): entry for entry in new}
    named = _NAMES[part]
    found = []
    for key in _ordered(before, after):
        was, now = before.get(key), after.get(key)
        about = now or was or {}
        text = "/".join(str(one) for one in key)
        if was is None or now is None:
            found.append(Change(part, text, "", was and was[named], now and now[named], about))
            continue
        found += [
            Change(part, text, name, was.get(name), now.get(name), about)
            for name in compared
            if _plain(was.get(name)) != _plain(now.get(name))
        ]
    return found


def _predecessors(old: Iterable[Any], new: Iterable[Any]) -> list[Change]:
    before = {entry[0]: list(entry[1:]) for entry in old}
    after = {entry[0]: list(entry[1:]) for entry in new}
    return [
        Change("predecessor", key, "", before.get(key), after.get(key), {})
        for key in _ordered(before, after)
        if before.get(key) != after.get(key)
    ]
