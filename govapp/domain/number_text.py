"""Numbers as people write them: read only when there is one way to read them, written so that they read
back."""

import re
from decimal import Decimal

MAX_DIGITS_BEFORE = 15
MAX_DIGITS_AFTER = 6
_LONGEST = 40
_MINUS = "-−"
_SIGN = "\N{MINUS SIGN}"
_SWAPPED = str.maketrans({",": ".", ".": ","})
_GROUPED = {
    "point": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+(,(?P<rest>[0-9]+))?"),
    "comma": re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.(?P<rest>[0-9]+))?"),
    "space": re.compile(r"[0-9]{1,3}([ \u00a0\u202f'’][0-9]{3})+([.,](?P<rest>[0-9]+))?"),
}
_PLAIN = re.compile(r"(?P<whole>[0-9]+)([.,](?P<rest>[0-9]+))?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")


class NumberRefused(ValueError):
    """A text that is no number, or could be two; `code` says which: number, ambiguous or digits."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_number(text: str, decimals: int = MAX_DIGITS_AFTER, mark: str = "") -> Decimal:
    """The number a person wrote, at most 15 digits before and 6 after the point; no exponent, NaN or
    infinity.

    Point and comma are both read as decimal mark, and thousands may be set off, where only one reading is
    possible: `84000`, `84,000.00`, `84.000,00`, `84 000`, `1.234.567`. `84,000` alone could be either: the
    reader's decimal `mark` (`.` or `,`) decides. Without one it is read as thousands when the value can have
    at most two `decimals` (money); otherwise it is refused. Raises NumberRefused.
    """
    body = text.strip()
    if len(body) > _LONGEST:
        raise NumberRefused("digits")
    negative = body[:1] != "" and body[0] in _MINUS
    if body[:1] in ("+", *_MINUS):
        body = body[1:].lstrip()
    whole, rest = _parts(body, decimals, mark)
    whole = whole.lstrip("0") or "0"
    if len(whole) > MAX_DIGITS_BEFORE or len(rest.rstrip("0")) > MAX_DIGITS_AFTER:
        raise NumberRefused("digits")
    number = Decimal(f"{whole}.{rest}" if rest else whole)
    return -number if negative and number else number


def write_number(number: Decimal, mark: str = ".") -> str:
    """The number in digits with a decimal mark, in a form `read_number` reads back and nobody can
    misread."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if _AMBIGUOUS.fullmatch(text.lstrip("-")):
        text += "0"
    return "0" if text in ("-0", "") else text.replace(".", mark)


def write_grouped(number: Decimal, decimals: int, mark: str = ".") -> str:
    """The number as amounts are shown: thousands set off, so many decimals, a real minus. With the same `mark`
    `read_number` reads it back; what has more decimals than asked for is a ValueError.
    """
    text = f"{abs(number):,.{decimals}f}"
    if Decimal(text.replace(",", "")) != abs(number):
        raise ValueError("amount_too_precise")
    if mark == ",":
        text = text.translate(_SWAPPED)
    return f"{_SIGN}{text}" if number < 0 else text


def _parts(body: str, decimals: int, mark: str) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    if _AMBIGUOUS.fullmatch(body):
        if mark and mark in body:
            whole, _, rest = body.partition(mark)
            return whole, rest
        if not mark and decimals >= 3:
            raise NumberRefused("ambiguous")
        return body.replace(".", "").replace(",", ""), ""
    match = _PLAIN.fullmatch(body)
    if match:
        return match["whole"], match["rest"] or ""
    if not body.startswith("0"):
        for pattern in _GROUPED.values():
            match = pattern.fullmatch(body)
            if match:
                rest = match["rest"] or ""
                digits = body[: len(body) - len(rest) - 1] if rest else body
                return re.sub(r"[^0-9]", "", digits), rest
    raise NumberRefused("number")
