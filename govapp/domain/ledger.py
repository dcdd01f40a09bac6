"""The ledger: what an amount of a line and month awaits, what a controller may do with it, and why not (R05).

Confirmed is what the rows of the ledger add up to: confirmations, reversals of rows, leakage after closing. A cell is
one line and one month, or the line's undated amount. All amounts are minor units of the line's currency.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

CONFIRMATION, REVERSAL, LEAKAGE = "confirmation", "reversal", "leakage"
FULL, PART, REFUSE, EXCEPT = "full", "part", "refuse", "except"
ACTS = (FULL, PART, REFUSE, EXCEPT)
# Standing of a cell. AWAITS to REFUSED are kept with the actual amount; the others say that there is none.
AWAITS, CONFIRMED, REFUSED, EXCEPTED, NONE = "awaits", "confirmed", "refused", "excepted", ""
MISSING = "missing"
LISTS = (AWAITS, MISSING, REFUSED, CONFIRMED)
RULED = frozenset({CONFIRMED, REFUSED})
SETTLED = frozenset({CONFIRMED, REFUSED, EXCEPTED})
REASON_MOST = 2000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it stands: the actual amount (None: there is none), who entered it, and its rows' sum `net`.

    `due`: the month is closed and the plan or the forecast expects an amount in it. `late`: the amount was added after
    the month was closed.
    """

    line: int
    month: date | None
    amount: int | None
    standing: str
    hands: frozenset[int] = frozenset()
    net: int = 0
    due: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """A row of the ledger. `reversed`: a later row has taken it back."""

    id: int
    kind: str
    amount: int
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class CellAsk:
    """What somebody wants done with a cell: full, part (`part` minor units), refuse or except.

    `seen`: the amount that was shown.
    """

    act: str
    part: int | None = None
    reason: str = ""
    seen: int | None = None


def why_not(
    cell: Cell, ask: CellAsk, people: Collection[int], today: date, late_of: int | None = None
) -> list[str]:
    """Codes of everything that stands against the act; none: it may be done.

    `people`: the acting person and everybody by whose conflicts they are bound (deputies: R03, R05). `late_of`: their
    right reaches only what this person had a hand in adding late.
    """
    if ask.act not in ACTS:
        return ["unknown_choice"]
    if late_of is not None and not (cell.late and late_of in cell.hands):
        return ["not_the_controller"]
    found = _of_amount(cell, ask)
    if ask.act == EXCEPT:
        found = _of_exception(cell)
    if cell.hands & set(people) and ask.act != EXCEPT:
        found.append("entered_it")
    if cell.month is not None and cell.month > today.replace(day=1):
        found.append("month_ahead")
    if len(ask.reason) > REASON_MOST:
        found.append("too_long")
    elif ask.act != FULL and not ask.reason:
        found.append("reason_needed")
    return found


def _of_exception(cell: Cell) -> list[str]:
    if cell.amount is not None:
        return ["amount_there"]
    if cell.standing == EXCEPTED:
        return ["already_excepted"]
    return [] if cell.due else ["month_not_due"]


def _of_amount(cell: Cell, ask: CellAsk) -> list[str]:
    if cell.amount is None:
        return ["no_amount"]
    if cell.standing == CONFIRMED:
        return ["already_confirmed"]
    if ask.seen is not None and ask.seen != cell.amount:
        return ["amount_changed"]
    if ask.act == REFUSE and cell.standing == REFUSED:
        return ["already_refused"]
    return [fault] if ask.act == PART and (fault := part_fault(cell.amount, ask.part)) else []


def part_fault(amount: int, part: int | None) -> str:
    """Why a part of an amount cannot be confirmed: '', part_needed, part_is_nothing, part_sign or part_too_large.

    To confirm nothing of an amount is to refuse it.
    """
    if part is None:
        return "part_needed"
    if not part and amount:
        return "part_is_nothing"
    if part and (part > 0) != (amount > 0):
        return "part_sign" if amount else "part_too_large"
    return "part_too_large" if abs(part) > abs(amount) else ""


def confirmed_by(cell: Cell, ask: CellAsk) -> int:
    """The amount that an act which is allowed confirms."""
    if ask.act == PART and ask.part is not None:
        return ask.part
    return cell.amount or 0


def why_not_reversed(row: Booking, line_net: int, line_leaked: int, reason: str) -> list[str]:
    """Codes of what stands against taking a row back; `line_net` is what its line's rows add up to.

    A reversal is never reversed: the month is open again and takes a new confirmation. What has leaked of the line
    since (`line_leaked`, above zero) cannot be more than what would be left.
    """
    found = []
    if row.kind == REVERSAL:
        found.append("reversal_stays")
    if row.reversed:
        found.append("already_reversed")
    if row.kind == CONFIRMATION and not row.reversed and line_leaked > 0 > line_net - row.amount:
        found.append("leaked_since")
    return found + _reason_faults(reason)


def why_not_leaked(line_net: int, lost: int, reason: str, *, closed: bool) -> list[str]:
    """Codes of what stands against booking `lost` (above zero) as leakage of a line that has `line_net` confirmed."""
    found = [] if closed else ["not_closed_yet"]
    if lost <= 0:
        found.append("leakage_positive")
    elif lost > line_net:
        found.append("leakage_too_large")
    return found + _reason_faults(reason)


def leaked_month_fault(month: date, since: date | None, today: date) -> list[str]:
    """Codes of why nothing leaks as of a month: it has not begun, or lies before the line's first confirmed month."""
    if month > today.replace(day=1):
        return ["month_ahead"]
    return ["leakage_before_effect"] if since is not None and month < since else []


def _reason_faults(reason: str) -> list[str]:
    if len(reason) > REASON_MOST:
        return ["too_long"]
    return [] if reason else ["reason_needed"]


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows of one currency add up to; a reversal of leakage counts as less leaked."""

    at_closing: int
    since: int
    reversed: int
    leaked: int

    @property
    def now(self) -> int:
        """Confirmed now = confirmed at closing + confirmed since - reversed - leaked."""
        return self.at_closing + self.since - self.reversed - self.leaked


def sums_of(rows: Iterable[tuple[str, int, str]], at_closing: int) -> Sums:
    """The four sums from rows made since closing: kind, amount, and of a reversal the kind of the row taken back."""
    since = back = leaked = 0
    for kind, amount, of in rows:
        if kind == CONFIRMATION:
            since += amount
        elif kind == REVERSAL and of != LEAKAGE:
            back -= amount
        else:
            leaked -= amount
    return Sums(at_closing, since, back, leaked)


@dataclass(frozen=True, slots=True)
class LineMonths:
    """What closing asks of a line: months in which plan or forecast expects an amount, and standings of its cells.

    `standings` holds what is there by month (None: undated): awaits, confirmed, refused or excepted.
    """

    line: int
    expected: frozenset[date]
    standings: dict[date | None, str]


def due_months(line: LineMonths, until: date | None) -> list[date | None]:
    """Months up to the last closed one that have to be settled: where an amount is expected or there. An undated actual
    amount always has to be. In order, undated first."""
    months: set[date] = set()
    if until is not None:
        months = {month for month in line.expected if month <= until}
        months |= {month for month in line.standings if month is not None and month <= until}
    return [*((None,) if None in line.standings else ()), *sorted(months)]


def unsettled(line: LineMonths, until: date | None) -> list[date | None]:
    """Due months that are neither confirmed nor refused nor excepted (issue, Confirmation: closing needs every one)."""
    return [month for month in due_months(line, until) if line.standings.get(month, NONE) not in SETTLED]


@dataclass(frozen=True, slots=True)
class Total:
    """What amounts add up to in one kind and currency; unlike kinds are never added (product.md, Money)."""

    kind: str
    currency: str
    cells: int
    amount: int
