"""Frozen versions and change requests of a measure, as its finance page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from govapp.data.ledger import PlanChange, PlanChangeVote, PlanVersion
from govapp.data.people import Person


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A frozen version: who froze it, when, why; plan totals and run rates by kind and currency in minor units.

    `translated`: plan totals by kind in the organization's currency, at the rates it keeps (`rates`, own ones of 1 left
    out).
    """

    number: int
    cause: str
    by: str
    on_behalf_of: str
    at: datetime
    review_id: int | None
    change_id: int | None
    reason: str
    totals: Mapping[str, Mapping[str, int]]
    run_rates: Mapping[str, Mapping[str, int]]
    translated: Mapping[str, int]
    rates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VoteShown:
    """An approval or refusal of a change request."""

    part: str
    verdict: str
    by: str
    on_behalf_of: str
    at: datetime
    reason: str
    people: frozenset[int | None] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """A change request with its votes."""

    id: int
    state: str
    reason: str
    needs: tuple[str, ...]
    delta: Mapping[str, int]
    asked_by: str
    on_behalf_of: str
    at: datetime
    ended_at: datetime | None
    end_reason: str
    version: int
    votes: tuple[VoteShown, ...] = field(default=())


def versions_of(session: Session, measure_id: int) -> list[VersionShown]:
    """Frozen versions, the newest first."""
    absent = aliased(Person)
    rows = session.execute(
        select(PlanVersion, Person.name, absent.name, PlanChange.reason)
        .outerjoin(Person, Person.id == PlanVersion.person_id)
        .outerjoin(absent, absent.id == PlanVersion.on_behalf_of)
        .outerjoin(PlanChange, PlanChange.id == PlanVersion.change_id)
        .where(PlanVersion.measure_id == measure_id)
        .order_by(PlanVersion.number.desc())
    )
    return [_version(row, by or "", behalf or "", reason or "") for row, by, behalf, reason in rows]


def _version(row: PlanVersion, by: str, behalf: str, reason: str) -> VersionShown:
    totals: dict[str, dict[str, int]] = {}
    run_rates: dict[str, dict[str, int]] = {}
    translated: dict[str, int] = {}
    lines: Mapping[str, Any] = row.lines
    for line, said in lines.items():
        for name, into in (("plan", totals), ("run_rate", run_rates)):
            if said[name] is not None:
                sums = into.setdefault(said["kind"], {})
                sums[said["currency"]] = sums.get(said["currency"], 0) + said[name]
        if line in row.translated:
            translated[said["kind"]] = translated.get(said["kind"], 0) + row.translated[line]
    foreign = {currency: rate for currency, rate in row.rates.items() if rate != "1"}
    return VersionShown(
        row.number, row.cause, by, behalf, row.at, row.review_id, row.change_id, reason, totals, run_rates, translated,
        foreign,
    )  # fmt: skip


def changes_of(session: Session, measure_id: int) -> list[ChangeShown]:
    """Change requests with their votes, the newest first."""
    absent = aliased(Person)
    votes: dict[int, list[VoteShown]] = {}
    cast = (
        select(PlanChangeVote, Person.name, absent.name)
        .join(PlanChange, PlanChange.id == PlanChangeVote.change_id)
        .outerjoin(Person, Person.id == PlanChangeVote.person_id)
        .outerjoin(absent, absent.id == PlanChangeVote.on_behalf_of)
        .where(PlanChange.measure_id == measure_id)
        .order_by(PlanChangeVote.id)
    )
    for vote, by, behalf in session.execute(cast):
        people = frozenset({vote.person_id, vote.on_behalf_of})
        shown = VoteShown(vote.part, vote.verdict, by or "", behalf or "", vote.at, vote.reason, people)
        votes.setdefault(vote.change_id, []).append(shown)
    rows = session.execute(
        select(PlanChange, Person.name, absent.name)
        .outerjoin(Person, Person.id == PlanChange.asked_by)
        .outerjoin(absent, absent.id == PlanChange.on_behalf_of)
        .where(PlanChange.measure_id == measure_id)
        .order_by(PlanChange.id.desc())
    )
    return [
        ChangeShown(
            row.id, row.state, row.reason, tuple(row.needs), row.delta, by or "", behalf or "", row.asked_at,
            row.ended_at, row.end_reason, row.version, tuple(votes.get(row.id, ())),
        )
        for row, by, behalf in rows
    ]  # fmt: skip
