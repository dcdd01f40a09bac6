"""Roles held on branches: granting and ending them, with the duties kept apart (R06, R07)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from govapp.data.actors import in_force
from govapp.data.duties import duties_in_force
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant, Group, GroupMember, Person, Role
from govapp.data.structure import Branch, Organization
from govapp.domain.duties import AUDITOR, ROLE, forbidding, role_conflicts
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.services._administrators import _is_last_administrator
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work
from govapp.services.settling import settle_granted


@dataclass(frozen=True, slots=True)
class GrantRole:
    """A role for a person on a branch, inherited downward, until a day (included) or without end."""

    origin: Origin
    person_id: int
    role: str
    branch: str
    until: date | None = None
    since: date | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class EndGrant:
    """End a grant now."""

    origin: Origin
    grant_id: int
    reason: str = ""
    action_key: str = ""


def grant_role(command: GrantRole) -> int:
    """Grant a role; returns the grant's id. Needs `role:grant` on the branch; works from the next request on (R07).

    Raises Refused for one's own roles, Invalid by field for an unknown role or branch, a day in the past, a role held
    already, or one that the duty matrix keeps apart from another; an auditor holds no part and sits in no group.
    """
    grant = int(writing_once(command, lambda work: {"id": _grant_role(work, command)})["id"])
    settle_granted(command.origin, grant)
    return grant


def end_grant(command: EndGrant) -> None:
    """End a grant. Needs `role:grant` on its branch. Raises Refused for one's own and for the last administrator's."""
    writing_once(command, lambda work: _end_grant(work, command))
    settle_granted(command.origin, command.grant_id)


def _grant_role(work: Work, command: GrantRole) -> int:
    session = work.session
    branch = session.scalar(select(Branch).where(Branch.key == command.branch))
    role = session.scalar(select(Role).where(Role.key == command.role))
    errors = {} if role else {"role": ["unknown_choice"]}
    if branch is None or branch.archived:
        errors["branch"] = ["unknown_choice"]
    if branch is None or role is None or errors:
        raise Invalid("not_saved", errors)
    right = may(work.actor, Permission.ROLE_GRANT, Place(branch.path, {}, branch.id))
    person = session.get(Person, command.person_id, with_for_update=True)
    if person is None:
        raise NotFound("not_found")
    if person.id == work.actor.id:
        raise Refused("own_roles")
    today = work.today(_zone_of(work, branch))
    if command.until is not None and command.until < max(today, command.since or today):
        raise Invalid("not_saved", {"until": ["day_past"]})
    _refuse_conflicts(work, person, role, branch)
    grant = _make_grant(work, person.id, role, branch, command.since, command.until, right)
    return grant.id


def _zone_of(work: Work, branch: Branch) -> str:
    return work.session.get_one(Organization, branch.organization_id).timezone


def _refuse_conflicts(work: Work, person: Person, role: Role, branch: Branch) -> None:
    """Raise Invalid when the role is held there already, or when one held in the same organization excludes it."""
    not_ended, _, not_over = in_force(work.today(_zone_of(work, branch)))  # one that begins later counts too
    held = work.session.execute(
        select(Role.key, Grant.branch_id)
        .join(Grant, Grant.role_id == Role.id)
        .join(Branch, Branch.id == Grant.branch_id)
        .where(
            Grant.person_id == person.id,
            Branch.organization_id == branch.organization_id,
            not_ended,
            not_over,
        )
    ).all()
    if any(row.key == role.key and row.branch_id == branch.id for row in held):
        raise Invalid("not_saved", {"role": ["role_held"]})
    against = forbidding(role_conflicts(duties_in_force(work.session), {row.key for row in held}, role.key))
    if against:
        held_one = against[0].other.removeprefix(ROLE)
        raise Invalid(
            "not_saved", {"role": ["role_conflict"]}, held=held_one, asked=role.key, reason=against[0].reason
        )
    if role.key == AUDITOR and _holds_part(work, person.id, branch.organization_id):
        raise Invalid("not_saved", {"role": ["auditor_holds_part"]})
    if role.key == AUDITOR and _in_a_group(work, person.id, branch.organization_id):
        raise Invalid("not_saved", {"role": ["auditor_in_group"]})


def _holds_part(work: Work, person_id: int, organization_id: int) -> bool:
    """True when the person holds a part on a measure of the organization: who takes part cannot audit."""
    statement = select(Part.id).join(Measure, Measure.id == Part.measure_id)
    mine = statement.where(Part.person_id == person_id, Measure.organization_id == organization_id)
    return work.session.scalar(mine.limit(1)) is not None


def _in_a_group(work: Work, person_id: int, organization_id: int) -> bool:
    """True when the person sits in a group of the organization: its members decide."""
    statement = select(GroupMember.id).join(Group, Group.id == GroupMember.group_id)
    mine = statement.where(GroupMember.person_id == person_id, GroupMember.ended_at.is_(None))
    return work.session.scalar(mine.where(Group.organization_id == organization_id).limit(1)) is not None


def _make_grant(
    work: Work, person_id: int, role: Role, branch: Branch, since: date | None, until: date | None, right: str
) -> Grant:
    grant = Grant(
        person_id=person_id,
        role_id=role.id,
        branch_id=branch.id,
        from_day=since,
        until_day=until,
        granted_by=work.actor.id,
        granted_at=work.at,
    )
    work.session.add(grant)
    work.session.flush()
    payload = {
        "person": person_id,
        "role": role.key,
        "branch": branch.key,
        "from": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
    }
    work.log(
        Event.ROLE_GRANTED,
        payload,
        right=right,
        object_type="person",
        object_id=str(person_id),
        branch_id=branch.id,
    )
    return grant


def _end_grant(work: Work, command: EndGrant) -> None:
    grant = work.session.get(Grant, command.grant_id, with_for_update=True)
    branch = work.session.get(Branch, grant.branch_id) if grant else None
    if grant is None or branch is None:
        raise NotFound("not_found")
    right = may(work.actor, Permission.ROLE_GRANT, Place(branch.path, {}, branch.id))
    if grant.person_id == work.actor.id:
        raise Refused("own_roles")
    if grant.ended_at is not None:
        return
    if _is_last_administrator(work, grant.person_id, grant.id):
        raise Refused("last_administrator")
    grant.ended_at = work.at
    role = work.session.get_one(Role, grant.role_id)
    payload = {
        "person": grant.person_id,
        "role": role.key,
        "branch": branch.key,
        "reason": command.reason.strip()[:500],
    }
    work.log(
        Event.ROLE_ENDED,
        payload,
        right=right,
        object_type="person",
        object_id=str(grant.person_id),
        branch_id=branch.id,
    )
