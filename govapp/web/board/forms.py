"""The shape of what is sent to the board's addresses. Only known fields bind; repeated ones are refused (R09)."""

from dataclasses import dataclass, field
from typing import Any

from flask import request

from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid
from govapp.present import board_errors, conditions

__all__ = [
    "MoveForm",
    "board_errors",
    "conditions",
    "move_form",
]  # the modules of words add the sentences of these forms and of what a vote is refused for

# `cause` is what forms made before the rules named causes call hold_cause
DETAILS = (
    "cause", "hold_cause", "review_date", "value_treatment", "new_dates_checked", "cancel_cause", "sunk_cost",
    "incident_number", "lookback_due",
)  # fmt: skip
_SINGLE = (
    "to", "ask", "version", "seen", "action_key", "reason", "evidence_kind", "revision", "draft",
    *DETAILS,
)  # fmt: skip
_LONGEST = {"reason": 4000, "cause": 80, "action_key": 200, "to": 80, "evidence_kind": 80}
_LONGEST |= {"password": 2000}  # nosec B105  # how long one may be
MOST_INFORMED = 100


@dataclass(frozen=True, slots=True)
class MoveForm:
    """What a move asks for, shape checked: a stage or a kind of decision, the version that was seen, the action key.

    `sent` and `people` are the details as they came; `details` what its rules take of them and `faults`
    what is wrong beside them (see _details.py). `seen` is the sequence at which the card seen had last changed,
    `revision` the newest one of the evidence that the form began with; both are 0 when the form does not say.
    """

    stage: str | None
    ask: AskKind | None
    version: int
    action_key: str
    reason: str
    details: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    people: tuple[int, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)
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
        sent={name: sent[name] for name in DETAILS},
        people=_people(),
        evidence_kind=sent["evidence_kind"],
        draft=bool(sent["draft"]),
        seen=_number(sent["seen"]),
        revision=_number(sent["revision"]),
    )


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < digits


def _number(text: str) -> int:
    return int(text) if _is_number(text, 18) else 0


def _people() -> tuple[int, ...]:
    """Ids of the people named as informed: the one field that may be sent several times, each person once."""
    sent = request.form.getlist("informed_people")
    if len(sent) > MOST_INFORMED:
        raise Invalid("field_too_long", {"informed_people": ["field_too_long"]}, max=MOST_INFORMED)
    if not all(_is_number(each, 18) for each in sent):
        raise Invalid("details_invalid", {"informed_people": ["person_unknown"]})
    return tuple(dict.fromkeys(int(each) for each in sent))
