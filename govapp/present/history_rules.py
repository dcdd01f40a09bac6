"""Sentences of the history about rules in versions: drafts, activation, migration, trials."""

from collections.abc import Callable, Mapping
from typing import Any

from govapp.domain.events import Event
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

Payload = Mapping[str, Any]
Say = Callable[[Payload, Any, str], str]


def _told(text: Callable[[], str]) -> Say:
    """A sentence whose places are values of the payload, with the reason where one was given."""

    def say(p: Payload, n: Any, about: str) -> str:
        reason = str(p.get("reason") or "").strip()
        return text() % p + (f": {reason}" if reason else "")

    return say


def _roles(p: Payload, n: Any, about: str) -> str:
    names = (str(each).replace("_", " ").capitalize() for each in p["roles"])
    return _("Rights of roles set: %(roles)s", roles=", ".join(names))


def _migrated(p: Payload, n: Any, about: str) -> str:
    moved = ngettext("%(num)s measure", "%(num)s measures", p["changed"])
    refused = ngettext("%(num)s refused", "%(num)s refused", p["refused"])
    return _(
        "%(moved)s brought to version %(n)s of the gates, %(refused)s",
        moved=moved,
        n=p["number"],
        refused=refused,
    )


def _replayed(p: Payload, n: Any, about: str) -> str:
    if p.get("problem"):
        return _("Trial of version %(n)s of the gates failed", n=p["number"])
    differing, done = p["differing"], p["done"]
    return _(
        "Trial of version %(n)s of the gates ended: %(differing)s of %(done)s come out otherwise",
        n=p["number"], differing=differing, done=done,
    )  # fmt: skip


SAID: dict[str, Say] = {
    Event.VERSION_DRAFTED: _told(lambda: _("Draft of the gates %(workflow)s kept, version %(number)s")),
    Event.DRAFT_DISCARDED: _told(
        lambda: _("Draft of the gates %(workflow)s thrown away, version %(number)s")
    ),
    Event.WORKFLOW_ACTIVATED: _told(lambda: _("Gates %(workflow)s, version %(number)s, switched on")),
    Event.ROLES_SET: _roles,
    Event.MIGRATION_STARTED: _told(lambda: _("Measures are brought to version %(number)s of the gates")),
    Event.MIGRATION_ENDED: _migrated,
    Event.MEASURE_MIGRATED: _told(
        lambda: _("Goes on under version %(to)s of the gates, before under version %(from)s")
    ),
    Event.REPLAY_ASKED: _told(lambda: _("Version %(number)s of the gates is tried on past decisions")),
    Event.REPLAY_ENDED: _replayed,
}
