"""Sentences for events about operating figures, checks after closing and status reports."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.domain.number_text import read_number
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import NONE, number

Payload = Mapping[str, Any]
_SHOWN = 3
_STATES: dict[str, Callable[[], str]] = {
    "kept": lambda: _("the effect is still there"),
    "partly": lambda: _("part of the effect is lost"),
    "lost": lambda: _("the effect is lost"),
    "void": lambda: _("it no longer counts, since the measure was reopened"),
}
_NAMES: dict[str, Callable[[], str]] = {
    "name": lambda: _("name"), "unit": lambda: _("unit"), "source": lambda: _("source"),
    "service": lambda: _("service"), "better": lambda: _("which way is better"), "baseline": lambda: _("baseline"),
    "target": lambda: _("target"), "signed": lambda: _("signature"),
}  # fmt: skip


def _value(text: Any) -> str:
    return number(read_number(str(text), 4)) if text not in {None, ""} else NONE


def _month(text: str) -> str:
    return dates.month(date.fromisoformat(f"{text}-01"))


def _changes(p: Payload) -> str:
    said = []
    for name, (old, new) in p["changes"].items():
        told = _value if name in {"baseline", "target"} else lambda value: str(value or NONE)
        words = _NAMES[name]() if name in _NAMES else name
        said.append(f"{words} {told(old)} → {told(new)}" if old not in {None, ""} else f"{words} {told(new)}")
    return ", ".join(said)


def _promised(p: Payload, names: Any, about: str) -> str:
    if "removed" in p["changes"]:
        return _("Operating figure taken off: %(name)s", name=p["name"])
    return _("Operating figure %(name)s: %(changes)s", name=p["name"], changes=_changes(p))


def _read(p: Payload, names: Any, about: str) -> str:
    months = sorted(p["months"].items())
    said = [
        f"{_month(month)} {_value(old)} → {_value(new)}" if old else f"{_month(month)} {_value(new)}"
        for month, (old, new) in months[:_SHOWN]
    ]
    if (more := len(months) - _SHOWN) > 0:
        said.append(ngettext("%(num)s more", "%(num)s more", more))
    words = _("Readings of %(name)s: %(months)s", name=p["name"], months=", ".join(said))
    return _("%(what)s (imported)", what=words) if p.get("imported") else words


def _explained(p: Payload, names: Any, about: str) -> str:
    if not p["text"]:
        return _("Explanation of %(name)s taken back", name=p["name"])
    return _("Gap of %(name)s explained: %(text)s", name=p["name"], text=p["text"])


def _days(p: Payload, names: Any, about: str) -> str:
    _old, new = p["changes"]["sustain_dates"]
    if not new:
        return _("Days of the sustain checks are to be set anew")
    days = ", ".join(dates.day(date.fromisoformat(day)) for day in new)
    return _("Days of the sustain checks: %(days)s", days=days)


def _checked(p: Payload, names: Any, about: str) -> str:
    state = _STATES[p["state"]]() if p["state"] in _STATES else str(p["state"])
    words = ngettext(
        "Sustain check after %(num)s month: %(state)s", "Sustain check after %(num)s months: %(state)s",
        p["months_after"], state=state,
    )  # fmt: skip
    lost = p.get("lost_percent")
    return _("%(what)s, %(n)s %% lost", what=words, n=number(read_number(lost, 1))) if lost else words


def _published(p: Payload, names: Any, about: str) -> str:
    month = _month(str(p["month"])[:7])
    if p["number"] == 1:
        return _("Status report of %(month)s published", month=month)
    return _(
        "Status report of %(month)s corrected (number %(n)s): %(reason)s",
        month=month, n=p["number"], reason=p.get("reason", ""),
    )  # fmt: skip


SAID: dict[str, Callable[[Payload, Any, str], str]] = {
    Event.KPI_SET: lambda p, n, a: _("Figure %(name)s: %(changes)s", name=p["name"], changes=_changes(p)),
    Event.KPI_READ: _read,
    Event.MEASURE_KPI_SET: _promised,
    Event.KPI_EXPLAINED: _explained,
    Event.KPI_EXPLANATION_SIGNED: lambda p, n, a: _(
        "Explanation of %(name)s signed by %(who)s", name=p["name"], who=p["signed"]
    ),
    Event.SUSTAIN_DATES_SET: _days,
    Event.SUSTAIN_DUE: lambda p, n, a: ngettext(
        "Sustain check after %(num)s month is due",
        "Sustain check after %(num)s months is due",
        p["months_after"],
    ),
    Event.SUSTAIN_CHECKED: _checked,
    Event.STATUS_PUBLISHED: _published,
}
