"""A governance set with judged evidence, made from version 1: what the tests of judging start their measures under."""

from typing import Any

from govapp.services.governance import FIRST_SET, install_set, read_set
from tests.cast import SYSTEM

JUDGES: dict[str, dict[str, list[str]]] = {
    "baseline-record": {"parts": ["controller"]},
    "business-case": {"parts": ["controller"]},
    "milestone-proof": {"roles": ["program_lead"]},
    "technical-review": {"groups": ["technical-validators"]},
    "handover-record": {"parts": ["service_owner"]},
}


def judged_set(**more: dict[str, Any]) -> dict[str, Any]:
    """The set; `more` gives further entries of kinds, by their key with underscores."""
    data = read_set(FIRST_SET)
    data["set"]["version"] = 77
    data["groups"] = [{"key": "technical-validators", "name": "Technical validators", "min_members": 1}]
    for kind in data["evidence_kinds"]:
        if kind["key"] in JUDGES:
            kind |= {"judged": True, "judge": JUDGES[kind["key"]]}
        kind |= more.get(kind["key"].replace("-", "_"), {})
    return data


def use_judged_set(**more: dict[str, Any]) -> None:
    """Switch it on: measures that are proposed from now on start under it."""
    install_set(SYSTEM, judged_set(**more))
