"""Evidence forms: a WTForms class built from a kind's version and cached by it; one validator for web,
import, commands."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from werkzeug.datastructures import MultiDict

from govapp.domain.evidence_fields import LONGEST_TEXT, FieldSpec, FieldType, shown
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.evidence_values import NO, YES, Fault
from govapp.domain.number_text import write_number
from govapp.forms.classes import ATTRIBUTE, EvidenceForm, FormContext, StoredFile, form_class
from govapp.forms.fields import EvidenceField
from govapp.forms.files import CheckedFile, FileRefused, check_upload

__all__ = [
    "PREFIX",
    "BoundEvidence",
    "EvidenceForm",
    "FormContext",
    "NewFile",
    "Upload",
    "bind",
    "draft_files",
    "draft_values",
    "empty_form",
    "form_class",
    "from_draft",
    "from_values",
    "validate_values",
]

PREFIX = "evidence-"
DROP_SUFFIX = "-drop"
_MEGABYTE = 1024 * 1024
_LARGEST_EXPONENT = 30


class Upload(Protocol):
    """What a file field is given: werkzeug's FileStorage, or anything with a name and a stream."""

    filename: str | None
    stream: BinaryIO


@dataclass(frozen=True, slots=True)
class NewFile:
    """A checked upload of one field; its bytes still have to be put into the store."""

    field: str
    file: CheckedFile


@dataclass(frozen=True)
class BoundEvidence:
    """A form with what was sent: clean `values`, `uploads` to store, `errors` by field (empty when it is
    valid)."""

    form: EvidenceForm
    values: Mapping[str, Any]
    uploads: Sequence[NewFile]
    errors: Mapping[str, Sequence[Fault]]

    @property
    def valid(self) -> bool:
        """True when everything asked for is there and right."""
        return not self.errors

    def close(self) -> None:
        """Let go of the temporary files of the uploads."""
        for upload in self.uploads:
            upload.file.close()


def empty_form(kind: EvidenceKind, context: FormContext) -> EvidenceForm:
    """A form with nothing filled in."""
    return from_values(kind, {}, context)


def from_values(kind: EvidenceKind, values: Mapping[str, Any], context: FormContext) -> EvidenceForm:
    """A form filled with the values of an earlier revision, its files kept: the start of the next
    revision."""
    given = {ATTRIBUTE + name: value for name, value in values.items()}
    form = form_class(kind)(data=given, meta={"context": context}, prefix=PREFIX)
    _mark_hidden(form, values, context)
    return form


def from_draft(kind: EvidenceKind, draft: Mapping[str, Any], context: FormContext) -> EvidenceForm:
    """A form as it was left: what was typed, right or wrong, without error marks."""
    form = bind(
        kind, _draft_formdata(kind, draft), MultiDict(), replace(context, kept_files=draft_files(draft))
    ).form
    for one in form.parts:
        one.settle([])
    return form


def bind(
    kind: EvidenceKind, formdata: MultiDict[str, str], files: MultiDict[str, Upload], context: FormContext
) -> BoundEvidence:
    """Read and check what was sent for a kind. Fields are named `evidence-<field>`; anything else is
    ignored (R09).

    New files of a field replace those kept from before; `evidence-<field>-drop` with a digest lets go of
    one kept
    file. Uploads are returned also when another field is wrong, so that the caller can keep them in a draft.
    """
    wanted = MultiDict((key, text) for key, text in formdata.items(multi=True) if key.startswith(PREFIX))
    form = form_class(kind)(formdata=wanted, meta={"context": context}, prefix=PREFIX)
    for one in form.parts:
        if one.spec.type is FieldType.FILE:
            dropped = set(formdata.getlist(one.name + DROP_SUFFIX))
            kept = context.kept_files.get(one.spec.name, ())
            one.data = [dict(stored) for stored in kept if stored["sha256"] not in dropped]
    uploads = [upload for one in form.parts for upload in _take_files(one, files)]
    form.validate()
    hidden = {one.spec.name for one in form.parts if one.hidden}
    for upload in uploads:
        if upload.field in hidden:
            upload.file.close()
    errors = {one.spec.name: one.faults for one in form.parts if one.faults}
    return BoundEvidence(form, form.clean, [u for u in uploads if u.field not in hidden], errors)


def validate_values(
    kind: EvidenceKind, values: Mapping[str, Any], context: FormContext
) -> tuple[dict[str, Any], dict[str, list[Fault]]]:
    """Check Python or JSON values (import, commands, seed) by the same form; returns clean values and
    errors by field.

    Amounts are in `context.currency`; people are given by id or by a key of `people_keys`; files as stored
    files, or
    as names found in `stored_files`. A field the kind does not have is an error here.
    Clean values come back unchanged. Amounts given as text are read as typed (`84,000` is thousands).
    """
    formdata: MultiDict[str, str] = MultiDict()
    kept: dict[str, list[StoredFile]] = {}
    errors: dict[str, list[Fault]] = {}
    known = {spec.name: spec for spec in kind.fields}
    for name, value in values.items():
        if name not in known:
            errors[str(name)] = [Fault("unknown_field")]
        elif value is None:
            continue
        elif known[name].type is FieldType.FILE:
            kept[name] = _stored_files(value, context, errors.setdefault(name, []))
        else:
            for text in _texts_of(known[name], value, context, errors.setdefault(name, [])):
                formdata.add(PREFIX + name, text)
    bound = bind(kind, formdata, MultiDict(), replace(context, kept_files=kept))
    found = {name: faults for name, faults in errors.items() if faults}
    hidden = {one.spec.name for one in bound.form.parts if one.hidden}
    given_hidden = {name for name in hidden if values.get(name) not in (None, "", [])}
    found |= {name: [Fault("not_asked")] for name in given_hidden if name not in found}
    return dict(bound.values), {name: list(faults) for name, faults in bound.errors.items()} | found


def draft_values(
    kind: EvidenceKind, formdata: MultiDict[str, str], bound: BoundEvidence | None = None
) -> dict[str, Any]:
    """What was typed, as it was typed, to be kept as a draft; with the checked files where `bound` is
    given."""
    texts = {}
    for spec in kind.fields:
        sent = [text for text in formdata.getlist(PREFIX + spec.name) if text and len(text) <= LONGEST_TEXT]
        if sent and spec.type is not FieldType.FILE:
            texts[spec.name] = [text.replace("\x00", "") for text in sent]
    files = {}
    for spec in kind.fields:
        held = bound.form.of(spec.name).data if bound is not None and spec.type is FieldType.FILE else None
        if held:
            files[spec.name] = list(held)
    return {"texts": texts, "files": files}


def draft_files(draft: Mapping[str, Any]) -> dict[str, list[StoredFile]]:
    """The files a draft keeps, by field: `kept_files` of the next form."""
    return {name: list(files) for name, files in (draft.get("files") or {}).items()}


def _mark_hidden(form: EvidenceForm, values: Mapping[str, Any], context: FormContext) -> None:
    held: dict[str, Any] = {}
    for spec in form.kind.fields:
        one = form.of(spec.name)
        one.hidden = not shown(spec, held, context.measure_values)
        if not one.hidden and values.get(spec.name) is not None:
            held[spec.name] = values[spec.name]


def _take_files(one: EvidenceField, files: MultiDict[str, Upload]) -> list[NewFile]:
    """Check the uploads of a field; put them in the place of the kept files and return those to be stored."""
    spec = one.spec
    if spec.type is not FieldType.FILE:
        return []
    taken: list[NewFile] = []
    sent = [upload for upload in files.getlist(PREFIX + spec.name) if upload.filename]
    if len(sent) > spec.max_files:
        one.read_faults.append(Fault("too_many_files", {"most": spec.max_files, "given": len(sent)}))
        return []
    for upload in sent:
        try:
            checked = check_upload(upload.stream, upload.filename or "", spec.accept, spec.max_mb * _MEGABYTE)
        except FileRefused as error:
            one.read_faults.append(Fault(f"file_{error.code}", {"name": error.name, **error.values}))
        else:
            taken.append(NewFile(spec.name, checked))
    if taken:
        one.data = [upload.file.as_value() for upload in taken]
    if len(one.data) > spec.max_files:
        one.read_faults.append(Fault("too_many_files", {"most": spec.max_files, "given": len(one.data)}))
    for kept in one.data:
        ending = str(kept["name"]).rpartition(".")[2].lower().replace("jpeg", "jpg")
        if ending not in spec.accept:
            one.read_faults.append(Fault("file_type", {"name": kept["name"], "accept": spec.accept}))
    return taken


def _texts_of(spec: FieldSpec, value: Any, context: FormContext, faults: list[Fault]) -> list[str]:
    """A Python value as a person would have typed it, so that the form's own reading decides."""
    stored_amount = spec.type is FieldType.MONEY and isinstance(value, Mapping)
    if stored_amount:
        if value.get("currency") != context.currency:
            given = str(value.get("currency"))
            faults.append(Fault("currency", {"currency": context.currency, "given": given}))
        value = value.get("amount")
    parts = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(part, str | bool | int | float | Decimal | date) for part in parts):
        faults.append(Fault("value_type"))
        return []
    if isinstance(value, bool):
        return [YES if value else NO] if spec.type is FieldType.YES_NO else [str(value)]
    if spec.type is FieldType.PERSON:
        return [str(context.people_keys.get(str(value), value))]
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if stored_amount or (
        spec.type in (FieldType.NUMBER, FieldType.MONEY) and _is_machine_number(spec, value)
    ):
        with suppress(ArithmeticError):
            number = Decimal(str(value))
            if number.is_finite() and abs(number.adjusted()) < _LARGEST_EXPONENT:
                return [write_number(number)]
    return [str(value)]


def _is_machine_number(spec: FieldSpec, value: Any) -> bool:
    """True for a number, and for the text a number is stored as; other text is read as a person typed it."""
    if not isinstance(value, str):
        return True
    return (
        spec.type is FieldType.NUMBER
        and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", value) is not None
    )


def _stored_files(value: Any, context: FormContext, faults: list[Fault]) -> list[StoredFile]:
    files: list[StoredFile] = []
    for one in value if isinstance(value, list | tuple) else [value]:
        stored = one if isinstance(one, Mapping) else context.stored_files.get(str(one))
        if stored is None or not {"name", "sha256", "size", "type"} <= set(stored):
            faults.append(Fault("file_unknown", {"name": str(one)[:120]}))
        else:
            files.append(stored)
    return files


def _draft_formdata(kind: EvidenceKind, draft: Mapping[str, Any]) -> MultiDict[str, str]:
    texts = draft.get("texts") or {}
    return MultiDict(
        (PREFIX + spec.name, str(text)) for spec in kind.fields for text in texts.get(spec.name, ())
    )
