"""Sentences for events about confirmed amounts and claims on cost objects. Amounts are minor units of a currency."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import minor_amount, minor_amounts

Payload = Mapping[str, Any]
_SHOWN = 3


def _month(value: str | None) -> str:
    return dates.month(date.fromisoformat(value)) if value else _("undated")


def _cells(p: Payload) -> str:
    """The first few cells with their amounts."""
    rows = p["rows"]
    said = [f"{_month(row[1])} {minor_amount(row[2], row[3])}" for row in rows[:_SHOWN]]
    more = len(rows) - _SHOWN
    if more > 0:
        said.append(ngettext("%(num)s more", "%(num)s more", more))
    return ", ".join(said)


def _sum(p: Payload) -> str:
    sums: dict[str, int] = {}
    for row in p["rows"]:
        sums[row[3]] = sums.get(row[3], 0) + (row[2] or 0)
    return minor_amounts(sums)


def _because(p: Payload) -> str:
    reason = str(p.get("reason") or "").strip()
    with_document = " " + _("(document: %(name)s)", name=p["document"]) if p.get("document") else ""
    return (f": {reason}" if reason else "") + with_document


def _confirmed(p: Payload, n: Any, about: str) -> str:
    n_rows = len(p["rows"])
    said = ngettext("%(num)s amount confirmed", "%(num)s amounts confirmed", n_rows)
    return f"{said}, {_sum(p)} ({_cells(p)})" + _because(p)


def _refused(p: Payload, n: Any, about: str) -> str:
    said = ngettext("%(num)s amount refused", "%(num)s amounts refused", len(p["rows"]))
    return f"{said} ({_cells(p)})" + _because(p)


def _excepted(p: Payload, n: Any, about: str) -> str:
    months = ", ".join(_month(row[1]) for row in p["rows"])
    said = ngettext("%(num)s month without an amount excepted", "%(num)s months without an amount excepted",
                    len(p["rows"]))  # fmt: skip
    return f"{said} ({months})" + _because(p)


def _reversed(p: Payload, n: Any, about: str) -> str:
    if p.get("reverses") == "leakage":
        return _("Leakage taken back (%(cells)s)", cells=_cells(p)) + _because(p)
    return _("Confirmation taken back (%(cells)s)", cells=_cells(p)) + _because(p)


def _leaked(p: Payload, n: Any, about: str) -> str:
    return _("Leakage booked (%(cells)s)", cells=_cells(p)) + _because(p)


def _object(p: Payload, n: Any, about: str) -> str:
    cost = dict(p["changes"]).get("yearly_cost")
    said = _("Cost object %(key)s set", key=p["key"])
    if cost is None:
        return said
    return said + ", " + _("yearly cost %(amount)s", amount=minor_amount(cost[1], p.get("currency", "")))


def _split(p: Payload, n: Any, about: str) -> str:
    if not p["shares"]:
        return _("Split of claims on %(object)s ended", object=p["cost_object"]) + _because(p)
    shares = ", ".join(
        f"{key} {minor_amount(share, p.get('currency', ''))}" for key, share in sorted(p["shares"].items())
    )
    return _("Claims on %(object)s split: %(shares)s", object=p["cost_object"], shares=shares) + _because(p)


SAID: dict[str, Callable[[Payload, Any, str], str]] = {
    Event.AMOUNTS_CONFIRMED: _confirmed,
    Event.AMOUNTS_REFUSED: _refused,
    Event.MONTHS_EXCEPTED: _excepted,
    Event.CONFIRMATION_REVERSED: _reversed,
    Event.LEAKAGE_BOOKED: _leaked,
    Event.COST_OBJECT_SET: _object,
    Event.CLAIMS_SPLIT: _split,
}
