"""Measures under version 2 of the set: groups with members, and gates passed by whoever the steps name.

`use_version_2(cast)` switches version 2 on beside version 1 and fills its groups; measures proposed from then on start
under it. `make_measure2`, `bring_to2`, `pass_gate2`, `vote_all2` do what their namesakes in factories.py do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from govapp.domain.approvals import standings
from govapp.domain.asks import AskKind
from govapp.domain.criteria import Finding
from govapp.domain.gates import gate_findings
from govapp.services.choices import SetGroup, set_group
from govapp.services.governance import SECOND_SET, install_set, read_set
from govapp.services.grants import GrantRole, grant_role
from govapp.services.moves import MoveOutcome
from govapp.services.people import AddPerson, add_person
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import (
    _meet,
    assign_all,
    judge,
    loaded,
    make_proposal,
    move,
    stage_of,
    submit,
    through,
    today_of,
    vote,
    walk,
)
from tests.support.worlds import remembered

PACKAGE = "first-contact"  # version 2 wants a place in a measure package
EXPERTS = (
    "Ada Stone",
    "Ben Okoro",
    "Cleo Marin",
    "Dario Vey",
    "Elin Falk",
    "Femi Adu",
    "Gita Rao",
    "Hugo Brand",
)
# which experts sit in which group, by their place in EXPERTS
GROUPS: dict[str, tuple[int, ...]] = {
    "technical-validators": (0, 1, 2),
    "risk-reviewers": (1, 2, 3),
    "security-reviewers": (3, 4, 5),
    "change-authority": (0, 1, 2, 3),
    "budget-holders": (4, 5),
    "contract-reviewers": (6, 7),
    "steering-committee": (3, 4, 5, 6, 7),
}
_NAMES = {key: key.replace("-", " ").capitalize() for key in GROUPS}


@dataclass(frozen=True)
class Board:
    """The people of the groups of version 2."""

    experts: tuple[Someone, ...]

    def of(self, group: str) -> tuple[Someone, ...]:
        """Members of a group."""
        return tuple(self.experts[place] for place in GROUPS[group])

    def by_id(self, cast: Cast) -> dict[int, Someone]:
        """Everybody, the cast too, by id."""
        return {one.id: one for one in (*cast.all, *self.experts)}


@remembered
def use_version_2(cast: Cast) -> Board:
    """Switch version 2 on: what is proposed from now on starts under it. Its groups get their members."""
    install_set(SYSTEM, read_set(SECOND_SET))
    return fill_groups()


def fill_groups() -> Board:
    """The groups of the set with their members, who may decide on the whole organization."""
    experts = []
    for number, name in enumerate(EXPERTS, 1):
        email = f"expert{number}@example.test"
        person = add_person(AddPerson(SYSTEM, email, name))
        grant_role(GrantRole(SYSTEM, person, "approver", "OI"))
        experts.append(Someone(person, email, name))
    board = Board(tuple(experts))
    for key in GROUPS:
        committee = key == "steering-committee"
        set_group(
            SetGroup(
                SYSTEM, "OI", key, _NAMES[key], [one.id for one in board.of(key)],
                chair=board.of(key)[0].id if committee else None, quorum=3 if committee else None,
            )
        )  # fmt: skip
    return board


@remembered
def make_measure2(cast: Cast, board: Board, stage: str | None = "defined", **fields: Any) -> str:
    """A measure under version 2 at a stage (None: a proposal), with everybody in their parts; returns its key."""
    key = make_proposal(cast, PACKAGE, **fields)
    assign_all(cast, key)
    return bring_to2(cast, board, key, stage) if stage else key


def voters(cast: Cast, board: Board, key: str) -> list[tuple[str, Someone]]:
    """Who may vote now on an open step of the open review and has not: step key and person, in the order of steps."""
    review = loaded(key).snapshot.review
    if review is None:
        return []
    states, people = standings(review, review.basis, loaded(key).rules), board.by_id(cast)
    return [
        (step.key, people[person])
        for step in sorted(review.steps, key=lambda one: one.order)
        if states[step.id].state == "open"
        for person in sorted(step.electors - {one.person_id for one in states[step.id].counting})
        if person in people
    ]


def vote_all2(cast: Cast, board: Board, key: str, *, but: str = "") -> None:
    """Every step is approved by whom it names, one after the other; `but`: stop before the step of this key."""
    while left := voters(cast, board, key):
        step, who = left[0]
        if step == but:
            return
        vote(cast, key, who, signed=True)


def judge2(cast: Cast, board: Board, key: str, kind: str, verdict: str = "accept", **more: Any) -> None:
    """A verdict on the newest piece of a kind by whom the kind names; of a group by its last member."""
    named = loaded(key).rules.kinds[kind].judge
    who = board.of(named.groups[0])[-1] if named and named.groups else None
    judge(cast, key, kind, verdict, who, **more)


def supply_each(cast: Cast, board: Board, key: str, into: str, meet: Callable[[str], None]) -> None:
    """Make every criterion of a gate hold but conditions and look-backs, which others settle.

    What a group judges is judged by one of its members. What meets one criterion may meet the next one too.
    """
    rules = loaded(key).rules

    def findings() -> dict[str, Finding]:
        found = gate_findings(rules, rules.gates[into], loaded(key).snapshot, today_of(key))
        return {finding.key: finding for finding in found}

    for criterion in findings():
        finding = findings()[criterion]
        subject = criterion.partition(":")[0]
        if finding.met or subject in {"condition", "lookback"}:
            continue
        named = rules.kinds[finding.values["kind"]].judge if subject == "evidence" else None
        if named and named.groups:
            submit(cast, key, finding.values["kind"])
            judge2(cast, board, key, finding.values["kind"])
        else:
            meet(criterion)


@remembered
def supply2(cast: Cast, board: Board, key: str, into: str) -> None:
    """Make every criterion of a gate hold but conditions and look-backs."""
    supply_each(cast, board, key, into, partial(_meet, cast, key))


def pass_gate2(cast: Cast, board: Board, key: str, into: str) -> None:
    """Supply, ask, and let everybody approve."""
    supply, votes = partial(supply2, cast, board, key, into), partial(vote_all2, cast, board, key)
    through(cast, key, into, supply, votes)


@remembered
def bring_to2(cast: Cast, board: Board, key: str, stage: str) -> str:
    """Pass gate after gate until the measure stands in a stage; returns its key."""
    return walk(key, stage, partial(pass_gate2, cast, board))


def condition(
    owner: Someone, key: str, *, days: int = 14, blocking: bool = True, **more: Any
) -> dict[str, Any]:
    """A condition as a vote carries it, due so many days from today."""
    due = (today_of(key) + timedelta(days=days)).isoformat()
    return {
        "wording": "Train the desk before the pilot ends",
        "owner": owner.id,
        "due": due,
        "blocking": blocking,
    } | more


def advance_with_conditions(
    cast: Cast, board: Board, key: str, into: str, *conditions: dict[str, Any]
) -> Someone:
    """Pass a gate whose last vote is given with conditions; returns who set them."""
    supply2(cast, board, key, into)
    move(cast, key, into)
    last = max((step for step in loaded(key).snapshot.review.steps), key=lambda one: one.order)  # type: ignore[union-attr]
    vote_all2(cast, board, key, but=last.key)
    who = voters(cast, board, key)[0][1]
    vote(
        cast, key, who, "approve_with_conditions", reason="Right, once the desk is trained", conditions=conditions,
        signed=True,
    )  # fmt: skip
    assert stage_of(key) == into
    return who


def hold_details(key: str, **more: Any) -> dict[str, Any]:
    """What a hold needs under version 2."""
    review = (today_of(key) + timedelta(days=30)).isoformat()
    return {"hold_cause": "budget", "review_date": review, "value_treatment": "keep-forecast"} | more


def cancel_details(**more: Any) -> dict[str, Any]:
    """What a cancel needs under version 2."""
    return {
        "cancel_cause": "not-feasible",
        "value_treatment": "set-forecast-to-zero",
        "sunk_cost": "12500.00",
    } | more


def emergency_details(cast: Cast, key: str, **more: Any) -> dict[str, Any]:
    """What an emergency advance needs under version 2, signed."""
    due = (today_of(key) + timedelta(days=7)).isoformat()
    informed = [cast.sponsor.id, cast.service_owner.id]
    return {
        "incident_number": "INC0042",
        "lookback_due": due,
        "informed_people": informed,
        "signed": True,
    } | more


def emergency(cast: Cast, key: str, into: str, by: Someone | None = None, **more: Any) -> MoveOutcome:
    """An emergency advance by the program lead."""
    return move(
        cast, key, into, by or cast.lead, ask=AskKind.EMERGENCY, reason="The phones are down, the fix must go live",
        details=emergency_details(cast, key, **more),
    )  # fmt: skip
