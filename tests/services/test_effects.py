"""Effect lines: exact to the minor unit, and only by those who may."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, Refused
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from tests.confirming import close_month, enter, make_line, standings
from tests.factories import bring_to, loaded, make_measure, move


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
                select(EffectValue.amount)
                .where(EffectValue.series == series, EffectValue.plan_version == 0)
                .order_by(EffectValue.id)
            )
        )


def test_the_value_of_a_card_is_the_run_rate_of_its_savings(database, cast):
    key = make_measure(cast, "defined")
    set_effect_line(line(cast, key, run_rate=Decimal("84000.01")))
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


@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "123456.789"), ("JPY", "120000.5"), ("KWD", "1.2345")]
)
def test_an_amount_finer_than_its_currency_is_refused_and_never_rounded_in_silence(
    sqlite, cast, currency, amount
):
    key = make_measure(cast, "defined")
    for fields in ({"run_rate": Decimal(amount)}, {"totals": {"plan": Decimal(amount)}}):
        with pytest.raises(Invalid) as caught:
            set_effect_line(line(cast, key, currency=currency, **fields))
        assert [*caught.value.errors.values()] == [["amount_too_precise"]]


def test_a_currency_that_is_none_of_iso_4217_is_refused(sqlite, cast):
    with pytest.raises(Invalid) as caught:
        set_effect_line(line(cast, make_measure(cast, "defined"), currency="ZZZ"))
    assert caught.value.errors == {"currency": ["currency_unknown"]}


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


def _frozen(cast) -> tuple[str, int]:
    """A decided measure with one line that holds a plan, and the line's number."""
    key = make_measure(cast, "detailed")
    totals = {"plan": Decimal(900), "forecast": Decimal(900)}
    number = set_effect_line(line(cast, key, run_rate=Decimal(100), totals=totals))
    bring_to(cast, key, "decided")
    return key, number


def test_from_decided_on_plan_and_run_rate_stand_still_and_no_line_is_removed(database, cast):
    key, number = _frozen(cast)
    same = {"line_id": number, "run_rate": Decimal(100)}
    for changes, field in (
        ({"run_rate": Decimal(101)}, "run_rate"),
        ({"totals": {"plan": Decimal(901)}}, "plan"),
        ({"totals": {"plan": None}}, "plan"),
        ({"timing": "one_off", "run_rate": None}, "timing"),
    ):
        with pytest.raises(Invalid) as refused:
            set_effect_line(line(cast, key, **same | changes))
        assert refused.value.errors[field] == ["plan_frozen"]
        assert refused.value.values["stage"] == "Decided"
    months = {date(2026, 5, 1): Decimal(1)}
    with pytest.raises(Invalid) as refused:
        set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin))
    assert refused.value.errors == {"months": ["plan_frozen"]}
    with pytest.raises(Invalid, match="plan_frozen"):
        remove_effect_line(RemoveEffectLine(key, number, cast.owner.origin))
    with pytest.raises(Invalid, match="effect_invalid"):
        set_effect_line(line(cast, key, name="Late idea", run_rate=Decimal(5)))
    assert amounts("plan") == [90_000]


def test_from_decided_on_forecast_name_and_unplanned_lines_are_kept_true(database, cast):
    key, number = _frozen(cast)
    kept = line(cast, key, line_id=number, run_rate=Decimal(100), name="Calls at night")
    set_effect_line(replace(kept, totals={"plan": Decimal(900), "forecast": Decimal(800)}))
    assert (amounts("plan"), amounts("forecast")) == ([90_000], [80_000])
    late = set_effect_line(
        line(cast, key, name="Unplanned cost", timing="one_off", totals={"forecast": -Decimal(5)})
    )
    set_monthly_values(
        SetMonthlyValues(key, late, "forecast", {date(2026, 5, 1): Decimal(1)}, cast.owner.origin)
    )


def test_a_recycle_to_before_decided_opens_the_plan_again(database, cast):
    key, number = _frozen(cast)
    move(cast, key, "detailed", ask=AskKind.RECYCLE, by=cast.lead, reason="The offer has expired")
    set_effect_line(line(cast, key, line_id=number, run_rate=Decimal(90), totals={"plan": Decimal(800)}))
    assert amounts("plan") == [80_000]


def test_a_line_with_actual_amounts_is_never_removed(database, cast):
    key = make_measure(cast, "defined")
    number = set_effect_line(line(cast, key))
    booked = {date(2026, 5, 1): Decimal(1)}
    set_monthly_values(SetMonthlyValues(key, number, "actual", booked, cast.finance.origin))
    with pytest.raises(Invalid, match="line_holds_actuals"):
        remove_effect_line(RemoveEffectLine(key, number, cast.owner.origin))
    assert amounts("actual") == [100]


def test_another_currency_or_kind_leaves_no_amount_in_the_old_one(database, cast):
    key = make_measure(cast, "defined")
    number = set_effect_line(line(cast, key, totals={"plan": Decimal(10), "forecast": Decimal(20)}))
    again = {"line_id": number, "totals": {"plan": Decimal(10)}}
    for changes in ({"currency": "JPY"}, {"kind": "fte"}):
        with pytest.raises(Invalid) as refused:
            set_effect_line(line(cast, key, **again | changes))
        assert refused.value.errors.keys() <= {"kind", "currency"}
        assert all(codes == ["line_holds_amounts"] for codes in refused.value.errors.values())
    whole = {"plan": Decimal(10), "forecast": Decimal(20)}
    set_effect_line(line(cast, key, currency="JPY", line_id=number, totals=whole))
    assert (amounts("plan"), amounts("forecast")) == ([10], [20])
    months = {date(2026, 5, 1): Decimal(1)}
    set_monthly_values(SetMonthlyValues(key, number, "forecast", months, cast.owner.origin))
    with pytest.raises(Invalid):
        set_effect_line(line(cast, key, line_id=number, totals=whole))


def test_restating_an_amount_in_another_currency_needs_the_right_to_it(database, cast):
    key = make_measure(cast, "defined")
    number = set_effect_line(line(cast, key))
    actual = {"actual": Decimal(5)}
    set_effect_line(line(cast, key, line_id=number, origin=cast.finance.origin, totals=actual))
    restated = line(cast, key, line_id=number, currency="JPY", totals={"actual": Decimal(500)})
    with pytest.raises(Refused):
        set_effect_line(replace(restated, origin=cast.lead.origin))
    assert amounts("actual") == [500]


def test_r05_a_late_amount_of_a_controller_goes_by_month_as_in_the_grid(cast):
    key = make_measure(cast, "defined")
    line = make_line(cast, key)
    close_month("2026-08")
    for who in (cast.owner, cast.finance):
        with pytest.raises((Invalid, Refused)):
            enter(cast, key, line, {"2026-08": "90"}, by=who)
    with pytest.raises(Refused):
        enter(cast, key, line, {"2026-09": "90"}, by=cast.controller)
    enter(cast, key, line, {"2026-08": "90"}, by=cast.controller)
    assert standings(line) == {"2026-08": "awaits"}
