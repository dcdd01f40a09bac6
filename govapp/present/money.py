"""Amounts in words: `EUR 84,000`, thousands, a real minus; several currencies side by side."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from govapp.domain.money import decimals_of, from_minor
from govapp.present.language import gettext as _

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
_SCALES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))


def number(value: Decimal | int | None, decimals: int | None = None) -> str:
    """`1,234.5` with a real minus; `decimals` rounds half up, else the value keeps its own.

    None is a dash.
    """
    if value is None:
        return NONE
    value = Decimal(value)
    if not value.is_finite():
        raise ValueError("amount_out_of_range")
    if decimals is None:
        decimals = max(0, -int(value.normalize().as_tuple().exponent))
    value = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    sign = MINUS if value < 0 else ""
    return f"{sign}{abs(value):,f}"


def signed(value: Decimal | int | None, decimals: int | None = None) -> str:
    """As `number`, with a plus before what is above zero: for changes."""
    text = number(value, decimals)
    return f"+{text}" if value is not None and value > 0 and any(c in "123456789" for c in text) else text


def amount(value: Decimal | int | None, currency: str, decimals: int | None = None) -> str:
    """`EUR 84,000`, or `EUR 84,000.50` where there are cents (`decimals` sets how many).

    Without currency, as posts are counted, the value keeps its own decimals. None is a dash.
    """
    if value is None:
        return NONE
    if decimals is None and currency:
        minor = decimals_of(currency)
        whole = Decimal(value).quantize(Decimal(1).scaleb(-minor), ROUND_HALF_UP)
        decimals = 0 if whole == whole.to_integral_value() else minor
    text = number(value, decimals)
    return f"{currency} {text}" if currency else text


def minor_amount(minor: int | None, currency: str, decimals: int | None = None) -> str:
    """`amount` of an integer of minor units, as the database keeps it."""
    return NONE if minor is None else amount(from_minor(minor, currency), currency, decimals)


def bare_minor(minor: int | None, currency: str) -> str:
    """`minor_amount` without the code and always with its decimals: for columns that name the currency themselves."""
    return (
        NONE
        if minor is None
        else number(from_minor(minor, currency), decimals_of(currency) if currency else None)
    )


def short_number(value: Decimal | int | None, figures: int = 1) -> str:
    """`1.2 m`, `880 k`, `−3.4 bn`: for heads and charts where the exact amount stands elsewhere."""
    if value is None:
        return NONE
    value = Decimal(value)
    for scale, letter in _SCALES:
        decimals = 0 if letter == "k" and abs(value) >= 10 * scale else figures
        shown = (abs(value) / scale).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        if abs(value) >= scale or (letter != "k" and shown >= 1):
            return f"{_trimmed(number(value / scale, decimals))} {letter}"
    return number(value, 0)


def short_amount(value: Decimal | int | None, currency: str, figures: int = 1) -> str:
    """`EUR 1.2 m`; None is a dash."""
    text = short_number(value, figures)
    return text if value is None or not currency else f"{currency} {text}"


def amounts(values: Mapping[str, Decimal] | None, short: bool = False) -> str:
    """Amounts side by side, never added: `EUR 84,000 · GBP 1,200`. Nothing is a dash."""
    if not values:
        return NONE
    words = short_amount if short else amount
    return " · ".join(words(value, currency) for currency, value in sorted(values.items()))


def minor_amounts(values: Mapping[str, int] | None, short: bool = False) -> str:
    """`amounts` of integers of minor units by currency."""
    return amounts({c: from_minor(v, c) for c, v in values.items()} if values else None, short)


def whole_minor_amounts(values: Mapping[str, int] | None) -> str:
    """`minor_amounts` without cents: for headline figures, where the exact amount stands beside or on hover."""
    if not values:
        return NONE
    return " · ".join(minor_amount(value, currency, 0) for currency, value in sorted(values.items()))


def places_of(values: Iterable[Decimal], currency: str) -> int | None:
    """Equal decimals for all amounts of a table: none unless one has cents; FTE keeps its own (None)."""
    if not currency:
        return None
    return 0 if all(value == value.to_integral_value() for value in values) else decimals_of(currency)


def no_right() -> str:
    """Stands where an amount would stand for a reader who may not see it."""
    return _("no right to amounts")


def minors_shown(values: Mapping[str, int] | None) -> str:
    """`minor_amounts` in a list: nothing where there are none, words where the reader may not see them (None)."""
    return no_right() if values is None else minor_amounts(values) if values else ""


def percent(share: Decimal | float, decimals: int = 0) -> str:
    """`31 %` of a share of one."""
    return f"{number(Decimal(str(share)) * 100, decimals)} %"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
