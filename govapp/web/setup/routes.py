"""The first start, step by step: administrator, organization, rules, first program, people."""

from datetime import timedelta

from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.setup_queries import FirstStart, first_start, founder, token_waits
from govapp.domain.errors import Invalid
from govapp.domain.permissions import Permission
from govapp.present.errors import sentences_of
from govapp.present.structure import month_choices
from govapp.present.zones import zones
from govapp.services.setup import (
    OpenSetup,
    finish_setup,
    found_organization,
    install_standard_rules,
    open_setup,
)
from govapp.services.structure import AddBranch, AddOrganization, add_branch
from govapp.web._context import origin
from govapp.web._door import enter
from govapp.web._fields import form_key, number, secret, text
from govapp.web._hx import page, see_other
from govapp.web._identity import current_actor
from govapp.web._routes import route
from govapp.web._signed_out import answer_signed_out

bp = Blueprint("setup", __name__)


def _state() -> FirstStart:
    with reading() as session:
        return first_start(session)


def _show(errors: dict[str, list[str]] | None = None, status: int = 200) -> Response:
    state, actor = _state(), current_actor()
    with reading() as session:
        first, waits = founder(session), token_waits(session)
    template = "setup/administrator.html" if state.step == "administrator" else "setup/steps.html"
    return page(
        template,
        status=status,
        state=state,
        waits=waits,
        may_found=actor is not None and actor.id == first,
        errors=errors or {},
        typed=request.form,
        month_choices=month_choices(),
        zones=[(zone, zone.replace("_", " ")) for zone in zones()],
    )


@route(bp, "/setup", permission=Permission.PUBLIC)
def show_setup() -> Response:
    """The next step; from the second on only for who is signed in."""
    if _state().step != "administrator" and current_actor() is None:
        return answer_signed_out()
    return _show()


@route(bp, "/setup", permission=Permission.PUBLIC, methods=["POST"])
def make_administrator() -> Response:
    """The token from the command line makes the first administrator and signs in."""
    lifetime, agent = (
        timedelta(hours=current_app.config["GOVAPP"].session_hours),
        request.headers.get("User-Agent", ""),
    )
    try:
        opened = open_setup(
            OpenSetup(
                origin(), text("token"), text("email"), text("name"), secret("password"), lifetime, agent
            )
        )
    except Invalid as error:
        return _show(sentences_of(error), 422)
    enter(opened)
    return see_other("/setup", _("You are signed in as the first administrator."))


@route(bp, "/setup/organization", permission=Permission.SIGNED_IN, methods=["POST"])
def make_organization() -> Response:
    """The organization with its currency, fiscal year and zone."""
    try:
        found_organization(
            AddOrganization(
                origin(),
                text("name"),
                text("key"),
                text("currency").upper(),
                number("fiscal_month"),
                text("timezone"),
                text("key_prefix").upper(),
            )
        )
    except Invalid as error:
        return _show(sentences_of(error), 422)
    return see_other("/setup", _("The organization is set up, and you are its administrator."))


@route(bp, "/setup/workflow", permission=Permission.GOVERNANCE_ACTIVATE, methods=["POST"])
def choose_rules() -> Response:
    """The standard stages, gates and evidence forms."""
    install_standard_rules(origin(), _state().root)
    return see_other("/setup", _("The gates are in force."))


@route(bp, "/setup/program", permission=Permission.STRUCTURE_EDIT, methods=["POST"])
def make_program() -> Response:
    """The first program under the organization."""
    try:
        add_branch(AddBranch(origin(), "program", text("name"), _state().root, action_key=form_key()))
    except Invalid as error:
        return _show(sentences_of(error), 422)
    return see_other("/setup", _("The program is there."))


@route(bp, "/setup/done", permission=Permission.PEOPLE_MANAGE, methods=["POST"])
def finish() -> Response:
    """Nothing leads here any more."""
    finish_setup(origin())
    return see_other("/", _("Everything is ready."))
