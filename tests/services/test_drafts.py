"""Life of a workflow version: several drafts, checked, switched on with a reason, thrown away; none faulty."""

import copy

import pytest
from sqlalchemy import func, select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.gates import EvidenceKindVersion, Gate, Stage, Workflow, WorkflowVersion
from govapp.domain.basis import digest_of
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused
from govapp.domain.rights import SYSTEM as SYSTEM_ACTOR
from govapp.services.audit import verify
from govapp.services.drafts import (
    ActivateVersion,
    DiscardDraft,
    DraftVersion,
    activate_version,
    check_version,
    discard_draft,
    draft_version,
)
from govapp.services.governance import FIRST_SET, read_set
from tests.cast import SYSTEM
from tests.factories import key_of_form, loaded, make_measure, make_proposal
from tests.many import everything


def next_set(number=2, **changes):
    """The standard set with another number and another name of its first stage."""
    data = copy.deepcopy(read_set(FIRST_SET))
    data["set"]["version"] = number
    data["stages"][0]["name"] = f"Written down {number}"
    data.update(changes)
    return data


def faulty_set():
    data = next_set()
    data["gates"][0]["question"] = ""
    data["approval_steps"][0]["deciders"] = {"groups": ["angels"]}
    return data


def draft(data=None, origin=SYSTEM, **more):
    return draft_version(DraftVersion(origin, data or next_set(), **more))


def activate(version_id, origin=SYSTEM, reason="The board agreed", **more):
    activate_version(ActivateVersion(origin, version_id, reason, **more))


def states():
    with reading() as session:
        found = session.execute(
            select(WorkflowVersion.number, WorkflowVersion.state).order_by(WorkflowVersion.number)
        )
        return {row.number: row.state for row in found}


def payload_of(event):
    with reading() as session:
        rows = select(AuditLog.payload).where(AuditLog.event == event).order_by(AuditLog.sequence.desc())
        return session.scalars(rows.limit(1)).one()


def count(table):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_draft_changes_nothing_until_it_is_switched_on(database, cast):
    forms = count(EvidenceKindVersion)
    found = draft(origin=cast.administrator.origin, note="Names as people say them")
    assert (found.number, found.findings and found.findings[0].stops) == (2, False)
    assert states() == {1: "active", 2: "draft"}
    assert loaded(make_proposal(cast)).rules.stage("defined").name == "Defined"
    assert count(Stage) == 6 and count(EvidenceKindVersion) == forms
    assert "Names as people say them" in payload_of("governance:drafted")


def test_several_drafts_may_stand_beside_each_other(database):
    numbers = [draft(next_set(number)).number for number in (2, 3, 4)]
    assert numbers == [2, 3, 4]
    assert states() == {1: "active", 2: "draft", 3: "draft", 4: "draft"}


def test_a_draft_may_be_a_copy_of_a_version_under_its_own_number(database):
    with reading() as session:
        first = session.scalars(select(WorkflowVersion)).one()
        before = first.definition
    made = draft_version(DraftVersion(SYSTEM, copy_of=first.id))
    with reading() as session:
        stored = session.get_one(WorkflowVersion, made.version_id).definition
    assert stored["set"]["version"] == 2
    assert {**stored, "set": {**stored["set"], "version": 1}} == before
    with pytest.raises(NotFound):
        draft_version(DraftVersion(SYSTEM, copy_of=99))


def test_a_draft_is_replaced_by_a_better_one_and_keeps_its_number(database):
    first = draft(faulty_set())
    better = draft(next_set(), replaces=first.version_id)
    assert (better.version_id, better.number) == (first.version_id, first.number)
    assert not any(each.stops for each in better.findings)
    assert states() == {1: "active", 2: "draft"}


def test_the_same_content_is_no_further_version(database):
    with pytest.raises(Invalid, match="version_there"):
        draft(read_set(FIRST_SET))


def test_what_was_switched_on_once_is_never_replaced_or_thrown_away(database):
    made = draft()
    activate(made.version_id)
    for act in (
        lambda: discard_draft(DiscardDraft(SYSTEM, made.version_id)),
        lambda: draft(next_set(3), replaces=made.version_id),
    ):
        before = everything()
        with pytest.raises(Invalid, match="version_no_draft"):
            act()
        assert everything() == before


def test_a_draft_of_one_workflow_does_not_replace_that_of_another(database):
    made = draft()
    with pytest.raises(Invalid, match="draft_of_other_workflow"):
        draft(next_set(3, set={"key": "other", "name": "Other", "version": 1}), replaces=made.version_id)


def test_a_set_must_say_which_workflow_it_is(database):
    for head in ({}, {"key": "x"}, {"name": "x"}, "x"):
        with pytest.raises(Invalid, match="set_invalid"):
            draft(next_set(set=head))


def test_a_draft_with_faults_is_kept_so_that_all_of_them_can_be_seen(database):
    made = draft(faulty_set())
    found = {each.code for each in check_version(SYSTEM_ACTOR, made.version_id) if each.stops}
    assert found == {"gate_without_question", "step_decider_unknown"}


def test_a_version_with_faults_is_not_switched_on_and_says_each(database, cast):
    made = draft(faulty_set())
    before = everything()
    with pytest.raises(Invalid, match="version_faulty") as refused:
        activate(made.version_id)
    assert {each[0] for each in refused.value.values["faults"]} == {
        "gate_without_question",
        "step_decider_unknown",
    }
    assert everything() == before


def test_warnings_do_not_keep_a_version_from_being_switched_on(database):
    made = draft()
    assert made.findings
    activate(made.version_id)
    assert states() == {1: "retired", 2: "active"}


def test_new_measures_start_under_the_version_switched_on_and_others_keep_theirs(database, cast):
    old = make_measure(cast, "identified")
    made = draft()
    activate(made.version_id, cast.administrator.origin)
    assert loaded(old).rules.stage("defined").name == "Defined"
    assert loaded(make_proposal(cast)).rules.stage("defined").name == "Written down 2"
    assert count(Stage) == 12 and count(Gate) == 12
    assert verify(state=True).ok


def test_switching_on_is_logged_with_reason_digest_and_what_it_retires(database):
    made = draft()
    activate(made.version_id, reason="Agreed on the 5th")
    said = payload_of("governance:activated")
    assert all(each in said for each in ("Agreed on the 5th", digest_of(next_set()), '"retired":[1]'))


def test_it_needs_a_reason(database):
    made = draft()
    for reason in ("", "  ", "x" * 2001):
        with pytest.raises(Invalid) as refused:
            activate(made.version_id, reason=reason)
        assert "reason" in refused.value.errors
    assert states()[2] == "draft"


def test_a_version_that_is_on_is_not_switched_on_again(database):
    made = draft()
    activate(made.version_id)
    with pytest.raises(Invalid, match="version_active"):
        activate(made.version_id)


def test_a_retired_version_can_be_switched_on_again_without_new_rows(database):
    made = draft()
    activate(made.version_id)
    stages = count(Stage)
    with reading() as session:
        first = session.scalars(select(WorkflowVersion.id).where(WorkflowVersion.number == 1)).one()
    activate(first, reason="It was better")
    assert states() == {1: "active", 2: "retired"}
    assert count(Stage) == stages


def without_detailed():
    data = next_set()
    data["stages"] = [each for each in data["stages"] if each["key"] != "detailed"]
    data["gates"] = [each for each in data["gates"] if each["into"] != "detailed"]
    next(each for each in data["gates"] if each["into"] == "decided")["from"] = "identified"
    return data


def test_a_stage_does_not_vanish_while_measures_stand_in_it(database, cast):
    make_measure(cast, "detailed")
    made = draft(without_detailed())
    assert not [each for each in made.findings if each.stops]
    with pytest.raises(Invalid, match="stages_occupied") as refused:
        activate(made.version_id)
    assert refused.value.values["stages"] == "Detailed (1)"
    assert states() == {1: "active", 2: "draft"}


def test_a_stage_where_nothing_stands_may_vanish(database, cast):
    make_measure(cast, "identified")
    made = draft(without_detailed())
    activate(made.version_id)
    assert states() == {1: "retired", 2: "active"}


def test_a_draft_is_thrown_away_with_its_workflow_when_there_is_nothing_else_of_it(database):
    before = everything()
    made = draft(next_set(set={"key": "other", "name": "Other", "version": 1}))
    other = draft()
    assert count(Workflow) == 2
    discard_draft(DiscardDraft(SYSTEM, made.version_id))
    discard_draft(DiscardDraft(SYSTEM, other.version_id))
    after = everything()
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() <= {
        "audit_log",
        "audit_head",
    }
    assert verify().ok


def test_r13_a_form_sent_twice_switches_on_once(database, cast):
    made, key = draft(), key_of_form()
    for _ in range(2):
        activate(made.version_id, cast.administrator.origin, action_key=key)
    assert states() == {1: "retired", 2: "active"}
    with pytest.raises(KeyReused):
        activate(made.version_id, cast.administrator.origin, reason="Another", action_key=key)


def test_r08_each_act_needs_its_permission(database, cast):
    made = draft()
    for who in (cast.lead, cast.controller, cast.leader, cast.auditor):
        for act in (
            lambda origin: draft(next_set(7), origin),
            lambda origin: discard_draft(DiscardDraft(origin, made.version_id)),
            lambda origin: activate(made.version_id, origin),
        ):
            with pytest.raises(Refused):
                act(who.origin)
    with pytest.raises(Refused):
        activate(made.version_id, cast.stranger.origin)
    assert states() == {1: "active", 2: "draft"}


def test_what_is_not_there_is_not_found(database, cast):
    for act in (
        lambda: activate(99),
        lambda: discard_draft(DiscardDraft(SYSTEM, 99)),
        lambda: check_version(SYSTEM_ACTOR, 99),
        lambda: draft(next_set(), replaces=99),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_number_that_another_version_has_is_said(database):
    made = draft(next_set(1))
    assert ("version_number_taken", "1") in {(each.code, each.about) for each in made.findings}
