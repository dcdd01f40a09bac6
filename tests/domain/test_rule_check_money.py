"""The check of a set's sections about money, checks after closing and statuses, and of criteria about figures."""

import copy

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.effect_rules import EffectRules, parse_effects
from govapp.domain.rule_check import check
from govapp.domain.rules import RulesError, parse_rules
from govapp.domain.status_rules import parse_statuses

THIRD = yaml.safe_load((ROOT / "governance" / "service-team-3.yaml").read_text("utf-8"))
DEFAULT = yaml.safe_load((ROOT / "governance" / "service-team.yaml").read_text("utf-8"))


def criterion(data, into, key):
    gate = next(each for each in data["gates"] if each["into"] == into)
    return next(each for each in gate["criteria"] if each["id"] == key)


def row(data, key):
    return next(each for each in data["statuses"]["implementation"]["rows"] if each["id"] == key)


FAULTS = {
    "an unknown check of figures": (
        lambda d: criterion(d, "decided", "figures:plan-complete")["params"].update(check="guess"),
        "param_value_unknown", "figures:plan-complete",
    ),
    "an unknown check of operating figures": (
        lambda d: criterion(d, "detailed", "kpi:defined")["params"].update(check="guess"), "param_value_unknown",
        "kpi:defined",
    ),
    "months that are no number": (
        lambda d: criterion(d, "closed", "confirmation:actuals")["params"].update(min_months="three"),
        "param_value_unknown", "confirmation:actuals",
    ),
    "a share above a hundred": (
        lambda d: criterion(d, "closed", "confirmation:actuals")["params"].update(share_percent=101),
        "param_value_unknown", "confirmation:actuals",
    ),
    "a series nobody keeps": (
        lambda d: criterion(d, "detailed", "figures:effect-lines")["params"].update(series="dream"),
        "param_value_unknown", "figures:effect-lines",
    ),
    "a parameter nobody reads": (
        lambda d: criterion(d, "detailed", "kpi:defined")["params"].update(min_months=3), "param_unknown", "kpi:defined"
    ),
    "who confirms is a part": (
        lambda d: d["effects"]["confirmation"].update(by_part="treasurer"), "money_part_unknown", "confirmation"
    ),
    "who agrees to changes are parts": (
        lambda d: d["effects"]["plan_change"].update(by_parts=["treasurer"]), "money_part_unknown", "plan_change"
    ),
    "a threshold is a number": (
        lambda d: d["effects"]["plan_change"].update(approval_from="much"), "money_number_wrong", "approval_from"
    ),
    "a category names kinds there are": (
        lambda d: d["effects"]["categories"][0].update(kinds=["magic"]), "category_kind_unknown", "handling-effort"
    ),
    "a timing there is": (
        lambda d: d["effects"]["categories"][0].update(timing="weekly"), "category_value_wrong", "handling-effort"
    ),
    "a kind occurs once": (lambda d: d["effects"]["kinds"].append(d["effects"]["kinds"][0]), "key_twice", "ebitda"),
    "a check after closing is a form there is": (
        lambda d: d["sustain"].update(kind="guess"), "sustain_kind_unknown", "sustain"
    ),
    "months after closing are numbers": (
        lambda d: d["sustain"].update(after_months=[0]), "money_number_wrong", "after_months"
    ),
    "a status has rows": (lambda d: d["statuses"]["potential"].pop("rows"), "status_without_rows", "potential"),
    "a row looks at what can be measured": (
        lambda d: row(d, "IM5").update(when={"mood_below": 3}), "status_measure_unknown", "IM5"
    ),
    "a row looks at one thing": (
        lambda d: row(d, "IM5")["when"].update(lookback_open_count_over=1), "status_measure_count", "IM5"
    ),
    "a row has a colour": (lambda d: row(d, "IM5").update(colour="blue"), "status_colour_wrong", "IM5"),
    "a row says why": (lambda d: row(d, "IM5").update(says=""), "row_without_words", "IM5"),
    "a row's limit is a number": (
        lambda d: row(d, "IM5").update(when={"condition_overdue_count_over": "some"}), "money_number_wrong", "IM5"
    ),
    "a row's stage there is": (lambda d: row(d, "IM7")["when"].update(stages=["later"]), "status_stage_unknown", "IM7"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_named(what):
    change, code, about = FAULTS[what]
    data = copy.deepcopy(THIRD)
    change(data)
    assert (code, about) in [(each.code, each.about) for each in check(data) if each.stops]


def test_the_default_set_of_the_product_has_no_fault_and_reads_like_ours():
    assert check(DEFAULT) == ()
    ours, theirs = parse_rules(THIRD), parse_rules(DEFAULT)
    assert ours.statuses == theirs.statuses
    assert ours.effects.kinds == theirs.effects.kinds
    for into in ours.gates:
        money = [
            [
                (c.key, dict(c.params))
                for c in rules.gates[into].criteria
                if c.kind in {"figures", "kpi", "confirmation"}
            ]
            for rules in (ours, theirs)
        ]
        assert money[0] == money[1]


def test_a_version_that_says_nothing_of_money_follows_the_constants():
    assert parse_effects({}) == EffectRules()
    assert parse_statuses({"stages": []}) is None
    assert EffectRules().saving_kinds == {"ebitda"}


def test_what_cannot_be_read_is_said():
    data = copy.deepcopy(THIRD)
    data["effects"]["plan_change"]["approval_from"] = "much"
    with pytest.raises(RulesError):
        parse_rules(data)


@pytest.mark.parametrize(
    ("category", "total", "cost"),
    [("training-cost", 0, True), ("one-off-gain", 500, False), ("one-off-gain", -500, True), ("", -1, True),
     ("", 0, True), ("", 1, False)],
)  # fmt: skip
def test_what_counts_as_a_cost(category, total, cost):
    assert parse_rules(THIRD).effects.is_cost(category, total) is cost
