"""Reading what the kept sums of lines are made of, and writing those sums and what they add to branches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from govapp.data.base import Base
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PlanVersion
from govapp.data.measures import Card, Measure
from govapp.data.money_totals import MONTH_COLUMNS, OPEN_COLUMNS, MoneyLine, MoneyTotal, MoneyYear
from govapp.data.structure import Organization
from govapp.domain.money_rows import (
    ACTUAL,
    BOOKED,
    CONFIRMED,
    FIRST_PLAN,
    Cell,
    Frozen,
    LineFacts,
    Row,
    rows_of,
)

SUMS = (*MONTH_COLUMNS, "total")
META = ("kind", "timing", "category", "cost_object", "currency")
TOTAL_KEYS = ("branch_id", "series", "kind", "timing", "currency", "rate", "year")
_BATCH = 500

Amounts = Mapping[tuple[str, int], Row]


class Meta(NamedTuple):
    """What gives the amounts of a line their meaning: as the plan in force keeps it, else as the line has it now.

    A draft that nobody has approved yet moves no amount of the plan in force to another category or cost object.
    """

    kind: str
    timing: str
    category: str
    cost_object: str
    currency: str

    @classmethod
    def of(cls, line: Mapping[str, Any], versions: Sequence[PlanVersion]) -> "Meta":
        """The meaning of a line's row, `versions` being the frozen plans of its measure in order."""
        kept: Any = versions[-1].lines.get(str(line["id"])) if versions else None
        return cls(*((kept or line)[name] for name in META))


class Scope(NamedTuple):
    """Lines to look at: all of some measures, and some by their ids."""

    measures: Collection[int]
    lines: Collection[int]

    def of(self, measure_id: Any, line_id: Any) -> ColumnElement[bool]:
        """The condition for a table that names both."""
        return or_(measure_id.in_(self.measures), line_id.in_(self.lines))


Versions = Mapping[int, list[PlanVersion]]


def line_rows(
    session: Session, scope: Scope, versions: Versions, own: Mapping[int, str]
) -> dict[int, tuple[int, Meta, dict[tuple[str, int], Row]]]:
    """Lines as they are now, by id: measure, meaning, and the rows of their sums by series and fiscal year.

    `versions`: frozen plans by measure; `own`: the currency of its organization. A line in that carries no rate.
    """
    lines = session.execute(
        select(
            EffectLine.id, EffectLine.measure_id, EffectLine.run_rate, *(getattr(EffectLine, n) for n in META),
            Organization.fiscal_month,
        )
        .join(Measure, Measure.id == EffectLine.measure_id)
        .join(Organization, Organization.id == Measure.organization_id)
        .where(scope.of(EffectLine.measure_id, EffectLine.id))
    ).all()  # fmt: skip
    amounts = select(
        EffectValue.line_id, EffectValue.series, EffectValue.month, EffectValue.amount, EffectValue.plan_version,
        literal(0).label("booked"),
    ).where(scope.of(EffectValue.measure_id, EffectValue.line_id))  # fmt: skip
    booked = (
        select(
            LedgerRow.line_id, literal(CONFIRMED), LedgerRow.month, _whole(func.sum(LedgerRow.amount)), literal(0),
            _whole(func.sum(LedgerRow.translated)),
        )
        .where(scope.of(LedgerRow.measure_id, LedgerRow.line_id))
        .group_by(LedgerRow.line_id, LedgerRow.month)
    )  # fmt: skip
    cells: dict[int, list[Cell]] = {}
    ledger: dict[int, dict[date | None, tuple[int, int]]] = {}
    for row in session.execute(union_all(amounts, booked)):
        if row[1] == CONFIRMED:
            ledger.setdefault(row[0], {})[row[2]] = row[3], row[5]
        else:
            cells.setdefault(row[0], []).append(Cell(*row[1:5]))
    found = {}
    for line in lines:
        known = versions.get(line.measure_id, ())
        meta = Meta.of(line._asdict(), known)
        frozen = tuple(
            frozen_of(each, line.id, "" if meta.currency == own[line.measure_id] else meta.currency)
            for each in known
        )
        facts = LineFacts(line.run_rate, cells.get(line.id, ()), ledger.get(line.id, {}), frozen)
        found[line.id] = line.measure_id, meta, rows_of(facts, line.fiscal_month)
    return found


def _whole(amount: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as an integer: PostgreSQL makes it a decimal."""
    return cast(amount, BigInteger)


def changes_money(session: Session) -> bool:
    """Whether lines, amounts, frozen plans or ledger rows are changed in the session and not written yet."""
    rows = (*session.new, *session.dirty, *session.deleted)
    return any(isinstance(row, EffectLine | EffectValue | LedgerRow | PlanVersion) for row in rows)


def plan_versions(session: Session, measures: Collection[int]) -> dict[int, list[PlanVersion]]:
    """Frozen plan versions by measure, in order."""
    found: dict[int, list[PlanVersion]] = {}
    statement = select(PlanVersion).where(PlanVersion.measure_id.in_(measures)).order_by(PlanVersion.number)
    for row in session.scalars(statement):
        found.setdefault(row.measure_id, []).append(row)
    return found


def frozen_of(version: PlanVersion, line_id: int, currency: str) -> Frozen:
    """What a version says of a line; `currency` is '' for that of the organization."""
    said: Any = version.lines.get(str(line_id)) or {}
    return Frozen(version.number, version.rates.get(currency, ""), said.get("run_rate"))


class KeptLine(NamedTuple):
    """What is kept of a line now: its measure, rows by series and year, meaning by year."""

    measure_id: int
    rows: dict[tuple[str, int], Row]
    meta: dict[int, tuple[Meta, tuple[Any, ...]]]


def kept_lines(session: Session, scope: Scope) -> dict[int, KeptLine]:
    """What is kept of the lines in scope, removed ones among them."""
    found: dict[int, KeptLine] = {}
    sums = (getattr(MoneyLine, name) for name in SUMS)
    for line_id, measure_id, series, year, rate, *months in session.execute(
        select(
            MoneyLine.line_id, MoneyLine.measure_id, MoneyLine.series, MoneyLine.year, MoneyLine.rate, *sums
        ).where(scope.of(MoneyLine.measure_id, MoneyLine.line_id))
    ):
        kept = found.setdefault(line_id, KeptLine(measure_id, {}, {}))
        kept.rows[series, year] = rate, tuple(months)
    for row in session.execute(
        select(MoneyYear.__table__).where(scope.of(MoneyYear.measure_id, MoneyYear.line_id))
    ):
        kept = found.setdefault(row.line_id, KeptLine(row.measure_id, {}, {}))
        kept.meta[row.year] = Meta(*(getattr(row, name) for name in META)), tuple(row)
    return found


def year_values(line_id: int, measure_id: int, year: int, meta: Meta, rows: Amounts) -> dict[str, Any]:
    """The row of `money_year` that follows from a line's rows."""
    of_year = {series: row for (series, when), row in rows.items() if when == year}
    rate = next((rate for series, (rate, _) in of_year.items() if series != FIRST_PLAN and rate), "")
    values: dict[str, Any] = {
        "line_id": line_id, "year": year, "measure_id": measure_id, **meta._asdict(), "rate": rate,
        "first_rate": of_year[FIRST_PLAN][0] if FIRST_PLAN in of_year else "",
    }  # fmt: skip
    actual, confirmed = (
        of_year[name][1] if name in of_year else (0,) * len(SUMS) for name in (ACTUAL, CONFIRMED)
    )
    values |= {name: actual[place] - confirmed[place] for place, name in enumerate(OPEN_COLUMNS)}
    names = [name for name in MoneyYear.__table__.columns.keys() if name not in values]  # noqa: SIM118
    return values | {name: of_year[name][1][-1] if name in of_year else 0 for name in names}


def line_values(line_id: int, measure_id: int, series: str, year: int, row: Row) -> dict[str, Any]:
    """The row of `money_line` for a series and year."""
    keys = {"line_id": line_id, "series": series, "year": year, "measure_id": measure_id, "rate": row[0]}
    return keys | dict(zip(SUMS, row[1], strict=True))


def write_rows(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert derived rows, or set those that are there."""
    if rows:
        session.execute(_setting(table, session.get_bind().dialect.name, adding=False), rows)


def add_totals(session: Session, sums: Mapping[tuple[Any, ...], Iterable[int]]) -> None:
    """Add to the sums of branches, in order of key, so that no two transactions wait for each other."""
    rows = [
        dict(zip(TOTAL_KEYS, key, strict=True)) | dict(zip(SUMS, months, strict=True))
        for key, months in sorted(sums.items())
        if any(months)
    ]
    if rows:
        session.execute(_setting(MoneyTotal, session.get_bind().dialect.name, adding=True), rows)


def drop_rows(session: Session, lines: list[tuple[int, str, int]], years: list[tuple[int, int]]) -> None:
    """Delete rows of `money_line` by line, series and year, and of `money_year` by line and year."""
    for start in range(0, len(lines), _BATCH):
        keys = [
            and_(MoneyLine.line_id == i, MoneyLine.series == series, MoneyLine.year == year)
            for i, series, year in lines[start : start + _BATCH]
        ]
        session.execute(delete(MoneyLine).where(or_(*keys)).execution_options(synchronize_session=False))
    for start in range(0, len(years), _BATCH):
        keys = [and_(MoneyYear.line_id == i, MoneyYear.year == y) for i, y in years[start : start + _BATCH]]
        session.execute(delete(MoneyYear).where(or_(*keys)).execution_options(synchronize_session=False))


def branch_sums(session: Session, branch_id: int, own: str) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The sums of a branch's own measures as its lines have them, by the keys of `money_total`."""
    currency = case((MoneyLine.series == BOOKED, own), else_=MoneyYear.currency)
    keys = (MoneyLine.series, MoneyYear.kind, MoneyYear.timing, currency, MoneyLine.rate, MoneyLine.year)
    rows = session.execute(
        select(*keys, *(func.sum(getattr(MoneyLine, name)) for name in SUMS))
        .join(MoneyYear, (MoneyYear.line_id == MoneyLine.line_id) & (MoneyYear.year == MoneyLine.year))
        .join(Card, Card.measure_id == MoneyLine.measure_id)
        .where(Card.money_branch == branch_id)
        .group_by(*keys)
    ).all()
    found = {(branch_id, *row[: len(keys)]): tuple(int(each) for each in row[len(keys) :]) for row in rows}
    return {key: months for key, months in found.items() if any(months)}


def kept_sums(session: Session, branch_id: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The sums of a branch as they are kept, their rows locked in order of key."""
    table = MoneyTotal.__table__
    rows = session.execute(
        select(*(table.c[name] for name in TOTAL_KEYS), *(table.c[name] for name in SUMS))
        .where(table.c.branch_id == branch_id)
        .order_by(*(table.c[name] for name in TOTAL_KEYS))
        .with_for_update()
    ).all()
    return {tuple(row[: len(TOTAL_KEYS)]): tuple(row[len(TOTAL_KEYS) :]) for row in rows}


def set_totals(session: Session, sums: Mapping[tuple[Any, ...], tuple[int, ...]]) -> None:
    """Set the sums of branches, in order of key."""
    rows = [
        dict(zip(TOTAL_KEYS, key, strict=True)) | dict(zip(SUMS, months, strict=True))
        for key, months in sorted(sums.items())
    ]
    write_rows(session, MoneyTotal, rows)


@cache
def _setting(table: type[Base], dialect: str, *, adding: bool) -> Insert:
    rows: Any = table.__table__
    statement = (insert_sqlite if dialect == "sqlite" else insert_postgresql)(rows)
    columns = rows.columns
    keys = [column.name for column in rows.primary_key]
    new = statement.excluded
    values = {
        column.name: column + new[column.name] if adding else new[column.name]
        for column in columns
        if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=values)
