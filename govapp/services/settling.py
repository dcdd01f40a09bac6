"""Rebuilding derived data: all of it by command, what has come due by the clock."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement, select

from govapp.data.engine import reading
from govapp.data.measure_queries import due_measures
from govapp.data.measures import Measure
from govapp.data.people import Grant, Role
from govapp.data.reviews import Review, ReviewStep, StepDecider
from govapp.data.snapshots import load_measures
from govapp.data.structure import Branch, Organization
from govapp.domain.events import Event
from govapp.services._money import _rebuild_totals
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing

CHUNK = 100


def settle_all(origin: Origin, progress: Callable[[int, int], None] | None = None) -> int:
    """Settle every measure in chunks, then the sums of every branch; returns how many cards and sums changed.

    That should be none. `progress(done, total)` counts measures.
    """
    with reading() as session:
        ids = list(session.scalars(select(Measure.id).order_by(Measure.id)))
        branches = session.execute(
            select(Branch.id, Organization.currency)
            .join(Organization, Organization.id == Branch.organization_id)
            .order_by(Branch.id)
        ).all()
    changed = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        changed += len(writing(origin, partial(_settle_chunk, ids=chunk, anew=True)))
        if progress:
            progress(min(start + CHUNK, len(ids)), len(ids))
    for branch_id, own in branches:
        changed += writing(origin, partial(_rebuild_totals, branch_id=branch_id, own=own))
    return changed


def settle_organization(origin: Origin, key: str) -> None:
    """Renew what is kept of every measure of an organization, then the sums of its branches: its years have moved."""
    with reading() as session:
        here = select(Organization.id).where(Organization.key == key).scalar_subquery()
        ids = list(
            session.scalars(select(Measure.id).where(Measure.organization_id == here).order_by(Measure.id))
        )
        branches = list(
            session.scalars(select(Branch.id).where(Branch.organization_id == here).order_by(Branch.id))
        )
        own = session.scalar(select(Organization.currency).where(Organization.key == key)) or ""
    plain = replace(origin, on_behalf_of=None)
    for start in range(0, len(ids), CHUNK):
        writing(plain, partial(_settle_chunk, ids=ids[start : start + CHUNK], anew=True))
    for branch_id in branches:
        writing(plain, partial(_rebuild_totals, branch_id=branch_id, own=own))


def settle_in_chunks(origin: Origin, measures: Iterable[int]) -> None:
    """Settle measures by id after a verb that touched what many of them read, CHUNK in a transaction."""
    ids, plain = sorted(set(measures)), replace(origin, on_behalf_of=None)
    for start in range(0, len(ids), CHUNK):
        writing(plain, partial(_settle_chunk, ids=ids[start : start + CHUNK]))


def _settle_chunk(work: Work, ids: list[int], *, anew: bool = False) -> dict[str, list[str]]:
    """Settle, and say in the history what changed by it: open boards find cards by a row's sequence."""
    changed = settle(work, load_measures(work.session, ids, lock=True), anew=anew)
    shown = {key: sorted(set(names) - {"check_at"}) for key, names in changed.items()}
    if any(shown.values()):
        work.log(
            Event.MEASURES_SETTLED,
            {"changed": {key: names for key, names in shown.items() if names}},
            object_type="measure",
        )  # fmt: skip
    return changed


def settle_due(origin: Origin) -> int:
    """Settle measures whose time has come: evidence or a declared status has ended. Returns how many were looked at."""
    with reading() as session:
        ids = due_measures(session, (origin.at or now()) + timedelta(seconds=1))
    if ids:
        writing(origin, lambda work: _settle_chunk(work, sorted(ids)))
    return len(ids)


def settle_named(origin: Origin, organization: str, group: str) -> None:
    """Settle the open reviews of an organization that name a group, after its members have changed."""
    named = Measure.id.in_(_naming("groups", group))
    _settle_reviews(origin, (named, Organization.key == organization))


def settle_granted(origin: Origin, grant_id: int) -> None:
    """Settle the open reviews that name the role of a grant on its branch or below, after it was made or ended."""
    with reading() as session:
        row = session.execute(
            select(Role.key, Branch.path)
            .select_from(Grant)
            .join(Role, Role.id == Grant.role_id)
            .join(Branch, Branch.id == Grant.branch_id)
            .where(Grant.id == grant_id)
        ).first()
    if row is not None:
        named = Measure.id.in_(_naming("roles", row.key))
        _settle_reviews(origin, (named, Branch.path.like(f"{row.path}%")))


def settle_services(origin: Origin, organization: str, services: Iterable[str]) -> None:
    """Settle the open reviews of measures that use one of these services: their tier is part of what is decided on."""
    _settle_reviews(origin, (Measure.service.in_(sorted(services)), Organization.key == organization))


def _naming(kind: str, key: str):  # type: ignore[no-untyped-def]  # a select of ids
    """Ids of the measures of which a step names a role or a group; rows of deciders go when the review ends."""
    return (
        select(Review.measure_id)
        .join(ReviewStep, ReviewStep.review_id == Review.id)
        .join(StepDecider, StepDecider.step_id == ReviewStep.id)
        .where(StepDecider.kind == kind, StepDecider.key == key)
    )


def _settle_reviews(origin: Origin, where: Iterable[ColumnElement[bool]]) -> None:
    """Settle measures with an open review, in chunks and by the program itself, as a consequence of a verb."""
    with reading() as session:
        ids = session.scalars(
            select(Measure.id)
            .join(Review, Review.measure_id == Measure.id)
            .join(Branch, Branch.id == Measure.branch_id)
            .join(Organization, Organization.id == Measure.organization_id)
            .where(Review.state == "open", *where)
            .order_by(Measure.id)
        ).all()
    by_program = replace(origin, person_id=None, on_behalf_of=None)
    for start in range(0, len(ids), CHUNK):
        writing(by_program, partial(_settle_chunk, ids=list(ids[start : start + CHUNK])))
