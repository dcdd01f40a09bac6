"""Pages of reports: asking, progress, failure in words, download, printing."""

import io
import re

import pypdf
import pytest
from sqlalchemy import select, update

from govapp.data.engine import reading
from govapp.data.reports import Report
from govapp.jobs.reports import render
from govapp.services._work import Origin, writing
from govapp.web._routes import declared_by
from tests.factories import make_measure

TEXT = "application/pdf"


def ask(client, key: str, **more) -> str:
    answer = client.submit("/reports", {"kind": "dossier", "measure": key, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def state_of(answer) -> str:
    return re.search(r'id="report" data-report-state="(\w+)"', answer.text)[1]


def set_row(address: str, **values) -> None:
    number = int(address.rsplit("/", 1)[1])
    writing(
        Origin(None, "cli"),
        lambda work: work.session.execute(update(Report).where(Report.id == number).values(**values)),
    )


def test_from_the_click_to_the_file(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    assert "No reports yet" in client.get("/reports").text
    address = ask(client, key)
    shown = client.get(address)
    assert state_of(shown) == "queued"
    assert "Queued, place 1" in shown.text and "every 1s" in shown.text
    render(int(address.rsplit("/", 1)[1]))
    ready = client.fragment(f"{address}/progress")
    assert state_of(ready) == "ready" and "hx-trigger" not in ready.text and "<html" not in ready.text
    file = client.get(f"{address}/file", buffered=True)
    assert (file.status_code, file.mimetype) == (200, TEXT)
    name = file.headers["Content-Disposition"]
    assert re.fullmatch(rf'attachment; filename="{key} dossier \d{{4}}-\d\d-\d\d\.pdf"', name)
    assert "sandbox" in file.headers["Content-Security-Policy"]
    words = " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(file.data)).pages)
    assert key in words and cast.owner.name in words
    assert 'data-report-state="ready"' in client.get("/reports").text


def test_a_branch_report_is_asked_for_from_the_list_of_branches(client, cast):
    make_measure(cast, "identified")
    client.sign_in(cast.lead)
    page = client.get("/reports").text
    assert 'value="service-quality"' in page and 'value="workplace"' not in page
    answer = client.submit("/reports", {"kind": "branch", "branch": "service-quality"})
    address = answer.headers["Location"]
    render(int(address.rsplit("/", 1)[1]))
    assert client.get(f"{address}/file", buffered=True).data.startswith(b"%PDF")


def test_the_measure_page_fills_the_form_in(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    assert f'value="{key}"' in client.get(f"/reports?kind=dossier&measure={key}").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "dossier", "measure": ""}, "Please fill this in"),
        ({"kind": "dossier", "measure": "M-999999"}, "There is no measure of this key"),
        ({"kind": "branch", "branch": "nowhere"}, "There is no branch of this key"),
        ({"kind": "branch", "branch": ""}, "Please fill this in"),
        ({"kind": "dossier", "measure": "KEY", "as_of": "2199-01-01"}, "still to come"),
        ({"kind": "dossier", "measure": "KEY", "as_of": "1999-01-01"}, "record begins after"),
        ({"kind": "dossier", "measure": "KEY", "as_of": "31.12.2025"}, "A day looks like"),
        ({"kind": "pie", "measure": "KEY"}, "Please choose from the list"),
        ({"kind": "dossier", "measure": "M" * 500}, "too long"),
    ],
)
def test_what_cannot_be_comes_back_with_everything_typed(client, cast, fields, said):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    fields = {name: key if value == "KEY" else value for name, value in fields.items()}
    answer = client.submit("/reports", fields)
    assert answer.status_code == 422
    assert said in answer.text
    if 0 < len(fields.get("measure", "")) < 40:
        assert f'value="{fields["measure"]}"' in answer.text


def test_a_key_may_be_typed_in_small_letters(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    assert ask(client, key.lower())


def test_a_failed_report_says_why_and_what_to_do(client, cast):
    key = make_measure(cast, "defined")
    client.sign_in(cast.owner)
    address = ask(client, key)
    set_row(address, state="failed", problem="no_worker")
    shown = client.get(address)
    assert state_of(shown) == "failed"
    assert "Nothing is lost" in shown.text and "Try again" in shown.text
    assert client.get(f"{address}/file", buffered=True).status_code == 404
    assert client.submit(f"{address}/retry").status_code == 303
    assert state_of(client.get(address)) == "queued"


def test_progress_is_told_in_words(client, cast):
    client.sign_in(cast.owner)
    address = ask(client, make_measure(cast, "defined"))
    for phase, done, total, said in (
        ("collecting", 0, 0, "Collecting"),
        ("laying_out", 7, 0, "Laying out page 7"),
        ("laying_out", 2, 15, "Laying out part 3 of 15"),
        ("joining", 0, 15, "Joining the parts"),
    ):
        set_row(address, state="running", phase=phase, done=done, total=total)
        assert said in client.fragment(f"{address}/progress").text


def test_without_pango_there_is_a_page_to_print(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    address = ask(client, key)
    shown = client.get(f"{address}/print")
    assert shown.status_code == 200 and "on-screen" in shown.text
    assert key in shown.text and "Measure dossier" in shown.text
    assert "<style" not in shown.text and " style=" not in shown.text
    assert client.get("/reports/print.css", buffered=True).mimetype == "text/css"


def test_r40_nobody_else_opens_what_one_asked_for(client, cast):
    key = make_measure(cast, "identified")
    client.sign_in(cast.owner)
    address = ask(client, key)
    render(int(address.rsplit("/", 1)[1]))
    for person, status in (
        (cast.outsider, 403),
        (cast.stranger, 403),
        (cast.auditor, 200),
        (cast.leader, 200),
    ):
        client.sign_in(person)
        for part in ("", "/progress", "/file", "/print"):
            found = client.get(f"{address}{part}", buffered=True).status_code
            assert found == status or (status == 403 and found == 404), f"{person.email} {part} {found}"
    client.sign_in(cast.auditor)
    assert client.get("/reports/999999").status_code == 404


def test_polling_does_not_count_as_activity(app):

    assert declared_by(app, "reports.show_progress").poll


def test_equal_requests_give_equal_bytes(client, cast):
    key = make_measure(cast, "detailed")
    client.sign_in(cast.owner)
    address = ask(client, key)
    number = int(address.rsplit("/", 1)[1])
    render(number)
    with reading() as session:
        first = session.execute(
            select(Report.file_digest, Report.content_hash).where(Report.id == number)
        ).one()
    set_row(address, state="queued", file_digest="")
    render(number)
    with reading() as session:
        second = session.execute(
            select(Report.file_digest, Report.content_hash).where(Report.id == number)
        ).one()
    assert tuple(first) == tuple(second) and first.file_digest
