"""The two statuses on a card: computed where the rules say how, and the declared one while it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from govapp.data.reviews import ReviewStep
from govapp.data.snapshots import Loaded
from govapp.data.status_rows import LOOKED, Declared
from govapp.domain.measures import STATUS_KINDS
from govapp.domain.status import Around, Rated, next_day, rate
from govapp.domain.status_rules import GREY
from govapp.domain.working_time import Calendar, working_time
from govapp.services._work import Work

NONE = "none"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the card keeps of statuses, and the next day on which time alone may change a computed one."""

    card: dict[str, Any]
    turn: date | None = None


def _rate(work: Work, loaded: Loaded, steps: Iterable[ReviewStep], today: date) -> Kept:
    """Both statuses; `steps` are the rows of the open review. Only rules with a section `statuses` compute any."""
    if loaded.rules.statuses is None:
        shown = {kind: _declared(loaded, kind, "", today) for kind in STATUS_KINDS}
        return Kept({**{kind: colour or NONE for kind, colour in shown.items()}, "computed": {}})
    around = _around(work, loaded, steps, today)
    rated = {kind: rate(loaded.rules, kind, loaded.snapshot, around) for kind in STATUS_KINDS}
    card: dict[str, Any] = {
        kind: _declared(loaded, kind, each.colour, today) or _shown(each.colour)
        for kind, each in rated.items()
    }
    card["computed"] = {kind: _plain(each) for kind, each in rated.items()}
    return Kept(card, next_day(loaded.rules, loaded.snapshot, around))


def _plain(rated: Rated) -> dict[str, Any]:
    return {"colour": rated.colour, "reasons": [[key, dict(values)] for key, values in rated.reasons]}


def _shown(colour: str) -> str:
    return NONE if colour == GREY else colour


def _declared(loaded: Loaded, kind: str, computed: str, today: date) -> str:
    """The declared colour while it holds, else ''."""
    said = loaded.declared.get(kind)
    return said.colour if said is not None and holds(loaded, said, computed, today) else ""


def holds(loaded: Loaded, said: Declared, computed: str, today: date) -> bool:
    """Whether a declared status holds: its day is not over, and the computed colour is the one it was declared beside.

    One that was declared before anything was computed holds for its time.
    """
    rules = loaded.rules.statuses
    changed = rules is not None and rules.lapses_on_change and said.computed not in {"", computed}
    return not changed and (said.until is None or said.until >= today)


def _around(work: Work, loaded: Loaded, steps: Iterable[ReviewStep], today: date) -> Around:
    calendar = loaded.clock.calendar
    over = [_over(work, calendar, row) for row in steps if row.state == "open" and row.target_hours]
    rows = loaded.dates
    looked = {kind: today if _touched(work, loaded, kind) else day for kind, day in rows.looked.items()}
    return Around(
        today, partial(_works, calendar), rows.stones, loaded.forecast, looked, max(over, default=0), bool(over),
        rows.fiscal_month,
    )  # fmt: skip


def _works(calendar: Calendar, day: date) -> bool:
    return calendar.is_working_day(day)


def _touched(work: Work, loaded: Loaded, kind: str) -> bool:
    """Whether this very transaction touches dates or forecast, of which the log knows nothing yet."""
    return any(each.measure_id == loaded.measure.id and each.event in LOOKED[kind] for each in work.entries)


def _over(work: Work, calendar: Calendar, row: ReviewStep) -> int:
    """Percent of its target that an open step has waited; 0 until it has passed the whole of it."""
    if row.target_at is None or not row.target_hours or row.target_at >= work.at:
        return 0
    late = working_time(calendar, row.target_at, work.at).total_seconds() / 3600
    return 100 + int(late * 100 / row.target_hours)
