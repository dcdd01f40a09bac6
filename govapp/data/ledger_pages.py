"""Reads the ledger of one measure for its page: every row and ruling with who did it, and the sums since closing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from govapp.data.finance import EffectLine
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.ledger_queries import rows_since
from govapp.data.measures import StagePassage
from govapp.data.people import Person
from govapp.domain.ledger import CONFIRMATION, Sums, sums_of

_EVER = 2**62  # no log is that long


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger, or a ruling (`ruling`: refused, excepted), as the page shows it. Amounts are minor units.

    `reversed_by`: the id of the row that takes it back.
    """

    id: int
    line_id: int
    line: str
    month: date | None
    kind: str
    amount: int | None
    claimed: int | None
    currency: str
    rate: str
    translated: int | None
    reason: str
    late: bool
    reverses_id: int | None
    document: str
    signed_name: str
    at: datetime
    seq: int
    person: str
    on_behalf_of: str
    ruling: bool = False
    reversed_by: int | None = None
    person_id: int | None = None
    behalf_id: int | None = None


def entries(session: Session, measure_id: int, until: int | None = None) -> list[Entry]:
    """Every row and ruling of a measure, newest first, in two statements; those made `until` a log sequence."""
    person, absent = aliased(Person), aliased(Person)
    back = aliased(LedgerRow)
    row, ruling = LedgerRow, CellRuling
    last = _EVER if until is None else until
    rows: Any = session.execute(
        select(
            row.id, row.line_id, EffectLine.name, row.month, row.kind, row.amount, row.claimed, row.currency, row.rate,
            row.translated, row.reason, row.late, row.reverses_id, row.document, row.signed_name, row.at, row.seq,
            func.coalesce(person.name, ""), func.coalesce(absent.name, ""), back.id, row.person_id, row.on_behalf_of,
        )
        .join(EffectLine, EffectLine.id == row.line_id)
        .outerjoin(person, person.id == row.person_id)
        .outerjoin(absent, absent.id == row.on_behalf_of)
        .outerjoin(back, (back.reverses_id == row.id) & (back.seq <= last))
        .where(row.measure_id == measure_id, row.seq <= last)
    )  # fmt: skip
    found = [Entry(*[*each[:19], False, *each[19:]]) for each in rows]
    rulings: Any = session.execute(
        select(
            ruling.id, ruling.line_id, EffectLine.name, ruling.month, ruling.verdict, ruling.claimed,
            EffectLine.currency, ruling.reason, ruling.document, ruling.signed_name, ruling.at, ruling.seq,
            func.coalesce(person.name, ""), func.coalesce(absent.name, ""), ruling.person_id, ruling.on_behalf_of,
        )
        .join(EffectLine, EffectLine.id == ruling.line_id)
        .outerjoin(person, person.id == ruling.person_id)
        .outerjoin(absent, absent.id == ruling.on_behalf_of)
        .where(ruling.measure_id == measure_id, ruling.seq <= last)
    )  # fmt: skip
    found += [
        Entry(*[
            *each[:5], None, each[5], each[6], "", None, each[7], False, None, *each[8:14], True, None, *each[14:],
        ])
        for each in rulings
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.seq, each.id), reverse=True)


def last_closing(
    session: Session, measure_id: int, stage: str, until: int | None = None
) -> StagePassage | None:
    """The newest passage of a measure into its last stage, of those `until` a log sequence."""
    return session.scalars(
        select(StagePassage)
        .where(
            StagePassage.measure_id == measure_id, StagePassage.stage == stage,
            StagePassage.entered_seq <= (_EVER if until is None else until),
        )
        .order_by(StagePassage.id.desc())
        .limit(1)
    ).first()  # fmt: skip


def sums_by_currency(session: Session, measure_id: int, closing: StagePassage | None) -> dict[str, Sums]:
    """Confirmed at closing and since, reversed, leaked and now, by currency; without a closing all of it is since."""
    after = closing.entered_seq if closing else -1
    since = rows_since(session, measure_id, after)
    at_closing = dict(closing.confirmed) if closing else {}
    currencies = sorted({row[0] for row in since} | set(at_closing))
    return {
        currency: sums_of(
            [(kind, amount, of) for each, kind, amount, of in since if each == currency],
            int(at_closing.get(currency, 0)),
        )
        for currency in currencies
    }


def confirmed_lines(found: Sequence[Entry]) -> dict[int, int]:
    """What is confirmed now of each line, from all its rows."""
    sums: dict[int, int] = {}
    for each in found:
        if not each.ruling:
            sums[each.line_id] = sums.get(each.line_id, 0) + (each.amount or 0)
    return sums


def confirmed_by(
    session: Session, cells: Iterable[tuple[int, Any, date | None]]
) -> dict[Any, tuple[str, datetime]]:
    """Who confirmed cells (line, series, month) last, and when."""
    wanted = {(line, month): (line, series, month) for line, series, month in cells}
    rows = session.execute(
        select(LedgerRow.line_id, LedgerRow.month, Person.name, LedgerRow.at)
        .outerjoin(Person, Person.id == LedgerRow.person_id)
        .where(LedgerRow.line_id.in_({line for line, _ in wanted}), LedgerRow.kind == CONFIRMATION)
        .order_by(LedgerRow.id)
    )
    return {wanted[line, month]: (who or "", at) for line, month, who, at in rows if (line, month) in wanted}
