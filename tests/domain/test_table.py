"""The decision table of version 2: which steps a gate asks for, at every boundary, and why."""

from decimal import Decimal
from functools import cache
from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govapp.config import ROOT
from govapp.domain.rules import Rules, RulesError, parse_rules
from govapp.domain.table import facts_read, matching_rows, path_of, value_of_figures
from govapp.domain.when import holds

STAGES = ("defined", "identified", "detailed", "decided", "implemented", "closed")
RATINGS = ("low", "medium", "high", "critical")
CHANGES = ("process", "standard", "normal", "major", "emergency")


def definition():
    return yaml.safe_load((ROOT / "governance" / "service-team-2.yaml").read_text("utf-8"))


@cache
def rules() -> Rules:
    return parse_rules(definition())


def facts(stage, **given):
    plain = {
        "value": Decimal(20_000),
        "risk_rating": "low",
        "change_type": "process",
        "security_relevant": False,
        "vendor_spend": None,
        "service_tier": "bronze",
        "request_category": "",
    }
    return {**plain, **given, "stage": stage}


def steps(stage, **given):
    return {one.step.key: one.step.order for one in path_of(rules(), stage, facts(stage, **given))}


def test_a_small_measure_of_low_risk_asks_controller_and_sponsor_alone():
    assert steps("decided") == {"controller-check": 1, "sponsor-decision": 3}


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("0", {"controller-check": 1, "sponsor-decision": 3}),
        ("24999.99", {"controller-check": 1, "sponsor-decision": 3}),
        ("25000", {"controller-check": 1, "budget-approval": 2, "sponsor-decision": 3}),
        ("99999.99", {"controller-check": 1, "budget-approval": 2, "sponsor-decision": 3}),
        ("100000", {"controller-check": 1, "steering-committee": 3}),
        ("1e9", {"controller-check": 1, "steering-committee": 3}),
    ],
)
def test_each_limit_of_value_counts_from_its_very_amount(value, asked):
    assert steps("decided", value=Decimal(value)) == asked


@pytest.mark.parametrize(("spend", "asked"), [(None, False), (24_999, False), (25_000, True)])
def test_contracts_are_reviewed_from_25_000_of_vendor_spend(spend, asked):
    assert ("contract-review" in steps("decided", vendor_spend=spend)) is asked


@pytest.mark.parametrize("rating", RATINGS)
def test_high_and_critical_risk_goes_to_the_committee_at_any_value(rating):
    found = steps("decided", risk_rating=rating)
    serious = rating in {"high", "critical"}
    assert ("steering-committee" in found) is serious
    assert ("sponsor-decision" in found) is not serious
    assert ("risk-review" in steps("detailed", risk_rating=rating)) is serious


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_to_a_live_service_is_validated_and_authorised(change):
    live = change in {"normal", "major", "emergency"}
    assert ("technical-validation" in steps("detailed", change_type=change)) is live
    assert ("change-authority" in steps("decided", change_type=change)) is live


def test_a_gold_service_is_validated_whatever_changes_and_security_is_asked_for_once():
    assert "technical-validation" in steps("detailed", service_tier="gold")
    both = path_of(
        rules(), "detailed", facts("detailed", security_relevant=True, request_category="access-request")
    )
    security = [one for one in both if one.step.key == "security-review"]
    assert [[row.key for row in one.because] for one in security] == [["T5", "T6"]]


def test_a_step_named_twice_applies_once_at_its_lowest_order():
    data = definition()
    row = {"id": "XX", "when": {"stage": "decided"}, "steps": {"sponsor-decision": 1}}
    data["decision_table"]["rows"].append(row)
    changed = parse_rules(data)
    found = {one.step.key: one.step.order for one in path_of(changed, "decided", facts("decided"))}
    assert found["sponsor-decision"] == 1


def test_the_last_row_matches_where_no_other_does_and_only_there():
    data = definition()
    data["decision_table"]["rows"] = [
        row for row in data["decision_table"]["rows"] if row["when"].get("stage") != "implemented"
    ]
    changed = parse_rules(data)
    assert [row.key for row in matching_rows(changed, "implemented", facts("implemented"))] == ["X1"]
    assert "X1" not in [row.key for row in matching_rows(changed, "closed", facts("closed"))]


@pytest.mark.parametrize("stage", STAGES)
def test_every_combination_at_every_boundary_is_decided_by_somebody(stage):
    values = [None, *(Decimal(v) for v in ("0", "24999.99", "25000", "99999.99", "100000"))]
    for value, rating, change, tier, spend, relevant in product(
        values, (*RATINGS, ""), (*CHANGES, ""), ("gold", ""), (None, 25_000), (True, False)
    ):
        found = steps(
            stage, value=value, risk_rating=rating, change_type=change, service_tier=tier, vendor_spend=spend,
            security_relevant=relevant,
        )  # fmt: skip
        assert found, (stage, value, rating, change, tier, spend, relevant)


@given(
    st.dictionaries(
        st.sampled_from(["value", "risk_rating", "change_type", "service_tier", "vendor_spend"]), st.none()
    ),
    st.sampled_from(STAGES),
)
def test_what_a_measure_does_not_say_never_leaves_a_gate_without_steps(lacking, stage):
    assert path_of(rules(), stage, facts(stage, **lacking))


def test_the_table_says_what_it_looks_at_so_that_the_basis_holds_it():
    assert facts_read(rules(), "decided") == {"value", "risk_rating", "change_type", "vendor_spend"}
    assert facts_read(rules(), "identified") == set()
    assert facts_read(rules(), "detailed") == {
        "change_type", "service_tier", "risk_rating", "security_relevant", "request_category",
    }  # fmt: skip


def test_a_row_that_names_an_unknown_step_is_refused_with_its_name():
    data = definition()
    data["decision_table"]["rows"][0]["steps"] = {"nobody-knows": 1}
    with pytest.raises(RulesError, match="row D1 of the decision table: unknown step nobody-knows"):
        parse_rules(data)


def test_conditions_compare_amounts_lists_and_words():
    assert holds({"value_from": 10, "value_below": 20}, {"value": Decimal(10)})
    assert not holds({"value_below": 10}, {"value": Decimal(10)})
    assert not holds({"value_from": 1}, {"value": None})
    assert holds({"tier": ["gold", "silver"], "flag": True}, {"tier": "gold", "flag": True})
    assert not holds({"tier": "gold"}, {})


def in_euro(currency, minor):
    rates = {"EUR": Decimal(1), "USD": Decimal("0.92")}
    rate = rates.get(currency)
    return None if rate is None else Decimal(minor) / 100 * rate


def test_value_is_the_larger_of_one_off_cost_and_yearly_run_rate_without_sign():
    assert value_of_figures({"EUR": -4_600_000}, {"EUR": 2_000_000}, in_euro) == Decimal(46_000)
    assert value_of_figures({"EUR": 1_000_000}, {"EUR": -9_700_000}, in_euro) == Decimal(97_000)
    assert value_of_figures({}, {}, in_euro) == 0


def test_currencies_are_added_at_their_rate_and_without_one_there_is_no_value():
    assert value_of_figures({"EUR": 100_000, "USD": 100_000}, {}, in_euro) == Decimal(1920)
    assert value_of_figures({"GBP": 1}, {"EUR": 10_000_000}, in_euro) is None
