"""A small governance set in which the check finds nothing, to be harmed by tests."""

import copy
from typing import Any

_FIELD = {"name": "what", "label": "What?", "type": "text", "required": True}
_SET: dict[str, Any] = {
    "set": {"key": "small", "name": "Small", "version": 1},
    "permissions": {"measure:view": "see measures"},
    "roles": [
        {"key": "member", "name": "Member", "permissions": ["measure:view"]},
        {"key": "lead", "name": "Lead", "permissions": ["measure:view", "review:decide"]},
        {"key": "administrator", "name": "Administrator", "permissions": [
            "governance:edit", "governance:activate", "role:grant", "people:manage"]},
    ],
    "parts": [{"key": each, "name": each} for each in ("owner", "sponsor", "controller")],
    "groups": [
        {"key": "board", "name": "Board", "min_members": 5},
        {"key": "pair", "name": "Pair", "min_members": 2},
    ],
    "duties": {
        "rules": [
            {"id": "owner-votes", "a": "part:owner", "b": "act:vote", "scope": "measure", "effect": "forbid",
             "reason": "Nobody decides about their own work."},
        ]
    },
    "stages": [
        {"key": "begun", "order": 1, "name": "Begun"},
        {"key": "planned", "order": 2, "name": "Planned"},
        {"key": "done", "order": 3, "name": "Done", "terminal": True},
    ],
    "gates": [
        {"into": "begun", "from": None, "question": "Worth it?", "criteria": [
            {"id": "field:title", "kind": "field", "params": {"fields": ["title"], "min_length": 8},
             "wording": "A title.", "supplied_by": ["submitter"]}]},
        {"into": "planned", "from": "begun", "question": "Ready?", "criteria": [
            {"id": "evidence:plan", "kind": "evidence", "params": {"kind": "plan"}, "wording": "A plan.",
             "when": {"risk_rating": ["high", "critical"]}, "supplied_by": ["owner"]}]},
        {"into": "done", "from": "planned", "question": "Done?", "criteria": [
            {"id": "milestone:all", "kind": "milestone", "params": {"check": "all_done"}, "wording": "All done.",
             "supplied_by": ["owner"]}]},
    ],
    "evidence_kinds": [
        {"key": "plan", "name": "Plan", "submitted_by": ["owner"], "judged": True, "judge": {"parts": ["controller"]},
         "fields": [_FIELD]},
    ],
    "approval_steps": [
        {"key": "acceptance", "name": "Acceptance", "waits_for": "the lead", "deciders": {"roles": ["lead"]},
         "rule": {"type": "any"}, "target_hours": 8},
        {"key": "sponsoring", "name": "Sponsoring", "waits_for": "the sponsor", "deciders": {"parts": ["sponsor"]},
         "rule": {"type": "all"}, "target_hours": 8},
        {"key": "two-of", "name": "Two of the pair", "waits_for": "the pair", "deciders": {"groups": ["pair"]},
         "rule": {"type": "at_least", "n": 2}, "target_hours": 8, "calendar": "office",
         "escalation": [{"at_percent": 100, "to": {"deputy_of": "sponsor", "roles": ["lead"]}, "do": "notify"}]},
        {"key": "board", "name": "Board", "waits_for": "the board", "deciders": {"groups": ["board"]},
         "rule": {"type": "percent", "percent": 60}, "quorum": 3, "target_hours": 80},
    ],
    "decision_table": {
        "rows": [
            {"id": "P1", "when": {"stage": "planned", "value_below": 100}, "steps": {"sponsoring": 1},
             "says": "Small."},
            {"id": "P2", "when": {"stage": "planned", "value_from": 100}, "steps": {"board": 2, "two-of": 1},
             "says": "Large."},
            {"id": "P3", "when": {"stage": "planned", "risk_rating": ["high", "critical"]}, "steps": {"board": 2},
             "says": "Risky."},
            {"id": "Z", "otherwise": True, "steps": {"acceptance": 1}, "says": "All others."},
        ]
    },
    "decisions": [
        {"key": "hold", "name": "Hold", "who": {"parts": ["sponsor"], "roles": ["lead"], "groups": ["board"]}},
    ],
    "calendars": [
        {"key": "office", "name": "Office", "timezone": "Europe/Berlin", "days": ["mon", "tue"],
         "hours": ["09:00-12:00"]},
    ],
}  # fmt: skip


def small_set() -> dict[str, Any]:
    """A fresh copy."""
    return copy.deepcopy(_SET)
