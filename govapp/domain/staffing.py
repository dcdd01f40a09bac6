"""Whether the steps of one review can all be decided: nobody decides two of them, so each person counts for one."""

from collections.abc import Collection, Sequence

from govapp.domain.approvals import tally
from govapp.domain.rules import ANY, PERCENT
from govapp.domain.snapshot import ReviewFact, StepFact

Wanted = tuple[int, frozenset[int]]


def wanted(step: StepFact, basis: str) -> Wanted:
    """How many more people a step needs at least, and who may still vote on it."""
    count = tally(step, basis)
    if str(step.rule.get("type", ANY)) == PERCENT:
        return max(1 - count.approvals, count.quorum - count.cast, 0), count.pending
    return max(count.needed - count.approvals, 0), count.pending


def short(steps: Sequence[Wanted]) -> list[int]:
    """How many people each step lacks when everybody counts once: as few as can be, the later steps' first."""
    at: dict[int, int] = {}

    def seat(step: int, tried: set[int]) -> bool:
        for person in sorted(steps[step][1]):
            if person in tried or at.get(person) == step:
                continue
            tried.add(person)
            if person not in at or seat(at[person], tried):
                at[person] = step
                return True
        return False

    return [need - sum(seat(place, set()) for _ in range(need)) for place, (need, _) in enumerate(steps)]


def left_without(review: ReviewFact, step: StepFact, voters: Collection[int]) -> StepFact | None:
    """Another step of a review that lacks somebody once these people (who acts, and for whom) have voted on a step."""
    others = [each for each in review.steps if each.id != step.id and each.state != "granted"]
    need, people = wanted(step, review.basis)
    rest = [wanted(each, review.basis) for each in others]
    before = short([(need, people), *rest])
    gone = frozenset(voters)
    after = short([(max(need - 1, 0), people - gone), *((n, those - gone) for n, those in rest)])
    if sum(after) <= sum(before):
        return None
    return next((each for each, lack in zip(others, after[1:], strict=True) if lack), None)
