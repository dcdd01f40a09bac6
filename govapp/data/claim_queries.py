"""Reads cost objects, what measures claim on them, splits in force, and what is confirmed on them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, extract, func, select
from sqlalchemy.orm import Session

from govapp.data.claims import ClaimSplit, CostObject
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PlanVersion
from govapp.data.measure_queries import readable_by
from govapp.data.measures import Card, Measure
from govapp.domain.claims import Claim, object_key
from govapp.domain.rights import Actor

RECURRING = "recurring"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """A cost object as lines of an organization name it; `id` None: nobody has registered it."""

    key: str
    id: int | None = None
    name: str = ""
    kind: str = ""
    currency: str = ""
    yearly_cost: int | None = None
    version: int = 0


def objects_of(session: Session, organization_id: int, keys: Iterable[str] | None = None) -> list[ObjectOf]:
    """Registered cost objects by key; all of them where no keys are given."""
    statement = select(CostObject).where(CostObject.organization_id == organization_id)
    if keys is not None:
        statement = statement.where(CostObject.key.in_(sorted(set(keys))))
    rows = session.scalars(statement.order_by(CostObject.key))
    return [ObjectOf(r.key, r.id, r.name, r.kind, r.currency, r.yearly_cost, r.version) for r in rows]


def registered_key(session: Session, organization_id: int, key: str) -> str | None:
    """The key of a registered cost object as it is spelled there, whatever its capitals."""
    named = (CostObject.organization_id == organization_id) & (func.lower(CostObject.key) == key.lower())
    return session.scalar(select(CostObject.key).where(named).order_by(CostObject.key != key).limit(1))


def is_registered(session: Session, measure: str, key: str) -> bool:
    """Whether the organization of a measure (by key) has registered a cost object."""
    organization = session.scalar(select(Measure.organization_id).where(Measure.key == measure))
    return organization is not None and registered_key(session, organization, object_key(key)) is not None


def overlapping_objects(session: Session, organization_id: int) -> set[str]:
    """Keys of cost objects with an unresolved overlap of claims, as settle keeps them on the cards."""
    statement = (
        select(Card.overlapping)
        .join(Measure, Measure.id == Card.measure_id)
        .where(Measure.organization_id == organization_id, Card.overlapping != [])
    )
    return {key for keys in session.scalars(statement) for key in keys}


def keys_named_by(session: Session, measure_id: int) -> set[str]:
    """Cost objects that lines of a measure name."""
    named = select(EffectLine.cost_object).where(
        EffectLine.measure_id == measure_id, EffectLine.cost_object != ""
    )
    return set(session.scalars(named.distinct()))


def splits_in_force(session: Session, object_ids: Iterable[int]) -> dict[tuple[int, str], dict[str, int]]:
    """Shares by cost object and kind, in minor units of the object's currency by measure key."""
    rows = session.execute(
        select(ClaimSplit.cost_object_id, ClaimSplit.kind, ClaimSplit.shares).where(
            ClaimSplit.cost_object_id.in_(list(object_ids)), ClaimSplit.ended_at.is_(None)
        )
    )
    return {(row.cost_object_id, row.kind): dict(row.shares) for row in rows}


def claims_on(
    session: Session, organization_id: int, keys: Collection[str], fiscal_month: int
) -> dict[str, list[Claim]]:
    """Claims by cost object key: recurring lines with money of measures neither cancelled nor archived.

    Months are those in which the plan in force holds an amount. What is claimed a year is the run rate, or, where a
    line has none, the largest fiscal year of that plan.
    """
    lines = session.execute(_lines(organization_id, sorted(set(keys)))).all()
    spans = {row[0]: row[1:] for row in session.execute(_spans(), {"lines": [row.id for row in lines]})}
    without = [row.id for row in lines if row.run_rate is None]
    years = _largest_years(session, without, fiscal_month) if without else {}
    found: dict[str, list[Claim]] = {}
    for row in lines:
        first, last = spans.get(row.id, (row.start, None))
        yearly = years.get(row.id, 0) if row.run_rate is None else row.run_rate
        claim = Claim(row.id, row.key, row.kind, row.currency, yearly, first and first.replace(day=1), last)
        found.setdefault(row.cost_object, []).append(claim)
    return found


def _lines(organization_id: int, keys: list[str]) -> Any:
    return (
        select(
            EffectLine.id, Measure.key, EffectLine.kind, EffectLine.currency, EffectLine.run_rate, EffectLine.start,
            EffectLine.cost_object,
        )
        .join(Measure, Measure.id == EffectLine.measure_id)
        .where(
            EffectLine.cost_object.in_(keys), EffectLine.timing == RECURRING, EffectLine.currency != "",
            Measure.organization_id == organization_id, Measure.state != "cancelled", Measure.archived.is_(False),
        )
        .order_by(Measure.id, EffectLine.id)
    )  # fmt: skip


def _planned(lines: Any) -> list[Any]:
    """Clauses: amounts of the plan in force of these lines, other than zero, by month."""
    newest = select(func.coalesce(func.max(PlanVersion.number), 0))
    newest = newest.where(PlanVersion.measure_id == EffectValue.measure_id).correlate(EffectValue)
    return [
        EffectValue.line_id.in_(lines), EffectValue.series == "plan", EffectValue.month.is_not(None),
        EffectValue.amount != 0, EffectValue.plan_version == newest.scalar_subquery(),
    ]  # fmt: skip


def _spans() -> Any:
    from_to = (func.min(EffectValue.month), func.max(EffectValue.month))
    return (
        select(EffectValue.line_id, *from_to)
        .where(*_planned(bindparam("lines", expanding=True)))
        .group_by(EffectValue.line_id)
    )


def _largest_years(session: Session, lines: list[int], fiscal_month: int) -> dict[int, int]:
    months = extract("year", EffectValue.month) * 12 + extract("month", EffectValue.month) - fiscal_month
    year = (months - months % 12).label("year")
    rows = session.execute(
        select(EffectValue.line_id, func.sum(EffectValue.amount))
        .where(*_planned(lines))
        .group_by(EffectValue.line_id, year)
    )
    found: dict[int, int] = {}
    for line, total in rows:
        found[line] = max(found.get(line, 0), int(total))
    return found


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger holds of a recurring line on a cost object in some months, in minor units of its currency."""

    measure: str
    line: int
    currency: str
    amount: int


def booked_on(
    session: Session, organization_id: int, key: str, kind: str, first: date, last: date
) -> list[Booked]:
    """Sums of ledger rows of recurring lines of a kind on a cost object, from a month to a month."""
    rows = session.execute(
        select(Measure.key, EffectLine.id, EffectLine.currency, func.sum(LedgerRow.amount))
        .join(EffectLine, EffectLine.measure_id == Measure.id)
        .join(LedgerRow, LedgerRow.line_id == EffectLine.id)
        .where(
            EffectLine.cost_object == key, EffectLine.kind == kind, EffectLine.timing == RECURRING,
            Measure.organization_id == organization_id, LedgerRow.month.between(first, last),
        )
        .group_by(Measure.key, EffectLine.id, EffectLine.currency)
    )  # fmt: skip
    return [Booked(row[0], row[1], row[2], int(row[3])) for row in rows]


def readable_among(session: Session, actor: Actor, keys: Collection[str]) -> list[str]:
    """Those of the measures that the actor may read, by key."""
    statement = select(Measure.key).where(Measure.key.in_(sorted(set(keys))), readable_by(actor))
    return list(session.scalars(statement.order_by(Measure.key))) if keys else []


def titles_of(session: Session, actor: Actor, keys: Collection[str]) -> Mapping[str, str]:
    """Titles by key of the measures among these that the actor may read."""
    statement = select(Measure.key, Measure.title).where(
        Measure.key.in_(sorted(set(keys))), readable_by(actor)
    )
    return dict(session.execute(statement).all()) if keys else {}


def unregistered(session: Session, actor: Actor, organization_id: int, most: int = 20) -> list[str]:
    """Keys of cost objects that lines of measures the actor may read name, and that nobody has registered."""
    known = select(CostObject.key).where(CostObject.organization_id == organization_id)
    statement = (
        select(EffectLine.cost_object)
        .join(Measure, Measure.id == EffectLine.measure_id)
        .where(
            EffectLine.cost_object != "", EffectLine.cost_object.not_in(known),
            Measure.organization_id == organization_id, readable_by(actor),
        )
        .distinct()
        .order_by(EffectLine.cost_object)
        .limit(most)
    )  # fmt: skip
    return list(session.scalars(statement))
