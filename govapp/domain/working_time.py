"""Working time: how much of it lies between two moments, and when an amount of it will have passed.

Hours of a calendar are local wall time of its zone; elapsed time is real time. So a stretch over the night in which
clocks go forward is an hour shorter, and one in which they go back an hour longer (product.md, Approval path).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_STRETCHES = 12
_MINUTES_A_DAY = 24 * 60
# a calendar that yields no working minute in so many years never will
_PATIENCE = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_A_DAY = 86_400 * 1_000_000
_A_MINUTE = 60 * 1_000_000
_STRETCH = re.compile(r"([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
_CLOSED = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_LAST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Holidays = Callable[[int], frozenset[date]]


class CalendarError(ValueError):
    """A calendar that cannot be used. `faults`: field (timezone, days, hours, closed) -> code."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in faults.items()))
        self.faults = dict(faults)


def no_holidays(year: int) -> frozenset[date]:
    """A year without public holidays."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class _Year:
    """The open stretches of one local year as microseconds of UTC, and how much is open before each."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Calendar:
    """Working days and hours in a time zone. `hours` are stretches in minutes of the local day, in order.

    `holidays` gives the dates of a year on which nobody works; `closed` are (month, day) of every year.
    Made by `parse_calendar`, which refuses what cannot be used.
    """

    key: str
    zone: str
    days: frozenset[int]
    hours: tuple[tuple[int, int], ...]
    closed: frozenset[tuple[int, int]] = frozenset()
    holidays: Holidays = no_holidays
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on that local day."""
        closed = (day.month, day.day) in self.closed
        return day.weekday() in self.days and not closed and day not in self.holidays(day.year)

    def year_of(self, number: int) -> _Year:
        """What is open in a local year; worked out once."""
        if number not in self._years:
            self._years[number] = _open_in(self, number)
        return self._years[number]


def parse_calendar(
    key: str, zone: str, days: Sequence[str], hours: Sequence[str], closed: Sequence[str] = (),
    holidays: Holidays = no_holidays,
) -> Calendar:  # fmt: skip
    """A calendar from `mon`..`sun`, stretches such as `08:30-12:30`, and closed days such as `12-24`.

    Raises CalendarError: timezone unknown_zone; days no_working_days, unknown_choice; hours no_working_hours,
    hours_malformed, hours_reversed, hours_overlap, too_many; closed day_malformed.
    """
    faults = calendar_faults(zone, days, hours, closed)
    if faults:
        raise CalendarError(faults)
    return Calendar(
        key, zone, frozenset(DAYS.index(day) for day in days), tuple(sorted(_minutes(text) for text in hours)),
        frozenset((int(text[:2]), int(text[3:])) for text in closed), holidays,
    )  # fmt: skip


def calendar_faults(
    zone: str, days: Sequence[str], hours: Sequence[str], closed: Sequence[str]
) -> dict[str, str]:
    """Why a calendar cannot be used: field -> code, as `parse_calendar` says; empty when it can."""
    found = {
        "timezone": "" if _is_zone(zone) else "unknown_zone",
        "days": "no_working_days" if not days else ("" if set(days) <= set(DAYS) else "unknown_choice"),
        "hours": _hours_fault(hours),
        "closed": "" if all(_is_day_of_year(text) for text in closed) else "day_malformed",
    }
    return {name: code for name, code in found.items() if code}


def working_time(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much working time lies between two moments, exactly; negative when `until` comes first."""
    if until < since:
        return -working_time(calendar, until, since)
    first, last = _local_year(calendar, since), _local_year(calendar, until)
    found = _passed(calendar.year_of(last), _micro(until)) - _passed(calendar.year_of(first), _micro(since))
    found += sum(calendar.year_of(year).total for year in range(first, last))
    return found * _MICROSECOND


def working_hours(calendar: Calendar, since: datetime, until: datetime) -> float:
    """The same in hours, for comparing and showing."""
    return working_time(calendar, since, until) / timedelta(hours=1)


def add_working_time(calendar: Calendar, since: datetime, amount: timedelta) -> datetime:
    """The first moment (UTC) at which `amount` of working time has passed since a moment.

    An amount of nothing is the moment itself. Raises CalendarError when the calendar never has that much.
    """
    if amount <= timedelta(0):
        return since.astimezone(UTC)
    wanted = amount // _MICROSECOND
    first = _local_year(calendar, since)
    wanted += _passed(calendar.year_of(first), _micro(since))
    idle = 0
    for number in range(first, 9990):
        year = calendar.year_of(number)
        if wanted <= year.total:
            place = bisect_left(year.before, wanted) - 1
            return _EPOCH + (year.starts[place] + wanted - year.before[place]) * _MICROSECOND
        wanted -= year.total
        idle = 0 if year.total else idle + 1
        if idle > _PATIENCE:
            break
    raise CalendarError({"hours": "no_working_hours"})


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether a moment lies in working hours; the end of a stretch does not."""
    year, micro = calendar.year_of(_local_year(calendar, at)), _micro(at)
    place = bisect_right(year.starts, micro) - 1
    return place >= 0 and micro < year.ends[place]


def hours_a_day(calendar: Calendar) -> float:
    """Working hours of an ordinary working day."""
    return sum(end - start for start, end in calendar.hours) / 60


def _micro(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _local_year(calendar: Calendar, at: datetime) -> int:
    return at.astimezone(ZoneInfo(calendar.zone)).year


def _passed(year: _Year, micro: int) -> int:
    """How much of a year's open time lies before a moment."""
    place = bisect_right(year.starts, micro) - 1
    if place < 0:
        return 0
    return year.before[place] + min(micro, year.ends[place]) - year.starts[place]


def _open_in(calendar: Calendar, number: int) -> _Year:
    starts: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    total = 0
    working = [day for day in _dates(number) if calendar.is_working_day(day)]
    for since, until, offset in _offsets(calendar.zone, number):
        for day in working:
            midnight = (day - _EPOCH.date()).days * _A_DAY - offset
            if midnight + _A_DAY <= since or midnight >= until:
                continue
            for opens, closes in calendar.hours:
                start = max(since, midnight + opens * _A_MINUTE)
                end = min(until, midnight + closes * _A_MINUTE)
                if start < end:
                    starts.append(start)
                    ends.append(end)
                    before.append(total)
                    total += end - start
    return _Year(tuple(starts), tuple(ends), tuple(before), total)


def _dates(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1)]


def _offsets(zone: str, year: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of one offset from UTC that cover a local year: from, until, offset, in microseconds.

    Within one, wall time and UTC differ by a constant, so what the clocks skip falls out and what they show twice
    counts twice, whatever the stretch of hours begins or ends in.
    """
    place = ZoneInfo(zone)
    at = datetime(year, 1, 1, tzinfo=UTC) - timedelta(days=2)
    end = datetime(year, 12, 31, tzinfo=UTC) + timedelta(days=3)
    since, offset = at, at.astimezone(place).utcoffset()
    while at < end:
        following = at + timedelta(days=1)
        other = following.astimezone(place).utcoffset()
        if other != offset:
            change = _change(place, at, following)
            yield _micro(since), _micro(change), _span(offset)
            since, offset = change, other
        at = following
    yield _micro(since), _micro(end), _span(offset)


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the offset changes between two moments."""
    old = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _span(offset: timedelta | None) -> int:
    return (offset or timedelta(0)) // _MICROSECOND


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def _minutes(text: str) -> tuple[int, int]:
    found = _STRETCH.fullmatch(text)
    if found is None:
        raise ValueError(text)
    from_hour, from_minute, until_hour, until_minute = map(int, found.groups())
    return from_hour * 60 + from_minute, until_hour * 60 + until_minute


def _hours_fault(hours: Sequence[str]) -> str:
    if not hours:
        return "no_working_hours"
    if len(hours) > MOST_STRETCHES:
        return "too_many"
    if any(_STRETCH.fullmatch(text) is None for text in hours):
        return "hours_malformed"
    stretches = sorted(_minutes(text) for text in hours)
    if any(end > _MINUTES_A_DAY for _, end in stretches):
        return "hours_malformed"
    if any(end <= start for start, end in stretches):
        return "hours_reversed"
    return "hours_overlap" if any(later[0] < earlier[1] for earlier, later in pairwise(stretches)) else ""


def _is_day_of_year(text: str) -> bool:
    return _CLOSED.fullmatch(text) is not None and int(text[3:]) <= _LAST[int(text[:2]) - 1]
