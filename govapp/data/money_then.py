"""Amounts, plans, ledger and rates as they stood at a log sequence, for reports."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.ledger import LedgerRow, PlanVersion
from govapp.data.money_rows import Meta, frozen_of
from govapp.data.report_queries import chunks, kept
from govapp.domain.exchange import ACTUAL, PLAN, RateTable
from govapp.domain.money_rows import BOOKED, FIRST_PLAN, TOTAL, Cell, LineFacts, rows_of
from govapp.domain.rollups import Key, Rows


def rates_then(session: Session, seq: int, organization_id: int, own: str) -> RateTable:
    """The rates of an organization as they were."""
    rows = kept(
        session, seq, "currency_rate", lambda t: t.c.organization_id == organization_id,
        columns=("kind", "currency", "from_day", "rate"),
    )  # fmt: skip
    plan: dict[str, list[tuple[date, Decimal]]] = {}
    for row in sorted(rows, key=lambda row: row["from_day"]):
        if row["kind"] == PLAN:
            plan.setdefault(row["currency"], []).append((row["from_day"], Decimal(row["rate"])))
    actual = {(r["currency"], r["from_day"]): Decimal(r["rate"]) for r in rows if r["kind"] == ACTUAL}
    return RateTable(own, {currency: tuple(known) for currency, known in plan.items()}, actual)


def versions_then(session: Session, seq: int, measures: Sequence[int]) -> dict[int, list[PlanVersion]]:
    """Frozen plan versions by measure, in order, as far as there were any."""
    found: dict[int, list[PlanVersion]] = {}
    for ids in chunks(measures):
        statement = select(PlanVersion).where(PlanVersion.measure_id.in_(ids), PlanVersion.seq <= seq)
        for row in session.scalars(statement.order_by(PlanVersion.number)):
            found.setdefault(row.measure_id, []).append(row)
    return found


def rows_then(session: Session, seq: int, measures: Sequence[int], own: str, fiscal_month: int) -> Rows:
    """Sums of all lines of these measures as they were, by series, kind, timing, currency, rate and fiscal year."""
    pool: dict[Key, list[int]] = {}
    for ids in chunks(measures):
        for key, months in _of_chunk(session, seq, ids, own, fiscal_month):
            into = pool.setdefault(key, [0] * (TOTAL + 1))
            for place, minor in enumerate(months):
                into[place] += minor
    return list(pool.items())


def _of_chunk(session: Session, seq: int, ids: Sequence[int], own: str, fiscal_month: int) -> Rows:
    lines = kept(session, seq, "effect_line", lambda t: t.c.measure_id.in_(ids))
    cells: dict[int, list[Cell]] = {}
    columns = ("line_id", "series", "month", "amount", "plan_version")
    for row in kept(session, seq, "effect_value", lambda t: t.c.measure_id.in_(ids), columns=columns):
        cell = Cell(row["series"], row["month"], row["amount"], row["plan_version"])
        cells.setdefault(row["line_id"], []).append(cell)
    ledger = ledger_then(session, seq, ids)
    versions = versions_then(session, seq, ids)
    found = []
    for line in lines:
        known = versions.get(line["measure_id"], ())
        now, first = Meta.of(line, known), Meta.of(line, known[:1])
        currency = now.currency
        frozen = tuple(
            frozen_of(version, line["id"], "" if currency == own else currency) for version in known
        )
        facts = LineFacts(line["run_rate"], cells.get(line["id"], ()), ledger.get(line["id"], {}), frozen)
        for (series, year), (rate, months) in rows_of(facts, fiscal_month).items():
            code = own if series == BOOKED else currency
            meta = first if series == FIRST_PLAN else now
            found.append((Key(series, meta.kind, meta.timing, code, rate, year), months))
    return found


def ledger_then(
    session: Session, seq: int, ids: Sequence[int]
) -> dict[int, dict[date | None, tuple[int, int]]]:
    """Confirmed and booked sums of the ledger by line and month."""
    found: dict[int, dict[date | None, tuple[int, int]]] = {}
    statement = (
        select(
            LedgerRow.line_id, LedgerRow.month, func.sum(LedgerRow.amount).label("amount"),
            func.sum(LedgerRow.translated).label("booked"),
        )
        .where(LedgerRow.measure_id.in_(ids), LedgerRow.seq <= seq)
        .group_by(LedgerRow.line_id, LedgerRow.month)
    )  # fmt: skip
    for row in session.execute(statement):
        found.setdefault(row.line_id, {})[row.month] = int(row.amount), int(row.booked)
    return found
