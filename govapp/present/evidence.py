"""Evidence in words: what a field asks, why a value is refused, what was handed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.evidence_fields import Comparison, FieldCondition, FieldSpec, FieldType, choice_label
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.evidence_values import Fault
from govapp.present import dates, money
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

_KILO = 1000
_YEARS = (1900, 2200)


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a revision: its name, its digest, its size in words."""

    name: str
    sha256: str
    size: str
    type: str


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One field of handed-in evidence: its label and its value in words; `link` and `files` where it has
    them."""

    name: str
    label: str
    type: str
    text: str
    link: str = ""
    files: tuple[ShownFile, ...] = ()


def describe(
    kind: EvidenceKind, values: Mapping[str, Any], people: Mapping[int, str] | None = None
) -> list[ShownValue]:
    """What was handed in, label and value, in the order of the form; fields without a value are left out."""
    shown = []
    for spec in kind.fields:
        value = values.get(spec.name)
        if value is None or value == "" or value == []:
            continue
        files = shown_files(value) if spec.type is FieldType.FILE else ()
        link = str(value) if spec.type is FieldType.LINK else ""
        text = value_words(spec, value, people or {})
        shown.append(ShownValue(spec.name, _(spec.label), str(spec.type), text, link, files))
    return shown


def value_words(spec: FieldSpec, value: Any, people: Mapping[int, str]) -> str:
    """A stored value in words: amounts with their currency, days written out, choices and people by name."""
    if spec.type is FieldType.MONEY:
        return money.amount(Decimal(value["amount"]), value["currency"])
    if spec.type is FieldType.NUMBER:
        return str(value) if _is_year(spec) else money.number(Decimal(value))
    if spec.type is FieldType.DATE:
        return dates.day(date.fromisoformat(value))
    if spec.type is FieldType.YES_NO:
        return _("Yes") if value else _("No")
    if spec.type is FieldType.CHOICE:
        return _(choice_label(value))
    if spec.type is FieldType.CHOICES:
        return ", ".join(_(choice_label(one)) for one in value)
    if spec.type is FieldType.PERSON:
        return people.get(int(value)) or _("Person %(id)s", id=value)
    if spec.type is FieldType.FILE:
        return ", ".join(str(one["name"]) for one in value)
    return str(value)


def _is_year(spec: FieldSpec) -> bool:
    """Whether a number field asks for a calendar year, which takes no comma: its limits say so."""
    least, most = spec.min, spec.max
    return least is not None and most is not None and _is_whole_year(least) and _is_whole_year(most)


def _is_whole_year(number: Decimal) -> bool:
    return _YEARS[0] <= number <= _YEARS[1] and number == number.to_integral_value()


def shown_files(value: Sequence[Mapping[str, Any]]) -> tuple[ShownFile, ...]:
    """The files of a file field, their sizes in words."""
    return tuple(
        ShownFile(str(one["name"]), str(one["sha256"]), size_words(int(one["size"])), str(one["type"]))
        for one in value
    )


def size_words(size: int) -> str:
    """A size in bytes as people read it: `640 bytes`, `12 kB`, `3.4 MB`."""
    if size < _KILO:
        return ngettext("%(num)s byte", "%(num)s bytes", size)
    if size < _KILO * _KILO:
        return _("%(n)s kB", n=money.number(Decimal(size) / _KILO, 0))
    return _("%(n)s MB", n=money.number(Decimal(size) / (_KILO * _KILO), 1))


def file_hint(spec: FieldSpec) -> str:
    """What a file field takes: `PDF or XLSX, at most 3 files of 20 MB`."""
    endings = [ending.upper() for ending in spec.accept]
    types = (
        _("%(first)s or %(last)s", first=", ".join(endings[:-1]), last=endings[-1])
        if endings[1:]
        else endings[0]
    )
    if spec.max_files == 1:
        return _("%(types)s, at most %(mb)s MB", types=types, mb=spec.max_mb)
    return _(
        "%(types)s, at most %(files)s files of %(mb)s MB", types=types, files=spec.max_files, mb=spec.max_mb
    )


def condition_sentence(condition: FieldCondition, fields: Iterable[FieldSpec]) -> str:
    """When a field is asked for: `Only if "Source of the money" is Contingency.`"""
    labels = {field.name: _(field.label) for field in fields}
    if condition.about == "field":
        subject = _("“%(label)s”", label=labels.get(condition.name, condition.name))
    else:
        subject = _("the %(field)s of the measure", field=choice_label(condition.name).lower())
    tests = _(" and ").join(_comparison(test, labels) for test in condition.tests)
    return _("Only if %(subject)s %(tests)s.", subject=subject, tests=tests)


def _comparison(test: Comparison, labels: Mapping[str, str]) -> str:
    if isinstance(test.value, tuple):
        words = [_scalar_words(one) for one in test.value]
        either = (
            _("%(first)s or %(last)s", first=", ".join(words[:-1]), last=words[-1]) if words[1:] else words[0]
        )
        return _("is %(value)s", value=either)
    value = _scalar_words(test.value)
    sentences = {
        "is": _("is %(value)s", value=value),
        "from": _("is %(value)s or more", value=value),
        "to": _("is %(value)s or less", value=value),
        "includes": _("includes %(value)s", value=value),
        "below_field": _("is less than “%(label)s”", label=labels.get(str(test.value), str(test.value))),
    }
    return sentences.get(test.operator, "")


def _scalar_words(value: str | bool | Decimal) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return money.number(value) if isinstance(value, Decimal) else _(choice_label(value))


def fault_sentence(fault: Fault) -> str:
    """Why a value is refused, and what to do: one sentence for each code of `domain/evidence_values.py`
    and files."""
    values = dict(fault.values)
    for name in ("least", "most"):
        if name in values and fault.code in ("too_early", "too_late"):
            values[name] = dates.day(date.fromisoformat(str(values[name])))
        elif name in values and fault.code in ("too_small", "too_large"):
            limit = Decimal(str(values[name]))
            values[name] = str(limit) if _is_whole_year(limit) else money.number(limit)
    if values.pop("today", False):
        return (
            _("This day may not lie in the future.")
            if fault.code == "too_late"
            else _("This day may not be over.")
        )
    if "accept" in values:
        values["accept"] = ", ".join(str(one).upper() for one in values["accept"])
    if fault.code == "money_decimals" and not values.get("decimals"):
        return _("Write a whole amount: %(currency)s has no decimals.", **values)
    sentence = _sentences().get(fault.code)
    return sentence % values if sentence else _("This value cannot be taken (%(code)s).", code=fault.code)


def _sentences() -> dict[str, str]:
    return {
        "required": _("This is needed."),
        "repeated": _("This was sent more than once; give one answer."),
        "characters": _(
            "This holds control characters, which cannot be kept; type it anew or paste it as plain text."
        ),
        "line_break": _("Write this on one line."),
        "too_long": _("Write at most %(most)s characters; these are %(length)s."),
        "too_short": _("Write at least %(least)s characters; these are %(length)s."),
        "pattern": _("This is not written in the form asked for; see the hint above."),
        "link": _(
            "Give a full address that begins with https:// or http://, without a password and without blanks."
        ),
        "link_pattern": _("This address is not of the kind asked for; see the hint above."),
        "number": _("Write a number, like 1250 or 12.5."),
        "ambiguous": _(
            "This can be read in two ways: write %(plain)s for thousands or %(decimal)s for a decimal."
        ),
        "digits": _("Write at most 15 digits before the decimal mark and 6 after it."),
        "too_small": _("The smallest value taken is %(least)s."),
        "too_large": _("The largest value taken is %(most)s."),
        "currency": _("Give the amount in %(currency)s, not in %(given)s."),
        "money_decimals": _("Write at most %(decimals)s decimals for %(currency)s."),
        "date": _("Write the day as year-month-day, like 2026-11-30."),
        "no_such_day": _("There is no such day."),
        "too_early": _("The first day taken is %(least)s."),
        "too_late": _("The last day taken is %(most)s."),
        "choice": _("Choose one of the answers on offer."),
        "too_few": _("Choose at least %(least)s."),
        "too_many": _("Choose at most %(most)s."),
        "yes_no": _("Answer yes or no."),
        "person": _("Choose one of the people on offer."),
        "unknown_field": _("This form has no such field."),
        "value_type": _("This value is not of a kind this field takes."),
        "not_asked": _("This is not asked for with the other answers given; leave it out."),
        "milestone_unknown": _("Write the name of a milestone as it stands in the plan: %(names)s."),
        "too_many_files": _("At most %(most)s files are taken; these are %(given)s."),
        "file_unknown": _("There is no file %(name)s."),
        "file_type": _("%(name)s is of a type that is not taken here: %(accept)s."),
        "file_empty": _("%(name)s is empty."),
        "file_too_large": _("%(name)s is larger than %(megabytes)s MB."),
        "file_content": _(
            "The content of %(name)s is not what its ending says; save it again in that format."
        ),
        "file_damaged": _("%(name)s cannot be opened; it may be damaged. Save it again and hand that in."),
        "file_encrypted": _("%(name)s is protected by a password; save it without."),
        "file_macros": _("%(name)s holds macros or programs; save it without."),
        "file_script": _("%(name)s runs a script when it is opened; print it to a new PDF and hand that in."),
        "file_archive": _("%(name)s unpacks to more than is safe to open; save it again with less in it."),
        "file_pixels": _("%(name)s has more than %(megapixels)s million pixels; save it smaller."),
        "file_attachment": _("%(name)s carries the attachment %(attachment)s, which may not come in."),
    }
