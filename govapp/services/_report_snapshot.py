"""The record of a measure at a sequence as the values rules read: the same functions answer for any past date."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from govapp.data.report_queries import Recorded, Row
from govapp.data.snapshots import FIELDS
from govapp.domain.approvals import StepStanding, standings
from govapp.domain.criteria import MILESTONE_FIELD
from govapp.domain.finance import value_of
from govapp.domain.money import from_minor
from govapp.domain.snapshot import (
    EvidenceFact,
    Held,
    MilestoneFact,
    PredecessorFact,
    ReviewFact,
    RiskFact,
    Snapshot,
    StepFact,
    VoteFact,
)

People = Mapping[int, Row]


def name_of(people: People, person_id: int | None) -> str:
    """A person's name as it was; empty for nobody."""
    row = people.get(person_id or 0)
    return row["name"] if row else ""


def people_in(recorded: Recorded) -> set[int]:
    """Ids of everybody a report on this measure may name."""
    columns = ("person_id", "owner_id", "on_behalf_of", "asked_by", "judged_by")
    lists = (
        recorded.parts, recorded.milestones, recorded.risks, recorded.statuses, recorded.reviews, recorded.votes,
        recorded.conditions, recorded.evidence,
    )  # fmt: skip
    return {row[name] for rows in lists for row in rows for name in columns if row.get(name)}


def review_fact(recorded: Recorded, review: Row) -> ReviewFact:
    """A review with the steps and votes it had, on the basis of its latest dossier."""
    dossiers = [row for row in recorded.dossiers if row["review_id"] == review["id"]]
    basis = {row["id"]: row["basis_digest"] for row in dossiers}
    cast: list[tuple[int, int, VoteFact]] = []
    for row in recorded.votes:
        if row["review_id"] == review["id"]:
            vote = VoteFact(
                row["person_id"],
                row["verdict"],
                basis.get(row["dossier_id"], ""),
                row["at"],
                row["on_behalf_of"],
            )
            cast.append((row["seq"], row["step_id"], vote))
    steps = tuple(
        StepFact(
            row["id"], row["key"], row["name"], row["waits_for"], row["position"], row["rule"], row["deciders"],
            quorum=row["quorum"], veto=row["veto"], needed=row["needed"],
        )
        for row in recorded.steps
        if row["review_id"] == review["id"]
    )  # fmt: skip
    latest = dossiers[-1] if dossiers else None
    fact = ReviewFact(
        review["id"], review["into"], latest["basis_digest"] if latest else "", latest["number"] if latest else 0,
        review["asked_by"], review["opened_at"], steps,
    )  # fmt: skip
    return _told(fact, dossiers, cast)


def _told(fact: ReviewFact, dossiers: Sequence[Row], cast: Sequence[tuple[int, int, VoteFact]]) -> ReviewFact:
    """The review with its votes, and since when each step is open: told again by what opens and decides steps."""
    acts: list[tuple[int, datetime, str, int, VoteFact | None]] = [
        (row["seq"], row["at"], row["basis_digest"], 0, None) for row in dossiers
    ]
    acts += [(seq, vote.at, "", step_id, vote) for seq, step_id, vote in cast]
    basis, before = "", dict.fromkeys((step.id for step in fact.steps), "")
    for _seq, at, given, step_id, vote in sorted(acts, key=lambda act: act[0]):
        basis = given or basis
        steps = [replace(s, votes=(*s.votes, vote)) if vote and s.id == step_id else s for s in fact.steps]
        states = {i: each.state for i, each in standings(replace(fact, steps=tuple(steps)), basis).items()}
        opened = {i for i, state in states.items() if state == "open" and before[i] != "open"}
        fact = replace(fact, steps=tuple(replace(s, opened_at=at) if s.id in opened else s for s in steps))
        before = states
    return fact


def standings_of(fact: ReviewFact) -> dict[int, StepStanding]:
    """Where each step stood. Every change of the basis wrote a dossier, so the latest one holds the basis in force."""
    return standings(fact, fact.basis)


def snapshot_at(
    recorded: Recorded, people: People, others: Mapping[int, Row], currency: str, kind: str
) -> Snapshot:
    """The measure as `decide` would have seen it. `others` are the measures it depended on; `kind` is its branch's."""
    measure = recorded.measure
    fields: dict[str, Any] = {name: measure[name] for name in FIELDS}
    predecessors = tuple(
        PredecessorFact(
            others[row["on_measure_id"]]["key"],
            row["stage"],
            others[row["on_measure_id"]]["stage"],
            others[row["on_measure_id"]]["state"],
        )
        for row in recorded.dependencies
        if row["on_measure_id"] in others
    )
    fields["dependencies"] = [fact.key for fact in predecessors]
    fields["measure_package"] = kind == "measure_package"
    spend = measure["vendor_spend"]
    fields["vendor_spend"] = None if spend is None else int(from_minor(spend, currency))
    review = recorded.open_review()
    return Snapshot(
        key=measure["key"],
        stage=measure["stage"],
        state=measure["state"],
        version=measure["version"],
        fields=fields,
        parts={row["part"]: _held(row["person_id"], people) for row in recorded.parts},
        evidence=tuple(_evidence(row) for row in recorded.newest_evidence()),
        milestones=tuple(
            MilestoneFact(
                r["id"], r["name"], r["owner_id"], r["plan_date"], r["actual_date"], bool(r["final"])
            )
            for r in recorded.milestones
        ),
        risks=tuple(
            RiskFact(
                r["id"], r["rating"], r["owner_id"], r["response"] or "", bool(r["blocking"]), bool(r["open"])
            )
            for r in recorded.risks
        ),
        predecessors=predecessors,
        passage_id=recorded.passage_id,
        review=review_fact(recorded, review) if review else None,
    )


def _held(person_id: int, people: People) -> Held:
    row = people.get(person_id)
    return Held(person_id, name_of(people, person_id), bool(row and row["active"]))


def _evidence(row: Row) -> EvidenceFact:
    return EvidenceFact(
        row["kind"], row["evidence_id"], row["id"], row["number"], row["digest"],
        frozenset(p for p in (row["person_id"], row["on_behalf_of"]) if p), row["valid_until"], row["judged"] or "",
        row["passage_id"], row["kind_version"], str(row["values"].get(MILESTONE_FIELD) or ""),
    )  # fmt: skip


def values_at(recorded: Recorded) -> dict[str, int]:
    """The card's value at the sequence, in minor units by currency."""
    return value_of(
        (line["kind"], line["timing"], line["currency"], line["run_rate"]) for line in recorded.lines
    )
