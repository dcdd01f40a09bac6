"""The two statuses of measures at a past moment: computed by the rules of then, and the declared one where it held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.data.figures_then import Then
from govapp.data.report_queries import Recorded
from govapp.domain.measures import STATUS_KINDS
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot
from govapp.domain.status import Around, Rated, rate
from govapp.domain.status_rules import GREY
from govapp.jobs._gather_clocks import ClocksThen

NONE = "none"


@dataclass(frozen=True, slots=True)
class StatusThen:
    """A status as the card showed it: its colour, the declaration that gave it (None: computed), the computed one."""

    colour: str
    declared: Mapping[str, Any] | None
    lapsed: Mapping[str, Any] | None
    computed: Rated | None

    def kept(self) -> dict[str, Any]:
        """The computed one as a card keeps it."""
        rated = self.computed or Rated(GREY)
        return {"colour": rated.colour, "reasons": [[key, dict(values)] for key, values in rated.reasons]}


def statuses_then(
    recorded: Recorded, rules: Rules, snapshot: Snapshot, then: Then | None, clocks: ClocksThen, today: date
) -> dict[str, StatusThen]:
    """Both statuses by kind. Without figures nothing is computed, as in versions that have no rows for it."""
    around = None if then is None else _around(recorded, then, clocks, today)
    found = {}
    for kind in STATUS_KINDS:
        computed = rate(rules, kind, snapshot, around) if around is not None else None
        newest = next((row for row in reversed(recorded.statuses) if row["kind"] == kind), None)
        holds = newest is not None and _holds(newest, rules, computed, today)
        shown = str(newest["colour"]) if newest is not None and holds else _shown(computed)
        found[kind] = StatusThen(shown, newest if holds else None, None if holds else newest, computed)
    return found


def _shown(computed: Rated | None) -> str:
    return NONE if computed is None or computed.colour == GREY else computed.colour


def _holds(row: Mapping[str, Any], rules: Rules, computed: Rated | None, today: date) -> bool:
    until = row["until_day"]
    changed = (
        computed is not None
        and rules.statuses is not None
        and rules.statuses.lapses_on_change
        and row["computed"] not in {"", computed.colour}
    )
    return not changed and (until is None or until >= today)


def _around(recorded: Recorded, then: Then, clocks: ClocksThen, today: date) -> Around:
    calendar = clocks.calendars[recorded.measure["id"]]
    over = []
    review = recorded.open_review()
    for row in recorded.steps if review else ():
        worked = clocks.worked(recorded.measure["id"], row["id"], row["opened_at"])
        if (
            review
            and row["review_id"] == review["id"]
            and row["decided_at"] is None
            and row["target_hours"]
            and worked
        ):
            over.append(int(worked * 100 / Decimal(row["target_hours"])))
    return Around(
        today, calendar.is_working_day, then.dates.stones, then.forecast, then.dates.looked, max(over, default=0),
        bool(over), then.dates.fiscal_month,
    )  # fmt: skip
