"""Nothing a browser sends moves a card but the ask itself: fields, headers and files are judged on the server (R02)."""

import re

import pytest
from sqlalchemy import func, select

from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.data.measures import Measure
from govapp.data.reviews import Vote
from tests.factories import make_measure, move, open_review, review_states, stage_of, supply, version_of

FORGED = {
    "gate": "none",
    "stage": "implemented",
    "from": "implemented",
    "came_from": "implemented",
    "state": "active",
    "outcome": "allowed",
    "right": "system",
    "findings": "[]",
    "met": "true",
    "review": "passed",
    "approved": "1",
    "approved_by": "1",
    "reviewed": "true",
    "evidence": "valid",
    "workflow_version_id": "99",
}
HEADERS = {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Boosted": "true",
    "HX-Trigger": "approved",
    "HX-Prompt": "approved",
    "HX-Current-URL": "http://localhost/reviews/1?approved=1",
}


def count(what):
    with reading() as session:
        return session.scalar(select(func.count(what)))


def ask(client, key, to, **more):
    sent = {"to": to, "version": version_of(key), "action_key": f"{key}-{to}-{len(more)}"} | more
    return client.submit(f"/measures/{key}/moves", sent, headers=HEADERS)


def test_r02_forged_fields_and_headers_pass_no_gate_whose_criteria_are_open(client, cast):
    key = make_measure(cast)
    answer = ask(client.sign_in(cast.owner), key, "identified", **FORGED)
    assert answer.status_code == 422
    assert 'data-finding="evidence:baseline-record" data-met="false"' in answer.text
    assert (stage_of(key), review_states(key)) == ("defined", ["passed"])


@pytest.mark.parametrize("to", ["detailed", "decided", "implemented", "closed", "nowhere"])
def test_r02_forged_fields_and_headers_skip_no_gate(client, cast, to):
    key = make_measure(cast)
    supply(cast, key, "identified")
    assert ask(client.sign_in(cast.lead), key, to, **FORGED).status_code == 422
    assert stage_of(key) == "defined"


def test_r02_forged_approvals_leave_a_review_waiting(client, cast):
    key = make_measure(cast)
    supply(cast, key, "identified")
    votes = count(Vote.id)
    for _ in range(2):
        assert ask(client.sign_in(cast.owner), key, "identified", **FORGED).status_code == 202
    assert (stage_of(key), count(Vote.id)) == ("defined", votes)
    assert review_states(key)[-1] == "open"


@pytest.mark.parametrize("who", ["owner", "lead", "controller", "administrator", "auditor"])
def test_r02_a_vote_counts_for_whom_the_server_finds_named_not_for_what_a_form_says(client, cast, who):
    key = make_measure(cast)
    supply(cast, key, "identified")
    move(cast, key, "identified")
    number, dossier = open_review(key)
    votes = count(Vote.id)
    sent = {"verdict": "approve", "dossier": dossier, "action_key": "k", "person_id": cast.sponsor.id}
    sent |= {
        "on_behalf_of": cast.sponsor.id,
        "right_used": "part:sponsor",
        "step": "sponsor-decision",
    } | FORGED
    answer = client.sign_in(getattr(cast, who)).submit(f"/reviews/{number}/decision", sent, headers=HEADERS)
    assert answer.status_code == 403
    assert (stage_of(key), count(Vote.id)) == ("defined", votes)


def test_r02_a_file_that_is_only_named_is_no_file(client, cast):
    key = make_measure(cast, "detailed")
    before = count(EvidenceRevision.id)
    sent = {
        "evidence_kind": "business-case",
        "revision": "0",
        "evidence-argument": "Because it pays back within a year, and nobody has to wait on the phone any more.",
        "evidence-alternatives": "Doing nothing, or buying another tool.",
        "evidence-run_rate": "84000",
        "evidence-one_off": "12000",
        "evidence-payback_months": "2",
        "evidence-sensitivity": "Half of it still pays back in the first year.",
        "evidence-file": "case.pdf",
        "evidence-file-sha256": "0" * 64,
        "kept_files": '[{"name": "case.pdf"}]',
    }
    answer = ask(client.sign_in(cast.owner), key, "decided", **sent)
    assert answer.status_code == 422
    assert re.findall(r'class="invalid-feedback" id="dlg-evidence-(\w+)-e"', answer.text) == ["file"]
    assert (count(EvidenceRevision.id), stage_of(key)) == (before, "detailed")


def test_r02_a_forged_version_wins_nothing(client, cast):
    key = make_measure(cast)
    supply(cast, key, "identified")
    client.sign_in(cast.owner)
    for version in ("0", "999", "-1", "1e3", ""):
        answer = ask(client, key, "identified", **FORGED | {"version": version})
        assert answer.status_code in {409, 422}
    with reading() as session:
        row = session.scalars(select(Measure).where(Measure.key == key)).one()
        assert (row.stage, row.workflow_version_id) == ("defined", 1)
    assert review_states(key) == ["passed"]
