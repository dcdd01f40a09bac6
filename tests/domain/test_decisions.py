"""Every decision from every state, with each detail missing: the truth table under version 2; no database."""

from datetime import timedelta
from functools import cache
from itertools import product
from typing import Any

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.asks import PERMISSION_FOR, Ask, AskKind, Outcome, right_to_ask
from govapp.domain.gates import decide
from govapp.domain.permissions import PARTS
from govapp.domain.rights import Actor, GrantHeld, Place
from govapp.domain.rules import Rules, parse_rules
from govapp.domain.snapshot import ConditionFact, LookbackFact
from tests.domain.snapshots import MEMBER, SPONSOR, TODAY, measure

STAGES = ("defined", "identified", "detailed", "decided", "implemented", "closed")
REVIEW = (TODAY + timedelta(days=30)).isoformat()
DUE = (TODAY + timedelta(days=7)).isoformat()
DETAILS: dict[AskKind, dict[str, object]] = {
    AskKind.HOLD: {"hold_cause": "budget", "review_date": REVIEW, "value_treatment": "keep-forecast"},
    AskKind.RELEASE: {"new_dates_checked": "yes"},
    AskKind.CANCEL: {
        "cancel_cause": "merged", "value_treatment": "moved-to-other-measure", "sunk_cost": "0",
    },
    AskKind.REOPEN: {},
    AskKind.RECYCLE: {},
    AskKind.EMERGENCY: {
        "incident_number": "INC1", "lookback_due": DUE, "informed_people": [SPONSOR], "signed": True,
    },
}  # fmt: skip
STANDS = [("proposed", None), *product(("active", "on_hold", "cancelled"), STAGES)]


@cache
def data() -> dict[str, Any]:
    """The full set, read apart from the rules that are made of it."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "governance" / "service-team-2.yaml").read_text("utf-8"))
    return loaded


@cache
def rules() -> Rules:
    """The rules of the full set."""
    return parse_rules(data())


def target(kind: AskKind, stage: str | None) -> str | None:
    """The stage that goes with an ask."""
    here = STAGES.index(stage) if stage else -1
    if kind is AskKind.EMERGENCY:
        return STAGES[min(here + 1, 5)]
    return STAGES[max(here - 1, 0)] if kind is AskKind.RECYCLE else None


def ask_of(kind: AskKind, stage: str | None, reason: str = "Said in words", **details: object) -> Ask:
    """A complete ask; `details` replace some."""
    return Ask(kind, target(kind, stage), reason, DETAILS[kind] | details)


def allowed(kind: AskKind, state: str, stage: str | None) -> bool:
    """The table by hand (product.md, 6 and 8; governance set, decisions)."""
    live = stage in STAGES[:-1]
    return {
        AskKind.HOLD: state == "active" and live,
        AskKind.RELEASE: state == "on_hold",
        AskKind.CANCEL: (state == "active" and live) or (state == "on_hold"),
        AskKind.REOPEN: state == "cancelled" or (state == "active" and stage == "closed"),
        AskKind.RECYCLE: state == "active" and stage in STAGES[1:-1],
        AskKind.EMERGENCY: state == "active" and stage in {"detailed", "decided"},
    }[kind]


@pytest.mark.parametrize("kind", list(DETAILS))
@pytest.mark.parametrize(("state", "stage"), STANDS)
def test_a_decision_is_allowed_exactly_where_the_table_says(
    kind: AskKind, state: str, stage: str | None
) -> None:
    found = decide(rules(), measure(stage, state=state), ask_of(kind, stage), TODAY, right="role:x")
    assert (found.outcome is Outcome.ALLOWED) is allowed(kind, state, stage), found.unmet
    assert found.findings or found.outcome is Outcome.ALLOWED, "a refusal always says why"


def _where(kind: AskKind) -> tuple[str, str]:
    return next((state, stage) for state, stage in STANDS if stage and allowed(kind, state, stage))


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, details in DETAILS.items() for name in details if name != "signed"],
)
def test_a_missing_detail_is_named_and_makes_the_form_come(kind: AskKind, name: str) -> None:
    state, stage = _where(kind)
    found = decide(
        rules(), measure(stage, state=state), ask_of(kind, stage, **{name: ""}), TODAY, right="role:x"
    )
    assert found.wants_reason
    assert found.unmet[0].values["faults"] == {name: "required"}


@pytest.mark.parametrize("kind", list(DETAILS))
def test_every_decision_beside_an_advance_needs_a_reason(kind: AskKind) -> None:
    state, stage = _where(kind)
    found = decide(rules(), measure(stage, state=state), ask_of(kind, stage, "  "), TODAY, right="role:x")
    assert [finding.code for finding in found.unmet] == ["rule_reason_needed"]


@pytest.mark.parametrize("kind", [AskKind.ADVANCE, *DETAILS])
def test_nobody_without_the_right_decides_anything(kind: AskKind) -> None:
    asked = Ask(kind, "identified") if kind is AskKind.ADVANCE else ask_of(kind, "detailed")
    found = decide(rules(), measure("detailed"), asked, TODAY, right=None)
    assert [finding.code for finding in found.unmet] == ["rule_no_right"]


@pytest.mark.parametrize(("days", "code"), [(-1, "date_past"), (0, ""), (90, ""), (91, "date_too_late")])
def test_a_hold_is_looked_at_again_within_ninety_days(days: int, code: str) -> None:
    review = (TODAY + timedelta(days=days)).isoformat()
    found = decide(
        rules(), measure("detailed"), ask_of(AskKind.HOLD, "detailed", review_date=review), TODAY, right="x"
    )
    assert [f.values["faults"] for f in found.unmet] == ([{"review_date": code}] if code else [])


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0", ""),
        ("12500.00", ""),
        ("12,500.00", ""),
        ("-1", "amount_negative"),
        ("many", "number"),
        ("1e9", "number"),
    ],
)
def test_sunk_cost_is_an_amount(typed: str, code: str) -> None:
    found = decide(
        rules(), measure("detailed"), ask_of(AskKind.CANCEL, "detailed", sunk_cost=typed), TODAY, right="x"
    )
    assert [f.values["faults"] for f in found.unmet] == ([{"sunk_cost": code}] if code else [])


@pytest.mark.parametrize(
    ("kind", "name"),
    [(AskKind.HOLD, "hold_cause"), (AskKind.HOLD, "value_treatment"), (AskKind.CANCEL, "cancel_cause")],
)
def test_r09_a_choice_nobody_offers_is_refused(kind: AskKind, name: str) -> None:
    found = decide(
        rules(), measure("detailed"), ask_of(kind, "detailed", **{name: "bribe"}), TODAY, right="x"
    )
    assert found.unmet[0].values["faults"] == {name: "unknown_choice"}


def test_an_overdue_condition_stops_release_and_advance_and_one_reported_in_time_does_not() -> None:
    late = ConditionFact(1, "open", TODAY - timedelta(days=1), True, MEMBER, SPONSOR)
    for state, ask in (
        ("on_hold", ask_of(AskKind.RELEASE, "detailed")),
        ("active", Ask(AskKind.ADVANCE, "decided")),
    ):
        for fact, stopped in (
            (late, True),
            (ConditionFact(1, "fulfilled", late.due, False, MEMBER, SPONSOR), False),
        ):
            held = measure("detailed", state=state, conditions=(fact,))
            codes = [finding.code for finding in decide(rules(), held, ask, TODAY, right="x").unmet]
            assert ("rule_condition_overdue" in codes) is stopped


def test_an_emergency_is_used_up_by_any_look_back_accepted_or_not() -> None:
    used = LookbackFact(1, "accepted", TODAY, "decided")
    found = decide(
        rules(), measure("decided", lookbacks=(used,)), ask_of(AskKind.EMERGENCY, "decided"), TODAY, right="x"
    )
    assert [finding.code for finding in found.unmet] == ["rule_emergency_used"]


ROLES = {role["key"]: frozenset(role["permissions"]) for role in data()["roles"]}
WHO = {decision["key"]: decision["who"] for decision in data()["decisions"]}


def named(kind: AskKind, stage: str, what: str) -> set[str]:
    """Parts, roles or groups the set names for a decision on a measure in a stage."""
    who = WHO[str(kind)]
    if kind is AskKind.CANCEL and STAGES.index(stage) >= STAGES.index("decided"):
        who = who["from_stage_decided"]
    return set(who.get(what, ()))


@pytest.mark.parametrize("kind", list(DETAILS))
@pytest.mark.parametrize("stage", STAGES)
def test_r01_under_version_2_exactly_those_ask_whom_the_rules_name(kind: AskKind, stage: str) -> None:
    for role, permissions in ROLES.items():
        somebody = Actor(77, "Someone", grants=(GrantHeld(role, 1, "/1/", permissions),))
        found = right_to_ask(somebody, rules(), kind, Place("/1/2/", {}, 2), stage=stage)
        assert found == (f"role:{role}@1" if role in named(kind, stage, "roles") else None), role
    for part in PARTS:
        needed = rules().roles_of_parts.get(part)  # a part that needs a role gives nothing without it (R07)
        grants = (GrantHeld(needed, 1, "/1/", frozenset()),) if needed else ()
        holder = Actor(77, "Someone", grants=grants)
        found = right_to_ask(holder, rules(), kind, Place("/1/2/", {part: 77}, 2), stage=stage)
        assert found == (f"part:{part}" if part in named(kind, stage, "parts") else None), part
    member = Actor(77, "Someone", grants=(GrantHeld("approver", 1, "/1/", ROLES["approver"]),))
    for group in ("steering-committee", "risk-reviewers"):
        found = right_to_ask(
            member, rules(), kind, Place("/1/2/", {}, 2), stage=stage, groups=frozenset({group})
        )
        allowed_ = group in named(kind, stage, "groups") and PERMISSION_FOR[kind] in ROLES["approver"]
        assert found == (f"group:{group}" if allowed_ else None), group


def test_r01_the_owner_makes_no_emergency_even_as_program_lead() -> None:
    lead = Actor(77, "Someone", grants=(GrantHeld("program_lead", 1, "/1/", ROLES["program_lead"]),))
    for parts, right in (({"owner": 77}, None), ({"sponsor": 77}, "role:program_lead@1")):
        assert (
            right_to_ask(lead, rules(), AskKind.EMERGENCY, Place("/1/2/", parts, 2), stage="detailed")
            == right
        )
