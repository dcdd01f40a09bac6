"""Amounts as people write them, read exactly or refused; never rounded unless the mapping says so."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal

from govapp.domain.imports.results import ValueFault
from govapp.domain.imports.rules import AmountStyle
from govapp.domain.money import LARGEST_MINOR, decimals_of

_KNOWN_SIGNS = "£$€¥₹₽₩₺₴₦฿₫₪"
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_MINUS = "-\u2212\u2013"
_LONGEST = 60
_EXACT = Context(prec=80)


class AmountReader:
    """Reads the cells of amounts written in one style."""

    def __init__(self, style: AmountStyle) -> None:
        self._style = style
        self._signs = dict(style.signs)
        self._units = {unit.casefold(): factor for unit, factor in style.units}
        groups = "|".join(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+" for mark in style.thousands)
        whole = rf"(?:{groups}|\d+)" if groups else r"\d+"
        point = re.escape(style.decimal)
        self._number = re.compile(rf"(?P<whole>{whole})?(?:{point}(?P<part>\d+))?", re.ASCII)
        marks = sorted(self._signs, key=len, reverse=True)
        self._sign = re.compile("|".join(re.escape(mark) for mark in marks), re.IGNORECASE) if marks else None
        units = sorted(self._units, key=len, reverse=True)
        self._unit = re.compile(rf"\s*({'|'.join(map(re.escape, units))})$", re.IGNORECASE) if units else None

    def read(self, cell: str, scale: int, sign: int, currency: str) -> Decimal:
        """The amount in units of the currency: number times scale times sign.

        A unit written in the cell (such as “m” where the mapping knows it) takes the place of the scale.
        Raises ValueFault: bad_amount, other_currency, amount_too_large, amount_too_precise.
        """
        text = cell.translate(_SPACES).strip()
        if len(text) > _LONGEST:
            raise ValueFault("bad_amount")
        negative, text = self._negative(text)
        text = self._without_sign(text, currency)
        if text[:1] in _MINUS and text and not negative and "minus" in self._style.negatives:
            negative, text = True, text[1:].lstrip()
        factor = scale
        unit = self._unit.search(text) if self._unit else None
        if unit:
            factor, text = self._units[unit.group(1).casefold()], text[: unit.start()]
        return self._scaled(self._plain(text), -sign * factor if negative else sign * factor, currency)

    def _negative(self, text: str) -> tuple[bool, str]:
        negatives = self._style.negatives
        if "parentheses" in negatives and text.startswith("(") and text.endswith(")"):
            return True, text[1:-1].strip()
        if "minus" in negatives and text and text[0] in _MINUS:
            return True, text[1:].lstrip()
        if "trailing" in negatives and text and text[-1] in _MINUS:
            return True, text[:-1].rstrip()
        return False, text

    def _without_sign(self, text: str, currency: str) -> str:
        if self._sign is not None:
            found = self._sign.match(text)
            rest = text[found.end() :] if found else text
            if found is None:
                last = [match for match in self._sign.finditer(text) if match.end() == len(text)]
                found = last[0] if last else None
                rest = text[: found.start()] if found else text
            if found is not None:
                meant = next(
                    code for mark, code in self._style.signs if mark.casefold() == found.group().casefold()
                )
                if meant != currency:
                    raise ValueFault("other_currency", currency)
                text = rest.strip()
        if any(mark in text for mark in _KNOWN_SIGNS):
            raise ValueFault("other_currency", currency)
        return text

    def _plain(self, text: str) -> Decimal:
        found = self._number.fullmatch(text)
        whole = (found.group("whole") or "") if found else ""
        part = (found.group("part") or "") if found else ""
        if not whole and not part:
            raise ValueFault("bad_amount")
        return Decimal(f"{re.sub('[^0-9]', '', whole) or '0'}.{part or '0'}")

    def _scaled(self, number: Decimal, factor: int, currency: str) -> Decimal:
        decimals = decimals_of(currency)
        amount = _EXACT.multiply(number, Decimal(factor))
        if abs(amount) > Decimal(LARGEST_MINOR).scaleb(-decimals):
            raise ValueFault("amount_too_large", f"{LARGEST_MINOR // 10**decimals:,}")
        rounded = amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT)
        if rounded != amount and self._style.rounding == "refuse":
            raise ValueFault("amount_too_precise", str(decimals))
        return rounded or abs(rounded)
