"""Money without floats: Decimal in the program, integers of minor units in the database."""

from decimal import ROUND_HALF_UP, Decimal

_DECIMALS = {
    "BHD": 3,
    "CLP": 0,
    "IQD": 3,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "VND": 0,
}
FTE_DECIMALS = 4
LARGEST_MINOR = 10**17


def decimals_of(currency: str) -> int:
    """Decimals of a currency (ISO 4217); an empty code stands for FTE and percent, in 1/10,000."""
    return FTE_DECIMALS if not currency else _DECIMALS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units, rounded half up. Raises ValueError for NaN, infinity and amounts past 10^17 units."""
    if not amount.is_finite() or amount.adjusted() > 17:
        raise ValueError("amount_out_of_range")
    minor = int((amount * (10 ** decimals_of(currency))).quantize(Decimal(1), ROUND_HALF_UP))
    if abs(minor) > LARGEST_MINOR:
        raise ValueError("amount_out_of_range")
    return minor


def from_minor(minor: int, currency: str) -> Decimal:
    """The Decimal amount of an integer of minor units."""
    return Decimal(minor).scaleb(-decimals_of(currency))
