"""Kinds and categories of effect lines as the version of the set names them; costs bear no positive amount."""

from datetime import date
from decimal import Decimal

import pytest

from govapp.domain.errors import Invalid
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.governance import STANDARD_SET, install_set, read_set
from tests.cast import SYSTEM
from tests.factories import loaded, make_measure
from tests.factories3 import make_measure3, use_version_3
from tests.services.test_grids import cell, held, save

MAY = date(2026, 5, 1)


def line(cast, key: str, category: str, **more) -> SetEffectLine:
    values = {"name": "Form", "kind": "ebitda", "timing": "one_off", "currency": "EUR"} | more
    return SetEffectLine(key, origin=cast.owner.origin, category=category, **values)


@pytest.fixture
def key(database, cast) -> str:
    return make_measure3(cast, use_version_3(cast))


def test_a_category_is_one_of_those_the_version_names_and_an_older_one_stays(database, cast, key):
    old = make_measure(cast, None)
    with pytest.raises(Invalid) as refused:
        set_effect_line(line(cast, key, "paperclips"))
    assert refused.value.errors == {"category": ["unknown_choice"]}
    for category in ("", "effort-internal", "effort-external"):
        set_effect_line(line(cast, key, category))
    with pytest.raises(Invalid):
        set_effect_line(line(cast, old, "paperclips"))


def test_without_categories_of_the_version_any_text_is_one(database, cast):
    key = make_measure(cast)
    set_effect_line(line(cast, key, "paperclips"))
    assert len(loaded(key).lines) == 1


def test_a_category_of_costs_bears_no_positive_plan_target_forecast_or_run_rate(database, cast, key):
    number = set_effect_line(line(cast, key, "implementation-cost", totals={"plan": Decimal(-5)}))
    with pytest.raises(Invalid) as refused:
        save(
            cast.owner, key,
            *(cell(number, series, MAY, 1) for series in ("baseline", "target", "plan", "forecast", "actual")),
        )  # fmt: skip
    assert refused.value.errors == {
        f"{number}:{series}:2026-05": ["sign_wrong"] for series in ("target", "plan", "forecast")
    }
    save(cast.owner, key, cell(number, "plan", MAY, -7), cell(number, "forecast", MAY, 0))
    assert held(number) == {("plan", ""): -500, ("plan", "2026-05"): -700, ("forecast", "2026-05"): 0}
    for more, field in (
        ({"totals": {"plan": Decimal(5)}}, "plan"),
        ({"category": "run-cost", "timing": "recurring", "run_rate": Decimal(5)}, "run_rate"),
    ):
        with pytest.raises(Invalid) as refused:
            set_effect_line(line(cast, key, **{"category": "implementation-cost"} | more))
        assert refused.value.errors == {field: ["sign_wrong"]}


def test_an_own_kind_that_is_no_money_has_no_currency(database, cast):
    data = read_set(STANDARD_SET)
    data["effects"]["kinds"].append({"key": "hours", "name": "Hours freed", "money": False, "unit": "h"})
    install_set(SYSTEM, data)
    key = make_measure(cast, None)
    number = set_effect_line(line(cast, key, "", kind="hours", currency="EUR", timing="recurring"))
    save(cast.owner, key, cell(number, "plan", MAY, "12.5"))
    found = loaded(key).lines[0]
    assert (found.currency, found.run_rate) == ("", 125_000)
    assert loaded(key).card.values == {}


def test_a_line_with_amounts_above_zero_does_not_become_one_of_costs(database, cast, key):
    number = set_effect_line(line(cast, key, "licences"))
    save(cast.owner, key, cell(number, "plan", MAY, 100), cell(number, "actual", MAY, 100))
    with pytest.raises(Invalid) as refused:
        set_effect_line(line(cast, key, "implementation-cost", line_id=number))
    assert refused.value.errors == {"category": ["sign_wrong"]}
    save(cast.owner, key, cell(number, "plan", MAY, -100, seen=10_000))
    set_effect_line(line(cast, key, "implementation-cost", line_id=number))
