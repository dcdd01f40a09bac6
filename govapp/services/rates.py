"""Rates of exchange: what one unit of a foreign currency is worth in an organization's own, as plan and by month."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate
from govapp.data.measures import Measure
from govapp.data.reviews import Review
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid, Stale
from govapp.domain.events import Event
from govapp.domain.exchange import ACTUAL, PLAN
from govapp.domain.measures import date_fault
from govapp.domain.money import rate_fault
from govapp.domain.permissions import Permission
from govapp.domain.structure import currency_fault
from govapp.services._keys import writing_once
from govapp.services._organizations import _locked_organization
from govapp.services._work import Origin, Work
from govapp.services.settling import settle_in_chunks

Worth = Mapping[str, Decimal]
REASON = 3


@dataclass(frozen=True, slots=True)
class SetPlanRates:
    """Worth of one unit of each currency in the organization's own, from a day on; currencies not named stay."""

    origin: Origin
    organization: str
    from_day: date
    rates: Worth
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class SetRates:
    """Rates of a kind (plan: from a day on; actual: of the month that a day lies in) for several days at once.

    A rate that is there already is corrected, with a reason. `seen` says which rate (as text, empty for none) the asker
    saw, by kind, day and currency in one text (`seen_name`): another one by then is refused as stale.
    """

    origin: Origin
    organization: str
    kind: str
    days: Mapping[date, Worth]
    reason: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)
    action_key: str = ""


def seen_name(day: date, currency: str) -> str:
    """What a rate is called in `SetRates.seen` and among faults."""
    return f"{day.isoformat()}:{currency}"


def set_plan_rates(command: SetPlanRates) -> int:
    """Plan rates from one day on, as `set_rates`; faults are told by currency."""
    days = {command.from_day: command.rates}
    wanted = SetRates(
        command.origin, command.organization, PLAN, days, command.reason, action_key=command.action_key
    )
    try:
        return set_rates(wanted)
    except Invalid as error:
        named = {name.rpartition(":")[2]: codes for name, codes in error.errors.items()}
        raise Invalid(error.code, named, **error.values) from error


def set_rates(command: SetRates) -> int:
    """Set rates, all or none; returns how many were added or corrected. Needs `finance:confirm` on the root.

    A corrected rate is the next version of it: what is frozen or confirmed keeps the one it was made with, what is open
    reads the new one at once. Reviews whose path follows the value are brought in line right after it, in chunks; one
    that is decided meanwhile reads the new rates itself. Raises NotFound, Refused, Stale, KeyReused, and Invalid with
    codes by day and currency (`seen_name`): rate_invalid, rate_of_own_currency, currency_malformed; on `reason`.
    """
    done = writing_once(command, lambda work: _set_rates(work, command), body=_body(command))
    changed = int(done["changed"])
    if changed and command.kind == PLAN:
        with reading() as session:
            waiting = session.scalars(
                select(Review.measure_id)
                .join(Measure, Measure.id == Review.measure_id)
                .join(Organization, Organization.id == Measure.organization_id)
                .where(Organization.key == command.organization, Review.state == "open")
            ).all()
        settle_in_chunks(command.origin, waiting)
    return changed


def _body(command: SetRates) -> list[object]:
    days = {
        day.isoformat(): {currency: str(rate) for currency, rate in worth.items()}
        for day, worth in command.days.items()
    }
    return [command.organization, command.kind, days, command.reason, dict(command.seen)]


def _set_rates(work: Work, command: SetRates) -> dict[str, int]:
    organization, root, right = _locked_organization(work, command.organization, Permission.FINANCE_CONFIRM)
    days = {_first(command.kind, day): worth for day, worth in command.days.items()}
    _refuse(organization.currency, days)
    held = {
        (rate.from_day, rate.currency): rate
        for rate in work.session.scalars(
            select(CurrencyRate).where(
                CurrencyRate.organization_id == organization.id,
                CurrencyRate.kind == command.kind,
                CurrencyRate.from_day.in_(list(days)),
            )
        )
    }
    changed = 0
    for day, worth in sorted(days.items()):
        changes = _store(work, organization.id, command, day, worth, held)
        if not changes:
            continue
        changed += len(changes)
        work.session.flush()
        event = Event.PLAN_RATES_SET if command.kind == PLAN else Event.ACTUAL_RATES_SET
        when = {"from_day": day.isoformat()} if command.kind == PLAN else {"month": day.isoformat()[:7]}
        work.log(
            event, {**when, "changes": changes, "reason": command.reason.strip()},
            right=right, object_type="organization", object_id=organization.key, branch_id=root.id,
        )  # fmt: skip
    return {"changed": changed}


def _first(kind: str, day: date) -> date:
    """An actual rate counts for the month its day lies in."""
    return day.replace(day=1) if kind == ACTUAL else day


def _store(
    work: Work,
    organization_id: int,
    command: SetRates,
    day: date,
    worth: Worth,
    held: Mapping[tuple[date, str], CurrencyRate],
) -> dict[str, list[str | None]]:
    """Add or correct the rates of a day; old and new by currency."""
    changes: dict[str, list[str | None]] = {}
    for currency, rate in sorted(worth.items()):
        stored, said = held.get((day, currency)), str(rate)
        seen = command.seen.get(seen_name(day, currency))
        if seen is not None and seen != (stored.rate if stored else ""):
            raise Stale("stale_rate", currency=currency, seen=seen, version=stored.rate if stored else "")
        if stored is not None and Decimal(stored.rate) == rate:
            continue
        changes[currency] = [stored.rate if stored else None, said]
        if stored is None:
            work.session.add(
                CurrencyRate(
                    organization_id=organization_id, kind=command.kind, currency=currency, from_day=day, rate=said
                )
            )  # fmt: skip
            continue
        if len(command.reason.strip()) < REASON:
            raise Invalid("not_saved", {"reason": ["correction_reason"]})
        stored.rate, stored.version = said, stored.version + 1
    return changes


def _refuse(own: str, days: Mapping[date, Worth]) -> None:
    faults: dict[str, list[str]] = {}
    for day, worth in days.items():
        for currency, rate in worth.items():
            fault = (
                date_fault(day)
                or currency_fault(currency)
                or ("rate_of_own_currency" if currency == own else rate_fault(rate))
            )
            if fault:
                faults[seen_name(day, currency)] = [fault]
    if faults:
        raise Invalid("not_saved", faults)
