"""Pages of workflow versions: the list, one version in words, check, differences, switching on, migration."""

import copy
import re

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.gates import WorkflowVersion
from govapp.data.imports import Batch
from govapp.services.drafts import DraftVersion, draft_version
from govapp.services.governance import FIRST_SET, read_set
from govapp.services.migration_runs import run_migration
from govapp.services.replay_runs import fail_replay, run_replay
from tests.cast import SYSTEM
from tests.factories import key_of_form, loaded, make_measure, move, supply

PARTS = ("", "/gates", "/table", "/steps", "/evidence", "/duties", "/differences", "/migration")


def next_set():
    data = copy.deepcopy(read_set(FIRST_SET))
    data["set"]["version"] = 2
    gate = next(each for each in data["gates"] if each["into"] == "identified")
    gate["question"] = "Is it owned, and is it worth it?"
    gate["criteria"].append(
        {"id": "field:description", "kind": "field", "params": {"fields": ["description"], "min_length": 900},
         "wording": "The description is long.", "supplied_by": ["owner"]}
    )  # fmt: skip
    data["approval_steps"][1]["target_hours"] = 16
    data["decision_table"] = {
        "value_is": "the run rate",
        "rows": [
            {"id": "R1", "when": {"stage": "decided", "value_from": 25000, "risk_rating": ["low", "medium"]},
             "steps": {"controller-check": 1, "sponsor-decision": 2}, "says": "Larger <b>sums</b>."},
            {"id": "Z", "otherwise": True, "steps": {"sponsor-decision": 1}, "says": "All others."},
        ],
    }  # fmt: skip
    return data


def draft(data=None):
    return draft_version(DraftVersion(SYSTEM, data or next_set(), note="Longer words")).version_id


def state_of(version):
    with reading() as session:
        return session.get(WorkflowVersion, version).state


def test_the_list_says_state_and_how_many_measures_are_on_each(client, cast):
    make_measure(cast, "defined")
    draft()
    page = client.sign_in(cast.administrator).get("/admin/workflows").text
    assert re.search(r"Version 1</a><small>[^<]+, version 1 of the set", page)
    assert page.index("Version 2") < page.index("Version 1")
    assert "switched on" in page and "draft" in page and "Longer words" in page
    assert re.search(r'data-l="Measures">1<', page)
    assert 'href="/admin/workflows"' in client.get("/admin").text


@pytest.mark.parametrize("part", PARTS)
def test_every_page_of_a_version_can_be_read_by_who_may_view_rules(client, cast, part):
    version = draft()
    client.sign_in(cast.auditor)
    for each in (1, version):
        if part == "/migration" and each == version:
            continue
        assert client.get(f"/admin/workflows/{each}{part}").status_code == 200, part


def test_a_version_is_told_in_words(client, cast):
    version = draft()
    client.sign_in(cast.auditor)
    gates = client.get(f"/admin/workflows/{version}/gates").text
    assert "Is it owned, and is it worth it?" in gates and "The description is long." in gates
    table = client.get(f"/admin/workflows/{version}/table").text
    assert (
        "At the gate into Decided, when value from 25,000 and risk rating low or medium: "
        "Controller&#39;s check of the numbers, then Decision of the sponsor." in table
    )
    assert "In every other case: Decision of the sponsor." in table
    assert "Larger &lt;b&gt;sums&lt;/b&gt;." in table
    assert "each gate names its steps" in client.get("/admin/workflows/1/table").text
    steps = client.get(f"/admin/workflows/{version}/steps").text
    assert "one approval is enough" in steps and "16 working hours" in steps
    evidence = client.get(f"/admin/workflows/{version}/evidence").text
    assert "Handed in by: owner." in evidence and "long text" in evidence
    duties = client.get(f"/admin/workflows/{version}/duties").text
    assert "the owner" in duties and "whoever may vote" in duties and "forbids" in duties


def test_differences_to_the_version_before_are_told_in_words(client, cast):
    version = draft()
    page = client.sign_in(cast.auditor).get(f"/admin/workflows/{version}/differences").text
    assert "Gate into identified, question: Is it owned, scoped and roughly sized?, now Is it owned" in page
    assert "Gate into identified, criterion field:description added: The description is long." in page
    assert "Step sponsor-decision, target hours: 24, now 16" in page
    same = client.get("/admin/workflows/1/differences?from=1")
    assert same.status_code == 200


def test_a_draft_with_faults_shows_each_and_cannot_be_switched_on(client, cast):
    data = next_set()
    data["gates"][0]["question"] = ""
    data["approval_steps"][0]["deciders"] = {"groups": ["angels"]}
    version = draft(data)
    client.sign_in(cast.administrator)
    page = client.get(f"/admin/workflows/{version}").text
    assert "2 faults" in page
    assert "The gate into defined asks no question." in page
    assert "names the decider angels" in page
    assert f'action="/admin/workflows/{version}/activate"' not in page
    answer = client.submit(
        f"/admin/workflows/{version}/activate", {"reason": "All the same", "action_key": "k1"}
    )
    assert answer.status_code == 422
    assert "this version stays off" in answer.text
    assert state_of(version) == "draft"


def test_even_a_malformed_draft_has_pages(client, cast):
    version = draft(
        {"set": {"key": "odd", "name": "Odd"}, "stages": [{"key": "x"}], "gates": "none", "duties": []}
    )
    client.sign_in(cast.administrator)
    for part in PARTS[:-1]:
        assert client.get(f"/admin/workflows/{version}{part}").status_code == 200, part


def test_a_version_is_switched_on_with_a_reason(client, cast):
    version = draft()
    client.sign_in(cast.administrator)
    empty = client.submit(f"/admin/workflows/{version}/activate", {"reason": "", "action_key": "k1"})
    assert empty.status_code == 422 and "Please fill this in." in empty.text
    answer = client.submit(f"/admin/workflows/{version}/activate", {"reason": "Agreed", "action_key": "k2"})
    assert answer.status_code == 303
    assert state_of(version) == "active"
    assert "switched on" in client.get(f"/admin/workflows/{version}").text
    assert "version 2, switched on: Agreed" in client.sign_in(cast.auditor).get("/audit").text


def test_a_draft_is_thrown_away(client, cast):
    version = draft()
    client.sign_in(cast.administrator)
    assert client.submit(f"/admin/workflows/{version}/discard", {"action_key": "k"}).status_code == 303
    assert client.get(f"/admin/workflows/{version}").status_code == 404
    assert client.submit("/admin/workflows/1/discard", {"action_key": "k3"}).status_code == 422


def test_measures_are_shown_what_changes_and_then_brought_over(client, cast):
    one, waiting = make_measure(cast, "defined"), make_measure(cast, "defined")
    supply(cast, waiting, "identified")
    move(cast, waiting, "identified")
    version = draft()
    client.sign_in(cast.administrator)
    client.submit(f"/admin/workflows/{version}/activate", {"reason": "Agreed", "action_key": "k2"})
    address = f"/admin/workflows/{version}/migration"
    shown = client.get(f"{address}?scope=all").text
    assert 'data-preview="2"' in shown
    assert "Newly missing: The description is long." in shown
    assert "A review is open" in shown
    fields = {"scope": "all", "keys": "", "branch": "", "action_key": key_of_form()}
    assert "Please fill this in." in client.submit(address, fields | {"reason": ""}).text
    answer = client.submit(address, fields | {"reason": "One set for all"})
    assert answer.status_code == 303
    with reading() as session:
        batch = session.scalars(select(Batch.id)).one()
    assert answer.location == f"/admin/workflows/{version}/migrations/{batch}"
    assert 'hx-trigger="every 1s"' in client.get(answer.location).text
    run_migration(batch)
    result = client.fragment(answer.location)
    assert "1 brought over" in result.text and "1 refused" in result.text
    assert "<html" not in result.text
    assert [loaded(key).rules.version for key in (one, waiting)] == [2, 1]
    refused = client.get(answer.location + "?state=refused").text
    assert waiting in refused and f'data-measure="{one}"' not in refused
    history = client.sign_in(cast.owner).get(f"/measures/{one}/history").text
    assert "Goes on under version 2 of the gates, before under version 1: One set for all" in history


def a_trial(client, version, wanted="100"):
    """A trial begun by form; its address and number."""
    answer = client.submit(
        f"/admin/workflows/{version}/trials", {"wanted": wanted, "action_key": key_of_form()}
    )
    assert answer.status_code == 303, answer.text
    return answer.location, int(answer.location.rsplit("/", 1)[1])


def test_a_draft_is_tried_before_it_is_switched_on_and_every_difference_is_explained(client, cast):
    key = make_measure(cast, "identified")
    version = draft()
    client.sign_in(cast.administrator)
    assert "Not tried yet" in client.get(f"/admin/workflows/{version}").text
    address, trial = a_trial(client, version)
    going = client.get(address).text
    assert 'data-trial-state="queued"' in going and 'hx-trigger="every 1s"' in going
    run_replay(trial)
    answer = client.fragment(address)
    assert "<html" not in answer.text
    said = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert "reproduced , the rules of then answer every record exactly as they did" in said
    assert "decision to advance into Identified: allowed then, refused now" in said
    assert "Newly missing: The description is long." in said
    assert f'href="/measures/{key}"' in answer.text
    overview = client.get(f"/admin/workflows/{version}").text
    assert f'href="{address}"' in overview and "done" in overview


def test_who_may_not_read_a_measure_does_not_find_its_key_in_a_trial(client, cast):
    key = make_measure(cast, "identified")
    version = draft()
    client.sign_in(cast.administrator)
    address, trial = a_trial(client, version)
    run_replay(trial)
    assert key in client.get(address).text
    seen = client.sign_in(cast.outsider).get(address)
    assert seen.status_code == 200 and f"/measures/{key}" not in seen.text


def test_a_trial_that_failed_says_what_to_do(client, cast):
    version = draft()
    client.sign_in(cast.administrator)
    address, trial = a_trial(client, version)
    fail_replay(trial, "no_worker")
    assert "Start the workers" in client.get(address).text
    wrong = client.submit(f"/admin/workflows/{version}/trials", {"wanted": "99999", "action_key": "k"})
    assert wrong.status_code == 422 and "Between 0 and 20,000 decisions." in wrong.text
    assert client.get(f"/admin/workflows/1/trials/{trial}").status_code == 404


def test_a_choice_that_names_nothing_says_so(client, cast):
    client.sign_in(cast.administrator)
    at = "/admin/workflows/1/migration"
    assert "There is no such branch." in client.get(f"{at}?branch=nowhere").text
    assert "chosen keys, a branch, or all" in client.get(f"{at}?branch=OI&scope=all").text
    assert "None of these measures" in client.get(f"{at}?keys=M-1+M-2").text
    assert client.get("/admin/workflows/1/migrations/7").status_code == 404
    assert client.get("/admin/workflows/99").status_code == 404
    assert client.get("/admin/workflows/1/nonsense").status_code == 404


def test_r08_who_may_only_look_sees_no_forms_and_is_refused(client, cast):
    version = draft()
    client.sign_in(cast.lead)
    page = client.get(f"/admin/workflows/{version}").text
    assert "<form" not in page.split("<main")[1]
    for act in ("activate", "discard", "migration", "trials"):
        assert (
            client.submit(f"/admin/workflows/{version}/{act}", {"reason": "x", "action_key": "k"}).status_code
            == 403
        )
    assert client.sign_in(cast.stranger).get("/admin/workflows").status_code == 403


def test_the_pages_ask_few_statements(client, cast, count_queries):
    version = draft()
    client.sign_in(cast.administrator)
    for part in PARTS[:-1]:
        client.get(f"/admin/workflows/{version}{part}")
        with count_queries() as counted:
            client.get(f"/admin/workflows/{version}{part}")
        assert counted.number <= 12, (part, counted.statements)
