"""Figures of finance as rows of files: the same cells as CSV and in workbooks. What is unknown is empty, never zero."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from govapp.domain.money import decimals_of, from_minor
from govapp.domain.rollups import Deviation, Figures, Sum
from govapp.present.finance import series_word
from govapp.present.language import gettext as _
from govapp.present.workbooks import Amount, Cell, Share

FIGURES = ("target", "plan", "forecast", "actual", "confirmed")
NAMED = ("key", "title", "currency")
FIGURE_COLUMNS = (
    *NAMED, "run_rate", *FIGURES, "forecast_less_plan", "forecast_less_plan_share", "actual_less_plan",
    "actual_less_plan_share", "not_confirmed",
)  # fmt: skip
PIPELINE_COLUMNS = (*NAMED, "nominal", "weight", "weighted", "sample", "brought", "prior")
HEAD_COLUMNS = ("key", "title")
# Every row of every table of the view, in one form, so that one file is one well-formed table.
CSV_COLUMNS = ("table", *FIGURE_COLUMNS, *PIPELINE_COLUMNS[len(NAMED) :])
LINE_COLUMNS = (
    "measure", "title", "line", "kind", "timing", "category", "cost_object", "currency", "run_rate", *FIGURES,
    "translated_currency", *(f"translated_{name}" for name in FIGURES),
)  # fmt: skip
ROUNDING = "rounding"
_EXACT = Decimal("0.0001")
Row = dict[str, Cell]


def column_words() -> dict[str, str]:
    """Heads of the columns in a workbook."""
    return {
        "key": _("Key"), "title": _("Name"), "currency": _("Currency"), "forecast_less_plan": _("Forecast less plan"),
        "forecast_less_plan_share": _("Forecast less plan, share"), "actual_less_plan": _("Actual less plan"),
        "actual_less_plan_share": _("Actual less plan, share"), "not_confirmed": _("Not confirmed"),
        "nominal": _("Nominal"), "weight": _("Weight"), "weighted": _("Weighted"), "sample": _("Finished measures"),
        "brought": _("What they brought"), "prior": _("Prior"),
        **{name: series_word(name) for name in ("run_rate", *FIGURES)},
    }  # fmt: skip


def figure_rows(
    key: str, title: str, figures: Figures, run_rate: Sum, own: str, *, strong: bool = False
) -> list[Row]:
    """A row for each currency in which something stands, that of the page first; one empty row where nothing does.

    What rounding leaves has no share of anything.
    """
    sums = {"run_rate": run_rate} | dict(zip(FIGURES, figures.all, strict=True))
    held = {currency for each in sums.values() for currency in each.by} or {own}
    return [
        {
            "key": key, "title": title, "currency": currency or "FTE", "strong": int(strong),
            **{name: _cell(each, currency) for name, each in sums.items()},
            "forecast_less_plan": _apart(figures.forecast_deviation, figures.forecast, figures.plan, currency),
            "forecast_less_plan_share": _share(figures.forecast_deviation, currency, key),
            "actual_less_plan": _apart(figures.actual_deviation, figures.actual, figures.plan, currency),
            "actual_less_plan_share": _share(figures.actual_deviation, currency, key),
            "not_confirmed": _cell(figures.open, currency),
        }
        for currency in sorted(held, key=lambda each: (each != own, each))
    ]  # fmt: skip


def pipeline_rows(
    key: str, title: str, nominal: Sum, weighted: Sum, own: str, weight: Any = None
) -> list[Row]:
    """A stage, or all of them together (without `weight`): what it promises and what of it is likely."""
    said: Row = {"strong": int(weight is None)}
    if weight is not None:
        brought = None if weight.brought is None else Share(weight.brought)
        said |= {
            "weight": Share(weight.weight),
            "sample": weight.sample,
            "brought": brought,
            "prior": Share(weight.prior),
        }
    held = set(nominal.by) or {own}
    return [
        {
            "key": key, "title": title, "currency": currency, "nominal": _cell(nominal, currency),
            "weighted": _cell(weighted, currency), **said,
        }
        for currency in sorted(held, key=lambda each: (each != own, each))
    ]  # fmt: skip


def line_cells(source: Any, own: str) -> list[Cell]:
    """A line: its amounts in its own currency, and translated as far as rates are known."""
    line, currency = source.line, source.line.currency
    return [
        line.measure, line.title, line.name, line.kind, line.timing, line.category, line.cost_object, currency or "FTE",
        _cell(source.run_rate, currency), *(_cell(each, currency) for each in source.own.all), own if currency else "",
        *(_one(each, own) if currency else None for each in source.translated.all),
    ]  # fmt: skip


def _cell(value: Sum, currency: str) -> Amount | None:
    minor = value.by.get(currency)
    return None if minor is None else Amount(from_minor(minor, currency), decimals_of(currency))


def _one(value: Sum, own: str) -> Amount | None:
    return _cell(value, own) if value.in_one(own) is not None else None


def _apart(deviation: Deviation, of: Sum, against: Sum, currency: str) -> Amount | None:
    """A difference, where either side of it stands in the currency."""
    return _cell(deviation.amount, currency) if currency in {*of.by, *against.by} else None


def _share(deviation: Deviation, currency: str, key: str) -> Share | None:
    known = {code for code, minor in deviation.amount.by.items() if minor}
    if deviation.share is None or key == ROUNDING or not known <= {currency}:
        return None
    return Share(deviation.share.quantize(_EXACT, ROUND_HALF_UP))
