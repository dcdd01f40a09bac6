"""What deciders about money have before them: both proofs at closure, and what a change of a frozen plan changes."""

import re
from decimal import Decimal

from govapp.services.plan_changes import AskPlanChange, OpenPlanChange, ask_plan_change, open_plan_change
from tests.confirming import make_line
from tests.factories import make_measure, move, open_review, supply
from tests.factories3 import COST, SAVING, lines_of, make_measure3, supply3, use_version_3
from tests.services.test_plan_changes import MAY, change_of, frozen, plan


def cells(html: str, mark: str) -> list[str]:
    """Texts of the cells of the row with a mark."""
    row = re.search(rf"<tr[^>]*{mark}[^>]*>(.*?)</tr>", html, re.DOTALL)
    assert row, mark
    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row[1], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found]


def test_the_review_into_closed_shows_money_line_by_line_and_the_operating_figure(client, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "implemented")
    supply3(cast, board, key, "closed")
    move(cast, key, "closed")
    number, _ = open_review(key)
    lines = lines_of(key)
    page = client.sign_in(cast.controller).get(f"/reviews/{number}")
    assert page.status_code == 200
    name, planned, actual, confirmed, leaked, _months = cells(page.text, f'data-proof-line="{lines[SAVING]}"')
    assert name.startswith(SAVING)
    assert (planned, actual, confirmed, leaked) == ("16,000", "2,850", "2,850", "–")
    assert cells(page.text, f'data-proof-line="{lines[COST]}"')[1:5] == ["−500", "−480", "−480", "–"]
    assert cells(page.text, "data-proof-sum")[0].startswith("Recurring, gross")
    assert f'href="/measures/{key}/finance/ledger"' in page.text
    proof = page.text[page.text.index('data-proof="kpi"') :]
    assert "Reset calls has reached its target" in proof
    assert not re.search(r">\s*20\d\d-\d\d-\d\d", page.text), "days are words"


def test_other_gates_show_no_proof_of_closing(client, cast):
    key = make_measure(cast, "detailed")
    supply(cast, key, "decided")
    move(cast, key, "decided")
    page = client.sign_in(cast.sponsor).get(f"/reviews/{open_review(key)[0]}")
    assert "data-proof" not in page.text


def test_who_approves_a_change_of_a_plan_sees_it_by_line_and_month(client, cast):
    key, line = frozen(cast)
    number = open_plan_change(OpenPlanChange(key, "The vendor has raised the price", cast.owner.origin))
    plan(cast, key, line, {MAY: "30000"})
    make_line(cast, key, {"2026-06": 100, "2026-07": 100}, name="Licences", run_rate=Decimal(2400))
    assert (
        ask_plan_change(AskPlanChange(key, number, change_of(number).version, cast.owner.origin)) == "asked"
    )
    page = client.sign_in(cast.controller).get(f"/measures/{key}/finance")
    table = page.text[page.text.index("data-plan-difference") :]
    assert "2 lines differ, 3 amounts of months" in table
    assert cells(table, "data-difference")[1:] == ["May 2026", "50,000", "30,000", "−20,000"]
    assert "Jun 2026 to Jul 2026, each month" in table
    assert "+100, together +200" in table
    assert "Licences: the plan by month gives EUR 1,200 a year, its run rate says EUR 2,400." in page.text
    assert "EUR EUR" not in page.text


def test_the_page_of_a_version_tells_what_it_changed_and_why(client, cast):
    key, line = frozen(cast)
    number = open_plan_change(OpenPlanChange(key, "One call less", cast.owner.origin))
    plan(cast, key, line, {MAY: "49000"})
    assert (
        ask_plan_change(AskPlanChange(key, number, change_of(number).version, cast.owner.origin)) == "frozen"
    )
    client.sign_in(cast.controller)
    assert f'href="/measures/{key}/finance/versions/2"' in client.get(f"/measures/{key}/finance").text
    page = client.get(f"/measures/{key}/finance/versions/2")
    assert "One call less" in page.text
    assert cells(page.text, "data-difference")[1:] == ["May 2026", "50,000", "49,000", "−1,000"]
    assert "This is the first version" in client.get(f"/measures/{key}/finance/versions/1").text
    assert client.get(f"/measures/{key}/finance/versions/9").status_code == 404
