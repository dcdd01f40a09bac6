"""One field of an evidence form as a frozen value: its type, limits, and the condition under which it is
asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Scalar: TypeAlias = str | bool | Decimal

ALLOWED_FILE_TYPES = ("pdf", "docx", "xlsx", "pptx", "csv", "png", "jpg", "txt", "eml")
LONGEST_TEXT = 10_240
DEFAULT_TEXT_MAX = 400
DEFAULT_LONG_TEXT_MAX = 4000
LARGEST_NUMBER = Decimal(10) ** 15 - 1
LONGEST_DAYS_AWAY = 36_600
DEFAULT_MAX_MB = 10
LARGEST_MAX_MB = 100
LARGEST_MAX_FILES = 20
OPERATORS = ("is", "in", "from", "to", "includes", "below_field")


class FieldType(StrEnum):
    """The eleven types of field a form may ask for."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    PERSON = "person"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition; `value` is a tuple for `in`, a field name for `below_field`."""

    operator: str
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """When a field is shown and demanded: every test on one field of this form, or on one field of the
    measure."""

    about: Literal["field", "measure"]
    name: str
    tests: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. `min`/`max`: characters for text, value for number and money, count for choices, days
    from today
    for date (`max: 0` = not in the future). None means the default limit of the type."""

    name: str
    label: str
    type: FieldType
    help: str = ""
    required: bool = False
    min: Decimal | None = None
    max: Decimal | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    max_files: int = 1
    max_mb: int = DEFAULT_MAX_MB
    when: FieldCondition | None = None

    @property
    def least(self) -> Decimal | None:
        """The lower limit that holds, in the unit of the type; None where there is none."""
        if self.min is not None or self.type not in (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE):
            return self.min
        return Decimal(-LONGEST_DAYS_AWAY) if self.type is FieldType.DATE else -LARGEST_NUMBER

    @property
    def most(self) -> Decimal:
        """The upper limit that holds, in the unit of the type; there always is one."""
        if self.max is not None:
            return self.max
        defaults = {
            FieldType.TEXT: DEFAULT_TEXT_MAX,
            FieldType.LINK: DEFAULT_TEXT_MAX,
            FieldType.LONG_TEXT: DEFAULT_LONG_TEXT_MAX,
            FieldType.CHOICES: len(self.choices),
            FieldType.FILE: self.max_files,
            FieldType.DATE: LONGEST_DAYS_AWAY,
        }
        return Decimal(defaults.get(self.type, LARGEST_NUMBER))

    def to_dict(self) -> dict[str, Any]:
        """The field as it is written in a governance set; defaults are left out, so equal fields give
        equal text."""
        data: dict[str, Any] = {"name": self.name, "label": self.label, "type": str(self.type)}
        if self.help:
            data["help"] = self.help
        if self.required:
            data["required"] = True
        for key, limit in (("min", self.min), ("max", self.max)):
            if limit is not None:
                data[key] = plain(limit)
        if self.pattern is not None:
            data["pattern"] = self.pattern
        if self.choices:
            data["choices"] = list(self.choices)
        if self.type is FieldType.FILE:
            data |= {"accept": list(self.accept), "max_files": self.max_files, "max_mb": self.max_mb}
        if self.when is not None:
            data["when"] = _condition_dict(self.when)
        return data


def shown(field: FieldSpec, values: Mapping[str, Any], measure_values: Mapping[str, Any]) -> bool:
    """True when the field is asked for, given the values of this form and of the measure.

    `values` must hold only fields that are shown themselves (see `shown_fields`): a hidden field has no
    value.
    """
    condition = field.when
    if condition is None:
        return True
    known = values if condition.about == "field" else measure_values
    actual = known.get(condition.name)
    return all(_holds(test, actual, values) for test in condition.tests)


_ABBREVIATIONS = {"it", "kpi", "sla", "erp", "vpn"}


def choice_label(key: str) -> str:
    """The words for a choice key: `it-run-budget` becomes `IT run budget`."""
    words = key.replace("-", " ").replace("_", " ").split()
    label = " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words)
    return label[:1].upper() + label[1:]


def plain(number: Decimal) -> int | str:
    """A number as it is kept in JSON: a whole one as int, any other as text, never as float."""
    return int(number) if number == number.to_integral_value() else format(number.normalize(), "f")


def as_number(value: Any) -> Decimal | None:
    """The number in a stored value (number, money, or text of digits), or None; true and false are no
    numbers."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def _holds(test: Comparison, actual: Any, values: Mapping[str, Any]) -> bool:
    if actual is None:
        return False
    if test.operator == "is":
        return _same(actual, test.value)
    if test.operator == "in":
        options = test.value if isinstance(test.value, tuple) else (test.value,)
        return any(_same(actual, option) for option in options)
    if test.operator == "includes":
        held = actual if isinstance(actual, list | tuple) else [actual]
        return any(_same(one, test.value) for one in held)
    limit = as_number(values.get(str(test.value)) if test.operator == "below_field" else test.value)
    number = as_number(actual)
    if number is None or limit is None:
        return False
    return {"from": number >= limit, "to": number <= limit, "below_field": number < limit}[test.operator]


def _same(actual: Any, expected: Any) -> bool:
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(expected, Decimal):
        return as_number(actual) == expected
    return str(actual) == str(expected)


def _condition_dict(condition: FieldCondition) -> dict[str, Any]:
    data: dict[str, Any] = {condition.about: condition.name}
    for test in condition.tests:
        data[test.operator] = (
            [_plain_scalar(one) for one in test.value]
            if isinstance(test.value, tuple)
            else _plain_scalar(test.value)
        )
    return data


def _plain_scalar(value: Scalar) -> str | bool | int:
    return plain(value) if isinstance(value, Decimal) else value
