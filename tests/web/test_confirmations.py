"""The controller's list and the ledger of a measure as pages."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.people import LoginSession
from govapp.services._work import now
from tests.confirming import close_month, confirm, enter, ledger, make_line, rulings, standings
from tests.factories import bring_to, key_of_form, loaded, make_measure

LIST = "/finance/confirmations"
PLAN = {f"2026-{n:02}": "100.00" for n in range(7, 11)}


@pytest.fixture
def key(app, cast) -> str:
    return make_measure(cast, "defined")


@pytest.fixture
def line(cast, key) -> int:
    number = make_line(cast, key, PLAN)
    enter(cast, key, number, {"2026-07": "90.00", "2026-08": "95.50"})
    return number


@pytest.fixture
def controller(client, cast):
    return client.sign_in(cast.controller)


def send(client, act: str, *cells: str, **fields):
    data = {"act": act, "cell": list(cells), "action_key": key_of_form()} | fields
    return client.submit(fields.pop("address", LIST), data)


def test_the_list_shows_each_amount_with_plan_difference_and_who_entered_it(controller, cast, key, line):
    found = controller.get(LIST)
    assert found.status_code == 200
    assert f'data-cell="{line}-2026-07"' in found.text
    assert f'value="{line}:2026-08:9550"' in found.text
    assert "EUR 95.50" in found.text
    assert "\N{MINUS SIGN}4.50" in found.text
    assert cast.finance.name in found.text
    assert "EUR 185.50" in found.text


def test_an_empty_list_says_what_belongs_there(client, cast, app):
    for who in (cast.controller, cast.owner):
        assert "Nothing awaits you" in client.sign_in(who).get(LIST).text
    for name in ("missing", "refused", "confirmed"):
        assert client.get(f"{LIST}?standing={name}").status_code == 200
    assert "No amount fits" in client.get(f"{LIST}?kind=cash").text


def test_one_amount_is_confirmed_and_the_list_comes_back(controller, cast, key, line):
    done = send(controller, "confirm", f"{line}:2026-07:9000")
    assert (done.status_code, done.location) == (303, LIST)
    assert f"Confirmed EUR 90 of {key}, Jul 2026." in controller.get(LIST).text
    assert standings(line) == {"2026-07": "confirmed", "2026-08": "awaits"}


def test_of_several_each_has_its_result(controller, cast, key, line):
    done = send(controller, "confirm", f"{line}:2026-07:9000", f"{line}:2026-08:1", f"{line}:2026-09:")
    assert done.status_code == 200
    assert done.text.count('data-done="true"') == 1
    assert done.text.count('data-done="false"') == 2
    assert "The amount was changed since you saw it" in done.text
    assert "There is no actual amount for this month" in done.text


def test_a_part_needs_a_reason_and_keeps_what_was_typed(controller, cast, key, line):
    part = {f"part-{line}-2026-07": "80,00"}
    lacking = send(controller, "confirm", f"{line}:2026-07:9000", **part)
    assert lacking.status_code == 422
    assert "Please give the reason" in lacking.text
    assert 'value="80,00"' in lacking.text
    done = send(controller, "confirm", f"{line}:2026-07:9000", reason="Ten were last year.", **part)
    assert done.status_code == 303
    assert [(row.amount, row.reason) for row in ledger(key)] == [(8000, "Ten were last year.")]
    wrong = send(controller, "confirm", f"{line}:2026-08:9550", **{f"part-{line}-2026-08": "many"})
    assert wrong.status_code == 422


def test_several_parts_each_take_a_reason_of_their_own_or_the_shared_one(controller, cast, key, line):
    cells = (f"{line}:2026-07:9000", f"{line}:2026-08:9550")
    done = send(
        controller, "confirm", *cells, reason="Shared.",
        **{
            f"part-{line}-2026-07": "80", f"part-{line}-2026-08": "70", f"reason-{line}-2026-08": "Its own.",
        },
    )  # fmt: skip
    assert "Confirmed EUR 80 of EUR 90" in done.text
    assert "2 confirmed in part, EUR 150 confirmed in all." in done.text
    assert {row.month.isoformat()[:7]: row.reason for row in ledger(key)} == {
        "2026-07": "Shared.", "2026-08": "Its own.",
    }  # fmt: skip


def test_a_refusal_says_which_amount_and_what_was_not_done_says_why(controller, cast, key, line):
    send(controller, "refuse", f"{line}:2026-07:9000", reason="No invoice.")
    assert f"Refused EUR 90 of {key}, Jul 2026." in controller.get(LIST).text
    lost = send(controller, "confirm", f"{line}:2026-08:1")
    assert "Not done: The amount was changed since you saw it." in lost.text


def test_a_measure_that_is_not_there_is_said_to_be_so(controller, cast, key, line):
    assert "There is no measure M-999 that you may see." in controller.get(f"{LIST}?measure=m-999").text
    assert "No amount fits this filter." in controller.get(f"{LIST}?measure={key}&until=2020-01").text


def test_refused_with_a_document_that_can_be_downloaded_only_by_who_may_see_amounts(client, cast, key, line):
    client.sign_in(cast.controller)
    done = send(
        client, "refuse", f"{line}:2026-07:9000", reason="The invoice says less.",
        document=(io.BytesIO(b"It says 80.\n"), "invoice.txt"),
    )  # fmt: skip
    assert done.status_code == 303, done.text
    (ruling,) = rulings(key)
    address = f"/measures/{key}/finance/rulings/{ruling.id}/document"
    found = client.get(address)
    assert found.status_code == 200
    assert found.headers["Content-Disposition"].startswith("attachment")
    assert found.data == b"It says 80.\n"
    found.close()
    assert client.sign_in(cast.administrator).get(address).status_code == 403
    assert client.sign_in(cast.stranger).get(address).status_code in {403, 404}
    other = make_measure(cast, "defined")
    client.sign_in(cast.controller)
    assert client.get(f"/measures/{other}/finance/rulings/{ruling.id}/document").status_code == 404


def test_r35_a_document_of_another_type_is_refused_under_its_field(controller, cast, key, line):
    done = send(
        controller, "confirm", f"{line}:2026-07:9000", document=(io.BytesIO(b"<svg/>"), "picture.svg")
    )
    assert done.status_code == 422
    assert ledger(key) == []


def test_missing_months_are_excepted(controller, cast, key, line):
    close_month("2026-09")
    page = controller.get(f"{LIST}?standing=missing")
    assert f'data-cell="{line}-2026-09"' in page.text
    done = send(
        controller, "except", f"{line}:2026-09:", reason="Late start.", address=f"{LIST}?standing=missing"
    )
    assert done.status_code == 303
    assert [one.verdict for one in rulings(key)] == ["excepted"]


def test_all_of_the_list_is_done_at_once_while_it_is_the_list_that_was_seen(controller, cast, key, line):
    seen = "ebitda/EUR/2/18550"
    assert f'value="{seen}"' in controller.get(LIST).text
    enter(cast, key, line, {"2026-08": "95.51"})
    assert send(controller, "confirm", all="1", seen_totals=seen).status_code == 422
    done = send(controller, "confirm", all="1", seen_totals="ebitda/EUR/2/18551")
    assert done.status_code == 200
    assert done.text.count('data-done="true"') == 2


def test_a_part_typed_beside_an_amount_counts_when_all_of_the_list_is_chosen(controller, cast, key, line):
    typed = {f"part-{line}-2026-07": "10", f"reason-{line}-2026-07": "Only ten are proven"}
    done = send(controller, "confirm", all="1", seen_totals="ebitda/EUR/2/18550", **typed)
    assert done.text.count('data-done="true"') == 2
    assert [(row.amount, row.reason) for row in ledger(key)] == [(1_000, "Only ten are proven"), (9_550, "")]


def test_lists_of_what_was_ruled_say_how_much_by_whom_and_why(controller, cast, key, line):
    typed = {f"part-{line}-2026-07": "10", f"reason-{line}-2026-07": "Only ten are proven"}
    send(controller, "confirm", f"{line}:2026-07:9000", **typed)
    send(controller, "refuse", f"{line}:2026-08:9550", reason="The invoice is missing")
    confirmed = controller.get(f"{LIST}?standing=confirmed").text
    assert re.search(r'data-l="Confirmed">EUR 10<', confirmed)
    refused = controller.get(f"{LIST}?standing=refused").text
    for text, reason in ((confirmed, "Only ten are proven"), (refused, "The invoice is missing")):
        assert reason in text
        assert f'data-l="By, and why">{cast.controller.name}, ' in text
    file = controller.get(f"{LIST}.csv?standing=confirmed").text
    assert f",10.00,{cast.controller.name},," in file.splitlines()[1]


def test_what_was_typed_beside_amounts_that_were_not_done_is_still_there(controller, cast, key, line):
    typed = {f"part-{line}-2026-07": "10", f"part-{line}-2026-08": "96", "reason": "Only so much is proven"}
    done = send(controller, "confirm", f"{line}:2026-07:9000", f"{line}:2026-08:9550", **typed)
    assert (done.text.count('data-done="true"'), done.text.count('data-done="false"')) == (1, 1)
    assert re.search(rf'name="part-{line}-2026-08" value="96"', done.text)
    assert "Only so much is proven</textarea>" in done.text


@pytest.mark.parametrize(
    "fields",
    [
        {"cell": "nonsense"}, {"cell": "1:2026-13:5"}, {"cell": ""}, {"cell": "-1:2026-07:5"}, {"act": "approve"},
        {"act": ""}, {"cell": "999999999999999999999:2026-07:1"}, {"cell": "1:0000-01:1"},
    ],
)  # fmt: skip
def test_r09_forged_forms_change_nothing(controller, cast, key, line, fields):
    data = {"act": "confirm", "cell": f"{line}:2026-07:9000", "action_key": key_of_form()} | fields
    assert controller.submit(LIST, data).status_code == 422
    assert ledger(key) == []


def test_r09_extra_fields_bind_nothing(controller, cast, key, line):
    send(
        controller, "confirm", f"{line}:2026-07:9000", confirmed_amount="1", amount="1", standing="refused",
        on_behalf_of="", right_used="system", late="1",
    )  # fmt: skip
    assert [(row.amount, row.late, row.right_used) for row in ledger(key)] == [
        (9000, False, "part:controller")
    ]


def test_r09_nobody_confirms_in_the_name_of_somebody_who_did_not_ask_them(client, cast, key, line):
    client.sign_in(cast.approver)
    answer = send(client, "confirm", f"{line}:2026-07:9000", on_behalf_of=str(cast.controller.id))
    assert answer.status_code == 403
    assert ledger(key) == []


def test_r13_a_form_sent_again_books_nothing_new(controller, cast, key, line):
    fields = {"act": "confirm", "cell": f"{line}:2026-07:9000", "action_key": "one-key"}
    assert controller.submit(LIST, fields).status_code == 303
    assert controller.submit(LIST, fields).status_code == 303
    assert controller.submit(LIST, fields | {"cell": f"{line}:2026-08:9550"}).status_code == 409
    assert len(ledger(key)) == 1


def test_r03_who_entered_an_amount_finds_no_box_to_tick(client, cast, key, line):
    for who in (cast.owner, cast.finance, cast.lead):
        client.sign_in(who)
        assert "data-cell" not in client.get(LIST).text
        assert send(client, "confirm", f"{line}:2026-07:9000").status_code == 403
    assert ledger(key) == []


def test_the_number_of_statements_does_not_grow_with_the_list(controller, cast, key, line, count_queries):
    controller.get(LIST)
    with count_queries() as few:
        controller.get(LIST)
    for name in ("Hosting", "Licences", "Calls"):
        number = make_line(cast, key, PLAN, name=name)
        enter(cast, key, number, dict.fromkeys(PLAN, "99.00"))
    with count_queries() as many:
        controller.get(LIST)
    assert many.number == few.number, many.statements
    assert many.number <= 14, many.statements


def test_the_ledger_of_a_measure_shows_rows_and_takes_one_back_with_a_reason(controller, cast, key, line):
    confirm(cast.controller, line, "2026-07")
    address = f"/measures/{key}/finance/ledger"
    assert 'data-ledger="confirmation"' in controller.get(address).text
    row = ledger(key)[0].id
    lacking = controller.submit(f"{address}/{row}/reversal", {"reason": "", "action_key": key_of_form()})
    assert lacking.status_code == 422
    done = controller.submit(
        f"{address}/{row}/reversal", {"reason": "Wrong month.", "action_key": key_of_form()}
    )
    assert (done.status_code, done.location) == (303, address)
    page = controller.get(address).text
    assert page.count("data-ledger=") == 2
    assert f"Reversal of row {row}" in page


def test_the_ledger_without_rows_says_what_belongs_there_and_who_may_not_see_amounts_gets_403(
    client, cast, key
):
    address = f"/measures/{key}/finance/ledger"
    assert "Nothing is confirmed yet" in client.sign_in(cast.owner).get(address).text
    assert client.sign_in(cast.administrator).get(address).status_code == 403
    assert client.sign_in(cast.stranger).get(address).status_code == 404


def test_leakage_is_booked_after_closing_from_the_ledger(controller, cast, key, line):
    confirm(cast.controller, line, "2026-07", "2026-08")
    address = f"/measures/{key}/finance/ledger"
    assert "Book leakage" not in controller.get(address).text
    bring_to(cast, key, "closed")
    assert "Book leakage" in controller.get(address).text
    fields = {"line": str(line), "month": "2026-11", "lost": "200", "reason": "Licences came back."}
    leak = f"/measures/{key}/finance/leakage"
    assert controller.submit(leak, fields | {"action_key": key_of_form()}).status_code == 422
    done = controller.submit(leak, fields | {"lost": "100,50", "action_key": key_of_form()})
    assert done.status_code == 303, done.text
    page = controller.get(address).text
    assert "\N{MINUS SIGN}100.50" in page
    assert "EUR 85" in page


def test_r27_a_page_that_signs_asks_for_the_password_again(client, cast, key, line, monkeypatch):
    rules = loaded(key).rules
    signing = replace(rules, effects=replace(rules.effects, sign_in_again=True))
    for place in ("govapp.data.snapshots.rules_for", "govapp.data.list_scope.rules_for"):
        monkeypatch.setattr(place, lambda *_: signing)
    client.sign_in(cast.controller)
    with write_session() as session:
        session.execute(update(LoginSession).values(password_at=now() - timedelta(hours=1)))
    assert 'name="password"' in client.get(LIST).text
    assert send(client, "confirm", f"{line}:2026-07:9000").status_code == 422
    wrong = send(client, "confirm", f"{line}:2026-07:9000", password="not-it")
    assert wrong.status_code == 422
    done = send(client, "confirm", f"{line}:2026-07:9000", password="walnut-harbour-lantern")
    assert done.status_code == 303, done.text
    assert ledger(key)[0].signed_name == cast.controller.name


def test_the_navigation_and_my_work_count_what_awaits_within_the_same_statements(
    client, cast, key, line, count_queries
):
    client.sign_in(cast.owner).get("/")
    client.get("/")
    with count_queries() as without:
        assert "data-amounts" not in client.get("/").text
    client.sign_in(cast.controller).get("/")
    client.get("/")
    with count_queries() as counted:
        page = client.get("/").text
    assert 'data-amounts="2"' in page
    assert counted.number <= without.number + 1, counted.statements
    assert counted.number <= 9, counted.statements


def test_a_month_or_list_that_nobody_knows_is_told_and_leaves_no_file(controller, cast, key, line):
    text = controller.get(f"{LIST}?until=xx&standing=foo").text
    assert "The address asks for what is unknown here: standing “foo” and until “xx”." in text
    assert controller.get(f"{LIST}.csv?until=xx").status_code == 404
    assert controller.get(f"{LIST}?branch=nowhere").status_code == 404


def test_the_list_leaves_as_csv_and_workbook_and_that_is_logged(controller, cast, key, line):
    found = controller.get("/finance/confirmations.csv?until=2026-07")
    assert found.text.splitlines()[1].startswith(f"{key},")
    assert ",2026-07,EUR,100.00,,90.00,-10.00,Farid Rahimi," in found.text
    assert len(found.text.splitlines()) == 2
    book = controller.get("/finance/confirmations.xlsx")
    assert book.data.startswith(b"PK")
    with reading() as session:
        logged = select(AuditLog.object_id).where(AuditLog.event == "measure:list-exported")
        assert list(session.scalars(logged)) == ["confirmations", "confirmations"]


def test_whoever_may_not_export_finds_no_file(client, cast, app):
    assert client.sign_in(cast.stranger).get("/finance/confirmations.csv").status_code == 403
