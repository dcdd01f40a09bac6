"""Values of evidence forms: reading what was typed into a clean value, with the reason where it cannot be
one."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from govapp.domain.evidence_fields import FieldSpec, FieldType
from govapp.domain.money import decimals_of
from govapp.domain.number_text import MAX_DIGITS_AFTER, NumberRefused, read_number, write_number
from govapp.domain.patterns import matches

YES, NO = "yes", "no"
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EARLIEST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a value is refused: a code and what fills its sentence (`present/evidence.py` makes
    it)."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class ValueRefused(ValueError):
    """Raised for a text that is no value of its field; `fault` is also the first argument."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(Fault(code, values))
        self.fault = Fault(code, values)


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What reading a value needs to know: the day in the organization's zone, the currency, the people on offer.

    `person_of` finds who bears an e-mail address; it is given where there are more people than are on offer.
    """

    today: date
    currency: str
    people: Sequence[tuple[int, str]] = ()
    person_of: Callable[[str], int | None] | None = field(default=None, kw_only=True)


def read_value(spec: FieldSpec, texts: Sequence[str], context: ValueContext) -> Any:
    """The clean, JSON-able value of what was typed, or None when nothing was.

    Text, date (ISO), choice, link: str. Number: text of digits. Money: {"amount", "currency"}, the amount
    with the
    decimals of the currency. Choices: list in the order of the definition. Yes/no: bool. Person: id.
    Raises ValueRefused; a single value sent twice is refused (R09). Files are not read here.
    """
    if spec.type is FieldType.CHOICES:
        return _read_choices(spec, texts)
    if len(texts) > 1:
        raise ValueRefused("repeated")
    raw = texts[0] if texts else ""
    _check_characters(raw, lines=spec.type is FieldType.LONG_TEXT)
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return None
    return _READERS[spec.type](spec, text, context)


def write_value(spec: FieldSpec, value: Any) -> list[str]:
    """What a form shows for a clean value: the texts that `read_value` reads back to it."""
    if value is None:
        return []
    if spec.type is FieldType.CHOICES:
        return [str(one) for one in value]
    if spec.type is FieldType.YES_NO:
        return [YES if value else NO]
    if spec.type is FieldType.MONEY:
        return [write_number(Decimal(value["amount"]))]
    if spec.type is FieldType.NUMBER:
        return [write_number(Decimal(value))]
    return [str(value)]


def _check_characters(text: str, *, lines: bool) -> None:
    """Refuse NUL and other control characters, and text that cannot be stored as UTF-8."""
    allowed = "\r\n\t" if lines else ""
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in allowed):
            raise ValueRefused("line_break" if character in "\r\n" else "characters")


def _read_text(spec: FieldSpec, text: str, context: ValueContext) -> str:
    _check_length(spec, text)
    if spec.pattern is not None and not matches(spec.pattern, text):
        raise ValueRefused("pattern")
    return text


def _check_length(spec: FieldSpec, text: str) -> None:
    length = len(text)
    if length > spec.most:
        raise ValueRefused("too_long", most=int(spec.most), length=length)
    if spec.least is not None and length < spec.least:
        raise ValueRefused("too_short", least=int(spec.least), length=length)


def _read_link(spec: FieldSpec, text: str, context: ValueContext) -> str:
    _check_length(spec, text)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueRefused("link") from error
    if parts.scheme.lower() not in ("http", "https") or not host or parts.username is not None:
        raise ValueRefused("link")
    if re.search(r"[\s\\<>\"]", text):
        raise ValueRefused("link")
    if spec.pattern is not None and not matches(spec.pattern, text):
        raise ValueRefused("link_pattern")
    return text


def _number(spec: FieldSpec, text: str, decimals: int) -> Decimal:
    try:
        number = read_number(text, decimals)
    except NumberRefused as error:
        plain = re.sub(r"[^0-9−-]", "", text) if error.code == "ambiguous" else ""
        as_decimal = re.sub(r",", ".", text) + "0" if error.code == "ambiguous" else ""
        raise ValueRefused(error.code, plain=plain, decimal=as_decimal) from error
    if spec.least is not None and number < spec.least:
        raise ValueRefused("too_small", least=write_number(spec.least))
    if number > spec.most:
        raise ValueRefused("too_large", most=write_number(spec.most))
    return number


def _read_number(spec: FieldSpec, text: str, context: ValueContext) -> str:
    number = _number(spec, text, MAX_DIGITS_AFTER)
    shown = format(number, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _read_money(spec: FieldSpec, text: str, context: ValueContext) -> dict[str, str]:
    code, body = context.currency, text
    given = re.match(r"([A-Za-z]{3})\s+(?=[-+−0-9])", text) or re.search(r"(?<=[0-9])\s*([A-Za-z]{3})$", text)
    if given:
        if given[1].upper() != code:
            raise ValueRefused("currency", currency=code, given=given[1].upper())
        body = text.replace(given[0], "", 1)
    decimals = decimals_of(code)
    amount = _number(spec, body, decimals)
    rounded = amount.quantize(Decimal(1).scaleb(-decimals))
    if rounded != amount:
        raise ValueRefused("money_decimals", currency=code, decimals=decimals)
    return {"amount": format(rounded, "f"), "currency": code}


def _read_date(spec: FieldSpec, text: str, context: ValueContext) -> str:
    if _ISO_DATE.fullmatch(text) is None:
        raise ValueRefused("date")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueRefused("no_such_day") from error
    earliest, latest = date_limits(spec, context.today)
    if day < earliest:
        raise ValueRefused("too_early", least=earliest.isoformat(), today=earliest == context.today)
    if day > latest:
        raise ValueRefused("too_late", most=latest.isoformat(), today=latest == context.today)
    return text


def date_limits(spec: FieldSpec, today: date) -> tuple[date, date]:
    """First and last day a date field takes, counted from `today`."""
    least = int(spec.least) if spec.least is not None else 0
    earliest = max(date(_EARLIEST_YEAR, 1, 1), today + timedelta(days=least))
    return earliest, today + timedelta(days=int(spec.most))


def _read_choice(spec: FieldSpec, text: str, context: ValueContext) -> str:
    if text not in spec.choices:
        raise ValueRefused("choice")
    return text


def _read_choices(spec: FieldSpec, texts: Sequence[str]) -> list[str] | None:
    chosen = [text for text in texts if text]
    if not chosen:
        return None
    if any(text not in spec.choices for text in chosen):
        raise ValueRefused("choice")
    if len(set(chosen)) != len(chosen):
        raise ValueRefused("repeated")
    if spec.least is not None and len(chosen) < spec.least:
        raise ValueRefused("too_few", least=int(spec.least))
    if len(chosen) > spec.most:
        raise ValueRefused("too_many", most=int(spec.most))
    return [choice for choice in spec.choices if choice in chosen]


def _read_yes_no(spec: FieldSpec, text: str, context: ValueContext) -> bool:
    if text not in (YES, NO):
        raise ValueRefused("yes_no")
    return text == YES


def _read_person(spec: FieldSpec, text: str, context: ValueContext) -> int:
    for person, _name in context.people:
        if str(person) == text:
            return person
    found = context.person_of(text) if context.person_of else None
    if found is None:
        raise ValueRefused("person")
    return found


_READERS: dict[FieldType, Callable[[FieldSpec, str, ValueContext], Any]] = {
    FieldType.TEXT: _read_text,
    FieldType.LONG_TEXT: _read_text,
    FieldType.LINK: _read_link,
    FieldType.NUMBER: _read_number,
    FieldType.MONEY: _read_money,
    FieldType.DATE: _read_date,
    FieldType.CHOICE: _read_choice,
    FieldType.YES_NO: _read_yes_no,
    FieldType.PERSON: _read_person,
}
