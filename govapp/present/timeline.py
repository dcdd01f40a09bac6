"""Rows of a measure's history as lines of its timeline; the sentences are those of `present/history.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govapp.domain.rules import Rules
from govapp.present.history import Names, sentence
from govapp.present.language import gettext as _

_KEY = frozenset(
    {
        "measure:moved",
        "measure:held",
        "measure:released",
        "measure:cancelled",
        "measure:reopened",
        "review:ended",
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line: what happened, who did it (in whose place), and whether it is a decision."""

    text: str
    who: str
    key: bool


def told(row: Any, people: Mapping[int, str], rules: Rules) -> Told:
    """The line of a row. `people` gives names by id."""
    steps = {step.key: step.name for step in rules.steps.values()}
    names = Names(
        people,
        {stage.key: stage.name for stage in rules.stages},
        {key: kind.name for key, kind in rules.kinds.items()},
        steps,
    )
    said = sentence(row.event, row.payload, names, row.object_id)
    return Told(said, _who(row, names), row.event in _KEY)


def _who(row: Any, names: Names) -> str:
    if not row.on_behalf_of:
        return str(row.actor)
    return _("%(who)s for %(name)s", who=row.actor, name=names.person(row.on_behalf_of))
