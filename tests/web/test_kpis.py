"""Pages of operating figures and checks after closing: what is shown, typed, pasted, signed and refused."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import xlsxwriter
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.kpi_queries import promises_of
from govapp.data.kpis import SustainCheck
from govapp.data.ledger import LedgerRow
from govapp.data.sustain_queries import checks_of
from govapp.services.kpi_explanations import ExplainGap, explain_gap
from govapp.services.kpis import SetMeasureKpi, set_measure_kpi
from govapp.services.readings import SetReadings, set_readings
from tests.factories import judge, key_of_form, loaded, make_measure, stage_of, submit, today_of, version_of
from tests.factories3 import make_measure3, month_of, use_version_3

WHY = "One outage in October waited for a spare part; without it the mean lies below the target."


def promise(key):
    with reading() as session:
        return promises_of(session, loaded(key).measure.id)[0]


@pytest.fixture
def judged(client, cast):
    """A measure that is judged by a figure of 1,420 calls, with a target of 420."""
    key = make_measure(cast)
    given = {"name": "Reset calls", "unit": "calls", "source": "ticket-system"}
    set_measure_kpi(SetMeasureKpi(key, cast.owner.origin, Decimal(1420), Decimal(420), **given))
    return key


def read(cast, key, *values):
    months = {month_of(key, place - len(values)): Decimal(str(value)) for place, value in enumerate(values)}
    set_readings(SetReadings(promise(key).kpi_id, months, cast.member.origin))


def test_the_owner_adds_a_figure_on_the_page_of_the_measure(client, cast):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    assert "None yet." in client.get(f"/measures/{key}/kpi").text
    fields = {
        "name": "Reset calls",
        "unit": "calls",
        "source": "Tickets",
        "better": "lower",
        "baseline": "1420",
        "target": "1500",
    }
    answer = client.submit(f"/measures/{key}/kpi", fields | {"action_key": key_of_form()})
    assert answer.status_code == 422
    assert "wrong side of the baseline" in answer.text
    assert 'value="Reset calls"' in answer.text
    answer = client.submit(f"/measures/{key}/kpi", fields | {"target": "420", "action_key": key_of_form()})
    assert answer.status_code == 303
    text = client.get(f"/measures/{key}/kpi").text
    assert "1,420 calls" in text
    assert "Reset calls has no readings yet" in text


def test_readings_are_typed_and_the_chart_says_what_they_mean(client, cast, judged):
    client.sign_in(cast.member)
    number = promise(judged).kpi_id
    months = [month_of(judged, -ahead) for ahead in (2, 1, 0)]
    fields = {f"{month:%Y-%m}": value for month, value in zip(months, ("900", "700", "500"), strict=True)}
    fields |= {f"seen-{month:%Y-%m}": "" for month in months} | {"action_key": key_of_form()}
    assert client.submit(f"/measures/{judged}/kpi/{number}/readings", fields).status_code == 303
    text = client.get(f"/measures/{judged}/kpi").text
    assert (
        "Reset calls has covered 72 % of the way to its target of 420 calls: the last three readings give 700 calls"
        in text
    )
    assert "target missed" in text
    assert text.count("<circle") == 3


def test_a_month_that_somebody_else_has_changed_is_refused_with_both_values(client, cast, judged):
    read(cast, judged, 900)
    client.sign_in(cast.owner)
    name = f"{month_of(judged, -1):%Y-%m}"
    fields = {name: "800", f"seen-{name}": "", "action_key": key_of_form()}
    answer = client.submit(f"/measures/{judged}/kpi/{promise(judged).kpi_id}/readings", fields)
    assert answer.status_code == 409
    assert "you saw –, now it is 900" in answer.text
    assert 'value="800"' in answer.text


def test_a_block_is_pasted_and_every_bad_row_is_named(client, cast, judged):
    client.sign_in(cast.owner)
    address = f"/measures/{judged}/kpi/{promise(judged).kpi_id}/import"
    block = "2026-01\t1.420\n2026-02\tmany\nspring\t5"
    answer = client.submit(address, {"block": block, "action_key": key_of_form()})
    assert answer.status_code == 422
    assert "Row 2:" in answer.text
    assert "Row 3: This is no month" in answer.text
    assert promise(judged).readings == ()
    block = "2026-01\t1400\n2026-02\t1380,5"
    assert client.submit(address, {"block": block, "action_key": key_of_form()}).status_code == 303
    assert [each.value for each in promise(judged).readings] == [14_000_000, 13_805_000]


def workbook(rows):
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, "default_date_format": "yyyy-mm"})
    sheet = book.add_worksheet()
    for row, (month, value) in enumerate(rows):
        sheet.write_datetime(row, 0, month) if isinstance(month, date) else sheet.write(row, 0, month)
        sheet.write(row, 1, value)
    book.close()
    data.seek(0)
    return data


def test_a_workbook_is_imported_by_whoever_may_import(client, cast, judged):
    rows = [("Month", "Calls"), (date(2026, 1, 1), 1400.25), (date(2026, 2, 1), 1380)]
    address = f"/measures/{judged}/kpi/{promise(judged).kpi_id}/import"

    def send():
        return client.submit(
            address, {"file": (workbook(rows), "calls.xlsx"), "action_key": key_of_form()},
            content_type="multipart/form-data",
        )  # fmt: skip

    client.sign_in(cast.owner)
    assert send().status_code == 403
    client.sign_in(cast.lead)
    assert send().status_code == 303
    assert [each.value for each in promise(judged).readings] == [14_002_500, 13_800_000]


def test_r27_the_controller_signs_with_the_password_when_it_is_long_ago(client, cast, judged, monkeypatch):
    read(cast, judged, 900, 800, 700)
    explain_gap(ExplainGap(judged, promise(judged).id, WHY, cast.owner.origin))
    address = f"/measures/{judged}/kpi/{promise(judged).id}/signature"
    client.sign_in(cast.owner)
    assert "Sign the explanation" not in client.get(f"/measures/{judged}/kpi").text
    assert (
        client.submit(address, {"version": promise(judged).version, "action_key": key_of_form()}).status_code
        == 403
    )
    client.sign_in(cast.controller)
    assert "Sign the explanation" in client.get(f"/measures/{judged}/kpi").text
    answer = client.submit(address, {"version": promise(judged).version, "action_key": key_of_form()})
    assert answer.status_code == 303
    assert f"Signed by {cast.controller.name}" in client.get(f"/measures/{judged}/kpi").text


def test_an_explanation_that_is_too_short_is_kept_in_the_form(client, cast, judged):
    read(cast, judged, 900, 800, 700)
    client.sign_in(cast.owner)
    answer = client.submit(
        f"/measures/{judged}/kpi/{promise(judged).id}/explanation",
        {"explanation": "It rained.", "version": promise(judged).version, "action_key": key_of_form()},
    )
    assert answer.status_code == 422
    assert "at least 50 characters" in answer.text
    assert "It rained." in answer.text


def test_days_of_the_checks_are_proposed_and_set(client, cast):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    text = client.get(f"/measures/{key}/kpi").text
    assert "No days are set yet" in text
    days = [today_of(key) + timedelta(days=ahead) for ahead in (90, 180, 360)]
    fields = {f"day-{place}": day.isoformat() for place, day in enumerate(days)}
    fields |= {"version": version_of(key), "action_key": key_of_form()}
    assert (
        client.submit(f"/measures/{key}/sustain", fields | {"day-1": days[0].isoformat()}).status_code == 422
    )
    assert client.submit(f"/measures/{key}/sustain", fields).status_code == 303
    assert loaded(key).measure.sustain_dates == [day.isoformat() for day in days]


def test_checks_of_a_closed_measure_stand_on_its_page_and_on_my_work(client, cast):
    key = make_measure3(cast, use_version_3(cast), "closed")
    client.sign_in(cast.owner)
    text = client.get(f"/measures/{key}/kpi").text
    assert re.findall(r'data-check="(\d+)" data-state="(\w+)"', text) == [
        ("3", "due"),
        ("6", "due"),
        ("12", "due"),
    ]
    assert "Change baseline and target" not in text


def test_who_may_only_read_sees_no_forms(client, cast, judged):
    client.sign_in(cast.auditor)
    text = client.get(f"/measures/{judged}/kpi").text
    assert "Reset calls" in text
    assert 'method="post"' not in text.split("<main")[1]
    client.sign_in(cast.stranger)
    assert client.get(f"/measures/{judged}/kpi").status_code == 404


def test_figures_stand_in_a_list_with_their_measures(client, cast, judged):
    read(cast, judged, 900, 800)
    client.sign_in(cast.lead)
    text = client.get("/finance/operating-figures").text
    assert "Reset calls" in text
    assert "800 calls" in text
    number = promise(judged).kpi_id
    text = client.get(f"/finance/operating-figures/{number}").text
    assert f"/measures/{judged}/kpi" in text
    fields = {"name": "Password calls", "unit": "calls", "source": "Tickets", "better": "lower", "version": 1}
    answer = client.submit(f"/finance/operating-figures/{number}", fields | {"action_key": key_of_form()})
    assert answer.status_code == 303
    assert "Password calls" in client.get(f"/measures/{judged}/kpi").text
    client.sign_in(cast.stranger)
    assert client.get(f"/finance/operating-figures/{number}").status_code in {403, 404}


def test_a_program_lead_adds_a_figure_and_a_reader_does_not(client, cast):
    fields = {"organization": "OI", "name": "Backlog", "unit": "tickets", "source": "", "better": "lower"}
    client.sign_in(cast.lead)
    answer = client.submit("/finance/operating-figures", fields | {"action_key": key_of_form()})
    assert answer.status_code == 303
    assert "No measure is judged by it yet" in client.get(answer.headers["Location"]).text
    client.sign_in(cast.auditor)
    assert (
        client.submit("/finance/operating-figures", fields | {"action_key": key_of_form()}).status_code == 403
    )


def lossy(cast, monthly):
    """A closed measure with a run rate of EUR 12,000, whose first check found so much a month left; and the check."""
    key = make_measure3(cast, use_version_3(cast), "closed")
    why = "Eight entries came back after the trade fair and stayed."
    submit(
        cast,
        key,
        "sustain-check",
        months_after="3",
        still_there="partly",
        monthly_effect=monthly,
        leakage_reason=why,
    )
    judge(cast, key, "sustain-check")
    with reading() as session:
        return key, checks_of(session, loaded(key).measure.id)[0].id


def book(client, key, text, **more):
    form = text.split('action="/measures/' + key + '/finance/leakage"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(check|month|lost|action_key)"[^>]*value="([^"]*)"', form))
    fields |= {
        "line": re.search(r'<option value="(\d+)"', form)[1],
        "reason": re.search(r"required>([^<]+)</text", form)[1],
    }
    return client.submit(f"/measures/{key}/finance/leakage", fields | more)


def test_what_a_check_finds_lost_is_proposed_as_leakage_and_linked(client, cast):
    key, check = lossy(cast, 700)
    client.sign_in(cast.controller)
    assert f"/measures/{key}/finance/ledger?check={check}" in client.get(f"/measures/{key}/kpi").text
    text = client.get(f"/measures/{key}/finance/ledger?check={check}").text
    assert 'name="lost" inputmode="decimal" required value="300.00"' in text
    assert 'name="reopen" value="1">' in text  # 30 % is no reason to reopen
    assert book(client, key, text).status_code == 303
    with reading() as session:
        row = session.scalars(select(LedgerRow).where(LedgerRow.kind == "leakage")).one()
        assert (row.amount, row.revision_id) == (-30_000, session.get(SustainCheck, check).revision_id)
    assert stage_of(key) == "closed"


def test_a_great_loss_reopens_the_measure_with_its_leakage(client, cast):
    key, check = lossy(cast, 400)
    client.sign_in(cast.controller)
    text = client.get(f"/measures/{key}/finance/ledger?check={check}").text
    assert 'name="reopen" value="1" checked>' in text
    assert book(client, key, text, reopen="1").status_code == 303
    assert stage_of(key) == "implemented"
    states = re.findall(r'data-check="(\d+)" data-state="(\w+)"', client.get(f"/measures/{key}/kpi").text)
    assert states == [("3", "partly"), ("6", "void"), ("12", "void")]
