"""Reads My work: measures the person holds a part on, proposals to accept, and what changed in dossiers seen before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from govapp.data.gates import Stage, WorkflowVersion
from govapp.data.measures import Card, Measure, Part
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.data.structure import Branch
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor

PAGE, PROPOSALS = 50, 10
_PERSON: BindParameter[int] = bindparam("person")
MINE, PROPOSAL = "mine", "proposal"


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A measure of the person (MINE) or a proposal (PROPOSAL) with what it waits for; `total`: how many of its list."""

    list: str
    total: int
    key: str
    title: str
    branch: str
    stage: str | None
    state: str
    next_stage: str | None
    missing: int
    waits_for: str
    waits_words: tuple[str, ...]
    waits_whom: tuple[str, ...]
    waits_since: datetime | None
    target_at: datetime | None
    vacant: tuple[str, ...]
    implementation: str
    potential: str
    version_id: int
    version_digest: str


def leads(actor: Actor) -> bool:
    """True for whoever accepts proposals somewhere."""
    return actor.holds_anywhere(Permission.MEASURE_ASSIGN_PARTS)


def my_measures(session: Session, actor: Actor) -> list[WorkRow]:
    """Measures on which the person holds a part, the longest waiting first, then proposals of branches they lead.

    One statement; at most PAGE and PROPOSALS rows. Cancelled, archived and closed measures are left out.
    """
    paths = [grant.path for grant in actor.grants if Permission.MEASURE_ASSIGN_PARTS in grant.permissions]
    # ids in paths are digits: LIKE needs no escape
    values = {"person": actor.id} | {f"path_{n}": f"{path}%" for n, path in enumerate(paths)}
    return [_row(row) for row in session.execute(_measures(len(paths)), values)]


@lru_cache(64)
def _measures(led: int) -> Select[Any]:
    """Made once for each number of branches somebody leads: making it costs more than asking it."""
    found = union_all(select(_mine().subquery()), select(_proposals(led).subquery())).subquery()
    columns: tuple[Any, ...] = (
        found.c.list, found.c.total, Measure.key, Measure.title, Branch.name, Measure.stage, Measure.state,
        Card.next_stage, Card.missing, Card.waits_for, Card.waits_words, Card.waits_whom, Card.waits_since,
        Card.target_at, Card.vacant, Card.implementation, Card.potential, WorkflowVersion.id, WorkflowVersion.digest,
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(found)
        .join(Measure, Measure.id == found.c.id)
        .join(Card, Card.measure_id == Measure.id)
        .join(Branch, Branch.id == Measure.branch_id)
        .join(WorkflowVersion, WorkflowVersion.id == Measure.workflow_version_id)
        .order_by(found.c.list, Card.waits_since.is_(None), Card.waits_since, Measure.id.desc())
    )


def _row(row: Any) -> WorkRow:
    values = list(row)
    values[10], values[11], values[14] = (tuple(values[n] or ()) for n in (10, 11, 14))
    return WorkRow(*values)


def _listed(name: str) -> Any:
    columns = (Measure.id.label("id"), literal(name).label("list"), func.count().over().label("total"))
    return select(*columns).where(Measure.archived.is_(False))


def _mine() -> Any:
    held = select(Part.measure_id).where(Part.person_id == _PERSON)
    ended = (Stage.workflow_version_id == Measure.workflow_version_id) & (Stage.key == Measure.stage)
    return (
        _listed(MINE)
        .join(Card, Card.measure_id == Measure.id)
        .outerjoin(Stage, ended)
        .where(
            Measure.id.in_(held),
            Measure.state != "cancelled",
            func.coalesce(Stage.terminal, false()).is_(False),
        )
        .order_by(Card.waits_since.is_(None), Card.waits_since, Measure.id)
        .limit(PAGE)
    )


def _proposals(led: int) -> Any:
    inside = [Branch.path.like(bindparam(f"path_{n}")) for n in range(led)]
    return (
        _listed(PROPOSAL)
        .where(
            Measure.branch_id.in_(select(Branch.id).where(or_(false(), *inside))), Measure.state == "proposed"
        )
        .order_by(Measure.id.desc())
        .limit(PROPOSALS)
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A review of the inbox: its newest dossier, whether a step asks for a signature, and the dossier voted on before.

    `priced`: the person may see the amounts of the measure. `seen` is the dossier of the person's latest vote on the
    measure, in this review or an earlier one, of `at`; it and `now` are None when they are the same, or it is new.
    """

    review_id: int
    dossier: int
    signs: bool
    priced: bool
    version_id: int
    version_digest: str
    at: datetime | None
    now: Mapping[str, Any] | None
    seen: Mapping[str, Any] | None


def seen_before(session: Session, actor: Actor, review_ids: Iterable[int]) -> dict[int, Seen]:
    """What the person knew of these reviews, in one statement; contents only where there is something to compare."""
    values = {"person": actor.id, "reviews": sorted(set(review_ids))}
    found = {}
    for row in session.execute(_seen(), values):
        priced = bool(row.held) or actor.grant_for(Permission.FINANCE_VIEW, row.path) is not None
        found[row[0]] = Seen(row[0], row[1] or 0, bool(row[2]), priced, *row[3:8])
    return found


@cache
def _seen() -> Select[Any]:
    newest, seen, old = aliased(Dossier), aliased(Dossier), aliased(Dossier)
    other, asked = aliased(Review), aliased(Review)
    # "+ 0" keeps the planner to the few votes on the measure, off the many of the person
    last = (
        select(func.max(Vote.id))
        .join(other, other.id == Vote.review_id)
        .where(other.measure_id == asked.measure_id, Vote.person_id + 0 == _PERSON)
        .correlate(asked)
        .scalar_subquery()
    )
    number = (
        select(func.max(Dossier.number))
        .where(Dossier.review_id == asked.id)
        .correlate(asked)
        .scalar_subquery()
    )
    signs = (
        select(ReviewStep.id)
        .where(ReviewStep.review_id == asked.id, ReviewStep.state == "open")
        .where(or_(ReviewStep.sign.is_(True), ReviewStep.attests != ""))
        .correlate(asked)
        .exists()
    )
    held = select(Part.id).where(Part.measure_id == asked.measure_id, Part.person_id == _PERSON)
    differs = newest.content_digest != seen.content_digest
    columns: tuple[Any, ...] = (
        asked.id, number, signs, WorkflowVersion.id, WorkflowVersion.digest, seen.at, newest.content, old.content,
        Branch.path.label("path"), held.correlate(asked).exists().label("held"),
    )  # fmt: skip
    return (
        select(*columns)
        .select_from(asked)
        .join(WorkflowVersion, WorkflowVersion.id == asked.workflow_version_id)
        .join(Measure, Measure.id == asked.measure_id)
        .join(Branch, Branch.id == Measure.branch_id)
        .outerjoin(Vote, Vote.id == last)
        .outerjoin(seen, seen.id == Vote.dossier_id)
        .outerjoin(newest, (newest.review_id == asked.id) & (newest.number == number) & differs)
        .outerjoin(old, (old.id == seen.id) & newest.id.is_not(None))
        .where(asked.id.in_(bindparam("reviews", expanding=True)))
    )
