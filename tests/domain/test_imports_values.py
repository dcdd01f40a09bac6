"""Amounts and dates as people write them: read exactly, or refused with a code."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.imports.amounts import AmountReader
from govapp.domain.imports.dates import ENGLISH_MONTHS, DateReader, form_fault
from govapp.domain.imports.results import ValueFault
from govapp.domain.imports.rules import AmountStyle, DateForms

ENGLISH = AmountStyle(
    ".",
    (",",),
    ("minus", "parentheses"),
    (("£", "GBP"), ("GBP", "GBP"), ("€", "EUR")),
    (("m", 1_000_000), ("bn", 10**9), ("k", 1000)),
    "refuse",
)
GERMAN = AmountStyle(",", (".", " "), ("minus", "trailing"), (("€", "EUR"), ("EUR", "EUR")), (), "refuse")


def amount(
    text: str, style: AmountStyle = ENGLISH, scale: int = 1, sign: int = 1, currency: str = "GBP"
) -> Decimal:
    return AmountReader(style).read(text, scale, sign, currency)


def dates(*forms: str, century: int | None = 1970, partial: str | None = "first") -> DateReader:
    return DateReader(DateForms(forms, century, partial, ENGLISH_MONTHS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", "12"),
        ("£12,343.96", "12343.96"),
        ("(1,000)", "-1000"),
        ("-£5.50", "-5.50"),
        ("£-5.50", "-5.50"),
        ("£ 1,234,567", "1234567"),
        ("\u22127", "-7"),
        (".5", "0.5"),
        ("1.2m", "1200000"),
        ("£3bn", "3000000000"),
        ("12 GBP", "12"),
        ("(£2.5m)", "-2500000"),
        ("0.00", "0"),
        ("\u00a0£7\u00a0", "7"),
        ("1000000", "1000000"),
        ("-0", "0"),
    ],
)
def test_an_english_amount_is_read_exactly(text: str, expected: str) -> None:
    assert amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234,50", "1234.50"),
        ("1 234,50 €", "1234.50"),
        ("12-", "-12"),
        ("EUR 3", "3"),
        ("1\u202f234,5", "1234.5"),
    ],
)
def test_a_german_amount_is_read_with_its_comma(text: str, expected: str) -> None:
    assert amount(text, GERMAN, currency="EUR") == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1,23",
        "12,34,567",
        "1.2.3",
        "1e5",
        "NaN",
        "Infinity",
        "--5",
        "£",
        "(5",
        "5%",
        "1,000,00",
        "٣",
        "1" * 70,
        "0x10",
        "-",
        "1 000",
        "()",
        "5m5",
        "12 13",
    ],
)
def test_what_is_no_amount_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(ValueFault, match="bad_amount"):
        amount(text)


def test_a_german_amount_with_an_english_point_is_refused() -> None:
    with pytest.raises(ValueFault, match="bad_amount"):
        amount("1234.50", GERMAN, currency="EUR")


@pytest.mark.parametrize("text", ["€5", "$5", "5 €", "¥1"])
def test_another_currencys_sign_is_refused(text: str) -> None:
    with pytest.raises(ValueFault, match="other_currency"):
        amount(text)


def test_a_unit_in_the_cell_takes_the_place_of_the_scale() -> None:
    assert amount("5", scale=1_000_000) == Decimal(5_000_000)
    assert amount("5k", scale=1_000_000) == Decimal(5000)


def test_costs_without_a_sign_turn_negative_with_sign_minus_one() -> None:
    assert amount("40.27", scale=1_000_000, sign=-1) == Decimal(-40_270_000)
    assert amount("-40.27", scale=1_000_000, sign=-1) == Decimal(40_270_000)


def test_an_amount_finer_than_the_minor_unit_is_refused_unless_rounding_is_stated() -> None:
    with pytest.raises(ValueFault, match="amount_too_precise"):
        amount("1.005")
    rounding = AmountStyle(".", (), ("minus",), (), (), "half_up")
    assert amount("1.005", rounding) == Decimal("1.01")
    assert amount("-1.005", rounding) == Decimal("-1.01")
    assert amount("33.3333333333", rounding, scale=1_000_000) == Decimal("33333333.33")
    with pytest.raises(ValueFault, match="amount_too_precise"):
        amount("1.5", currency="JPY")
    assert amount("1.005", currency="KWD") == Decimal("1.005")
    assert amount("0.1234", currency="") == Decimal("0.1234")


def test_an_amount_of_more_than_can_be_kept_is_refused() -> None:
    with pytest.raises(ValueFault, match="amount_too_large"):
        amount("1000000000000000.01")
    assert amount("9" * 15) == Decimal("9" * 15)


@given(st.decimals(-(10**12), 10**12, places=2, allow_nan=False, allow_infinity=False))
def test_any_amount_survives_being_written_in_english_and_german(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert amount(english) == value
    assert amount(german, GERMAN, currency="EUR") == value
    accounting = f"(£{-value:,.2f})" if value < 0 else f"£{value:,.2f}"
    assert amount(accounting) == value


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("dd.mm.yy", "30.06.08", date(2008, 6, 30)),
        ("dd.mm.yyyy", "01.02.2069", date(2069, 2, 1)),
        ("d/m/yyyy", "3/4/2020", date(2020, 4, 3)),
        ("m/d/yyyy", "3/4/2020", date(2020, 3, 4)),
        ("yyyy-mm-dd", "2024-02-29", date(2024, 2, 29)),
        ("d mmm yyyy", "1 Sept 2021", date(2021, 9, 1)),
        ("d mmmm yyyy", "01  AUGUST 2021", date(2021, 8, 1)),
        ("d/m/yyyy hh:mm", "29/2/2016 01:16", date(2016, 2, 29)),
        ("mmm-yy", "Mar-24", date(2024, 3, 1)),
        ("yyyy", "2030", date(2030, 1, 1)),
        ("excel", "45000", date(2023, 3, 15)),
        ("%d.%m.%y", "31.12.69", date(2069, 12, 31)),
        ("%d.%m.%y", "31.12.70", date(1970, 12, 31)),
        ("%Y-%m-%d %H:%M:%S", "2020-01-02 03:04:05", date(2020, 1, 2)),
    ],
)
def test_a_date_is_read_in_the_stated_form(form: str, text: str, expected: date) -> None:
    assert dates(form).read(text) == expected


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("dd.mm.yyyy", "31.02.2020"),
        ("dd.mm.yyyy", "1.2.2020"),
        ("dd.mm.yy", "01.02.2020"),
        ("d/m/yyyy", "13/13/2020"),
        ("yyyy-mm-dd", "soon"),
        ("d mmm yyyy", "1 Foo 2020"),
        ("excel", "12"),
        ("dd.mm.yyyy", ""),
        ("yyyy", "0000"),
        ("dd.mm.yyyy", "٠١.٠٢.٢٠٢٠"),
    ],
)
def test_what_is_no_date_in_that_form_is_refused(form: str, text: str) -> None:
    with pytest.raises(ValueFault, match="bad_date"):
        dates(form).read(text)


def test_a_date_two_forms_read_differently_is_refused() -> None:
    both = dates("d/m/yyyy", "m/d/yyyy")
    with pytest.raises(ValueFault, match="ambiguous_date"):
        both.read("3/4/2020")
    assert both.read("13/4/2020") == date(2020, 4, 13)
    assert both.read("4/4/2020") == date(2020, 4, 4)


def test_a_month_without_a_day_is_its_first_or_last_as_stated() -> None:
    assert dates("mmm yyyy", partial="last").read("Feb 2024") == date(2024, 2, 29)
    assert dates("yyyy", partial="last").read("2024") == date(2024, 12, 31)


@pytest.mark.parametrize("form", ["dd.mm", "dd yyyy", "dd.dd.yyyy", "excel yyyy", "hello"])
def test_a_form_that_makes_no_date_is_refused(form: str) -> None:
    assert form_fault(form)


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)))
def test_any_date_survives_being_written_in_every_form(day: date) -> None:
    for form, written in (
        ("dd.mm.yy", f"{day:%d.%m.%y}"),
        ("d/m/yyyy", f"{day.day}/{day.month}/{day.year}"),
        ("yyyy-mm-dd", day.isoformat()),
        ("d mmmm yyyy", f"{day.day} {ENGLISH_MONTHS[day.month - 1][0].title()} {day.year}"),
        ("excel", str((day - date(1899, 12, 30)).days)),
    ):
        assert dates(form).read(written) == day


@given(st.text(max_size=30))
def test_no_text_ever_breaks_the_readers(text: str) -> None:
    for read in (lambda: amount(text), lambda: dates("d/m/yy", "d mmm yyyy", "excel").read(text)):
        with contextlib.suppress(ValueFault):
            read()
