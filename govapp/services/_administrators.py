"""Keeps the last administrator: somebody active must always be able to grant roles on every organization (R06)."""

from sqlalchemy import select

from govapp.data.actors import holds_at
from govapp.data.people import Grant, Person, Role
from govapp.data.structure import Branch, Organization
from govapp.services._work import Work

ADMINISTRATOR = "administrator"


def _is_last_administrator(work: Work, person_id: int, losing: int | None = None) -> bool:
    """Whether some organization would be left without an active administrator at its root.

    `losing`: only this grant goes; else the whole person does.
    """
    # two administrators ending each other at the same moment must queue here
    work.session.execute(select(Role.id).where(Role.key == ADMINISTRATOR).with_for_update())
    found = work.session.execute(
        select(
            Grant.id, Grant.person_id, Grant.branch_id, Grant.from_day, Grant.until_day,
            Organization.timezone.label("zone"),
        )
        .join(Role, Role.id == Grant.role_id)
        .join(Person, Person.id == Grant.person_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .join(Organization, Organization.id == Branch.organization_id)
        .where(Role.key == ADMINISTRATOR, Person.active.is_(True))
        .where(Branch.parent_id.is_(None), Grant.ended_at.is_(None))
    )  # fmt: skip
    rows = [row for row in found if holds_at(row, work.at)]
    mine = {row.branch_id for row in rows if row.person_id == person_id and losing in {None, row.id}}
    left = {row.branch_id for row in rows if row.person_id != person_id or losing not in {None, row.id}}
    return bool(mine - left)
