"""Who may vote in an open review, on which step, and why not. The vote and the page ask the same function."""

from govapp.data.snapshots import Loaded
from govapp.domain.approvals import barred, named_as, standings
from govapp.domain.errors import Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may
from govapp.domain.rules import PERCENT, Rules
from govapp.domain.snapshot import StepFact

OPEN = frozenset({"open", "refused"})
# Closing a ballot is no vote: who decided another step, or is left out of this one, may still chair it.
OPENLY = frozenset({"voted_elsewhere", "excluded"})


def step_for(actor: Actor, groups: frozenset[str], loaded: Loaded, wanted: str = "") -> tuple[StepFact, str]:
    """The open step that names the actor, and as what; `wanted` is its key where several may name them.

    Raises Refused: not_a_decider, step_decided, step_not_open, or barred_... with the reason (R03).
    """
    snapshot = loaded.snapshot
    review = snapshot.review
    if review is None or actor.id is None:
        raise Refused("not_a_decider")
    roles = actor.roles_on(loaded.place.path)
    states = standings(review, review.basis, loaded.rules)
    named = [
        (s, as_what)
        for s in review.steps
        if (not wanted or s.key == wanted)
        and (as_what := named_as(s.deciders, actor.id, snapshot, roles, groups))
    ]
    if not named:
        raise Refused("not_a_decider")
    open_ones = [(step, as_what) for step, as_what in named if states[step.id].state in OPEN]
    if not open_ones:
        raise Refused("step_decided" if states[named[0][0].id].state == "granted" else "step_not_open")
    gate = loaded.rules.gates[review.into]
    reasons = [
        _lost_role(loaded.rules, as_what, roles)
        or barred(actor.id, loaded.rules, gate, snapshot, roles, step=step)
        for step, as_what in open_ones
    ]
    if all(reasons):
        raise Refused(f"barred_{reasons[0]}")
    return next(pair for pair, reason in zip(open_ones, reasons, strict=True) if not reason)


def ballot_for(actor: Actor, loaded: Loaded, wanted: str = "") -> tuple[StepFact, str]:
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
        if (not wanted or step.key == wanted) and states[step.id].state in OPEN and has_ballot(step)
    ]
    if review is None or not steps:
        raise Refused("not_a_decider")
    roles, gate = actor.roles_on(loaded.place.path), loaded.rules.gates[review.into]
    reason = barred(actor.id or 0, loaded.rules, gate, loaded.snapshot, roles, step=steps[0])
    if reason and reason not in OPENLY:
        raise Refused(f"barred_{reason}")
    return steps[0], right


def has_ballot(step: StepFact) -> bool:
    """True for a step that counts the votes cast and has a quorum."""
    return bool(step.quorum) and str(step.rule.get("type")) == PERCENT


def _lost_role(rules: Rules, as_what: str, roles: frozenset[str]) -> str:
    """A part that needs a role gives no voice once the role has ended: duties hold when acting, too (R06, R07)."""
    needed = rules.roles_of_parts.get(as_what.removeprefix("part:")) if as_what.startswith("part:") else None
    return "role_ended" if needed and needed not in roles else ""
