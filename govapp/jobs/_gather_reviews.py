"""The reviews of a measure as a dossier shows them: steps with their votes, as of a log sequence."""

from dataclasses import replace
from typing import Any

from govapp.data.report_queries import Recorded, Row
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ReviewFact, StepFact
from govapp.jobs._gather_clocks import ClocksThen
from govapp.present.findings import stage_name, who_words
from govapp.present.language import gettext as _
from govapp.reports import dossier_data as paper
from govapp.services._report_snapshot import People, name_of, review_fact, standings_of


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
    targets = {step["id"]: step["target_hours"] for step in recorded.steps}
    timed = [
        replace(
            _step(fact, step, row, votes, dossiers, people),
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
        steps=tuple(timed),
    )


def _step(
    fact: ReviewFact, step: StepFact, review: Row, votes: list[Row], dossiers: dict[int, Row], people: People
) -> paper.Step:
    standing = standings_of(fact)[step.id]
    state = standing.state
    if review["state"] != "open" and state in {"open", "waiting"}:
        state = "ended"
    named = [
        who_words(f"{kind[:-1]}:{key}")
        for kind in ("parts", "roles", "groups")
        for key in step.deciders.get(kind, ())
    ]
    mine = [vote for vote in votes if vote["step_id"] == step.id]
    return paper.Step(
        step.name, ", ".join(_bare(name) for name in named), rule_words(step.rule), state,
        tuple(_vote(vote, step.key, fact, dossiers, people) for vote in mine),
    )  # fmt: skip


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
        stale=vote["verdict"] != "comment" and seen["basis_digest"] != fact.basis,
    )


def rule_words(rule: Any) -> str:
    """A step's rule in words: `one decides`, `at least 2`."""
    kind, count = rule.get("type", "any"), rule.get("count") or rule.get("n") or rule.get("percent") or ""
    known = {
        "any": _("one decides"),
        "all": _("all decide"),
        "at_least": _("at least %(n)s", n=count),
        "percent": _("%(n)s percent of the votes", n=count),
    }
    return known.get(kind, str(kind))
