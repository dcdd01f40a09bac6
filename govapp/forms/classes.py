"""The WTForms class of an evidence kind's version, made once and cached by key, version and digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from wtforms import Form

from govapp.domain.evidence_fields import shown
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.evidence_values import Fault, ValueContext
from govapp.forms.fields import FIELD_CLASSES, EvidenceField

ATTRIBUTE = "field_"  # keeps names like `data` or `errors` apart from what a WTForms form has itself
_CACHED_CLASSES = 512

StoredFile = Mapping[str, Any]


@dataclass(frozen=True)
class FormContext(ValueContext):
    """What a form needs beside its kind. `kept_files` are those of an earlier revision or draft, by field.

    `suggestions`: answers on offer for a field of text, which takes others too.
    """

    measure_values: Mapping[str, Any] = field(default_factory=dict)
    kept_files: Mapping[str, Sequence[StoredFile]] = field(default_factory=dict)
    people_keys: Mapping[str, int] = field(default_factory=dict)
    stored_files: Mapping[str, StoredFile] = field(default_factory=dict)
    suggestions: Mapping[str, Sequence[str]] = field(default_factory=dict)


class EvidenceForm(Form):
    """Base of all evidence forms. Knows its kind; shown fields are validated, hidden ones have no value."""

    kind: EvidenceKind

    def of(self, name: str) -> EvidenceField:
        """The field of that name in the kind. Raises KeyError."""
        return cast(EvidenceField, self._fields[ATTRIBUTE + name])

    @property
    def parts(self) -> list[EvidenceField]:
        """The fields in order."""
        return [cast(EvidenceField, one) for one in self]

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check every field that is asked for. Fields that are not are marked `hidden` and emptied."""
        held: dict[str, Any] = {}
        for spec in self.kind.fields:
            one = self.of(spec.name)
            one.hidden = not shown(spec, held, self.meta.context.measure_values)
            faults = [] if one.hidden else one.read_faults
            if one.hidden:
                one.data = None
            elif not faults and _empty(one.data):
                faults = [Fault("required")] if spec.required else []
            elif not faults:
                held[spec.name] = one.data
            one.settle(faults)
        return not any(one.faults for one in self.parts)

    @property
    def clean(self) -> dict[str, Any]:
        """The JSON-able values of the fields that are shown, filled and without fault."""
        return {
            one.spec.name: one.data
            for one in self.parts
            if not (one.hidden or one.faults or _empty(one.data))
        }


def form_class(kind: EvidenceKind) -> type[EvidenceForm]:
    """The WTForms class of a kind version, made once."""
    return _form_class(_CacheKey(kind))


class _CacheKey:
    """A kind, equal to another of the same key, version and digest."""

    def __init__(self, kind: EvidenceKind) -> None:
        self.kind = kind
        self.identity = (kind.key, kind.version, kind.digest)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CacheKey) and self.identity == other.identity


@lru_cache(_CACHED_CLASSES)
def _form_class(key: _CacheKey) -> type[EvidenceForm]:
    kind = key.kind
    members: dict[str, Any] = {
        ATTRIBUTE + spec.name: FIELD_CLASSES[spec.type](spec, name=spec.name) for spec in kind.fields
    }
    name = "".join(part.capitalize() for part in kind.key.split("-"))
    return type(f"{name}{kind.version}Form", (EvidenceForm,), members | {"kind": kind})


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []
