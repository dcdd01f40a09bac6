"""Effect lines as gates and cards read them: of the working plan, or of the version in force."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


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


def plan_in_force(said: str, draft: tuple[Line, ...]) -> tuple[int, tuple[Line, ...]]:
    """Number and lines of the plan in force; lines that its version does not have bear nothing in it."""
    for number, planned in json.loads(said):
        known = json.loads(planned)
        return number, tuple(_frozen_line(line, known.get(str(line.id))) for line in draft)
    return 0, draft


def _frozen_line(line: Line, known: Mapping[str, Any] | None) -> Line:
    if known is None:
        return replace(line, run_rate=None, plan=None)
    return Line(line.id, *(known[name] for name in ("kind", "timing", "currency", "run_rate", "plan")))
