"""Whole numbers of addresses and forms, no larger than a row's number can be."""

from werkzeug.routing import IntegerConverter, ValidationError

LARGEST = 2**31 - 1


def whole(text: str | None) -> int | None:
    """The number a text is, or None: signs, digits of other scripts and what no row can bear are none."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST)):
        return None
    return number if (number := int(text)) <= LARGEST else None


class RowNumber(IntegerConverter):
    """`<int:...>` of an address: what cannot be a row's number is an unknown address (404)."""

    def to_python(self, value: str) -> int:
        """Raises ValidationError for what is no such number."""
        number = whole(value)
        if number is None:
            raise ValidationError
        return number
