"""Governance sets whose gate into Identified asks for the steps a test names; made from version 1."""

from typing import Any

from govapp.services.choices import SetGroup, set_group
from govapp.services.governance import FIRST_SET, install_set, read_set
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import make_measure, move, supply

BOARD, EXPERTS = "board", "experts"
COMMITTEE: dict[str, Any] = {
    "key": "committee", "name": "Steering committee", "waits_for": "the steering committee",
    "deciders": {"groups": [BOARD]}, "rule": {"type": "percent", "percent": 60}, "quorum": 3,
    "excludes": {"parts": ["sponsor"]}, "target_hours": 40,
}  # fmt: skip
TWO_OF: dict[str, Any] = {
    "key": "risk-review", "name": "Risk review", "waits_for": "risk review",
    "deciders": {"groups": [BOARD]}, "rule": {"type": "at_least", "n": 2}, "target_hours": 24,
}  # fmt: skip
EVERY: dict[str, Any] = TWO_OF | {
    "key": "contract-review",
    "name": "Contract review",
    "rule": {"type": "all"},
}
SPONSOR: dict[str, Any] = {
    "key": "sponsor-decision", "name": "Decision of the sponsor", "waits_for": "the sponsor's decision",
    "deciders": {"parts": ["sponsor"]}, "rule": {"type": "all"}, "target_hours": 24,
}  # fmt: skip
SIGNED: dict[str, Any] = SPONSOR | {"sign_in_again": True}
CONDITIONAL: dict[str, Any] = {
    "key": "conditional_advance", "name": "Advance with conditions", "from_states": ["active"], "reason": "required",
    "who": {"by": "deciders_of_the_last_step", "not_into": ["closed"]}, "needs": ["reason", "conditions"],
    "conditions": {"min_count": 1, "max_count": 5, "max_days": 90},
}  # fmt: skip
ONE_REFUSAL = {
    "any": "waits_for_others", "all": "refuses", "at_least": "refuses_when_unreachable",
    "percent": "refuses_when_unreachable",
}  # fmt: skip


def use_steps(
    *steps: dict[str, Any],
    rows: list[dict[str, Any]] | None = None,
    kinds: list[dict[str, Any]] | None = None,
) -> None:
    """Measures that are proposed from now on ask for these steps on the way into Identified.

    The order of a step is its own; `rows` of a decision table replace the gate's list of steps.
    """
    data = read_set(FIRST_SET)
    data["set"]["version"] = 78
    data["approval_steps"] += [{**step, "key": f"{step['key']}-here"} for step in steps]
    data["evidence_kinds"] += kinds or []
    named = [f"{step['key']}-here" for step in steps]
    (gate,) = [one for one in data["gates"] if one["into"] == "identified"]
    gate["steps"] = [] if rows else named
    if rows:
        data["decision_table"] = {"rows": rows}
        for one in data["gates"]:
            one.pop("steps", None)
    data.setdefault("groups", []).extend(
        {"key": key, "name": key.capitalize(), "min_members": 3, "summary": "A body."}
        for key in (BOARD, EXPERTS)
    )
    data["approval_defaults"]["one_refusal"] = ONE_REFUSAL
    data["decisions"].append(CONDITIONAL)
    data.setdefault("service_tiers", [{"key": "gold", "name": "Gold"}])
    install_set(SYSTEM, data)


def rest_of_the_gates() -> list[dict[str, Any]]:
    """Rows that make a decision table whole: the proposal is accepted, elsewhere the sponsor decides."""
    accepted = {
        "id": "Y",
        "when": {"stage": "defined"},
        "steps": {"intake-acceptance": 1},
        "says": "Accepted.",
    }
    return [
        accepted,
        {
            "id": "Z",
            "when": {},
            "otherwise": True,
            "steps": {"sponsor-decision": 1},
            "says": "Else the sponsor.",
        },
    ]


def set_board(*members: Someone, chair: Someone | None = None) -> None:
    """Who sits on the board from now on."""
    ids = [one.id for one in members]
    set_group(SetGroup(SYSTEM, "OI", BOARD, "Board", ids, chair=chair.id if chair else None))


def asked_for(cast: Cast, **fields: Any) -> str:
    """A measure in Defined whose review into Identified is open; returns its key."""
    key = make_measure(cast, "defined", **fields)
    supply(cast, key, "identified")
    move(cast, key, "identified")
    return key
