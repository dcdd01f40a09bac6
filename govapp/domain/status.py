"""The computed statuses of a measure: which rows of its rules apply, with the numbers behind them, and until when.

Source: section `statuses` of the governance set; product.md, Words: implementation and potential status. The worst row
that applies gives the colour, and all that apply are reasons. Amounts are minor units.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from govapp.domain.criteria_figures import AWAITS, next_month
from govapp.domain.effect_rules import RECURRING, EffectRules
from govapp.domain.kpis import attained
from govapp.domain.rules import Rules
from govapp.domain.snapshot import KpiFact, LineFact, Snapshot
from govapp.domain.status_rules import EVIDENCE_EXPIRED, GREEN, GREY, RED, YELLOW, StatusRow

ACTIVE = "active"
_WORST = (RED, YELLOW)
_LONGEST = 60
_LAST = 3


@dataclass(frozen=True, slots=True)
class Stone:
    """A milestone: `done` is the later of the day it was reached and the day that was entered."""

    name: str
    plan: date | None
    forecast: date | None
    done: date | None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What statuses read beside the snapshot.

    `forecast`: amounts by line and month (YYYY-MM). `looked`: by status kind, the day on which dates or forecast were
    last touched. `over`: of an open step, the percent of its target that has passed; `tried`: some step has a target.
    """

    today: date
    works: Callable[[date], bool]
    stones: tuple[Stone, ...] = ()
    forecast: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    looked: Mapping[str, date] = field(default_factory=dict)
    over: int = 0
    tried: bool = False
    fiscal_month: int = 1


@dataclass(frozen=True, slots=True)
class Rated:
    """A computed status: its colour (grey: not rated) and the rows that apply, each with the values behind it.

    Values are dates and counts that stay while nothing happens, so that what is kept of them changes with no day.
    """

    colour: str
    reasons: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def rate(rules: Rules, kind: str, snapshot: Snapshot, around: Around) -> Rated:
    """The computed status of a kind. Grey on hold, when cancelled, and in the stages in which it is not rated."""
    found = rules.statuses
    if found is None or not _is_rated(rules, kind, snapshot):
        return Rated(GREY)
    reasons = [
        (row, values)
        for row in found.rows[kind]
        if _counts(row, snapshot)
        and (values := _METRICS[row.metric](rules, row, kind, snapshot, around)) is not None
    ]
    colours = {row.colour for row, _ in reasons}
    worst = next((colour for colour in _WORST if colour in colours), GREEN)
    return Rated(worst, tuple((row.key, values) for row, values in reasons))


def _is_rated(rules: Rules, kind: str, snapshot: Snapshot) -> bool:
    grey = rules.statuses.grey_stages[kind] if rules.statuses else frozenset()
    return snapshot.state == ACTIVE and snapshot.stage is not None and snapshot.stage not in grey


def _counts(row: StatusRow, snapshot: Snapshot) -> bool:
    return not row.stages or snapshot.stage in row.stages


def working_day_after(since: date, count: int, works: Callable[[date], bool]) -> date:
    """The day on which so many working days after `since` are over; a calendar without any gives a far one."""
    day = since
    for _ in range(_LONGEST + 10 * count):
        if count <= 0:
            break
        day += timedelta(days=1)
        count -= works(day)
    return day


_Said = Mapping[str, Any] | None


def _late(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    """A milestone that was ticked late stays late for ever; an open one is late once its plan date has passed.

    Named are the open one planned first, else the one ticked with the greatest delay.
    """
    past = int(row.limit) + 1
    late = [
        (stone.done is not None, stone.plan - (stone.done or date.max), stone)
        for stone in around.stones
        if stone.plan is not None
        and working_day_after(stone.plan, past, around.works) <= (stone.done or around.today)
    ]
    if not late:
        return None
    *_, worst = min(late, key=lambda each: (each[0], each[1], each[2].name))
    return {"name": worst.name, "day": str(worst.plan)} | ({"done": str(worst.done)} if worst.done else {})


def _final(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    for stone in around.stones:
        if stone.final and stone.plan is not None and (seen := stone.done or stone.forecast) is not None:
            days = (seen - stone.plan).days
            return {"name": stone.name, "n": days} if days > row.limit else None
    return None


def _conditions(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    count = sum(each.overdue(around.today) for each in snapshot.conditions)
    return {"n": count} if count > row.limit else None


def _review(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    return {} if around.over > row.limit else None


def _forecast_age(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    looked = around.looked.get(kind)
    if looked is None or (around.today - looked).days <= row.limit:
        return None
    return {"day": str(looked)}


def _blocking(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    count = sum(risk.open and risk.blocking for risk in snapshot.risks)
    return {"n": count} if count > row.limit else None


def _lookbacks(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    count = sum(each.state == "open" for each in snapshot.lookbacks)
    return {"n": count} if count > row.limit else None


def fiscal_year(month: str, first: int) -> list[str]:
    """The twelve months (YYYY-MM) of the fiscal year that holds a month; `first` is the month in which it begins."""
    year = int(month[:4]) - (int(month[5:]) < first)
    start = f"{year:04}-{first:02}"
    return [next_month(start, by) for by in range(12)]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def forecast_share(snapshot: Snapshot, around: Around) -> Decimal | None:
    """What forecast and actual amounts of the fiscal year are of its plan, in percent: recurring effect in money.

    Each kind and currency on its own, the lowest counts, since kinds are never added up. An actual amount stands in
    place of the forecast. None where nothing above zero is planned or no forecast is kept.
    """
    year = set(fiscal_year(_month(around.today), around.fiscal_month))
    sums: dict[tuple[str, str], list[int]] = {}
    for line in snapshot.lines:
        expected = dict(around.forecast.get(line.id, {})) | {m: amount for m, amount, _ in line.actual if m}
        if line.timing != RECURRING or not line.currency or not around.forecast.get(line.id):
            continue
        both = sums.setdefault((line.kind, line.currency), [0, 0])
        both[0] += sum(amount for month, amount in line.plan if month in year)
        both[1] += sum(amount for month, amount in expected.items() if month in year)
    shares = [Decimal(seen * 100) / plan for plan, seen in sums.values() if plan > 0]
    return min(shares, default=None)


def _forecast_share(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    share = forecast_share(snapshot, around)
    return {"n": int(share)} if share is not None and share < row.limit else None


def due_day(month: str, effects: EffectRules, works: Callable[[date], bool]) -> date:
    """The day by which an amount of a month is to be confirmed: so many working days after the month's end."""
    last = date.fromisoformat(f"{next_month(month)}-01") - timedelta(days=1)
    return working_day_after(last, effects.due_days, works)


def _awaiting(snapshot: Snapshot) -> set[str]:
    """Months with amounts of money that await confirmation; posts ask for none."""
    return {
        month
        for line in snapshot.lines
        if line.currency
        for month, _, standing in line.actual
        if month and standing == AWAITS
    }


def _unconfirmed(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    months = _awaiting(snapshot)
    if not months:
        return None
    first = min(months)
    due = due_day(first, rules.effects, around.works)
    return {"day": str(due), "month": first} if (around.today - due).days > row.limit else None


def _expected(line: LineFact, around: Around) -> set[str]:
    amounts = dict(line.plan) | dict(around.forecast.get(line.id, {}))
    return {month for month, amount in amounts.items() if month and amount}


def _missing(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    """Months that are over, in which a line expects something and has neither an amount nor an exception."""
    now = _month(around.today)
    months: set[str] = set()
    for line in snapshot.lines:
        there = {month for month, *_ in line.actual} | set(line.excepted)
        months |= {month for month in _expected(line, around) if month < now and month not in there}
    return {"n": len(months), "month": min(months)} if len(months) > row.limit else None


def attainment(kpi: KpiFact) -> Decimal | None:
    """How much of the way to its target a figure has covered, in percent: the mean of up to three last readings."""
    last = [value for _, value in kpi.readings[-_LAST:]]
    if kpi.baseline is None or kpi.target is None or not last:
        return None
    return attained(kpi.better, kpi.baseline, kpi.target, sum(last) // len(last))


def _attainment(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    shares = [(share, each.name) for each in snapshot.kpis if (share := attainment(each)) is not None]
    if not shares:
        return None
    share, name = min(shares)
    return {"n": int(share), "name": name} if share < row.limit else None


def _claims(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    count = len(snapshot.claims)
    return {"n": count, "name": ", ".join(snapshot.claims[:_LAST])} if count > row.limit else None


def _expired(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> _Said:
    """Kinds of evidence whose newest piece has expired, as long as their validity matters."""
    found = []
    for wanted in row.kinds:
        known = rules.kinds.get(wanted)
        facts = [fact for fact in snapshot.evidence if fact.kind == wanted]
        until = known.validity_matters_until if known else None
        if known is None or not facts or (until and rules.reached(snapshot.stage, until)):
            continue
        newest = max(facts, key=lambda fact: fact.revision_id)
        if newest.valid_until is not None and newest.valid_until < around.today:
            found.append(known.name)
    return {"name": ", ".join(found)} if found else None


_Metric = Callable[[Rules, StatusRow, str, Snapshot, Around], _Said]
_METRICS: dict[str, _Metric] = {
    "milestone_late_working_days_over": _late,
    "final_forecast_after_plan_days_over": _final,
    "condition_overdue_count_over": _conditions,
    "review_waiting_percent_of_target_over": _review,
    "forecast_age_days_over": _forecast_age,
    "blocking_risk_open_count_over": _blocking,
    "lookback_open_count_over": _lookbacks,
    "forecast_to_plan_percent_below": _forecast_share,
    "confirmation_overdue_days_over": _unconfirmed,
    "actual_missing_months_over": _missing,
    "kpi_target_attainment_percent_below": _attainment,
    "claim_overlap_unresolved_count_over": _claims,
    EVIDENCE_EXPIRED: _expired,
}


def next_day(rules: Rules, snapshot: Snapshot, around: Around) -> date | None:
    """The first day after today on which time alone may change a computed status; None when none will.

    Conditions, evidence and absences have days of their own, which whoever settles knows.
    """
    if rules.statuses is None:
        return None
    rated = [kind for kind in rules.statuses.rows if _is_rated(rules, kind, snapshot)]
    rows = [(kind, row) for kind in rated for row in rules.statuses.rows[kind] if _counts(row, snapshot)]
    days = [day for kind, row in rows for day in _turns(rules, row, kind, snapshot, around)]
    return min((day for day in days if day > around.today), default=None)


def _turns(rules: Rules, row: StatusRow, kind: str, snapshot: Snapshot, around: Around) -> Iterator[date]:
    """Days on which a row begins to apply as time goes by."""
    past = int(row.limit) + 1
    tomorrow = around.today + timedelta(days=1)
    if row.metric == "milestone_late_working_days_over":
        open_ones = (stone.plan for stone in around.stones if stone.plan is not None and stone.done is None)
        yield from (working_day_after(plan, past, around.works) for plan in open_ones)
    elif row.metric == "review_waiting_percent_of_target_over" and around.tried and around.over <= row.limit:
        yield tomorrow
    elif row.metric == "forecast_age_days_over" and (looked := around.looked.get(kind)) is not None:
        yield looked + timedelta(days=past)
    elif row.metric == "confirmation_overdue_days_over" and (months := _awaiting(snapshot)):
        yield due_day(min(months), rules.effects, around.works) + timedelta(days=past)
    elif row.metric in {"actual_missing_months_over", "forecast_to_plan_percent_below"} and snapshot.lines:
        yield date.fromisoformat(f"{next_month(_month(around.today))}-01")
