"""Differences found by a trial, put together where they are the same in kind, so that a person can read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govapp.data.replay_queries import PastDecision
from govapp.data.types import canonical
from govapp.domain.migration import REVIEW_OPEN, RuleChange, StepAt
from govapp.domain.rules import Rules
from govapp.domain.trials import Otherwise

MOST_NAMED = 500  # of one group; how many there are is counted all the same
MOST_FAULTS = 200


@dataclass
class Groups:
    """Groups by what they have in common; `differing` counts decisions and measures, not groups."""

    by_sign: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Any] = field(default_factory=list)
    differing: int = 0
    faulty: int = 0

    @classmethod
    def of(cls, groups: list[Any], faults: list[Any], differing: int, faulty: int) -> "Groups":
        """The groups that were kept with a trial's row, to go on with."""
        return cls({each["sign"]: each for each in groups}, list(faults), differing, faulty)

    def add_decision(self, old: Rules, new: Rules, past: PastDecision, found: Otherwise) -> None:
        """A past decision that would come out otherwise."""
        said = {
            "what": "decision", "ask": past.ask["kind"], "stage": past.ask["stage"],
            "outcome": list(found.outcome), "to": list(found.to),
            "unmet": [list(each) for each in found.newly_unmet], "met": [list(each) for each in found.newly_met],
            **_steps(found.steps_added, found.steps_removed, found.steps_moved),
        }  # fmt: skip
        self._add(said, [past.key, past.day.isoformat()], old, new)

    def add_measure(self, old: Rules, new: Rules, key: str, found: RuleChange) -> None:
        """An open measure for which the next gate asks something else."""
        said = {
            "what": "measure", "stage": found.into, "refused": [code for code in found.refused if code != REVIEW_OPEN],
            "unmet": [[f.key, f.code] for f in found.newly_unmet], "met": [[f.key, f.code] for f in found.newly_met],
            **_steps(found.steps_added, found.steps_removed, found.steps_moved),
        }  # fmt: skip
        self._add(said, [key, ""], old, new)

    def add_fault(
        self, key: str, record: int, day: str, kept: Mapping[str, Any], again: Mapping[str, Any]
    ) -> None:
        """A record that the rules of then do not answer as they did: shown, never hidden."""
        self.faulty += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"key": key, "record": record, "day": day, "kept": kept, "again": again})

    def _add(self, said: dict[str, Any], item: list[Any], old: Rules, new: Rules) -> None:
        self.differing += 1
        sign = canonical(said)
        group = self.by_sign.get(sign)
        if group is None:
            group = self.by_sign[sign] = said | {
                "sign": sign, "count": 0, "items": [], "says": _says(new, said), "wording": _wording(old, new, said),
            }  # fmt: skip
        group["count"] += 1
        if len(group["items"]) < MOST_NAMED:
            group["items"].append(item)


def _steps(
    added: tuple[StepAt, ...], removed: tuple[StepAt, ...], moved: tuple[tuple[StepAt, StepAt], ...]
) -> dict[str, Any]:
    return {
        "added": [[step.key, step.name, step.order, list(step.because)] for step in added],
        "removed": [[step.key, step.name, step.order] for step in removed],
        "moved": [[after.key, after.name, before.order, after.order] for before, after in moved],
    }


def _says(new: Rules, said: Mapping[str, Any]) -> dict[str, str]:
    """Why the rows that add a step are there, in their own words."""
    named = {row for step in said["added"] for row in step[3]}
    return {row.key: row.says for row in new.table if row.key in named}


def _wording(old: Rules, new: Rules, said: Mapping[str, Any]) -> dict[str, str]:
    """The words of the criteria that come out otherwise."""
    keys = {key for key, _code in (*said["unmet"], *said["met"])}
    found: dict[str, str] = {}
    for rules in (old, new):
        gate = rules.gates.get(str(said["stage"]))
        found |= {each.key: each.wording for each in (gate.criteria if gate else ()) if each.key in keys}
    return found
