"""Who may ask for a decision: the permission, and the parts and roles that the rules name (R01)."""

from typing import Any

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.asks import PERMISSION_FOR, AskKind, right_to_ask
from govapp.domain.permissions import PARTS
from govapp.domain.rights import SYSTEM, Actor, GrantHeld, Place
from tests.domain.snapshots import rules


def seeded() -> dict[str, Any]:
    """The seeded set, read apart from the rules that are made of it."""
    return yaml.safe_load((ROOT / "governance" / "service-team-1.yaml").read_text("utf-8"))


ROLES = {role["key"]: frozenset(role["permissions"]) for role in seeded()["roles"]}
WHO = {decision["key"]: decision["who"] for decision in seeded()["decisions"]}
NAMED = [kind for kind in AskKind if kind is not AskKind.ADVANCE and str(kind) in WHO]


def someone(role: str | None = None, path: str = "/1/") -> Actor:
    """A person with one seeded role, or none."""
    grants = (GrantHeld(role, 1, path, ROLES[role]),) if role else ()
    return Actor(7, "Someone", grants=grants)


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("role", sorted(ROLES))
def test_r01_a_role_asks_only_where_the_rules_name_it(kind, role):
    found = right_to_ask(someone(role), rules(), kind, Place("/1/2/", {"owner": 9}, 2))
    assert found == (f"role:{role}@1" if role in WHO[str(kind)]["roles"] else None)
    assert right_to_ask(someone(role, "/5/"), rules(), kind, Place("/1/2/", {"owner": 9}, 2)) is None


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("part", PARTS)
def test_r01_a_part_asks_only_where_the_rules_name_it(kind, part):
    holder = Actor(7, "Someone", grants=(GrantHeld("controller", 1, "/1/", frozenset()),))
    found = right_to_ask(holder, rules(), kind, Place("/1/2/", {part: 7}, 2))
    assert found == (f"part:{part}" if part in WHO[str(kind)]["parts"] else None)


@pytest.mark.parametrize("kind", [AskKind.ADVANCE, *NAMED])
def test_r07_a_controller_whose_role_has_ended_asks_for_nothing_by_the_part(kind):
    place = Place("/1/2/", {"controller": 7}, 2)
    elsewhere = Actor(7, "Someone", grants=(GrantHeld("controller", 5, "/5/", frozenset()),))
    assert right_to_ask(someone(), rules(), kind, place) is None
    assert right_to_ask(elsewhere, rules(), kind, place) is None


def test_an_approver_does_nothing_to_a_measure_without_a_part_and_as_sponsor_what_a_sponsor_may():
    approver, elsewhere = someone("approver"), Place("/1/2/", {"sponsor": 9}, 2)
    assert [kind for kind in AskKind if right_to_ask(approver, rules(), kind, elsewhere)] == []
    mine = Place("/1/2/", {"sponsor": 7}, 2)
    assert right_to_ask(approver, rules(), AskKind.HOLD, mine) == "part:sponsor"
    assert right_to_ask(approver, rules(), AskKind.REOPEN, mine) is None


def test_whoever_may_move_asks_to_advance_nobody_for_what_the_rules_do_not_know_and_the_program_for_all():
    assert right_to_ask(someone("member"), rules(), AskKind.ADVANCE, Place("/1/2/", {}, 2)) == "role:member@1"
    assert right_to_ask(someone("leader"), rules(), AskKind.EMERGENCY, Place("/1/2/", {}, 2)) is None
    assert all(right_to_ask(SYSTEM, rules(), kind, Place("/1/2/", {}, 2)) for kind in PERMISSION_FOR)
