"""Calendars of working time under Admin."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.calendar_pages import CalendarShown, OrganizationCalendars, organization_calendars
from govapp.data.engine import reading
from govapp.data.working_calendars import calendar_of, holiday_places, named_holidays
from govapp.domain.errors import Invalid, NotFound, Stale
from govapp.domain.permissions import Permission
from govapp.present.calendars import Preview, country_names, day_names, preview, week_words
from govapp.present.errors import sentences_of
from govapp.present.zones import zones
from govapp.services.calendars import set_calendar
from govapp.web._context import actor, moment
from govapp.web._errors import STATUS
from govapp.web._hx import page, see_other
from govapp.web._routes import route
from govapp.web.calendars.forms import command_of, stored, typed

bp = Blueprint("calendars", __name__)
P = Permission


@route(bp, "/admin/calendars", permission=P.GOVERNANCE_VIEW)
def list_calendars() -> Response:
    """The calendars of every organization the person may see, with their hours and what each counts for."""
    shown = [one for one in _organizations() if _reads(one)]
    return page("calendars/list.html", organizations=shown, edits=_edits, week_words=week_words)


@route(bp, "/admin/calendars/<organization>/new", permission=P.SYSTEM_OPERATE)
def new(organization: str) -> Response:
    """The form of a new calendar."""
    return _form(_organization(organization), None, stored(_organization(organization), None))


@route(bp, "/admin/calendars/<organization>/new", permission=P.SYSTEM_OPERATE, methods=["POST"])
def add(organization: str) -> Response:
    """Add a calendar."""
    found = _organization(organization)
    try:
        key = set_calendar(command_of(organization))
    except Invalid as error:
        return _form(found, None, typed(), sentences_of(error), 422)
    return see_other(f"/admin/calendars/{organization}/{key}", _("The calendar is added."))


@route(bp, "/admin/calendars/<organization>/<key>", permission=P.GOVERNANCE_VIEW)
def show(organization: str, key: str) -> Response:
    """One calendar: what it means from now on, and the form for whoever may change it."""
    found = _organization(organization)
    row = _row(found, key)
    return _form(found, row, stored(found, row))


@route(bp, "/admin/calendars/<organization>/<key>", permission=P.SYSTEM_OPERATE, methods=["POST"])
def change(organization: str, key: str) -> Response:
    """Change a calendar."""
    found = _organization(organization)
    row = _row(found, key)
    try:
        set_calendar(command_of(organization, key))
    except (Invalid, Stale) as error:
        return _form(found, row, typed(), sentences_of(error), STATUS[type(error)])
    return see_other(f"/admin/calendars/{organization}/{key}", _("The changes are saved."))


def _organizations(*keys: str) -> list[OrganizationCalendars]:
    with reading() as session:
        return organization_calendars(session, keys or None)


def _organization(key: str) -> OrganizationCalendars:
    found = [one for one in _organizations(key) if _reads(one)]
    if not found:
        raise NotFound("not_found")
    return found[0]


def _row(organization: OrganizationCalendars, key: str) -> CalendarShown:
    found = organization.calendar(key)
    if found is None:
        raise NotFound("not_found")
    return found


def _reads(organization: OrganizationCalendars) -> bool:
    """Whether the person may read the rules anywhere in the organization: its hours bind them too."""
    return any(
        P.GOVERNANCE_VIEW in grant.permissions and grant.path.startswith(organization.path)
        for grant in actor().grants
    )


def _edits(organization: OrganizationCalendars) -> bool:
    return actor().grant_for(P.SYSTEM_OPERATE, organization.path) is not None


def _preview(row: CalendarShown) -> Preview:
    calendar = calendar_of(
        row.key, row.timezone, row.days, row.hours, row.closed, row.country, row.subdivision
    )
    this_year = moment().year
    known = [named_holidays(row.country, row.subdivision, year) for year in (this_year, this_year + 1)]
    return preview(calendar, [day for year in known for day in year.items()], moment())


def _form(
    organization: OrganizationCalendars,
    row: CalendarShown | None,
    values: dict[str, Any],
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> Response:
    places = holiday_places()
    return page(
        "calendars/calendar.html",
        status=status,
        organization=organization,
        row=row,
        values=values,
        errors=errors or {},
        edits=_edits(organization),
        preview=_preview(row) if row else None,
        zones=[(zone, zone.replace("_", " ")) for zone in zones()],
        days=day_names(),
        week_words=week_words,
        countries=country_names(list(places)),
        subdivisions=places.get(values.get("country", ""), ()),
    )
