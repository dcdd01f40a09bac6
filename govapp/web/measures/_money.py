"""Sums of effect lines for the head of the money panel."""

from collections.abc import Iterable, Mapping
from typing import Any

from govapp.data.snapshots import Loaded

_SHOWN = ("plan", "forecast", "actual")


def lines_in_force(lines: Iterable[Mapping[str, Any]], loaded: Loaded) -> list[dict[str, Any]]:
    """Lines as the plan in force has them: run rate and plan total, whatever is drafted beside it."""
    planned = {each.id: each for each in loaded.lines}
    found = []
    for line in lines:
        known = planned.get(line["id"])
        totals = {series: amount for series, amount in line["totals"].items() if series != "plan"}
        if known is not None and known.plan is not None:
            totals["plan"] = known.plan
        found.append({**line, "run_rate": known.run_rate if known else None, "totals": totals})
    return found


def figures(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Minor units by currency: run rate of recurring EBITDA, and one-off plan, forecast, actual. FTE is not money."""
    found: dict[str, dict[str, int]] = {}

    def add(name: str, currency: str, amount: int | None) -> None:
        if amount is not None:
            sums = found.setdefault(name, {})
            sums[currency] = sums.get(currency, 0) + amount

    for line in lines:
        if line["kind"] != "ebitda":
            continue
        if line["timing"] == "recurring":
            add("run_rate", line["currency"], line["run_rate"])
            for series in ("forecast", "actual"):
                add(f"recurring_{series}", line["currency"], line["totals"].get(series))
        else:
            for series in _SHOWN:
                add(f"one_off_{series}", line["currency"], line["totals"].get(series))
    return found
