"""The audit log as pages: who sees what, filters, paging, exports, the check."""

import csv
import io
import json

import pytest
from sqlalchemy import select

from govapp.data import audit_queries
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.web.audit._check import go_on
from tests.factories import make_measure, make_proposal


def events(chain="security"):
    with reading() as session:
        return list(
            session.scalars(select(AuditLog.event).where(AuditLog.chain == chain).order_by(AuditLog.sequence))
        )


@pytest.mark.parametrize("who", ["owner", "lead", "controller", "leader", "stranger"])
def test_r20_only_who_may_view_the_log_opens_it(client, cast, who):
    client.sign_in(getattr(cast, who))
    assert client.get("/audit").status_code == 403
    assert client.get("/audit/export.csv").status_code == 403
    assert client.submit("/audit/verify").status_code == 403


def test_r20_an_auditor_reads_sentences_and_raw_content(client, cast):
    key = make_measure(cast, "defined")
    text = client.sign_in(cast.auditor).get(f"/audit?measure={key}").text
    assert "Moved from Proposed to Defined" in text
    assert "measure: moved" in text
    assert cast.lead.name in text


def test_r17_opening_the_log_is_logged_once_a_minute(client, cast):
    client.sign_in(cast.auditor)
    client.get("/audit")
    client.get("/audit?event=measure:moved")
    assert events().count("audit:opened") == 1


def test_filters_by_event_person_day_and_words_narrow_the_rows(client, cast):
    key = make_proposal(cast, title="Printers that find themselves")
    make_proposal(cast, by=cast.member)
    client.sign_in(cast.auditor)
    by_event = client.get("/audit?event=measure:proposed").text
    assert by_event.count("Proposed: ") == 2
    assert (
        client.get(f"/audit?event=measure:proposed&person={cast.owner.email}").text.count("Proposed: ") == 1
    )
    assert "Printers that find" in client.get("/audit?q=printers").text
    assert "No row fits" in client.get("/audit?q=nowhere-to-be-found").text
    assert "No row fits" in client.get("/audit?person=nobody@example.test").text
    assert "No row fits" in client.get("/audit?to=2001-01-01").text
    assert key in client.get("/audit?from=2001-01-01").text
    assert "No row fits" in client.get("/audit?measure=M-9999").text


def test_pages_go_on_by_sequence_in_both_directions(client, cast):
    for _ in range(30):
        make_proposal(cast)
    client.sign_in(cast.auditor)
    first = client.get("/audit").text
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(older).text
    newer = second.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")

    def rows(page):
        return [part.split('"')[0] for part in page.split('id="r')[1:]]

    assert len(rows(first)) == 50
    assert not set(rows(first)) & set(rows(second))
    assert rows(client.get(newer).text) == rows(first)


def test_r34_an_export_holds_what_the_filter_shows_and_no_formula(client, cast):
    make_proposal(cast, title="=HYPERLINK(1) is a title that looks like a formula")
    client.sign_in(cast.auditor)
    answer = client.get("/audit/export.csv?event=measure:proposed")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["event"] for row in rows] == ["measure:proposed"]
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    lines = client.get("/audit/export.json?event=measure:proposed").text.splitlines()
    assert json.loads(json.loads(lines[0])["payload"])["title"].startswith("=HYPERLINK")
    assert events().count("audit:exported") == 2


def test_the_administrator_checks_but_does_not_export(client, cast):
    client.sign_in(cast.administrator)
    assert client.get("/audit/export.csv").status_code == 403
    assert "never been checked" in client.get("/audit/verify").text
    answer = client.submit("/audit/verify")
    assert 'data-check-state="whole"' in answer.text
    assert "audit:verified" in events()
    assert "never been checked" not in client.get("/audit/verify").text


def test_a_check_goes_on_from_where_it_stopped_and_only_from_its_own_token(client, cast, monkeypatch):
    monkeypatch.setattr("govapp.web.audit._check.SECONDS", -1.0)
    client.sign_in(cast.auditor)
    answer = client.submit_htmx("/audit/verify")
    assert 'data-check-state="running"' in answer.text
    assert "<html" not in answer.text
    token = answer.text.split('name="so_far" value="')[1].split('"')[0]
    assert client.submit("/audit/verify", {"so_far": token + "x"}).status_code == 422
    monkeypatch.setattr("govapp.web.audit._check.SECONDS", 1.0)
    assert 'data-check-state="whole"' in client.submit("/audit/verify", {"so_far": token}).text


def test_r19_a_check_of_another_or_one_that_is_done_says_nothing_new(app, client, cast, monkeypatch):
    monkeypatch.setattr("govapp.web.audit._check.SECONDS", -1.0)
    answer = client.sign_in(cast.auditor).submit_htmx("/audit/verify")
    token = answer.text.split('name="so_far" value="')[1].split('"')[0]
    client.sign_in(cast.administrator)
    assert client.submit("/audit/verify", {"so_far": token}).status_code == 422
    monkeypatch.setattr("govapp.web.audit._check.SECONDS", 60.0)
    with app.test_request_context():
        done = go_on("", cast.administrator.origin)
    assert done.result is not None and done.result.ok
    assert client.submit("/audit/verify", {"so_far": done.token}).status_code == 422


def test_a_log_page_asks_for_few_queries_whatever_its_rows(client, cast, count_queries):
    for _ in range(60):
        make_proposal(cast)
    client.sign_in(cast.auditor).get("/audit")
    with count_queries() as counted:
        assert client.get("/audit").status_code == 200
    assert counted.number <= 14


def test_a_search_by_words_goes_on_in_steps_in_both_directions(client, cast, monkeypatch):
    monkeypatch.setattr(audit_queries, "SEARCHED", 20)
    make_proposal(cast, title="Printers that find themselves")
    for _ in range(25):
        make_proposal(cast)
    client.sign_in(cast.auditor)

    def walk(address, rel):
        for steps in range(50):
            page = client.get(address).text
            if "Printers that" in page:
                return steps
            address = page.split(f'rel="{rel}" href="')[1].split('"')[0].replace("&amp;", "&")
        raise AssertionError("never found")

    assert walk("/audit?q=printers", "next") >= 1
    assert walk("/audit?q=printers&after=1", "prev") >= 1
    assert "Nothing found in the rows up to no. 21." in client.get("/audit?q=printers&after=1").text
    assert "Nothing found in the rows down to no." in client.get("/audit?q=printers").text


def test_a_day_that_is_none_shows_nothing_and_says_so_on_the_page_and_exports_nothing(client, cast):
    make_measure(cast)
    client.sign_in(cast.auditor)
    page = client.get("/audit?from=2026-99-99").text
    assert "“2026-99-99” is no day" in page
    assert 'class="tbl stack log"' not in page
    assert len(client.get("/audit/export.csv?to=tomorrow").text.splitlines()) == 1


def test_a_filtered_log_says_that_the_count_is_of_the_whole_chain(client, cast):
    page = client.sign_in(cast.auditor).get("/audit?event=measure:proposed").text
    assert "in the whole chain" in page
    assert "shown are those that fit the filter" in page
    for address in ("/audit", "/audit?chain=security"):
        assert "fit the filter" not in client.get(address).text
