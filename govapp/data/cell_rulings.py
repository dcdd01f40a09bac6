"""What was last ruled on cells of a list: confirmed with which amount or refused, by whom, when and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, cast, null, select, union_all
from sqlalchemy.orm import Session, aliased

from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.people import Person
from govapp.domain.ledger import CONFIRMATION, REFUSED


@dataclass(frozen=True, slots=True)
class LastRuling:
    """A ruling: the amount confirmed (minor units of the line's currency; None: refused), who, for whom, when, why."""

    amount: int | None
    by: str
    on_behalf_of: str
    at: datetime
    reason: str
    document: str


def last_rulings(
    session: Session, cells: Collection[tuple[int, date | None]]
) -> dict[tuple[int, date | None], LastRuling]:
    """The newest confirmation or refusal of each of these cells (line, month), in one statement."""
    lines = sorted({line for line, _ in cells})
    if not lines:
        return {}
    who, absent = aliased(Person), aliased(Person)
    parts = []
    for table, amount, kind in (
        (LedgerRow, LedgerRow.amount, LedgerRow.kind == CONFIRMATION),
        (CellRuling, cast(null(), BigInteger), CellRuling.verdict == REFUSED),
    ):
        parts.append(
            select(
                table.seq.label("seq"), table.id.label("id"), table.line_id, table.month, amount.label("amount"),
                who.name.label("by"), absent.name.label("absent"), table.at, table.reason, table.document,
            )
            .outerjoin(who, who.id == table.person_id)
            .outerjoin(absent, absent.id == table.on_behalf_of)
            .where(table.line_id.in_(lines), kind)
        )  # fmt: skip
    both = union_all(*parts).subquery()
    found = {}
    for row in session.execute(select(both).order_by(both.c.seq, both.c.id)):
        found[row.line_id, row.month] = LastRuling(
            row.amount, row.by or "", row.absent or "", row.at, row.reason, row.document
        )
    return found
