"""Notices in sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from govapp.present.deputies import days_words
from govapp.present.findings import part_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words: what happened, what the person is asked to do, and the address for it."""

    sentence: str
    address: str
    detail: str = ""


def _criterion(finding: str) -> str:
    subject, _colon, name = finding.partition(":")
    words = name.replace("-", " ").replace("_", " ")
    if subject == "evidence":
        return _("the evidence “%(name)s”", name=words)
    return _("“%(name)s”", name=words or finding)


def _supply(key: str, payload: Mapping[str, Any]) -> str:
    kind, _colon, name = str(payload.get("finding", "")).partition(":")
    return f"/measures/{key}/evidence/new?kind={name}" if kind == "evidence" else f"/measures/{key}"


_Maker = Callable[[str, str, str, Mapping[str, Any]], Told]
_KINDS: dict[str, _Maker] = {
    "decision_waits": lambda key, who, review, more: Told(
        _("%(who)s asks you to decide on %(key)s.", who=who, key=key), review
    ),
    "decision_reminder": lambda key, who, review, more: Told(
        _("%(who)s reminds you: %(key)s waits for your decision.", who=who, key=key), review
    ),
    "vote_stale": lambda key, who, review, more: Told(
        _("The dossier of %(key)s changed after your vote. Please look and decide again.", key=key), review
    ),
    "sent_back": lambda key, who, review, more: Told(
        _("%(who)s sent %(key)s back.", who=who, key=key), review, str(more.get("reason", ""))
    ),
    "moved": lambda key, who, review, more: Told(
        _("%(key)s passed its gate: %(who)s gave the last approval.", who=who, key=key), f"/measures/{key}"
    ),
    "supply_asked": lambda key, who, review, more: Told(
        _("%(who)s asks you for %(what)s of %(key)s.", who=who, key=key, what=_criterion(str(more.get("finding", "")))),
        _supply(key, more),
    ),
    "part_given": lambda key, who, review, more: Told(
        _(
            "%(who)s named you %(parts)s of %(key)s.",
            who=who, key=key, parts=", ".join(part_words(part) for part in more.get("parts", ())),
        ),
        f"/measures/{key}",
    ),
    "deputy_set": lambda key, who, review, more: Told(
        _("%(deputy)s stands in for %(person)s, %(days)s.", deputy=more["deputy_name"], person=more["person_name"],
          days=days_words(more["from"], more["until"])),
        "/account/deputies",
    ),
    "deputy_begins": lambda key, who, review, more: Told(
        _("From today you stand in for %(person)s, until %(day)s.", person=more["person_name"],
          day=days_words(more["until"], more["until"])),
        "/", ngettext("%(num)s decision waits already.", "%(num)s decisions wait already.", int(more["waiting"])),
    ),
    "deputy_ended": lambda key, who, review, more: Told(
        _("%(deputy)s stands in for %(person)s no longer.", deputy=more["deputy_name"], person=more["person_name"]),
        "/account/deputies",
    ),
    "comment": lambda key, who, review, more: Told(
        _("%(who)s commented on %(key)s.", who=who, key=key), f"/measures/{key}"
    ),
}  # fmt: skip


def told(kind: str, key: str, who: str, review_id: int | None, payload: Mapping[str, Any]) -> Told:
    """A notice in words; a kind nobody knows leads to its measure, so that nothing is lost."""
    review = f"/reviews/{review_id}" if review_id else f"/measures/{key}"
    who = who or _("The system")
    maker = _KINDS.get(kind)
    if maker is None:
        return Told(_("Something new about %(key)s.", key=key), f"/measures/{key}" if key else "/")
    return maker(key, who, review, payload)


def known_kinds() -> frozenset[str]:
    """All kinds that have a sentence; a test holds them against the verbs."""
    return frozenset(_KINDS)
