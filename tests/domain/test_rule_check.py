"""The check of a governance set: each fault by its code, all of them at once; the sets we ship have none."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from govapp.config import ROOT
from govapp.domain.rule_check import check, faults
from tests.domain.sets import small_set


def codes(data):
    return {(each.code, each.about) for each in check(data)}


def entry(data, section, key):
    return next(each for each in data[section] if key in (each.get("key"), each.get("into"), each.get("id")))


def gate(data, into="planned"):
    return entry(data, "gates", into)


def criterion(data, into="planned"):
    return gate(data, into)["criteria"][0]


def step(data, key):
    return entry(data, "approval_steps", key)


def row(data, key):
    return next(each for each in data["decision_table"]["rows"] if each["id"] == key)


def table(data):
    return data["decision_table"]["rows"]


def test_nothing_is_wrong_with_the_small_set():
    assert check(small_set()) == ()


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "governance").glob("service-team-*.yaml"))
)
def test_no_set_we_ship_has_a_fault(name):
    found = check(yaml.safe_load((ROOT / "governance" / name).read_text("utf-8")))
    assert not faults(found)


FAULTS = {
    "stages are needed": (lambda d: d.pop("stages"), "section_missing", "stages"),
    "a list is a list": (lambda d: d.update(groups={"board": {}}), "section_malformed", "groups"),
    "a key occurs once": (lambda d: d["stages"].append(d["stages"][0]), "key_twice", "begun"),
    "an entry has a key": (lambda d: d["parts"].append({"name": "x"}), "key_missing", "parts"),
    "orders differ": (lambda d: d["stages"][1].update(order=1), "stage_order_twice", "1"),
    "a stage has an order": (lambda d: d["stages"][1].pop("order"), "stage_order_missing", "planned"),
    "a stage has a name": (lambda d: d["stages"][1].update(name=" "), "name_missing", "planned"),
    "every stage is reached": (lambda d: d["gates"].pop(1), "stage_never_reached", "planned"),
    "every stage is left": (lambda d: d["gates"].pop(2), "stage_never_left", "planned"),
    "an end in the middle is never left": (lambda d: d["stages"][0].update(terminal=True), "stage_never_left", "begun"),
    "a gate comes from the stage before": (lambda d: gate(d).update({"from": "done"}), "gate_from_wrong", "planned"),
    "one gate a stage": (lambda d: d["gates"].append(gate(d)), "gate_twice", "planned"),
    "a gate leads to a stage": (
        lambda d: d["gates"].append({"into": "nowhere", "question": "?", "criteria": []}),
        "gate_unknown_stage", "nowhere",
    ),
    "a gate has a question": (lambda d: gate(d).update(question=""), "gate_without_question", "planned"),
    "a criterion has an id": (lambda d: criterion(d).pop("id"), "criterion_without_id", "planned"),
    "a criterion occurs once": (
        lambda d: gate(d)["criteria"].append(criterion(d)), "criterion_twice", "evidence:plan"
    ),
    "a criterion has words": (lambda d: criterion(d).update(wording=""), "criterion_without_wording", "evidence:plan"),
    "a criterion kind is known": (
        lambda d: criterion(d).update(kind="weather"), "criterion_kind_unknown", "evidence:plan"
    ),
    "a param that is needed": (lambda d: criterion(d).update(params={}), "param_missing", "evidence:plan"),
    "a param that is known": (lambda d: criterion(d)["params"].update(colour=1), "param_unknown", "evidence:plan"),
    "a check that is known": (
        lambda d: criterion(d, "done")["params"].update(check="some"), "param_value_unknown", "milestone:all"
    ),
    "a count of one or more": (
        lambda d: criterion(d)["params"].update(min_count=0), "param_value_unknown", "evidence:plan"
    ),
    "any or all": (
        lambda d: criterion(d, "begun")["params"].update(match="some"), "param_value_unknown", "field:title"
    ),
    "limits that meet": (
        lambda d: criterion(d, "begun")["params"].update(max_length=3), "criterion_never_met", "field:title"
    ),
    "a field there is": (
        lambda d: criterion(d, "begun")["params"].update(fields=["colour"]), "criterion_field_unknown", "field:title"
    ),
    "evidence there is": (
        lambda d: criterion(d)["params"].update(kind="prophecy"), "criterion_evidence_unknown", "evidence:plan"
    ),
    "a part there is": (
        lambda d: gate(d)["criteria"].append(
            {"id": "role:x", "kind": "role", "params": {"part": "king"}, "wording": "A king."}
        ),
        "criterion_part_unknown", "role:x",
    ),
    "a stage there is": (
        lambda d: gate(d)["criteria"].append(
            {"id": "dependency:x", "kind": "dependency", "params": {"min_stage": "later"}, "wording": "Later."}
        ),
        "criterion_stage_unknown", "dependency:x",
    ),
    "a condition on a field there is": (
        lambda d: criterion(d)["when"].update(colour="red"), "condition_field_unknown", "evidence:plan"
    ),
    "a form that can be read": (
        lambda d: d["evidence_kinds"][0]["fields"][0].update(type="colour"), "form_invalid", "plan"
    ),
    "a supplier there is": (
        lambda d: d["evidence_kinds"][0].update(submitted_by=["king"]), "kind_supplier_unknown", "plan"
    ),
    "a stage until which it matters": (
        lambda d: d["evidence_kinds"][0].update(validity_matters_until="later"), "kind_stage_unknown", "plan"
    ),
    "a judge there is": (
        lambda d: d["evidence_kinds"][0].update(judge={"groups": ["angels"]}), "judge_unknown", "plan"
    ),
    "a judge who is not the submitter": (
        lambda d: d["evidence_kinds"][0].update(judge={"parts": ["owner"]}), "judge_is_submitter", "plan"
    ),
    "a step says what it waits for": (lambda d: step(d, "board").pop("waits_for"), "step_words_missing", "board"),
    "deciders there are": (
        lambda d: step(d, "board").update(deciders={"groups": ["angels"]}), "step_decider_unknown", "board"
    ),
    "deciders of a kind there is": (
        lambda d: step(d, "board").update(deciders={"people": ["p"]}), "step_decider_unknown", "board"
    ),
    "some decider": (lambda d: step(d, "board").update(deciders={}), "step_without_deciders", "board"),
    "an excluded part there is": (
        lambda d: step(d, "board").update(excludes={"parts": ["king"]}), "step_excludes_unknown", "board"
    ),
    "a rule there is": (lambda d: step(d, "board").update(rule={"type": "most"}), "step_rule_unknown", "board"),
    "at least one": (lambda d: step(d, "two-of")["rule"].update(n=0), "step_number_wrong", "two-of"),
    "at least a number": (lambda d: step(d, "two-of")["rule"].pop("n"), "step_number_wrong", "two-of"),
    "no percent of nothing": (lambda d: step(d, "board")["rule"].update(percent=0), "step_percent_wrong", "board"),
    "no more than all": (lambda d: step(d, "board")["rule"].update(percent=101), "step_percent_wrong", "board"),
    "a quorum of one or more": (lambda d: step(d, "board").update(quorum=0), "step_quorum_wrong", "board"),
    "a group as large as its quorum": (
        lambda d: step(d, "board").update(quorum=6), "step_quorum_unreachable", "board"
    ),
    "a group as large as the number": (
        lambda d: step(d, "two-of")["rule"].update(n=3), "step_number_unreachable", "two-of"
    ),
    "one holder is not two people": (
        lambda d: step(d, "sponsoring").update(rule={"type": "at_least", "n": 2}),
        "step_number_unreachable", "sponsoring",
    ),
    "an owner never decides": (
        lambda d: step(d, "sponsoring").update(deciders={"parts": ["owner"]}), "step_only_barred", "sponsoring"
    ),
    "whom the matrix bars never decides": (
        lambda d: d["duties"]["rules"].append(
            {"id": "x", "a": "part:sponsor", "b": "act:vote", "scope": "measure", "effect": "forbid", "reason": "No."}
        ),
        "step_only_barred", "sponsoring",
    ),
    "an administrator never decides": (
        lambda d: step(d, "acceptance").update(deciders={"roles": ["administrator"]}), "step_only_barred", "acceptance"
    ),
    "a target of hours": (lambda d: step(d, "board").update(target_hours=0), "step_target_wrong", "board"),
    "a calendar there is": (lambda d: step(d, "board").update(calendar="moon"), "calendar_unknown", "board"),
    "an escalation to somebody": (
        lambda d: step(d, "two-of")["escalation"][0].update(to={"roles": ["king"]}), "escalation_unknown", "two-of"
    ),
    "an escalation at some point": (
        lambda d: step(d, "two-of")["escalation"][0].pop("at_percent"), "escalation_percent_wrong", "two-of"
    ),
    "attested evidence there is": (
        lambda d: step(d, "board").update(attests="oath"), "step_attests_unknown", "board"
    ),
    "a table with rows": (lambda d: d["decision_table"].update(rows=[]), "table_empty", "decision_table"),
    "a row has words": (lambda d: row(d, "P1").pop("says"), "row_without_words", "P1"),
    "a row has steps": (lambda d: row(d, "P1").update(steps={}), "row_without_steps", "P1"),
    "a row's step there is": (lambda d: row(d, "P1").update(steps={"x": 1}), "row_step_unknown", "P1"),
    "an order of one or more": (lambda d: row(d, "P1")["steps"].update(sponsoring=0), "row_order_wrong", "P1"),
    "an input there is": (lambda d: row(d, "P1")["when"].update(weather="fine"), "row_input_unknown", "P1"),
    "a limit is a number": (lambda d: row(d, "P1")["when"].update(value_below="much"), "row_value_wrong", "P1"),
    "a rating there is": (lambda d: row(d, "P3")["when"].update(risk_rating=["odd"]), "row_value_unknown", "P3"),
    "a change type there is": (lambda d: row(d, "P3")["when"].update(change_type="odd"), "row_value_unknown", "P3"),
    "a row's stage there is": (lambda d: row(d, "P3")["when"].update(stage="odd"), "row_value_unknown", "P3"),
    "limits that leave nothing": (
        lambda d: row(d, "P1")["when"].update(value_from=100), "row_never_matches", "P1"
    ),
    "a rating nobody has": (lambda d: row(d, "P3")["when"].update(risk_rating=["odd"]), "row_never_matches", "P3"),
    "a last row that always matches": (
        lambda d: row(d, "Z").update(when={"stage": "begun"}), "table_no_last_row", "Z"
    ),
    "nothing after the last row": (lambda d: table(d).insert(0, table(d).pop()), "row_otherwise_not_last", "Z"),
    "two steps of one person": (
        lambda d: step(d, "board").update(deciders={"parts": ["sponsor"]}, rule={"type": "all"}, quorum=None),
        "steps_same_person", "board",
    ),
    "a duty of parts there are": (
        lambda d: d["duties"]["rules"][0].update(a="part:king"), "duty_unknown", "owner-votes"
    ),
    "a duty of acts there are": (
        lambda d: d["duties"]["rules"][0].update(b="act:sing"), "duty_unknown", "owner-votes"
    ),
    "a duty has two sides": (lambda d: d["duties"]["rules"][0].pop("b"), "duty_without_sides", "owner-votes"),
    "a duty forbids or warns": (
        lambda d: d["duties"]["rules"][0].update(effect="punish"), "duty_effect_unknown", "owner-votes"
    ),
    "a duty has a scope": (
        lambda d: d["duties"]["rules"][0].update(scope="world"), "duty_scope_unknown", "owner-votes"
    ),
    "a part's role there is": (lambda d: d["parts"][0].update(needs_role="king"), "part_role_unknown", "owner"),
    "an asker there is": (
        lambda d: d["decisions"][0]["who"].update(roles=["king"]), "decision_who_unknown", "hold"
    ),
    "a decision from a stage there is": (
        lambda d: d["decisions"][0].update(from_stages=["later"]), "decision_stage_unknown", "hold"
    ),
    "a calendar with hours": (lambda d: d["calendars"][0].update(hours=[]), "calendar_without_hours", "office"),
    "a calendar with days": (lambda d: d["calendars"][0].update(days=[]), "calendar_without_hours", "office"),
    "hours that go forward": (
        lambda d: d["calendars"][0].update(hours=["12:00-09:00"]), "calendar_hours_wrong", "office"
    ),
    "a day of the week": (lambda d: d["calendars"][0].update(days=["moonday"]), "calendar_day_unknown", "office"),
    "a zone there is": (
        lambda d: d["calendars"][0].update(timezone="Europe/Atlantis"), "calendar_zone_unknown", "office"
    ),
    "a permission there is": (
        lambda d: d["roles"][0]["permissions"].append("measure:explode"), "permission_unknown", "member"
    ),
    "an administrator who decides nothing": (
        lambda d: d["roles"][2]["permissions"].append("review:decide"), "administrator_decides", "administrator"
    ),
    "somebody who can mend the rules": (
        lambda d: d["roles"][2]["permissions"].remove("governance:edit"), "permission_nowhere", "roles"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_stops_the_version(name):
    harm, code, about = FAULTS[name]
    data = small_set()
    harm(data)
    found = check(data)
    assert (code, about) in {(each.code, each.about) for each in faults(found)}, found


WARNINGS = {
    "a gate that asks for nothing": (lambda d: gate(d).update(criteria=[]), "gate_without_criteria", "planned"),
    "a supplier nobody knows": (
        lambda d: criterion(d).update(supplied_by=["king"]), "supplier_unknown", "evidence:plan"
    ),
    "evidence that is never asked for": (lambda d: gate(d).update(criteria=[]), "kind_never_asked", "plan"),
    "a step without a target": (lambda d: step(d, "board").pop("target_hours"), "step_without_target", "board"),
    "a group without a least size": (lambda d: d["groups"][0].pop("min_members"), "group_without_size", "board"),
    "a step no row asks for": (
        lambda d: [row(d, "P2").update(steps={"board": 2})], "step_never_reached", "two-of"
    ),
    "rows that contradict each other": (
        lambda d: row(d, "P3")["steps"].update(board=1), "rows_contradict", "P2"
    ),
    "one decider among others who is barred": (
        lambda d: step(d, "sponsoring").update(deciders={"parts": ["sponsor", "owner"]}),
        "step_decider_barred", "sponsoring",
    ),
    "a category nobody lists": (
        lambda d: (
            d.update(request_categories=[{"key": "access", "name": "Access"}]),
            row(d, "P3")["when"].update(request_category="odd"),
        ),
        "row_value_unlisted", "P3",
    ),
    "a duty without a reason": (
        lambda d: d["duties"]["rules"][0].update(reason=""), "duty_without_reason", "owner-votes"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_odd_is_said_and_stops_nothing(name):
    harm, code, about = WARNINGS[name]
    data = small_set()
    harm(data)
    found = check(data)
    assert (code, about) in {(each.code, each.about) for each in found if not each.stops}
    assert not faults(found)


def test_all_that_is_wrong_is_said_at_once():
    data = small_set()
    gate(data)["question"] = ""
    step(data, "board")["quorum"] = 9
    row(data, "P1")["says"] = ""
    assert {"gate_without_question", "step_quorum_unreachable", "row_without_words"} <= {
        each.code for each in check(data)
    }


def without_last(data):
    table(data).pop()
    return data


def gaps(data, stage):
    return [each.values["case"] for each in check(data) if (each.code, each.about) == ("table_gap", stage)]


def test_a_stage_without_a_row_is_a_gap():
    assert gaps(without_last(small_set()), "begun") == [{}]


def test_a_value_between_two_rows_is_a_gap():
    data = without_last(small_set())
    row(data, "P1")["when"].update(value_below=99.99)
    assert gaps(data, "planned") == [{"risk_rating": "low", "value": "99.99"}]


def test_a_value_that_is_not_given_counts_as_none_at_all():
    assert not gaps(without_last(small_set()), "planned")


def test_rows_that_together_leave_no_value_out_have_no_gap():
    data = small_set()
    row(data, "P1")["when"].pop("value_below")
    without_last(data)
    assert not gaps(data, "planned")


def test_a_gate_in_a_set_without_a_table_may_ask_for_no_step():
    data = small_set()
    data.pop("decision_table")
    gate(data)["steps"] = ["board", "two-of"]
    assert not [each for each in check(data) if each.code == "table_gap"]
    assert ("step_never_reached", "sponsoring") in codes(data)


def test_a_table_with_many_inputs_is_checked_quickly():
    data = without_last(small_set())
    row(data, "P1")["when"].update(value_below=50)
    for place, name in enumerate(("service", "vendor", "function", "business_unit", "legal_entity")):
        for n in range(6):
            table(data).append(
                {
                    "id": f"{place}-{n}",
                    "when": {"stage": "planned", name: f"v{n}"},
                    "steps": {"board": 2},
                    "says": "x",
                }
            )
    assert gaps(data, "planned")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab:-", max_size=4) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abk", max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def _spots(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _spots(inner, (*path, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from _spots(inner, (*path, key))


_SPOTS = [path for path in _spots(small_set()) if path]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SPOTS), _VALUES)
def test_whatever_stands_in_a_set_the_check_answers(path, value):
    data = copy.deepcopy(small_set())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    for each in check(data):
        assert each.code
        assert isinstance(each.about, str)
