"""The rows by which the two statuses of a measure are computed (section `statuses` of a governance set)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

GREEN, YELLOW, RED, GREY = "green", "yellow", "red", "grey"
IMPLEMENTATION, POTENTIAL = "implementation", "potential"
# What a row may measure, each against one number (evidence_expired: against kinds of evidence).
METRICS = frozenset(
    {
        "milestone_late_working_days_over",
        "final_forecast_after_plan_days_over",
        "condition_overdue_count_over",
        "review_waiting_percent_of_target_over",
        "forecast_age_days_over",
        "blocking_risk_open_count_over",
        "lookback_open_count_over",
        "forecast_to_plan_percent_below",
        "confirmation_overdue_days_over",
        "actual_missing_months_over",
        "kpi_target_attainment_percent_below",
        "claim_overlap_unresolved_count_over",
        "evidence_expired",
    }
)
EVIDENCE_EXPIRED = "evidence_expired"
STAGES = "stages"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A row: in these stages (empty: in all), when the metric is past its limit, the colour is at least this one."""

    key: str
    colour: str
    metric: str
    limit: Decimal = Decimal(0)
    kinds: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True)
class StatusRules:
    """The rows of both statuses, when each is not rated, and how long a declared one may differ."""

    rows: Mapping[str, tuple[StatusRow, ...]]
    grey_stages: Mapping[str, frozenset[str]]
    reason_length: int = 30
    lapse_days: int = 30
    lapses_on_change: bool = True


def parse_statuses(data: Mapping[str, Any]) -> StatusRules | None:
    """Section `statuses` of a set; None where it has none. Raises KeyError, ValueError, ArithmeticError.

    `grey_when` is a sentence that names the stages in which a status is not rated; on hold and cancelled it never is.
    """
    raw = data.get("statuses")
    if not raw:
        return None
    declared = raw.get("declared") or {}
    stages = [str(each["key"]) for each in data["stages"]]
    both = {kind: raw[kind] for kind in (IMPLEMENTATION, POTENTIAL)}
    return StatusRules(
        {kind: tuple(_row(each) for each in said["rows"]) for kind, said in both.items()},
        {
            kind: frozenset(stage for stage in stages if stage in _words(said.get("grey_when", "")))
            for kind, said in both.items()
        },
        int(declared.get("needs_reason_from", 30)),
        int(declared.get("lapses_after_days", 30)),
        bool(declared.get("lapses_when_computed_changes", True)),
    )


def _words(sentence: str) -> frozenset[str]:
    return frozenset(sentence.replace(",", " ").split())


def _row(raw: Mapping[str, Any]) -> StatusRow:
    when = dict(raw["when"])
    stages = when.pop(STAGES, ())
    if len(when) != 1 or when.keys() - METRICS or raw["colour"] not in {YELLOW, RED}:
        raise ValueError(f"status row {raw['id']}: one known measure and yellow or red are needed")
    ((metric, limit),) = when.items()
    kinds = tuple(limit) if metric == EVIDENCE_EXPIRED else ()
    number = Decimal(0) if metric == EVIDENCE_EXPIRED else Decimal(str(limit))
    return StatusRow(raw["id"], raw["colour"], metric, number, kinds, tuple(stages), str(raw.get("says", "")))
