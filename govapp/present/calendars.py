"""Calendars in words: days and hours of a week, the next holidays, and when so many working hours will have passed."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale
from babel.dates import get_day_names

from govapp.domain.working_time import DAYS, Calendar, add_working_time, hours_a_day, is_open
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import locale

SHOWN_TARGETS = (8, 24, 40)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a calendar means from a moment on: targets as (hours, moment), and the next days nobody works."""

    open_now: bool
    week_hours: float
    targets: tuple[tuple[int, datetime], ...]
    holidays: tuple[tuple[date, str], ...]


def preview(calendar: Calendar, holidays: list[tuple[date, str]], now: datetime, shown: int = 8) -> Preview:
    """`holidays` are those of this and the next year with names; the yearly closed days are added here."""
    today = dates.local(now, calendar.zone).date()
    closed = [(day, _("closed every year")) for day in _closed(calendar, today)]
    coming = sorted((day, name) for day, name in [*holidays, *closed] if day >= today)
    targets = tuple(
        (hours, add_working_time(calendar, now, timedelta(hours=hours))) for hours in SHOWN_TARGETS
    )
    return Preview(
        is_open(calendar, now), hours_a_day(calendar) * len(calendar.days), targets, tuple(coming[:shown])
    )


def _closed(calendar: Calendar, today: date) -> list[date]:
    found = []
    for year in (today.year, today.year + 1):
        for month, day in calendar.closed:
            if (month, day) != (2, 29) or isleap(year):
                found.append(date(year, month, day))
    return found


def day_names() -> list[tuple[str, str]]:
    """`mon` to `sun` with their names."""
    names = get_day_names("wide", "stand-alone", Locale.parse(locale().replace("-", "_")))
    return [(key, names[place]) for place, key in enumerate(DAYS)]


def week_words(days: tuple[str, ...]) -> str:
    """`Mon to Fri`, or the days one by one where some between are free."""
    names = get_day_names("abbreviated", "stand-alone", Locale.parse(locale().replace("-", "_")))
    places = sorted(DAYS.index(day) for day in days)
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return _("%(first)s to %(last)s", first=names[places[0]], last=names[places[-1]])
    return ", ".join(names[place] for place in places)


def country_names(codes: list[str]) -> list[tuple[str, str]]:
    """Countries by name; a code without a name stands for itself."""
    names = Locale.parse(locale().replace("-", "_")).territories
    return sorted(((code, str(names.get(code, code))) for code in codes), key=lambda pair: pair[1])
