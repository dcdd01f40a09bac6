"""What reports show of money: totals by kind, effect by year, the way from target to confirmed, the year's curve."""

from dataclasses import dataclass
from typing import Any

from govapp.present.finance_charts import YearPoints, cumulative_chart, waterfall_way


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

    `plan` names the versions the plan columns hold; several `years` end with their sum, before it what rounding leaves;
    `period` is what `way` is for; `lacking`: rates nobody entered; `left`: currencies whose amounts no chart shows.
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
    left: tuple[str, ...] = ()


def money_charts(shown: MoneyShown | None) -> dict[str, Any]:
    """Charts for a template; None where there is nothing to draw."""
    if shown is None:
        return {"way": None, "curve": None}
    way = waterfall_way(shown.way, shown.currency, shown.period, shown.left) if shown.way else None
    return {"way": way, "curve": cumulative_chart(shown.points) if shown.points else None}
