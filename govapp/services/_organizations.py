"""The locked row of an organization, for verbs that concern all of it."""

from sqlalchemy import select

from govapp.data.structure import Branch, Organization
from govapp.domain.errors import NotFound
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.services._work import Work


def _locked_organization(work: Work, key: str, permission: Permission) -> tuple[Organization, Branch, str]:
    """The organization with its row locked, its root branch, and the right used on it.

    Raises NotFound, and Refused without the permission on the root.
    """
    row = work.session.execute(
        select(Organization, Branch)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .where(Organization.key == key)
        .with_for_update(of=Organization)
    ).first()
    if row is None:
        raise NotFound("not_found", organization=key)
    organization, root = row
    return organization, root, may(work.actor, permission, Place(root.path, {}, root.id))
