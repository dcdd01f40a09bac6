"""Who stands in for whom: one's own absences, and those of others for whoever names deputies."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data import deputy_queries as queries
from govapp.data.engine import reading
from govapp.data.people_queries import person_detail
from govapp.domain.errors import Invalid, KeyReused, Stale
from govapp.domain.permissions import Permission
from govapp.present import deputies as words
from govapp.present.duties import conflict_words
from govapp.present.errors import sentence_of, sentences_of
from govapp.services._people_rights import managed
from govapp.services.deputies import (
    AbsencePreview,
    EndDeputy,
    SetDeputy,
    end_deputy,
    preview_absence,
    set_deputy,
)
from govapp.web._context import actor, moment, origin, today
from govapp.web._errors import STATUS
from govapp.web._fields import day, form_key, number, page_number, text
from govapp.web._hx import page, see_other
from govapp.web._routes import route

bp = Blueprint("deputies", __name__)
P = Permission
OWN, ALL = "/account/deputies", "/admin/deputies"


def _typed_command(person_id: int) -> SetDeputy:
    """The absence of the form. Raises Invalid by field."""
    missing = {name: ["required"] for name in ("deputy", "from_day", "until_day") if not text(name)}
    if missing:
        raise Invalid("not_saved", missing)
    first, last = day("from_day"), day("until_day")
    kinds = tuple(request.form.getlist("kinds"))
    if first is None or last is None or not kinds:
        raise Invalid("not_saved", {"kinds": ["required"]})
    return SetDeputy(
        origin(), person_id, number("deputy"), first, last, kinds, text("reason", 500), form_key()
    )


def _shown(
    errors: dict[str, list[str]], preview: AbsencePreview | None, note: str, usual: int | str = ""
) -> dict[str, Any]:
    """What the form shows: as typed, else the deputy of last time."""
    typed = {
        name: request.form.get(name, "") for name in ("person", "deputy", "from_day", "until_day", "reason")
    }
    typed["deputy"] = typed["deputy"] or str(usual)
    if preview is not None:
        for fault in preview.faults:
            errors.setdefault(fault.place, []).append(sentence_of(fault.code, fault.values))
    return {
        "errors": errors, "typed": typed, "note": note, "words": words, "previewed": preview is not None,
        "ticked": request.form.getlist("kinds") or [key for key, _name, _about in words.kind_choices()],
        "conflicts": [conflict_words(each) for each in preview.conflicts] if preview else [],
    }  # fmt: skip


Show = Callable[..., Response]


def _own(
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
    *,
    preview: AbsencePreview | None = None,
    note: str = "",
) -> Response:
    me = actor().id or 0
    with reading() as session:
        rows = queries.absences_of(session, me)
        around = [number for number, _zone in queries.organizations_around(session, me, today())]
        people = [row for row in queries.people_around(session, around, today()) if row[0] != me]
    return page(
        "deputies/own.html", fragment="deputies/_preview.html", status=status,
        mine=[row for row in rows if row.person_id == me], theirs=[row for row in rows if row.deputy_id == me],
        people=people, may_set=actor().holds_anywhere(P.DEPUTY_SET_OWN), action=OWN,
        **_shown(errors or {}, preview, note, usual=next((row.deputy_id for row in rows if row.person_id == me), "")),
    )  # fmt: skip


def _all(
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
    *,
    preview: AbsencePreview | None = None,
    note: str = "",
) -> Response:
    everything, n = bool(request.args.get("all")), page_number()
    with reading() as session:
        rows, total = queries.absences_page(session, today(), None, all_of_them=everything, page=n)
        reach = {grant.branch_id for grant in actor().grants if P.DEPUTY_MANAGE in grant.permissions}
        people = queries.people_around(session, queries.organizations_of_branches(session, reach), today())
        mine = managed(session, actor(), [row.person_id for row in rows], moment(), P.DEPUTY_MANAGE)
    return page(
        "deputies/all.html", fragment="deputies/_preview.html", status=status, rows=rows,
        total=total, page_number=n, pages=max(1, -(-total // queries.PAGE)), people=people, mine=mine,
        everything=everything, address=lambda k: f"{ALL}?{'all=1&' if everything else ''}page={k}", action=ALL,
        **_shown(errors or {}, preview, note),
    )  # fmt: skip


def _answer(act: Callable[[], Response], show: Show) -> Response:
    """The act's answer, or the page with the errors at their fields and what was typed."""
    try:
        return act()
    except (Invalid, Stale, KeyReused) as error:
        found = sentences_of(error)
        return show(found, STATUS[type(error)], note=found.get("", [""])[0])


def _looked_at(person_id: int, show: Show) -> Response:
    with reading() as session:
        preview = preview_absence(session, _typed_command(person_id), actor())
    return show(preview=preview)


@route(bp, OWN, permission=P.SIGNED_IN)
def show_own() -> Response:
    """Who stands in for me, and for whom do I."""
    return _own()


@route(bp, OWN, permission=P.DEPUTY_SET_OWN, methods=["POST"])
def set_own() -> Response:
    """Name a deputy for oneself."""

    def act() -> Response:
        set_deputy(_typed_command(actor().id or 0))
        return see_other(OWN, _("Your deputy is named and was told."))

    return _answer(act, _own)


@route(bp, f"{OWN}/conflicts", permission=P.DEPUTY_SET_OWN, methods=["POST"])
def preview_own() -> Response:
    """What the absence of the form would make collide; sets nothing."""
    return _answer(lambda: _looked_at(actor().id or 0, _own), _own)


@route(bp, f"{OWN}/<int:absence_id>/end", permission=P.SIGNED_IN, methods=["POST"])
def end_own(absence_id: int) -> Response:
    """End an absence of one's own, or the standing in for somebody."""
    return _answer(lambda: _ended(absence_id, OWN), _own)


def _ended(absence_id: int, back: str) -> Response:
    end_deputy(EndDeputy(origin(), absence_id, number("version"), text("reason", 500), form_key()))
    return see_other(back, _("The absence has ended. What waits goes back to the person themselves."))


@route(bp, ALL, permission=P.DEPUTY_MANAGE)
def show_all() -> Response:
    """Absences of everybody, and the form to name a deputy for somebody."""
    return _all()


@route(bp, ALL, permission=P.DEPUTY_MANAGE, methods=["POST"])
def set_for() -> Response:
    """Name a deputy for somebody."""

    def act() -> Response:
        set_deputy(_typed_command(_person()))
        return see_other(ALL, _("The deputy is named. Both were told."))

    return _answer(act, _all)


def _person() -> int:
    """The absent person of the form. Raises Invalid when there is nobody."""
    if not text("person"):
        raise Invalid("not_saved", {"person": ["required"]})
    chosen = number("person")
    with reading() as session:
        if person_detail(session, chosen) is None:
            raise Invalid("not_saved", {"person": ["unknown_choice"]})
    return chosen


@route(bp, f"{ALL}/conflicts", permission=P.DEPUTY_MANAGE, methods=["POST"])
def preview_for() -> Response:
    """What the absence of the form would make collide; sets nothing."""
    return _answer(lambda: _looked_at(_person(), _all), _all)


@route(bp, f"{ALL}/<int:absence_id>/end", permission=P.DEPUTY_MANAGE, methods=["POST"])
def end_for(absence_id: int) -> Response:
    """End somebody's absence."""
    return _answer(lambda: _ended(absence_id, ALL), _all)
