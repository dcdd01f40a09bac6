"""What closing proves of money: by line what was planned, booked, confirmed and lost again, and which months are open.

Amounts are minor units of the line's currency (posts: 1/10,000). Kinds and currencies are never added to each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from govapp.domain.criteria_figures import REFUSED, open_months, total
from govapp.domain.effect_rules import ONE_OFF, RECURRING
from govapp.domain.snapshot import LineFact

NET = "net"
COLUMNS = ("plan", "actual", "confirmed", "leaked")
Net = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Proven:
    """Sums over all months: `confirmed` is what the ledger holds now, of which `leaked` is already taken off."""

    plan: int = 0
    actual: int = 0
    confirmed: int = 0
    leaked: int = 0

    def __add__(self, other: "Proven") -> "Proven":
        return Proven(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A line with its sums, and its due months that are open, refused or excepted, as YYYY-MM ('' undated).

    `due`: how many months closing looks at.
    """

    id: int
    name: str
    kind: str
    timing: str
    currency: str
    sums: Proven
    due: int
    open: tuple[str, ...]
    refused: tuple[str, ...]
    excepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofSum:
    """Sums of one kind and currency. `of`: recurring (the gross effect), one_off, or net, which is both."""

    kind: str
    currency: str
    of: str
    sums: Proven


def proof_lines(lines: Iterable[LineFact], ledger: Mapping[int, Net]) -> list[ProofLine]:
    """The lines as closing sees them; `ledger` holds by line what is confirmed now and what has leaked (above zero)."""
    found = []
    for line in lines:
        confirmed, leaked = ledger.get(line.id, (0, 0))
        booked = sum(amount for _, amount, _ in line.actual)
        refused = {month for month, _, standing in line.actual if standing == REFUSED}
        found.append(
            ProofLine(
                line.id, line.name, line.kind, line.timing, line.currency,
                Proven(total(line.plan), booked, confirmed, leaked), len(line.due), tuple(open_months(line)),
                tuple(month for month in line.due if month in refused),
                tuple(month for month in line.due if month in line.excepted),
            )
        )  # fmt: skip
    return found


def proof_sums(lines: Iterable[ProofLine]) -> list[ProofSum]:
    """Gross, one-off and net of each kind and currency, in the order of the lines; a single line is its own sum."""
    groups: dict[tuple[str, str], list[ProofLine]] = {}
    for line in lines:
        groups.setdefault((line.kind, line.currency), []).append(line)
    found = []
    for (kind, currency), mine in groups.items():
        if len(mine) == 1:
            continue
        parts = {
            timing: [line.sums for line in mine if line.timing == timing] for timing in (RECURRING, ONE_OFF)
        }
        if all(parts.values()):
            found += [ProofSum(kind, currency, timing, sum(each, Proven())) for timing, each in parts.items()]
        found.append(ProofSum(kind, currency, NET, sum((line.sums for line in mine), Proven())))
    return found
