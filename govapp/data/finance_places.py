"""Organizations whose rates and closed months a person may see."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from govapp.data.measures import Measure, Part
from govapp.data.structure import Branch, Organization
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor


@dataclass(frozen=True, slots=True)
class FinancePlace:
    """An organization; `whole`: the person sees the money of all of it, `confirms`: may close months and set rates."""

    id: int
    key: str
    name: str
    currency: str
    timezone: str
    whole: bool
    confirms: bool


def home_among(session: Session, actor: Actor, places: Mapping[int, bool]) -> int | None:
    """Of organizations by id the one that the person works in; None of none.

    First where they confirm amounts of all of it (so says the mapping), then where they hold most parts of measures,
    then the one that was there first.
    """
    if len(places) < 2:
        return next(iter(places), None)
    held = dict(
        session.execute(
            select(Measure.organization_id, func.count())
            .join(Part, Part.measure_id == Measure.id)
            .where(Part.person_id == actor.id, Measure.organization_id.in_(list(places)))
            .group_by(Measure.organization_id)
        ).all()
    )
    return min(places, key=lambda each: (not places[each], -held.get(each, 0), each))


def finance_places(session: Session, actor: Actor) -> list[FinancePlace]:
    """Organizations in which the person sees money somewhere, by name."""
    rows = session.execute(
        select(Organization, Branch.path)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .order_by(Organization.name, Organization.id)
    )
    return [
        FinancePlace(
            row.id, row.key, row.name, row.currency, row.timezone,
            actor.grant_for(Permission.FINANCE_VIEW, path) is not None,
            actor.grant_for(Permission.FINANCE_CONFIRM, path) is not None,
        )
        for row, path in rows
        if any(Permission.FINANCE_VIEW in each.permissions and each.path.startswith(path) for each in actor.grants)
    ]  # fmt: skip
