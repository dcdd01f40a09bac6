"""Numbers as they are shown: whatever stands on a page reads back as the same minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.money import decimals_of, exact_minor, from_minor
from govapp.domain.number_text import read_number, write_grouped


@given(
    minor=st.integers(1 - 10**15, 10**15 - 1), currency=st.sampled_from(["EUR", "JPY", "BHD", ""]),
    mark=st.sampled_from([".", ","]),
)  # fmt: skip
def test_what_is_shown_reads_back_as_the_same_minor_units(minor, currency, mark):
    most, value = decimals_of(currency), from_minor(minor, currency)
    shorter = [places for places in range(most) if value == round(value, places)]
    for places in (*shorter, most):
        text = write_grouped(value, places, mark)
        assert exact_minor(read_number(text, most, mark), currency) == minor, text


@pytest.mark.parametrize(
    ("number", "decimals", "mark", "said"),
    [
        ("1234.5", 2, ".", "1,234.50"), ("-3686", 0, ".", "\N{MINUS SIGN}3,686"),
        ("-1234567.8", 2, ",", "\N{MINUS SIGN}1.234.567,80"),
        ("0", 2, ".", "0.00"), ("84000", 0, ",", "84.000"), ("-0", 0, ".", "0"),
    ],
)  # fmt: skip
def test_thousands_are_set_off_and_the_minus_is_a_real_one(number, decimals, mark, said):
    assert write_grouped(Decimal(number), decimals, mark) == said


def test_nothing_is_rounded_away_in_silence():
    with pytest.raises(ValueError, match="amount_too_precise"):
        write_grouped(Decimal("0.05"), 1)
