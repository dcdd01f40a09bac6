"""The reviews of a measure as a dossier shows them: steps with their votes, as of a log sequence."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from govapp.data.report_queries import Recorded, Row
from govapp.domain.approvals import VOTES
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ReviewFact, StepFact
from govapp.jobs._gather_branch import waits_of
from govapp.jobs._gather_clocks import ClocksThen
from govapp.present.findings import stage_name, who_words
from govapp.present.reviews import condition_words, rule_words
from govapp.reports import dossier_data as paper
from govapp.services._report_snapshot import People, dropped_steps, name_of, review_fact, standings_of


def waits_shown(
    recorded: Recorded, rules: Rules, people: People, clocks: ClocksThen
) -> tuple[paper.Waiting, ...]:
    """What the open review of an active measure waits for, whom, since when, against which target."""
    if recorded.measure["state"] != "active":
        return ()
    waits = waits_of(recorded, people, rules, clocks)
    return tuple(paper.Waiting(w.what, w.whom, w.since, w.hours, w.worked) for w in waits if w.since)


def reviews_shown(
    recorded: Recorded, rules: Rules, people: People, clocks: ClocksThen
) -> tuple[paper.Review, ...]:
    """All reviews, oldest first."""
    return tuple(_review(recorded, row, rules, people, clocks) for row in recorded.reviews)


def _review(recorded: Recorded, row: Row, rules: Rules, people: People, clocks: ClocksThen) -> paper.Review:
    fact = review_fact(recorded, row)
    dossiers = {d["id"]: d for d in recorded.dossiers if d["review_id"] == row["id"]}
    digests = [d["content_digest"] for d in dossiers.values()]
    votes = [vote for vote in recorded.votes if vote["review_id"] == row["id"]]
    because = {step["id"]: says(rules, step["because"]) for step in recorded.steps}
    targets = {step["id"]: step["target_hours"] for step in recorded.steps}
    timed = [
        replace(
            _step(fact, step, row, votes, dossiers, people, because),
            hours=targets.get(step.id),
            worked=clocks.worked(recorded.measure["id"], step.id, step.opened_at),
        )
        for step in fact.steps
    ]
    return paper.Review(
        number=row["id"],
        into=stage_name(rules, row["into"]),
        state=row["state"],
        asked_by=name_of(people, row["asked_by"]),
        opened_at=row["opened_at"],
        dossiers=fact.dossier,
        dossier_digest=digests[-1] if digests else "",
        ended_at=row["ended_at"],
        reason=row["reason"] or "",
        steps=tuple(timed)
        + tuple(_dropped(each, fact, votes, dossiers, people) for each in dropped_steps(recorded, row)),
    )


def says(rules: Rules, because: Iterable[str]) -> tuple[str, ...]:
    """What the rows of the decision table say that asked for a step."""
    rows = {row.key: row.says for row in rules.table}
    return tuple(said for key in because if (said := rows.get(key, "")))


def _step(
    fact: ReviewFact, step: StepFact, review: Row, votes: list[Row], dossiers: dict[int, Row], people: People,
    because: dict[int, tuple[str, ...]],
) -> paper.Step:  # fmt: skip
    state = standings_of(fact)[step.id].state
    if review["state"] != "open" and state in {"open", "waiting"}:
        state = "ended"
    mine = [vote for vote in votes if vote["step_id"] == step.id]
    return paper.Step(
        step.name, _deciders(step.deciders), rule_words(step.rule, step.quorum, veto=step.veto), state,
        tuple(_vote(vote, step.key, fact, dossiers, people) for vote in mine), because.get(step.id, ()),
    )  # fmt: skip


def _dropped(
    row: Row, fact: ReviewFact, votes: list[Row], dossiers: dict[int, Row], people: People
) -> paper.Step:
    """A step that was asked for on an earlier dossier only."""
    mine = [vote for vote in votes if vote["step_id"] == row["id"]]
    return paper.Step(
        row["name"], _deciders(row["deciders"]), rule_words(row["rule"], row["quorum"], veto=row["veto"]), "dropped",
        tuple(_vote(vote, row["key"], fact, dossiers, people) for vote in mine),
    )  # fmt: skip


def _deciders(deciders: Mapping[str, Any]) -> str:
    named = (f"{kind[:-1]}:{key}" for kind in ("parts", "roles", "groups") for key in deciders.get(kind, ()))
    return ", ".join(_bare(who_words(one)) for one in named)


def _bare(words: str) -> str:
    """`sponsor (nobody yet)` names the part; who held it stands with the vote."""
    return words.partition(" (")[0]


def _vote(vote: Row, key: str, fact: ReviewFact, dossiers: dict[int, Row], people: People) -> paper.Vote:
    seen = dossiers[vote["dossier_id"]]  # the dossier a vote saw is on record before it
    return paper.Vote(
        name=name_of(people, vote["person_id"]),
        verdict=vote["verdict"],
        at=vote["at"],
        on_behalf_of=name_of(people, vote["on_behalf_of"]),
        reason=vote["reason"] or "",
        meaning="" if vote["meaning"] == key else vote["meaning"] or "",
        dossier=seen["number"],
        stale=vote["verdict"] in VOTES and seen["basis_digest"] != fact.basis,
        signed=vote["signed_name"],
        conditions=tuple(condition_words(one, name_of(people, one["owner"])) for one in vote["conditions"]),
    )
