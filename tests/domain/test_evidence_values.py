"""Values of evidence forms: numbers, amounts, days, addresses, and what is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.evidence_fields import FieldSpec, FieldType
from govapp.domain.evidence_values import ValueContext, ValueRefused, read_value, write_value
from govapp.domain.number_text import NumberRefused, read_number, write_number

TODAY = date(2026, 11, 22)
EUR = ValueContext(TODAY, "EUR", ((7, "Amara"), (9, "Kwame")))


def read(type_: str, text: str | list[str], context: ValueContext = EUR, **limits: Any) -> Any:
    spec = FieldSpec("one", "One", FieldType(type_), **limits)
    return read_value(spec, text if isinstance(text, list) else [text], context)


def refusal(type_: str, text: str | list[str], context: ValueContext = EUR, **limits: Any) -> str:
    with pytest.raises(ValueRefused) as caught:
        read(type_, text, context, **limits)
    return caught.value.fault.code


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("84000", "84000.00"),
        ("84,000.00", "84000.00"),
        ("84.000,00", "84000.00"),
        ("84,000", "84000.00"),
        ("84.000", "84000.00"),
        ("84 000", "84000.00"),
        ("84\u202f000,5", "84000.50"),
        ("1'234'567.89", "1234567.89"),
        ("1.234.567", "1234567.00"),
        ("\u22123,5", "-3.50"),
        ("+7", "7.00"),
        ("0.10", "0.10"),
        ("EUR 84,000", "84000.00"),
        ("84,000 eur", "84000.00"),
        ("-0", "0.00"),
        ("12.3400", "12.34"),
    ],
)
def test_an_amount_is_read_in_every_form_that_has_one_meaning(text: str, amount: str) -> None:
    assert read("money", text) == {"amount": amount, "currency": "EUR"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "number"),
        ("Infinity", "number"),
        ("1e400", "number"),
        ("1_000", "number"),
        ("12,34,567", "number"),
        ("1,234.567.890", "number"),
        ("٨٤", "number"),
        ("12.345678", "money_decimals"),
        ("0,125", "money_decimals"),
        ("9" * 16, "digits"),
        ("1" * 41, "digits"),
        ("USD 5", "currency"),
        ("--5", "number"),
        ("5-", "number"),
    ],
)
def test_an_amount_that_is_no_plain_number_is_refused(text: str, code: str) -> None:
    assert refusal("money", text) == code


def test_nothing_typed_is_no_value_and_no_error() -> None:
    for type_ in ("text", "number", "money", "date", "choice", "yes_no", "person", "link"):
        assert read(type_, "  ") is None
        assert read(type_, []) is None


def test_money_follows_the_decimals_of_its_currency() -> None:
    yen, dinar = ValueContext(TODAY, "JPY"), ValueContext(TODAY, "KWD")
    assert read("money", "1200", yen) == {"amount": "1200", "currency": "JPY"}
    assert refusal("money", "12.5", yen) == "money_decimals"
    assert read("money", "1234.125", dinar) == {"amount": "1234.125", "currency": "KWD"}
    assert refusal("money", "1.125", dinar) == "ambiguous"


def test_a_number_that_could_be_thousands_or_decimal_is_refused_with_both_ways_to_write_it() -> None:
    with pytest.raises(ValueRefused) as caught:
        read("number", "1.234")
    assert caught.value.fault.code == "ambiguous"
    assert caught.value.fault.values == {"plain": "1234", "decimal": "1.2340"}
    assert read("number", "1.2340") == "1.234"
    assert read("number", "1234") == "1234"


@given(st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=6, allow_nan=False))
def test_every_number_reads_back_as_it_was_written(number: Decimal) -> None:
    assert read_number(write_number(number)) == number


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    try:
        assert read_number(text).is_finite()
    except NumberRefused as error:
        assert error.code in ("number", "ambiguous", "digits")


@pytest.mark.parametrize("type_", list(FieldType))
@given(text=st.text(max_size=80))
def test_any_text_gives_a_value_or_a_reason(type_: FieldType, text: str) -> None:
    spec = FieldSpec("one", "One", type_, choices=("a",))
    if type_ is FieldType.FILE:
        return
    try:
        value = read_value(spec, [text], EUR)
    except ValueRefused:
        return
    assert value is None or read_value(spec, write_value(spec, value), EUR) == value


def test_limits_of_numbers_hold_on_both_ends_and_always_have_an_upper_one() -> None:
    assert refusal("number", "4", min=Decimal(5)) == "too_small"
    assert refusal("number", "6", max=Decimal(5)) == "too_large"
    assert read("number", "5", min=Decimal(5), max=Decimal(5)) == "5"
    assert refusal("number", "1" + "0" * 15) == "digits"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-30", "no_such_day"),
        ("22.11.2026", "date"),
        ("2026-1-1", "date"),
        ("2026-11-23", "too_late"),
        ("1899-12-31", "too_early"),
    ],
)
def test_a_day_that_is_none_or_lies_outside_is_refused(text: str, code: str) -> None:
    assert refusal("date", text, max=Decimal(0)) == code


def test_date_limits_count_from_today() -> None:
    assert read("date", "2026-11-22", max=Decimal(0)) == "2026-11-22"
    assert read("date", "2026-11-23", min=Decimal(1)) == "2026-11-23"
    assert refusal("date", "2026-11-22", min=Decimal(1)) == "too_early"


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "https://",
        "//host/x",
        "https://a b",
        "https://u:p@host/",
        "ftp://host/",
        "https://host:99999/",
        "https://ho\\st",
        "data:text/html,x",
        'https://host/"><x',
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(text: str) -> None:
    assert refusal("link", text) == "link"


def test_an_address_is_taken_and_its_pattern_holds() -> None:
    assert read("link", "https://intra.example/a?b=1#c") == "https://intra.example/a?b=1#c"
    assert refusal("link", "http://intra.example/", pattern="https://.+") == "link_pattern"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x7fb", "\ud800"])
def test_r34_control_characters_and_broken_text_are_refused(text: str) -> None:
    assert refusal("text", text) == "characters"
    assert refusal("long_text", text) == "characters"


def test_line_ends_belong_into_long_text_only() -> None:
    assert read("long_text", "a\r\nb") == "a\nb"
    assert refusal("text", "a\nb") == "line_break"


def test_names_in_any_script_are_kept_as_they_are() -> None:
    for text in ("Łódź", "東京支社", "محمد", "नमस्ते", "👩‍🔧 on duty"):
        assert read("text", text) == text


def test_text_is_limited_without_a_limit_of_its_own() -> None:
    assert len(read("text", "x" * 400)) == 400
    assert refusal("text", "x" * 401) == "too_long"
    assert refusal("long_text", "x" * 4001) == "too_long"
    assert refusal("text", "abc", min=Decimal(5)) == "too_short"


def test_a_pattern_matches_the_whole_value() -> None:
    assert read("text", "4120", pattern="[0-9]{4}") == "4120"
    assert refusal("text", "41200", pattern="[0-9]{4}") == "pattern"


def test_r09_a_single_value_sent_twice_is_refused() -> None:
    for type_ in ("text", "money", "date", "choice", "yes_no", "person"):
        assert refusal(type_, ["1", "1"], choices=("1",)) == "repeated"
    assert refusal("choices", ["a", "a"], choices=("a", "b")) == "repeated"


def test_choices_are_kept_in_the_order_of_the_form_and_counted() -> None:
    offer = {"choices": ("a", "b", "c"), "min": Decimal(2), "max": Decimal(2)}
    assert read("choices", ["c", "a"], **offer) == ["a", "c"]
    assert refusal("choices", ["a"], **offer) == "too_few"
    assert refusal("choices", ["a", "b", "c"], **offer) == "too_many"
    assert refusal("choices", ["a", "z"], **offer) == "choice"


def test_only_people_on_offer_can_be_chosen() -> None:
    assert read("person", "9") == 9
    assert refusal("person", "8") == "person"
    assert refusal("person", "09") == "person"


def test_yes_and_no_are_answers_and_nothing_else_is() -> None:
    assert read("yes_no", "yes") is True
    assert read("yes_no", "no") is False
    assert refusal("yes_no", "on") == "yes_no"
