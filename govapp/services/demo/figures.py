"""Plans and figures of the demonstration: milestones, risks, effect lines, statuses drawn from them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.measures import Milestone, Risk
from govapp.domain.money import from_minor
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


def months_of(series: Mapping[str, Any] | None) -> dict[date, Decimal | None]:
    """The amounts of a series of the file by month."""
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
    """The plan by month takes the place of the rough estimate; what recurs starts with the final milestone.

    But for what an emergency brought early: it has no date yet.
    """
    data = play.measures[key]
    with reading() as session:
        rough = session.execute(
            select(EffectLine.id, EffectLine.version).where(EffectLine.measure_id == measure_row(key)[0])
        ).all()
        final = session.execute(
            select(Milestone.id, Milestone.plan_date).where(
                Milestone.measure_id == measure_row(key)[0], Milestone.final
            )
        ).one()
    if data["effects"]:
        for row in rough:
            remove_effect_line(RemoveEffectLine(key, row.id, origin, row.version))
    grows = any(said["event"] == "approval_stale" for said in data["history"])
    for line in data["effects"]:
        recurs = line["timing"] == "recurring"
        months = months_of(line.get("plan"))
        begins = min([*months_of(line.get("forecast")), *months_of(line.get("actual")), *months])
        run_rate = Decimal(str(line["run_rate"])) if line.get("run_rate") is not None else None
        number = set_effect_line(
            SetEffectLine(
                key, _line_name(line), line["kind"], line["timing"], line.get("currency", ""), origin,
                line["category"], line.get("cost_object") or "", run_rate,
                start_milestone_id=final.id if recurs and begins > final.plan_date else None,
            )
        )  # fmt: skip
        play.lines[line["id"]] = number
        if grows and not recurs:
            months[min(months)] = (months[min(months)] or Decimal(0)) + RAISED
        set_monthly_values(SetMonthlyValues(key, number, "plan", months, origin))
        set_monthly_values(SetMonthlyValues(key, number, "forecast", months, origin))


def raise_cost(play: Play, key: str, at: datetime) -> None:
    """The one-off cost grew after an approval to what the file has, so that the votes go stale."""
    line = next(x for x in play.measures[key]["effects"] if x["timing"] == "one_off")
    for series in ("plan", "forecast"):
        set_monthly_values(
            SetMonthlyValues(
                key, play.lines[line["id"]], series, months_of(line["plan"]), play.owner(key, at)
            )
        )


def rough(play: Play, key: str, by: str, at: datetime) -> None:
    """The rough figures with which a measure is proposed, as two lines: its value until a plan takes their place."""
    data = play.measures[key].get("rough")
    if data is None:
        return
    origin = play.stage.origin(by, at)
    effect, cost = ROUGH
    currency, run_rate = data["currency"], Decimal(str(data["run_rate"]))
    if not run_rate:
        effect = f"No saving is expected: {play.measures[key]['expected_effect']}"
    set_effect_line(SetEffectLine(key, effect, "ebitda", "recurring", currency, origin, run_rate=run_rate))
    totals = {"plan": -Decimal(str(data["one_off"]))}
    set_effect_line(SetEffectLine(key, cost, "ebitda", "one_off", currency, origin, totals=totals))


def keep_true(play: Play, key: str, at: datetime) -> None:
    """What is expected by the end of the file: forecast amounts and dates, closed risks."""
    data = play.measures[key]
    measure_id, _, stage, state = measure_row(key)
    if stage is None or state == "cancelled":
        return
    system = play.stage.origin("system", at)
    with reading() as session:
        risks = session.scalars(select(Risk).where(Risk.measure_id == measure_id).order_by(Risk.id)).all()
        milestones = session.scalars(
            select(Milestone).where(Milestone.measure_id == measure_id).order_by(Milestone.id)
        ).all()
    for stone, one in zip(milestones, data["milestones"], strict=False):
        if one.get("forecast") and one["forecast"] != stone.forecast_date and not one.get("actual"):
            set_milestone(_again(key, stone, system, forecast=one["forecast"], actual=stone.actual_date))
    for line in data["effects"]:
        if line["id"] in play.lines:
            set_forecast(play, key, line, at)
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


def set_forecast(
    play: Play, key: str, line: Mapping[str, Any], at: datetime, only: date | None = None
) -> None:
    """The forecast of a line as the file has it, in every month (or that one) that holds another."""
    number, wanted = play.lines[line["id"]], months_of(line["forecast"])
    with reading() as session:
        held = session.execute(
            select(EffectValue.month, EffectValue.amount).where(
                EffectValue.line_id == number, EffectValue.series == "forecast"
            )
        ).all()
    currency = line.get("currency", "")
    known: dict[date, Decimal | None] = {
        row.month: from_minor(row.amount, currency) for row in held if row.month
    }
    changed = {
        month: wanted.get(month)
        for month in {**known, **wanted}
        if known.get(month) != wanted.get(month) and only in {None, month}
    }
    if changed:
        set_monthly_values(SetMonthlyValues(key, number, "forecast", changed, play.owner(key, at)))


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
    words = "on its date" if late <= 0 else f"{late} day{'s' * (late > 1)} after its plan date"
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
        (amount or Decimal(0) for line in lines for amount in months_of(line[series]).values()), Decimal(0)
    )
