"""The rates of an organization as a value."""

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.finance import CurrencyRate
from govapp.data.structure import Organization
from govapp.domain.exchange import ACTUAL, PLAN, RateTable


def rate_table(session: Session, organization_id: int) -> RateTable:
    """All rates of an organization, plan rates in order of their first day."""
    own = session.scalar(select(Organization.currency).where(Organization.id == organization_id)) or ""
    rows = session.execute(
        select(CurrencyRate.kind, CurrencyRate.currency, CurrencyRate.from_day, CurrencyRate.rate)
        .where(CurrencyRate.organization_id == organization_id)
        .order_by(CurrencyRate.from_day)
    ).all()
    plan: dict[str, list[tuple[date, Decimal]]] = {}
    for row in rows:
        if row.kind == PLAN:
            plan.setdefault(row.currency, []).append((row.from_day, Decimal(row.rate)))
    actual = {(row.currency, row.from_day): Decimal(row.rate) for row in rows if row.kind == ACTUAL}
    return RateTable(own, {currency: tuple(known) for currency, known in plan.items()}, actual)
