"""The shape of what is sent to the board's addresses. Only known fields bind; repeated ones are refused (R09)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import request

from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid
from govapp.present import board_errors, conditions

__all__ = [
    "CAUSES",
    "MoveForm",
    "board_errors",
    "conditions",
    "move_form",
]  # the modules of words add the sentences of these forms and of what a vote is refused for

_SINGLE = (
    "to", "ask", "version", "seen", "action_key", "reason", "cause", "review_date", "evidence_kind", "revision",
    "draft",
)  # fmt: skip
_LONGEST = {"reason": 4000, "cause": 80, "action_key": 200, "to": 80, "evidence_kind": 80}
CAUSES = (
    "waits_for_supplier",
    "waits_for_budget",
    "waits_for_people",
    "waits_for_another_measure",
    "priority_changed",
    "other",
)


@dataclass(frozen=True, slots=True)
class MoveForm:
    """What a move asks for, shape checked: a stage or a kind of decision, the version that was seen, the action key.

    `seen` is the sequence at which the card seen had last changed, `revision` the newest one of the evidence that the
    form began with; both are 0 when the form does not say.
    """

    stage: str | None
    ask: AskKind | None
    version: int
    action_key: str
    reason: str
    details: dict[str, Any] = field(default_factory=dict)
    evidence_kind: str = ""
    draft: bool = False
    seen: int = 0
    revision: int = 0


def single_fields() -> dict[str, str]:
    """The known fields as sent, each at most once. Raises Invalid for repeated or endless ones."""
    found: dict[str, str] = {}
    for name in _SINGLE:
        sent = request.form.getlist(name)
        if len(sent) > 1:
            raise Invalid("repeated_field", {name: ["repeated_field"]}, name=name)
        if sent and len(sent[0]) > _LONGEST.get(name, 200):
            raise Invalid(
                "field_too_long", {name: ["field_too_long"]}, name=name, max=_LONGEST.get(name, 200)
            )
        found[name] = sent[0] if sent else ""
    return found


def move_form() -> MoveForm:
    """Read the form of `POST /measures/<key>/moves`. Raises Invalid when its shape is wrong."""
    sent = single_fields()
    if not _is_number(sent["version"], 10):
        raise Invalid("version_needed", {"version": ["version_needed"]})
    if not sent["action_key"]:
        raise Invalid("action_key_needed", {"action_key": ["action_key_needed"]})
    try:
        ask = AskKind(sent["ask"]) if sent["ask"] else None
    except ValueError:
        raise Invalid("ask_unknown", {"ask": ["ask_unknown"]}) from None
    if ask is None and not sent["to"]:
        raise Invalid("stage_needed", {"to": ["stage_needed"]})
    return MoveForm(
        stage=sent["to"] or None,
        ask=ask,
        version=int(sent["version"]),
        action_key=sent["action_key"],
        reason=sent["reason"],
        details=_details(ask, sent),
        evidence_kind=sent["evidence_kind"],
        draft=bool(sent["draft"]),
        seen=_number(sent["seen"]),
        revision=_number(sent["revision"]),
    )


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < digits


def _number(text: str) -> int:
    return int(text) if _is_number(text, 18) else 0


def _details(ask: AskKind | None, sent: dict[str, str]) -> dict[str, Any]:
    if ask is not AskKind.HOLD:
        return {}
    details: dict[str, Any] = {"hold_cause": sent["cause"] if sent["cause"] in CAUSES else ""}
    if sent["review_date"]:
        try:
            details["review_date"] = date.fromisoformat(sent["review_date"]).isoformat()
        except ValueError:
            raise Invalid("day_unreadable", {"review_date": ["day_unreadable"]}) from None
    return details
