"""Sums of money over any set of lines, as rows that `domain/rollups.py` adds up: by branch, by year, by month.

Three sources: sums kept by branch for what no filter narrows, years of lines for any filter, months of lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from govapp.data.list_scope import Scope
from govapp.data.measures import Card, Measure, Part
from govapp.data.money_totals import MONTH_COLUMNS, OPEN_COLUMNS, MoneyLine, MoneyTotal, MoneyYear
from govapp.data.words import says
from govapp.domain.money_rows import (
    ACTUAL,
    BASELINE,
    BOOKED,
    CONFIRMED,
    FIRST_PLAN,
    KEPT,
    OPEN,
    PLAN,
    RUN_RATE,
    TARGET,
    TOTAL,
    UNDATED,
)
from govapp.domain.rollups import Key, Rows

BRANCH, MEASURE, LINE, KIND, CATEGORY, STAGE = "branch", "measure", "line", "kind", "category", "stage"
FIELDS = {"unit": "business_unit", "function": "function", "service": "service", "vendor": "vendor"}
GROUPS = (BRANCH, MEASURE, *FIELDS, KIND, CATEGORY)
SUMS = (*MONTH_COLUMNS, "total")
_FROZEN = frozenset({BASELINE, TARGET, PLAN, RUN_RATE})
_BY_MONTH = frozenset({ACTUAL, CONFIRMED})
_OF_MEASURES = frozenset({BRANCH, MEASURE, STAGE, *FIELDS})
Grouped = dict[Any, Rows]


@dataclass(frozen=True, slots=True)
class MoneyFilter:
    """What an address of finance asks for, empty means all. `year` None: whole life. `owner` is a person's id.

    `kinds`: effect kinds that are added up together; `ids`: measures.
    """

    unit: str = ""
    function: str = ""
    service: str = ""
    vendor: str = ""
    owner: int | None = None
    category: str = ""
    timing: str = ""
    cost_object: str = ""
    stage: str = ""
    state: str = ""
    q: str = ""
    measure: str = ""
    year: int | None = None
    kinds: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()

    @property
    def narrow(self) -> bool:
        """True when it leaves out lines of branches: then their kept sums do not answer it."""
        fields = (self.unit, self.function, self.service, self.vendor, self.category, self.cost_object)
        return (
            any(fields)
            or any((self.stage, self.state, self.q, self.measure, self.ids))
            or self.owner is not None
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a branch the reader sees with its money: branches at and below it, those with a right on their money.

    Beside them, measures on which `person_id` holds a part.
    """

    branches: frozenset[int]
    priced: frozenset[int]
    person_id: int | None

    @property
    def whole(self) -> bool:
        """True when the reader sees the money of all of it."""
        return self.priced == self.branches


def reach_of(scope: Scope, path: str) -> Reach:
    """The reach of a reader below a place in the tree."""
    below = frozenset(branch.id for branch in scope.branches if branch.path.startswith(path))
    return Reach(below, below & scope.priced, scope.person_id)


def _inside(reach: Reach) -> ColumnElement[bool]:
    """Measures of the reach; `+ 0` keeps planners off the index of branches, which leads to all lines anyway."""
    branch: Any = Measure.branch_id + 0
    inside: ColumnElement[bool] = branch.in_(sorted(reach.priced))
    if reach.whole:
        return inside
    held = select(Part.measure_id).where(Part.person_id == reach.person_id)
    return or_(inside, and_(branch.in_(sorted(reach.branches)), Measure.id.in_(held)))


def measures_within(reach: Reach, wanted: MoneyFilter) -> list[ColumnElement[bool]]:
    """Conditions on measures whatever their stage and state."""
    found = [_inside(reach)]
    found += [
        getattr(Measure, field) == value for name, field in FIELDS.items() if (value := getattr(wanted, name))
    ]
    if wanted.measure:
        found.append(Measure.key == wanted.measure)
    if wanted.q:
        found.append(says(wanted.q, Measure.title, Measure.key))
    if wanted.owner is not None:
        found.append(Measure.id.in_(select(Card.measure_id).where(Card.owner_id == wanted.owner)))
    if wanted.ids:
        found.append(Measure.id.in_(wanted.ids))
    return found


def clauses(reach: Reach, wanted: MoneyFilter) -> list[ColumnElement[bool]]:
    """Conditions on year rows; measures are found once, beside them, not for every row.

    What is cancelled or archived only where it is asked for. Unless few measures are meant, `+ 0` keeps planners at
    the index in the order of the groups: sorting a hundred thousand rows takes longer than reading them.
    """
    found = [*measures_within(reach, wanted), Measure.archived.is_(wanted.state == "archived")]
    if wanted.state and wanted.state != "archived":
        found.append(Measure.state == wanted.state)
    elif not wanted.state:
        found.append(Measure.state != "cancelled")
    if wanted.stage:
        found.append(Measure.stage == wanted.stage)
    few = wanted.measure or wanted.ids or wanted.cost_object or wanted.owner is not None
    measure: Any = MoneyYear.measure_id if few else MoneyYear.measure_id + 0
    of_lines = _of_lines(MoneyYear, wanted)
    if wanted.cost_object:
        of_lines.append(MoneyYear.cost_object == wanted.cost_object)
    return [measure.in_(select(Measure.id).where(*found)), *of_lines]


def _of_lines(table: Any, wanted: MoneyFilter) -> list[ColumnElement[bool]]:
    """Conditions on what lines and kept sums both have."""
    found: list[ColumnElement[bool]] = []
    if wanted.kinds:
        found.append(table.kind.in_(wanted.kinds))
    if wanted.timing:
        found.append(table.timing == wanted.timing)
    if wanted.category:
        found.append(table.category == wanted.category)
    if wanted.year is not None:
        found.append(table.year.in_((wanted.year, UNDATED)))
    return found


def _group(by: str) -> Any:
    columns: dict[str, Any] = {
        BRANCH: Measure.branch_id, MEASURE: Measure.id, KIND: MoneyYear.kind, CATEGORY: MoneyYear.category,
        STAGE: Measure.stage, LINE: MoneyYear.line_id,
    }  # fmt: skip
    return getattr(Measure, FIELDS[by]) if by in FIELDS else columns[by]


def _add(found: dict[Any, dict[Key, list[int]]], group: Any, key: Key, months: Iterable[int]) -> None:
    into = found.setdefault(group, {}).setdefault(key, [0] * (TOTAL + 1))
    for place, amount in enumerate(months):
        into[place] += int(amount)


def _rows(found: dict[Any, dict[Key, list[int]]]) -> Grouped:
    return {group: list(rows.items()) for group, rows in found.items()}


def year_rows(
    session: Session, reach: Reach, wanted: MoneyFilter, own: str, by: str = "",
    series: Sequence[str] = KEPT, *, monthly: bool = True,
) -> Grouped:  # fmt: skip
    """Sums of the year (and undated ones, as year 0), without months; of a whole life all together, as year 0.

    `monthly`: of what came in other currencies than the organization's `own`, the part that is not confirmed stands by
    month (series `open`), since each month has a rate of its own; the confirmed part is booked.
    """
    year = [MoneyYear.year] if wanted.year is not None else []
    keys = [*year, MoneyYear.kind, MoneyYear.timing, MoneyYear.currency, MoneyYear.rate, MoneyYear.first_rate]
    sums: list[Any] = [func.sum(getattr(MoneyYear, name)).label(f"s_{name}") for name in series]
    found: dict[Any, dict[Key, list[int]]] = {}
    foreign = set()
    for row in _of_years(session, reach, wanted, by, keys, sums):
        mark = row[0] if by else ""
        when = row.year if year else UNDATED
        apart = monthly and row.currency not in {"", own} and not (year and when == UNDATED)
        if apart:
            foreign.add(row.currency)
        for name in series:
            minor = int(getattr(row, f"s_{name}"))
            if minor and not (apart and name in _BY_MONTH):
                rate = row.first_rate if name == FIRST_PLAN else row.rate if name in _FROZEN else ""
                key = Key(name, row.kind, row.timing, own if name == BOOKED else row.currency, rate, when)
                _add(found, mark, key, [*[0] * TOTAL, minor])
    if foreign and ACTUAL in series:
        keys = [MoneyYear.year, MoneyYear.kind, MoneyYear.timing, MoneyYear.currency]
        sums = [func.sum(getattr(MoneyYear, name)) for name in OPEN_COLUMNS]
        sums.append(func.sum(MoneyYear.actual - MoneyYear.confirmed))
        only = [MoneyYear.currency.in_(sorted(foreign)), *([MoneyYear.year == wanted.year] if year else [])]
        for row in _of_years(session, reach, wanted, by, keys, sums, *only):
            key = Key(OPEN, row.kind, row.timing, row.currency, "", row.year)
            _add(found, row[0] if by else "", key, row[len(row) - len(sums) :])
    return _rows(found)


def _of_years(
    session: Session, reach: Reach, wanted: MoneyFilter, by: str, keys: Sequence[Any], sums: Sequence[Any],
    *more: ColumnElement[bool],
) -> Iterable[Any]:  # fmt: skip
    """Sums by group, which comes first, and keys; grouped in the order of the index."""
    group = [_group(by)] if by else []
    statement = (
        select(*group, *keys, *sums)
        .select_from(MoneyYear)
        .where(*clauses(reach, wanted), *more)
        .group_by(*keys, *group)
    )
    if by in _OF_MEASURES:
        statement = statement.join(Measure, Measure.id == MoneyYear.measure_id)
    return session.execute(statement)


def month_rows(
    session: Session, reach: Reach, wanted: MoneyFilter, own: str, by: str = "",
    series: Sequence[str] = KEPT, *more: ColumnElement[bool],
) -> Grouped:  # fmt: skip
    """Sums by month of a year, and undated ones as year 0, from the lines themselves."""
    group = [_group(by)] if by else []
    keys = [
        *group, MoneyLine.series, MoneyYear.kind, MoneyYear.timing, MoneyYear.currency, MoneyLine.rate, MoneyYear.year
    ]  # fmt: skip
    statement = (
        select(*keys, *(func.sum(getattr(MoneyLine, name)) for name in SUMS))
        .select_from(MoneyYear)
        .join(MoneyLine, (MoneyLine.line_id == MoneyYear.line_id) & (MoneyLine.year == MoneyYear.year))
        .where(*clauses(reach, wanted), MoneyLine.series.in_(series), *more)
        .group_by(*keys)
    )
    if by in _OF_MEASURES:
        statement = statement.join(Measure, Measure.id == MoneyYear.measure_id)
    found: dict[Any, dict[Key, list[int]]] = {}
    for row in session.execute(statement):
        told = Key(*row[len(group) : len(keys)])
        key = told._replace(currency=own) if told.series == BOOKED else told
        _add(found, row[0] if by else "", key, row[len(keys) :])
    return _rows(found)


def total_rows(session: Session, branches: Iterable[int], wanted: MoneyFilter, by: str = "") -> Grouped:
    """Sums by month that are kept of these branches; `by` branch or kind."""
    columns: dict[str, list[Any]] = {"": [], BRANCH: [MoneyTotal.branch_id], KIND: [MoneyTotal.kind]}
    group = columns[by]
    keys = [*group, *(getattr(MoneyTotal, name) for name in Key._fields)]
    statement = (
        select(*keys, *(func.sum(getattr(MoneyTotal, name)) for name in SUMS))
        .where(MoneyTotal.branch_id.in_(sorted(branches)), *_of_lines(MoneyTotal, wanted))
        .group_by(*keys)
    )
    found: dict[Any, dict[Key, list[int]]] = {}
    for row in session.execute(statement):
        _add(found, row[0] if by else "", Key(*row[len(group) : len(keys)]), row[len(keys) :])
    return _rows(found)


def joined(*parts: Grouped) -> Grouped:
    """Rows of several sources by group."""
    found: dict[Any, dict[Key, list[int]]] = {}
    for part in parts:
        for group, rows in part.items():
            for key, months in rows:
                _add(found, group, key, months)
    return _rows(found)
