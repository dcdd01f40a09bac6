"""Lines with plan and actual amounts, and rulings on them, through the verbs by the people who may (see cast.py)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.data.ledger import CellRuling, LedgerRow, PeriodLock
from govapp.data.measures import Measure
from govapp.data.structure import Organization
from govapp.domain.events import Event
from govapp.domain.ledger import FULL
from govapp.services._work import Work, writing
from govapp.services.claims import SetCostObject, set_cost_object
from govapp.services.confirmations import CellWish, ReverseRow, RuleCells, reverse_row, rule_cells
from govapp.services.effects import SetEffectLine, SetMonthlyValues, set_effect_line, set_monthly_values
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import key_of_form
from tests.support.worlds import remembered


def month(text: str) -> date:
    """`2026-08` as its first day."""
    return date.fromisoformat(f"{text}-01")


def amounts(said: Mapping[str, str | int]) -> dict[date, Decimal]:
    """Amounts by month as decimals."""
    return {month(each): Decimal(str(amount)) for each, amount in said.items()}


@remembered
def make_line(cast: Cast, key: str, plan: Mapping[str, str | int] | None = None, **more: Any) -> int:
    """An effect line of the owner with its plan; returns its id."""
    values: dict[str, Any] = {
        "name": "Fewer calls",
        "kind": "ebitda",
        "timing": "recurring",
        "currency": "EUR",
    }
    line = set_effect_line(SetEffectLine(key, origin=cast.owner.origin, **(values | more)))
    if plan:
        set_monthly_values(SetMonthlyValues(key, line, "plan", amounts(plan), cast.owner.origin))
    return line


@remembered
def enter(cast: Cast, key: str, line: int, said: Mapping[str, str | int], by: Someone | None = None) -> None:
    """Actual amounts by the finance contact."""
    who = by or cast.finance
    set_monthly_values(SetMonthlyValues(key, line, "actual", amounts(said), who.origin))


def rule(who: Someone, *cells: CellWish, **more: Any) -> list[Any]:
    """Rule on cells; results in order."""
    values = {"action_key": key_of_form()} | more
    return rule_cells(RuleCells(cells, values.pop("origin", who.origin), **values))


def confirm(who: Someone, line: int, *months: str, **more: Any) -> list[Any]:
    """Confirm months in full; results in order."""
    return rule(who, *(CellWish(line, month(each), FULL) for each in months), **more)


def codes(results: list[Any]) -> list[tuple[str, ...]]:
    """Why each was refused."""
    return [each.codes for each in results]


def reverse(who: Someone, row: int, reason: str = "Booked in the wrong month.") -> str:
    """Take a row back."""
    return reverse_row(ReverseRow(row, who.origin, reason, action_key=key_of_form()))


def ledger(key: str) -> list[LedgerRow]:
    """All rows of a measure, detached, oldest first."""
    with reading() as session:
        rows = select(LedgerRow).join(Measure, Measure.id == LedgerRow.measure_id).where(Measure.key == key)
        found = list(session.scalars(rows.order_by(LedgerRow.id)))
        session.expunge_all()
        return found


def rulings(key: str) -> list[CellRuling]:
    """All refusals and exceptions of a measure, detached, oldest first."""
    with reading() as session:
        rows = select(CellRuling).join(Measure, Measure.id == CellRuling.measure_id).where(Measure.key == key)
        found = list(session.scalars(rows.order_by(CellRuling.id)))
        session.expunge_all()
        return found


def standings(line: int) -> dict[str, str]:
    """How the actual amounts of a line stand, by month."""
    with reading() as session:
        rows = session.execute(
            select(EffectValue.month, EffectValue.standing)
            .where(EffectValue.line_id == line, EffectValue.series == "actual")
            .order_by(EffectValue.month)
        )
        return {each.isoformat()[:7] if each else "": standing for each, standing in rows}


@remembered
def close_month(text: str, organization: str = "OI") -> None:
    """A closed month of an organization."""

    def body(work: Work) -> None:
        owner = work.session.scalars(select(Organization).where(Organization.key == organization)).one()
        row = PeriodLock(organization_id=owner.id, month=month(text), at=work.at)
        work.session.add(row)
        work.log(Event.PERIOD_LOCKED, {"month": text}, made=[row], object_type="organization")

    writing(SYSTEM, body)


@remembered
def cost_object(cast: Cast, key: str, yearly_cost: str | None, **more: Any) -> None:
    """A cost object of the organization, by the controller."""
    values: dict[str, Any] = {"name": f"Contract {key}", "kind": "contract", "currency": "EUR"} | more
    cost = None if yearly_cost is None else Decimal(yearly_cost)
    set_cost_object(SetCostObject("OI", key, origin=cast.controller.origin, yearly_cost=cost, **values))
