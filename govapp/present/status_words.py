"""Computed statuses in words: which rows of the rules apply, and the numbers behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """A row that applies: its key and colour, what it says, and the number or name behind it."""

    key: str
    colour: str
    says: str
    detail: str


@dataclass(frozen=True, slots=True)
class ComputedView:
    """A computed status: its colour (none: not rated, '' where nothing is computed) and its reasons, worst first."""

    colour: str
    reasons: tuple[Reason, ...] = ()


def _since(values: Values) -> str:
    return dates.month(date.fromisoformat(f"{values['month']}-01"))


def _day(values: Values, name: str) -> str:
    return dates.day(date.fromisoformat(values[name]))


_DETAILS: dict[str, Callable[[Values], str]] = {
    "milestone_late_working_days_over": lambda v: (
        _("%(name)s: planned for %(day)s, done %(done)s", name=v["name"], day=_day(v, "day"), done=_day(v, "done"))
        if "done" in v
        else _("%(name)s: planned for %(day)s", name=v["name"], day=_day(v, "day"))
    ),
    "final_forecast_after_plan_days_over": lambda v: ngettext(
        "%(name)s: %(num)s day", "%(name)s: %(num)s days", v["n"], name=v["name"]
    ),
    "condition_overdue_count_over": lambda v: ngettext("%(num)s condition", "%(num)s conditions", v["n"]),
    "review_waiting_percent_of_target_over": lambda v: "",
    "forecast_age_days_over": lambda v: _("last looked at %(day)s", day=_day(v, "day")),
    "blocking_risk_open_count_over": lambda v: ngettext("%(num)s risk", "%(num)s risks", v["n"]),
    "lookback_open_count_over": lambda v: ngettext("%(num)s look-back", "%(num)s look-backs", v["n"]),
    "forecast_to_plan_percent_below": lambda v: _("%(n)s %% of plan", n=v["n"]),
    "confirmation_overdue_days_over": lambda v: _(
        "%(month)s, due by %(day)s", month=_since(v), day=_day(v, "day")
    ),
    "actual_missing_months_over": lambda v: ngettext(
        "%(num)s month, since %(month)s", "%(num)s months, since %(month)s", v["n"], month=_since(v)
    ),
    "kpi_target_attainment_percent_below": lambda v: _("%(name)s: %(n)s %%", name=v["name"], n=v["n"]),
    "claim_overlap_unresolved_count_over": lambda v: str(v["name"]),
    "evidence_expired": lambda v: str(v["name"]),
}  # fmt: skip
_ORDER = {"red": 0, "yellow": 1}


def computed_view(rules: Rules, kind: str, kept: Mapping[str, Any] | None) -> ComputedView:
    """The computed status of a kind as a card or report keeps it. A row that the rules lack is named by its key."""
    if not kept:
        return ComputedView("")
    rows = {row.key: row for row in rules.statuses.rows[kind]} if rules.statuses else {}
    reasons = []
    for key, values in kept.get("reasons", ()):
        row = rows.get(key)
        detail = _DETAILS[row.metric](values) if row and row.metric in _DETAILS else ""
        reasons.append(Reason(key, row.colour if row else "", row.says if row else key, detail))
    reasons.sort(key=lambda each: _ORDER.get(each.colour, 2))
    colour = str(kept.get("colour", ""))
    return ComputedView("none" if colour == "grey" else colour, tuple(reasons))
