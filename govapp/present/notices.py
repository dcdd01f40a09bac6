"""Notices in sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.present import dates
from govapp.present.findings import part_words
from govapp.present.language import gettext as _


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


def _piece(key: str, payload: Mapping[str, Any]) -> str:
    return f"/measures/{key}/evidence/{payload.get('evidence', '')}".rstrip("/")


def _revise(key: str, payload: Mapping[str, Any]) -> str:
    return f"/measures/{key}/evidence/new?kind={payload.get('kind', '')}&piece={payload.get('evidence', '')}"


def _kind(payload: Mapping[str, Any]) -> str:
    return str(payload.get("kind", "")).replace("-", " ")


def _until(payload: Mapping[str, Any]) -> str:
    return dates.day(date.fromisoformat(str(payload["until"]))) if payload.get("until") else ""


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
    "judgement_waits": lambda key, who, review, more: Told(
        _("%(who)s handed in evidence of %(key)s that waits for your judgement: %(kind)s.",
          who=who, key=key, kind=_kind(more)),
        _piece(key, more),
    ),
    "evidence_accepted": lambda key, who, review, more: Told(
        _("%(who)s accepted your evidence of %(key)s: %(kind)s.", who=who, key=key, kind=_kind(more)),
        _piece(key, more), str(more.get("reason", "")),
    ),
    "evidence_returned": lambda key, who, review, more: Told(
        _("%(who)s returned your evidence of %(key)s: %(kind)s. Hand in a new revision.",
          who=who, key=key, kind=_kind(more)),
        _revise(key, more), str(more.get("reason", "")),
    ),
    "evidence_expiring": lambda key, who, review, more: Told(
        _("Evidence of %(key)s counts until %(day)s only: %(kind)s. Renew it before then.",
          key=key, day=_until(more), kind=_kind(more)),
        _revise(key, more),
    ),
    "evidence_expired": lambda key, who, review, more: Told(
        _("Evidence of %(key)s has expired on %(day)s: %(kind)s. Hand in a new revision; a gate passed stays passed.",
          key=key, day=_until(more), kind=_kind(more)),
        _revise(key, more),
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
