"""Dates in the written forms a mapping lists; a date two forms read differently is refused, never guessed."""

import calendar
import re
from datetime import date, timedelta

from govapp.domain.imports.results import ValueFault
from govapp.domain.imports.rules import DateForms

_DIRECTIVES = {
    "%d": "dd",
    "%m": "mm",
    "%y": "yy",
    "%Y": "yyyy",
    "%b": "mmm",
    "%B": "mmmm",
    "%H": "hh",
    "%M": "MM",
    "%S": "ss",
}
_TOKENS = re.compile(r"hh:mm(?::ss)?|yyyy|yy|mmmm|mmm|mm|m|dd|d|excel", re.IGNORECASE)
_PARTS = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "yy": r"(?P<short>[0-9]{2})",
    "mm": r"(?P<month>[0-9]{2})",
    "m": r"(?P<month>[0-9]{1,2})",
    "dd": r"(?P<day>[0-9]{2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "mmmm": r"(?P<name>[^\W\d_]+)\.?",
    "mmm": r"(?P<name>[^\W\d_]+)\.?",
    "hh:mm": r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?",
    "hh:mm:ss": r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?",
    "excel": r"(?P<serial>[0-9]{1,6})(?:\.[0-9]+)?",
}
# Spreadsheets count days from 1899-12-30 and believe in 29 February 1900: serials below 61 are left out.
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_EXCEL_FIRST, _EXCEL_LAST = 61, 2958465
_SPACE = re.compile(r"\s+")
_NAMED = re.compile(r"\?P<(\w+)>")
_LONGEST = 60

_MONTH_NAMES = "january february march april may june july august september october november december"
ENGLISH_MONTHS: tuple[tuple[str, int], ...] = (
    *((name, number) for number, name in enumerate(_MONTH_NAMES.split(), 1)),
    *((name[:3], number) for number, name in enumerate(_MONTH_NAMES.split(), 1) if name != "may"),
    ("sept", 9),
)


def form_fault(form: str) -> str | None:
    """Say why a form of dates cannot be used, or None: it needs a year, and a day only with a month."""
    names = _names_of(form)
    if len(names) != len(set(names)):
        return "names a part of the date twice"
    if "serial" in names:
        return None if len(names) == 1 else "mixes “excel” with other parts"
    if not {"year", "short"} & set(names):
        return "has no year (yyyy or yy)"
    if "day" in names and "month" not in names:
        return "has a day but no month"
    return None


def needs_century(form: str) -> bool:
    """True when the form has a year of two digits."""
    return "short" in _names_of(form)


def is_partial(form: str) -> bool:
    """True when the form leaves out the day."""
    names = _names_of(form)
    return "day" not in names and "serial" not in names


class DateReader:
    """Reads the cells of one date column."""

    def __init__(self, dates: DateForms) -> None:
        self._dates = dates
        self._months = dict(dates.months)
        self._forms = [re.compile(_pattern_of(form)) for form in dates.forms]
        self._known: dict[str, date] = {}

    def read(self, cell: str) -> date:
        """The date; raises ValueFault bad_date, or ambiguous_date when two forms read two days."""
        known = self._known.get(cell)
        if known is not None:
            return known
        text = _SPACE.sub(" ", cell).strip()
        found = set()
        if len(text) <= _LONGEST:
            for form in self._forms:
                match = form.fullmatch(text)
                value = self._date_of(match) if match else None
                if value is not None:
                    found.add(value)
        if not found:
            raise ValueFault("bad_date", ", ".join(self._dates.forms))
        if len(found) > 1:
            raise ValueFault("ambiguous_date", ", ".join(day.isoformat() for day in sorted(found)))
        if len(self._known) < 20_000:
            self._known[cell] = next(iter(found))
        return next(iter(found))

    def _date_of(self, match: re.Match[str]) -> date | None:
        parts = match.groupdict()
        if parts.get("serial"):
            serial = int(parts["serial"])
            return _EXCEL_DAY_ZERO + timedelta(serial) if _EXCEL_FIRST <= serial <= _EXCEL_LAST else None
        year = int(parts["year"]) if parts.get("year") else self._full_year(int(parts["short"]))
        month = self._month_of(parts)
        if month is None:
            return None
        if parts.get("day"):
            return _date_or_none(year, month, int(parts["day"]))
        last = self._dates.partial == "last"
        if "month" not in parts and "name" not in parts:
            month = 12 if last else 1
        if not 1 <= month <= 12 or not 1 <= year <= 9999:
            return None
        return date(year, month, calendar.monthrange(year, month)[1] if last else 1)

    def _month_of(self, parts: dict[str, str]) -> int | None:
        if parts.get("name"):
            return self._months.get(parts["name"].casefold())
        return int(parts["month"]) if parts.get("month") else 1

    def _full_year(self, short: int) -> int:
        first = self._dates.century_from or 0
        return first + (short - first) % 100


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _pieces(form: str) -> list[tuple[str, bool]]:
    for directive, token in _DIRECTIVES.items():
        form = form.replace(directive, token)
    form = form.replace("hh:MM", "hh:mm")
    pieces: list[tuple[str, bool]] = []
    position = 0
    for match in _TOKENS.finditer(form):
        pieces += [(form[position : match.start()], False), (match.group().lower(), True)]
        position = match.end()
    return [*pieces, (form[position:], False)]


def _names_of(form: str) -> list[str]:
    return [
        "month" if name == "name" else name
        for token, is_token in _pieces(form)
        if is_token
        for name in _NAMED.findall(_PARTS[token])
    ]


def _pattern_of(form: str) -> str:
    return "".join(
        _PARTS[text] if is_token else re.escape(_SPACE.sub(" ", text)) for text, is_token in _pieces(form)
    )
