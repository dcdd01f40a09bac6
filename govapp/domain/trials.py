"""A version of the rules tried on a past decision: what it would answer, and how that differs from the record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from govapp.domain.asks import Ask, askers_of
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.gates import decide
from govapp.domain.migration import STAGE_MISSING, StepAt, compare_steps, steps_into
from govapp.domain.replay import answer_to_json
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ReviewFact, Snapshot, StepFact, VoteFact
from govapp.domain.table import path_for

Holders = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was recorded: what was read and asked, on which day, by which right and person."""

    given: Snapshot
    ask: Ask
    day: date
    right: str
    actor_id: int | None
    holders: Holders | None
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """How an answer differs from the recorded one: outcome and goal of each, findings by key and code, steps."""

    outcome: tuple[str, str]
    to: tuple[str | None, str | None]
    newly_unmet: tuple[tuple[str, str], ...] = ()
    newly_met: tuple[tuple[str, str], ...] = ()
    steps_added: tuple[StepAt, ...] = ()
    steps_removed: tuple[StepAt, ...] = ()
    steps_moved: tuple[tuple[StepAt, StepAt], ...] = ()

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        return (
            self.outcome[0] == self.outcome[1]
            and self.to[0] == self.to[1]
            and not (
                self.newly_unmet
                or self.newly_met
                or self.steps_added
                or self.steps_removed
                or self.steps_moved
            )
        )


def answer_again(rules: Rules, past: Recorded) -> dict[str, Any]:
    """What the rules of then answer to the same question: exactly the record, or the record cannot be trusted."""
    decision = decide(rules, past.given, past.ask, past.day, right=past.right, holders=past.holders)
    return answer_to_json(rules, past.given, decision)


def try_on(old: Rules, new: Rules, past: Recorded) -> Otherwise:
    """How the new rules would have answered a past question, against the recorded answer.

    Votes that counted then count again, at the steps that both versions have. A right counts where the new rules let
    its holder ask; roles and groups beside the one used are not in the record.
    """
    before = past.answer
    if past.given.stage is not None and past.given.stage not in new.order:
        return Otherwise((before["outcome"], STAGE_MISSING), (before["to"], None))
    given = under(old, new, past.given)
    right = past.right if may_still_ask(new, past) else None
    decision = decide(new, given, past.ask, past.day, right=right, holders=_known(new, past))
    after = answer_to_json(new, given, decision)
    findings_before = {key: (met, code) for key, met, code in before["findings"]}
    findings_after = {key: (met, code) for key, met, code in after["findings"]}
    return Otherwise(
        (before["outcome"], after["outcome"]),
        (before["to"], after["to"]),
        tuple(
            (key, code)
            for key, (met, code) in findings_after.items()
            if not met and findings_before.get(key, (True, ""))[0]
        ),
        tuple(
            (key, code)
            for key, (met, code) in findings_before.items()
            if not met and findings_after.get(key, (True, ""))[0]
        ),
        *compare_steps(_steps(old, before["steps"]), _path(new, after, given)),
    )


def _known(rules: Rules, past: Recorded) -> Holders | None:
    """Who held roles and groups then, where the record has all that the new path names; else only parts count."""
    into = past.ask.stage
    if past.holders is None or into is None or into not in rules.gates:
        return past.holders
    named = {
        f"{kind[:-1]}:{key}"
        for chosen in path_for(rules, into, past.given)
        for kind in ("roles", "groups")
        for key in chosen.step.deciders.get(kind, ())
    }
    return past.holders if named <= past.holders.keys() else None


def _steps(rules: Rules, recorded: list[Any]) -> tuple[StepAt, ...]:
    return tuple(
        StepAt(key, rules.steps[key].name if key in rules.steps else key, order) for key, order in recorded
    )


def _path(rules: Rules, answer: Mapping[str, Any], given: Snapshot) -> tuple[StepAt, ...]:
    return steps_into(rules, answer["to"], given) if answer["steps"] else ()


def may_still_ask(rules: Rules, past: Recorded) -> bool:
    """True when the right used, or a part the asker held, lets them ask under these rules too."""
    askers = askers_of(rules, past.ask.kind, past.given.stage)
    held = {part for part, holder in past.given.parts.items() if holder.person_id == past.actor_id}
    if past.right == "system":
        return True
    if held & set(askers.not_parts):
        return False
    if not askers.names_somebody or held & set(askers.parts):
        return True
    kind, _colon, key = past.right.partition(":")
    named = {"part": askers.parts, "role": askers.roles, "group": askers.groups}.get(kind, ())
    return key.partition("@")[0] in named


def under(old: Rules, new: Rules, given: Snapshot) -> Snapshot:
    """The snapshot as it would stand under other rules: an open review has the steps of their table.

    Votes that counted on the basis of then count on the new one; those that were stale stay stale.
    """
    review = given.review
    if review is None or review.into not in new.gates or review.into not in old.gates:
        return given
    counted = digest_of(basis_of(old, old.gates[review.into], given))
    steps = {step.key: step for step in review.steps}
    placed = tuple(
        _placed(chosen.step, steps.get(chosen.step.key)) for chosen in path_for(new, review.into, given)
    )
    moved = replace(given, review=replace(review, steps=placed))
    basis = digest_of(basis_of(new, new.gates[review.into], moved))
    return replace(moved, review=_rebased(replace(review, steps=placed), counted, basis))


def _placed(rule: Any, known: StepFact | None) -> StepFact:
    """A step of the new path; where the review had it already, with its votes and people."""
    fresh = StepFact(
        0, rule.key, rule.name, rule.waits_for, rule.order, rule.rule, rule.deciders, quorum=rule.quorum,
        veto=rule.veto,
    )  # fmt: skip
    if known is None:
        return fresh
    return replace(
        fresh,
        id=known.id,
        votes=known.votes,
        opened_at=known.opened_at,
        named=known.named,
        electors=known.electors,
    )


def _rebased(review: ReviewFact, counted: str, basis: str) -> ReviewFact:
    steps = []
    for number, step in enumerate(review.steps, 1):
        votes = tuple(_vote(vote, counted, basis) for vote in step.votes)
        steps.append(replace(step, id=step.id or -number, votes=votes))
    return replace(review, basis=basis, steps=tuple(steps))


def _vote(vote: VoteFact, counted: str, basis: str) -> VoteFact:
    if vote.basis == counted:
        return replace(vote, basis=basis)
    return replace(vote, basis="stale") if vote.basis == basis else vote
