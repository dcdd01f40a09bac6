"""What changes for one measure when it goes on under other rules: for preview, migration and replays."""

from dataclasses import dataclass
from datetime import date

from govapp.domain.criteria import Finding
from govapp.domain.gates import gate_findings
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot
from govapp.domain.table import path_for

STAGE_MISSING, REVIEW_OPEN = "stage_missing", "review_open"


@dataclass(frozen=True, slots=True)
class StepAt:
    """An approval step a gate asks for: its key and name, its order, and the rows of the table that ask for it."""

    key: str
    name: str
    order: int
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is different for a measure under the new rules. `refused` holds the codes of what forbids its migration."""

    into: str | None
    refused: tuple[str, ...] = ()
    newly_unmet: tuple[Finding, ...] = ()
    newly_met: tuple[Finding, ...] = ()
    steps_added: tuple[StepAt, ...] = ()
    steps_removed: tuple[StepAt, ...] = ()
    steps_moved: tuple[tuple[StepAt, StepAt], ...] = ()

    @property
    def same(self) -> bool:
        """True when nothing at the next gate is different."""
        return not (
            self.newly_unmet or self.newly_met or self.steps_added or self.steps_removed or self.steps_moved
        )


def steps_into(rules: Rules, into: str, snapshot: Snapshot) -> tuple[StepAt, ...]:
    """The steps that the gate into a stage asks for as the measure stands."""
    return tuple(
        StepAt(one.step.key, one.step.name, one.step.order, tuple(row.key for row in one.because))
        for one in path_for(rules, into, snapshot)
    )


def change_for(old: Rules, new: Rules, snapshot: Snapshot, today: date) -> RuleChange:
    """What changes at the next gate of a measure from one version of the rules to another.

    A measure is refused when its stage is not in the new version, and while a review is open: its deciders vote on a
    dossier of one version, and a change of rules under their hands would make every vote stale.
    """
    refused = []
    if snapshot.stage is not None and snapshot.stage not in new.order:
        refused.append(STAGE_MISSING)
    if snapshot.review is not None:
        refused.append(REVIEW_OPEN)
    into = None if STAGE_MISSING in refused else new.next_stage(snapshot.stage)
    if into is None or snapshot.state == "cancelled":
        return RuleChange(None, tuple(refused))
    before = _gate(old, into, snapshot, today)
    after = _gate(new, into, snapshot, today)
    steps_before = steps_into(old, into, snapshot) if into in old.gates else ()
    steps_after = steps_into(new, into, snapshot)
    return RuleChange(
        into,
        tuple(refused),
        tuple(f for key, f in after.items() if not f.met and (key not in before or before[key].met)),
        tuple(f for key, f in before.items() if not f.met and (key not in after or after[key].met)),
        *compare_steps(steps_before, steps_after),
    )


def _gate(rules: Rules, into: str, snapshot: Snapshot, today: date) -> dict[str, Finding]:
    gate = rules.gates.get(into)
    return {} if gate is None else {f.key: f for f in gate_findings(rules, gate, snapshot, today)}


def compare_steps(
    before: tuple[StepAt, ...], after: tuple[StepAt, ...]
) -> tuple[tuple[StepAt, ...], tuple[StepAt, ...], tuple[tuple[StepAt, StepAt], ...]]:
    """Steps added, removed, and those that come at another order (before and after)."""
    one, other = {step.key: step for step in before}, {step.key: step for step in after}
    return (
        tuple(step for key, step in other.items() if key not in one),
        tuple(step for key, step in one.items() if key not in other),
        tuple((one[key], step) for key, step in other.items() if key in one and one[key].order != step.order),
    )
