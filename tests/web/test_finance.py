"""Finance over many measures: who enters it, what its pages add up, and that every figure leads to its lines."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from govapp.services import finance_groups, finance_lines, finance_views
from govapp.services.rates import SetPlanRates, set_plan_rates
from tests.cast import SYSTEM
from tests.factories import make_measure, move
from tests.money import add_line, book, freeze, place, put

YEAR = date.today().year
JAN = date(YEAR, 1, 1)


def months(**amounts):
    """Amounts of this year by month, `m1` January."""
    return {date(YEAR, int(name[1:]), 1): minor for name, minor in amounts.items()}


def row_of(text, mark):
    """The texts of the cells of a row of figures."""
    found = re.search(rf'<tr[^>]*data-part="{mark}".*?</tr>', text, re.DOTALL)
    assert found, f"no row {mark}"
    cells = re.findall(r"<td.*?</td>", found.group(0), re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", cell).strip().replace("−", "-") for cell in cells]


@pytest.fixture
def desk(client, cast):
    """Two measures with savings, a one-off cost, cost avoidance and posts; amounts worked by hand below."""
    one, other = make_measure(cast), make_measure(cast, branch="first-contact", service="service-2")
    saving = add_line(one, run_rate=12_000_00, name="Fewer calls")
    put(one, saving, "target", months(m1=1_500_00, m2=1_500_00))
    put(one, saving, "plan", months(m1=1_000_00, m2=1_000_00))
    put(one, saving, "forecast", months(m1=900_00, m2=1_000_00))
    put(one, saving, "actual", months(m1=900_00))
    book(one, saving, JAN, 850_00)
    cost = add_line(one, timing="one_off", name="Training")
    put(one, cost, "plan", months(m1=-400_00))
    put(one, cost, "forecast", months(m1=-400_00))
    more = add_line(other, run_rate=1_200_00)
    put(other, more, "plan", months(m1=100_00, m2=100_00))
    put(other, more, "forecast", months(m1=100_00, m2=100_00))
    put(other, add_line(other, kind="cost-avoidance"), "plan", months(m1=77_777_00))
    put(other, add_line(other, kind="fte", currency=""), "plan", months(m1=1_4000))
    client.sign_in(cast.controller)
    return one, other


def test_finance_is_in_the_navigation_of_who_may_see_money_and_of_nobody_else(client, cast):
    client.sign_in(cast.controller)
    text = client.get("/finance").text
    assert 'href="/finance" aria-current="page"' in text
    client.sign_in(cast.administrator)
    assert 'href="/finance"' not in client.get("/").text
    assert client.get("/finance").status_code == 403


def test_the_overview_shows_recurring_one_off_and_net_as_worked_by_hand(client, cast, desk):
    text = client.get("/finance?branch=service-quality").text
    # run rate, target, plan, forecast, actual, confirmed, forecast less plan, not confirmed
    assert row_of(text, "recurring") == [
        "13,200.00", "3,000.00", "2,200.00", "2,100.00", "900.00", "850.00", "-100.00 -4.5 %", "50.00",
    ]  # fmt: skip
    assert row_of(text, "one_off")[2:4] == ["-400.00", "-400.00"]
    assert row_of(text, "net")[:5] == ["13,200.00", "3,000.00", "1,800.00", "1,700.00", "900.00"]
    assert "77,777.00" in text, "cost avoidance stands for itself"
    assert "1.4" in text, "and so do posts"


def test_cost_avoidance_and_posts_have_views_of_their_own(client, cast, desk):
    avoided = client.get("/finance?branch=service-quality&kind=cost-avoidance").text
    assert row_of(avoided, "net")[2] == "77,777.00"
    posts = client.get("/finance?branch=service-quality&kind=fte").text
    assert row_of(posts, "net")[2] == "1.4"
    assert "EUR" not in posts.split('data-part="net"')[1].split("</tr>")[0]


@pytest.mark.parametrize(
    ("query", "plan"),
    [
        ("branch=service-quality&service=service-2", "200.00"), ("branch=first-contact", "200.00"),
        ("branch=service-quality&timing=one_off", "-400.00"), ("branch=service-quality&year=all", "1,800.00"),
        ("branch=service-quality&stage=defined", "1,800.00"), ("branch=service-quality&state=cancelled", None),
        (f"branch=service-quality&year={YEAR + 1}", "–"), ("branch=service-quality&owner=me", None),
        ("branch=service-quality&q=Fewer+password", "1,800.00"), ("branch=service-quality&basis=each", "1,800.00"),
        ("branch=service-quality&basis=nonsense&by=nonsense&year=nonsense", "1,800.00"),
    ],
)  # fmt: skip
def test_a_filter_in_the_address_narrows_the_figures(client, cast, desk, query, plan):
    text = client.get(f"/finance?{query}").text
    if plan is None:
        assert "No line of this kind holds an amount here" in text
    else:
        assert row_of(text, "net")[2] == plan


@pytest.mark.parametrize(
    "by", ["branch", "measure", "unit", "function", "service", "vendor", "kind", "category"]
)
def test_figures_are_grouped_and_every_group_leads_on(client, cast, desk, by):
    text = client.get(f"/finance?branch=service-quality&by={by}").text
    part = text.split('id="groups"')[1]
    assert "1,600.00" in part if by in {"measure", "service"} else "1,800.00" in part
    for name in ("figures", "months", "groups", "pipeline"):
        assert client.get(f"/finance/{name}?branch=service-quality&by={by}").status_code == 200


def test_a_branch_that_holds_everything_is_passed_over_for_those_that_divide_it(client, cast, desk):
    part = client.get("/finance?branch=OI&by=branch").text.split('id="groups"')[1]
    assert re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', part) == ["Service desk", "First contact"]


def test_every_figure_leads_to_lines_that_add_up_to_it(client, cast, desk):
    text = client.get("/finance?branch=service-quality").text
    for label in ("recurring", "one_off", "net"):
        row = re.search(rf'<tr[^>]*data-part="{label}".*?</tr>', text, re.DOTALL).group(0)
        for href, shown in re.findall(r'<a href="([^"]+)">([^<]+)</a>', row):
            page = client.get(href.replace("&amp;", "&")).text
            figure = re.search(r"data-figure.*?<b>([^<]+)</b>", page, re.DOTALL).group(1)
            assert figure == shown
            lines = re.findall(r'data-l="Translated">([^<]+)<', page)
            total = sum(float(each.replace(",", "").replace("−", "-")) for each in lines)
            assert f"{total:,.2f}".replace("-", "−") == shown


def test_the_year_so_far_and_its_months_lead_to_their_lines(client, cast, desk):
    text = client.get("/finance?branch=service-quality").text
    if date.today().month > 1:
        assert row_of(text, "so-far")[3] == "900.00"
    page = client.get("/finance/lines?branch=service-quality&series=plan&month=1").text
    assert re.search(r"data-figure.*?<b>([^<]+)</b>", page, re.DOTALL).group(1) == "700.00"
    narrow = client.get("/finance/lines?branch=service-quality&series=plan&month=1&service=service-2").text
    assert "<b>100.00</b>" in narrow
    assert (
        "<b>100.00</b>"
        in client.get("/finance/lines/sum?branch=service-quality&series=plan&month=1&service=service-2").text
    )


def test_charts_state_their_finding_and_have_their_table(client, cast, desk):
    text = client.get("/finance?branch=service-quality").text
    assert text.count("<figure") == 3
    assert "of the target of EUR 3 k" in text
    assert "Figures as a table" in text


def test_a_missing_rate_is_said_in_words_and_the_amount_stands_in_its_own_currency(client, cast, desk):
    one, _other = desk
    put(one, add_line(one, currency="CHF"), "plan", months(m1=500_00))
    text = client.get("/finance?branch=service-quality").text
    assert "There is no plan rate of CHF" in text
    assert "CHF 500" in row_of(text, "net")[2]


def test_first_and_current_plan_are_told_apart(client, cast):
    key = make_measure(cast)
    line = add_line(key)
    put(key, line, "plan", months(m1=100_00))
    freeze(key)
    put(key, line, "plan", months(m1=300_00))
    freeze(key)
    client.sign_in(cast.controller)
    assert row_of(client.get("/finance?branch=service-desk").text, "net")[2] == "300.00"
    first = client.get("/finance?branch=service-desk&plan=first").text
    assert row_of(first, "net")[2] == "100.00"
    assert "against the first frozen plan" in first


def test_r06_figures_add_up_only_what_the_reader_may_read_and_say_so(client, cast, desk):
    client.sign_in(cast.owner)  # a member of service quality, with nothing to say about the rest
    assert "which is not all of" not in client.get("/finance?branch=service-quality").text
    assert client.get("/finance?branch=OI").status_code == 404
    client.sign_in(cast.outsider)
    assert client.get("/finance?branch=service-quality").status_code == 404
    assert "1,800.00" not in client.get("/finance").text


def test_cancelled_measures_are_in_no_figure(client, cast, desk):
    one, _other = desk
    move(cast, one, ask="cancel", by=cast.lead, reason="It is not worth it any more")
    assert row_of(client.get("/finance?branch=service-quality").text, "net")[2] == "200.00"


def test_r34_files_hold_the_figures_and_no_formula(client, cast, desk):
    one, _other = desk
    line = add_line(one, name="=1+2", cost_object="@SUM(1)")
    put(one, line, "plan", months(m1=1_00))
    client.sign_in(cast.lead)
    rows = list(csv.reader(io.StringIO(client.get("/finance/lines.csv?branch=service-quality").text)))
    assert len(rows) == 1 + 4
    evil = next(row for row in rows if row[2].endswith("=1+2"))
    assert (evil[2], evil[6]) == ("'=1+2", "'@SUM(1)")
    book_ = CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/finance/lines.xlsx?branch=service-quality").data)
    )
    cells = book_.get_sheet_by_index(0).to_python()
    assert [row[cells[0].index("plan")] for row in cells[1:] if row[2] == "'=1+2"] == [1.0]
    place(one, title="=cmd|' /C calc'!A0")
    groups = tables_of(client, "branch=service-quality&by=measure")["groups"]
    assert [(row["title"], row["plan"]) for row in groups if row["key"] == one] == [
        ("'=cmd|' /C calc'!A0", "1601.00")
    ]
    book_ = CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/finance.xlsx?branch=service-quality&by=measure").data)
    )
    assert "'=cmd|' /C calc'!A0" in [row[1] for row in book_.get_sheet_by_name("Groups").to_python()]
    client.sign_in(cast.approver)
    assert client.get("/finance/lines.csv").status_code == 403


def tables_of(client, query):
    """The rows of the file of a view by table."""
    found = {}
    for row in csv.DictReader(io.StringIO(client.get(f"/finance.csv?{query}").text)):
        found.setdefault(row["table"], []).append(row)
    return found


def test_a_file_of_a_view_holds_what_the_page_shows_and_leaves_empty_what_is_not_known(client, cast, desk):
    client.sign_in(cast.lead)
    found = tables_of(client, "branch=service-quality&by=service&timing=")
    head = {row["key"]: row["title"] for row in found["head"]}
    assert (head["branch_key"], head["year"], head["currency"]) == ("service-quality", str(YEAR), "EUR")
    assert (head["kind"], head["reach"], head["group_by"]) == ("Savings", "The whole branch.", "Service")
    figures = {row["key"]: row for row in found["figures"]}
    net = figures["net"]
    assert [net[name] for name in ("run_rate", "target", "plan", "forecast", "actual", "confirmed")] == [
        "13200.00", "3000.00", "1800.00", "1700.00", "900.00", "850.00",
    ]  # fmt: skip
    assert (net["forecast_less_plan"], net["not_confirmed"]) == ("-100.00", "50.00")
    assert figures["one_off"]["target"] == figures["one_off"]["actual"] == "", "a dash on the page"
    assert [(row["key"], row["currency"], row["plan"]) for row in found["kinds"]] == [
        ("savings", "EUR", "1800.00"), ("cost-avoidance", "EUR", "77777.00"), ("fte", "FTE", "1.4000"),
    ]  # fmt: skip
    months = {row["key"]: row for row in found["months"]}
    assert (months[f"{YEAR}-01"]["plan"], months[f"{YEAR}-02"]["plan"]) == ("700.00", "1100.00")
    assert (months["year"]["plan"], months[f"{YEAR}-03"]["plan"]) == ("1800.00", "")
    assert [(row["key"], row["plan"]) for row in found["groups"]][-1] == ("together", "1800.00")
    assert {row["key"]: row["nominal"] for row in found["pipeline"]}["all"] == "13200.00"
    narrow = tables_of(client, "branch=service-quality&service=service-2&year=all&basis=plan-rates")
    assert {"filter_service": "service-2", "year": "Whole life"}.items() <= {
        row["key"]: row["title"] for row in narrow["head"]
    }.items()
    assert "months" not in narrow
    answer = client.get("/finance.xlsx?branch=service-quality&by=service")
    book_ = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book_.sheet_names == ["About", "Figures", "Kinds", "Months", "Groups", "Pipeline"]
    rows = book_.get_sheet_by_name("Figures").to_python()
    plan = rows[0].index("Plan")
    assert [row[plan] for row in rows[1:] if row[0] == "net"] == [1800.0]
    assert [row[rows[0].index("Target")] for row in rows[1:] if row[0] == "one_off"] == [""]


def test_parts_and_rounding_make_the_whole_on_the_page_in_the_file_and_behind_the_figure(client, cast):
    """Two measures of 100.05 and 200.05 USD at 0.92: 92.05 and 184.05, together 276.09 (276.092)."""
    set_plan_rates(SetPlanRates(SYSTEM, "OI", JAN, {"USD": Decimal("0.92")}, "As agreed with the bank"))
    one, other = make_measure(cast), make_measure(cast)
    for key, minor in ((one, 100_05), (other, 200_05)):
        put(key, add_line(key, currency="USD"), "plan", months(m1=minor))
    client.sign_in(cast.lead)
    groups = client.get("/finance?branch=service-desk&by=measure").text.split('id="groups"')[1]
    assert [row_of(groups, part)[2] for part in ("rounding", "whole")] == ["-0.01", "276.09"]
    assert ("92.05" in groups, "184.05" in groups) == (True, True)
    found = tables_of(client, "branch=service-desk&by=measure")["groups"]
    assert [row["plan"] for row in found] == ["92.05", "184.05", "-0.01", "276.09"]
    page = client.get("/finance/lines?branch=service-desk&series=plan").text
    assert "lines of this page 276.10" in page
    assert "rounding −0.01" in page


def test_groups_on_other_pages_stand_beside_those_shown(client, cast, monkeypatch):
    monkeypatch.setattr(finance_groups, "PAGE", 1)
    monkeypatch.setattr(finance_lines, "PAGE", 1)
    set_plan_rates(SetPlanRates(SYSTEM, "OI", JAN, {"USD": Decimal("0.92")}, "As agreed with the bank"))
    for minor in (100_05, 200_05):
        key = make_measure(cast)
        put(key, add_line(key, currency="USD"), "plan", months(m1=minor))
    client.sign_in(cast.controller)
    groups = client.get("/finance?branch=service-desk&by=measure&page=2").text.split('id="groups"')[1]
    assert [row_of(groups, part)[2] for part in ("others", "rounding", "whole")] == [
        "92.05",
        "-0.01",
        "276.09",
    ]
    page = client.get("/finance/lines?branch=service-desk&series=plan").text
    assert re.search(r"lines of this page 92\.05, of other pages 184\.05, rounding −0\.01", page)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("year=abc", "year “abc”"), ("by=foo&basis=bar&plan=baz", "by “foo”, basis “bar” and plan “baz”"),
        ("stage=foo&state=bar&kind=baz", "kind “baz”, stage “foo” and state “bar”"), ("owner=abc", "owner “abc”"),
    ],
)  # fmt: skip
def test_what_an_address_asks_for_and_nobody_knows_is_told(client, cast, desk, query, told):
    text = client.get(f"/finance?branch=service-quality&{query}").text
    assert f"The address asks for what is unknown here: {told}." in text
    assert row_of(text, "net")[2] == "1,800.00"
    client.sign_in(cast.lead)
    assert client.get(f"/finance.csv?branch=service-quality&{query}").status_code == 404


def test_an_unknown_series_or_month_behind_a_figure_is_told_and_an_unknown_measure_is_404(client, cast, desk):
    text = client.get("/finance/lines?branch=service-quality&series=foo&month=13").text
    assert "series “foo” and month “13”" in text
    text = client.get("/finance/lines?branch=service-quality&series=baseline&state=active").text
    assert "series “baseline”" in text, "a view adds up the series it shows, no other"
    assert client.get("/finance?measure=M-999").status_code == 404
    assert client.get("/finance?branch=service-quality&measure=M-999").status_code == 404
    assert client.get("/finance?branch=nowhere").status_code == 404
    client.sign_in(cast.lead)
    assert client.get("/finance/lines.csv?branch=service-quality&series=foo").status_code == 404
    client.sign_in(cast.outsider)
    assert client.get(f"/finance?measure={desk[0]}").status_code == 404, (
        "one that may not be read is no other case"
    )


def test_one_amount_without_a_rate_takes_no_chart_away_and_who_may_enters_the_rate(client, cast, desk):
    put(desk[0], add_line(desk[0], currency="CHF"), "plan", months(m1=500_00))
    text = client.get("/finance/months?branch=service-quality").text
    assert text.count("<figure") == 3
    assert "Not in the charts, for want of a rate: plan CHF 500." in text
    assert re.search(r'<a href="/finance/rates\?organization=[^"]+">Enter the rate</a>', text)
    each = client.get("/finance/months?branch=service-quality&basis=each").text
    assert ("In EUR" in each, "In CHF" in each) == (True, True)


def test_one_query_more_or_less_does_not_depend_on_the_rows(client, cast, desk, count_queries):
    for address in ("/finance?branch=service-quality", "/finance/lines?branch=service-quality&series=plan"):
        client.get(address)
        with count_queries() as few:
            client.get(address)
        for _ in range(3):
            put(desk[1], add_line(desk[1]), "plan", months(m1=1))
        with count_queries() as many:
            client.get(address)
        assert few.number == many.number <= 24, many.statements


def test_the_finance_page_of_a_measure_shows_what_it_brings_and_leads_to_its_lines(client, cast, desk):
    one, _other = desk
    text = client.get(f"/measures/{one}/finance").text
    part = text.split('id="brings"')[1].split("</section>")[0]
    assert "12,000.00" in part
    assert "2,000.00" in part
    hrefs = [each.replace("&amp;", "&") for each in re.findall(r'<a href="(/finance/lines[^"]+)">', part)]
    assert hrefs
    assert all(client.get(each).status_code == 200 for each in hrefs)
    net = client.get(f"/finance/lines?measure={one}&series=plan").text
    assert re.search(r"data-figure.*?<b>([^<]+)</b>", net, re.DOTALL).group(1) == "1,600.00"
    assert 'id="brings"' not in client.get(f"/measures/{make_measure(cast)}/finance").text


def test_the_tree_leads_to_the_figures_of_a_branch(client, cast, desk):
    assert 'href="/finance?branch=service-desk"' in client.get("/structure/service-desk").text
    assert 'href="/finance?branch=service-quality"' in client.get("/structure").text


def test_in_a_large_branch_what_takes_long_is_loaded_after_the_page(client, cast, desk, monkeypatch):
    monkeypatch.setattr(finance_views, "FEW", 0)
    wide = client.get("/finance?branch=service-quality").text
    assert 'data-part="net"' in wide, "sums that are kept are there at once"
    assert 'hx-get="/finance/pipeline?branch=service-quality"' in wide
    narrow = client.get("/finance?branch=service-quality&service=service-2").text
    assert 'data-part="net"' not in narrow
    for name in ("figures", "months", "groups", "pipeline"):
        (href,) = re.findall(rf'hx-get="(/finance/{name}[^"]*)"', narrow)
        part = client.get(href.replace("&amp;", "&")).text
        assert f'id="{name}"' in part
    assert "/finance/lines/sum?" in client.get("/finance/lines?branch=service-quality&service=service-2").text


def test_the_pipeline_shows_what_cards_promise_by_stage_with_the_weight_and_its_sample(client, cast, desk):
    add_line(desk[0], run_rate=1_000_00)  # a rough one, without a plan yet
    for address in (
        "/finance/pipeline?branch=service-quality",
        "/finance/pipeline?branch=service-quality&q=Fewer",
    ):
        part = client.get(address).text.split('id="pipeline"')[1]
        row = re.search(r'data-stage="defined".*?</tr>', part, re.DOTALL).group(0)
        assert "14,200.00" in row, "12,000 and 1,200 planned, 1,000 rough"
        assert "20.0 %" in row
        assert "2,840.00" in row
        assert "no finished measure yet; prior 20 %" in row
    assert (
        'href="/measures?branch=service-quality&amp;stage=defined"'
        in client.get("/finance/pipeline?branch=service-quality").text
    )
