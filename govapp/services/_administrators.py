"""Keeps the last administrator: somebody active must always be able to grant roles on every organization (R06)."""

from sqlalchemy import select

from govapp.data.actors import in_force
from govapp.data.people import Grant, Person, Role
from govapp.data.runtime import current
from govapp.data.structure import Branch
from govapp.services._work import Work

ADMINISTRATOR = "administrator"


def _is_last_administrator(work: Work, person_id: int, losing: int | None = None) -> bool:
    """Whether some organization would be left without an active administrator at its root.

    `losing`: only this grant goes; else the whole person does.
    """
    # two administrators ending each other at the same moment must queue here
    work.session.execute(select(Role.id).where(Role.key == ADMINISTRATOR).with_for_update())
    today = work.today(current().timezone)
    rows = work.session.execute(
        select(Grant.id, Grant.person_id, Grant.branch_id)
        .join(Role, Role.id == Grant.role_id)
        .join(Person, Person.id == Grant.person_id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(
            Role.key == ADMINISTRATOR, Person.active.is_(True), Branch.parent_id.is_(None), *in_force(today)
        )
    ).all()
    mine = {row.branch_id for row in rows if row.person_id == person_id and losing in {None, row.id}}
    left = {row.branch_id for row in rows if row.person_id != person_id or losing not in {None, row.id}}
    return bool(mine - left)
