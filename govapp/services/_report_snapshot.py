"""The record of a measure at a sequence as the values rules read: the same functions answer for any past date."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from govapp.data.report_queries import Recorded, Row
from govapp.data.snapshot_query import DROPPED
from govapp.data.snapshots import FIELDS
from govapp.domain.approvals import GRANTED, REFUSED, StepStanding, standings
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
    found = {row[name] for rows in lists for row in rows for name in columns if row.get(name)}
    return found | {one["owner"] for row in recorded.votes for one in row["conditions"]}


def review_fact(recorded: Recorded, review: Row) -> ReviewFact:
    """A review with the steps it still asked for and their votes, on the basis of its latest dossier."""
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
    latest = dossiers[-1] if dossiers else None
    fact = ReviewFact(
        review["id"], review["into"], latest["basis_digest"] if latest else "", latest["number"] if latest else 0,
        review["asked_by"], review["opened_at"],
    )  # fmt: skip
    rows = [row for row in recorded.steps if row["review_id"] == review["id"]]
    told = _told(fact, rows, dossiers, cast)
    last = max([row["at"] for row in dossiers] + [vote.at for _, _, vote in cast], default=None)
    return replace(told, steps=tuple(_decided(step, rows, review, last) for step in told.steps))


def dropped_steps(recorded: Recorded, review: Row) -> list[Row]:
    """Steps of a review that the decision table had ceased to ask for."""
    dossiers = [row for row in recorded.dossiers if row["review_id"] == review["id"]]
    last = max((row["at"] for row in dossiers), default=None)
    return [row for row in recorded.steps if row["review_id"] == review["id"] and _is_dropped(row, last)]


def _is_dropped(row: Row, at: datetime | None) -> bool:
    """A step is dropped in the transaction that writes the next dossier, so by then or never."""
    return row["state"] == DROPPED and at is not None and row["decided_at"] <= at


def _decided(step: StepFact, rows: Sequence[Row], review: Row, last: datetime | None) -> StepFact:
    """What the row says about a decision that had fallen by then; else it is counted from the votes.

    A ballot that was closed, and members who came or went since, are known to the row alone.
    """
    if review["state"] == "passed":
        return replace(step, state=GRANTED)
    row = next(row for row in rows if row["id"] == step.id)
    until = review["ended_at"] or last
    fallen = row["state"] in {GRANTED, REFUSED} and until is not None and row["decided_at"] <= until
    return replace(step, state=row["state"]) if fallen else step


def _step(row: Row) -> StepFact:
    return StepFact(
        row["id"], row["key"], row["name"], row["waits_for"], row["position"], row["rule"], row["deciders"],
        quorum=row["quorum"], veto=row["veto"], sign=row["sign"], attests=row["attests"], needed=row["needed"],
    )  # fmt: skip


def _told(
    fact: ReviewFact, rows: Sequence[Row], dossiers: Sequence[Row], cast: Sequence[tuple[int, int, VoteFact]]
) -> ReviewFact:
    """The review with its votes, and since when each step is open: told again by what opens and decides steps.

    What was made before the next act belongs to the act before it: steps follow their dossier in the log.
    """
    acts: list[tuple[int, datetime, str, int, VoteFact | None]] = [
        (row["seq"], row["at"], row["basis_digest"], 0, None) for row in dossiers
    ]
    acts += [(seq, vote.at, "", step_id, vote) for seq, step_id, vote in cast]
    acts.sort(key=lambda act: act[0])
    basis, known, before = "", {row["id"]: _step(row) for row in rows}, dict[int, str]()
    for n, (_seq, at, given, step_id, vote) in enumerate(acts):
        following = acts[n + 1][0] if n + 1 < len(acts) else None
        basis = given or basis
        if vote and step_id in known:
            known[step_id] = replace(known[step_id], votes=(*known[step_id].votes, vote))
        there = [row["id"] for row in rows if following is None or row["seq"] < following]
        gone = {row["id"] for row in rows if _is_dropped(row, at)}
        fact = replace(fact, steps=tuple(known[i] for i in there if i not in gone))
        states = {i: each.state for i, each in standings(fact, basis).items()}
        for i, state in states.items():
            opens = state == "open" and before.get(i) != "open"
            known[i] = replace(known[i], state=state, opened_at=at if opens else known[i].opened_at)
        fact = replace(fact, steps=tuple(known[step.id] for step in fact.steps))
        before = states
    return replace(fact, steps=tuple(replace(step, state="") for step in fact.steps))


def standings_of(fact: ReviewFact) -> dict[int, StepStanding]:
    """Where each step stood. Every change of the basis wrote a dossier, so the latest one holds the basis in force."""
    found = standings(fact, fact.basis)
    refused = {step.id for step in fact.steps if step.state == REFUSED}
    return {i: replace(each, state=REFUSED) if i in refused else each for i, each in found.items()}


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
