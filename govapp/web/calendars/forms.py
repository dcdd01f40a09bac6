"""What the form of a calendar holds, as a command; lists are typed with commas or line breaks between."""

import re
from typing import Any

from flask import request

from govapp.data.calendar_pages import CalendarShown, OrganizationCalendars
from govapp.domain.working_time import DAYS
from govapp.services.calendars import SetCalendar
from govapp.web._context import origin
from govapp.web._fields import form_key, number, text

_MOST_TICKED = 2000


def command_of(organization: str, key: str = "") -> SetCalendar:
    """The command of the form sent; with a key a change of that calendar, else a new one. Raises Invalid."""
    ticked = [each for each in request.form.getlist("counts_for")[:_MOST_TICKED] if ":" in each]
    days = set(request.form.getlist("days"))
    return SetCalendar(
        origin(), organization, key or text("key", 100), text("name", 400), text("timezone", 100),
        tuple(day for day in DAYS if day in days), _list("hours"), text("country", 10), text("subdivision", 20),
        _list("closed"), text("standard") == "1", tuple(sorted(_pair(each) for each in set(ticked))),
        number("version") if key else None, form_key(),
    )  # fmt: skip


def typed() -> dict[str, Any]:
    """What was typed, for showing the form again."""
    values: dict[str, Any] = {name: request.form.get(name, "") for name in request.form}
    return values | {name: request.form.getlist(name) for name in ("days", "counts_for")}


def stored(organization: OrganizationCalendars, row: CalendarShown | None) -> dict[str, Any]:
    """The form's values for a calendar as it is, or for a new one."""
    if row is None:
        return {
            "key": "", "name": "", "timezone": organization.timezone, "days": list(DAYS[:5]), "hours": "09:00-17:00",
            "country": "", "subdivision": "", "closed": "", "standard": "", "counts_for": [],
        }  # fmt: skip
    return {
        "key": row.key, "name": row.name, "timezone": row.timezone, "days": list(row.days),
        "hours": ", ".join(row.hours), "country": row.country, "subdivision": row.subdivision,
        "closed": ", ".join(row.closed), "standard": "1" if row.standard else "",
        "counts_for": [f"{e.list}:{e.key}" for e in organization.entries if e.calendar == row.key],
    }  # fmt: skip


def _list(name: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,;]+", text(name)) if part)


def _pair(ticked: str) -> tuple[str, str]:
    name, _colon, key = ticked.partition(":")
    return name, key
