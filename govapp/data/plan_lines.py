"""Effect lines as gates and cards read them: of the working plan, or of the version in force."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from govapp.data.figure_rows import Cells

Planned = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Line:
    """An effect line in short: amounts in minor units (FTE: 1/10,000)."""

    id: int
    kind: str
    timing: str
    currency: str
    run_rate: int | None
    plan: int | None

    @property
    def planned(self) -> bool:
        """True for a line that bears a run rate or plan amounts."""
        return self.run_rate is not None or self.plan is not None

    def under(self, planned: Planned) -> "Line":
        """The line as a frozen version has it; one that it does not have bears nothing in it."""
        known = planned.get(str(self.id))
        if known is None:
            return replace(self, run_rate=None, plan=None)
        return Line(self.id, *(known[name] for name in ("kind", "timing", "currency", "run_rate", "plan")))


def planned_in(said: str) -> tuple[int, Planned]:
    """Number and lines of the version in force from the column `plan` of the snapshot; 0 and none before the first."""
    for number, planned in json.loads(said):
        return number, json.loads(planned)
    return 0, {}


def working_line(row: Sequence[Any], cells: Cells | None) -> Line:
    """A line of the working plan: `row` is [id, name, kind, timing, category, currency, run rate]."""
    number, _, kind, timing, _, currency, run_rate = row
    draft = cells.draft if cells else []
    return Line(
        number, kind, timing, currency, run_rate, sum(amount for _, amount in draft) if draft else None
    )


def stated_in(planned: Planned, row: Sequence[Any]) -> list[Any]:
    """Such a row with the fields that a frozen version gives its amounts."""
    number, name, kind, timing, category, currency, _ = row
    known = planned.get(str(number))
    if known is None:
        return [number, name, kind, timing, category, currency, None]
    return [number, name, *(known[each] for each in ("kind", "timing", "category", "currency", "run_rate"))]
