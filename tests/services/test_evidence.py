"""Handing in evidence: revisions, digests, validity, drafts, files, and who may."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.evidence import EvidenceDraft, EvidenceFile, EvidenceRevision
from govapp.domain.asks import AskKind, Outcome
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused
from govapp.services.downloads import DownloadFile, download_file
from govapp.services.evidence import SaveDraft, Submission, SubmitEvidence, save_draft, submit_evidence
from govapp.services.moves import MoveMeasure, move_measure
from tests.factories import (
    loaded,
    make_measure,
    move,
    submit,
    supply,
    today_of,
    version_of,
)
from tests.samples_of_evidence import stored_file, values_for

SCOPE = {
    "in_scope": "The service desk in Hamburg and all password calls there.",
    "out_of_scope": "Calls of the plants abroad, which come later.",
    "affected_teams": ["service-desk"],
    "users_affected": "420",
}


@pytest.fixture
def key(database, cast):
    """A measure in Defined."""
    return make_measure(cast, "defined")


def hand_in(cast, key, values=None, by=None, **more):
    who = by or cast.owner
    given = Submission(
        "scope-statement", SCOPE if values is None else values, more.get("day"), more.get("piece")
    )
    return submit_evidence(SubmitEvidence(key, given, who.origin, more.get("action_key", "")))


def revisions():
    with reading() as session:
        found = session.scalars(select(EvidenceRevision).order_by(EvidenceRevision.id)).all()
        session.expunge_all()
        return found


def drafts():
    with reading() as session:
        return session.scalars(select(EvidenceDraft.values)).all()


def test_a_valid_submission_is_a_revision_with_a_digest(key, cast):
    done = hand_in(cast, key)
    (row,) = revisions()
    assert (done.kind, done.revision, row.number) == ("scope-statement", 1, 1)
    assert row.digest == done.digest
    assert row.person_id == cast.owner.id
    assert row.effective_on == today_of(key)
    assert row.seq > 0


def test_nothing_is_overwritten_a_change_is_the_next_revision(key, cast):
    first = hand_in(cast, key)
    second = hand_in(cast, key, SCOPE | {"users_affected": "600"})
    assert (second.evidence_id, second.revision) == (first.evidence_id, 2)
    assert [row.values["users_affected"] for row in revisions()] == ["420", "600"]
    assert first.digest != second.digest


def test_the_same_content_has_the_same_digest_and_another_day_another(key, cast):
    first = hand_in(cast, key)
    assert hand_in(cast, key).digest == first.digest
    assert hand_in(cast, key, day=today_of(key) - timedelta(days=1)).digest != first.digest


def test_a_kind_of_several_pieces_gets_a_new_one_unless_one_is_named(key, cast):
    numbers = [submit(cast, key, "milestone-proof").evidence_id for _ in range(2)]
    assert len(set(numbers)) == 2
    measure = loaded(key)
    values = values_for(
        measure.rules.kinds["milestone-proof"], cast.owner.origin, cast.member.id, today_of(key)
    )
    again = submit_evidence(
        SubmitEvidence(key, Submission("milestone-proof", values, None, 1), cast.owner.origin)
    )
    assert (again.evidence_id, again.revision) == (numbers[0], 2)
    with pytest.raises(NotFound):
        submit_evidence(
            SubmitEvidence(key, Submission("milestone-proof", values, None, 9), cast.owner.origin)
        )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (SCOPE | {"in_scope": "short"}, "in_scope"),
        ({name: value for name, value in SCOPE.items() if name != "out_of_scope"}, "out_of_scope"),
        (SCOPE | {"users_affected": "1e400"}, "users_affected"),
        (SCOPE | {"users_affected": "NaN"}, "users_affected"),
        (SCOPE | {"affected_teams": ["moon"]}, "affected_teams"),
        (SCOPE | {"approved_by": "1"}, "approved_by"),
        (SCOPE | {"in_scope": "x" * 20_000}, "in_scope"),
    ],
)
def test_wrong_values_are_refused_by_field_and_nothing_is_stored(key, cast, values, field):
    with pytest.raises(Invalid) as refused:
        hand_in(cast, key, values)
    assert field in refused.value.values["faults"]
    assert revisions() == []


def test_an_effective_day_ahead_or_long_ago_is_refused(key, cast):
    for days in (1, -20_000):
        with pytest.raises(Invalid) as refused:
            hand_in(cast, key, day=today_of(key) + timedelta(days=days))
        assert list(refused.value.values["faults"]) == ["effective_on"]


def test_validity_runs_from_the_effective_day_and_expired_evidence_satisfies_no_gate(database, cast):
    key = make_measure(cast, "detailed")
    supply(cast, key, "decided")
    measure = loaded(key)
    kind = measure.rules.kinds["business-case"]
    old = today_of(key) - timedelta(days=250)
    values = values_for(kind, cast.owner.origin, cast.member.id, today_of(key))
    submit_evidence(SubmitEvidence(key, Submission("business-case", values, old), cast.owner.origin))
    assert revisions()[-1].valid_until < today_of(key)
    outcome = move(cast, key, "decided")
    assert outcome.outcome is Outcome.REFUSED
    assert [(f.key, f.code) for f in outcome.decision.unmet] == [
        ("evidence:business-case", "evidence_expired")
    ]


@pytest.mark.parametrize("who", ["sponsor", "controller", "leader", "auditor", "administrator", "approver"])
def test_only_those_the_kind_names_hand_it_in(key, cast, who):
    with pytest.raises(Refused):
        hand_in(cast, key, by=getattr(cast, who))
    assert revisions() == []


def test_the_program_lead_may_for_any_measure_and_outsiders_know_of_none(key, cast):
    assert hand_in(cast, key, by=cast.lead).revision == 1
    for who in (cast.outsider, cast.stranger):
        with pytest.raises(NotFound):
            hand_in(cast, key, by=who)


def test_an_unknown_kind_or_measure_is_not_found(key, cast):
    with pytest.raises(NotFound):
        submit_evidence(SubmitEvidence(key, Submission("moon-phase", {}), cast.owner.origin))
    with pytest.raises(NotFound):
        submit_evidence(SubmitEvidence("M-4711", Submission("scope-statement", SCOPE), cast.owner.origin))


def test_a_cancelled_measure_takes_no_evidence(key, cast):
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No money for it")
    with pytest.raises(Refused):
        hand_in(cast, key)


def test_r13_one_key_is_one_revision(key, cast):
    first = hand_in(cast, key, action_key="k")
    assert hand_in(cast, key, action_key="k") == first
    assert len(revisions()) == 1
    with pytest.raises(KeyReused):
        hand_in(cast, key, SCOPE | {"users_affected": "1"}, action_key="k")
    with pytest.raises(KeyReused):
        hand_in(cast, key, day=today_of(key) - timedelta(days=1), action_key="k")


def test_evidence_handed_in_with_a_refused_move_is_kept(key, cast):
    command = MoveMeasure(
        key,
        cast.owner.origin,
        version_of(key),
        "identified",
        action_key="k",
        evidence=Submission("scope-statement", SCOPE),
    )
    outcome = move_measure(command)
    assert outcome.outcome is Outcome.REFUSED
    assert outcome.evidence_kept == "scope-statement"
    assert "evidence:scope-statement" not in {finding.key for finding in outcome.decision.unmet}
    assert len(revisions()) == 1
    assert move_measure(command).evidence_kept == "scope-statement"
    assert len(revisions()) == 1


def test_wrong_evidence_with_a_move_changes_nothing_at_all(key, cast):
    wrong = Submission("scope-statement", SCOPE | {"in_scope": "short"})
    before = version_of(key)
    with pytest.raises(Invalid):
        move_measure(
            MoveMeasure(key, cast.owner.origin, before, "identified", action_key="k", evidence=wrong)
        )
    assert (revisions(), version_of(key)) == ([], before)


def test_a_draft_is_kept_for_each_person_until_it_is_handed_in(key, cast):
    for text in ("one", "two"):
        save_draft(
            SaveDraft(key, "scope-statement", cast.owner.origin, {"texts": {"in_scope": [text]}, "files": {}})
        )
    save_draft(
        SaveDraft(key, "scope-statement", cast.lead.origin, {"texts": {"in_scope": ["three"]}, "files": {}})
    )
    assert sorted(draft["texts"]["in_scope"][0] for draft in drafts()) == ["three", "two"]
    hand_in(cast, key)
    assert [draft["texts"]["in_scope"][0] for draft in drafts()] == ["three"]


def test_a_draft_too_long_to_keep_is_refused(key, cast):
    with pytest.raises(Invalid):
        save_draft(
            SaveDraft(key, "scope-statement", cast.owner.origin, {"texts": {"in_scope": ["x" * 200_000]}})
        )


def test_r37_a_submission_names_only_files_that_are_in_the_store(key, cast):
    kind = loaded(key).rules.kinds["business-case"]
    values = values_for(kind, cast.owner.origin, cast.member.id, today_of(key))
    ghost = {"name": "x.pdf", "sha256": "f" * 64, "size": 3, "type": "application/pdf"}
    with pytest.raises(Invalid):
        submit_evidence(
            SubmitEvidence(key, Submission("business-case", values | {"file": [ghost]}), cast.owner.origin)
        )
    assert revisions() == []


def test_r17_a_file_is_handed_out_to_those_who_may_and_logged(key, cast):
    done = submit(cast, key, "business-case", file=[stored_file(cast.owner.origin)])
    with reading() as session:
        number = session.scalars(select(EvidenceFile.id)).one()
    found = download_file(DownloadFile(key, done.evidence_id, number, cast.auditor.origin))
    assert found.path.read_bytes().startswith(b"%PDF")
    for who in (cast.outsider, cast.stranger):
        with pytest.raises(NotFound):
            download_file(DownloadFile(key, done.evidence_id, number, who.origin))
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == "evidence:downloaded")).one()
        assert row.chain == "security"
        assert json.loads(row.payload)["digest"] == found.path.name


def test_r16_a_submission_is_logged_with_its_digest_and_files(key, cast):
    done = submit(cast, key, "business-case", file=[stored_file(cast.owner.origin)])
    with reading() as session:
        row = session.scalars(select(AuditLog).where(AuditLog.event == "evidence:submitted")).all()[-1]
    said = json.loads(row.payload)
    assert (said["digest"], said["revision"], said["kind"]) == (done.digest, 1, "business-case")
    assert said["files"][0][0] == "proof.pdf"
