"""Who may vote in an open review, on which step, for whom, and why not. The vote and the page ask the same function."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from govapp.data.snapshots import Loaded
from govapp.domain.approvals import GRANTED, OPEN, REFUSED, VOTES, barred, named_as, standing, standings
from govapp.domain.deputies import DECIDE
from govapp.domain.duties import Standing
from govapp.domain.errors import Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may, right_of
from govapp.domain.rules import PERCENT, Rules
from govapp.domain.snapshot import StepFact, VoteFact
from govapp.domain.staffing import left_without
from govapp.services.duties import standing_of

# Closing a ballot is no vote: who decided another step, or is left out of this one, may still chair it.
OPENLY = frozenset({"voted_elsewhere", "excluded"})
Groups = Callable[[Actor], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Ballot:
    """A step somebody may vote on, as what it names them, and whose voice it is: their own or an absent person's."""

    step: StepFact
    named: str
    voice: Actor


def voices_of(actor: Actor, only: int | None = None) -> tuple[Actor, ...]:
    """The person and the absent people for whom they decide today; `only`: the one asked for, by id."""
    every = (actor, *actor.absent_for(DECIDE))
    return every if only is None else tuple(each for each in every if each.id == only)


def ballot_for(
    actor: Actor, groups: Groups, loaded: Loaded, only: int | None = None, wanted: str = ""
) -> Ballot:
    """The open step on which the actor may vote: for themselves first, else for somebody whose deputy they are.

    `wanted` is the step's key where several may name them.

    Raises Refused with the reason that stands nearest to a vote: barred_... (R03, R58), step_decided, step_not_open,
    not_a_decider.
    """
    refusals = []
    for voice in voices_of(actor, only):
        if right_of(voice, Permission.REVIEW_DECIDE, loaded.place) is None:
            continue
        try:
            return _ballot(actor, voice, groups(voice), loaded, wanted)
        except Refused as refused:
            refusals.append(refused)
    raise min(refusals, key=_nearest, default=Refused("not_a_decider"))


_ORDER = ("step_decided", "step_not_open", "not_a_decider")


def _nearest(refused: Refused) -> int:
    return _ORDER.index(refused.code) + 1 if refused.code in _ORDER else 0


def _ballot(actor: Actor, voice: Actor, groups: frozenset[str], loaded: Loaded, wanted: str) -> Ballot:
    snapshot = loaded.snapshot
    review = snapshot.review
    if review is None or actor.id is None or voice.id is None:
        raise Refused("not_a_decider")
    roles = voice.roles_on(loaded.place.path)
    states = standings(review, review.basis, loaded.rules)
    named = [
        (s, as_what)
        for s in review.steps
        if (not wanted or s.key == wanted)
        and (as_what := named_as(s.deciders, voice.id, snapshot, roles, groups))
    ]
    if not named:
        raise Refused("not_a_decider")
    open_ones = [(step, as_what) for step, as_what in named if states[step.id].state in {OPEN, REFUSED}]
    if not open_ones:
        raise Refused("step_decided" if states[named[0][0].id].state == GRANTED else "step_not_open")
    acting = _standing(actor, loaded)
    absent = None if voice is actor else _standing(voice, loaded)
    reasons = [
        _lost_role(loaded.rules, as_what, roles)
        or barred(acting, loaded.rules, loaded.rules.gates[review.into], snapshot, step, absent)
        for step, as_what in open_ones
    ]
    if all(reasons):
        raise Refused(f"barred_{reasons[0]}", absent=voice.name)
    free = [pair for pair, reason in zip(open_ones, reasons, strict=True) if not reason]
    people = {actor.id, voice.id}
    step, as_what = next((pair for pair in free if left_without(review, pair[0], people) is None), free[0])
    return Ballot(step, as_what, voice)


def _standing(actor: Actor, loaded: Loaded) -> Standing:
    return standing_of(actor, loaded.place.path, loaded.place.parts)


def closing_for(actor: Actor, loaded: Loaded, wanted: str = "") -> tuple[StepFact, str]:
    """The open step whose ballot the actor may close, member of its group or not, and the right used.

    Raises Refused: no_right without committee:run, barred_... for whoever may not decide here, not_a_decider where no
    open step has a ballot.
    """
    right = may(actor, Permission.COMMITTEE_RUN, loaded.place)
    review = loaded.snapshot.review
    states = standings(review, review.basis, loaded.rules) if review else {}
    steps = [
        step
        for step in (review.steps if review else ())
        if (not wanted or step.key == wanted)
        and states[step.id].state in {OPEN, REFUSED}
        and has_ballot(step)
    ]
    if review is None or not steps:
        raise Refused("not_a_decider")
    gate = loaded.rules.gates[review.into]
    reason = barred(_standing(actor, loaded), loaded.rules, gate, loaded.snapshot, steps[0])
    if reason and reason not in OPENLY:
        raise Refused(f"barred_{reason}")
    return steps[0], right


def require_others_decidable(loaded: Loaded, step: StepFact, vote: VoteFact) -> None:
    """Raise Refused where a vote leaves another step without somebody who could still decide it, and says which.

    One that sends the measure back ends the review, so it leaves nothing behind.
    """
    review = loaded.snapshot.review
    if review is None or vote.verdict not in VOTES:
        return
    after = replace(step, votes=(*step.votes, vote))
    one_refusal = loaded.rules.one_refusal
    if standing(after, review.basis, open_order=step.order, one_refusal=one_refusal).state == REFUSED:
        return
    other = left_without(review, step, vote.people)
    if other is not None:
        raise Refused("vote_needed_elsewhere", step=other.name)


def has_ballot(step: StepFact) -> bool:
    """True for a step that counts the votes cast and has a quorum."""
    return bool(step.quorum) and str(step.rule.get("type")) == PERCENT


def _lost_role(rules: Rules, as_what: str, roles: frozenset[str]) -> str:
    """A part that needs a role gives no voice once the role has ended: duties hold when acting, too (R06, R07)."""
    needed = rules.roles_of_parts.get(as_what.removeprefix("part:")) if as_what.startswith("part:") else None
    return "role_ended" if needed and needed not in roles else ""
