"""Judging evidence: who may accept or return a revision, and every reason why somebody may not (R03)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from govapp.domain.evidence_kinds import EvidenceKind, Judge
from govapp.domain.snapshot import EvidenceFact, Snapshot

ACCEPT, RETURN = "accept", "return"
STATES = {ACCEPT: "accepted", RETURN: "returned"}
NOT_NAMED, OWN, FOR_ME, OWNER = "judge_not_named", "judge_submitted", "judge_submitted_for", "judge_owner"
EMERGENCY, NO_RIGHT, ROLE_ENDED = "judge_emergency", "judge_no_right", "judge_role_ended"
LOOKBACK_KIND = "lookback-report"


@dataclass(frozen=True, slots=True)
class Named:
    """A person whom a kind names as judge, as what (`part:controller`, `role:...`, `group:...`).

    `right`: whether they hold `evidence:judge` there.
    """

    person_id: int
    name: str
    by: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class Judges:
    """Who may judge a revision by name, and who is named and may not, each with the reasons.

    `vacant` holds what the kind names and nobody holds: `part:controller`, `group:risk-reviewers`.
    """

    may: tuple[Named, ...] = ()
    barred: tuple[tuple[Named, tuple[str, ...]], ...] = ()
    vacant: tuple[str, ...] = ()

    @property
    def dead_end(self) -> bool:
        """True when nobody can judge it as things stand."""
        return not self.may


def waits_for_judge(kind: EvidenceKind | None, fact: EvidenceFact) -> bool:
    """True when the kind has its evidence judged and this revision has not been."""
    return kind is not None and kind.judged and not fact.judged


def named_as(
    judge: Judge | None, parts: AbstractSet[str], roles: AbstractSet[str], groups: AbstractSet[str]
) -> str:
    """As what a kind names somebody who holds these parts, roles and groups; '' when it does not."""
    if judge is None:
        return ""
    for kind, keys, held in (
        ("part", judge.parts, parts), ("role", judge.roles, roles), ("group", judge.groups, groups),
    ):  # fmt: skip
        found = next((key for key in keys if key in held), None)
        if found is not None:
            return f"{kind}:{found}"
    return ""


@dataclass(frozen=True, slots=True)
class Handed:
    """Who handed a revision in, on whose behalf, and whose act it looks back on (an emergency advance)."""

    submitter: int
    submitted_for: int | None = None
    acted: frozenset[int] = frozenset()


def why_not(people: AbstractSet[int], named: str, handed: Handed, owner: int | None) -> tuple[str, ...]:
    """Every reason why these people (who acts, and for whom) may not judge a revision; empty when they may.

    Never the submitter nor on whose behalf it was handed in, never the owner of the measure (product.md, Words: judge;
    duty matrix: submit-judge, emergency-lookback). A deputy is bound by the conflicts of both.
    """
    reasons = [] if named else [NOT_NAMED]
    if handed.submitter in people:
        reasons.append(OWN)
    if handed.submitted_for is not None and handed.submitted_for in people:
        reasons.append(FOR_ME)
    if owner is not None and owner in people:
        reasons.append(OWNER)
    if handed.acted & people:
        reasons.append(EMERGENCY)
    return tuple(reasons)


def judges_of(
    judge: Judge | None, named: Mapping[str, tuple[Named, ...]], handed: Handed, snapshot: Snapshot
) -> Judges:
    """Who can judge a revision, of those who hold what its kind names (`named`, by `part:...`, `role:...`)."""
    keys = _keys(judge)
    may: dict[int, Named] = {}
    barred: dict[int, tuple[Named, tuple[str, ...]]] = {}
    for key in keys:
        for one in named.get(key, ()):
            reasons = why_not({one.person_id}, one.by, handed, snapshot.owner_id)
            reasons = reasons or (() if one.right else (NO_RIGHT,))
            if reasons:
                barred.setdefault(one.person_id, (one, reasons))
            else:
                may.setdefault(one.person_id, one)
    vacant = tuple(key for key in keys if not named.get(key))
    return Judges(tuple(may.values()), tuple(barred.values()), vacant)


def _keys(judge: Judge | None) -> list[str]:
    if judge is None:
        return []
    named = (("part", judge.parts), ("role", judge.roles), ("group", judge.groups))
    return [f"{kind}:{key}" for kind, keys in named for key in keys]
