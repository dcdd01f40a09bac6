"""Evidence pages: the list, the form with its errors and drafts, one piece with its revisions."""

from io import BytesIO

import pytest
from sqlalchemy import select

from govapp.data import measure_pages
from govapp.data.engine import reading
from govapp.data.evidence import EvidenceDraft, EvidenceRevision
from govapp.services import evidence_pages
from tests.factories import make_measure
from tests.samples_of_evidence import PDF

SCOPE = {
    "evidence-in_scope": "The service desk in Hamburg and all password calls there.",
    "evidence-out_of_scope": "Calls of the plants abroad, which come later.",
    "evidence-affected_teams": "service-desk",
    "evidence-users_affected": "420",
}


@pytest.fixture
def key(client, cast):
    """A measure in Defined whose owner is signed in."""
    made = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    return made


def form(kind, **more):
    return {"kind": kind, "action_key": "a-key-of-the-form", "effective_on": ""} | more


def revisions():
    with reading() as session:
        return session.scalars(select(EvidenceRevision.number).order_by(EvidenceRevision.id)).all()


def test_the_list_says_what_each_kind_proves_and_that_it_is_missing(client, key):
    page = client.get(f"/measures/{key}/evidence")
    assert page.status_code == 200
    assert "A scope statement says what is in and what stays out." in page.text
    assert 'data-evidence="scope-statement" data-state="missing"' in page.text
    assert 'data-evidence="business-case" data-state="later"' in page.text


def test_valid_evidence_is_handed_in_and_shown(client, key):
    done = client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE)
    assert done.status_code == 303, done.text
    page = client.get(done.location)
    assert "Hamburg" in page.text
    assert "Olga Brandt" in page.text
    assert (
        'data-evidence="scope-statement" data-state="valid"' in client.get(f"/measures/{key}/evidence").text
    )


def test_a_wrong_answer_comes_back_under_its_field_with_what_was_typed(client, key):
    done = client.submit(
        f"/measures/{key}/evidence", form("scope-statement") | SCOPE | {"evidence-in_scope": "too short"}
    )
    assert done.status_code == 422
    assert "Write at least" in done.text
    assert "too short" in done.text
    assert "plants abroad" in done.text
    assert revisions() == []


def test_the_effective_day_may_not_lie_ahead(client, key):
    done = client.submit(
        f"/measures/{key}/evidence", form("scope-statement", effective_on="2999-01-01") | SCOPE
    )
    assert done.status_code == 422
    assert "may not lie in the future" in done.text


def test_a_half_filled_form_is_kept_as_a_draft_and_comes_back(client, key):
    done = client.submit(
        f"/measures/{key}/evidence", form("scope-statement", save="draft") | {"evidence-in_scope": "Half"}
    )
    assert done.status_code == 303
    page = client.get(done.location)
    assert "This is your draft" in page.text
    assert "Half</textarea>" in page.text
    assert "You have a draft" in client.get(f"/measures/{key}/evidence").text


def test_what_is_handed_in_ends_the_draft(client, key):
    client.submit(
        f"/measures/{key}/evidence", form("scope-statement", save="draft") | {"evidence-in_scope": "Half"}
    )
    client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE)
    with reading() as session:
        assert session.scalars(select(EvidenceDraft.id)).all() == []


def test_a_second_revision_is_shown_beside_the_first_with_the_difference_marked(client, key):
    first = client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE).location
    changed = SCOPE | {"evidence-users_affected": "600"}
    client.submit(
        f"/measures/{key}/evidence", form("scope-statement", action_key="another", revision="1") | changed
    )
    page = client.get(first)
    assert "2 revisions, side by side" in page.text
    assert "420" in page.text
    assert "600" in page.text
    assert page.text.count("data-changed") == 1


def test_r10_a_form_begun_before_anothers_revision_comes_back_with_what_was_typed(client, cast, key):
    address = f"/measures/{key}/evidence"
    client.submit(address, form("scope-statement") | SCOPE)
    client.sign_in(cast.lead).submit(
        address,
        form("scope-statement", revision="1", action_key="of-the-lead")
        | SCOPE
        | {"evidence-users_affected": "500"},
    )
    mine = (
        form("scope-statement", revision="1", action_key="of-the-owner")
        | SCOPE
        | {"evidence-users_affected": "600"}
    )
    answer = client.sign_in(cast.owner).submit(address, mine)
    assert answer.status_code == 409
    assert f"{cast.lead.name} handed in revision 2 after you began this draft" in answer.text
    assert 'value="600"' in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert revisions() == [1, 2]
    assert client.submit(address, mine | {"revision": "2", "action_key": "another"}).status_code == 303
    assert revisions() == [1, 2, 3]


def test_r10_a_form_that_does_not_say_what_it_saw_revises_nothing(client, key):
    address = f"/measures/{key}/evidence"
    client.submit(address, form("scope-statement") | SCOPE)
    answer = client.submit(address, form("scope-statement", action_key="another") | SCOPE)
    assert (answer.status_code, revisions()) == (409, [1])


def test_r13_a_form_sent_twice_makes_one_revision(client, key):
    for _ in range(2):
        done = client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE)
        assert done.status_code == 303
    assert revisions() == [1]


def test_r09_extra_fields_never_bind(client, key):
    more = {
        "person_id": "1",
        "judged": "accepted",
        "evidence-judged": "accepted",
        "valid_until": "2999-01-01",
    }
    done = client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE | more)
    assert done.status_code == 303
    with reading() as session:
        row = session.scalars(select(EvidenceRevision)).one()
        assert row.judged == ""
        assert set(row.values) == {"in_scope", "out_of_scope", "affected_teams", "users_affected"}


def test_r09_a_repeated_answer_is_refused(client, key):
    done = client.submit(
        f"/measures/{key}/evidence", form("scope-statement") | SCOPE | {"evidence-users_affected": ["1", "2"]}
    )
    assert done.status_code == 422
    assert "sent more than once" in done.text


def test_who_may_not_hand_it_in_is_told_so(client, cast, key):
    client.sign_in(cast.auditor)
    assert client.get(f"/measures/{key}/evidence").status_code == 200
    assert client.get(f"/measures/{key}/evidence/new?kind=scope-statement").status_code == 403
    assert client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE).status_code == 403
    assert revisions() == []


def test_r08_what_one_may_not_read_is_not_found(client, cast, key):
    client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE)
    client.sign_in(cast.outsider)
    for address in (
        f"/measures/{key}/evidence",
        f"/measures/{key}/evidence/1",
        f"/measures/{key}/evidence/new?kind=scope-statement",
    ):
        assert client.get(address).status_code == 404
    assert client.submit(f"/measures/{key}/evidence", form("scope-statement") | SCOPE).status_code == 404


def test_an_unknown_kind_or_piece_is_not_found(client, key):
    assert client.get(f"/measures/{key}/evidence/new?kind=nothing").status_code == 404
    assert client.get(f"/measures/{key}/evidence/new?kind=scope-statement&piece=99").status_code == 404
    assert client.get(f"/measures/{key}/evidence/new?kind=scope-statement&piece=x").status_code == 404
    assert client.get(f"/measures/{key}/evidence/99").status_code == 404


def test_a_request_that_is_no_form_is_415(client, key):
    done = client.post(
        f"/measures/{key}/evidence",
        json={"kind": "scope-statement"},
        headers={"X-CSRFToken": client.csrf_token()},
    )
    assert done.status_code == 415


def test_a_person_beyond_those_on_offer_is_named_by_e_mail_address(client, cast, monkeypatch):
    key = make_measure(cast, "decided")
    client.sign_in(cast.owner)
    address = f"/measures/{key}/evidence/new?kind=acceptance-record"
    assert '<select class="form-select form-select-sm" id="evidence-tested_by"' in client.get(address).text
    for module in (measure_pages, evidence_pages):
        monkeypatch.setattr(module, "OFFERED", 2)
    text = client.get(address).text
    assert 'list="evidence-tested_by-l"' in text
    assert "write the e-mail address" in text
    record = {
        "evidence-tested_by": "nobody@example.test",
        "evidence-cases_run": "12",
        "evidence-cases_failed": "0",
        "evidence-adoption": "60",
        "evidence-user_voice": "They say that it is faster than calling.",
        "evidence-protocol": (BytesIO(PDF), "protocol.pdf"),
    }
    refused = client.submit(f"/measures/{key}/evidence", form("acceptance-record") | record)
    assert refused.status_code == 422
    assert 'value="nobody@example.test"' in refused.text
    record |= {"evidence-tested_by": cast.stranger.email, "evidence-protocol": (BytesIO(PDF), "protocol.pdf")}
    done = client.submit(f"/measures/{key}/evidence", form("acceptance-record") | record)
    assert done.status_code == 303, done.text
    assert cast.stranger.name in client.get(done.location).text
