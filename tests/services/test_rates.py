"""Plan rates, and what the decision table reads of a measure through them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY
from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.rates import SetPlanRates, SetRates, seen_name, set_plan_rates
from govapp.services.rates import set_rates as set_rates_at_once
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import key_of_form, loaded, make_measure

NEW_YEAR = date(2026, 1, 1)


def set_rates(who: Someone | None = None, organization: str = "OI", **rates: str) -> int:
    worth = {currency: Decimal(rate) for currency, rate in rates.items()}
    command = SetPlanRates(
        who.origin if who else SYSTEM, organization, NEW_YEAR, worth, "As agreed with the bank"
    )
    return set_plan_rates(command)


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


OCTOBER = date(2026, 10, 1)


def correct(cast: Cast, kind: str, day: date, rate: str, reason: str = "", **more: Any) -> int:
    worth = {day: {"USD": Decimal(rate)}}
    return set_rates_at_once(SetRates(cast.controller.origin, "OI", kind, worth, reason, **more))


def rows() -> list[tuple[str, str, str, int]]:
    with reading() as session:
        found = session.scalars(select(CurrencyRate).order_by(CurrencyRate.kind, CurrencyRate.from_day))
        return [(each.kind, each.from_day.isoformat(), each.rate, each.version) for each in found]


def test_an_actual_rate_counts_for_its_month_and_a_correction_is_its_next_version(cast: Cast) -> None:
    assert correct(cast, "actual", date(2026, 10, 17), "0.91") == 1
    with pytest.raises(Invalid) as refused:
        correct(cast, "actual", OCTOBER, "0.92")
    assert refused.value.errors == {"reason": ["correction_reason"]}
    assert correct(cast, "actual", OCTOBER, "0.92", "The bank has corrected its list") == 1
    assert correct(cast, "actual", OCTOBER, "0.920") == 0, "the same worth is no change"
    assert rows() == [("actual", "2026-10-01", "0.92", 2)]
    with reading() as session:
        kept = HISTORY["currency_rate"]
        states = session.execute(select(kept.c.rate, kept.c.version).order_by(kept.c.from_seq)).all()
        said = session.scalars(
            select(AuditLog.payload)
            .where(AuditLog.event == "finance:actual-rates-set")
            .order_by(AuditLog.sequence)
        ).all()
    assert [tuple(row) for row in states] == [("0.91", 1), ("0.92", 2)]
    assert '"month":"2026-10"' in said[1].replace(" ", "")
    assert "The bank has corrected its list" in said[1]


def test_many_rates_are_set_all_or_none(cast: Cast) -> None:
    days = {OCTOBER: {"USD": Decimal("0.91")}, date(2026, 11, 1): {"USD": Decimal(-1), "GBP": Decimal("1.1")}}
    with pytest.raises(Invalid) as refused:
        set_rates_at_once(SetRates(cast.controller.origin, "OI", "actual", days))
    assert refused.value.errors == {"2026-11-01:USD": ["rate_invalid"]}
    assert rows() == []


def test_r10_a_correction_of_a_rate_that_changed_meanwhile_is_refused_with_the_rate_of_now(
    cast: Cast,
) -> None:
    correct(cast, "plan", NEW_YEAR, "0.92")
    seen = {seen_name(NEW_YEAR, "USD"): "0.92"}
    correct(cast, "plan", NEW_YEAR, "0.90", "First", seen=seen)
    with pytest.raises(Stale) as stale:
        correct(cast, "plan", NEW_YEAR, "0.95", "Second", seen=seen)
    assert stale.value.values["version"] == "0.90"
    assert rows() == [("plan", "2026-01-01", "0.90", 2)]


def test_r13_a_replayed_form_corrects_nothing_twice(cast: Cast) -> None:
    key = key_of_form()
    assert correct(cast, "plan", NEW_YEAR, "0.92", action_key=key) == 1
    assert correct(cast, "plan", NEW_YEAR, "0.92", action_key=key) == 1
    assert rows() == [("plan", "2026-01-01", "0.92", 1)]
