"""Pages about rates and periods, and the plan versions of a measure."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import CurrencyRate
from govapp.data.ledger import PeriodLock, PlanChange, PlanVersion
from govapp.data.structure import Branch, Organization
from govapp.domain.exchange import PLAN
from govapp.domain.periods import month_before
from govapp.present import dates
from govapp.services._plan_drafts import measured
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from govapp.services.grants import GrantRole, grant_role
from govapp.services.rates import SetRates, set_rates
from govapp.services.structure import AddOrganization, add_organization
from tests import confirming
from tests.browser_client import GovappClient
from tests.cast import SYSTEM, Cast
from tests.factories import bring_to, key_of_form, loaded, make_measure, today_of

MAY = date(2026, 5, 1)
OI = {"organization": "OI"}


def rates() -> dict[str, str]:
    with reading() as session:
        rows = session.scalars(select(CurrencyRate))
        return {f"{row.kind}:{row.from_day}:{row.currency}": row.rate for row in rows}


def dollars(cast: Cast, amount: str = "100000") -> tuple[str, int]:
    """A decided measure whose one line plans dollars, frozen at 0.92, and the line's number."""
    set_rates(SetRates(SYSTEM, "OI", PLAN, {date(2026, 1, 1): {"USD": Decimal("0.92")}}))
    key = make_measure(cast, "detailed")
    number = set_effect_line(SetEffectLine(key, "Licences", "ebitda", "one_off", "USD", cast.owner.origin))
    months = {MAY: Decimal(amount)}
    set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin))
    bring_to(cast, key, "decided")
    return key, number


def test_a_controller_sets_corrects_and_pastes_rates(client: GovappClient, cast: Cast) -> None:
    key = make_measure(cast)
    set_effect_line(SetEffectLine(key, "Licences", "ebitda", "recurring", "USD", cast.owner.origin))
    client.sign_in(cast.controller)
    assert "USD has no plan rate" in client.get("/finance/rates").text
    form = OI | {"kind": "plan", "currency": "usd", "day": "2026-01-01", "rate": "0.92"}
    assert client.submit("/finance/rates", form).status_code == 303
    assert rates() == {"plan:2026-01-01:USD": "0.92"}
    assert "0.92, version 1" in client.get("/finance/rates?correct=plan:2026-01-01:USD").text
    again = form | {"rate": "0,90", "mark": ",", "seen": "0.92"}
    refused = client.submit("/finance/rates", again)
    assert refused.status_code == 422
    assert "Please say why it is corrected" in refused.text
    assert client.submit("/finance/rates", again | {"reason": "The bank's list"}).status_code == 303
    late = client.submit("/finance/rates", again | {"rate": "0.95", "reason": "Mine", "mark": "."})
    assert late.status_code == 409
    assert "it is 0.90 now" in late.text
    table = "Month\tUSD\tGBP\n2026-01\t0.91\t1.17\n2026-02\t\t1.18\n"
    pasted = OI | {"kind": "actual", "table": table, "action_key": key_of_form()}
    assert client.submit("/finance/rates/table", pasted).status_code == 303
    assert rates() == {
        "plan:2026-01-01:USD": "0.90", "actual:2026-01-01:USD": "0.91", "actual:2026-01-01:GBP": "1.17",
        "actual:2026-02-01:GBP": "1.18",
    }  # fmt: skip
    assert "1.18" in client.get("/finance/rates?year=2026").text


def test_faults_of_a_pasted_table_are_named_by_row_and_column_and_nothing_is_stored(
    client: GovappClient, cast: Cast
) -> None:
    client.sign_in(cast.controller)
    table = "Month;USD;XXY\n2026-01;0.91;1\n2026-13;0.92;\n2026-03;-1;\n2026-04;1e400;\n2026-05;NaN;2\n"
    refused = client.submit("/finance/rates/table", OI | {"kind": "actual", "table": table})
    assert refused.status_code == 422
    named = (
        "1, column 3 (XXY)",
        "3, column 1 (2026-13)",
        "4, column 2 (-1)",
        "5, column 2 (1e400)",
        "6, column 2 (NaN)",
    )
    for said in (*named, "2, column 3 (1)"):
        assert f"Row {said}" in refused.text, said
    assert rates() == {}
    own = client.submit("/finance/rates/table", OI | {"kind": "actual", "table": "Month,EUR\n2026-01,1\n"})
    assert (own.status_code, rates()) == (422, {})


def test_who_does_not_confirm_money_reads_rates_and_sets_none(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.leader)
    page = client.get("/finance/rates").text
    assert "Save the rate" not in page
    form = OI | {"kind": "plan", "currency": "USD", "day": "2026-01-01", "rate": "0.92"}
    assert client.submit("/finance/rates", form).status_code == 403
    client.sign_in(cast.stranger)
    assert client.get("/finance/rates").status_code in {403, 404}
    assert client.submit("/finance/rates", form).status_code in {403, 404}
    assert rates() == {}


def test_a_controller_closes_the_first_month_and_the_next_is_refused_until_it_is_over(
    client: GovappClient, cast: Cast
) -> None:
    key = make_measure(cast)
    last = month_before(today_of(key))
    client.sign_in(cast.controller)
    assert "No month is closed yet" in client.get("/finance/periods").text
    form = OI | {"month": last.isoformat()[:7], "note": "All bookings are in"}
    assert client.submit("/finance/periods", form).status_code == 303
    page = client.get("/finance/periods").text
    assert "All bookings are in" in page
    assert "is not over yet" in page
    following = today_of(key).isoformat()[:7]
    for month, said in (
        (following, "is not over yet"),
        (form["month"], "closed already"),
        ("soon", "YYYY-MM"),
    ):
        refused = client.submit("/finance/periods", OI | {"month": month})
        assert (refused.status_code, said in refused.text) == (422, True), said
    with reading() as session:
        assert [row.month for row in session.scalars(select(PeriodLock))] == [last]
    client.sign_in(cast.lead)
    assert client.submit("/finance/periods", OI | {"month": following}).status_code == 403


def test_closing_a_month_asks_once_more_and_says_what_still_awaits(client: GovappClient, cast: Cast) -> None:
    key = make_measure(cast)
    line = confirming.make_line(cast, key)
    last = month_before(today_of(key))
    before = month_before(last)
    for month in (before, last):
        confirming.enter(cast, key, line, {month.isoformat()[:7]: "90"})
    client.sign_in(cast.controller)
    first = client.get("/finance/periods").text
    assert "for good" not in first, "nothing closes before the second question"
    asked = client.get(f"/finance/periods?close={last.isoformat()[:7]}").text
    assert "2 amounts still await confirmation." in asked, "the first month closes those before it"
    assert "This cannot be undone" in asked
    assert f"Close {dates.month(last)} for good" in asked
    confirming.close_month(before.isoformat()[:7])
    assert "1 amount still awaits" in client.get(f"/finance/periods?close={last.isoformat()[:7]}").text
    for wrong in (before.isoformat()[:7], "soon", today_of(key).isoformat()[:7]):
        assert "for good" not in client.get(f"/finance/periods?close={wrong}").text


def test_other_peoples_organizations_are_not_found(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.controller)
    for address in ("/finance/rates", "/finance/periods"):
        assert client.get(f"{address}?organization=NW").status_code == 404
        assert client.submit(address, {"organization": "NW", "month": "2026-01"}).status_code == 404


def changes(key: str, act: str = "") -> str:
    with reading() as session:
        number = session.scalars(select(PlanChange.id).order_by(PlanChange.id.desc())).first()
    return f"/measures/{key}/finance/changes" + (f"/{number}/{act}" if act else "")


def vote(key: str, **more: Any) -> dict[str, Any]:
    with reading() as session:
        digest = measured(session, loaded(key), today_of(key)).digest
    return {"verdict": "approve", "digest": digest} | more


def test_the_finance_page_shows_versions_and_carries_a_change_request(
    client: GovappClient, cast: Cast
) -> None:
    key, number = dollars(cast)
    client.sign_in(cast.owner)
    page = client.get(f"/measures/{key}/finance").text
    assert "Version 1 is in force" in page
    assert "EUR 92,000" in page, "100,000 USD at 0.92"
    assert client.submit(changes(key), {"reason": ""}).status_code == 422
    assert client.submit(changes(key), {"reason": "The vendor has raised the price"}).status_code == 303
    set_monthly_values(SetMonthlyValues(key, number, "plan", {MAY: Decimal(60000)}, cast.owner.origin))
    page = client.get(f"/measures/{key}/finance").text
    assert "being drafted" in page
    assert "It will need the approval of" in page
    assert client.submit(changes(key, "ask"), {"version": 1}).status_code == 303
    assert "waits for approval" in client.get(f"/measures/{key}/finance").text
    assert client.submit(changes(key, "vote"), vote(key)).status_code == 403, "who asked approves nothing"
    client.sign_in(cast.controller)
    assert "Approve the change" in client.get(f"/measures/{key}/finance").text
    assert client.submit(changes(key, "vote"), vote(key, digest="x")).status_code == 409
    assert client.submit(changes(key, "vote"), vote(key)).status_code == 303
    client.sign_in(cast.sponsor)
    assert client.submit(changes(key, "vote"), vote(key, verdict="refuse")).status_code == 422
    assert client.submit(changes(key, "vote"), vote(key)).status_code == 303
    page = client.get(f"/measures/{key}/finance").text
    assert "Version 2 is in force" in page
    assert "The vendor has raised the price" in page
    with reading() as session:
        assert list(session.scalars(select(PlanVersion.number).order_by(PlanVersion.number))) == [1, 2]


def test_a_request_is_withdrawn_on_the_page(client: GovappClient, cast: Cast) -> None:
    key, _ = dollars(cast)
    client.sign_in(cast.owner)
    client.submit(changes(key), {"reason": "Too dear"})
    assert client.submit(changes(key, "withdrawal"), {}).status_code == 303
    assert "withdrawn" in client.get(f"/measures/{key}/finance").text
    assert client.submit(changes(key, "withdrawal"), {}).status_code == 409


def test_a_change_that_waits_stands_in_my_work_until_the_part_has_decided(
    client: GovappClient, cast: Cast
) -> None:
    key, number = dollars(cast)
    client.sign_in(cast.owner)
    client.submit(changes(key), {"reason": "The vendor has raised the price"})
    set_monthly_values(SetMonthlyValues(key, number, "plan", {MAY: Decimal(60000)}, cast.owner.origin))
    client.submit(changes(key, "ask"), {"version": 1})
    waits = "asks to change the plan: The vendor has raised the price"
    assert waits not in client.get("/").text
    for person in (cast.controller, cast.sponsor):
        client.sign_in(person)
        assert waits in client.get("/").text
    client.submit(changes(key, "vote"), vote(key))
    assert waits not in client.get("/").text
    client.sign_in(cast.controller)
    assert waits in client.get("/").text


def test_the_organization_shown_first_is_the_oldest_and_the_filter_is_one_row(
    client: GovappClient, cast: Cast
) -> None:
    add_organization(AddOrganization(SYSTEM, "Aardvark Bank", "AB", key_prefix="AB"))
    with reading() as session:
        keys = session.scalars(select(Organization.key).order_by(Organization.id)).all()
        branch = session.scalars(select(Branch.key).join(Organization, Organization.id == Branch.organization_id)
                                 .where(Organization.key == "AB")).first() or ""  # fmt: skip
    assert keys[0] == "OI"
    grant_role(GrantRole(SYSTEM, cast.controller.id, "controller", branch))
    client.sign_in(cast.controller)
    for address in ("/finance/rates", "/finance/periods"):
        text = client.get(address).text
        form = text[text.index('<form class="filters"') :]
        form = form[: form.index("</form>")]
        assert 'class="form-select form-select-sm" name="organization"' in form
        assert form.index("Aardvark Bank") < form.index("Otter Insurance"), "by name"
        assert '<option value="OI" selected>' in form


def test_money_pages_open_where_the_person_confirms_amounts(client: GovappClient, cast: Cast) -> None:
    with reading() as session:
        north = session.scalars(select(Branch.key).where(Branch.key == "NW")).one()
    for person, role, branch in (
        (cast.controller, "member", north), (cast.stranger, "leader", "OI"), (cast.stranger, "controller", north),
    ):  # fmt: skip
        grant_role(GrantRole(SYSTEM, person.id, role, branch))
    for who, home in ((cast.controller, "OI"), (cast.stranger, "NW")):
        client.sign_in(who)
        for address in ("/finance/rates", "/finance/periods", "/finance/cost-objects"):
            assert f'<option value="{home}" selected>' in client.get(address).text, (who.name, address)
