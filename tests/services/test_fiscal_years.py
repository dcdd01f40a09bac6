"""The start of the fiscal year: set by who operates, and sums kept by year follow it."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.money_totals import MoneyYear
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from govapp.services.fiscal_years import SetFiscalStart, set_fiscal_start
from govapp.services.settling import settle_all
from tests.browser_client import GovappClient
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure


def years(number: int) -> dict[int, int]:
    with reading() as session:
        rows = session.execute(select(MoneyYear.year, MoneyYear.plan).where(MoneyYear.line_id == number))
        return {row.year: row.plan for row in rows if row.year and row.plan}


def planned(cast: Cast) -> int:
    """A line that plans 100 in March, 10 in April 2026 and 1 in March 2027."""
    key = make_measure(cast)
    number = set_effect_line(SetEffectLine(key, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin))
    months = {date(2026, 3, 1): Decimal(100), date(2026, 4, 1): Decimal(10), date(2027, 3, 1): Decimal(1)}
    set_monthly_values(SetMonthlyValues(key, number, "plan", months, cast.owner.origin))
    return number


@pytest.mark.usefixtures("database")
def test_sums_by_year_follow_the_fiscal_year_and_settling_all_changes_nothing(cast: Cast) -> None:
    number = planned(cast)
    assert years(number) == {2026: 110_00, 2027: 1_00}
    assert set_fiscal_start(SetFiscalStart(cast.administrator.origin, "OI", 4))
    assert years(number) == {2025: 100_00, 2026: 11_00}, "April 2026 to March 2027 is the year 2026"
    assert settle_all(SYSTEM) == 0
    assert not set_fiscal_start(SetFiscalStart(cast.administrator.origin, "OI", 4))


@pytest.mark.usefixtures("sqlite")
def test_only_who_operates_sets_it_and_only_to_a_month(cast: Cast) -> None:
    for person in (cast.controller, cast.lead, cast.auditor):
        with pytest.raises((Refused, NotFound)):
            set_fiscal_start(SetFiscalStart(person.origin, "OI", 4))
    for month in (0, 13):
        with pytest.raises(Invalid):
            set_fiscal_start(SetFiscalStart(cast.administrator.origin, "OI", month))
    with pytest.raises(Stale):
        set_fiscal_start(SetFiscalStart(cast.administrator.origin, "OI", 4, seen_version=99))


def test_an_administrator_sets_it_on_the_page_of_the_organization(client: GovappClient, cast: Cast) -> None:
    number = planned(cast)
    client.sign_in(cast.administrator)
    assert "Fiscal year begins in" in client.get("/structure/OI").text
    assert (
        client.submit("/structure/OI/fiscal-year", {"fiscal_month": "4", "version": "1"}).status_code == 303
    )
    assert years(number) == {2025: 100_00, 2026: 11_00}
    assert (
        client.submit("/structure/OI/fiscal-year", {"fiscal_month": "13", "version": "2"}).status_code == 422
    )
    client.sign_in(cast.lead)
    assert client.submit("/structure/OI/fiscal-year", {"fiscal_month": "1"}).status_code == 403
