"""The approval path of a gate as it stands: its steps, who would decide them, who may not, what is wrong already."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govapp.domain.approvals import Defect, barred_people, defect_of, with_people
from govapp.domain.rules import Rules, StepRule, TableRow
from govapp.domain.snapshot import Snapshot
from govapp.domain.table import Chosen, facts_of, facts_read, path_for

Holders = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody whom a step names: as what (`part:sponsor`, `role:...`, `group:...`), and why not, if barred."""

    person_id: int
    name: str
    named_as: str
    barred: str = ""


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step that a gate will ask for, with the rows that ask for it and what is wrong with it as things stand.

    `vacant` are parts it names that nobody holds.
    """

    rule: StepRule
    because: tuple[TableRow, ...]
    deciders: tuple[Decider, ...]
    vacant: tuple[str, ...]
    defect: Defect | None


@dataclass(frozen=True, slots=True)
class GatePath:
    """The approval path into one stage, and the facts of the measure that chose it."""

    into: str
    steps: tuple[PathStep, ...]
    facts: Mapping[str, Any]
    no_rate: tuple[str, ...]


def gate_path(
    rules: Rules, snapshot: Snapshot, into: str, holders: Holders, people: Mapping[int, str]
) -> GatePath:
    """The path into a stage; `holders` are active people by 'role:...' and 'group:...', `people` their names by id."""
    facts = facts_of(snapshot, into)
    return GatePath(
        into,
        tuple(_step(rules, snapshot, into, one, holders, people) for one in path_for(rules, into, snapshot)),
        {name: facts.get(name) for name in sorted(facts_read(rules, into))},
        snapshot.no_rate,
    )


def _step(
    rules: Rules, snapshot: Snapshot, into: str, chosen: Chosen, holders: Holders, people: Mapping[int, str]
) -> PathStep:
    step, parts = chosen.step, snapshot.parts
    barred = barred_people(rules, rules.gates[into], snapshot, None, step.excludes)
    named = {
        parts[part].person_id: f"part:{part}" for part in step.deciders.get("parts", ()) if part in parts
    }
    for kind in ("roles", "groups"):
        for key in step.deciders.get(kind, ()):
            for person in sorted(holders.get(f"{kind[:-1]}:{key}", ())):
                named.setdefault(person, f"{kind[:-1]}:{key}")
    return PathStep(
        step,
        chosen.because,
        tuple(
            Decider(person, people.get(person, ""), said, barred.get(person, ""))
            for person, said in named.items()
        ),
        tuple(part for part in step.deciders.get("parts", ()) if part not in parts),
        defect_of(with_people(step, snapshot, barred, holders), ""),
    )


def stages_ahead(rules: Rules, snapshot: Snapshot) -> list[str]:
    """The stages a measure has not reached, in order; none of what is cancelled."""
    if snapshot.state == "cancelled":
        return []
    return [stage.key for stage in rules.stages[rules.order.get(snapshot.stage or "", -1) + 1 :]]
