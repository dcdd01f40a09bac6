"""Files of evidence: what may come in, kept through errors, handed out per object and logged (R35-R37)."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import select

from govapp.data import runtime
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.evidence import EvidenceFile
from tests.factories import make_measure, make_proposal, submit
from tests.samples_of_evidence import PDF, stored_file

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
CASE = {
    "evidence-argument": "Every third call is about a locked account, and each takes eleven minutes of two people.",
    "evidence-alternatives": "Do nothing, or hire two more agents for the desk.",
    "evidence-run_rate": "84000",
    "evidence-one_off": "12000",
    "evidence-payback_months": "2",
    "evidence-sensitivity": "With half the effect it still pays back within a year.",
}


@pytest.fixture
def key(client, cast):
    """A measure in Defined whose owner is signed in."""
    made = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    return made


def form(**more):
    return {"kind": "business-case", "action_key": "a-key-of-the-form", "effective_on": ""} | CASE | more


def upload(content=PDF, name="case.pdf"):
    return {"evidence-file": (io.BytesIO(content), name)}


def hand_in(client, key, fields):
    return client.submit(f"/measures/{key}/evidence", fields, content_type="multipart/form-data")


def files():
    with reading() as session:
        return session.execute(select(EvidenceFile.name, EvidenceFile.digest, EvidenceFile.type)).all()


def downloads():
    with reading() as session:
        found = select(AuditLog.payload).where(
            AuditLog.event == "evidence:downloaded", AuditLog.chain == "security"
        )
        return [json.loads(payload) for payload in session.scalars(found)]


@pytest.fixture
def address(client, cast, key):
    """The address of a PDF that is on record."""
    done = submit(
        cast, key, "business-case", file=[stored_file(cast.owner.origin, name="Größe & Kosten.pdf")]
    )
    return f"/measures/{key}/evidence/{done.evidence_id}/files/1"


def test_a_file_is_handed_in_and_listed_with_its_digest(client, key):
    done = hand_in(client, key, form() | upload())
    assert done.status_code == 303, done.text
    assert [(name, kind) for name, _, kind in files()] == [("case.pdf", "application/pdf")]
    page = client.get(done.location)
    assert "case.pdf" in page.text
    assert files()[0].digest[:12] in page.text


def test_an_upload_is_kept_while_another_answer_is_wrong(client, key):
    wrong = hand_in(client, key, form() | {"evidence-sensitivity": "short"} | upload())
    assert wrong.status_code == 422
    assert "case.pdf" in wrong.text
    assert files() == []
    done = hand_in(client, key, form())
    assert done.status_code == 303
    assert [name for name, _, _ in files()] == ["case.pdf"]


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "case.pdf", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "case.svg", "of a type that is not taken here"),
        (b"<html><script>1</script></html>", "case.html", "of a type that is not taken here"),
        (b"<html><script>1</script></html>", "case.pdf", "is not what its ending says"),
        (PNG, "case.pdf", "is not what its ending says"),
        (PDF, "case.pdf.exe", "of a type that is not taken here"),
    ],
)
def test_r35_a_file_that_may_not_come_in_is_refused_on_its_field(client, key, content, name, sentence):
    done = hand_in(client, key, form() | upload(content, name))
    assert done.status_code == 422
    assert sentence in done.text
    assert "With half the effect" in done.text
    assert files() == []


def in_one_piece(client, key, fields, content):
    """A form as a browser sends it, from memory: the test client would put large ones into a file it forgets."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (fields | {"csrf_token": client.csrf_token()}).items()
    ]
    head = b'--x\r\nContent-Disposition: form-data; name="evidence-file"; filename="case.pdf"\r\n\r\n'
    body = b"".join([*parts, head, content, b"\r\n--x--\r\n"])
    return client.post(f"/measures/{key}/evidence", data=body, content_type="multipart/form-data; boundary=x")


def test_r35_a_file_too_large_for_its_field_is_refused_there(client, key):
    done = in_one_piece(client, key, form(), PDF + b"%" * (20 * 1024 * 1024 + 1))
    assert done.status_code == 422
    assert "larger than 20 MB" in done.text


def test_r35_a_request_larger_than_allowed_is_413(client, key):
    done = in_one_piece(client, key, form(), b"%PDF-" + b"x" * (65 * 1024 * 1024))
    assert done.status_code == 413
    assert "larger than allowed" in done.text
    assert files() == []


def test_r36_an_archive_that_unpacks_to_too_much_is_refused(client, key):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"0" * (200 * 1024 * 1024))
    done = hand_in(client, key, form() | upload(packed.getvalue(), "case.xlsx"))
    assert done.status_code == 422
    assert files() == []


def test_r37_a_download_is_an_attachment_that_runs_nothing(client, address):
    answer = client.get(address, buffered=True)
    assert answer.status_code == 200
    assert answer.data == PDF
    head = answer.headers
    assert head["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20&%20Kosten.pdf" in head["Content-Disposition"]
    assert head["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in head["Content-Security-Policy"]
    assert "no-store" in head["Cache-Control"]


def test_r17_a_download_is_logged_in_the_security_chain(client, address):
    client.get(address, buffered=True)
    client.get(address + "/preview", buffered=True)
    assert [(row["name"], row["inline"]) for row in downloads()] == [
        ("Größe & Kosten.pdf", False),
        ("Größe & Kosten.pdf", True),
    ]


def test_r37_a_digest_grants_nothing(client, cast, key, address):
    digest = files()[0].digest
    other = make_proposal(cast, "workplace", by=cast.outsider)
    client.sign_in(cast.outsider)
    assert client.get(address, buffered=True).status_code == 404
    assert client.get(address + "/preview", buffered=True).status_code == 404
    assert client.get(address.replace(key, other)).status_code == 404
    assert client.get(f"/files/{digest}").status_code == 404
    forged = form() | {"evidence-file": digest, "evidence-file-kept": digest}
    assert hand_in(client, other, forged).status_code in {403, 422}
    assert downloads() == []


def test_r08_a_file_belongs_to_its_piece_and_measure(client, cast, key, address):
    other = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    assert client.get(address.replace(f"/measures/{key}/", f"/measures/{other}/")).status_code == 404
    assert client.get(address.replace("/files/1", "/files/2")).status_code == 404


def test_pictures_and_pdf_are_shown_under_their_checked_type_and_nothing_else_is(client, cast, key):
    values = {"diagram": [stored_file(cast.owner.origin, PNG, "flow.png", "image/png")]}
    done = submit(cast, key, "technical-review", **values)
    shown = client.get(f"/measures/{key}/evidence/{done.evidence_id}/files/1/preview", buffered=True)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "flow.png" in client.get(f"/measures/{key}/evidence/{done.evidence_id}").text
    done = submit(
        cast,
        key,
        "technical-review",
        diagram=[stored_file(cast.owner.origin, b"a,b\n1,2\n", "flow.csv", "text/csv")],
    )
    assert (
        client.get(f"/measures/{key}/evidence/{done.evidence_id}/files/2/preview", buffered=True).status_code
        == 404
    )
    assert (
        client.get(f"/measures/{key}/evidence/{done.evidence_id}/files/2", buffered=True).status_code == 200
    )


def test_r35_what_one_person_hands_in_within_a_day_has_a_limit(client, key):
    runtime.configure(replace(runtime.current(), upload_quota=100))
    done = hand_in(client, key, form() | upload())
    assert done.status_code == 403
    assert "very much today" in done.text
    assert files() == []
