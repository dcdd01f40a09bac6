"""Sentences for events about time: calendars, reminders, escalations, what time alone changed."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import dates
from govapp.present.language import gettext as _

Payload = Mapping[str, Any]


def _calendars(p: Payload, names: object, about: str) -> str:
    said = []
    if p["added"]:
        added = ", ".join(each.get("name", key) for key, each in p["added"].items())
        said.append(_("Calendars added: %(names)s", names=added))
    for key, changes in p["changed"].items():
        fields = ", ".join(str(name).replace("_", " ") for name in changes)
        said.append(_("Calendar %(key)s changed", key=key) + (f": {fields}" if fields else ""))
    if p["counts_for"]:
        counts = ", ".join(f"{key}: {calendar or '–'}" for _list, key, calendar in p["counts_for"])
        said.append(_("which calendar counts for whom: %(counts)s", counts=counts))
    return "; ".join(said)


def _reminded(p: Payload, n: Any, about: str) -> str:
    return _(
        "%(step)s: %(n)s %% of the target has passed, reminded: %(who)s",
        step=n.step(p["step"]), n=p["percent"], who=_people(p, n),
    )  # fmt: skip


def _escalated(p: Payload, n: Any, about: str) -> str:
    return _(
        "%(step)s: %(n)s %% of the target has passed, escalated to: %(who)s",
        step=n.step(p["step"]), n=p["percent"], who=_people(p, n),
    )  # fmt: skip


def _due(p: Payload, n: Any, about: str) -> str:
    words = _("Condition due soon") if p["what"] == "condition" else _("Look-back due soon")
    day = dates.day(date.fromisoformat(p["due"]))
    return _("%(what)s (%(day)s), told: %(who)s", what=words, day=day, who=_people(p, n))


def _overdue(p: Payload, n: Any, about: str) -> str:
    day = dates.day(date.fromisoformat(p["due"]))
    return _("Look-back of %(day)s is overdue, escalated to: %(who)s", day=day, who=_people(p, n))


def _people(p: Payload, n: Any) -> str:
    return ", ".join(n.person(each) for each in p["people"]) or _("nobody")


SAID: dict[str, Callable[[Payload, Any, str], str]] = {
    Event.MEASURES_SETTLED: lambda p, n, a: _(
        "Brought up to date, as time had passed or by command: %(keys)s", keys=", ".join(p["changed"])
    ),
    Event.CALENDARS_SET: _calendars,
    Event.STEP_REMINDED: _reminded,
    Event.STEP_ESCALATED: _escalated,
    Event.DUE_REMINDED: _due,
    Event.LOOKBACK_ESCALATED: _overdue,
}
