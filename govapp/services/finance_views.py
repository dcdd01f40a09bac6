"""What pages of finance show of a branch: its reach, rates, rows and figures, for one reader and one filter."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data import rollup_queries as queries
from govapp.data.list_scope import BranchOption, Scope, read_scope
from govapp.data.measures import Measure, Part, StageTotal
from govapp.data.money_totals import MoneyTotal
from govapp.data.rate_queries import rate_table
from govapp.data.rollup_queries import BRANCH, KIND, Grouped, MoneyFilter, Reach
from govapp.data.structure import Organization
from govapp.domain.errors import NotFound
from govapp.domain.finance import SAVING_KINDS
from govapp.domain.money_rows import (
    ACTUAL,
    BOOKED,
    CONFIRMED,
    FIRST_PLAN,
    FORECAST,
    PLAN,
    RUN_RATE,
    TARGET,
    UNDATED,
    fiscal_place,
    month_at,
)
from govapp.domain.permissions import Permission
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
    figures_rounding,
    of_kinds,
    rounding,
    shown_kinds,
    total,
)

FIRST, CURRENT = "first", "current"
FEW = 1000
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

    `year` None is the whole life. `months` of the year have ended on the reader's day (0 to 12). `organization` is a
    key.
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
    organization: str

    @property
    def own(self) -> str:
        """The currency of the organization."""
        return self.basis.table.own

    @property
    def plan(self) -> str:
        """The series that stands for the plan."""
        return FIRST_PLAN if self.query.plan == FIRST else PLAN

    @property
    def series(self) -> tuple[str, ...]:
        """The series that the view is made of, as they are kept."""
        booked = (BOOKED,) if self.basis.how == AT_BOOKED else ()
        return TARGET, self.plan, FORECAST, ACTUAL, CONFIRMED, *booked, RUN_RATE

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


def frame_of(
    session: Session, actor: Actor, query: FinanceQuery, today: date, permission: Permission | None = None
) -> Frame:
    """Where the view stands, of branches where the reader holds a further permission as well, where one is given.

    Raises NotFound for a branch or measure the reader may not read.
    """
    scope = read_scope(session, actor)
    if permission is not None:
        scope = scope.only(actor, permission)
        scope = replace(scope, priced=scope.priced & scope.readable)
    branch, held = _branch(session, scope, query)
    row = session.execute(
        select(Organization.id, Organization.key, Organization.fiscal_month).where(
            Organization.id == branch.organization_id
        )
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
    return Frame(query, scope, branch, reach, basis, saving, year, years, months, held, row.key)


def _branch(session: Session, scope: Scope, query: FinanceQuery) -> tuple[BranchOption, int]:
    """The branch asked for; without one that of the measure asked for, else the first that the reader may read.

    Where they may read none, that of the first measure they hold a part on. With it, how many measures outside their
    branches they read through a part.
    """
    held = session.execute(
        select(Measure.branch_id, Measure.id, Measure.key)
        .join(Part, Part.measure_id == Measure.id)
        .where(Part.person_id == scope.person_id, Measure.branch_id.not_in(sorted(scope.priced)))
        .distinct()
        .order_by(Measure.id)
    ).all()
    places = {branch.id: branch for branch in scope.branches}
    shown, asked = scope.shown(), query.wanted.measure
    there = session.scalar(select(Measure.branch_id).where(Measure.key == asked)) if asked else None
    if asked and there not in scope.readable and asked not in {row.key for row in held}:
        raise NotFound("not_found")
    if query.branch:
        found = next((branch for branch in shown if branch.key == query.branch), None)
    elif there is not None:
        found = places[there]
    else:
        found = next(iter(shown), None) or (places[held[0].branch_id] if held else None)
    if found is None:
        raise NotFound("not_found")
    return found, sum(places[row.branch_id].path.startswith(found.path) for row in held)


def rows_by(
    session: Session, frame: Frame, by: str = "", *, months: bool = False, kinds: tuple[str, ...] = ()
) -> Grouped:
    """Rows of the filter by group, of all kinds or some; with months where asked for, or where they are kept anyway."""
    wanted = replace(frame.wanted, kinds=kinds)
    if not wanted.narrow and by in {"", BRANCH, KIND}:
        kept = queries.total_rows(session, frame.reach.priced, wanted, by)
        if not frame.by_part:
            return kept
        rest = Reach(frame.reach.branches - frame.reach.priced, frozenset(), frame.reach.person_id)
        return queries.joined(kept, queries.month_rows(session, rest, wanted, frame.own, by))
    if months:
        return queries.month_rows(session, frame.reach, wanted, frame.own, by, frame.series)
    monthly = frame.basis.how == AT_BOOKED
    return queries.year_rows(session, frame.reach, wanted, frame.own, by, frame.series, monthly=monthly)


def merged(grouped: Grouped) -> Rows:
    """The rows of all groups together."""
    return queries.joined({"": [row for rows in grouped.values() for row in rows]}).get("", [])


def is_small(session: Session, frame: Frame) -> bool:
    """Whether so few measures lie in the branch that a page may add up their lines while somebody waits for it."""
    counted = select(func.coalesce(func.sum(StageTotal.count), 0)).where(
        StageTotal.currency == "", StageTotal.branch_id.in_(sorted(frame.reach.branches))
    )
    return (session.scalar(counted) or 0) <= FEW


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

    def __bool__(self) -> bool:
        return bool(self.figures or self.run_rate)


def standing_rounding(whole: Standing, parts: Sequence[Standing]) -> Standing | None:
    """What parts as they are shown lack to make the whole; None where they lack nothing."""
    apart = Standing(
        figures_rounding(whole.figures, [part.figures for part in parts]),
        rounding(whole.run_rate, [part.run_rate for part in parts]),
    )
    return apart or None


def standing(frame: Frame, rows: Rows) -> Standing:
    """Figures and run rate of rows."""
    within = in_year(frame, rows)
    return Standing(figures(within, frame.basis, frame.plan, WHOLE), total(within, RUN_RATE, frame.basis))


def by_kinds(frame: Frame, rows: Rows) -> dict[str, Standing]:
    """Savings, and every other kind for itself: nothing is added across."""
    found = {}
    for name, kinds in shown_kinds(sorted({key.kind for key, _ in rows}), frame.saving).items():
        stands = standing(frame, of_kinds(rows, kinds))
        if name == SAVINGS or stands:
            found[name] = stands
    return found


def of_branches(frame: Frame, grouped: Grouped) -> Grouped:
    """Rows by the branches below the view's that divide it, what lies in none of them under the branch itself.

    Where all lies under one branch, that one says nothing, and those below it are taken.
    """
    places = {branch.id: branch.path.split("/") for branch in frame.scope.branches}
    depth = frame.branch.path.count("/")
    paths = {each: places[each] for each in grouped if isinstance(each, int)}
    while len({tuple(path[: depth + 1]) for path in paths.values()}) == 1 and any(
        len(path) > depth + 2 for path in paths.values()
    ):
        depth += 1
    found: Grouped = {}
    for branch_id, rows in grouped.items():
        path = paths.get(branch_id, ["", str(frame.branch.id), ""])
        branch = int(path[depth] if len(path) > depth + 1 else path[-2])
        found[branch] = [*found.get(branch, ()), *rows]
    return found
