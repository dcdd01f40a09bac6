"""An evidence form as plain values for `templates/components/evidence_form.html`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from govapp.domain.evidence_fields import FieldSpec, FieldType
from govapp.domain.evidence_values import Fault
from govapp.present.evidence import ShownFile, condition_sentence, fault_sentence, file_hint, shown_files
from govapp.present.language import gettext as _

_WIDGETS = {
    FieldType.LONG_TEXT: "textarea",
    FieldType.CHOICE: "select",
    FieldType.PERSON: "select",
    FieldType.CHOICES: "checkboxes",
    FieldType.YES_NO: "radios",
    FieldType.FILE: "file",
}
_INPUT_TYPES = {FieldType.DATE: "date", FieldType.LINK: "url"}
_NUMBERS = (FieldType.NUMBER, FieldType.MONEY)
_SHORT = (*_NUMBERS, FieldType.DATE)


class FormPart(Protocol):
    """What the view needs of a field of `forms/fields.py`."""

    spec: FieldSpec
    texts: list[str]
    data: Any
    faults: list[Fault]
    hidden: bool
    name: str

    @property
    def limits(self) -> Mapping[str, str]:
        """Attributes of the control that hold the limits."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field as the template draws it; `half` fields may stand two in a row."""

    id: str
    name: str
    label: str
    widget: str
    input_type: str
    required: bool
    numeric: bool
    half: bool
    text: str
    hints: tuple[str, ...]
    errors: tuple[str, ...]
    options: tuple[Option, ...]
    attributes: Mapping[str, str]
    kept: tuple[ShownFile, ...]
    multiple: bool
    rows: int
    when: str

    @property
    def described_by(self) -> str:
        """Ids of hint and error, for `aria-describedby`."""
        return " ".join(
            f"{self.id}-{mark}" for mark, there in (("h", self.hints), ("e", self.errors)) if there
        )


def field_views(parts: Sequence[FormPart], currency: str, id_prefix: str = "") -> list[FieldView]:
    """The fields of a form in order. One that hangs on the measure is there only if it is asked for; one
    that hangs on
    another answer is always there, with the condition in words, so that it works without script."""
    gone: set[str] = set()
    views = []
    for part in parts:
        condition = part.spec.when
        if condition is not None and part.hidden and (condition.about == "measure" or condition.name in gone):
            gone.add(part.spec.name)
            continue
        views.append(_view(part, currency, id_prefix, [one.spec for one in parts]))
    return views


def error_list(views: Iterable[FieldView]) -> list[tuple[str, str, str]]:
    """Id, label and first error of each refused field: the list on top of a long form."""
    return [(view.id, view.label, view.errors[0]) for view in views if view.errors]


def _view(part: FormPart, currency: str, id_prefix: str, fields: Sequence[FieldSpec]) -> FieldView:
    spec = part.spec
    on_answer = spec.when is not None and spec.when.about == "field"
    kept = shown_files(part.data or []) if spec.type is FieldType.FILE else ()
    label = _(spec.label)
    if spec.type is FieldType.MONEY:
        label = f"{label}, {currency}"
    hints = [_(spec.help)] if spec.help else []
    if spec.type is FieldType.FILE:
        hints.append(f"{file_hint(spec)}.")
    if spec.when is not None and on_answer:
        hints.append(condition_sentence(spec.when, fields))
    elif not spec.required:
        hints.append(_("Optional."))
    options = tuple(
        Option(value, _(words), value in part.texts) for value, words in getattr(part, "options", ())
    )
    widget = _WIDGETS.get(spec.type, "input")
    offered = getattr(part, "suggestions", ())
    if offered:
        widget = "suggest"
        options = tuple(Option(words, words, chosen=False) for words in offered)
    if getattr(part, "by_email", False):
        widget = "suggest"
        hints.append(_("Too many people to list: write the e-mail address."))
    return FieldView(
        id=f"{id_prefix}{part.name}",
        name=part.name,
        label=label,
        widget=widget,
        input_type=_INPUT_TYPES.get(spec.type, "text"),
        required=spec.required and not on_answer and not kept and spec.type is not FieldType.CHOICES,
        numeric=spec.type in _NUMBERS,
        half=spec.type in _SHORT,
        text=part.texts[0] if part.texts else "",
        hints=tuple(hints),
        errors=tuple(fault_sentence(fault) for fault in part.faults),
        options=options,
        attributes=dict(part.limits),
        kept=kept,
        multiple=spec.max_files > 1,
        rows=3 if spec.most <= 1500 else 5,
        when=json.dumps(spec.to_dict()["when"]) if on_answer else "",
    )
