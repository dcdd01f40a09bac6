"""Patterns an administrator may give to a text field: which regular expressions stay fast on any input."""

import re

MAX_PATTERN_LENGTH = 200
MAX_MATCHED_LENGTH = 1000
_MAX_LONG_REPEATS = 2
_MAX_OPTIONALS = 6

_TOKEN = re.compile(
    r"(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<bar>\|)|(?P<repeat>[*+?]\??|\{\d*,?\d*\}\??)"
    r"|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\])",
    re.DOTALL,
)


class _Group:
    """What a group holds so far, as far as it matters for its repetition."""

    def __init__(self) -> None:
        self.atoms: list[str] = []
        self.items = 0
        self.first_varies = False
        self.alternatives = False
        self.long_repeat = False
        self.optional = False

    def starts_distinctly(self) -> bool:
        """True when nothing but the first character can match the first character of the group."""
        if not self.atoms or self.first_varies or len(self.atoms[0]) != 1 or self.atoms[0] in ".^$":
            return False
        first = self.atoms[0]
        return not any(re.fullmatch(atom, first, re.DOTALL) for atom in self.atoms[1:] if atom not in "^$")

    def absorb(self, inner: "_Group") -> None:
        self.first_varies |= self.items == 0 and (inner.first_varies or inner.alternatives)
        self.items += 1
        self.atoms += inner.atoms
        self.alternatives |= inner.alternatives
        self.long_repeat |= inner.long_repeat
        self.optional |= inner.optional


def pattern_fault(pattern: str) -> str | None:
    """Say in words why a pattern is refused, or None when it is safe to run on a thousand characters.

    Refused is whatever may make matching grow faster than a small power of the length (ASVS 5.0, 1.3.12):
    references back, looking around, repeats inside repeats, alternatives inside repeats.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        return f"is longer than {MAX_PATTERN_LENGTH} characters"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression: {error}"
    return _structure_fault(pattern)


def matches(pattern: str, value: str) -> bool:
    """True when the pattern matches the whole value; a value too long to be matched safely does not match."""
    return len(value) <= MAX_MATCHED_LENGTH and re.fullmatch(pattern, value) is not None


def _structure_fault(pattern: str) -> str | None:
    groups = [_Group()]
    closed: _Group | None = None
    long_repeats = optionals = position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            return f"cannot be read from character {position + 1} on"
        position = token.end()
        text, kind = token.group(), token.lastgroup
        if kind == "open":
            if pattern.startswith("?", position):
                return "looks around, names groups or sets flags, which is not supported"
            groups.append(_Group())
            closed = None
        elif kind == "close":
            closed = groups.pop()
            groups[-1].absorb(closed)
        elif kind == "bar":
            groups[-1].alternatives = True
            closed = None
        elif kind == "repeat":
            least, most = _bounds(text)
            if closed is not None and (most is None or most > 1) and (fault := _repeat_fault(closed)):
                return fault
            if most is None or most - least > 1:
                groups[-1].long_repeat = True
                long_repeats += 1
            elif most != least:
                groups[-1].optional = True
                optionals += 1
            groups[-1].first_varies |= groups[-1].items == 1 and most != least
            closed = None
        else:
            if re.fullmatch(r"\\[1-9kg]", text):
                return "refers back to a group, which is not supported"
            groups[-1].atoms.append(text)
            groups[-1].items += 1
            closed = None
    if long_repeats > _MAX_LONG_REPEATS:
        return f"has more than {_MAX_LONG_REPEATS} open-ended repeats"
    if optionals > _MAX_OPTIONALS:
        return f"has more than {_MAX_OPTIONALS} optional parts"
    return None


def _repeat_fault(group: _Group) -> str | None:
    if group.long_repeat or group.alternatives:
        return "repeats a group that itself repeats or has alternatives"
    if group.optional and not group.starts_distinctly():
        return "repeats a group with an optional part and no first character of its own"
    return None


def _bounds(repeat: str) -> tuple[int, int | None]:
    """Least and most count of a repeat; most is None without a bound."""
    sign = repeat[0]
    if sign != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
    least, comma, most = repeat.strip("{}?").partition(",")
    low = int(least or 0)
    if not comma:
        return low, low
    return low, int(most) if most else None
