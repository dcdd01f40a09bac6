"""Reads what awaits confirmation for a person, by cell: claimed, missing, refused or confirmed. Minor units."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    Select,
    and_,
    cast,
    exists,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from govapp.data.audit import AuditLog
from govapp.data.base import HISTORY
from govapp.data.confirmable import Shape, awaits, confirmable, confirming_values
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import CellRuling, LedgerRow, PeriodLock
from govapp.data.measures import Card, Measure
from govapp.data.structure import Branch
from govapp.domain.ledger import AWAITS, CONFIRMATION, CONFIRMED, EXCEPTED, MISSING, REFUSED, Total
from govapp.domain.rights import Actor

MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list of cells (AWAITS, MISSING, REFUSED, CONFIRMED) and what narrows it: a branch's path, a kind, a month.

    Without kind or measure it is of money only: posts wait for nobody, and whoever asks for their kind finds them.
    """

    standing: str = AWAITS
    path: str = ""
    kind: str = ""
    until: date | None = None
    measure: str = ""


@dataclass(frozen=True, slots=True)
class CellRow:
    """One cell of a list: the line and its measure; `actual` is None where there is no amount."""

    line_id: int
    month: date | None
    measure_id: int
    measure: str
    title: str
    line: str
    kind: str
    timing: str
    currency: str
    cost_object: str
    overlapping: tuple[str, ...]
    plan_number: int
    organization_id: int
    value_id: int | None
    actual: int | None
    hands: tuple[int, ...]
    source: str
    late_on: date | None


_NO_VALUE: tuple[Any, ...] = (
    cast(null(), BigInteger).label("value_id"),
    cast(null(), BigInteger).label("actual"),
    null().label("hands"),
    null().label("source"),
    null().label("late_on"),
)
_VALUE: tuple[Any, ...] = (
    EffectValue.id.label("value_id"),
    EffectValue.amount.label("actual"),
    EffectValue.hands.label("hands"),
    EffectValue.source.label("source"),
    EffectValue.late_on.label("late_on"),
)


def _columns(month: Any, value: Sequence[Any]) -> tuple[Any, ...]:
    return (
        EffectLine.id.label("line_id"), month.label("month"), Measure.id.label("measure_id"), Measure.key,
        Measure.title, EffectLine.name, EffectLine.kind, EffectLine.timing, EffectLine.currency, EffectLine.cost_object,
        Card.overlapping, Card.plan_number, Measure.organization_id, *value,
    )  # fmt: skip


def _from(
    shape: Shape, wanted: Wanted, source: Any, line_id: Any, month: Any, columns: Any, *, late: bool = False
) -> Select[Any]:
    """Cells of `source` on measures the actor confirms, narrowed as wanted; of `late` see `confirmable`."""
    statement = (
        select(*columns)
        .select_from(source)
        .join(EffectLine, EffectLine.id == line_id)
        .join(Measure, Measure.id == EffectLine.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .join(Card, Card.measure_id == Measure.id)
        .where(confirmable(shape, late=late))
    )
    if wanted.path:
        statement = statement.where(Branch.path.startswith(wanted.path, autoescape=True))
    of_kind = EffectLine.kind == wanted.kind if wanted.kind else EffectLine.currency != ""
    if wanted.kind or not wanted.measure:
        statement = statement.where(of_kind)
    if wanted.measure:
        statement = statement.where(Measure.key == wanted.measure)
    if wanted.until:
        statement = statement.where(or_(month.is_(None), month <= wanted.until))
    return statement


def _cells(shape: Shape, wanted: Wanted) -> Select[Any]:
    """The list as a statement without order."""
    if wanted.standing == MISSING:
        return _missing(shape, wanted)
    columns = _columns(EffectValue.month, _VALUE)
    late = wanted.standing == AWAITS
    statement = _from(shape, wanted, EffectValue, EffectValue.line_id, EffectValue.month, columns, late=late)
    if wanted.standing == AWAITS:
        return statement.where(awaits(), EffectValue.measure_id == Measure.id)
    statement = statement.where(EffectValue.standing == wanted.standing)
    facts = CellRuling.line_id if wanted.standing == REFUSED else LedgerRow.line_id
    touched = (
        select(facts).where(CellRuling.verdict == REFUSED)
        if wanted.standing == REFUSED
        else select(facts).where(LedgerRow.kind == CONFIRMATION)
    )
    return statement.where(EffectValue.series == "actual", EffectLine.id.in_(touched))


def _missing(shape: Shape, wanted: Wanted) -> Select[Any]:
    """Closed months in which the plan in force or the forecast holds an amount and nothing else was said of them."""
    expects, actual = aliased(EffectValue), aliased(EffectValue)
    closed = (
        select(func.max(PeriodLock.month))
        .where(PeriodLock.organization_id == Measure.organization_id)
        .correlate(Measure)
        .scalar_subquery()
    )
    said = and_(
        CellRuling.line_id == expects.line_id,
        CellRuling.month == expects.month,
        CellRuling.verdict == EXCEPTED,
    )
    there = and_(actual.line_id == expects.line_id, actual.series == "actual", actual.month == expects.month)
    planned = and_(expects.series == "plan", expects.plan_version == Card.plan_number)
    columns = _columns(expects.month, _NO_VALUE)
    return (
        _from(shape, wanted, expects, expects.line_id, expects.month, columns)
        .where(
            or_(planned, expects.series == "forecast"),
            expects.month <= closed,
            expects.amount != 0,
            ~exists().where(there),
            ~exists().where(said),
        )
        .distinct()
    )


def cells(session: Session, actor: Actor, wanted: Wanted, limit: int, offset: int = 0) -> list[CellRow]:
    """A page of the list: by month (undated last), measure and line; what is confirmed, newest month first."""
    shape, values = confirming_values(actor)
    found = _cells(shape, wanted).subquery()
    month = found.c.month
    by_month = month.desc() if wanted.standing == CONFIRMED else month
    order = (month.is_(None), by_month, found.c.measure_id, found.c.line_id)
    rows = session.execute(select(found).order_by(*order).limit(limit).offset(offset), values)
    return [_row(list(row)) for row in rows]


def _row(values: list[Any]) -> CellRow:
    values[10], values[15], values[16] = tuple(values[10] or ()), tuple(values[15] or ()), values[16] or ""
    return CellRow(*values)


def totals(session: Session, actor: Actor, wanted: Wanted) -> list[Total]:
    """What the whole list adds up to, by kind and currency."""
    shape, values = confirming_values(actor)
    found = _cells(shape, wanted).subquery()
    rows = session.execute(
        select(found.c.kind, found.c.currency, func.count(), func.coalesce(func.sum(found.c.actual), 0))
        .group_by(found.c.kind, found.c.currency)
        .order_by(found.c.kind, found.c.currency),
        values,
    )
    return [Total(row[0], row[1], row[2], int(row[3])) for row in rows]


def confirmed_totals(session: Session, actor: Actor, wanted: Wanted) -> list[Total]:
    """What the ledger holds of these measures, by kind and currency, narrowed as wanted."""
    columns = (EffectLine.kind, EffectLine.currency, func.count(), func.sum(LedgerRow.amount))
    shape, values = confirming_values(actor)
    statement = _from(shape, wanted, LedgerRow, LedgerRow.line_id, LedgerRow.month, columns)
    rows = session.execute(
        statement.where(LedgerRow.measure_id == Measure.id)
        .group_by(EffectLine.kind, EffectLine.currency)
        .order_by(EffectLine.kind, EffectLine.currency),
        values,
    )
    return [Total(row[0], row[1], row[2], int(row[3])) for row in rows]


def awaiting_count(shape: Shape) -> ScalarSelect[Any]:
    """How many amounts of money await somebody of this shape, counted to MOST_COUNTED: `confirming_values` has values.

    Posts are no money: they are listed where their kind is asked for.
    """
    found = (
        select(EffectValue.id)
        .join(Measure, Measure.id == EffectValue.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .join(EffectLine, EffectLine.id == EffectValue.line_id)
        .where(awaits(), confirmable(shape, late=True), EffectLine.currency != "")
        .limit(MOST_COUNTED)
    )
    return select(func.count()).select_from(found.subquery()).scalar_subquery()


def expectations(
    session: Session, rows: Collection[CellRow]
) -> dict[tuple[int, date | None], dict[str, int]]:
    """Plan in force and forecast of these cells, by line and month."""
    if not rows:
        return {}
    versions = {(row.line_id, row.plan_number) for row in rows}
    found = session.execute(
        select(
            EffectValue.line_id, EffectValue.month, EffectValue.series, EffectValue.amount, EffectValue.plan_version
        ).where(
            EffectValue.line_id.in_({row.line_id for row in rows}),
            EffectValue.series.in_(("plan", "forecast")),
            or_(EffectValue.month.is_(None), EffectValue.month.in_({row.month for row in rows if row.month})),
        )
    )  # fmt: skip
    said: dict[tuple[int, date | None], dict[str, int]] = {}
    for line, month, series, amount, version in found:
        if series == "forecast" or (line, version) in versions:
            said.setdefault((line, month), {})[series] = amount
    return said


def entered_at(session: Session, value_ids: Collection[int]) -> dict[int, datetime]:
    """When amounts came to be as they are, by id of the value."""
    if not value_ids:
        return {}
    twin = HISTORY["effect_value"]
    rows = session.execute(
        select(twin.c.id, AuditLog.at)
        .join(AuditLog, and_(AuditLog.chain == "business", AuditLog.sequence == twin.c.from_seq))
        .where(twin.c.id.in_(sorted(value_ids)), twin.c.to_seq.is_(None))
    )
    return {row[0]: row[1] for row in rows}
