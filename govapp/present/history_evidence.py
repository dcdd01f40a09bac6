"""Sentences of the history about evidence."""

from collections.abc import Callable, Mapping
from typing import Any

from govapp.domain.events import Event
from govapp.present.language import gettext as _


def _judged(p: Mapping[str, Any], names: Any, about: str) -> str:
    reason = str(p.get("reason") or "").strip()
    said = {"kind": names.kind(p["kind"]), "n": p["revision"]}
    sentence = (
        _("%(kind)s accepted, revision %(n)s", **said)
        if p["to"] == "accepted"
        else _("%(kind)s returned, revision %(n)s", **said)
    )
    return f"{sentence}: {reason}" if reason else sentence


SAID: dict[str, Callable[[Mapping[str, Any], Any, str], str]] = {
    Event.EVIDENCE_SUBMITTED: lambda p, n, a: _(
        "%(kind)s handed in, revision %(n)s", kind=n.kind(p["kind"]), n=p["revision"]
    ),
    Event.EVIDENCE_JUDGED: _judged,
}
