"""The first start: one-time token, administrator, organization, rules. The rest goes through the ordinary verbs."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select, update

from govapp.data.gates import Workflow
from govapp.data.people import Role, SetupToken
from govapp.data.people_queries import anybody
from govapp.data.setup_queries import DONE, founder
from govapp.data.structure import Branch, Setting
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import GrantHeld, Place, may
from govapp.services import passwords
from govapp.services._administrators import ADMINISTRATOR
from govapp.services._people_rights import _may_anywhere
from govapp.services._work import Origin, Work, writing
from govapp.services.governance import _install_roles, _install_set, read_set
from govapp.services.grants import _make_grant
from govapp.services.people import _clean, _make_person
from govapp.services.sessions import Opened, _open_session
from govapp.services.structure import AddOrganization, _add_organization

TOKEN_LIVES = timedelta(hours=24)
FOUNDING = "founding"


@dataclass(frozen=True, slots=True)
class OpenSetup:
    """The token from the command line, and who the first administrator is."""

    origin: Origin
    token: str
    email: str
    name: str
    password: str
    lifetime: timedelta
    agent: str = ""


def make_setup_token(origin: Origin) -> str:
    """A one-time token for the first administrator, good for a day; earlier ones end.

    Raises Refused when somebody is there.
    """
    token = secrets.token_urlsafe(24)
    writing(origin, lambda work: _make_token(work, token))
    return token


def open_setup(command: OpenSetup) -> Opened:
    """Use the token: add the first administrator and sign in. Raises Invalid by field."""
    writing(command.origin, lambda work: _good_token(work, command.token))
    name, email = _clean(command.name, command.email)
    passwords.require_good(command.password, name, email, field="password")
    hashed = passwords.hash_of(command.password)

    def body(work: Work) -> Opened:
        _good_token(work, command.token).used_at = work.at
        person_id = _make_person(work, name, email, "", hashed, FOUNDING)
        return _open_session(work, person_id, command.lifetime, command.agent, "setup")

    return writing(command.origin, body)


def found_organization(command: AddOrganization) -> int:
    """Install the standard roles, add the organization, make the founder its administrator; returns the root's id.

    Only the person who was added first may, and only while there is no organization. Raises Refused, Invalid by field.
    """
    return writing(command.origin, lambda work: _found(work, command))


def install_standard_rules(origin: Origin, root: str) -> None:
    """Install the standard set and let the organization's root branch use it. Needs `governance:activate`."""
    data = read_set()
    writing(origin, lambda work: _use_rules(work, data, root))


def finish_setup(origin: Origin) -> None:
    """Note that the first steps are done, so that nothing leads there any more. Needs `people:manage`."""

    def body(work: Work) -> None:
        _may_anywhere(work, Permission.PEOPLE_MANAGE)
        work.session.merge(Setting(key=DONE, value="1"))

    writing(origin, body)


def _make_token(work: Work, token: str) -> None:
    if not work.actor.is_system or anybody(work.session):
        raise Refused("setup_over")
    work.session.execute(update(SetupToken).where(SetupToken.used_at.is_(None)).values(used_at=work.at))
    work.session.add(SetupToken(digest=_digest(token), made_at=work.at))


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()


def _good_token(work: Work, token: str) -> SetupToken:
    """The token's row, locked. Raises Refused once somebody is there, Invalid when it is unknown, used or old."""
    if anybody(work.session):
        raise Refused("setup_over")
    row = work.session.scalar(select(SetupToken).where(SetupToken.digest == _digest(token)).with_for_update())
    if row is None or row.used_at is not None or row.made_at + TOKEN_LIVES < work.at:
        raise Invalid("not_saved", {"token": ["setup_token"]})
    return row


def _found(work: Work, command: AddOrganization) -> int:
    if work.actor.id is None or founder(work.session) != work.actor.id:
        raise Refused("setup_over")
    rights = frozenset({Permission.GOVERNANCE_ACTIVATE, Permission.SYSTEM_OPERATE})
    work.actor = work.voice = replace(work.actor, grants=(GrantHeld(FOUNDING, 0, "/", rights),))
    _install_roles(work, read_set())
    work.session.flush()
    added = _add_organization(work, command)
    role = work.session.scalar(select(Role).where(Role.key == ADMINISTRATOR))
    root = work.session.get_one(Branch, added.id)
    if role is None:
        raise NotFound("not_found")
    _make_grant(work, work.actor.id or 0, role, root, None, None, FOUNDING)
    return root.id


def _use_rules(work: Work, data: dict[str, object], root: str) -> None:
    branch = work.session.scalar(
        select(Branch).where(Branch.key == root, Branch.parent_id.is_(None)).with_for_update()
    )
    if branch is None:
        raise NotFound("not_found")
    right = may(work.actor, Permission.GOVERNANCE_ACTIVATE, Place(branch.path, {}, branch.id))
    installed = _install_set(work, data)
    if branch.workflow_id is not None:
        return
    branch.workflow_id = work.session.scalars(
        select(Workflow.id).where(Workflow.key == installed.workflow)
    ).one()
    branch.version += 1
    changes = {"workflow": [None, installed.workflow]}
    work.log(
        Event.BRANCH_EDITED,
        {"changes": changes},
        right=right,
        object_type="branch",
        object_id=branch.key,
        branch_id=branch.id,
    )
