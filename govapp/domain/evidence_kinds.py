"""Evidence kinds: what a form asks for, who hands it in, who judges it, how long it counts. One version is
one value."""

import calendar
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

from govapp.domain.evidence_fields import FieldSpec, FieldType, choice_label, shown
from govapp.domain.evidence_parsing import Faults, KindError, flag, parse_fields, text_of, whole

__all__ = [
    "EvidenceKind",
    "FieldSpec",
    "FieldType",
    "Judge",
    "KindError",
    "choice_label",
    "shown",
    "shown_fields",
    "valid_until",
]

_KNOWN = {
    "key", "version", "name", "purpose", "submitted_by", "judged", "judge", "validity_months",
    "validity_matters_until", "once_per_passage", "several", "attested", "fields",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judge:
    """Who may accept or return evidence of a kind: any of these parts, roles or groups."""

    parts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, list[str]]:
        """The judge as written in a governance set."""
        named = {"parts": self.parts, "roles": self.roles, "groups": self.groups}
        return {key: list(keys) for key, keys in named.items() if keys}


@dataclass(frozen=True)
class EvidenceKind:
    """One version of one evidence kind (`product.md`, Words: evidence kind)."""

    key: str
    version: int
    name: str
    purpose: str
    submitted_by: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    judged: bool = False
    judge: Judge | None = None
    validity_months: int | None = None
    validity_matters_until: str | None = None
    once_per_passage: bool = False
    several: bool = False
    attested: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read one entry of `evidence_kinds` of a governance set.

        Raises KindError with every problem found, each a sentence naming the field; `version` is 1 when
        left out.
        """
        faults = Faults(f"kind {data.get('key', '?')}" if isinstance(data, Mapping) else "kind")
        if not isinstance(data, Mapping):
            raise KindError(("An evidence kind is a mapping of names to values.",))
        for name in sorted(set(map(str, data)) - _KNOWN):
            faults.add(f"has an unknown entry '{name}'")
        key = text_of(data, "key", faults, most=60, pattern=r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
        kind = cls(
            key=key,
            version=whole(data, "version", faults, 1, 100_000, 1) or 1,
            name=text_of(data, "name", faults, most=120),
            purpose=text_of(data, "purpose", faults, most=400, needed=False),
            submitted_by=_keys(data.get("submitted_by"), "submitted_by", faults),
            fields=parse_fields(data.get("fields"), faults),
            judged=flag(data, "judged", faults),
            judge=_judge(data.get("judge"), faults),
            validity_months=whole(data, "validity_months", faults, 1, 120, None),
            validity_matters_until=text_of(data, "validity_matters_until", faults, most=60, needed=False)
            or None,
            once_per_passage=flag(data, "once_per_passage", faults),
            several=flag(data, "several", faults),
            attested=flag(data, "attested", faults),
        )
        if not kind.submitted_by:
            faults.add("names nobody in 'submitted_by'")
        if kind.judged and kind.judge is None:
            faults.add("is judged but names no judge")
        if kind.judged and kind.attested:
            faults.add("is signed as part of a vote and cannot be judged as well")
        faults.raise_if_any()
        return kind

    def to_dict(self) -> dict[str, Any]:
        """The kind as JSON-able values; `from_dict` reads it back to an equal kind."""
        data: dict[str, Any] = {
            "key": self.key,
            "version": self.version,
            "name": self.name,
            "purpose": self.purpose,
            "submitted_by": list(self.submitted_by),
            "judged": self.judged,
        }
        if self.judge is not None:
            data["judge"] = self.judge.to_dict()
        if self.validity_months is not None:
            data["validity_months"] = self.validity_months
        if self.validity_matters_until is not None:
            data["validity_matters_until"] = self.validity_matters_until
        for name in ("once_per_passage", "several", "attested"):
            if getattr(self, name):
                data[name] = True
        data["fields"] = [field.to_dict() for field in self.fields]
        return data

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of this kind version; a stored revision names it."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def field(self, name: str) -> FieldSpec:
        """The field of that name. Raises KeyError when the kind has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


def shown_fields(
    kind: EvidenceKind, values: Mapping[str, Any], measure_values: Mapping[str, Any]
) -> tuple[FieldSpec, ...]:
    """The fields that are asked for, in order. A field that hangs on a hidden field is hidden too."""
    visible: list[FieldSpec] = []
    held: dict[str, Any] = {}
    for field in kind.fields:
        if shown(field, held, measure_values):
            visible.append(field)
            if values.get(field.name) is not None:
                held[field.name] = values[field.name]
    return tuple(visible)


def valid_until(kind: EvidenceKind, effective_on: date) -> date | None:
    """The last day on which evidence effective from `effective_on` counts; None when it does not expire.

    The same day of a later month, or the last day of that month where it has no such day.
    """
    if kind.validity_months is None:
        return None
    months = effective_on.year * 12 + effective_on.month - 1 + kind.validity_months
    year, month = divmod(months, 12)
    return date(year, month + 1, min(effective_on.day, calendar.monthrange(year, month + 1)[1]))


def _keys(value: Any, name: str, faults: Faults) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        faults.add(f"'{name}' is a list of keys")
        return ()
    return tuple(dict.fromkeys(value))


def _judge(value: Any, faults: Faults) -> Judge | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value or set(value) - {"parts", "roles", "groups"}:
        faults.add("'judge' names parts, roles or groups")
        return None
    return Judge(**{name: _keys(keys, f"judge.{name}", faults) for name, keys in value.items()})
