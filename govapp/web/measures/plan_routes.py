"""Pages and forms of plan and risks: milestones, dependencies, risks."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import measure_pages as queries
from govapp.data.snapshots import Loaded
from govapp.domain.permissions import Permission
from govapp.services.plans import (
    AddDependency,
    MilestoneSaved,
    RemoveDependency,
    RemoveMilestone,
    SetMilestone,
    add_dependency,
    remove_dependency,
    remove_milestone,
    save_milestone,
)
from govapp.services.risks import SetRisk, set_risk
from govapp.web._context import actor, day_at, origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._pages import show, text_of
from govapp.web.measures._typed import Typed, attempt

P = Permission


def _chosen(rows: tuple[Any, ...], number: int | None) -> Any:
    """The row to edit: the one named, or the one the address names, or none."""
    asked = request.args.get("edit", "")
    wanted = (
        number
        if number is not None
        else int(asked)
        if asked.isascii() and asked.isdigit() and len(asked) < 16
        else None
    )
    return next((row for row in rows if row["id"] == wanted), None)


def _people(session: Session, loaded: Loaded, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """People to choose as owner, those who are it among them."""
    owners = tuple(each["owner_id"] for each in rows)
    return queries.people_here(session, loaded.place, day_at(loaded.timezone), owners)


def _form_of(row: Any) -> dict[str, str]:
    return {name: text_of(value) for name, value in row.items()} if row else {}


def _plan(key: str, *, number: int | None = None, which: str = "milestone", **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        milestones = queries.milestones(session, loaded.measure.id)
        row = _chosen(milestones, number)
        on, by = queries.dependencies(session, loaded.measure.id, actor())
        people = _people(session, loaded, milestones)
        many = len(people) >= queries.OFFERED
        return {
            "milestones": milestones,
            "row": row,
            "form": _form_of(row),
            "on": on,
            "by": by,
            "people": people,
            "many": many,
        }

    return show(key, "measures/plan.html", "plan", read, which=which, **again)


@route(bp, "/measures/<key>/plan", permission=P.MEASURE_VIEW)
def show_plan(key: str) -> Response:
    """Milestones and dependencies; `edit` names the milestone to change."""
    return _plan(key)


@route(bp, "/measures/<key>/milestones", permission=P.MEASURE_VIEW, methods=["POST"])
def add_milestone(key: str) -> Response:
    """Add a milestone."""
    return _save_milestone(key, None)


@route(bp, "/measures/<key>/milestones/<int:number>", permission=P.MEASURE_VIEW, methods=["POST"])
def change_milestone(key: str, number: int) -> Response:
    """Change a milestone."""
    return _save_milestone(key, number)


def _save_milestone(key: str, number: int | None) -> Response:
    typed = Typed()

    def verb() -> Response:
        command = SetMilestone(
            key,
            typed.text("name"),
            origin(),
            typed.person("owner_id"),
            typed.day("plan_date"),
            typed.day("forecast_date"),
            typed.day("actual_date"),
            typed.flag("final"),
            number,
            typed.version() if number else None,
            typed.key(),
        )
        typed.checked()
        return see_other(f"/measures/{key}/plan", _milestone_said(save_milestone(command)))

    answer: Response = attempt(verb, lambda **again: _plan(key, number=number, **again))
    return answer


def _milestone_said(saved: MilestoneSaved) -> str:
    """That it is saved, and what moved with it."""
    if not saved.shift.lines:
        return str(_("The milestone is saved."))
    lines = ngettext("The forecast of %(num)s line", "The forecast of %(num)s lines", saved.shift.lines)
    months = ngettext("%(num)s month", "%(num)s months", abs(saved.shift.months))
    said = _("The milestone is saved. %(lines)s moved by %(months)s with it; plan and booked amounts stay.",
             lines=lines, months=months)  # fmt: skip
    return str(said)


@route(bp, "/measures/<key>/milestones/<int:number>/removal", permission=P.MEASURE_VIEW, methods=["POST"])
def drop_milestone(key: str, number: int) -> Response:
    """Remove a milestone that is not done."""
    typed = Typed()

    def verb() -> Response:
        remove_milestone(RemoveMilestone(key, number, origin(), typed.version(), typed.key()))
        return see_other(f"/measures/{key}/plan", _("The milestone is removed; its history stays."))

    answer: Response = attempt(verb, lambda **again: _plan(key, which="", **{**again, "form": {}}))
    return answer


@route(bp, "/measures/<key>/dependencies", permission=P.MEASURE_VIEW, methods=["POST"])
def depend(key: str) -> Response:
    """Add a dependency."""
    typed = Typed()

    def verb() -> Response:
        asked = AddDependency(
            key, typed.text("on_key"), typed.text("stage"), origin(), typed.text("note"), typed.key()
        )
        add_dependency(asked)
        return see_other(f"/measures/{key}/plan#dependencies", _("The dependency is saved."))

    answer: Response = attempt(verb, lambda **again: _plan(key, which="dependency", **again))
    return answer


@route(bp, "/measures/<key>/dependencies/<int:number>/removal", permission=P.MEASURE_VIEW, methods=["POST"])
def drop_dependency(key: str, number: int) -> Response:
    """Take a dependency back."""
    typed = Typed()
    remove_dependency(RemoveDependency(key, number, origin(), typed.key()))
    return see_other(f"/measures/{key}/plan#dependencies", _("The dependency is taken back."))


def _risks(key: str, *, number: int | None = None, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        found = queries.risks(session, loaded.measure.id)
        row = _chosen(found, number)
        form = _form_of(row) or {"open": "1"}
        people = _people(session, loaded, found)
        return {
            "found": found,
            "row": row,
            "form": form,
            "people": people,
            "many": len(people) >= queries.OFFERED,
        }

    return show(key, "measures/risks.html", "risks", read, **again)


@route(bp, "/measures/<key>/risks", permission=P.MEASURE_VIEW)
def show_risks(key: str) -> Response:
    """Risks; `edit` names the one to change."""
    return _risks(key)


@route(bp, "/measures/<key>/risks", permission=P.MEASURE_VIEW, methods=["POST"])
def add_risk(key: str) -> Response:
    """Add a risk."""
    return _save_risk(key, None)


@route(bp, "/measures/<key>/risks/<int:number>", permission=P.MEASURE_VIEW, methods=["POST"])
def change_risk(key: str, number: int) -> Response:
    """Change, close or open a risk."""
    return _save_risk(key, number)


def _save_risk(key: str, number: int | None) -> Response:
    typed = Typed()

    def verb() -> Response:
        command = SetRisk(
            key, typed.text("text"), typed.whole("likelihood") or 0, typed.whole("impact") or 0, origin(),
            typed.person("owner_id"), typed.text("response"), typed.flag("blocking"), typed.flag("open"), number,
            typed.version() if number else None, typed.key(),
        )  # fmt: skip
        typed.checked()
        set_risk(command)
        return see_other(f"/measures/{key}/risks", _("The risk is saved."))

    answer: Response = attempt(verb, lambda **again: _risks(key, number=number, **again))
    return answer
