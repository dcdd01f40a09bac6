"""Effect lines: exact to the minor unit, and only by those who may."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.domain.errors import Invalid, Refused
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from tests.factories import loaded, make_measure


def line(cast, key: str, **more) -> SetEffectLine:
    values = {
        "name": "Calls",
        "kind": "ebitda",
        "timing": "recurring",
        "currency": "EUR",
        "origin": cast.owner.origin,
    } | more
    return SetEffectLine(key=key, **values)


def amounts(series: str) -> list[int]:
    with reading() as session:
        return list(
            session.scalars(
                select(EffectValue.amount).where(EffectValue.series == series).order_by(EffectValue.id)
            )
        )


def test_the_value_of_a_card_is_the_run_rate_of_its_savings(database, cast):
    key = make_measure(cast, "defined")
    set_effect_line(line(cast, key, run_rate=Decimal("84000.005")))
    set_effect_line(line(cast, key, kind="cost-avoidance", run_rate=Decimal(5)))
    set_effect_line(line(cast, key, kind="fte", currency="EUR", run_rate=Decimal("1.4")))
    set_effect_line(line(cast, key, currency="GBP", run_rate=Decimal(10)))
    card = loaded(key).card
    assert card is not None
    assert card.values == {"EUR": 8_400_001, "GBP": 1000}
    assert [each.run_rate for each in loaded(key).lines if each.kind == "fte"] == [14_000]


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "1e400", "1e30"])
def test_what_is_no_amount_is_refused(sqlite, cast, amount):
    key = make_measure(cast, "defined")
    for fields in ({"run_rate": Decimal(amount)}, {"totals": {"plan": Decimal(amount)}}):
        with pytest.raises(Invalid):
            set_effect_line(line(cast, key, **fields))


def test_totals_and_months_are_stored_changed_and_taken_back(database, cast):
    key = make_measure(cast, "defined")
    number = set_effect_line(line(cast, key, totals={"plan": Decimal("0.10"), "forecast": Decimal("0.20")}))
    set_effect_line(
        line(cast, key, line_id=number, seen_version=1, totals={"plan": Decimal("0.30"), "forecast": None})
    )
    assert (amounts("plan"), amounts("forecast")) == ([30], [])
    months = {
        date(2026, 5, 17): Decimal("0.1"),
        date(2026, 6, 1): Decimal("0.1"),
        date(2026, 7, 1): Decimal("0.1"),
    }
    assert set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin)) == 3
    assert set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin)) == 0
    assert sum(amounts("plan")) == 60
    remove_effect_line(RemoveEffectLine(key, number, cast.owner.origin))
    assert amounts("plan") == []


def test_a_one_off_effect_has_no_run_rate(database, cast):
    key = make_measure(cast, "defined")
    with pytest.raises(Invalid) as error:
        set_effect_line(line(cast, key, timing="one_off", run_rate=Decimal(1)))
    assert error.value.errors == {"run_rate": ["run_rate_of_one_off"]}


def test_confirmed_amounts_are_not_entered_here(database, cast):
    key = make_measure(cast, "defined")
    with pytest.raises(Invalid):
        set_effect_line(line(cast, key, totals={"confirmed": Decimal(1)}))


def test_who_reads_money_does_not_enter_it(database, cast):
    key = make_measure(cast, "defined")
    for person in (cast.sponsor, cast.controller, cast.auditor):
        with pytest.raises(Refused):
            set_effect_line(line(cast, key, origin=person.origin))
