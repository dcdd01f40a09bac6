"""Approval steps: which votes count, whether a step is decided, who is barred (product.md, What a drop means, 4-7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from govapp.domain.basis import counted_submitters
from govapp.domain.duties import ADMINISTRATOR, Standing, forbidding, pair_conflicts, roles_without_voice
from govapp.domain.rules import ALL, ANY, AT_LEAST, PERCENT, GateRule, Rules, StepRule
from govapp.domain.snapshot import ReviewFact, Snapshot, StepFact, VoteFact

APPROVE, WITH_CONDITIONS, SEND_BACK, COMMENT = "approve", "approve_with_conditions", "send_back", "comment"
CLOSE = "close_ballot"
VERDICTS = (APPROVE, WITH_CONDITIONS, SEND_BACK, COMMENT, CLOSE)
APPROVING = frozenset({APPROVE, WITH_CONDITIONS})
VOTES = APPROVING | {SEND_BACK}
THREE_PERSONS = frozenset({"owner", "sponsor", "controller"})
OPEN, WAITING, GRANTED, REFUSED = "open", "waiting", "granted", "refused"
# What one refusal does where a set does not say otherwise (approval_defaults.one_refusal).
REFUSES, WAITS_FOR_OTHERS = "refuses", "waits_for_others"


@dataclass(frozen=True, slots=True)
class StepStanding:
    """Where a step stands: waiting, open, granted or refused; which votes count and which went stale."""

    state: str
    counting: tuple[VoteFact, ...]
    stale: tuple[VoteFact, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a step is being decided: approvals and refusals given, approvals needed, people who may still vote."""

    approvals: int
    refusals: int
    needed: int
    pending: frozenset[int]
    quorum: int = 0

    @property
    def cast(self) -> int:
        """Votes cast; a comment is none."""
        return self.approvals + self.refusals


def last_votes(votes: tuple[VoteFact, ...]) -> list[VoteFact]:
    """The latest vote of each person, comments aside; a deputy's vote is the vote of whom they stand in for."""
    latest: dict[int, VoteFact] = {}
    for vote in votes:
        if vote.verdict in VOTES:
            latest[vote.on_behalf_of or vote.person_id] = vote
    return list(latest.values())


def share(percent: int, votes: int) -> int:
    """Approvals needed among so many votes, rounded up."""
    return -(-percent * votes // 100)


def tally(step: StepFact, basis: str) -> Tally:
    """Count the votes on this basis. Votes of whoever left since still count: they were given rightly."""
    counting = [vote for vote in last_votes(step.votes) if vote.basis == basis]
    approvals = sum(vote.verdict in APPROVING for vote in counting)
    refusals = len(counting) - approvals
    voters = {vote.on_behalf_of or vote.person_id for vote in counting}
    closed = any(vote.verdict == CLOSE and vote.basis == basis for vote in step.votes)
    pending = frozenset() if closed else step.electors - voters
    kind = str(step.rule.get("type", ANY))
    if step.needed is not None and not (closed and kind == PERCENT):
        needed = step.needed
    elif kind == AT_LEAST:
        needed = int(step.rule.get("n", 1))
    elif kind == PERCENT:
        needed = max(1, share(int(step.rule.get("percent", 100)), len(counting) + len(pending)))
    elif kind == ALL:
        needed = max(1, len(counting) + len(step.named - voters))
    else:
        needed = 1
    return Tally(approvals, refusals, needed, pending, (step.quorum or 0) if kind == PERCENT else 0)


def standing(
    step: StepFact, basis: str, *, open_order: int, one_refusal: Mapping[str, str] | None = None
) -> StepStanding:
    """Where a step stands for the given basis.

    Percent counts votes cast and is decided when no vote still to come could change it, or its ballot is closed. A
    granted step stays granted on its basis, whatever is said later; one refusal refuses where the step has a veto.
    """
    latest = last_votes(step.votes)
    counting = tuple(vote for vote in latest if vote.basis == basis)
    stale = tuple(vote for vote in latest if vote.basis != basis)
    count = tally(step, basis)
    if step.state == GRANTED and any(v.verdict in APPROVING and v.basis == basis for v in step.votes):
        state = GRANTED
    elif _refused(step, count, one_refusal or {}):
        state = REFUSED
    elif count.approvals >= count.needed and count.cast >= count.quorum:
        state = GRANTED
    else:
        state = OPEN if step.order <= open_order else WAITING
    return StepStanding(state, counting, stale)


def _refused(step: StepFact, count: Tally, one_refusal: Mapping[str, str]) -> bool:
    if not count.refusals or step.needed is not None:
        return False  # a step that was refused ended its review: a past one that is still open was not
    kind = str(step.rule.get("type", ANY))
    if step.veto or kind == ALL or one_refusal.get(kind, REFUSES) == REFUSES:
        return True
    if count.cast < count.quorum:
        return False
    return count.approvals + len(count.pending) < count.needed


def standings(review: ReviewFact, basis: str, rules: Rules | None = None) -> dict[int, StepStanding]:
    """Standing of every step by its id; a later order opens when all before it are granted."""
    result: dict[int, StepStanding] = {}
    open_order: int | None = None
    one_refusal = rules.one_refusal if rules else None
    for step in sorted(review.steps, key=lambda step: step.order):
        reached = step.order if open_order is None else open_order
        result[step.id] = standing(step, basis, open_order=reached, one_refusal=one_refusal)
        if open_order is None and result[step.id].state != GRANTED:
            open_order = step.order
    return result


def all_granted(review: ReviewFact, basis: str, rules: Rules | None = None) -> bool:
    """True when every step is granted by votes on this basis; a review without steps is granted by nobody."""
    found = standings(review, basis, rules).values()
    return bool(found) and all(standing.state == GRANTED for standing in found)


def barred_people(
    rules: Rules,
    gate: GateRule,
    snapshot: Snapshot,
    step_id: int | None = None,
    excludes: Collection[str] = (),
) -> dict[int, str]:
    """Who may not vote on a step whatever roles they hold, each with the code of the reason (R03).

    The owner, the submitters of counted evidence, whoever holds two of the parts that are three persons, whoever has
    decided another step of the same review or this one for somebody else (N approvals are N different people), and
    holders of parts it `excludes`.
    """
    steps = snapshot.review.steps if snapshot.review else ()
    votes = [vote for step in steps if step.id != step_id for vote in last_votes(step.votes)]
    found = {person: "voted_elsewhere" for vote in votes for person in vote.people}
    here = [vote for step in steps if step.id == step_id for vote in last_votes(step.votes)]
    found |= {vote.person_id: "voted_elsewhere" for vote in here if vote.on_behalf_of}
    found |= {snapshot.parts[part].person_id: "excluded" for part in excludes if part in snapshot.parts}
    held = [holder.person_id for part, holder in snapshot.parts.items() if part in THREE_PERSONS]
    found |= {person: "conflicting_part" for person in held if held.count(person) > 1}
    found |= dict.fromkeys(counted_submitters(rules, gate, snapshot), "submitter_votes")
    if snapshot.owner_id is not None:
        found[snapshot.owner_id] = "owner_votes"
    return found


def excludes_of(step: StepFact) -> tuple[str, ...]:
    """Parts whose holders a step leaves out."""
    return tuple(step.rule.get("excludes", ()))


def with_electors(rules: Rules, snapshot: Snapshot, named: Mapping[int, frozenset[int]]) -> Snapshot:
    """The snapshot with who may decide each step of its open review; `named`: people of roles and groups by step."""
    review = snapshot.review
    if review is None:
        return snapshot
    gate = rules.gates[review.into]
    steps = []
    for step in review.steps:
        parts = {
            held.person_id
            for part in step.deciders.get("parts", ())
            if (held := snapshot.parts.get(part)) is not None and held.active
        }
        people = frozenset(parts) | named.get(step.id, frozenset())
        barred = barred_people(rules, gate, snapshot, step.id, excludes_of(step))
        left = {person for person, code in barred.items() if code == "excluded"}
        steps.append(replace(step, named=people - left, electors=people - barred.keys()))
    return replace(snapshot, review=replace(review, steps=tuple(steps)))


def with_roles(step: StepRule, holders: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """People whom a step names by a role or a group."""
    named = [f"{kind[:-1]}:{key}" for kind in ("roles", "groups") for key in step.deciders.get(kind, ())]
    return frozenset().union(*(holders.get(each, frozenset()) for each in named))


def with_people(
    step: StepRule, snapshot: Snapshot, barred: Collection[int], holders: Mapping[str, frozenset[int]]
) -> StepFact:
    """A step that is not open yet, with who would decide it; `holders` are people by 'role:...' and 'group:...'."""
    parts = [snapshot.parts.get(part) for part in step.deciders.get("parts", ())]
    people = {held.person_id for held in parts if held is not None and held.active} | with_roles(
        step, holders
    )
    left = {snapshot.parts[part].person_id for part in step.excludes if part in snapshot.parts}
    return StepFact(
        0, step.key, step.name, step.waits_for, step.order, step.rule, step.deciders, quorum=step.quorum,
        veto=step.veto, named=frozenset(people - left), electors=frozenset(people - set(barred)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a step cannot be decided as things stand: nobody, too_few (have, need) or member_barred."""

    code: str
    have: int = 0
    need: int = 0


def defect_of(step: StepFact, basis: str) -> Defect | None:
    """A step whose deciders do not exist, or are too few for its rule or quorum, whatever they vote; else None."""
    count = tally(step, basis)
    if step.state == GRANTED:
        return None
    have = count.cast + len(count.pending)
    if have == 0:
        return Defect("nobody")
    kind = str(step.rule.get("type", ANY))
    need = max(count.needed if kind != PERCENT else 1, count.quorum)
    if have >= need:
        return None
    return Defect("member_barred" if kind == ALL else "too_few", have, need)


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
    acting: Standing,
    rules: Rules,
    gate: GateRule,
    snapshot: Snapshot,
    step: StepFact | None = None,
    voice: Standing | None = None,
) -> str:
    """Why a person may not vote on a step of this gate's review: '' or a code (R03). An administrator never may.

    Where they vote in the `voice` of an absent person, what bars either of the two bars the vote ('absent_...' where it
    is the absent one), and so do parts of the two that are kept apart (R58). A vote of theirs that they would change
    by this one bars nobody.
    """
    others: tuple[VoteFact, ...] = ()
    if step is not None:
        mine_before = (acting.person, (voice or acting).person)
        others = tuple(vote for vote in step.votes if _voice(vote) != mine_before)
        snapshot = _with_votes(snapshot, step, others)
    found = barred_people(rules, gate, snapshot, step.id if step else None, excludes_of(step) if step else ())
    if voice is None:
        return found.get(acting.person, "") or _by_role(rules, acting)
    mine, theirs = found.get(acting.person, ""), found.get(voice.person, "")
    if not mine and any(acting.person in vote.people for vote in last_votes(others)):
        mine = "voted_elsewhere"  # their own vote on this step: one person counts once
    if not theirs and any(_voice(vote)[1] == voice.person for vote in last_votes(others)):
        theirs = "voted"
    if mine or (mine := _by_role(rules, acting)):
        return mine
    if theirs or (theirs := _by_role(rules, voice)):
        return f"absent_{theirs}"
    return "apart" if forbidding(pair_conflicts(rules.duties, acting, voice)) else ""


def _with_votes(snapshot: Snapshot, step: StepFact, votes: tuple[VoteFact, ...]) -> Snapshot:
    """The snapshot with other votes on a step of its open review."""
    review = snapshot.review
    if review is None:
        return snapshot
    steps = tuple(replace(each, votes=votes) if each.id == step.id else each for each in review.steps)
    return replace(snapshot, review=replace(review, steps=steps))


def _voice(vote: VoteFact) -> tuple[int, int]:
    """Who gave a vote, and whose it is."""
    return vote.person_id, vote.on_behalf_of or vote.person_id


def _by_role(rules: Rules, who: Standing) -> str:
    """A role anywhere in the organization that gives no voice: administrators and whomever else the matrix names."""
    silent = who.roles & (roles_without_voice(rules.duties) | {ADMINISTRATOR})
    return f"{ADMINISTRATOR}_votes" if ADMINISTRATOR in silent else "role_votes" if silent else ""


def named_as(
    deciders: Mapping[str, Any],
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
