"""Reading the fields of an evidence kind from a governance set, with every fault in words."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from govapp.domain.evidence_fields import (
    ALLOWED_FILE_TYPES,
    DEFAULT_MAX_MB,
    LARGEST_MAX_FILES,
    LARGEST_MAX_MB,
    LARGEST_NUMBER,
    LONGEST_DAYS_AWAY,
    LONGEST_TEXT,
    OPERATORS,
    Comparison,
    FieldCondition,
    FieldSpec,
    FieldType,
    Scalar,
    as_number,
)
from govapp.domain.patterns import MAX_MATCHED_LENGTH, pattern_fault

_FIELD_ENTRIES = {
    "name", "label", "help", "type", "required", "min", "max", "pattern", "choices", "accept", "max_files",
    "max_mb", "when",
}  # fmt: skip
_TEXTS = (FieldType.TEXT, FieldType.LONG_TEXT, FieldType.LINK)
_LIMITED = (*_TEXTS, FieldType.NUMBER, FieldType.MONEY, FieldType.DATE, FieldType.CHOICES)
_MAX_FIELDS = 60
_MAX_CHOICES = 200


class KindError(ValueError):
    """A definition that is no evidence kind; `problems` holds every reason as a sentence."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Faults:
    """Collects what is wrong, so that a reader sees all of it at once."""

    def __init__(self, subject: str, found: list[str] | None = None) -> None:
        self.subject = subject
        self.found: list[str] = [] if found is None else found

    def add(self, what: str) -> None:
        """Note one fault of the present subject."""
        self.found.append(f"{self.subject[:1].upper()}{self.subject[1:]}: {what}.")

    def within(self, subject: str) -> "Faults":
        """The same list, with a narrower subject."""
        return Faults(f"{self.subject}, {subject}", self.found)

    def raise_if_any(self) -> None:
        """Raise KindError when something was noted."""
        if self.found:
            raise KindError(tuple(self.found))


def text_of(
    data: Mapping[str, Any],
    name: str,
    faults: Faults,
    *,
    most: int,
    needed: bool = True,
    pattern: str | None = None,
) -> str:
    """A text entry within its length; an empty text when it is missing or wrong (which is noted)."""
    value = data.get(name)
    if value is None or value == "":
        if needed:
            faults.add(f"'{name}' is missing")
        return ""
    if not isinstance(value, str) or len(value) > most:
        faults.add(f"'{name}' is a text of at most {most} characters")
        return ""
    if pattern is not None and re.fullmatch(pattern, value) is None:
        faults.add(f"'{name}' ('{value}') may hold only small letters, digits and single separators")
    return value


def flag(data: Mapping[str, Any], name: str, faults: Faults) -> bool:
    """A yes/no entry; no when it is missing."""
    value = data.get(name, False)
    if not isinstance(value, bool):
        faults.add(f"'{name}' is true or false")
        return False
    return value


def whole(
    data: Mapping[str, Any], name: str, faults: Faults, least: int, most: int, default: int | None
) -> int | None:
    """A whole number within its limits; the default when it is missing or wrong."""
    value = data.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        faults.add(f"'{name}' is a whole number from {least} to {most}")
        return default
    return value


def parse_fields(value: Any, faults: Faults) -> tuple[FieldSpec, ...]:
    """The fields of a kind in order; a condition may look only at a field that stands before it."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MAX_FIELDS:
        faults.add(f"has 1 to {_MAX_FIELDS} fields")
        return ()
    fields: list[FieldSpec] = []
    for number, entry in enumerate(value, start=1):
        if not isinstance(entry, Mapping):
            faults.add(f"field {number} is a mapping of names to values")
            continue
        inner = faults.within(f"field {entry.get('name', number)}")
        field = _field(entry, inner)
        if field is None:
            continue
        earlier = {one.name for one in fields}
        if field.name in earlier:
            inner.add("its name is used twice")
        _check_condition(field, earlier, inner)
        fields.append(field)
    return tuple(fields)


def _field(entry: Mapping[str, Any], faults: Faults) -> FieldSpec | None:
    for name in sorted(set(map(str, entry)) - _FIELD_ENTRIES):
        faults.add(f"has an unknown entry '{name}'")
    try:
        type_ = FieldType(str(entry.get("type")))
    except ValueError:
        faults.add(f"'type' is one of {', '.join(FieldType)}, not '{entry.get('type')}'")
        return None
    field = FieldSpec(
        name=text_of(entry, "name", faults, most=60, pattern=r"[a-z][a-z0-9]*(_[a-z0-9]+)*"),
        label=text_of(entry, "label", faults, most=160),
        type=type_,
        help=text_of(entry, "help", faults, most=400, needed=False),
        required=flag(entry, "required", faults),
        min=_limit(entry, "min", type_, faults),
        max=_limit(entry, "max", type_, faults),
        pattern=text_of(entry, "pattern", faults, most=1000, needed=False) or None,
        choices=_choices(entry.get("choices"), type_, faults),
        accept=_accept(entry.get("accept"), type_, faults),
        max_files=whole(entry, "max_files", faults, 1, LARGEST_MAX_FILES, 1) or 1,
        max_mb=whole(entry, "max_mb", faults, 1, LARGEST_MAX_MB, DEFAULT_MAX_MB) or DEFAULT_MAX_MB,
        when=_condition(entry.get("when"), faults),
    )
    if field.least is not None and field.least > field.most:
        faults.add(f"'min' {field.least} is above 'max' {field.most}")
    if field.type is not FieldType.FILE and {"accept", "max_files", "max_mb"} & set(entry):
        faults.add("only a file field has 'accept', 'max_files' and 'max_mb'")
    if field.pattern is not None:
        _check_pattern(field, field.pattern, faults)
    return field


def _limit(entry: Mapping[str, Any], name: str, type_: FieldType, faults: Faults) -> Decimal | None:
    if entry.get(name) is None:
        return None
    number = as_number(entry[name])
    if number is None:
        faults.add(f"'{name}' is a number")
        return None
    if type_ not in _LIMITED:
        faults.add(f"a {type_} field has no '{name}'")
        return None
    counted = type_ not in (FieldType.NUMBER, FieldType.MONEY)
    if counted and number != number.to_integral_value():
        faults.add(f"'{name}' is a whole number")
    if type_ in _TEXTS and not 0 <= number <= LONGEST_TEXT:
        faults.add(f"'{name}' is 0 to {LONGEST_TEXT} characters")
    elif type_ is FieldType.DATE and abs(number) > LONGEST_DAYS_AWAY:
        faults.add(f"'{name}' is at most {LONGEST_DAYS_AWAY} days from today")
    elif abs(number) > LARGEST_NUMBER:
        faults.add(f"'{name}' has at most 15 digits")
    return number


def _choices(value: Any, type_: FieldType, faults: Faults) -> tuple[str, ...]:
    offers = type_ in (FieldType.CHOICE, FieldType.CHOICES)
    if value is None and not offers:
        return ()
    if not offers:
        faults.add(f"a {type_} field has no 'choices'")
        return ()
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MAX_CHOICES:
        faults.add(f"'choices' is a list of 1 to {_MAX_CHOICES} keys")
        return ()
    if not all(isinstance(one, str) and re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", one) for one in value):
        faults.add("each choice is a key of small letters, digits and dashes, in quotes where it is a number")
        return ()
    if len(set(value)) != len(value):
        faults.add("a choice stands twice")
    return tuple(value)


def _accept(value: Any, type_: FieldType, faults: Faults) -> tuple[str, ...]:
    if type_ is not FieldType.FILE:
        return ()
    if value is None:
        return ALLOWED_FILE_TYPES
    if (
        not isinstance(value, list | tuple)
        or not value
        or any(one not in ALLOWED_FILE_TYPES for one in value)
    ):
        faults.add(f"'accept' is a list out of {', '.join(ALLOWED_FILE_TYPES)}")
        return ()
    return tuple(dict.fromkeys(value))


def _condition(value: Any, faults: Faults) -> FieldCondition | None:
    if value is None:
        return None
    subjects = [name for name in ("field", "measure") if isinstance(value, Mapping) and name in value]
    if len(subjects) != 1 or not isinstance(value[subjects[0]], str):
        faults.add("'when' looks at one field of this form (field:) or of the measure (measure:)")
        return None
    tests: list[Comparison] = []
    for operator, wanted in value.items():
        if operator == subjects[0]:
            continue
        if operator not in OPERATORS:
            faults.add(f"'when' knows {', '.join(OPERATORS)}, not '{operator}'")
        elif operator in ("from", "to") and as_number(wanted) is None:
            faults.add(f"'when' compares '{operator}' with a number")
        elif operator == "in" and (not isinstance(wanted, list | tuple) or not wanted):
            faults.add("'in' is a list")
        elif operator != "in" and not isinstance(wanted, str | bool | int | float | Decimal):
            faults.add(f"'{operator}' is one value")
        else:
            scalars = (
                tuple(_scalar(one, operator) for one in wanted)
                if operator == "in"
                else _scalar(wanted, operator)
            )
            tests.append(Comparison(operator, scalars))
    if not tests:
        faults.add(f"'when' compares with one of {', '.join(OPERATORS)}")
        return None
    return FieldCondition("field" if subjects[0] == "field" else "measure", value[subjects[0]], tuple(tests))


def _scalar(value: Any, operator: str) -> Scalar:
    if isinstance(value, bool):
        return value
    number = as_number(value) if operator in ("from", "to") or not isinstance(value, str) else None
    return str(value) if number is None else number


def _check_condition(field: FieldSpec, earlier: set[str], faults: Faults) -> None:
    if field.when is None:
        return
    named = [field.when.name] if field.when.about == "field" else []
    named += [str(test.value) for test in field.when.tests if test.operator == "below_field"]
    for name in named:
        if name not in earlier:
            faults.add(f"'when' looks at '{name}', which is no field before this one")


def _check_pattern(field: FieldSpec, pattern: str, faults: Faults) -> None:
    if field.type not in (FieldType.TEXT, FieldType.LINK):
        faults.add("only text and link fields have a 'pattern'")
    elif field.most > MAX_MATCHED_LENGTH:
        faults.add(f"a field with a 'pattern' has a 'max' of at most {MAX_MATCHED_LENGTH} characters")
    fault = pattern_fault(pattern)
    if fault is not None:
        faults.add(f"its pattern {fault}")
