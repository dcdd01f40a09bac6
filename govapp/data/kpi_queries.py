"""Reads operating figures: of an organization, of a measure, their readings and the measures that use them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.kpis import Kpi, KpiReading, MeasureKpi
from govapp.data.measures import Measure, Part, StagePassage
from govapp.data.people import Person
from govapp.data.structure import Branch
from govapp.domain.rights import Place


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading with who entered it; its value in 1/10,000 of the unit."""

    month: date
    value: int
    person: str
    source: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What a measure promises of a figure, with the readings, oldest first. Values in 1/10,000 of the unit."""

    id: int
    kpi_id: int
    version: int
    name: str
    unit: str
    source: str
    better: str
    baseline: int | None
    target: int | None
    explanation: str
    explained_by: str
    explainer_id: int | None
    signed_name: str
    signed_for: str
    signed_at: Any
    readings: tuple[Reading, ...] = ()


def promises_of(session: Session, measure_id: int) -> tuple[Promise, ...]:
    """The operating figures of a measure."""
    explainer, absent = Person.__table__.alias(), Person.__table__.alias()
    rows = session.execute(
        select(MeasureKpi, Kpi, explainer.c.name.label("explainer"), absent.c.name.label("absent"))
        .join(Kpi, Kpi.id == MeasureKpi.kpi_id)
        .outerjoin(explainer, explainer.c.id == MeasureKpi.explained_by)
        .outerjoin(absent, absent.c.id == MeasureKpi.signed_for)
        .where(MeasureKpi.measure_id == measure_id)
        .order_by(MeasureKpi.id)
    ).all()
    read = readings_of(session, [kpi.id for _, kpi, *_ in rows])
    return tuple(
        Promise(
            own.id, kpi.id, own.version, kpi.name, kpi.unit, kpi.source, kpi.better, own.baseline, own.target,
            own.explanation, by or "", own.explained_by, own.signed_name, behalf or "", own.signed_at,
            read.get(kpi.id, ()),
        )
        for own, kpi, by, behalf in rows
    )  # fmt: skip


def readings_of(session: Session, kpis: Iterable[int]) -> dict[int, tuple[Reading, ...]]:
    """Readings by figure, oldest first."""
    wanted = list(kpis)
    found: dict[int, list[Reading]] = {}
    if wanted:
        rows = session.execute(
            select(KpiReading.kpi_id, KpiReading.month, KpiReading.value, Person.name, KpiReading.source)
            .outerjoin(Person, Person.id == KpiReading.person_id)
            .where(KpiReading.kpi_id.in_(wanted))
            .order_by(KpiReading.kpi_id, KpiReading.month)
        )
        for kpi_id, month, value, name, source in rows:
            found.setdefault(kpi_id, []).append(Reading(month, value, name or "", source))
    return {kpi_id: tuple(each) for kpi_id, each in found.items()}


def entered_at(session: Session, measure_id: int, stage: str) -> datetime | None:
    """When a measure last came into a stage."""
    came = (StagePassage.measure_id == measure_id, StagePassage.stage == stage)
    return session.scalar(select(func.max(StagePassage.entered_at)).where(*came))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a list: the newest reading, and how many measures it judges."""

    id: int
    key: str
    name: str
    unit: str
    source: str
    better: str
    month: date | None
    value: int | None
    measures: int


def figures_of(session: Session, organizations: Iterable[int], limit: int = 500) -> tuple[Figure, ...]:
    """Figures of organizations by name, with their newest readings."""
    newest = (
        select(KpiReading.kpi_id, func.max(KpiReading.month).label("month"))
        .group_by(KpiReading.kpi_id)
        .subquery()
    )
    used = select(MeasureKpi.kpi_id, func.count().label("n")).group_by(MeasureKpi.kpi_id).subquery()
    rows = session.execute(
        select(Kpi, newest.c.month, KpiReading.value, used.c.n)
        .outerjoin(newest, newest.c.kpi_id == Kpi.id)
        .outerjoin(KpiReading, (KpiReading.kpi_id == Kpi.id) & (KpiReading.month == newest.c.month))
        .outerjoin(used, used.c.kpi_id == Kpi.id)
        .where(Kpi.organization_id.in_(list(organizations)))
        .order_by(Kpi.name, Kpi.id)
        .limit(limit)
    )
    return tuple(
        Figure(kpi.id, kpi.key, kpi.name, kpi.unit, kpi.source, kpi.better, month, value, count or 0)
        for kpi, month, value, count in rows
    )


def offered(
    session: Session, organization_id: int, measure_id: int, limit: int = 300
) -> tuple[tuple[int, str], ...]:
    """Figures of an organization that a measure does not use yet: id and name."""
    taken = select(MeasureKpi.kpi_id).where(MeasureKpi.measure_id == measure_id)
    rows = session.execute(
        select(Kpi.id, Kpi.name)
        .where(Kpi.organization_id == organization_id, Kpi.id.not_in(taken))
        .order_by(Kpi.name)
        .limit(limit)
    )
    return tuple((row.id, row.name) for row in rows)


@dataclass(frozen=True, slots=True)
class Use:
    """A measure that a figure judges, with the path of its branch."""

    measure_id: int
    key: str
    title: str
    path: str
    branch_id: int
    baseline: int | None
    target: int | None


def place_of_use(session: Session, use: Use) -> Place:
    """Where such a measure stands and who holds its parts, for a question of rights."""
    parts = session.execute(select(Part.part, Part.person_id).where(Part.measure_id == use.measure_id))
    return Place(use.path, {row.part: row.person_id for row in parts}, use.branch_id)


def uses_of(session: Session, kpi_id: int) -> tuple[Use, ...]:
    """Measures that use a figure, by key."""
    rows = session.execute(
        select(
            Measure.id, Measure.key, Measure.title, Branch.path, Branch.id.label("branch"), MeasureKpi.baseline,
            MeasureKpi.target,
        )
        .join(Measure, Measure.id == MeasureKpi.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .where(MeasureKpi.kpi_id == kpi_id)
        .order_by(Measure.key)
    )  # fmt: skip
    return tuple(Use(*row) for row in rows)
