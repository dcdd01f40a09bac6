"""The approval path of a review as its page shows it: each step with its rule, votes, needs, deciders and defects."""

from collections.abc import Mapping
from dataclasses import dataclass

from govapp.data import review_queries as queries
from govapp.data.reviews import BARRED
from govapp.data.snapshots import Loaded
from govapp.domain.approvals import Defect, Tally, barred_holders, defect_of, standings, tally
from govapp.domain.snapshot import StepFact


@dataclass(frozen=True, slots=True)
class StepView:
    """A step: its row, its state now, why it is asked for; while its review is open also how it is being decided.

    `pending` are ids of people who may still vote, `barred` of those it names who may not, with the code of the reason;
    `stuck` names whoever holds its parts and may not decide, when nobody else can.
    """

    row: queries.StepRow
    state: str
    says: tuple[str, ...]
    tally: Tally | None = None
    pending: tuple[int, ...] = ()
    barred: tuple[tuple[int, str], ...] = ()
    defect: Defect | None = None
    stuck: str = ""

    @property
    def of(self) -> int | None:
        """How many people the step is decided by: those who voted and those who still may."""
        return self.tally.cast + len(self.tally.pending) if self.tally else None


def path_views(
    loaded: Loaded, head: queries.ReviewHead, rows: tuple[queries.StepRow, ...]
) -> tuple[StepView, ...]:
    """The steps in their order; those asked for no more come last."""
    says = {row.key: row.says for row in loaded.rules.table}
    review = loaded.snapshot.review if head.state == "open" else None
    facts = {step.id: step for step in review.steps} if review else {}
    states = (
        {key: one.state for key, one in standings(review, review.basis, loaded.rules).items()}
        if review
        else {}
    )
    found = []
    for row in rows:
        because = tuple(said for key in row.because if (said := says.get(key, "")))
        fact = facts.get(row.id)
        if fact is None or review is None:
            found.append(StepView(row, row.state, because))
        else:
            found.append(_open_view(loaded, row, fact, review.basis, because, states))
    return tuple(sorted(found, key=lambda view: view.state == "dropped"))


def _open_view(
    loaded: Loaded, row: queries.StepRow, fact: StepFact, basis: str, because: tuple[str, ...],
    states: Mapping[int, str],
) -> StepView:  # fmt: skip
    count = tally(fact, basis)
    reasons = {
        int(person): kind.removeprefix(BARRED) for step_id, kind, person in loaded.barred if step_id == row.id
    }
    stuck = barred_holders(row.deciders, loaded.snapshot, reasons)
    return StepView(
        row=row,
        state=states[row.id],
        says=because,
        tally=count,
        pending=tuple(sorted(count.pending)),
        barred=tuple(sorted((person, reasons[person]) for person in fact.named & reasons.keys())),
        defect=defect_of(fact, basis),
        stuck=", ".join(stuck),
    )
