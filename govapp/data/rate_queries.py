"""The rates of an organization: as a value to translate with, as its page shows them, and which are missing."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.finance import CurrencyRate, EffectLine, EffectValue
from govapp.data.measures import Measure
from govapp.data.structure import Organization
from govapp.domain.exchange import ACTUAL, PLAN, RateTable


def rate_table(session: Session, organization_id: int) -> RateTable:
    """All rates of an organization, plan rates in order of their first day."""
    found = session.execute(
        select(
            Organization.currency.label("own"), CurrencyRate.kind, CurrencyRate.currency, CurrencyRate.from_day,
            CurrencyRate.rate,
        )
        .outerjoin(CurrencyRate, CurrencyRate.organization_id == Organization.id)
        .where(Organization.id == organization_id)
        .order_by(CurrencyRate.from_day)
    ).all()  # fmt: skip
    own = found[0].own if found else ""
    rows = [row for row in found if row.kind]
    plan: dict[str, list[tuple[date, Decimal]]] = {}
    for row in rows:
        if row.kind == PLAN:
            plan.setdefault(row.currency, []).append((row.from_day, Decimal(row.rate)))
    actual = {(row.currency, row.from_day): Decimal(row.rate) for row in rows if row.kind == ACTUAL}
    return RateTable(own, {currency: tuple(known) for currency, known in plan.items()}, actual)


@dataclass(frozen=True, slots=True)
class RateShown:
    """A rate as it stands: its first day (of its month, where actual), worth as text decimal, version."""

    kind: str
    currency: str
    from_day: date
    rate: str
    version: int


def rates_shown(session: Session, organization_id: int) -> list[RateShown]:
    """All rates of an organization, by kind and currency, the newest day first."""
    rows = session.scalars(
        select(CurrencyRate)
        .where(CurrencyRate.organization_id == organization_id)
        .order_by(CurrencyRate.kind, CurrencyRate.currency, CurrencyRate.from_day.desc())
    )
    return [RateShown(row.kind, row.currency, row.from_day, row.rate, row.version) for row in rows]


def currencies_used(session: Session, organization_id: int) -> list[str]:
    """Currencies of the effect lines of an organization's measures, the own one among them where it is used."""
    found = (
        select(EffectLine.currency)
        .join(Measure, Measure.id == EffectLine.measure_id)
        .where(Measure.organization_id == organization_id, EffectLine.currency != "")
        .distinct()
    )
    return sorted(session.scalars(found))


def months_without_rate(session: Session, organization_id: int, own: str) -> dict[str, list[date]]:
    """Months that hold actual amounts in a foreign currency and have no actual rate, by currency."""
    rows = session.execute(
        select(EffectLine.currency, EffectValue.month)
        .join(EffectLine, EffectLine.id == EffectValue.line_id)
        .join(Measure, Measure.id == EffectValue.measure_id)
        .outerjoin(
            CurrencyRate,
            (CurrencyRate.organization_id == organization_id)
            & (CurrencyRate.kind == ACTUAL)
            & (CurrencyRate.currency == EffectLine.currency)
            & (CurrencyRate.from_day == EffectValue.month),
        )
        .where(
            Measure.organization_id == organization_id,
            EffectValue.series == ACTUAL,
            EffectValue.month.is_not(None),
            EffectLine.currency.not_in(["", own]),
            CurrencyRate.id.is_(None),
        )
        .distinct()
        .order_by(EffectLine.currency, EffectValue.month)
    )
    found: dict[str, list[date]] = {}
    for row in rows:
        if row.month is not None:
            found.setdefault(row.currency, []).append(row.month)
    return found
