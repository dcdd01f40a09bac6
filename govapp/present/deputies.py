"""Absences and deputies in words: kinds of work, refusals, the history."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from govapp.domain.events import Event
from govapp.present import dates, errors
from govapp.present.language import gettext as _

_KINDS: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "decide": (lambda: _("Decide"), lambda: _("vote where the absent person is named")),
    "judge": (lambda: _("Judge"), lambda: _("accept or return evidence")),
    "ask": (lambda: _("Ask"), lambda: _("ask for moves, holds and other decisions")),
    "supply": (lambda: _("Supply"), lambda: _("hand in evidence")),
    "confirm": (lambda: _("Confirm"), lambda: _("report and confirm conditions, confirm actual amounts")),
}


def kind_words(kind: str) -> str:
    """A kind of work in a word."""
    return _KINDS[kind][0]() if kind in _KINDS else kind


def kind_choices() -> list[tuple[str, str, str]]:
    """Key, word and explanation of every kind of work."""
    return [(key, name(), about()) for key, (name, about) in _KINDS.items()]


def kinds_words(kinds: Sequence[str]) -> str:
    """Several kinds of work; all of them in one word."""
    if set(kinds) >= _KINDS.keys() or not kinds:
        return _("All work")
    return ", ".join(kind_words(each) for each in _KINDS if each in kinds)


def days_words(from_day: Any, until_day: Any) -> str:
    """`3 Aug 2026 to 14 Aug 2026`; a single day once."""
    first, last = (
        each if isinstance(each, date) else date.fromisoformat(each) for each in (from_day, until_day)
    )
    return dates.days(first, last)


def _said(p: Mapping[str, Any], n: Any) -> dict[str, str]:
    return {
        "deputy": n.person(p["deputy"]),
        "person": n.person(p["person"]),
        "days": days_words(p["from"], p["until"]),
        "kinds": kinds_words(p.get("kinds", ())).lower(),
    }


def _reason(p: Mapping[str, Any]) -> str:
    return f": {p['reason']}" if p.get("reason") else ""


HISTORY: dict[str, Callable[[Mapping[str, Any], Any, str], str]] = {
    Event.DEPUTY_SET: lambda p, n, a: (
        _("%(deputy)s stands in for %(person)s, %(days)s, %(kinds)s", **_said(p, n)) + _reason(p)
    ),
    Event.DEPUTY_BEGAN: lambda p, n, a: _(
        "%(deputy)s now stands in for %(person)s, %(days)s, %(kinds)s", **_said(p, n)
    ),
    Event.DEPUTY_ENDED: lambda p, n, a: (
        _("%(deputy)s stands in for %(person)s no longer (%(days)s)", **_said(p, n)) + _reason(p)
    ),
    Event.DEPUTY_REFUSED: lambda p, n, a: _(
        "%(deputy)s as deputy of %(person)s, %(days)s, refused: %(why)s",
        why=", ".join(each.replace("_", " ") for each in p["why"]),
        **_said(p, n),
    ),
}

errors.SENTENCES.update(
    {
        "deputy_self": lambda: _("Nobody stands in for themselves. Choose somebody else."),
        "person_disabled": lambda: _("This account is disabled. Choose somebody who can sign in."),
        "deputy_elsewhere": lambda: _(
            "A deputy works in the same organization: both need a role on one of its branches."
        ),
        "day_order": lambda: _("The last day lies before the first."),
        "absence_too_long": lambda: _(
            "An absence is at most a year. For longer, name other people in the parts themselves."
        ),
        "absence_overlaps": lambda: _(
            "There is a deputy for such work in these days already (%(days)s). End that first, or choose other days."
        ),
        "deputy_absent": lambda: _(
            "This person is absent in these days (%(days)s), with a deputy of their own. "
            "A deputy never passes work on: choose somebody who is there."
        ),
        "deputy_cycle": lambda: _(
            "The two would stand in for each other in the same days (%(days)s), so nobody would be there."
        ),
        "deputy_stands_in": lambda: _(
            "In these days (%(days)s) the absent person stands in for somebody else, whose work would be left lying. "
            "End that first, or choose other days."
        ),
        "deputy_unfit": lambda: _("The duty matrix keeps %(one)s and %(other)s apart. %(reason)s"),
    }
)
