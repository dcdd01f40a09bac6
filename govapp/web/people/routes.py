"""Administration of people: the list, one person, and what is done to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data import people_queries as queries
from govapp.data.audit_queries import person_named
from govapp.data.engine import reading
from govapp.domain.errors import GovappError, Invalid, KeyReused, NotFound, Stale, TooMany
from govapp.domain.permissions import Permission
from govapp.present.duties import ConflictWords, conflict_words
from govapp.present.errors import sentences_of
from govapp.services import passwords
from govapp.services._people_rights import managed
from govapp.services.duties import conflicts_of_grant
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.people import (
    AddPerson,
    EditPerson,
    PersonCommand,
    SetPassword,
    add_person,
    disable_person,
    edit_person,
    enable_person,
    set_password,
)
from govapp.services.sessions import EndSession, end_session
from govapp.web._context import actor, moment, origin, today
from govapp.web._errors import STATUS
from govapp.web._fields import day, form_key, number, page_number, text
from govapp.web._hx import page, see_other
from govapp.web._recent_password import password_wanted, require_recent_password
from govapp.web._routes import route

bp = Blueprint("people", __name__)
P = Permission


@route(bp, "/admin", permission=(P.PEOPLE_VIEW, P.GOVERNANCE_VIEW, P.SYSTEM_OPERATE))
def show_admin() -> Response:
    """What there is to administer."""
    return page("people/admin.html")


@route(bp, "/admin/people", permission=P.PEOPLE_VIEW)
def list_people() -> Response:
    """The list: search, filter, sort and paging in the address."""
    return _list()


def _sees_people(path: str) -> bool:
    """Whether the reader may see who holds which role on a branch: one of theirs, or above one, where it counts too.

    Of any other branch not even the name is told (interface.md: 404 also for what you may not know of).
    """
    me = actor()
    return me.grant_for(P.PEOPLE_VIEW, path) is not None or any(
        P.PEOPLE_VIEW in grant.permissions and grant.path.startswith(path) for grant in me.grants
    )


def _list(errors: dict[str, list[str]] | None = None, status: int = 200) -> Response:
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("q", "state", "role", "sort")}
    number_of_page = page_number()
    with reading() as session:
        rows, total = queries.people_page(
            session,
            today(),
            words=asked["q"],
            state=asked["state"],
            role=asked["role"],
            sort=asked["sort"],
            page=number_of_page,
            readable=_sees_people,
        )
        roles = queries.role_choices(session)
        seen = managed(session, actor(), [row.id for row in rows], moment())

    def address(n: int) -> str:
        return "/admin/people?" + urlencode(
            {name: value for name, value in asked.items() if value} | {"page": n}
        )

    return page(
        "people/list.html",
        status=status,
        rows=rows,
        manages=actor().holds_anywhere(P.PEOPLE_MANAGE),
        seen=seen,
        total=total,
        asked=asked,
        roles=roles,
        page_number=number_of_page,
        pages=max(1, -(-total // queries.PAGE)),
        address=address,
        errors=errors or {},
        typed=request.form,
    )


@route(bp, "/admin/people", permission=P.PEOPLE_MANAGE, methods=["POST"])
def add() -> Response:
    """Add a person with a generated password, shown this once."""
    password = passwords.generated()
    try:
        command = AddPerson(origin(), text("email"), text("name"), text("title"), password, form_key())
        person_id = add_person(command)
    except Invalid as error:
        return _list(sentences_of(error), 422)
    except KeyReused as error:
        with reading() as session:
            there = person_named(session, text("email"))
        return _list(sentences_of(error), 409) if there is None else _noted(there)
    return page(
        "people/password_once.html", status=201, person=_person(person_id), password=password, added=True
    )


def _noted(person_id: int) -> Response:
    """The answer to a form sent twice: its password was shown with the first answer, and is known to nobody else."""
    again = _("This was done already. If nobody noted the password that was shown, make a new one.")
    return see_other(f"/admin/people/{person_id}", again)


def _person(person_id: int) -> queries.PersonDetail:
    with reading() as session:
        person = queries.person_detail(session, person_id)
    if person is None:
        raise NotFound("not_found")
    return person


def _show(
    person_id: int,
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
    note: str = "",
    *,
    conflicts: list[ConflictWords] | None = None,
) -> Response:
    me, idle = actor(), timedelta(minutes=current_app.config["GOVAPP"].session_idle_minutes)
    person = _person(person_id)
    with reading() as session:
        grants = queries.grants_of(session, person_id, today())
        branches = queries.branch_choices(session)
        shown: dict[str, Any] = {
            "grants": [
                (grant, me.grant_for(P.ROLE_GRANT, grant.path) is not None)
                for grant in grants
                if _sees_people(grant.path) or person.id == me.id
            ],
            "parts": [
                part
                for part in queries.parts_of(session, person_id)
                if me.grant_for(P.MEASURE_VIEW, part.path)
            ],
            "manages": (manages := bool(managed(session, me, [person_id], moment()))),
            "sessions": queries.sessions_of(session, person_id, moment(), moment() - idle) if manages else (),
            "roles": queries.role_choices(session),
            "branches": [(key, name) for key, name, path in branches if me.grant_for(P.ROLE_GRANT, path)],
        }
    return page(
        "people/person.html",
        fragment="people/_grant_preview.html",
        status=status,
        conflicts=conflicts,
        person=person,
        own=person.id == me.id,
        password_wanted=password_wanted(),
        errors=errors or {},
        note=note,
        typed=request.form,
        **shown,
    )


def _refused(person_id: int, error: GovappError) -> Response:
    """The person's page with the errors at their fields; what was typed stays."""
    found = sentences_of(error, "password" if isinstance(error, TooMany) else "")
    return _show(person_id, found, STATUS[type(error)], note="" if any(found) else found.get("", [""])[0])


@route(bp, "/admin/people/<int:person_id>", permission=P.PEOPLE_VIEW)
def show_person(person_id: int) -> Response:
    """One person: roles, parts, sessions."""
    return _show(person_id)


@route(bp, "/admin/people/<int:person_id>/edit", permission=P.PEOPLE_MANAGE, methods=["POST"])
def edit(person_id: int) -> Response:
    """New name, e-mail, title."""
    try:
        edit_person(
            EditPerson(
                origin(),
                person_id,
                number("version"),
                text("name"),
                text("email"),
                text("title"),
                form_key(),
            )
        )
    except (Invalid, Stale) as error:
        return _refused(person_id, error)
    return see_other(f"/admin/people/{person_id}", _("The changes are saved."))


@route(bp, "/admin/people/<int:person_id>/disable", permission=P.PEOPLE_MANAGE, methods=["POST"])
def disable(person_id: int) -> Response:
    """Close the account; its sessions end at once."""
    return _act(
        person_id,
        lambda: disable_person(PersonCommand(origin(), person_id, form_key())),
        _("The account is disabled."),
    )


@route(bp, "/admin/people/<int:person_id>/enable", permission=P.PEOPLE_MANAGE, methods=["POST"])
def enable(person_id: int) -> Response:
    """Open the account again."""
    return _act(
        person_id,
        lambda: enable_person(PersonCommand(origin(), person_id, form_key())),
        _("The account is enabled again."),
    )


@route(bp, "/admin/people/<int:person_id>/password", permission=P.PEOPLE_MANAGE, methods=["POST"])
def new_password(person_id: int) -> Response:
    """Set a generated password, shown this once; the person's sessions end."""
    password = passwords.generated()
    try:
        require_recent_password()
        set_password(SetPassword(origin(), person_id, password, form_key()))
    except (Invalid, TooMany) as error:
        return _refused(person_id, error)
    except KeyReused:
        return _noted(person_id)
    return page("people/password_once.html", person=_person(person_id), password=password, added=False)


@route(bp, "/admin/people/<int:person_id>/grants", permission=P.ROLE_GRANT, methods=["POST"])
def grant(person_id: int) -> Response:
    """Grant a role on a branch."""
    return _act(
        person_id,
        lambda: grant_role(
            GrantRole(origin(), person_id, text("role"), text("branch"), day("until"), action_key=form_key())
        ),
        _("The role is granted. It works from the next request on."),
    )


@route(bp, "/admin/people/<int:person_id>/grants/conflicts", permission=P.ROLE_GRANT, methods=["POST"])
def preview_grant(person_id: int) -> Response:
    """What the role of the form would make collide; grants nothing."""
    person = _person(person_id)
    try:
        with reading() as session:
            found = conflicts_of_grant(session, person, text("role"), text("branch"), today())
    except Invalid as error:
        return _refused(person_id, error)
    return _show(person_id, conflicts=[conflict_words(each) for each in found])


@route(
    bp, "/admin/people/<int:person_id>/grants/<int:grant_id>/end", permission=P.ROLE_GRANT, methods=["POST"]
)
def end(person_id: int, grant_id: int) -> Response:
    """End a grant."""
    return _act(
        person_id,
        lambda: end_grant(EndGrant(origin(), grant_id, text("reason"), form_key())),
        _("The role has ended. It no longer works from the next request on."),
    )


@route(
    bp,
    "/admin/people/<int:person_id>/sessions/<session_id>/end",
    permission=P.PEOPLE_MANAGE,
    methods=["POST"],
)
def end_their_session(person_id: int, session_id: str) -> Response:
    """End one of the person's sessions."""
    end_session(EndSession(origin(), session_id))
    return see_other(f"/admin/people/{person_id}", _("The session has ended."))


def _act(person_id: int, act: Callable[[], object], done: str) -> Response:
    """Ask for the password where it is wanted, act, and come back to the person's page."""
    try:
        require_recent_password()
        act()
    except (Invalid, TooMany) as error:
        return _refused(person_id, error)
    return see_other(f"/admin/people/{person_id}", done)
