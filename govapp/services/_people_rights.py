"""Who may look after whom: people stand on no branch of their own, so those of their grants and parts decide."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.actors import is_over
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant
from govapp.data.structure import Branch, Organization
from govapp.domain.errors import Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.services._work import Work


def _may_anywhere(work: Work, permission: Permission) -> str:
    """The grant that gives the permission on some branch. Raises Refused when there is none."""
    if work.actor.is_system:
        return "system"
    for grant in work.actor.grants:
        if permission in grant.permissions:
            return f"role:{grant.role}@{grant.branch_id}"
    raise Refused("no_right", permission=str(permission))


def _may_manage(work: Work, person_id: int) -> str:
    """The right to manage a person. Raises Refused when there is none, or when the person stands elsewhere too."""
    right = _may_anywhere(work, Permission.PEOPLE_MANAGE)
    if not managed(work.session, work.actor, [person_id], work.at):
        raise Refused("person_elsewhere", permission=str(Permission.PEOPLE_MANAGE))
    return right


def managed(
    session: Session,
    actor: Actor,
    people: Collection[int],
    at: datetime,
    permission: Permission = Permission.PEOPLE_MANAGE,
) -> frozenset[int]:
    """Those of the people whom the actor manages: the permission reaches every branch on which they hold a part, or a
    grant that is in force or to come.

    Without this an administrator of one program could disable or take over the administrator of the whole.
    """
    if actor.is_system:
        return frozenset(people)
    reach = [grant.path for grant in actor.grants if permission in grant.permissions]
    if not reach:
        return frozenset()
    branches = session.execute(select(Branch.id, Branch.path))
    outside = [row.id for row in branches if not row.path.startswith(tuple(reach))]
    if not outside:  # as for most administrators: nothing anybody holds lies elsewhere
        return frozenset(people)
    granted = (
        select(Grant.person_id, Grant.until_day, Organization.timezone.label("zone"))
        .join(Branch, Branch.id == Grant.branch_id)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Grant.person_id.in_(people), Grant.ended_at.is_(None), Branch.id.in_(outside))
    )
    by_part = (
        select(Part.person_id)
        .join(Measure, Measure.id == Part.measure_id)
        .where(Part.person_id.in_(people), Measure.branch_id.in_(outside))
        .distinct()
    )
    elsewhere = {row.person_id for row in session.execute(granted) if not is_over(row, at)}
    return frozenset(people) - elsewhere - set(session.scalars(by_part))
