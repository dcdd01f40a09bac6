"""Cells of the money grid: a line, a series, a month (or none, for a whole-life amount), and what they may hold."""

from dataclasses import dataclass
from datetime import date

from govapp.domain.measures import SERIES, date_fault
from govapp.domain.permissions import Permission
from govapp.domain.planning import YEAR, apart, first_of

CellKey = tuple[int, str, date | None]
UNDATED = "total"
CONFIRMED = "confirmed"
BEFORE_YEARS, AFTER_YEARS = 50, 10
# series whose months lie within the life of the line; a baseline is older, and an invoice may come early
WITHIN_LIFE = frozenset({"plan", "target", "forecast"})
RIGHTS = {"forecast": Permission.FINANCE_FORECAST, "actual": Permission.FINANCE_ACTUAL}
BY_PERIOD = frozenset({"forecast", "actual"})


def right_for(series: str) -> Permission:
    """The permission that entering an amount of a series takes."""
    return RIGHTS.get(series, Permission.FINANCE_PLAN)


def name_of(cell: CellKey) -> str:
    """A cell by name, as forms, faults and conflicts carry it: `12:plan:2026-05`, `12:plan:total`."""
    line, series, month = cell
    return f"{line}:{series}:{month.isoformat()[:7] if month else UNDATED}"


def cell_of(name: str) -> CellKey | None:
    """The cell of a name; None for what is no name of a cell."""
    line, _, rest = name.partition(":")
    series, _, month = rest.partition(":")
    if not (line.isascii() and line.isdigit() and len(line) < 16 and series):
        return None
    if month == UNDATED:
        return int(line), series, None
    try:
        return int(line), series, date.fromisoformat(f"{month}-01")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Life:
    """When a line starts: by its plan, and by what is expected today (they differ once its milestone has slipped)."""

    planned: date | None = None
    expected: date | None = None

    def start_of(self, series: str) -> date | None:
        """The month with which a series of the line begins at the earliest; None: no bound."""
        if series not in WITHIN_LIFE:
            return None
        start = self.expected if series == "forecast" else self.planned
        return first_of(start) if start else None


def series_fault(series: str) -> str:
    """Why amounts of a series are not entered: '', confirmed_not_entered (the ledger's), unknown_choice."""
    if series == CONFIRMED:
        return "confirmed_not_entered"
    return "" if series in SERIES else "unknown_choice"


def month_fault(series: str, month: date | None, life: Life, today: date) -> str:
    """Why a line holds no amount in a month: '' or a code.

    date_out_of_range (1950 to 2200), month_out_of_range (50 years before to 10 years after the start of the line, or
    after today where it has none), month_before_start (plan, target, forecast), month_ahead (actual, not begun yet).
    """
    if month is None:
        return ""
    if date_fault(month):
        return "date_out_of_range"
    start = life.expected or life.planned
    if start is not None and -apart(start, month) > BEFORE_YEARS * YEAR:
        return "month_out_of_range"
    if apart(start or today, month) > AFTER_YEARS * YEAR:
        return "month_out_of_range"
    if series == "actual" and month > today:
        return "month_ahead"
    begins = life.start_of(series)
    return "month_before_start" if begins is not None and month < begins else ""


def standing_fault(series: str, *, frozen: bool, confirmed: bool, closed: bool) -> str:
    """Why an amount stands still: '', plan_frozen, amount_confirmed, period_locked (for who may not add to it)."""
    if series == "plan" and frozen:
        return "plan_frozen"
    if series == "actual" and confirmed:
        return "amount_confirmed"
    return "period_locked" if series in BY_PERIOD and closed else ""
