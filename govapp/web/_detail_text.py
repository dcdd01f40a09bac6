"""Details of a decision as a form sends them."""

from govapp.domain.number_text import NumberRefused, read_number


def detail_text(name: str, text: str) -> str:
    """A detail as the rules take it: an amount as plain decimals where it is one, everything else as typed."""
    if name == "sunk_cost":
        try:
            return str(read_number(text, 2))
        except NumberRefused:
            return text.strip()
    return text.strip()
