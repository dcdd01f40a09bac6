"""What a dossier shows of confirmed money and of changes of a frozen plan, in words."""

from dataclasses import dataclass
from datetime import date, datetime

from govapp.present.closure import ProofRow
from govapp.present.plan_differences import PlanDifference


@dataclass(frozen=True, slots=True)
class ConfirmedShown:
    """What the ledger holds in one currency (posts under their name), as bare numbers; '' where nothing is."""

    currency: str
    at_closing: str
    since: str
    reversed: str
    leaked: str
    now: str


@dataclass(frozen=True, slots=True)
class LedgerShown:
    """A row of the ledger or a ruling. `taken_back`: the number of the row that reverses it."""

    number: int
    what: str
    line: str
    month: str
    actual: str
    booked: str
    person: str
    on_behalf_of: str
    at: datetime
    reason: str
    late: bool = False
    taken_back: int | None = None


@dataclass(frozen=True, slots=True)
class ClosingShown:
    """Confirmed money: by line with its due months, by currency, and the rows it is made of, newest first.

    `closed_at`: when the measure last came into its last stage; `older`: how many rows are left out.
    """

    lines: tuple[ProofRow, ...]
    confirmed: tuple[ConfirmedShown, ...]
    rows: tuple[LedgerShown, ...]
    closed_at: datetime | None = None
    older: int = 0


@dataclass(frozen=True, slots=True)
class PlanChangeShown:
    """A frozen version that came after another, and what it changed."""

    number: int
    frozen_on: date
    why: str
    difference: PlanDifference
