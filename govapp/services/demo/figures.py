"""Plans and figures of the demonstration: milestones, risks, effect lines, statuses drawn from them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.data.measures import Milestone, Risk
from govapp.services._work import Origin
from govapp.services.demo.play import Play, measure_row
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from govapp.services.plans import AddDependency, SetMilestone, add_dependency, set_milestone
from govapp.services.risks import SetRisk, set_risk
from govapp.services.statuses import DeclareStatus, declare_status

ROUGH = ("Rough effect in a full year", "Rough one-off cost")
RAISED = Decimal(2000)  # what the one-off cost grows by where an approval goes stale of it


def plan(play: Play, key: str, by: str, at: datetime) -> None:
    """Milestones, risks and effect lines of the file, entered in one sitting."""
    data = play.measures[key]
    origin = play.stage.origin(by, at)
    for one in data["milestones"]:
        owner = play.stage.people[one["owner"]]
        set_milestone(
            SetMilestone(
                key, one["name"], origin, owner, one["plan"], one["plan"], final=bool(one.get("final"))
            )
        )
    for one in data["risks"]:
        owner = play.stage.people[one["owner"]]
        set_risk(
            SetRisk(
                key,
                one["text"],
                one["probability"],
                one["impact"],
                origin,
                owner,
                one["response"],
                bool(one["blocking"]),
            )
        )
    _lines(play, key, origin)


def depend(play: Play, key: str, on: str, at: datetime) -> None:
    """Enter a dependency on the day of the file: the predecessor is to be implemented."""
    add_dependency(AddDependency(key, on, "implemented", play.stage.origin(play.measures[key]["owner"], at)))


def _months(series: Mapping[str, Any] | None) -> dict[date, Decimal | None]:
    if not series:
        return {}
    year, month = (int(part) for part in str(series["from"])[:7].split("-"))
    found: dict[date, Decimal | None] = {}
    for amount in series["amounts"]:
        found[date(year, month, 1)] = Decimal(str(amount))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def _line_name(line: Mapping[str, Any]) -> str:
    return str(line["category"]).replace("-", " ").capitalize()


def _lines(play: Play, key: str, origin: Origin) -> None:
    """The plan by month; it takes the place of the rough estimate."""
    data = play.measures[key]
    with reading() as session:
        rough = session.execute(
            select(EffectLine.id, EffectLine.version).where(
                EffectLine.measure_id == measure_row(key)[0], EffectLine.name.in_(ROUGH)
            )
        ).all()
    if data["effects"]:
        for row in rough:
            remove_effect_line(RemoveEffectLine(key, row.id, origin, row.version))
    grows = any(said["event"] == "approval_stale" for said in data["history"])
    for line in data["effects"]:
        run_rate = Decimal(str(line["run_rate"])) if line.get("run_rate") is not None else None
        number = set_effect_line(
            SetEffectLine(
                key, _line_name(line), line["kind"], line["timing"], line.get("currency", ""), origin,
                line["category"], line.get("cost_object") or "", run_rate,
            )
        )  # fmt: skip
        months = _months(line.get("plan"))
        if grows and line["timing"] == "one_off":
            months[min(months)] = (months[min(months)] or Decimal(0)) + RAISED
        set_monthly_values(SetMonthlyValues(key, number, "plan", months, origin))


def raise_cost(play: Play, key: str, at: datetime) -> None:
    """The one-off cost grew after an approval to what the file has, so that the votes go stale."""
    line = next(x for x in play.measures[key]["effects"] if x["timing"] == "one_off")
    with reading() as session:
        number = session.scalars(
            select(EffectLine.id)
            .where(EffectLine.measure_id == measure_row(key)[0], EffectLine.timing == "one_off")
            .order_by(EffectLine.id)
        ).first()
    origin = play.stage.origin(play.measures[key]["owner"], at)
    set_monthly_values(SetMonthlyValues(key, number or 0, "plan", _months(line["plan"]), origin))


def rough(play: Play, key: str, by: str, at: datetime) -> None:
    """The rough figures with which a measure is proposed, as two lines: its value until a plan takes their place."""
    data = play.measures[key].get("rough")
    if data is None:
        return
    origin = play.stage.origin(by, at)
    effect, cost = ROUGH
    currency, run_rate = data["currency"], Decimal(str(data["run_rate"]))
    set_effect_line(SetEffectLine(key, effect, "ebitda", "recurring", currency, origin, run_rate=run_rate))
    totals = {"plan": -Decimal(str(data["one_off"]))}
    set_effect_line(SetEffectLine(key, cost, "ebitda", "one_off", currency, origin, totals=totals))


def keep_true(play: Play, key: str, at: datetime) -> None:
    """What was booked and expected by the end of the file: actual and forecast amounts, dates reached, closed risks."""
    data = play.measures[key]
    measure_id, _, stage, state = measure_row(key)
    if stage is None or state == "cancelled":
        return
    system = play.stage.origin("system", at)
    with reading() as session:
        lines = session.execute(
            select(EffectLine.id, EffectLine.name)
            .where(EffectLine.measure_id == measure_id)
            .order_by(EffectLine.id)
        ).all()
        risks = session.scalars(select(Risk).where(Risk.measure_id == measure_id).order_by(Risk.id)).all()
        milestones = session.scalars(
            select(Milestone).where(Milestone.measure_id == measure_id).order_by(Milestone.id)
        ).all()
    numbers = [row.id for row in lines if row.name not in ROUGH]
    for number, line in zip(numbers, data["effects"], strict=False):
        for series in ("forecast", "actual"):
            if line.get(series):
                set_monthly_values(SetMonthlyValues(key, number, series, _months(line[series]), system))
    for row, one in zip(risks, data["risks"], strict=False):
        if one.get("status") == "closed" and row.open:
            set_risk(
                SetRisk(
                    key,
                    row.text,
                    row.likelihood,
                    row.impact,
                    system,
                    row.owner_id,
                    row.response,
                    row.blocking,
                    False,
                    row.id,
                    row.version,
                )
            )
    for stone, one in zip(milestones, data["milestones"], strict=False):
        if one.get("forecast") and one["forecast"] != stone.forecast_date and not one.get("actual"):
            set_milestone(_again(key, stone, system, forecast=one["forecast"], actual=stone.actual_date))


def _again(
    key: str, row: Milestone, origin: Origin, *, forecast: date | None, actual: date | None
) -> SetMilestone:
    return SetMilestone(
        key, row.name, origin, row.owner_id, row.plan_date, forecast, actual, row.final, row.id, row.version
    )


def reach(play: Play, key: str, place: int, on: date, at: datetime) -> None:
    """Tick a milestone as done on its day."""
    with reading() as session:
        rows = session.scalars(
            select(Milestone).where(Milestone.measure_id == measure_row(key)[0]).order_by(Milestone.id)
        ).all()
    if place < len(rows):
        owner = play.measures[key]["owner"]
        set_milestone(_again(key, rows[place], play.stage.origin(owner, at), forecast=on, actual=on))


def declare_from_figures(play: Play, key: str, at: datetime) -> None:
    """The owner's statuses of the last month, as milestones and forecast of the file give them."""
    data = play.measures[key]
    _, _, stage, state = measure_row(key)
    if state != "active" or stage not in {"detailed", "decided", "implemented"}:
        return
    origin = play.stage.origin(data["owner"], at)
    late = max(((one.get("actual") or one["forecast"]) - one["plan"]).days for one in data["milestones"])
    words = "on its date" if late <= 0 else f"{late} days after its plan date"
    colour = "green" if late <= 10 else "yellow" if late <= 30 else "red"
    reason = f"The milestone that moved most is reached or expected {words}."
    declare_status(DeclareStatus(key, "implementation", colour, reason, origin))
    planned, expected = (_recurring(data, series) for series in ("plan", "forecast"))
    if planned > 0 and expected > 0 and key != "M-146":
        share = round(100 * expected / planned)
        colour = "green" if share >= 90 else "yellow" if share >= 70 else "red"
        reason = f"The forecast of the recurring effect stands at {share} % of its plan."
        declare_status(DeclareStatus(key, "potential", colour, reason, origin))


def _recurring(data: Mapping[str, Any], series: str) -> Decimal:
    lines = [
        x for x in data["effects"] if x["timing"] == "recurring" and x["kind"] != "fte" and x.get(series)
    ]
    return sum(
        (amount or Decimal(0) for line in lines for amount in _months(line[series]).values()), Decimal(0)
    )
