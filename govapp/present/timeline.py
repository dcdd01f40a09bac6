"""Rows of a measure's history as lines of its timeline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from govapp.domain.rules import Rules
from govapp.present.language import gettext as _
from govapp.present.measures import stage_word, word

Payload = Mapping[str, Any]
_KEY = frozenset(
    {
        "measure:moved",
        "measure:held",
        "measure:released",
        "measure:cancelled",
        "measure:reopened",
        "review:ended",
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line: what happened, more in small, and whether it is a decision."""

    text: str
    detail: str
    key: bool


def _changed(payload: Payload) -> str:
    return ", ".join(word("field", name).lower() for name in payload.get("changes", {}))


def _what(payload: Payload) -> str:
    done = {"added": _("added"), "removed": _("removed"), "months": _("entered by month")}
    return done.get(str(payload.get("what")), _("changed"))


def _parts(payload: Payload, people: Mapping[int, str]) -> str:
    return ", ".join(
        f"{word('part', part)}: {people.get(pair[1], _('somebody')) if pair[1] else _('nobody')}"
        for part, pair in payload.get("changes", {}).items()
    )


def told(row: Any, people: Mapping[int, str], rules: Rules) -> Told:
    """The line of a row; a redacted payload says so. `people` gives names by id."""
    if row.payload is None:
        return Told(
            _("%(who)s: %(event)s", who=row.actor, event=row.event), _("The content was redacted."), False
        )
    payload: Payload = row.payload
    said = _SAID.get(row.event)
    values = {
        "who": row.actor,
        "what": _what(payload),
        "name": str(payload.get("name") or payload.get("text") or payload.get("on") or ""),
        "fields": _changed(payload),
        "came_from": stage_word(rules, payload.get("from")) if "from" in payload else "",
        "to": stage_word(rules, payload.get("to")) if "to" in payload else "",
        "into": stage_word(rules, payload.get("into")) if "into" in payload else "",
        "kind": str(payload.get("kind", "")).replace("-", " "),
        "revision": payload.get("revision", ""),
        "step": str(payload.get("step", "")).replace("-", " "),
        "dossier": payload.get("dossier", ""),
        "state": word("review_state", str(payload.get("state", ""))).lower(),
        "verdict": {"approve": _("approved"), "send_back": _("sent back"), "comment": _("commented")}.get(
            str(payload.get("verdict")), ""
        ),
        "colour": word("colour", str(payload.get("to", ""))).lower()
        if row.event == "status:declared"
        else "",
    }
    text = (
        said() % values
        if said
        else _("%(who)s: %(event)s", who=row.actor, event=row.event.replace(":", " ").replace("-", " "))
    )
    detail = (
        _parts(payload, people) if row.event == "measure:parts-assigned" else str(payload.get("reason") or "")
    )
    if row.event == "measure:commented":
        detail = str(payload.get("text", ""))
    return Told(text, detail, row.event in _KEY)


_SAID: dict[str, Callable[[], str]] = {
    "measure:proposed": lambda: _("%(who)s proposed it"),
    "measure:edited": lambda: _("%(who)s edited %(fields)s"),
    "measure:archived": lambda: _("%(who)s archived the proposal"),
    "measure:parts-assigned": lambda: _("%(who)s named people"),
    "measure:moved": lambda: _("%(came_from)s to %(to)s, by %(who)s"),
    "measure:opened-at": lambda: _("Opened by import, no gate record"),
    "measure:move-refused": lambda: _("Move to %(to)s refused, asked by %(who)s"),
    "measure:held": lambda: _("%(who)s put it on hold"),
    "measure:released": lambda: _("%(who)s released it"),
    "measure:cancelled": lambda: _("%(who)s cancelled it"),
    "measure:reopened": lambda: _("%(who)s reopened it at %(to)s"),
    "measure:commented": lambda: _("%(who)s commented"),
    "milestone:changed": lambda: _("%(who)s: milestone %(name)s %(what)s"),
    "risk:changed": lambda: _("%(who)s: risk %(what)s, %(name)s"),
    "dependency:changed": lambda: _("%(who)s: dependency on %(name)s %(what)s"),
    "finance:effect-changed": lambda: _("%(who)s: effect line %(name)s %(what)s"),
    "status:declared": lambda: _("%(who)s declared %(kind)s %(colour)s"),
    "evidence:submitted": lambda: _("%(who)s handed in %(kind)s, revision %(revision)s"),
    "review:opened": lambda: _("Review into %(into)s opened, asked by %(who)s"),
    "review:dossier": lambda: _("Dossier %(dossier)s written"),
    "review:ended": lambda: _("Review into %(into)s %(state)s"),
    "review:vote": lambda: _("%(who)s %(verdict)s: %(step)s, dossier %(dossier)s"),
    "review:votes-stale": lambda: _("The basis changed: earlier votes went stale"),
    "review:asked": lambda: _("%(who)s asked for it"),
}
