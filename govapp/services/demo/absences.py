"""The absences of the demonstration: each is set by the absent person ahead of its first day, and begins on it."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from govapp.services._work import Origin
from govapp.services.demo.stage_set import Stage
from govapp.services.deputies import SetDeputy, begin_absences, set_deputy

_AHEAD = timedelta(days=14)


class Absences:
    """What is still to be set and to begin, in time order."""

    def __init__(self, data: Mapping[str, Any], stage: Stage) -> None:
        """`data` is the demonstration file."""
        zone = ZoneInfo(data["programme"]["timezone"])
        last = data["programme"]["as_of"] - timedelta(days=2)
        self._stage = stage
        self._ahead: list[tuple[datetime, Mapping[str, Any] | None]] = []
        for one in data["absences"]:
            named = datetime.combine(min(one["from"] - _AHEAD, last), time(9), zone)
            begins = datetime.combine(one["from"], time(0, 1), zone)
            self._ahead += [(named.astimezone(UTC), one), (begins.astimezone(UTC), None)]
        self._ahead.sort(key=lambda each: each[0])

    def until(self, at: datetime) -> None:
        """Set and begin everything that lies before a moment of the year."""
        while self._ahead and self._ahead[0][0] <= at:
            when, one = self._ahead.pop(0)
            if one is None:
                begin_absences(Origin(None, "import", at=when))
                continue
            people = self._stage.people
            set_deputy(
                SetDeputy(
                    self._stage.origin(one["person"], when), people[one["person"]], people[one["deputy"]],
                    one["from"], one["to"], (), one["reason"],
                )
            )  # fmt: skip
