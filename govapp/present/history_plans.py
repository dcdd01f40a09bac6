"""Sentences of the history about frozen plans and their changes, closed months and rates."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import dates
from govapp.present.findings import part_words as _part
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.money import minor_amounts
from govapp.present.plan_differences import lines_said

Payload = Mapping[str, Any]
Say = Callable[[Payload, Any, str], str]


def _because(p: Payload) -> str:
    reason = str(p.get("reason") or "").strip()
    return f": {reason}" if reason else ""


def _month(said: str) -> str:
    return dates.month(date.fromisoformat(f"{said}-01"))


def _day(said: str) -> str:
    return dates.day(date.fromisoformat(said))


def _frozen(p: Payload, n: Any, about: str) -> str:
    totals = "; ".join(
        f"{word('effect_kind', kind)} {minor_amounts(by_currency)}"
        for kind, by_currency in sorted(p["totals"].items())
    )
    why = {
        "decided": _("with the decision"),
        "change": _("by a change request"),
        "opened": _("as its source states it"),
    }.get(p["cause"], p["cause"])
    said = _("Plan version %(n)s frozen %(why)s", n=p["number"], why=why)
    return f"{said}: {totals}" if totals else said


def _asked(p: Payload, n: Any, about: str) -> str:
    needs = ", ".join(_part(part) for part in p["needs"])
    change = minor_amounts(p["delta"]) if p["delta"] else _("no change of the totals")
    if p.get("lines"):
        change = _("%(change)s, by %(lines)s", change=change, lines=lines_said(p["lines"]))
    if not needs:
        return _("Change of the plan asked for: %(change)s; it needs no approval", change=change)
    return _(
        "Change of the plan asked for: %(change)s; to be approved by %(parts)s", change=change, parts=needs
    )


def _voted(p: Payload, n: Any, about: str) -> str:
    part = _part(p["part"])
    if p["verdict"] == "approve":
        return _("Change of the plan approved as %(part)s", part=part) + _because(p)
    return _("Change of the plan refused as %(part)s", part=part) + _because(p)


def _ended(p: Payload, n: Any, about: str) -> str:
    if p.get("reason") == "recycled":
        return _("Change request overtaken: the measure went back and its plan is open")
    said = {
        "frozen": _("Change of the plan in force"),
        "refused": _("Change of the plan refused, the draft is back at the plan in force"),
        "withdrawn": _("Change request withdrawn, the draft is back at the plan in force"),
    }.get(p["state"], "")
    return f"{said}{_because(p)}"


def _locked(p: Payload, n: Any, about: str) -> str:
    said = _("%(month)s closed", month=_month(p["month"]))
    waiting = int(p.get("awaiting") or 0)
    if waiting:
        said += "; " + ngettext(
            "%(num)s amount still awaits confirmation", "%(num)s amounts still await confirmation", waiting
        )
    note = str(p.get("note") or "").strip()
    return f"{said}: {note}" if note else said


def _rates(p: Payload) -> str:
    return ", ".join(
        f"{code} {old} → {new}" if old else f"{code} {new}"
        for code, (old, new) in sorted(p["changes"].items())
    )


SAID: dict[str, Say] = {
    Event.PLAN_FROZEN: _frozen,
    Event.PLAN_CHANGE_OPENED: lambda p, n, a: _("Change of the plan opened") + _because(p),
    Event.PLAN_CHANGE_ASKED: _asked,
    Event.PLAN_CHANGE_VOTED: _voted,
    Event.PLAN_CHANGE_ENDED: _ended,
    Event.PERIOD_LOCKED: _locked,
    Event.ACTUAL_RATES_SET: lambda p, n, a: (
        _("Actual rates of %(month)s set: %(rates)s", month=_month(p["month"]), rates=_rates(p)) + _because(p)
    ),
    Event.PLAN_RATES_SET: lambda p, n, a: (
        _("Plan rates from %(day)s on set: %(rates)s", day=_day(p["from_day"]), rates=_rates(p)) + _because(p)
    ),
}
