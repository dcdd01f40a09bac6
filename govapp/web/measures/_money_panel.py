"""What a measure brings, for its finance page: kinds, recurring and one-off, the course of the year."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.rate_queries import rate_table
from govapp.data.rollup_queries import MoneyFilter, Reach, month_rows
from govapp.data.snapshots import Loaded
from govapp.data.structure import Organization
from govapp.domain.money_rows import PLAN, RUN_RATE, fiscal_place, month_at
from govapp.domain.rollups import (
    ONE_OFF,
    RECURRING,
    Basis,
    Figures,
    Rows,
    Sum,
    figures,
    figures_rounding,
    of_kinds,
    of_timing,
    of_year,
    shown_kinds,
    total,
)
from govapp.present import dates
from govapp.present.finance import lacking_sentences
from govapp.present.finance_charts import YearCharts, year_charts
from govapp.web._context import day_at


@dataclass(frozen=True, slots=True)
class MoneyPanel:
    """Whole life by kind, this fiscal year of savings in parts, its charts, and rates that lack, in words.

    `rounding`: what the parts lack to make the net as shown.
    """

    own: str
    period: str
    so_far: str
    kinds: dict[str, tuple[Sum, Figures]]
    parts: dict[str, Figures]
    rounding: Figures
    charts: YearCharts
    lacking: list[str]


def money_panel(session: Session, loaded: Loaded) -> MoneyPanel | None:
    """The panel; None while no line holds an amount."""
    measure, own = loaded.measure, loaded.currency
    state = "archived" if measure.archived else "cancelled" if measure.state == "cancelled" else ""
    here = frozenset({measure.branch_id})
    wanted = MoneyFilter(ids=(measure.id,), state=state)
    rows = month_rows(session, Reach(here, here, None), wanted, own).get("", [])
    if not rows:
        return None
    first = session.scalars(
        select(Organization.fiscal_month).where(Organization.id == measure.organization_id)
    ).one()
    basis = Basis(rate_table(session, measure.organization_id), day_at(loaded.timezone), first)
    saving = loaded.rules.effects.saving_kinds
    year, months = fiscal_place(basis.day, first)
    savings = of_year(of_kinds(rows, saving), year)
    period = str(year) if first == 1 else f"{year}/{(year + 1) % 100:02}"
    charts = year_charts(savings, basis, PLAN, year, months, own, period)
    present = sorted({key.kind for key, _ in rows})
    kinds = {
        name: _whole(of_kinds(rows, kinds), basis) for name, kinds in shown_kinds(present, saving).items()
    }
    sums = [each for run_rate, whole in kinds.values() for each in (run_rate, *whole.all)]
    net = figures(savings, basis)
    timings = {timing: figures(of_timing(savings, timing), basis) for timing in (RECURRING, ONE_OFF)}
    return MoneyPanel(
        own=own,
        period=period,
        so_far=dates.month(month_at(year, months - 1, first)) if months else "",
        kinds={name: each for name, each in kinds.items() if each[0] or each[1]},
        parts={"recurring": timings[RECURRING], "one_off": timings[ONE_OFF], "net": net},
        rounding=figures_rounding(net, list(timings.values())),
        charts=charts,
        lacking=lacking_sentences(lack for each in sums for lack in each.lacking),
    )


def _whole(rows: Rows, basis: Basis) -> tuple[Sum, Figures]:
    return total(rows, RUN_RATE, basis), figures(rows, basis)
