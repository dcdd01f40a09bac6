"""Two versions of rules side by side, pure: what differs, what changes for a measure, what a past answer becomes."""

import copy
from dataclasses import replace

import pytest
import yaml

from govapp.config import ROOT
from govapp.domain.asks import Ask, AskKind
from govapp.domain.gates import decide
from govapp.domain.migration import change_for
from govapp.domain.replay import answer_to_json, given_from_json, given_to_json
from govapp.domain.rule_diff import Difference, set_differences
from govapp.domain.rules import parse_rules
from govapp.domain.trials import Recorded, answer_again, may_still_ask, try_on
from tests.domain.sets import small_set
from tests.domain.snapshots import OWNER, SPONSOR, TODAY, approvals, measure, reviewed, rules

FIRST = yaml.safe_load((ROOT / "governance" / "service-team-1.yaml").read_text("utf-8"))


def changed(change):
    data = copy.deepcopy(FIRST)
    data["set"]["version"] = 2
    change({gate["into"]: gate for gate in data["gates"]}, data)
    return parse_rules(data)


def asks_more(gates, data):
    gates["identified"]["criteria"].append(
        {"id": "field:vendor", "kind": "field", "params": {"fields": ["vendor"]}, "wording": "A vendor."}
    )


def asks_controller(gates, data):
    gates["identified"]["steps"] = ["sponsor-decision", "controller-check"]


def without_identified(gates, data):
    data["stages"] = [each for each in data["stages"] if each["key"] != "identified"]
    data["gates"] = [each for each in data["gates"] if each["into"] != "identified"]
    gates["detailed"]["from"] = "defined"


def past(snapshot, stage="identified", kind=AskKind.ADVANCE, right="part:owner", **more):
    """A decision as it is recorded under the first rules."""
    ask = Ask(kind, stage, more.get("reason", ""))
    holders = more.get("holders")
    decision = decide(rules(), snapshot, ask, TODAY, right=right, holders=holders)
    given, kept = given_from_json(given_to_json(snapshot, holders))
    return Recorded(given, ask, TODAY, right, OWNER, kept, answer_to_json(rules(), snapshot, decision))


def granted():
    return reviewed(measure("defined"), "identified", approvals("identified"))


def test_the_same_set_differs_in_nothing_and_its_number_is_no_difference():
    assert set_differences(small_set(), small_set() | {"set": small_set()["set"] | {"version": 9}}) == ()


def test_an_order_of_its_own_is_no_difference():
    other = small_set()
    other["approval_steps"].reverse()
    assert set_differences(small_set(), other) == ()


def test_what_is_added_removed_and_changed_is_told_with_its_place():
    other = small_set()
    other["groups"].append({"key": "third", "name": "Third"})
    other["approval_steps"].pop(0)
    other["gates"][0]["criteria"][0]["params"]["min_length"] = 9
    other["decision_table"]["rows"][0]["says"] = "Little."
    found = set(map(repr, set_differences(small_set(), other)))
    assert found == {
        repr(Difference(("groups", "third"), "added", None, {"key": "third", "name": "Third"})),
        repr(Difference(("approval_steps", "acceptance"), "removed", small_set()["approval_steps"][0], None)),
        repr(
            Difference(("gates", "begun", "criteria", "field:title", "params", "min_length"), "changed", 8, 9)
        ),
        repr(Difference(("decision_table", "rows", "P1", "says"), "changed", "Small.", "Little.")),
    }


def test_a_measure_learns_what_its_next_gate_asks_more_and_less():
    change = change_for(rules(), changed(asks_more), measure("defined"), TODAY)
    assert [finding.key for finding in change.newly_unmet] == ["field:vendor"]
    back = change_for(changed(asks_more), rules(), measure("defined"), TODAY)
    assert [finding.key for finding in back.newly_met] == ["field:vendor"]
    assert change_for(rules(), changed(asks_more), measure("detailed"), TODAY).same


def test_a_measure_learns_which_steps_come_and_go():
    change = change_for(rules(), changed(asks_controller), measure("defined"), TODAY)
    assert [step.key for step in change.steps_added] == ["controller-check"]
    assert not change.steps_removed


def test_it_stays_where_it_is_while_a_review_is_open_or_its_stage_is_gone():
    assert change_for(rules(), changed(asks_more), granted(), TODAY).refused == ("review_open",)
    gone = change_for(rules(), changed(without_identified), measure("identified"), TODAY)
    assert gone.refused == ("stage_missing",)
    assert not change_for(rules(), changed(without_identified), measure("defined"), TODAY).refused


@pytest.mark.parametrize("holders", [None, {}, {"role:program_lead": frozenset({6})}])
def test_what_was_answered_is_answered_again(holders):
    for snapshot in (measure("defined"), measure("defined", evidence=()), granted()):
        kept = past(snapshot, holders=holders)
        assert answer_again(rules(), kept) == kept.answer
        assert try_on(rules(), changed(lambda *_: None), kept).same


def test_votes_that_counted_count_again_under_other_rules():
    kept = past(granted())
    assert kept.answer["outcome"] == "allowed"
    found = try_on(rules(), changed(asks_controller), kept)
    assert found.outcome == ("allowed", "waiting")
    assert [step.key for step in found.steps_added] == ["controller-check"]


def test_votes_that_were_stale_stay_stale():
    stale = replace(granted(), fields=granted().fields | {"risk_rating": "high"})
    kept = past(stale)
    assert kept.answer["outcome"] == "waiting"
    assert try_on(rules(), changed(lambda *_: None), kept).outcome == ("waiting", "waiting")


def test_a_new_criterion_refuses_what_was_allowed():
    found = try_on(rules(), changed(asks_more), past(granted()))
    assert found.outcome == ("allowed", "refused")
    assert found.newly_unmet == (("field:vendor", "field_missing"),)


def test_a_stage_that_is_gone_is_said_and_breaks_nothing():
    found = try_on(rules(), changed(without_identified), past(measure("identified"), "detailed"))
    assert found.outcome[1] == "stage_missing"
    onto = try_on(rules(), changed(without_identified), past(measure("defined")))
    assert onto.newly_unmet == (("rule:unknown-stage", "rule_unknown_stage"),)


def only_sponsor_holds(gates, data):
    hold = next(each for each in data["decisions"] if each["key"] == "hold")
    hold["who"] = {"parts": ["sponsor"]}


def test_a_right_that_the_new_rules_do_not_give_any_more_refuses():
    by_lead = past(measure("defined"), None, AskKind.HOLD, "role:program_lead@3", reason="Because of it")
    assert by_lead.answer["outcome"] == "allowed"
    found = try_on(rules(), changed(only_sponsor_holds), by_lead)
    assert found.outcome == ("allowed", "refused")
    assert found.newly_unmet == (("rule:no-right", "rule_no_right"),)
    assert may_still_ask(changed(only_sponsor_holds), replace(by_lead, actor_id=SPONSOR)), (
        "holding the part is enough"
    )
    assert may_still_ask(changed(only_sponsor_holds), replace(by_lead, right="system"))
