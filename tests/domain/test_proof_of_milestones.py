"""Proof of the final milestone: only a piece that names it counts, for the gate and for the basis of its votes."""

from dataclasses import replace

import pytest

from govapp.domain.basis import basis_of, counted_evidence, counted_submitters
from govapp.domain.criteria import find, names_milestone
from tests.domain.snapshots import MEMBER, OWNER, TODAY, criterion, evidence, measure, milestones, rules

KIND = "milestone-proof"
FINAL = {"kind": KIND, "min_count": 1, "per": "final_milestone"}


def answer(*facts, params=FINAL, **changes):
    return find(criterion("evidence", params), rules(), measure(evidence=facts, **changes), TODAY)


@pytest.mark.parametrize("named", ["M3", "m3", "  M3 "])
def test_a_piece_that_names_the_final_milestone_proves_it(named):
    assert answer(evidence(KIND, milestone=named)).met


def test_a_piece_about_another_milestone_does_not_and_says_which_is_meant():
    found = answer(evidence(KIND, milestone="M1"))
    assert (found.met, found.code) == (False, "evidence_other_milestone")
    assert (found.values["milestone"], found.values["named"]) == ("M3", "M1")


def test_without_a_final_milestone_nothing_proves_it():
    plain = tuple(replace(one, final=False) for one in milestones())
    found = answer(evidence(KIND, milestone="M3"), milestones=plain)
    assert (found.met, found.code, found.values["milestone"]) == (False, "evidence_other_milestone", "")


def test_nothing_handed_in_is_missing_and_what_lacks_else_is_said():
    assert answer().code == "evidence_missing"
    assert answer(evidence(KIND, milestone="M3", judged="returned")).code == "evidence_returned"


def test_several_pieces_are_counted_and_only_those_that_are_about_it():
    two = FINAL | {"min_count": 2}
    assert not answer(evidence(KIND, 1, milestone="M3"), evidence(KIND, 2, milestone="M1"), params=two).met
    assert answer(evidence(KIND, 1, milestone="M3"), evidence(KIND, 2, milestone="M3"), params=two).met
    assert answer(evidence(KIND, 1), evidence(KIND, 2), params={"kind": KIND, "min_count": 2}).met


def with_final():
    gate = rules().gates["implemented"]
    asked = [
        replace(one, params=FINAL) if one.key == "evidence:milestone-proof" else one for one in gate.criteria
    ]
    changed = replace(gate, criteria=tuple(asked))
    return replace(rules(), gates=dict(rules().gates) | {"implemented": changed}), changed


def test_r04_only_the_proof_that_counts_is_in_the_basis_and_bars_its_submitter():
    made, gate = with_final()
    others = tuple(one for one in measure().evidence if one.kind != KIND)
    proof, beside = evidence(KIND, 90, by=MEMBER, milestone="M3"), evidence(KIND, 91, by=77, milestone="M1")
    snapshot = measure("decided", evidence=(*others, proof, beside))
    assert counted_evidence(made, gate, snapshot)[KIND] == [proof]
    assert counted_submitters(made, gate, snapshot) == {OWNER, MEMBER}
    renamed = tuple(replace(one, name="Other" if one.final else one.name) for one in snapshot.milestones)
    before, after = (basis_of(made, gate, each) for each in (snapshot, replace(snapshot, milestones=renamed)))
    assert before["evidence"] != after["evidence"], "a final milestone of another name has no proof yet"


def test_the_form_must_name_a_milestone_only_where_a_gate_asks_for_one():
    made, _gate = with_final()
    assert names_milestone(made, KIND)
    assert not names_milestone(rules(), KIND)
