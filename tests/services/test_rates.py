"""Plan rates, and what the decision table reads of a measure through them."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.rates import SetPlanRates, set_plan_rates
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import loaded, make_measure

NEW_YEAR = date(2026, 1, 1)


def set_rates(who: Someone | None = None, organization: str = "OI", **rates: str) -> int:
    worth = {currency: Decimal(rate) for currency, rate in rates.items()}
    return set_plan_rates(SetPlanRates(who.origin if who else SYSTEM, organization, NEW_YEAR, worth))


def stored() -> dict[str, str]:
    with reading() as session:
        rows = session.execute(select(CurrencyRate.currency, CurrencyRate.rate, CurrencyRate.kind))
        return {row.currency: row.rate for row in rows if row.kind == "plan"}


def claim(cast: Cast, key: str, currency: str, amount: str) -> None:
    set_effect_line(
        SetEffectLine(
            key, "Fewer licences", "ebitda", "recurring", currency, cast.lead.origin, run_rate=Decimal(amount)
        )
    )


def test_a_controller_sets_plan_rates_and_the_history_keeps_old_and_new(cast: Cast) -> None:
    assert set_rates(cast.controller, USD="0.92", GBP="1.17") == 2
    assert set_rates(cast.controller, USD="0.90", GBP="1.170") == 1
    assert stored() == {"USD": "0.90", "GBP": "1.17"}
    with reading() as session:
        rows = session.scalars(
            select(AuditLog).where(AuditLog.event == "finance:plan-rates-set").order_by(AuditLog.sequence)
        ).all()
    assert [row.actor_id for row in rows] == [cast.controller.id] * 2
    assert '"USD":["0.92","0.90"]' in rows[-1].payload.replace(" ", "")


def test_nobody_sets_rates_without_the_right_to_confirm_money(cast: Cast) -> None:
    for person in (cast.lead, cast.administrator, cast.leader, cast.auditor):
        with pytest.raises((Refused, NotFound)):
            set_rates(person, USD="0.92")
    assert stored() == {}


@pytest.mark.parametrize(
    ("rates", "code"),
    [
        ({"USD": "0"}, "rate_invalid"),
        ({"USD": "-1"}, "rate_invalid"),
        ({"USD": "NaN"}, "rate_invalid"),
        ({"USD": "Infinity"}, "rate_invalid"),
        ({"USD": "1E+30"}, "rate_invalid"),
        ({"USD": "0.1234567890123"}, "rate_invalid"),
        ({"EUR": "1"}, "rate_of_own_currency"),
        ({"XXY": "2"}, "currency_malformed"),
    ],
)
def test_a_rate_that_is_none_is_refused_and_nothing_is_written(
    cast: Cast, rates: dict[str, str], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_rates(cast.controller, **rates, GBP="1.17")
    assert refused.value.errors == {next(iter(rates)): [code]}
    assert stored() == {}


def test_rates_of_an_organization_that_is_not_there_are_refused(cast: Cast) -> None:
    with pytest.raises(NotFound):
        set_rates(organization="nowhere", USD="0.92")


def test_the_value_decided_by_is_unknown_without_a_rate_and_follows_the_plan_rate(cast: Cast) -> None:
    key = make_measure(cast)
    claim(cast, key, "USD", "50000")
    assert loaded(key).snapshot.fields["value"] is None
    assert loaded(key).snapshot.no_rate == ("USD",)
    set_rates(USD="0.92")
    assert loaded(key).snapshot.fields["value"] == Decimal(46000)
    assert loaded(key).snapshot.no_rate == ()


def test_the_tier_of_the_service_is_read_from_the_catalogue(cast: Cast) -> None:
    key = make_measure(cast)
    assert loaded(key).snapshot.fields["service_tier"] == ""
    gold = [ChoiceItem("service-1", "Service 1", {"tier": "gold"})]
    set_choices(SetChoices(SYSTEM, "OI", "services", gold))
    assert loaded(key).snapshot.fields["service_tier"] == "gold"
