"""Working time between moments, over the days on which clocks change, holidays and closed days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govapp.domain.working_time import (
    DAYS,
    Calendar,
    CalendarError,
    add_working_time,
    calendar_faults,
    hours_a_day,
    is_open,
    parse_calendar,
    working_hours,
    working_time,
)

WEEK = DAYS[:5]
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = parse_calendar("office", "Europe/Berlin", WEEK, ["08:30-12:30", "13:00-17:00"], ["12-24", "12-31"])
ALWAYS = parse_calendar("around-the-clock", "Europe/Berlin", DAYS, ["00:00-24:00"])
ZONES = (
    "Europe/Berlin", "Europe/London", "America/Denver", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia",
    "America/Havana", "Asia/Kathmandu", "UTC",
)  # fmt: skip


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc]  # plain numbers of a moment


def new_year(year: int) -> frozenset[date]:
    return frozenset({date(year, 1, 1)})


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    marks = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=8)))
    marks = marks[: len(marks) // 2 * 2]
    hours = [
        f"{a // 2:02}:{a % 2 * 30:02}-{b // 2:02}:{b % 2 * 30:02}"
        for a, b in zip(marks[::2], marks[1::2], strict=True)
    ]
    days = draw(st.sets(st.sampled_from(DAYS), min_size=1))
    holidays = draw(
        st.sampled_from([new_year, lambda year: frozenset({date(year, 3, 29), date(year, 10, 25)})])
    )
    return parse_calendar("any", draw(st.sampled_from(ZONES)), sorted(days), hours, ["12-24"], holidays)


moments = st.datetimes(
    datetime(2010, 12, 1), datetime(2027, 3, 1), timezones=st.just(UTC)  # noqa: DTZ001  # bounds come without one
)  # fmt: skip
CLOCKS_BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(calendars(), st.lists(moments, min_size=2, max_size=8))
@example(ALWAYS, [CLOCKS_BACK - timedelta(hours=2), CLOCKS_BACK, CLOCKS_BACK + timedelta(hours=2)])
def test_the_parts_of_a_stretch_add_up_to_the_whole(calendar: Calendar, splits: list[datetime]) -> None:
    splits.sort()
    parts = [working_time(calendar, a, b) for a, b in pairwise(splits)]
    assert sum(parts, timedelta(0)) == working_time(calendar, splits[0], splits[-1])
    assert all(timedelta(0) <= part <= b - a for part, a, b in zip(parts, splits, splits[1:], strict=False))


@given(calendars(), moments, st.timedeltas(timedelta(0), timedelta(hours=900)))
def test_what_was_added_lies_between(calendar: Calendar, since: datetime, amount: timedelta) -> None:
    until = add_working_time(calendar, since, amount)
    assert working_time(calendar, since, until) == amount
    assert amount == timedelta(0) or working_time(calendar, since, until - timedelta(seconds=1)) < amount


@given(calendars(), moments, st.integers(1, 60 * 24 * 6))
def test_working_time_is_the_time_in_which_the_local_clock_shows_working_hours(
    calendar: Calendar, since: datetime, minutes: int
) -> None:
    since = since.replace(second=0, microsecond=0)
    zone = ZoneInfo(calendar.zone)
    open_minutes = 0
    for n in range(minutes):
        at = since + timedelta(minutes=n)
        there = at.astimezone(zone)
        of_day = there.hour * 60 + there.minute
        counts = calendar.is_working_day(there.date()) and any(a <= of_day < b for a, b in calendar.hours)
        assert is_open(calendar, at) is counts
        open_minutes += counts
    assert working_time(calendar, since, since + timedelta(minutes=minutes)) == timedelta(
        minutes=open_minutes
    )


def test_a_working_day_is_as_long_as_its_hours() -> None:
    assert working_hours(OFFICE, berlin(2026, 11, 26), berlin(2026, 11, 27)) == 8 == hours_a_day(OFFICE)
    assert working_hours(OFFICE, berlin(2026, 11, 26, 12), berlin(2026, 11, 26, 13, 30)) == 1
    assert working_hours(OFFICE, berlin(2026, 11, 27, 16), berlin(2026, 11, 30, 9)) == 1.5


def test_the_day_on_which_clocks_go_forward_has_23_hours_and_the_other_25() -> None:
    assert working_hours(ALWAYS, berlin(2026, 3, 29), berlin(2026, 3, 30)) == 23
    assert working_hours(ALWAYS, berlin(2026, 10, 25), berlin(2026, 10, 26)) == 25


def test_hours_that_the_clocks_skip_are_no_working_time_and_those_shown_twice_count_twice() -> None:
    night = parse_calendar("night", "Europe/Berlin", DAYS, ["02:00-03:00"])
    assert working_hours(night, berlin(2026, 3, 29), berlin(2026, 3, 30)) == 0
    assert working_hours(night, berlin(2026, 10, 25), berlin(2026, 10, 26)) == 2
    part = parse_calendar("part", "Europe/Berlin", DAYS, ["01:30-02:30", "02:30-03:30"])
    assert working_hours(part, berlin(2026, 3, 29), berlin(2026, 3, 30)) == 1
    assert working_hours(part, berlin(2026, 10, 25), berlin(2026, 10, 26)) == 3


def test_a_day_that_a_zone_left_out_has_no_working_time() -> None:
    apia = parse_calendar("apia", "Pacific/Apia", DAYS, ["08:00-16:00"])
    start = datetime(2011, 12, 29, tzinfo=ZoneInfo("Pacific/Apia"))
    assert working_hours(apia, start, datetime(2012, 1, 1, tzinfo=ZoneInfo("Pacific/Apia"))) == 16


def test_holidays_and_closed_days_do_not_count() -> None:
    christmas = parse_calendar(
        "c", "Europe/Berlin", WEEK, ["09:00-17:00"], ["12-24"], lambda year: frozenset({date(year, 12, 25)})
    )
    assert working_hours(christmas, berlin(2026, 12, 23), berlin(2026, 12, 29)) == 8 + 8
    assert add_working_time(christmas, berlin(2026, 12, 23, 16), timedelta(hours=2)) == berlin(
        2026, 12, 28, 10
    )


def test_a_target_is_reached_at_the_end_of_hours_rather_than_at_the_start_of_the_next() -> None:
    assert add_working_time(OFFICE, berlin(2026, 11, 26, 8, 30), timedelta(hours=8)) == berlin(
        2026, 11, 26, 17
    )
    assert add_working_time(OFFICE, berlin(2026, 11, 27, 20), timedelta(0)) == berlin(2026, 11, 27, 20)


def test_what_comes_before_counts_negative() -> None:
    assert working_hours(OFFICE, berlin(2026, 11, 27), berlin(2026, 11, 26)) == -8


def test_a_calendar_whose_days_are_all_holidays_never_reaches_a_target() -> None:
    never = parse_calendar(
        "never", "UTC", ["mon"], ["09:00-10:00"], (),
        lambda year: frozenset(date(year, 1, 1) + timedelta(days=n) for n in range(366)),
    )  # fmt: skip
    with pytest.raises(CalendarError) as error:
        add_working_time(never, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    assert error.value.faults == {"hours": "no_working_hours"}


def test_a_year_of_days_is_worked_out_once() -> None:
    asked: list[int] = []

    def holidays(year: int) -> frozenset[date]:
        asked.append(year)
        return frozenset()

    calendar = parse_calendar("once", "Europe/Berlin", WEEK, ["09:00-17:00"], (), holidays)
    for _ in range(50):
        working_time(calendar, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC))
    assert len(asked) < 400 and set(asked) == {2026}


@pytest.mark.parametrize(
    ("zone", "days", "hours", "closed", "faults"),
    [
        ("Europe/Berlin", WEEK, ["00:00-24:00"], ["02-29"], {}),
        ("Europe/Berlin", WEEK, ["13:00-17:00", "08:30-12:30"], [], {}),
        ("Europe/Berlin", WEEK, ["08:00-12:00", "12:00-16:00"], [], {}),
        ("Europe/Atlantis", WEEK, ["09:00-17:00"], [], {"timezone": "unknown_zone"}),
        ("", WEEK, ["09:00-17:00"], [], {"timezone": "unknown_zone"}),
        ("../UTC", WEEK, ["09:00-17:00"], [], {"timezone": "unknown_zone"}),
        ("UTC", [], ["09:00-17:00"], [], {"days": "no_working_days"}),
        ("UTC", ["mon", "someday"], ["09:00-17:00"], [], {"days": "unknown_choice"}),
        ("UTC", WEEK, [], [], {"hours": "no_working_hours"}),
        ("UTC", WEEK, ["9-17"], [], {"hours": "hours_malformed"}),
        ("UTC", WEEK, ["09:00-24:30"], [], {"hours": "hours_malformed"}),
        ("UTC", WEEK, ["29:00-29:30"], [], {"hours": "hours_malformed"}),
        ("UTC", WEEK, ["22:00-06:00"], [], {"hours": "hours_reversed"}),
        ("UTC", WEEK, ["09:00-09:00"], [], {"hours": "hours_reversed"}),
        ("UTC", WEEK, ["09:00-13:00", "12:30-17:00"], [], {"hours": "hours_overlap"}),
        ("UTC", WEEK, [f"{n:02}:00-{n:02}:30" for n in range(13)], [], {"hours": "too_many"}),
        ("UTC", WEEK, ["09:00-17:00"], ["02-30"], {"closed": "day_malformed"}),
        ("UTC", WEEK, ["09:00-17:00"], ["24-12"], {"closed": "day_malformed"}),
        ("UTC", [], [], ["x"], {"days": "no_working_days", "hours": "no_working_hours", "closed": "day_malformed"}),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_used_is_refused_with_all_its_faults(
    zone: str, days: list[str], hours: list[str], closed: list[str], faults: dict[str, str]
) -> None:
    assert calendar_faults(zone, days, hours, closed) == faults
    if faults:
        with pytest.raises(CalendarError):
            parse_calendar("k", zone, days, hours, closed)
