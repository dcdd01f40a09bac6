"""Reads what cells of effect lines hold, await and have confirmed: for verbs, closing and the measure's ledger."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import CellRuling, LedgerRow, PlanVersion
from govapp.domain.ledger import CONFIRMATION, EXCEPTED, LEAKAGE, NONE, Booking, Cell, LineMonths

Place = tuple[int, date | None]  # line and month of a cell
ACTUAL = "actual"


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of some lines: the rows of their actual amounts, sums of their ledger rows, exceptions, months expected."""

    actual: dict[Place, EffectValue]
    net: dict[Place, int]
    excepted: frozenset[Place]
    expected: dict[int, frozenset[date]]
    closed: date | None

    def at(self, line: int, month: date | None) -> Cell:
        """The cell as the rules read it."""
        row = self.actual.get((line, month))
        due = month is not None and self.closed is not None and month <= self.closed
        due = due and month in self.expected.get(line, frozenset())
        if row is None:
            standing = EXCEPTED if (line, month) in self.excepted else NONE
            return Cell(line, month, None, standing, net=self.net.get((line, month), 0), due=due)
        return Cell(
            line, month, row.amount, row.standing, frozenset(row.hands), self.net.get((line, month), 0), due,
            row.late_on is not None,
        )  # fmt: skip


def cells_of(session: Session, measure_id: int, lines: Collection[int], closed: date | None) -> Cells:
    """Everything about the cells of these lines of one measure; `closed`: the newest closed month."""
    return Cells(
        _actual(session, lines), net_by_cell(session, lines), _excepted(session, lines),
        expected_months(session, measure_id, lines), closed,
    )  # fmt: skip


def _actual(session: Session, lines: Collection[int]) -> dict[Place, EffectValue]:
    rows = session.scalars(
        select(EffectValue).where(EffectValue.line_id.in_(lines), EffectValue.series == ACTUAL)
    )
    return {(row.line_id, row.month): row for row in rows}


def net_by_cell(session: Session, lines: Collection[int]) -> dict[Place, int]:
    """What the ledger holds of each cell, in minor units."""
    rows = session.execute(
        select(LedgerRow.line_id, LedgerRow.month, func.sum(LedgerRow.amount))
        .where(LedgerRow.line_id.in_(lines))
        .group_by(LedgerRow.line_id, LedgerRow.month)
    )
    return {(line, month): int(total) for line, month, total in rows}


def proven_by_line(session: Session, measure_id: int, until: int | None = None) -> dict[int, tuple[int, int]]:
    """By line what the ledger holds, and how much has leaked (above zero), now or `until` a log sequence."""
    taken = aliased(LedgerRow)
    leaked = (LedgerRow.kind == LEAKAGE) | (taken.kind == LEAKAGE)
    statement = (
        select(
            LedgerRow.line_id,
            func.sum(LedgerRow.amount),
            func.sum(case((leaked, -LedgerRow.amount), else_=0)),
        )
        .outerjoin(taken, taken.id == LedgerRow.reverses_id)
        .where(LedgerRow.measure_id == measure_id)
        .group_by(LedgerRow.line_id)
    )
    if until is not None:
        statement = statement.where(LedgerRow.seq <= until)
    return {line: (int(net), int(lost)) for line, net, lost in session.execute(statement)}


def line_sums(session: Session, line: int) -> tuple[int, int]:
    """What the ledger holds of a line over all its months, and how much has leaked (above zero); minor units."""
    taken = aliased(LedgerRow)
    leaked = (LedgerRow.kind == LEAKAGE) | (taken.kind == LEAKAGE)
    row = session.execute(
        select(func.sum(LedgerRow.amount), func.sum(case((leaked, -LedgerRow.amount), else_=0)))
        .outerjoin(taken, taken.id == LedgerRow.reverses_id)
        .where(LedgerRow.line_id == line)
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


def first_confirmed(session: Session, line: int) -> date | None:
    """The first month of which an amount of the line is confirmed and not taken back; None where none has a month."""
    back = aliased(LedgerRow)
    return session.scalar(
        select(func.min(LedgerRow.month)).where(
            LedgerRow.line_id == line,
            LedgerRow.kind == CONFIRMATION,
            ~exists().where(back.reverses_id == LedgerRow.id),
        )
    )


def _excepted(session: Session, lines: Collection[int]) -> frozenset[Place]:
    rows = session.execute(
        select(CellRuling.line_id, CellRuling.month).where(
            CellRuling.line_id.in_(lines), CellRuling.verdict == EXCEPTED
        )
    )
    return frozenset((line, month) for line, month in rows)


def plan_in_force(session: Session, measure_id: int) -> int:
    """The number of the highest frozen version of the plan, 0 (the draft) while none is frozen."""
    newest = select(func.max(PlanVersion.number)).where(PlanVersion.measure_id == measure_id)
    return session.scalar(newest) or 0


def expected_months(session: Session, measure_id: int, lines: Iterable[int]) -> dict[int, frozenset[date]]:
    """By line, months in which its plan in force or its forecast holds an amount other than zero."""
    number = select(func.coalesce(func.max(PlanVersion.number), 0)).where(
        PlanVersion.measure_id == measure_id
    )
    planned = (EffectValue.series == "plan") & (EffectValue.plan_version == number.scalar_subquery())
    rows = session.execute(
        select(EffectValue.line_id, EffectValue.month)
        .where(
            EffectValue.line_id.in_(list(lines)),
            or_(planned, EffectValue.series == "forecast"),
            EffectValue.month.is_not(None),
            EffectValue.amount != 0,
        )
        .distinct()
    )
    found: dict[int, set[date]] = {}
    for line, month in rows:
        if month is not None:
            found.setdefault(line, set()).add(month)
    return {line: frozenset(months) for line, months in found.items()}


def line_months(session: Session, measure_id: int) -> list[LineMonths]:
    """Every line of a measure with the months it expects and how its cells stand: for closing and its gate."""
    lines = list(
        session.scalars(
            select(EffectLine.id).where(EffectLine.measure_id == measure_id).order_by(EffectLine.id)
        )
    )
    expected = expected_months(session, measure_id, lines)
    standings: dict[int, dict[date | None, str]] = {line: {} for line in lines}
    for line, month in _excepted(session, lines):
        standings[line][month] = EXCEPTED
    for (line, month), row in _actual(session, lines).items():
        standings[line][month] = row.standing
    return [LineMonths(line, expected.get(line, frozenset()), standings[line]) for line in lines]


def booking(session: Session, row: LedgerRow) -> Booking:
    """A row of the ledger with whether a later one takes it back."""
    back = session.scalar(select(LedgerRow.id).where(LedgerRow.reverses_id == row.id).limit(1))
    return Booking(row.id, row.kind, row.amount, back is not None)


def confirmed_sums(session: Session, measure_id: int) -> dict[str, int]:
    """What the ledger holds of a measure, in minor units by currency; FTE stands under ''."""
    rows = session.execute(
        select(LedgerRow.currency, func.sum(LedgerRow.amount))
        .where(LedgerRow.measure_id == measure_id)
        .group_by(LedgerRow.currency)
    )
    return {currency: int(total) for currency, total in rows}


def rows_since(session: Session, measure_id: int, after: int) -> list[tuple[str, str, int, str]]:
    """Rows made after a sequence: currency, kind, amount, and of a reversal the kind of the row it takes back."""
    taken = aliased(LedgerRow)
    rows = session.execute(
        select(LedgerRow.currency, LedgerRow.kind, LedgerRow.amount, func.coalesce(taken.kind, ""))
        .outerjoin(taken, taken.id == LedgerRow.reverses_id)
        .where(LedgerRow.measure_id == measure_id, LedgerRow.seq > after)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
