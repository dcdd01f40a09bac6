"""What all charts share: the width of a drawing, how wide text is, sentences from names."""

import unicodedata
from collections.abc import Sequence

from govapp.present.language import gettext as _

WIDTH = 696  # units; 174 mm on paper, so that text of 11 units is 7.8 pt
_WIDE, _NARROW = "WFA", "iljtfrI.,:;'|!()[] "


def text_width(text: str, size: float = 11) -> float:
    """How many units a text takes, a little too many rather than too few."""
    total = 0.0
    for character in text:
        if unicodedata.combining(character):
            continue
        if unicodedata.east_asian_width(character) in _WIDE:
            total += 1.0
        elif character in _NARROW:
            total += 0.34
        elif character.isupper():
            total += 0.74
        else:
            total += 0.58
    return total * size


def shortened(text: str, width: float, size: float = 11) -> str:
    """The text, cut with an ellipsis where it would be wider than `width` units."""
    text = " ".join(text.split())
    if text_width(text, size) <= width:
        return text
    room = width - text_width("…", size)
    kept = ""
    for character in text:
        if text_width(kept + character, size) > room:
            break
        kept += character
    return kept.rstrip() + "…"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
