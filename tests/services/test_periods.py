"""Closing of months: in order, by whom may, for good; what comes after is a dated late entry."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from govapp.data.audit import AuditLog
from govapp.data.engine import reading, write_session
from govapp.data.ledger import PeriodLock
from govapp.data.period_queries import awaiting_by_month, closed_months, late_entries, locked_until
from govapp.data.structure import Organization
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.periods import closing_fault, month_after, month_before
from govapp.services._work import now
from govapp.services.audit import verify
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grids import Cell, SaveGrid, save_grid
from govapp.services.periods import ClosePeriod, close_period
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import key_of_form, make_measure

pytestmark = pytest.mark.usefixtures("database")


def this_month() -> date:
    return now().astimezone(ZoneInfo("Europe/Berlin")).date().replace(day=1)


def close(who: Someone | None, month: date, organization: str = "OI", **more: str) -> int:
    return close_period(ClosePeriod(who.origin if who else SYSTEM, organization, month, **more))


def oi() -> int:
    with reading() as session:
        return session.scalars(select(Organization.id).where(Organization.key == "OI")).one()


def closed() -> date | None:
    with reading() as session:
        return locked_until(session, oi())


def refusal(month: date, **more: str) -> list[str]:
    with pytest.raises(Invalid) as refused:
        close(None, month, **more)
    return refused.value.errors["month"]


def test_months_close_one_after_the_other_and_only_when_they_are_over(cast: Cast) -> None:
    last = month_before(this_month())
    before = month_before(last)
    assert closed() is None
    assert refusal(this_month()) == ["period_not_over"]
    close(cast.controller, before + timedelta(days=3), note="Bookings are in")
    assert closed() == before
    assert refusal(before) == ["period_closed"]
    assert refusal(month_before(before)) == ["period_closed"], "the first one closed closes all before it"
    assert refusal(this_month()) == ["period_not_next"]
    close(cast.controller, last)
    with reading() as session:
        rows = closed_months(session, oi())
        said = session.scalars(select(AuditLog).where(AuditLog.event == "finance:period-locked")).all()
    assert [(row.month, row.by, row.note) for row in rows] == [
        (last, cast.controller.name, ""),
        (before, cast.controller.name, "Bookings are in"),
    ]
    assert len(said) == 2
    assert verify(state=True).ok


def test_r05_a_month_is_closed_by_controllers_of_the_whole_organization_only(cast: Cast) -> None:
    for person in (cast.owner, cast.lead, cast.leader, cast.administrator, cast.auditor):
        with pytest.raises((Refused, NotFound)):
            close(person, month_before(this_month()))
    with pytest.raises(NotFound):
        close(cast.controller, month_before(this_month()), "nowhere")
    assert closed() is None


def test_r13_the_same_form_twice_closes_one_month(cast: Cast) -> None:
    key, month = key_of_form(), month_before(this_month())
    close(cast.controller, month, action_key=key)
    close(cast.controller, month, action_key=key)
    assert closed() == month


def test_r18_a_closed_month_is_a_fact(cast: Cast) -> None:
    close(cast.controller, month_before(this_month()))
    for statement in (delete(PeriodLock), update(PeriodLock).values(month=date(2020, 1, 1))):
        with pytest.raises(DBAPIError), write_session() as session:
            session.execute(statement)


def test_what_awaits_is_counted_and_late_entries_are_named(cast: Cast) -> None:
    key, month = make_measure(cast), month_before(this_month())
    number = set_effect_line(
        SetEffectLine(key, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, start=month)
    )

    def enter(who: Someone, amount: str, seen: int | None) -> None:
        cell = Cell(number, "actual", month, seen, Decimal(amount))
        save_grid(SaveGrid(key, (cell,), who.origin, "Invoice 7"))

    enter(cast.finance, "10", None)
    with reading() as session:
        assert awaiting_by_month(session, oi()) == {month: 1}
    assert close(cast.controller, month) == 1
    with pytest.raises(Invalid):
        enter(cast.finance, "11", 10_00)
    with reading() as session:
        assert late_entries(session, [oi()]) == []
    enter(cast.controller, "12", 10_00)
    with reading() as session:
        (late,) = late_entries(session, [oi()])
    today = now().astimezone(ZoneInfo("Europe/Berlin")).date()
    assert (late.what, late.measure, late.line, late.amount, late.on) == (
        "actual",
        key,
        "Calls",
        12_00,
        today,
    )


def test_a_month_is_over_when_its_last_day_has_passed_in_the_zone() -> None:
    assert closing_fault(date(2026, 10, 1), date(2026, 9, 1), date(2026, 10, 31)) == "period_not_over"
    assert closing_fault(date(2026, 10, 1), date(2026, 9, 1), date(2026, 11, 1)) == ""
    assert month_after(date(2026, 12, 31)) == date(2027, 1, 1)
    midnight = datetime(2026, 10, 31, 23, 30, tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Berlin"))
    assert closing_fault(date(2026, 10, 1), None, midnight.date()) == ""
