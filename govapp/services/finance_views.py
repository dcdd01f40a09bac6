"""What pages of finance show of a branch: its reach, rates, rows and figures, for one reader and one filter."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data import rollup_queries as queries
from govapp.data.list_scope import BranchOption, Scope, read_scope
from govapp.data.measures import Measure, Part
from govapp.data.money_totals import MoneyTotal
from govapp.data.rate_queries import rate_table
from govapp.data.rollup_lines import LineRow, count_lines, lines_page
from govapp.data.rollup_queries import BRANCH, KIND, MoneyFilter, Reach
from govapp.data.structure import Organization
from govapp.domain.errors import NotFound
from govapp.domain.finance import SAVING_KINDS
from govapp.domain.money_rows import FIRST_PLAN, PLAN, RUN_RATE, UNDATED, fiscal_place, month_at
from govapp.domain.rights import Actor
from govapp.domain.rollups import (
    AT_BOOKED,
    SAVINGS,
    WHOLE,
    Basis,
    Figures,
    Rows,
    Sum,
    figures,
    shown_kinds,
    total,
)

FIRST, CURRENT = "first", "current"
MOST_GROUPS = 100
PAGE = 50


@dataclass(frozen=True, slots=True)
class FinanceQuery:
    """What an address of finance says. `kind`: savings, or an effect kind; `plan`: current or first version."""

    branch: str = ""
    wanted: MoneyFilter = field(default_factory=MoneyFilter)
    kind: str = SAVINGS
    by: str = BRANCH
    how: str = AT_BOOKED
    plan: str = CURRENT
    whole_life: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a view stands: the branch and what of it the reader sees, organization, rates, kinds, fiscal year.

    `year` None is the whole life. `months` of the year have ended on the reader's day (0 to 12).
    """

    query: FinanceQuery
    scope: Scope
    branch: BranchOption
    reach: Reach
    basis: Basis
    saving: frozenset[str]
    year: int | None
    years: tuple[int, ...]
    months: int
    by_part: int

    @property
    def own(self) -> str:
        """The currency of the organization."""
        return self.basis.table.own

    @property
    def plan(self) -> str:
        """The series that stands for the plan."""
        return FIRST_PLAN if self.query.plan == FIRST else PLAN

    @property
    def wanted(self) -> MoneyFilter:
        """The filter with the year."""
        return replace(self.query.wanted, year=self.year)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Effect kinds of the chosen kind, added up together."""
        return tuple(sorted(self.saving)) if self.query.kind == SAVINGS else (self.query.kind,)

    @property
    def so_far(self) -> tuple[int, int]:
        """The months of the year that have ended."""
        return 0, self.months

    def month(self, place: int) -> date:
        """The month at a place of the year."""
        return month_at(self.year or self.basis.day.year, place, self.basis.fiscal_month)


def frame_of(session: Session, actor: Actor, query: FinanceQuery, today: date) -> Frame:
    """Where the view stands. Raises NotFound for a branch the reader may not read."""
    scope = read_scope(session, actor)
    branch, held = _branch(session, scope, query.branch)
    row = session.execute(
        select(Organization.id, Organization.fiscal_month).where(Organization.id == branch.organization_id)
    ).one()
    reach = queries.reach_of(scope, branch.path)
    basis = Basis(rate_table(session, row.id), today, row.fiscal_month, query.how)
    this_year, place = fiscal_place(today, row.fiscal_month)
    year = None if query.whole_life else query.wanted.year or this_year
    known = set(
        session.scalars(
            select(MoneyTotal.year).where(MoneyTotal.branch_id.in_(sorted(reach.priced))).distinct()
        )
    )
    years = tuple(sorted((known - {UNDATED}) | {this_year} | ({year} if year else set())))
    months = place if year == this_year else 12 if year and year < this_year else 0
    saving = (
        frozenset().union(*(rules.effects.saving_kinds for rules in scope.rules.values())) or SAVING_KINDS
    )
    return Frame(query, scope, branch, reach, basis, saving, year, years, months, held)


def _branch(session: Session, scope: Scope, key: str) -> tuple[BranchOption, int]:
    """The branch asked for, else the first the reader may read, else the root above a measure they hold a part on.

    With it, how many measures outside their branches they read through a part.
    """
    held = session.execute(
        select(Measure.branch_id, Measure.id)
        .join(Part, Part.measure_id == Measure.id)
        .where(Part.person_id == scope.person_id, Measure.branch_id.not_in(sorted(scope.priced)))
        .distinct()
    ).all()
    shown = scope.shown()
    places = {branch.id: branch for branch in scope.branches}
    if not shown and held:
        root = places[held[0].branch_id].path.split("/")[1]
        shown = [places[int(root)]]
    found = next((branch for branch in shown if branch.key == key), None) if key else next(iter(shown), None)
    if found is None:
        raise NotFound("not_found")
    return found, sum(places[row.branch_id].path.startswith(found.path) for row in held)


def rows_by(
    session: Session, frame: Frame, by: str = "", *, months: bool = False, kinds: Collection[str] = ()
) -> dict[object, Rows]:
    """Rows of the filter by group; with their months where `months` is asked for or they are kept anyway."""
    wanted = replace(frame.wanted, kinds=tuple(kinds))
    if not wanted.narrow and by in {"", BRANCH, KIND}:
        kept = queries.total_rows(session, frame.reach.priced, wanted, by)
        if not frame.by_part:
            return kept
        rest = Reach(frame.reach.branches - frame.reach.priced, frozenset(), frame.reach.person_id)
        return queries.joined(kept, queries.month_rows(session, rest, wanted, frame.own, by))
    if months:
        return queries.month_rows(session, frame.reach, wanted, frame.own, by)
    return queries.year_rows(session, frame.reach, wanted, frame.own, by)


def in_year(frame: Frame, rows: Rows) -> Rows:
    """The rows of the view's year; of a whole life all of them. A run rate belongs to no year."""
    if frame.year is None:
        return rows
    return [row for row in rows if row[0].year == frame.year or row[0].series == RUN_RATE]


def undated(frame: Frame, rows: Rows) -> Figures:
    """Amounts without a month, which no year shows."""
    return figures([row for row in rows if row[0].year == UNDATED], frame.basis, frame.plan)


@dataclass(frozen=True, slots=True)
class Standing:
    """A set of lines in the view's year, with what it brings a full year."""

    figures: Figures
    run_rate: Sum


def standing(frame: Frame, rows: Rows) -> Standing:
    """Figures and run rate of rows."""
    within = in_year(frame, rows)
    return Standing(figures(within, frame.basis, frame.plan, WHOLE), total(within, RUN_RATE, frame.basis))


def by_kinds(frame: Frame, grouped: Mapping[object, Rows]) -> dict[str, Standing]:
    """Savings, and every other kind for itself: nothing is added across."""
    every = {kind: rows for kind, rows in grouped.items() if isinstance(kind, str)}
    found = {}
    for name, kinds in shown_kinds(every, frame.saving).items():
        rows = [row for kind, of_kind in every.items() if kind in kinds for row in of_kind]
        stands = standing(frame, rows)
        if name == SAVINGS or stands.figures or stands.run_rate:
            found[name] = stands
    return found


def of_branches(frame: Frame, grouped: Mapping[object, Rows]) -> dict[object, Rows]:
    """Rows by the branches directly below the view's, and its own measures under itself."""
    places = {branch.id: branch for branch in frame.scope.branches}
    depth = frame.branch.path.count("/")
    found: dict[object, Rows] = {}
    for branch_id, rows in grouped.items():
        path = places[branch_id].path.split("/") if isinstance(branch_id, int) else []
        child = int(path[depth]) if len(path) > depth + 1 else frame.branch.id
        found[child] = [*found.get(child, ()), *rows]
    return found


def lines_behind(
    session: Session, frame: Frame, series: str, page: int, kinds: Collection[str]
) -> tuple[list[LineRow], int]:
    """A page of the lines a figure is made of, and how many there are."""
    wanted = replace(frame.wanted, kinds=tuple(kinds))
    count = count_lines(session, frame.reach, wanted, series)
    lines = lines_page(session, frame.reach, wanted, frame.own, series, PAGE, (page - 1) * PAGE)
    return lines, count
