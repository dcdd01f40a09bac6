"""Days and moments in words: `12 Nov 2026`, `12 Nov 2026, 18:00`, `6 d`. Moments are shown in a zone."""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import get_day_names, get_month_names

from govapp.present.language import gettext as _
from govapp.present.language import locale
from govapp.present.money import NONE

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


@lru_cache(64)
def zone_of(name: str) -> tzinfo:
    """The time zone of that name; UTC where the name is empty or unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local(at: datetime, zone: str = "") -> datetime:
    """A moment in a zone. A moment without a zone is taken as UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone_of(zone))


def day(value: date | datetime | None, zone: str = "") -> str:
    """`12 Nov 2026`; of a moment the day in `zone`. None is a dash."""
    if value is None:
        return NONE
    if isinstance(value, datetime):
        value = local(value, zone).date()
    return f"{value.day} {_months(locale())[value.month]} {value.year}"


def long_day(value: date) -> str:
    """`Thursday, 12 November 2026`: for the head of a page."""
    language = locale().replace("-", "_")
    names = get_day_names("wide", "format", Locale.parse(language))
    months = get_month_names("wide", "format", Locale.parse(language))
    return f"{names[value.weekday()]}, {value.day} {months[value.month]} {value.year}"


def short_day(value: date | datetime | None, zone: str = "") -> str:
    """`12 Nov`, where the year is plain from what stands around it."""
    return NONE if value is None else day(value, zone).rsplit(" ", 1)[0]


def days(first: date, last: date) -> str:
    """`3 Aug 2026 to 14 Aug 2026`; a single day once."""
    return day(first) if first == last else _("%(first)s to %(last)s", first=day(first), last=day(last))


def month(value: date | None) -> str:
    """`Nov 2026`."""
    return NONE if value is None else f"{_months(locale())[value.month]} {value.year}"


def moment(at: datetime | None, zone: str = "") -> str:
    """`12 Nov 2026, 18:00` in `zone`. None is a dash."""
    return NONE if at is None else f"{day(at, zone)}, {local(at, zone):%H:%M}"


def exact(at: datetime | None, zone: str = "") -> str:
    """`12 Nov 2026, 18:00:05 CET`: for titles on hover, signatures and the foot of a report."""
    if at is None:
        return NONE
    there = local(at, zone)
    return f"{day(at, zone)}, {there:%H:%M:%S} {there.tzname() or 'UTC'}"


def iso(value: date | datetime | None) -> str:
    """For the `datetime` attribute: `2026-11-12`, or `2026-11-12T17:00:05Z`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{local(value).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    return value.isoformat()


def span(seconds: float) -> str:
    """How long, in one unit: `now`, `4 min`, `3 h`, `6 d`, `2 y`.

    Days run to 730: waiting is counted in them.
    """
    seconds = abs(seconds)
    if seconds < _MINUTE:
        return _("now")
    if seconds < _HOUR:
        return _("%(n)s min", n=int(seconds // _MINUTE))
    if seconds < _DAY:
        return _("%(n)s h", n=int(seconds // _HOUR))
    if seconds < 2 * _YEAR:
        return _("%(n)s d", n=int(seconds // _DAY))
    return _("%(n)s y", n=int(seconds // _YEAR))


def ago(since: datetime | None, now: datetime) -> str:
    """How long since a moment: `6 d`. What lies ahead reads `in 6 d`. None is a dash."""
    if since is None:
        return NONE
    seconds = (local(now) - local(since)).total_seconds()
    if seconds <= -_MINUTE:
        return _("in %(span)s", span=span(seconds))
    return span(seconds)


def over_target(target: datetime | None, now: datetime) -> bool:
    """True when a target moment has passed; what has no target, or whose clock rests, is never late."""
    return target is not None and local(now) > local(target)


def days_until(due: date | None, today: date) -> str:
    """A due day seen from today: `today`, `in 3 d`, `3 d late`. None is a dash."""
    if due is None:
        return NONE
    left = (due - today).days
    if left == 0:
        return _("today")
    return _("in %(n)s d", n=left) if left > 0 else _("%(n)s d late", n=-left)


@lru_cache(16)
def _months(language: str) -> dict[int, str]:
    names = get_month_names("abbreviated", "format", Locale.parse(language.replace("-", "_")))
    return {number: name.rstrip(".") for number, name in names.items()}
