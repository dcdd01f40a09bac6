"""What reports show of money: totals by kind, effect by year, the way from target to confirmed, the year's curve."""

from dataclasses import dataclass
from typing import Any

from govapp.domain.rollups import waterfall
from govapp.present.chart_waterfall import waterfall_chart
from govapp.present.finance_charts import YearPoints, cumulative_chart


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A kind over its whole life, or a fiscal year of savings: sums in words, in the currency of the report."""

    name: str
    run_rate: str
    target: str
    first_plan: str
    plan: str
    forecast: str
    actual: str
    confirmed: str


@dataclass(frozen=True, slots=True)
class MoneyShown:
    """Money of a measure or branch. `way`: target, plan, forecast, actual, confirmed of savings in minor units.

    `plan` names the versions the plan columns hold; `period` what `way` is for; `lacking`: rates nobody entered.
    """

    currency: str
    plan: str
    basis: str
    kinds: tuple[MoneyRow, ...]
    years: tuple[MoneyRow, ...]
    period: str
    way: tuple[int, int, int, int, int] | None = None
    points: YearPoints | None = None
    lacking: tuple[str, ...] = ()


def money_charts(shown: MoneyShown | None) -> dict[str, Any]:
    """Charts for a template; None where there is nothing to draw."""
    if shown is None:
        return {"way": None, "curve": None}
    way = waterfall_chart(waterfall(*shown.way), shown.currency, shown.period) if shown.way else None
    return {"way": way, "curve": cumulative_chart(shown.points) if shown.points else None}
