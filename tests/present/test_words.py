"""Amounts, days and moments read as the interface says."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from govapp.present import dates, language, money
from govapp.present.environment import make_environment

NOW = datetime(2026, 11, 12, 17, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        (Decimal(84000), "EUR", "EUR 84,000"),
        (Decimal("-27050.5"), "EUR", "EUR −27,050.50"),
        (Decimal(1234567), "JPY", "JPY 1,234,567"),
        (Decimal("0.4"), "KWD", "KWD 0.400"),
        (Decimal(0), "GBP", "GBP 0"),
        (Decimal("-0.001"), "EUR", "EUR 0"),
        (Decimal("1.5"), "", "1.5"),
        (None, "EUR", "–"),
    ],
)
def test_an_amount_has_code_thousands_and_a_real_minus(
    value: Decimal | None, currency: str, words: str
) -> None:
    assert money.amount(value, currency) == words


def test_amounts_of_two_currencies_stand_side_by_side() -> None:
    assert money.amounts({"GBP": Decimal(1200), "EUR": Decimal(84000)}) == "EUR 84,000 · GBP 1,200"
    assert money.minor_amounts({"EUR": 8400000, "JPY": 12}) == "EUR 84,000 · JPY 12"
    assert money.amounts({}) == "–"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("880000", "880 k"),
        ("1234567", "1.2 m"),
        ("999960", "1 m"),
        ("-3400000000", "−3.4 bn"),
        ("950", "950"),
        ("8500", "8.5 k"),
        ("0", "0"),
    ],
)
def test_short_amounts_keep_sign_and_scale(value: str, words: str) -> None:
    assert money.short_number(Decimal(value)) == words


def test_changes_carry_their_sign() -> None:
    assert [money.signed(Decimal(n)) for n in (60, 0, -60)] == ["+60", "0", "−60"]
    assert money.percent(Decimal("0.314")) == "31 %"
    assert money.minor_amount(2705000, "EUR") == "EUR 27,050"


def test_infinite_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="amount_out_of_range"):
        money.number(Decimal("Infinity"))


def test_days_and_moments_are_shown_in_the_zone() -> None:
    late = datetime(2026, 11, 12, 23, 30, tzinfo=UTC)
    assert dates.day(date(2026, 11, 12)) == "12 Nov 2026"
    assert dates.day(late, "Europe/Berlin") == "13 Nov 2026"
    assert dates.moment(NOW, "Europe/Berlin") == "12 Nov 2026, 18:00"
    assert dates.exact(NOW) == "12 Nov 2026, 17:00:05 UTC"
    assert dates.exact(NOW, "Europe/Berlin") == "12 Nov 2026, 18:00:05 CET"
    assert dates.iso(NOW) == "2026-11-12T17:00:05Z"
    assert dates.month(date(2026, 2, 1)) == "Feb 2026"
    assert dates.moment(None) == "–"
    assert dates.moment(NOW, "No/Such") == "12 Nov 2026, 17:00"


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=4), "4 min"),
        (timedelta(hours=23), "23 h"),
        (timedelta(days=6, hours=5), "6 d"),
        (timedelta(days=800), "2 y"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_time_since_is_said_in_one_unit(gap: timedelta, words: str) -> None:
    assert dates.ago(NOW - gap, NOW) == words


def test_due_days_say_how_late_they_are() -> None:
    today = date(2026, 11, 12)
    assert [dates.days_until(today + timedelta(days=n), today) for n in (-3, 0, 3)] == [
        "3 d late",
        "today",
        "in 3 d",
    ]


def test_the_shared_environment_escapes_translates_and_formats(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "{{ _('%(n)s rows', n=3) }} {{ ngettext('%(num)s row', '%(num)s rows', 1) }} {{ name }} "
        "{{ 8400000|minor('EUR') }}"
    )
    env = make_environment(tmp_path)
    assert env.get_template("page.html").render(name="<b>") == "3 rows 1 row &lt;b&gt; EUR 84,000"


def test_another_language_changes_months() -> None:
    language.use("de")
    try:
        assert dates.day(date(2026, 10, 1)) == "1 Okt 2026"
    finally:
        language.use("en")
