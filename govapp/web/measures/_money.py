"""Sums of effect lines for the head of the money panel."""

from collections.abc import Iterable, Mapping
from typing import Any

_SHOWN = ("plan", "forecast", "actual")


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
