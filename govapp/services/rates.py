"""Plan rates: what one unit of a foreign currency is worth in the organization's own, for values decided by limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate
from govapp.data.measures import Measure
from govapp.data.reviews import Review
from govapp.data.structure import Branch, Organization
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.money import rate_fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.domain.structure import currency_fault
from govapp.services._work import Origin, Work, writing
from govapp.services.settling import settle_in_chunks

PLAN = "plan"


@dataclass(frozen=True, slots=True)
class SetPlanRates:
    """Worth of one unit of each currency in the organization's own, from a day on; currencies not named stay."""

    origin: Origin
    organization: str
    from_day: date
    rates: Mapping[str, Decimal]


def set_plan_rates(command: SetPlanRates) -> int:
    """Set plan rates; returns how many were added or changed. Needs `finance:confirm` on the whole organization.

    Reviews whose path follows the value are brought in line right after it, in chunks: one that is decided meanwhile
    reads the new rates itself. Raises NotFound, Refused, Invalid by currency.
    """
    changed = writing(command.origin, lambda work: _set_plan_rates(work, command))
    if changed:
        with reading() as session:
            waiting = session.scalars(
                select(Review.measure_id)
                .join(Measure, Measure.id == Review.measure_id)
                .join(Organization, Organization.id == Measure.organization_id)
                .where(Organization.key == command.organization, Review.state == "open")
            ).all()
        settle_in_chunks(command.origin, waiting)
    return changed


def _set_plan_rates(work: Work, command: SetPlanRates) -> int:
    row = work.session.execute(
        select(Organization, Branch)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .where(Organization.key == command.organization)
        .with_for_update(of=Organization)
    ).first()
    if row is None:
        raise NotFound("not_found", organization=command.organization)
    organization, root = row
    right = may(work.actor, Permission.FINANCE_CONFIRM, Place(root.path, {}, root.id))
    _refuse(organization.currency, command.rates)
    statement = select(CurrencyRate).where(
        CurrencyRate.organization_id == organization.id,
        CurrencyRate.kind == PLAN,
        CurrencyRate.from_day == command.from_day,
    )
    held = {rate.currency: rate for rate in work.session.scalars(statement)}
    changed: dict[str, list[str | None]] = {}
    for currency, rate in sorted(command.rates.items()):
        stored, said = held.get(currency), str(rate)
        if stored is not None and Decimal(stored.rate) == rate:
            continue
        changed[currency] = [stored.rate if stored else None, said]
        if stored is None:
            stored = CurrencyRate(
                organization_id=organization.id, kind=PLAN, currency=currency, from_day=command.from_day
            )
            work.session.add(stored)
        stored.rate = said
    if not changed:
        return 0
    work.session.flush()
    work.log(
        Event.PLAN_RATES_SET, {"from_day": command.from_day.isoformat(), "changes": changed},
        right=right, object_type="organization", object_id=organization.key, branch_id=root.id,
    )  # fmt: skip
    return len(changed)


def _refuse(own: str, rates: Mapping[str, Decimal]) -> None:
    faults = {}
    for currency, rate in rates.items():
        fault = currency_fault(currency) or ("rate_of_own_currency" if currency == own else rate_fault(rate))
        if fault:
            faults[currency] = [fault]
    if faults:
        raise Invalid("not_saved", faults)
