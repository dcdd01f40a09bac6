"""The money grid on a measure's finance page: saved whole or refused whole, every cell named, nothing typed lost."""

import html
import io
import json
import re
import time
from datetime import date
from decimal import Decimal

import pytest
import xlsxwriter

from tests.confirming import confirm
from tests.factories import bring_to, key_of_form, make_measure
from tests.services.test_grids import cell, draft_change, held, lock, make_line, save

YEAR = "?year=2026"
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


@pytest.fixture
def key(client, cast) -> str:
    made = make_measure(cast, "detailed")
    client.sign_in(cast.owner)
    return made


def form_of(client, key: str, address: str = YEAR) -> dict[str, str]:
    """The fields of the grid's form as a page shows them."""
    text = client.get(f"/measures/{key}/finance{address}").text
    part = re.search(r"<form [^>]*data-grid.*?</form>", text, re.DOTALL)[0]
    found = re.findall(r'<input (?:type="hidden" )?name="([^"]+)" value="([^"]*)"', part)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def post(client, key: str, form: dict[str, str], **cells: str):
    return client.submit(f"/measures/{key}/finance/grid", form | cells)


def test_the_grid_shows_a_fiscal_year_and_saves_what_was_changed(client, cast, key):
    line = make_line(cast, key, run_rate=Decimal(84000))
    form = form_of(client, key)
    assert {f"c:{line}:plan:2026-01", f"c:{line}:forecast:2026-12", f"c:{line}:actual:total"} <= form.keys()
    assert f"c:{line}:plan:2027-01" not in form
    answer = post(client, key, form | {f"c:{line}:plan:2026-05": "7.000,50", f"c:{line}:plan:total": "-1"})
    assert answer.status_code == 303, answer.text
    assert answer.location.endswith("?year=2026&years=1#grid")
    assert held(line) == {("plan", "2026-05"): 700_050, ("plan", ""): -100}
    text = client.get(f"/measures/{key}/finance{YEAR}").text
    assert "2 amounts saved." in text
    assert 'value="7,000.50"' in text
    assert 'value="\N{MINUS SIGN}1.00"' in text
    assert ">6,999.50</td>" in text  # in all: month and whole life
    assert json.loads(form_of(client, key)["seen"]) == {
        f"{line}:plan:2026-05": 700_050, f"{line}:plan:total": -100,
    }  # fmt: skip
    assert f"c:{line}:plan:2027-01" in form_of(client, key, "?year=2026&years=3")
    assert f"c:{line}:target:2026-01" in form_of(client, key, "?year=2026&every=1")


def test_what_cannot_be_stored_is_named_by_cell_and_nothing_typed_is_lost(client, cast, key):
    line = make_line(cast, key, start=date(2026, 5, 1))
    form = form_of(client, key)
    answer = post(
        client, key,
        form | {
            f"c:{line}:plan:2026-05": "100", f"c:{line}:plan:2026-06": "1e400", f"c:{line}:plan:2026-07": "NaN",
            f"c:{line}:plan:2026-08": "0.001",
        },
    )  # fmt: skip
    assert answer.status_code == 422
    for name, typed in (("06", "1e400"), ("07", "NaN")):
        assert f'href="#f-{line}:plan:2026-{name}"' in answer.text
        assert f'value="{typed}"' in answer.text
    assert 'name="c:' + f'{line}:plan:2026-05" value="100"' in answer.text
    assert held(line) == {}
    answer = post(client, key, form | {f"c:{line}:plan:2026-04": "1", f"c:{line}:plan:2026-08": "0.001"})
    assert answer.status_code == 422
    assert f'href="#f-{line}:plan:2026-08"' in answer.text


@pytest.mark.parametrize("seen", ["[", "[" * 50_000, "[]", '{"1:plan:total": NaN}', '{"1:plan:total": "x"}'])
def test_a_form_that_no_page_of_ours_sent_is_refused_and_stores_nothing(client, cast, key, seen):
    line = make_line(cast, key)
    answer = post(client, key, form_of(client, key) | {f"c:{line}:plan:2026-05": "1", "seen": seen})
    assert answer.status_code == 422
    assert held(line) == {}
    for name in ("c:x", f"c:{line}:plan:2026-13", "c:999999:plan:2026-05"):
        assert post(client, key, {name: "1"}).status_code == 404


def test_two_people_in_one_grid_see_both_values_and_the_second_may_save_again(client, cast, key):
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", date(2026, 5, 1), 100))
    form = form_of(client, key)
    save(cast.lead, key, cell(line, "plan", date(2026, 5, 1), 120, 10_000))
    mine = {f"c:{line}:plan:2026-05": "90", f"c:{line}:plan:2026-06": "95"}
    answer = post(client, key, form | mine)
    assert answer.status_code == 409
    row = re.search(rf'<tr data-overtaken="{line}:plan:2026-05">.*?</tr>', answer.text)[0]
    assert re.findall(r'<td class="num">([^<]*)</td>', row) == ["EUR 100", "EUR 120", "EUR 90"]
    assert 'value="90"' in answer.text
    assert 'value="95"' in answer.text
    assert held(line) == {("plan", "2026-05"): 12_000}
    again = re.search(r'name="seen" value="([^"]*)"', answer.text)[1]
    key_again = re.search(r'data-grid.*?name="action_key" value="([^"]*)"', answer.text, re.DOTALL)[1]
    fresh = form | mine | {"seen": html.unescape(again), "action_key": key_again}
    assert post(client, key, fresh).status_code == 303
    assert held(line) == {("plan", "2026-05"): 9_000, ("plan", "2026-06"): 9_500}


def test_frozen_confirmed_and_closed_cells_are_words_and_forged_ones_are_refused(client, cast, key):
    line = make_line(cast, key)
    may = date(2026, 5, 1)
    save(cast.owner, key, cell(line, "plan", may, 100), cell(line, "forecast", may, 100))
    form = form_of(client, key)
    bring_to(cast, key, "decided")
    lock(may)
    client.sign_in(cast.owner)
    shown = form_of(client, key)
    assert not [name for name in shown if ":plan:" in name]
    assert f"c:{line}:forecast:2026-05" not in shown
    assert f"c:{line}:forecast:2026-06" in shown
    text = client.get(f"/measures/{key}/finance{YEAR}").text
    assert 'title="The plan is frozen;' in text
    assert 'title="The month is closed;' in text
    forged = post(client, key, form | {f"c:{line}:plan:2026-05": "1", f"c:{line}:forecast:2026-05": "2"})
    assert forged.status_code == 422
    assert "frozen since Decided" in forged.text
    assert "This month is closed" in forged.text
    client.sign_in(cast.controller)
    late = form_of(client, key)
    assert f"c:{line}:actual:2026-05" in late
    assert f"c:{line}:actual:2026-06" not in late
    assert post(client, key, late | {f"c:{line}:actual:2026-05": "90"}).status_code == 303
    assert "late entry" in client.get(f"/measures/{key}/finance{YEAR}").text


def test_who_only_reads_money_gets_no_inputs_and_others_no_page(client, cast, key):
    line = make_line(cast, key)
    form = form_of(client, key)
    client.sign_in(cast.auditor)
    assert not [name for name in form_of(client, key) if name.startswith("c:")]
    assert post(client, key, form | {f"c:{line}:plan:2026-05": "1"}).status_code == 403
    client.sign_in(cast.administrator)
    for address in ("", "/template.csv"):
        assert client.get(f"/measures/{key}/finance{address}").status_code == 403
    client.sign_in(cast.outsider)
    assert client.get(f"/measures/{key}/finance/template.csv").status_code == 404
    assert post(client, key, form).status_code == 404


def test_the_readers_decimal_mark_is_kept_and_decides(client, cast, key):
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", date(2026, 5, 1), "1234.5"))
    assert 'value="1.234,50"' in client.get(f"/measures/{key}/finance{YEAR}&mark=comma").text
    form = form_of(client, key)
    assert form[f"c:{line}:plan:2026-05"] == "1.234,50"
    assert post(client, key, form | {f"c:{line}:plan:2026-06": "84,000"}).status_code == 303
    assert held(line)["plan", "2026-06"] == 8_400
    form = form_of(client, key, f"{YEAR}&mark=point")
    assert post(client, key, form | {f"c:{line}:plan:2026-07": "84,000"}).status_code == 303
    assert held(line)["plan", "2026-07"] == 8_400_000


def test_a_form_sent_back_as_it_was_shown_changes_nothing(client, cast, key):
    line = make_line(cast, key, start=date(2026, 1, 1))
    amounts = ("1234567.8", "-84000", "84000", "0.05", "-1000.5")
    save(cast.owner, key, *(cell(line, "plan", date(2026, n, 1), said) for n, said in enumerate(amounts, 1)))
    before = held(line)
    for mark in ("point", "comma"):
        form = form_of(client, key, f"{YEAR}&mark={mark}")
        assert post(client, key, form).status_code == 303
        retyped = {name: f" {value}" for name, value in form.items() if name.startswith("c:")}
        assert post(client, key, form | retyped | {"action_key": key_of_form()}).status_code == 303
    assert held(line) == before


def test_what_others_changed_in_cells_that_one_left_alone_is_kept(client, cast, key):
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 100), cell(line, "plan", JUNE, 100))
    form = form_of(client, key)
    save(cast.lead, key, cell(line, "plan", MAY, 120, 10_000), cell(line, "plan", JUNE, 130, 10_000))
    mine = {f"c:{line}:plan:2026-05": "90", f"c:{line}:plan:2026-07": "x"}
    for status, july in ((422, "7"), (409, "7"), (303, "7")):
        answer = post(client, key, form | mine)
        assert answer.status_code == status
        if status == 303:
            break
        part = re.search(r"<form [^>]*data-grid.*?</form>", answer.text, re.DOTALL)[0]
        found = re.findall(r'<input (?:type="hidden" )?name="([^"]+)" value="([^"]*)"', part)
        form = {name: html.unescape(value) for name, value in found if name != "csrf_token"}
        assert form[f"c:{line}:plan:2026-06"] == "130"
        mine = {f"c:{line}:plan:2026-07": july}
    assert held(line) == {("plan", "2026-05"): 9_000, ("plan", "2026-06"): 13_000, ("plan", "2026-07"): 700}


def test_an_amount_typed_over_a_confirmed_one_says_who_confirmed_it_and_what_helps(client, cast, key):
    line = make_line(cast, key)
    save(cast.finance, key, cell(line, "actual", MAY, 100))
    client.sign_in(cast.finance)
    form = form_of(client, key)
    confirm(cast.controller, line, "2026-05")
    answer = post(client, key, form | {f"c:{line}:actual:2026-05": "90"})
    assert answer.status_code == 422
    assert "Carla Nowak confirmed this amount on" in answer.text
    assert "take the confirmation back in the ledger" in answer.text
    assert "You typed 90." in answer.text
    assert "Somebody else changed" not in answer.text
    assert held(line) == {("actual", "2026-05"): 10_000}


def test_a_controller_reads_which_cells_are_theirs_and_why_others_are_not(client, cast, key):
    make_line(cast, key)
    lock(MAY)
    client.sign_in(cast.controller)
    text = client.get(f"/measures/{key}/finance{YEAR}").text
    assert "Into months closed up to May 2026 you enter forecast and actual amounts" in text
    assert 'title="Actual amounts are entered by the finance contact' in text
    client.sign_in(cast.auditor)
    assert 'id="grid-legend"' not in client.get(f"/measures/{key}/finance{YEAR}").text


def test_a_plan_is_filled_and_taken_over_as_forecast(client, cast, key):
    line = make_line(cast, key, run_rate=Decimal(1200))
    fill = {"line": line, "first": "2026-05", "ramp": "50; 75 %", "count": "3"}
    assert client.submit(f"/measures/{key}/finance/fill", {**fill, "count": "0"}).status_code == 422
    refused = client.submit(f"/measures/{key}/finance/fill", {**fill, "ramp": "half", "first": "May"})
    assert refused.status_code == 422
    assert "Percents between" in refused.text
    assert "A month looks like" in refused.text
    assert client.submit(f"/measures/{key}/finance/fill", {**fill, "first": "9999-12"}).status_code == 422
    outside = client.submit(f"/measures/{key}/finance/fill", {**fill, "ramp": "", "first": "2200-12"})
    assert outside.status_code == 422
    assert "Calls, Plan, Jan 2201" in outside.text
    assert client.submit(f"/measures/{key}/finance/fill", {**fill, "ramp": "50 75"}).status_code == 303
    assert client.submit(f"/measures/{key}/finance/forecast").status_code == 303
    months = {"2026-05": 5_000, "2026-06": 7_500, "2026-07": 10_000}
    assert held(line) == {(series, m): a for series in ("plan", "forecast") for m, a in months.items()}


def test_a_pasted_table_is_stored_whole_or_refused_with_row_and_column(client, cast, key):
    line = make_line(cast, key)
    table = f"Line\tSeries\t2026-05\t2026-06\n{line}\tplan\t100\t1e400\nNobody\tplan\t1\t1\n"
    refused = client.submit(f"/measures/{key}/finance/table", {"table": table})
    assert refused.status_code == 422
    rows = re.findall(r"<tr><td class=\"num\">(\d+)</td><td>([^<]*)</td><td>([^<]*)</td>", refused.text)
    assert rows == [("2", "4 (2026-06)", "1e400"), ("3", "1 (Line)", "Nobody")]
    assert "Nobody\tplan" in html.unescape(refused.text)
    assert held(line) == {}
    good = table.replace("1e400", "-5").replace("Nobody", "calls").replace("calls\tplan", "calls\tforecast")
    assert client.submit(f"/measures/{key}/finance/table", {"table": good}).status_code == 303
    assert held(line) == {
        ("plan", "2026-05"): 10_000, ("plan", "2026-06"): -500,
        ("forecast", "2026-05"): 100, ("forecast", "2026-06"): 100,
    }  # fmt: skip


def test_a_table_meets_frozen_and_closed_cells_as_the_grid_does(client, cast, key):
    line = make_line(cast, key)
    may = date(2026, 5, 1)
    save(cast.owner, key, cell(line, "plan", may, 100))
    bring_to(cast, key, "decided")
    lock(may)
    client.sign_in(cast.owner)
    table = f"Line,Series,2026-05\n{line},plan,90\n{line},forecast,90\n"
    refused = client.submit(f"/measures/{key}/finance/table", {"table": table})
    assert refused.status_code == 422
    assert re.findall(r"<tr><td class=\"num\">(\d+)</td><td>([^<]*)</td>", refused.text) == [
        ("2", "3 (2026-05)"), ("3", "3 (2026-05)"),
    ]  # fmt: skip
    same = table.replace("plan,90", "plan,100").replace(f"{line},forecast,90\n", "")
    assert client.submit(f"/measures/{key}/finance/table", {"table": same}).status_code == 303


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_comes_back_as_a_file(client, cast, key, ending):
    line = make_line(cast, key, name="=Calls")
    save(cast.owner, key, cell(line, "plan", date(2026, 5, 1), "0.1"), cell(line, "plan", None, -7))
    data = client.get(f"/measures/{key}/finance/template.{ending}{YEAR}").data
    file = (io.BytesIO(data), f"amounts.{ending}")
    answer = client.submit(
        f"/measures/{key}/finance/table", {"file": file, "table": ""}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303, answer.text
    assert held(line) == {("plan", "2026-05"): 10, ("plan", ""): -700}
    assert client.get(f"/measures/{key}/finance/template.pdf").status_code == 404


def test_a_workbook_is_read_by_its_numbers_and_what_is_none_is_refused(client, cast, key):
    line = make_line(cast, key)
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((["Line", "Series", "2026-05"], [line, "plan", 0.1 + 0.2])):
            sheet.write_row(number, 0, row)
    for data, status in ((target.getvalue(), 303), (b"PK\x03\x04 nothing", 422), (b"\xff\xfe\x00", 422)):
        file = (io.BytesIO(data), "amounts.xlsx")
        answer = client.submit(
            f"/measures/{key}/finance/table", {"file": file}, content_type="multipart/form-data"
        )
        assert answer.status_code == status
    assert held(line) == {("plan", "2026-05"): 30}


def test_a_line_starts_with_a_milestone_and_the_message_of_the_milestone_says_what_moved(client, cast, key):
    client.submit(f"/measures/{key}/milestones", {"name": "Live", "plan_date": "2026-05-10"})
    page = client.get(f"/measures/{key}/finance").text
    stone = re.search(r'<option value="(\d+)">Live</option>', page)[1]
    line = {
        "name": "Calls",
        "kind": "ebitda",
        "timing": "recurring",
        "currency": "EUR",
        "start_milestone_id": stone,
    }
    both = client.submit(f"/measures/{key}/effects", {**line, "start": "2026-05-01"})
    assert both.status_code == 422
    assert "Choose a day or a milestone" in both.text
    assert client.submit(f"/measures/{key}/effects", line).status_code == 303
    number = re.search(r'id="line-(\d+)"', client.get(f"/measures/{key}/finance").text)[1]
    form = form_of(client, key)
    assert post(client, key, form | {f"c:{number}:forecast:2026-05": "100"}).status_code == 303
    moved = {"name": "Live", "plan_date": "2026-05-10", "forecast_date": "2026-07-01", "version": "1"}
    answer = client.submit(f"/measures/{key}/milestones/{stone}", moved)
    assert answer.status_code == 303
    assert "The forecast of 1 line moved by 2 months with it" in client.get(f"/measures/{key}/plan").text
    assert held(int(number)) == {("forecast", "2026-07"): 10_000}
    history = client.get(f"/measures/{key}/history").text
    assert "moved by 2 months, and the forecast of" in history


def test_a_draft_beside_the_plan_in_force_shows_both_and_the_sums_of_what_is_in_force(client, cast, key):
    line = make_line(cast, key, run_rate=Decimal(1000))
    may = date(2026, 5, 1)
    save(cast.owner, key, cell(line, "plan", may, 100))
    bring_to(cast, key, "decided")
    draft_change(key)
    save(cast.owner, key, cell(line, "plan", may, 80, 10_000), cell(line, "plan", date(2026, 6, 1), 5))
    client.sign_in(cast.owner)
    text = client.get(f"/measures/{key}/finance{YEAR}").text
    force = re.search(r'<tr data-series="plan-in-force".*?</tr>', text, re.DOTALL)[0]
    assert "Plan, version 1 in force" in force
    assert "<td>100</td>" in force
    assert "Plan, draft" in text
    assert form_of(client, key)[f"c:{line}:plan:2026-05"] == "80"
    summary = re.search(rf'<tr id="line-{line}">.*?</tr>', text, re.DOTALL)[0]
    assert '<td class="num" data-l="Plan">EUR 100</td>' in summary
    assert "EUR 1,000" in summary


def test_confirmed_amounts_are_a_row_of_their_own_and_stand_still(client, cast, key):
    line = make_line(cast, key)
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    save(cast.finance, key, cell(line, "actual", may, 100), cell(line, "actual", june, 70))
    confirm(cast.controller, line, "2026-05")
    text = client.get(f"/measures/{key}/finance{YEAR}").text
    row = re.search(r'<tr data-series="confirmed".*?</tr>', text, re.DOTALL)[0]
    assert "<td>100</td>" in row
    assert f"c:{line}:actual:2026-05" not in text
    assert ">confirmed</small>" in text
    assert ">awaits</small>" in text
    forged = post(client, key, form_of(client, key) | {f"c:{line}:actual:2026-05": "1"})
    assert forged.status_code in (409, 422)
    assert held(line)["actual", "2026-05"] == 10_000


def test_a_measure_with_many_lines_is_shown_in_parts_that_a_form_can_carry(client, cast, key):
    lines = [make_line(cast, key, name=f"Line {n}") for n in range(11)]
    wide = f"{YEAR}&years=3"
    first, second = form_of(client, key, wide), form_of(client, key, f"{wide}&lines=2")
    assert len(first) < 2000
    assert f"c:{lines[0]}:plan:2026-01" in first
    assert f"c:{lines[10]}:plan:2026-01" not in first
    assert f"c:{lines[10]}:plan:2026-01" in second
    answer = post(client, key, second | {f"c:{lines[10]}:plan:2028-12": "5"})
    assert answer.location.endswith("?year=2026&years=3&lines=2#grid")
    assert held(lines[10]) == {("plan", "2028-12"): 500}


@pytest.mark.parametrize("seen", [10**30, -(10**400), 2**63])
def test_an_amount_that_no_cell_can_hold_was_never_seen(client, cast, key, seen):
    line = make_line(cast, key)
    form = form_of(client, key) | {"seen": json.dumps({f"{line}:plan:2026-05": seen})}
    assert post(client, key, form | {f"c:{line}:plan:2026-05": "5"}).status_code == 422
    assert held(line) == {}


def test_a_paste_of_forty_thousand_headings_is_answered_at_once(client, cast, key):
    make_line(cast, key)
    heads = "Line\tSeries\t" + "\t".join(["2026-05"] * 40_000)
    began = time.monotonic()
    answer = client.submit(f"/measures/{key}/finance/table", {"table": heads + "\n1\tplan"})
    assert answer.status_code == 422
    assert "At most 1,250 columns" in answer.text
    assert time.monotonic() - began < 10
