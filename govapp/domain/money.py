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
_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD "
    "TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())
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


def exact_minor(amount: Decimal, currency: str) -> int:
    """As `to_minor`, and ValueError (amount_too_precise) where something would be rounded away."""
    minor = to_minor(amount, currency)
    if from_minor(minor, currency) != amount:
        raise ValueError("amount_too_precise")
    return minor


def from_minor(minor: int, currency: str) -> Decimal:
    """The Decimal amount of an integer of minor units."""
    return Decimal(minor).scaleb(-decimals_of(currency))


def rate_fault(rate: Decimal) -> str:
    """Why a rate of exchange cannot be used: '' or rate_invalid (not above zero, past 10^9, over 12 decimals)."""
    if not rate.is_finite() or not 0 < rate <= 10**9:
        return "rate_invalid"
    return "rate_invalid" if rate.normalize().as_tuple().exponent < -12 else ""  # type: ignore[operator]  # finite
