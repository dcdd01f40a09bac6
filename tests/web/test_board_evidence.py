"""Evidence handed in within the refusal dialog: files kept through errors, drafts, saved and tried again in one act."""

import io

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.evidence import EvidenceDraft, EvidenceFile, EvidenceRevision
from tests.factories import make_measure, stage_of, submit, version_of

SCOPE = {
    "evidence_kind": "scope-statement",
    "evidence-in_scope": "Password calls of all sites and all tools of the group",
    "evidence-out_of_scope": "Accounts of machines and services",
    "evidence-affected_teams": "service-desk",
    "evidence-users_affected": "1200",
}
NOTE = b"Counted by hand on one day in March.\n"


def sent(key: str, **fields) -> dict:
    """A form of the dialog, with a file."""
    named = {"to": "identified", "version": version_of(key), "action_key": f"{key}-{len(fields)}"}
    return named | SCOPE | fields


def with_file(**fields) -> dict:
    """The fields with a small text file."""
    return {"evidence-sketch": (io.BytesIO(NOTE), "sketch.txt")} | fields


def test_valid_evidence_is_kept_although_the_move_is_refused_for_something_else(client, cast, sqlite):
    key = make_measure(cast)
    answer = client.sign_in(cast.owner).submit_htmx(f"/measures/{key}/moves", sent(key, **with_file()))
    assert answer.status_code == 422
    assert 'data-finding="evidence:scope-statement" data-met="true"' in answer.text
    assert "Scope statement is saved" in answer.text
    with Session(sqlite) as session:
        assert session.scalars(select(EvidenceFile.name)).all() == ["sketch.txt"]
    assert stage_of(key) == "defined"


def test_after_an_error_the_file_and_the_words_are_still_there(client, cast, sqlite):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    wrong = sent(key, **with_file(**{"evidence-users_affected": "many"}))
    answer = client.submit_htmx(f"/measures/{key}/moves", wrong)
    assert answer.status_code == 422
    assert "many" in answer.text
    assert "sketch.txt" in answer.text
    with Session(sqlite) as session:
        assert session.scalars(select(EvidenceRevision.id)).all() == []
        assert session.scalars(select(EvidenceDraft.kind)).all() == ["scope-statement"]
    right = client.submit_htmx(f"/measures/{key}/moves", sent(key, action_key="again"))
    assert 'data-finding="evidence:scope-statement" data-met="true"' in right.text
    with Session(sqlite) as session:
        assert session.scalars(select(EvidenceFile.name)).all() == ["sketch.txt"]
        assert session.scalars(select(EvidenceDraft.kind)).all() == []


def test_a_revision_handed_in_from_the_dialog_keeps_the_files_of_the_one_before(client, cast, sqlite):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    client.submit_htmx(f"/measures/{key}/moves", sent(key, **with_file()))
    more = sent(key, action_key="again", revision="1", **{"evidence-users_affected": "1300"})
    assert client.submit_htmx(f"/measures/{key}/moves", more).status_code == 422
    with Session(sqlite) as session:
        found = session.execute(select(EvidenceFile.name, EvidenceFile.revision_id)).all()
    assert [row.name for row in found] == ["sketch.txt", "sketch.txt"]
    assert len({row.revision_id for row in found}) == 2


def test_r10_evidence_begun_before_anothers_revision_is_kept_as_a_draft_and_nothing_moves(
    client, cast, sqlite
):
    key = make_measure(cast)
    for kind in ("baseline-record", "rough-numbers"):
        submit(cast, key, kind)
    client.sign_in(cast.owner)
    submit(cast, key, "scope-statement", cast.lead)
    answer = client.submit_htmx(f"/measures/{key}/moves", sent(key, revision="0"))
    assert answer.status_code == 409
    assert "What you typed is kept as your draft" in answer.text
    with Session(sqlite) as session:
        drafts = session.scalars(
            select(EvidenceDraft.values).where(EvidenceDraft.kind == "scope-statement")
        ).all()
        assert [draft["texts"]["users_affected"] for draft in drafts] == [["1200"]]
        assert len(session.scalars(select(EvidenceRevision.id)).all()) == 3
    page = client.get(f"/measures/{key}/evidence/new?kind=scope-statement").text
    assert f"{cast.lead.name} handed in revision 1 after you began this draft" in page
    assert stage_of(key) == "defined"


def test_the_dialogs_form_says_which_revision_it_goes_by(client, cast):
    key = make_measure(cast)
    answer = client.sign_in(cast.owner).submit_htmx(
        f"/measures/{key}/moves", sent(key, **{"evidence-in_scope": ""})
    )
    assert '<input type="hidden" name="revision" value="0">' in answer.text


def test_a_half_filled_form_is_kept_as_a_draft_for_its_writer_only(client, cast):
    key = make_measure(cast)
    half = {"to": "identified", "version": version_of(key), "action_key": "d", "draft": "1"}
    half |= {"evidence_kind": "scope-statement", "evidence-in_scope": "Half a thought"}
    answer = client.sign_in(cast.owner).submit_htmx(f"/measures/{key}/moves", half)
    assert "Your draft is kept" in answer.text
    assert "Half a thought" in answer.text
    again = {"to": "identified", "version": version_of(key), "action_key": "e"}
    assert "Half a thought" in client.submit_htmx(f"/measures/{key}/moves", again).text
    assert "Half a thought" not in client.sign_in(cast.lead).submit_htmx(f"/measures/{key}/moves", again).text


def test_the_last_evidence_and_the_move_are_one_act(client, cast):
    key = make_measure(cast)
    for kind in ("baseline-record", "rough-numbers"):
        submit(cast, key, kind)
    answer = client.sign_in(cast.owner).submit_htmx(f"/measures/{key}/moves", sent(key))
    assert answer.status_code == 202
    assert cast.sponsor.name in answer.text


def test_who_may_not_supply_a_kind_is_refused_and_unknown_kinds_are_not_there(client, cast):
    key = make_measure(cast)
    client.sign_in(cast.controller)
    assert client.submit_htmx(f"/measures/{key}/moves", sent(key)).status_code == 403
    client.sign_in(cast.owner)
    unknown = sent(key, evidence_kind="nothing")
    assert client.submit_htmx(f"/measures/{key}/moves", unknown).status_code == 404


def test_a_file_of_a_wrong_type_is_an_error_on_its_field_and_nothing_typed_is_lost(client, cast):
    key = make_measure(cast)
    bad = sent(key, **{"evidence-sketch": (io.BytesIO(b"<html><script>"), "x.html")})
    answer = client.sign_in(cast.owner).submit_htmx(f"/measures/{key}/moves", bad)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    assert "Password calls of all sites" in answer.text


def test_r08_who_may_not_hand_it_in_stores_nothing(client, cast, sqlite, tmp_path):
    key = make_measure(cast)
    client.sign_in(cast.leader)
    answer = client.submit_htmx(f"/measures/{key}/moves", sent(key, ask="hold", **with_file()))
    assert answer.status_code == 403
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    with Session(sqlite) as session:
        assert session.scalars(select(EvidenceDraft.kind)).all() == []
