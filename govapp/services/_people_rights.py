"""Who may look after whom: people stand on no branch of their own, so those of their grants and parts decide."""

from sqlalchemy import select

from govapp.data.actors import is_over
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant
from govapp.data.structure import Branch, Organization
from govapp.domain.errors import Refused
from govapp.domain.permissions import Permission
from govapp.services._work import Work


def _may_anywhere(work: Work, permission: Permission) -> str:
    """The grant that gives the permission on some branch. Raises Refused when there is none."""
    if work.actor.is_system:
        return "system"
    for grant in work.actor.grants:
        if permission in grant.permissions:
            return f"role:{grant.role}@{grant.branch_id}"
    raise Refused("no_right", permission=str(permission))


def _may_manage(work: Work, person_id: int, permission: Permission = Permission.PEOPLE_MANAGE) -> str:
    """The right to manage a person: the permission must reach every branch on which the person holds a part or a grant
    that is in force or to come.

    Without this an administrator of one program could disable or take over the administrator of the whole.
    """
    right = _may_anywhere(work, permission)
    if work.actor.is_system:
        return right
    granted = (
        select(Branch.path, Grant.until_day, Organization.timezone.label("zone"))
        .join(Grant, Grant.branch_id == Branch.id)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Grant.person_id == person_id, Grant.ended_at.is_(None))
    )
    by_part = (
        select(Branch.path)
        .join(Measure, Measure.branch_id == Branch.id)
        .join(Part, Part.measure_id == Measure.id)
        .where(Part.person_id == person_id)
    )
    paths = {row.path for row in work.session.execute(granted) if not is_over(row, work.at)}
    for path in paths.union(work.session.scalars(by_part)):
        if work.actor.grant_for(permission, path) is None:
            raise Refused("person_elsewhere", permission=str(permission))
    return right
