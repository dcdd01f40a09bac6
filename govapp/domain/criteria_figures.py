"""Criteria about money and operating figures: effects by month, KPI, confirmed amounts (docs/decisions.md, figures)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from govapp.domain.effect_rules import ONE_OFF, RECURRING, EffectRules
from govapp.domain.snapshot import Amounts, KpiFact, LineFact, Snapshot

Answer = tuple[bool, str, dict[str, Any]]

AWAITS, CONFIRMED, REFUSED = "awaits", "confirmed", "refused"
SETTLED = frozenset({CONFIRMED, REFUSED})
# A line worth nothing says in its name what the measure is for instead; as long as the reason asked of version 2.
REASON_LENGTH = 20
_SHOWN = 5


def next_month(month: str, by: int = 1) -> str:
    """The month so many after one, both as YYYY-MM."""
    place = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{place // 12:04}-{place % 12 + 1:02}"


def total(amounts: Amounts) -> int:
    """The sum of a line's amounts in minor units, undated ones too."""
    return sum(amount for _, amount in amounts)


def is_zero_with_reason(line: LineFact) -> bool:
    """A recurring line that promises nothing and whose name says in 20 characters why."""
    return line.run_rate == 0 and len(line.name.strip()) >= REASON_LENGTH


def recurring(snapshot: Snapshot) -> list[LineFact]:
    """Recurring lines that promise something, in money or posts."""
    return [line for line in snapshot.lines if line.timing == RECURRING and not is_zero_with_reason(line)]


def cost_lines(effects: EffectRules, snapshot: Snapshot) -> list[LineFact]:
    """Lines of one-off cost that bear a plan amount, also of zero."""
    lines = [line for line in snapshot.lines if line.timing == ONE_OFF and line.currency and line.plan]
    return [line for line in lines if effects.is_cost(line.category, total(line.plan))]


def _names(lines: list[LineFact]) -> dict[str, Any]:
    return {"lines": [line.name for line in lines[:_SHOWN]], "count": len(lines)}


def _rough_run_rate(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    lines = [line for line in snapshot.lines if line.timing == RECURRING and line.run_rate is not None]
    if not lines:
        return False, "run_rate_missing", {}
    bare = [line for line in lines if line.run_rate == 0 and not is_zero_with_reason(line)]
    if len(bare) == len(lines):
        return False, "run_rate_zero", {"needed": REASON_LENGTH, **_names(bare)}
    return True, "run_rate_present", {"count": len(lines) - len(bare)}


def _rough_one_off(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    lines = cost_lines(effects, snapshot)
    return bool(lines), "one_off_present" if lines else "one_off_missing", {"count": len(lines)}


def _series(line: LineFact, name: str) -> Amounts:
    if name == "actual":
        return tuple((month, amount) for month, amount, _ in line.actual)
    found: Amounts = line.baseline if name == "baseline" else line.plan
    return found


def _dated(line: LineFact, series: str) -> list[tuple[str, int]]:
    return [(month, amount) for month, amount in _series(line, series) if month]


def _lines_by_month(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    series, needed = str(params.get("series", "plan")), int(params.get("min_months", 1))
    if not any(line.timing == RECURRING for line in snapshot.lines):
        return False, "lines_missing", {"needed": needed}
    lines = recurring(snapshot)
    short = [line for line in lines if len(_dated(line, series)) < needed]
    if short:
        return (
            False,
            "lines_short",
            {"needed": needed, "have": len(_dated(short[0], series)), **_names(short)},
        )
    off = [line for line in lines if _off_run_rate(line, series, params.get("tolerance_percent"))]
    if off:
        return False, "lines_off_run_rate", {"percent": str(params["tolerance_percent"]), **_names(off)}
    return True, "lines_by_month", {"count": len(snapshot.lines)}


def _off_run_rate(line: LineFact, series: str, tolerance: Any) -> bool:
    """Whether twelve times the last month is further from the run rate than so many percent."""
    if tolerance is None or not line.run_rate:
        return False
    year = _dated(line, series)[-1][1] * 12
    return abs(year - line.run_rate) * 100 > Decimal(str(tolerance)) * abs(line.run_rate)


def _one_off_cost_line(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    return _rough_one_off(params, effects, snapshot)


def _plan_covers(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    """Every recurring line has an amount for each month of a year (`min_months`) from the measure's first effect on.

    A line that begins later is held to a year from its own first month.
    """
    series, needed = str(params.get("series", "plan")), int(params.get("min_months", 12))
    lines = recurring(snapshot)
    if not lines and not any(is_zero_with_reason(line) for line in snapshot.lines):
        return False, "plan_empty", {"needed": needed}
    for line in lines:
        months = {month for month, _ in _dated(line, series)}
        first = min((month for month, amount in _dated(line, series) if amount), default="")
        if not first:
            return False, "plan_without_effect", _names([line])
        lacking = [each for each in (next_month(first, by) for by in range(needed)) if each not in months]
        if lacking:
            values = {
                "first": first,
                "until": next_month(first, needed - 1),
                "month": lacking[0],
                "needed": needed,
            }
            return False, "plan_short", values | _names([line])
    return True, "plan_covers", {"needed": needed, "count": len(lines)}


def _no_overlap(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    found = list(snapshot.claims)
    values = {"cost_objects": found[:_SHOWN], "count": len(found)}
    return not found, "claims_apart" if not found else "claims_overlap", values


def _one_off_booked(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    """Every one-off cost that the plan bears has an actual amount, and none of these awaits or was only refused."""
    lines = [line for line in cost_lines(effects, snapshot) if total(line.plan)]
    unbooked = [
        line for line in lines if not any(s != REFUSED for *_, s in line.actual) and not line.excepted
    ]
    if unbooked:
        return False, "one_off_unbooked", _names(unbooked)
    waiting = [line for line in lines if any(standing == AWAITS for *_, standing in line.actual)]
    return not waiting, "one_off_booked" if not waiting else "one_off_awaits", _names(waiting or lines)


FIGURES: dict[str, Callable[[Mapping[str, Any], EffectRules, Snapshot], Answer]] = {
    "rough_run_rate_present": _rough_run_rate,
    "rough_one_off_present": _rough_one_off,
    "lines_by_month": _lines_by_month,
    "one_off_cost_line": _one_off_cost_line,
    "plan_covers_first_effect_plus_months": _plan_covers,
    "no_unresolved_claim_overlap": _no_overlap,
    "one_off_booked": _one_off_booked,
}


def figures(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    """Whether effect and cost amounts are there and hold together. A check nobody knows is never met."""
    check = FIGURES.get(params["check"])
    return check(params, effects, snapshot) if check else (False, "kind_unknown", {})


def open_months(line: LineFact) -> list[str]:
    """Due months of a line that are neither confirmed nor refused nor excepted; '' for an undated amount."""
    settled = {month for month, _, standing in line.actual if standing in SETTLED} | set(line.excepted)
    return [month for month in line.due if month not in settled]


@dataclass(frozen=True, slots=True)
class _Share:
    """Actual amounts of money by standing, and the months of which some are confirmed."""

    confirmed: int
    awaiting: int
    months: int


def _share(snapshot: Snapshot) -> _Share:
    actual = [each for line in snapshot.lines if line.currency for each in line.actual]
    standings = [standing for *_, standing in actual]
    months = {month for month, _, standing in actual if standing == CONFIRMED}
    return _Share(standings.count(CONFIRMED), standings.count(AWAITS), len(months))


def confirmation(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    """Whether the controller has dealt with every actual amount and every due month of every line.

    Amounts of `min_months` months must be confirmed, where the measure promises any. `share_percent` is the share of
    the actual amounts not refused that must be confirmed. What is due counts up to the newest closed month. Lines that
    carry no money (posts) ask for no confirmation (governance/README.md, Amounts).
    """
    needed, percent = int(params.get("min_months", 0)), Decimal(str(params.get("share_percent", 100)))
    share = _share(snapshot)
    values: dict[str, Any] = {"months": share.months, "needed": needed, "waiting": share.awaiting}
    if share.confirmed * 100 < percent * (share.confirmed + share.awaiting):
        return False, "amounts_await", values | {"percent": str(percent)}
    due = [(line, months) for line in snapshot.lines if line.currency and (months := open_months(line))]
    if due:
        count = sum(len(months) for _, months in due)
        first = min(months[0] for _, months in due)
        return (
            False,
            "months_open",
            values | {"open": count, "month": first, **_names([line for line, _ in due])},
        )
    if share.months < needed and recurring(snapshot):
        return False, "months_few", values
    return True, "amounts_confirmed", values


def reached(kpi: KpiFact, readings: int) -> bool:
    """Whether the mean of the last readings is at or past the target; False with fewer readings, or no target."""
    last = [value for _, value in kpi.readings[-readings:]]
    if kpi.target is None or len(last) < readings:
        return False
    target = kpi.target * readings
    return sum(last) >= target if kpi.better == "higher" else sum(last) <= target


def is_defined(kpi: KpiFact) -> bool:
    """Whether a figure has baseline, target, unit and source."""
    return kpi.baseline is not None and kpi.target is not None and bool(kpi.unit and kpi.source)


def _baseline_and_target(params: Mapping[str, Any], snapshot: Snapshot) -> Answer:
    needed, good = int(params.get("min_count", 1)), [kpi for kpi in snapshot.kpis if is_defined(kpi)]
    values: dict[str, Any] = {"have": len(good), "needed": needed}
    if len(good) >= needed:
        return True, "kpi_defined", values | {"names": [kpi.name for kpi in good]}
    rest = next((kpi for kpi in snapshot.kpis if kpi not in good), None)
    if rest is None:
        return False, "kpi_missing", values
    lacking = [name for name in ("baseline", "target") if getattr(rest, name) is None]
    lacking += [name for name in ("unit", "source") if not getattr(rest, name)]
    return False, "kpi_incomplete", values | {"name": rest.name, "lacking": lacking}


def _reached_or_explained(params: Mapping[str, Any], snapshot: Snapshot) -> Answer:
    readings, names = int(params.get("min_readings", 1)), [kpi.name for kpi in snapshot.kpis]
    if not snapshot.kpis:
        return False, "kpi_missing", {"have": 0, "needed": 1}
    missed = [kpi for kpi in snapshot.kpis if not reached(kpi, readings)]
    values: dict[str, Any] = {"needed": readings, "names": names}
    if not missed:
        return True, "kpi_reached", values
    gap = next((kpi for kpi in missed if not kpi.signed), None)
    if gap is None:
        return True, "kpi_explained", values
    values |= {"name": gap.name, "have": min(len(gap.readings), readings)}
    if gap.explained:
        return False, "kpi_unsigned", values
    return False, "kpi_few_readings" if len(gap.readings) < readings else "kpi_missed", values


KPI: dict[str, Callable[[Mapping[str, Any], Snapshot], Answer]] = {
    "baseline_and_target": _baseline_and_target,
    "target_reached_or_explained": _reached_or_explained,
}


def kpi(params: Mapping[str, Any], effects: EffectRules, snapshot: Snapshot) -> Answer:
    """Whether operating figures are defined, or reached; a missed one counts when the controller signed why."""
    check = KPI.get(params["check"])
    return check(params, snapshot) if check else (False, "kind_unknown", {})
