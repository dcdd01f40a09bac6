"""What the people of the demonstration do on one measure: propose, hand in, ask, vote, hold, recycle, cancel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure, Part
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError, Invalid, Refused
from govapp.domain.structure import key_from
from govapp.services.demo.play import Play, measure_row, open_review
from govapp.services.judging import JudgeEvidence, judge_evidence
from govapp.services.measures import ProposeMeasure, propose_measure
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.reviews import CastVote, cast_vote
from govapp.services.statuses import DeclareStatus, declare_status

FIELDS = (
    "title", "problem", "expected_effect", "business_unit", "legal_entity", "function", "service", "request_category",
    "change_type", "risk_rating", "security_relevant", "no_dependencies_declared",
)  # fmt: skip


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


def judge(play: Play, key: str, at: datetime, said: Mapping[str, Any], verdict: str) -> None:
    """Accept or return what was handed in, as the file says; where the rules have nobody judge the kind, nothing."""
    evidence, by = said["evidence"], said.get("for", said["by"])
    kind = play.papers.kinds.get(play.papers.by_id[evidence][1]["kind"])
    handed = play.papers.handed.get(evidence)
    if kind is None or not kind.judged or handed is None:
        return
    reason = said.get("reason", said.get("comment", ""))
    try:
        judge_evidence(JudgeEvidence(key, *handed, verdict, play.stage.origin(by, at), reason))
    except GovappError as error:
        play.leave(key, f"{verdict} {evidence} by {by}", error)


def _held(key: str, person: int) -> set[str]:
    with reading() as session:
        statement = select(Part.part).join(Measure, Measure.id == Part.measure_id)
        return set(session.scalars(statement.where(Measure.key == key, Part.person_id == person)))


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
    details = {"hold_cause": said["cause"]} if said.get("cause") else {}
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
