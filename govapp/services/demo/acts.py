"""What the people of the demonstration do on one measure: propose, plan, hand in, ask, vote, hold, recycle, cancel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.data.measures import Measure, Milestone, Part, Risk
from govapp.data.reviews import Dossier, Review
from govapp.domain.errors import GovappError, Invalid, Refused
from govapp.domain.gates import AskKind
from govapp.domain.structure import key_from
from govapp.services._work import Origin
from govapp.services.demo.evidence import Papers
from govapp.services.demo.stage_set import Stage
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from govapp.services.measures import ProposeMeasure, propose_measure
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.plans import AddDependency, SetMilestone, add_dependency, set_milestone
from govapp.services.reviews import CastVote, cast_vote
from govapp.services.risks import SetRisk, set_risk
from govapp.services.statuses import DeclareStatus, declare_status

FIELDS = (
    "title", "problem", "expected_effect", "business_unit", "legal_entity", "function", "service", "request_category",
    "change_type", "risk_rating", "security_relevant", "no_dependencies_declared",
)  # fmt: skip
ROUGH = "Rough estimate"


@dataclass
class Play:
    """The measures of the year by key, how evidence becomes values, and what could not be done under the live rules."""

    stage: Stage
    measures: Mapping[str, Any]
    papers: Papers
    left_out: list[str] = field(default_factory=list)

    def lead(self, key: str) -> str:
        """The lead of the measure's program."""
        return self.stage.leads[self.measures[key]["package"]]

    def leave(self, key: str, what: str, error: Exception) -> None:
        """Note what the live rules did not allow."""
        reason = getattr(error, "code", str(error))
        self.left_out.append(
            f"{key} {what}: {reason} {getattr(error, 'errors', '') or getattr(error, 'values', '')}"
        )


def measure_row(key: str) -> tuple[int, int, str | None, str]:
    """Id, version, stage and state as they now are."""
    with reading() as session:
        row = session.execute(
            select(Measure.id, Measure.version, Measure.stage, Measure.state).where(Measure.key == key)
        ).one()
        return row.id, row.version, row.stage, row.state


def open_review(key: str) -> tuple[int, int, str] | None:
    """Id, number of the latest dossier and stage of the open review, if any."""
    with reading() as session:
        row = session.execute(
            select(Review.id, Dossier.number, Review.into)
            .join(Measure, Measure.id == Review.measure_id)
            .join(Dossier, Dossier.review_id == Review.id)
            .where(Measure.key == key, Review.state == "open")
            .order_by(Dossier.number.desc())
        ).first()
        return None if row is None else (row.id, row.number, row.into)


def propose(play: Play, key: str, by: str, at: datetime) -> None:
    """Write the proposal under its key of the file."""
    data = play.measures[key]
    fields = {name: data[name] for name in FIELDS if data.get(name) is not None}
    planned = [said["at"][:10] for said in data["history"] if said["event"] == "milestones_planned"]
    known = [
        one
        for one in data["dependencies"]
        if planned
        and max(str(one["since"]), play.measures[one["predecessor"]]["history"][0]["at"][:10]) <= planned[0]
    ]
    fields["no_dependencies_declared"] = bool(data.get("no_dependencies_declared")) or not known
    if data.get("vendor"):
        fields["vendor"] = key_from(data["vendor"])
    if data.get("vendor_spend"):
        fields["vendor_spend"] = Decimal(str(data["vendor_spend"]))
    propose_measure(ProposeMeasure(data["package"], fields, play.stage.origin(by, at), key=key))


def name_parts(play: Play, key: str, by: str, at: datetime, parts: Mapping[str, str]) -> None:
    """Assign parts, as the one who did, else as the program lead."""
    people = {part: play.stage.people[person] for part, person in parts.items()}
    for person in dict.fromkeys((by, play.lead(key), "system")):
        try:
            assign_parts(AssignParts(key, measure_row(key)[1], people, play.stage.origin(person, at)))
            return
        except Refused:
            continue
        except Invalid as error:
            play.leave(key, "parts", error)
            return


def hand_in(play: Play, key: str, by: str, at: datetime, evidence: str) -> None:
    """Hand in evidence. Who brings the baseline before parts are named is named reporting owner first, by the lead."""
    kind = play.papers.kinds.get(play.papers.by_id[evidence][1]["kind"])
    held = _held(key, play.stage.people[by])
    if kind is not None and kind.key == "baseline-record" and not held & set(kind.submitted_by):
        name_parts(play, key, play.lead(key), at, {"reporting_owner": by})
    play.papers.submit(evidence, play.stage.origin(by, at))


def _held(key: str, person: int) -> set[str]:
    with reading() as session:
        statement = select(Part.part).join(Measure, Measure.id == Part.measure_id)
        return set(session.scalars(statement.where(Measure.key == key, Part.person_id == person)))


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
                EffectLine.measure_id == measure_row(key)[0], EffectLine.name == ROUGH
            )
        ).first()
    if data["effects"] and rough:
        remove_effect_line(RemoveEffectLine(key, rough.id, origin, rough.version))
    for line in data["effects"]:
        run_rate = Decimal(str(line["run_rate"])) if line.get("run_rate") is not None else None
        number = set_effect_line(
            SetEffectLine(
                key, _line_name(line), line["kind"], line["timing"], line.get("currency", ""), origin,
                line["category"], line.get("cost_object") or "", run_rate,
            )
        )  # fmt: skip
        set_monthly_values(SetMonthlyValues(key, number, "plan", _months(line.get("plan")), origin))


def rough(play: Play, key: str, by: str, at: datetime) -> None:
    """The rough run rate as a line, and the form that asks for it."""
    data = play.measures[key]["rough"]
    origin = play.stage.origin(by, at)
    set_effect_line(
        SetEffectLine(
            key,
            ROUGH,
            "ebitda",
            "recurring",
            data["currency"],
            origin,
            run_rate=Decimal(str(data["run_rate"])),
        )
    )
    play.papers.rough_numbers(key, origin)


def keep_true(play: Play, key: str, at: datetime) -> None:
    """What was booked and expected by the end of the file: actual and forecast amounts, dates reached, closed risks."""
    data = play.measures[key]
    measure_id, _, stage, state = measure_row(key)
    if stage is None or state == "cancelled":
        return
    system = play.stage.origin("system", at)
    with reading() as session:
        lines = session.execute(
            select(EffectLine.id, EffectLine.name).where(EffectLine.measure_id == measure_id)
        ).all()
        risks = session.scalars(select(Risk).where(Risk.measure_id == measure_id).order_by(Risk.id)).all()
        milestones = session.scalars(
            select(Milestone).where(Milestone.measure_id == measure_id).order_by(Milestone.id)
        ).all()
    numbers = [row.id for row in lines if row.name != ROUGH]
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


def ask_move(play: Play, key: str, by: str, at: datetime, to: str) -> MoveOutcome | None:
    """Drop the card on a stage."""
    try:
        return move_measure(MoveMeasure(key, play.stage.origin(by, at), measure_row(key)[1], to))
    except GovappError as error:
        play.leave(key, f"move to {to} by {by}", error)
        return None


def vote(play: Play, key: str, by: str, at: datetime, verdict: str, comment: str = "") -> None:
    """Vote on the open review, if the live rules name this person."""
    review = open_review(key)
    if review is None:
        return
    try:
        cast_vote(CastVote(review[0], verdict, review[1], play.stage.origin(by, at), comment))
    except Refused as error:
        if error.code != "step_decided":
            play.leave(key, f"vote of {by} into {review[2]}", error)


def complete(play: Play, key: str, to: str, at: datetime) -> None:
    """Bring about a move of the file that the live rules decide by other people: they vote at its minute."""
    deciders = {
        "defined": (play.lead(key),),
        "identified": ("sponsor",),
        "detailed": ("controller", "sponsor"),
        "decided": ("controller", "sponsor"),
        "implemented": ("service_owner", "sponsor"),
        "closed": ("controller",),
    }[to]
    data = play.measures[key]
    if measure_row(key)[2] == to:
        return
    if open_review(key) is None:
        ask_move(play, key, data["owner"], at - timedelta(minutes=1), to)
    for one in deciders:
        if measure_row(key)[2] != to:
            vote(play, key, data.get(one, one), at, "approve")


def change_state(play: Play, key: str, by: str, at: datetime, kind: AskKind, said: Mapping[str, Any]) -> None:
    """Hold, cancel or recycle with the reason of the file."""
    details = {"cause": said["cause"]} if said.get("cause") else {}
    if said.get("review_date"):
        details["review_date"] = str(said["review_date"])
    try:
        move_measure(
            MoveMeasure(
                key,
                play.stage.origin(by, at),
                measure_row(key)[1],
                said.get("to"),
                kind,
                said["reason"],
                details=details,
            )
        )
    except GovappError as error:
        play.leave(key, f"{kind} by {by}", error)


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
    lines = [x for x in data["effects"] if x["timing"] == "recurring" and x["kind"] != "fte" and x.get(series)]
    return sum((amount or Decimal(0) for line in lines for amount in _months(line[series]).values()), Decimal(0))


def declare(play: Play, key: str, by: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Declare a status."""
    try:
        declare_status(
            DeclareStatus(
                key,
                said["status"],
                said["colour"],
                said["reason"],
                play.stage.origin(by, at),
                said.get("lapses_on"),
            )
        )
    except GovappError as error:
        play.leave(key, "status", error)


def raise_cost(play: Play, key: str, at: datetime) -> None:
    """The one-off cost grew after an approval: the last one-off line costs 2,000 more, so that the votes go stale."""
    with reading() as session:
        row = session.scalars(
            select(EffectLine)
            .where(EffectLine.measure_id == measure_row(key)[0], EffectLine.timing == "one_off")
            .order_by(EffectLine.id.desc())
        ).first()
    line = next((x for x in reversed(play.measures[key]["effects"]) if x["timing"] == "one_off"), None)
    if row is None or line is None:
        return
    months = _months(line["plan"])
    first = min(months)
    origin = play.stage.origin(play.measures[key]["owner"], at)
    set_monthly_values(
        SetMonthlyValues(key, row.id, "plan", {first: (months[first] or Decimal(0)) - 2000}, origin)
    )
