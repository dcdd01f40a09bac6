"""What the people of the demonstration do on one measure beside deciding: propose, name, hand in, judge, declare."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure, Part
from govapp.domain.structure import key_from
from govapp.services.demo.deviations import by_the_lead
from govapp.services.demo.play import Play, measure_row
from govapp.services.judging import JudgeEvidence, judge_evidence
from govapp.services.measures import ProposeMeasure, propose_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.statuses import DeclareStatus, declare_status

FIELDS = (
    "title", "problem", "expected_effect", "business_unit", "legal_entity", "function", "service", "request_category",
    "change_type", "risk_rating", "security_relevant", "no_dependencies_declared",
)  # fmt: skip


def propose(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
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
    propose_measure(ProposeMeasure(data["package"], fields, play.origin(said, at), key=key))


def name_parts(play: Play, key: str, by: str, at: datetime, parts: Mapping[str, str]) -> None:
    """Assign parts."""
    people = {part: play.stage.people[person] for part, person in parts.items()}
    assign_parts(AssignParts(key, measure_row(key)[1], people, play.stage.origin(by, at)))


def hand_in(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Hand in evidence. Who brings the baseline before parts are named is named reporting owner first, by the lead."""
    supplier = said.get("for", said["by"])
    kind = play.papers.kind_of(said["evidence"])
    if kind.key == "baseline-record" and not _held(key, play.stage.people[supplier]) & set(kind.submitted_by):
        name_parts(play, key, play.lead(key), at, {"reporting_owner": supplier})
    lead = by_the_lead(key, said)
    play.papers.submit(
        said["evidence"], play.stage.origin(play.lead(key), at) if lead else play.origin(said, at)
    )


def judge(play: Play, key: str, at: datetime, said: Mapping[str, Any], verdict: str) -> None:
    """Accept or return what was handed in, as the file says."""
    piece, revision = play.papers.handed[said["evidence"]]
    reason = said.get("reason", said.get("comment", ""))
    judge_evidence(JudgeEvidence(key, piece, revision, verdict, play.origin(said, at), reason))


def _held(key: str, person: int) -> set[str]:
    with reading() as session:
        statement = select(Part.part).join(Measure, Measure.id == Part.measure_id)
        return set(session.scalars(statement.where(Measure.key == key, Part.person_id == person)))


def declare(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Declare a status."""
    declare_status(
        DeclareStatus(
            key, said["status"], said["colour"], said["reason"], play.origin(said, at), said.get("lapses_on")
        )
    )
