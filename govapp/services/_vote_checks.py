"""What a verdict needs beside words: a signature, conditions that hold together, a ballot that can be closed."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import select

from govapp.data.people import Person
from govapp.data.reviews import Vote
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import CLOSE, COMMENT, WITH_CONDITIONS, standings, tally
from govapp.domain.decisions import condition_faults
from govapp.domain.errors import Invalid
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ReviewFact, StepFact
from govapp.services._conditions import VoteConditions
from govapp.services._voting import has_ballot
from govapp.services._work import Work


class Verdict(Protocol):
    """The part of a vote that is checked here."""

    @property
    def verdict(self) -> str:
        """What was voted."""

    @property
    def conditions(self) -> tuple[Mapping[str, Any], ...]:
        """Conditions set with it."""

    @property
    def signed(self) -> bool:
        """True when the person has just proved who they are."""


def check_vote(work: Work, loaded: Loaded, step: StepFact, vote: Verdict) -> None:
    """Raises Invalid by field: password, conditions, condition-<n>-<name>, verdict."""
    if step.sign and vote.verdict != COMMENT and not vote.signed:
        raise Invalid("vote_invalid", {"password": ["signature_needed"]})
    if vote.verdict == WITH_CONDITIONS:
        _check_conditions(work, loaded, step, vote)
    elif vote.conditions:
        raise Invalid("vote_invalid", {"conditions": ["conditions_unasked"]})
    if vote.verdict == CLOSE:
        _check_ballot(loaded, step)


def takes_conditions(loaded: Loaded, step: StepFact) -> bool:
    """True for the last step of a gate that may be passed with conditions (decisions: conditional_advance)."""
    rule, review = loaded.rules.decisions.get("conditional_advance"), loaded.snapshot.review
    if rule is None or review is None or review.into in rule.not_into:
        return False
    return step.order == max((each.order for each in review.steps), default=0)


def _check_conditions(work: Work, loaded: Loaded, step: StepFact, vote: Verdict) -> None:
    if not takes_conditions(loaded, step):
        raise Invalid("vote_invalid", {"conditions": ["conditions_not_here"]})
    owners = {one.get("owner") for one in vote.conditions}
    known = work.session.scalars(select(Person.id).where(Person.id.in_(owners), Person.active.is_(True)))
    rule = loaded.rules.decisions["conditional_advance"]
    setters = frozenset(each.id for each in (work.actor, work.voice) if each.id is not None)
    today = work.today(loaded.timezone)
    faults = condition_faults(rule, list(vote.conditions), today, frozenset(known), setters)
    errors = {
        "conditions" if name == "count" else f"condition-{number}-{name}": [code]
        for number, each in enumerate(faults, 1)
        for name, code in each.items()
    }
    if errors:
        raise Invalid("vote_invalid", errors)


def _check_ballot(loaded: Loaded, step: StepFact) -> None:
    """A ballot closes once the quorum has voted; then the votes cast decide."""
    review = loaded.snapshot.review
    count = tally(step, review.basis if review else "")
    if not has_ballot(step):
        raise Invalid("vote_invalid", {"verdict": ["no_ballot_here"]})
    if count.cast < count.quorum:
        raise Invalid(
            "vote_invalid", {"verdict": ["quorum_not_reached"]}, cast=count.cast, quorum=count.quorum
        )


def conditions_given(work: Work, rules: Rules, review: ReviewFact) -> list[VoteConditions]:
    """Conditions of the votes that count, by who set them; only votes given with conditions have any."""
    standing = {
        (step, vote.on_behalf_of or vote.person_id)
        for step, state in standings(review, review.basis, rules).items()
        for vote in state.counting
        if vote.verdict == WITH_CONDITIONS
    }
    if not standing:
        return []
    work.session.flush()
    rows = work.session.scalars(
        select(Vote).where(Vote.review_id == review.id, Vote.verdict == WITH_CONDITIONS).order_by(Vote.id)
    )
    last = {(row.step_id, row.on_behalf_of or row.person_id): row for row in rows}
    return [
        VoteConditions(row.person_id, row.at, [dict(one) for one in row.conditions])  # type: ignore[call-overload]  # JSON
        for key, row in last.items()
        if key in standing
    ]
