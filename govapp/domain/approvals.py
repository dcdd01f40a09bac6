"""Approval steps: which votes count, whether a step is decided, who is barred (product.md, What a drop means, 4-7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from govapp.domain.basis import counted_submitters
from govapp.domain.rules import GateRule, Rules
from govapp.domain.snapshot import ReviewFact, Snapshot, StepFact, VoteFact

APPROVE, SEND_BACK, COMMENT = "approve", "send_back", "comment"
VERDICTS = (APPROVE, SEND_BACK, COMMENT)
THREE_PERSONS = frozenset({"owner", "sponsor", "controller"})


@dataclass(frozen=True, slots=True)
class StepStanding:
    """Where a step stands: waiting, open, granted or refused; which votes count and which went stale."""

    state: str
    counting: tuple[VoteFact, ...]
    stale: tuple[VoteFact, ...]


def last_votes(votes: tuple[VoteFact, ...]) -> list[VoteFact]:
    """The latest vote of each person, comments aside; a deputy's vote is the vote of whom they stand in for."""
    latest: dict[int, VoteFact] = {}
    for vote in votes:
        if vote.verdict != COMMENT:
            latest[vote.on_behalf_of or vote.person_id] = vote
    return list(latest.values())


def standing(step: StepFact, basis: str, *, open_order: int) -> StepStanding:
    """Where a step stands for the given basis. Rule `any`: one approval grants, one send-back refuses."""
    latest = last_votes(step.votes)
    counting = tuple(vote for vote in latest if vote.basis == basis)
    stale = tuple(vote for vote in latest if vote.basis != basis)
    if any(vote.verdict == SEND_BACK for vote in counting):
        return StepStanding("refused", counting, stale)
    if any(vote.verdict == APPROVE for vote in counting):
        return StepStanding("granted", counting, stale)
    return StepStanding("open" if step.order <= open_order else "waiting", counting, stale)


def standings(review: ReviewFact, basis: str) -> dict[int, StepStanding]:
    """Standing of every step by its id; a later order opens when all before it are granted."""
    result: dict[int, StepStanding] = {}
    open_order: int | None = None
    for step in sorted(review.steps, key=lambda step: step.order):
        if open_order is not None and step.order > open_order:
            result[step.id] = standing(step, basis, open_order=open_order)
            continue
        result[step.id] = standing(step, basis, open_order=step.order)
        if result[step.id].state != "granted":
            open_order = step.order
    return result


def all_granted(review: ReviewFact, basis: str) -> bool:
    """True when every step is granted by votes on this basis."""
    return all(standing.state == "granted" for standing in standings(review, basis).values())


def barred_people(
    rules: Rules, gate: GateRule, snapshot: Snapshot, step_id: int | None = None
) -> dict[int, str]:
    """Who may not vote on a step whatever roles they hold, each with the code of the reason (R03).

    The owner, the submitters of counted evidence, whoever holds two of the parts that are three persons, and whoever
    has decided another step of the same review: N approvals are N different people.
    """
    steps = snapshot.review.steps if snapshot.review else ()
    votes = [vote for step in steps if step.id != step_id for vote in last_votes(step.votes)]
    found = {person: "voted_elsewhere" for vote in votes for person in vote.people}
    held = [holder.person_id for part, holder in snapshot.parts.items() if part in THREE_PERSONS]
    found |= {person: "conflicting_part" for person in held if held.count(person) > 1}
    found |= dict.fromkeys(counted_submitters(rules, gate, snapshot), "submitter_votes")
    if snapshot.owner_id is not None:
        found[snapshot.owner_id] = "owner_votes"
    return found


def barred_holders(
    deciders: Mapping[str, tuple[str, ...] | list[str]], snapshot: Snapshot, barred: Collection[int]
) -> list[str]:
    """Names of those whom a step names by their part and who are barred, when nobody else is named to decide it.

    Roles and groups count as somebody else: who holds them is not part of the measure.
    """
    holders = [snapshot.parts.get(part) for part in deciders.get("parts", ())]
    if deciders.get("roles") or deciders.get("groups"):
        return []
    stuck = [held.name for held in holders if held is not None and held.person_id in barred]
    return stuck if len(stuck) == len(holders) else []


def barred(
    person: int,
    rules: Rules,
    gate: GateRule,
    snapshot: Snapshot,
    roles: frozenset[str],
    *,
    step_id: int | None = None,
) -> str:
    """Why a person may not vote in this review: '' or a code (R03). An administrator never may."""
    found = barred_people(rules, gate, snapshot, step_id).get(person, "")
    return found or ("administrator_votes" if "administrator" in roles else "")


def named_as(
    deciders: Mapping[str, tuple[str, ...] | list[str]],
    person: int,
    snapshot: Snapshot,
    roles: frozenset[str],
    groups: frozenset[str],
) -> str:
    """As what a step names a person: 'part:sponsor', 'role:program_lead', 'group:...' or ''."""
    for part in deciders.get("parts", ()):
        held = snapshot.parts.get(part)
        if held and held.person_id == person:
            return f"part:{part}"
    for role in deciders.get("roles", ()):
        if role in roles:
            return f"role:{role}"
    for group in deciders.get("groups", ()):
        if group in groups:
            return f"group:{group}"
    return ""
