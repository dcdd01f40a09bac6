"""The people of a measure: who holds which part, and what naming others would make collide."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import measure_pages as queries
from govapp.data.people_queries import names_of
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Refused
from govapp.domain.permissions import PARTS, Permission
from govapp.present import measures as words
from govapp.present.duties import part_conflict_words
from govapp.services.parts import AssignParts, assign_parts, assignable, preview_parts
from govapp.web._context import actor, day_at, origin
from govapp.web._hx import see_other
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._pages import show, text_of
from govapp.web.measures._typed import Typed, attempt

P = Permission


def _parts_form(key: str, *, named: dict[str, int | None] | None = None, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        allowed = assignable(actor(), loaded)
        if not allowed:
            raise Refused("no_right", permission=str(P.MEASURE_ASSIGN_PARTS))
        people = queries.people_here(session, loaded.place, day_at(loaded.timezone))
        form = {part: text_of(loaded.place.parts.get(part)) for part in PARTS}
        return {
            "form": form, "people": people, "allowed": allowed, "many": len(people) >= queries.OFFERED,
            "previewed": named is not None, **_collisions(session, loaded, named or {}),
        }  # fmt: skip

    return show(
        key, "measures/parts.html", "overview", read, fragment="measures/_parts_preview.html", **again
    )


def _collisions(session: Session, loaded: Loaded, named: dict[str, int | None]) -> dict[str, Any]:
    """What would collide, in words, when these people are named; faults of single parts by part."""
    changed = {part: person for part, person in named.items() if loaded.place.parts.get(part) != person}
    faults, found = preview_parts(session, loaded, changed, day_at(loaded.timezone))
    names = names_of(session, {each.person for each in found if each.person is not None})
    return {
        "conflicts": [part_conflict_words(each, names) for each in found],
        "part_faults": words.fault_sentences(faults, {}),
    }


def _named(typed: Typed) -> dict[str, int | None]:
    named = {part: typed.person(part) for part in PARTS if part in request.form}
    typed.checked()
    return named


@route(bp, "/measures/<key>/parts", permission=P.MEASURE_VIEW)
def show_parts(key: str) -> Response:
    """Who holds which part."""
    return _parts_form(key)


@route(bp, "/measures/<key>/parts/conflicts", permission=P.MEASURE_VIEW, methods=["POST"])
def preview(key: str) -> Response:
    """What naming these people would make collide; stores nothing."""
    typed = Typed()

    def verb() -> Response:
        return _parts_form(key, named=_named(typed), form=request.form.to_dict())

    answer: Response = attempt(verb, lambda **again: _parts_form(key, **again))
    return answer


@route(bp, "/measures/<key>/parts", permission=P.MEASURE_VIEW, methods=["POST"])
def assign(key: str) -> Response:
    """Store the holders of the parts."""
    typed = Typed()

    def verb() -> Response:
        result = assign_parts(AssignParts(key, typed.version(), _named(typed), origin(), typed.key()))
        noted = " ".join(
            _("Please note: %(rule)s", rule=words.duty_sentence(each)) for each in result.warnings
        )
        return see_other(
            f"/measures/{key}", f"{_('The people of %(key)s are saved.', key=key)} {noted}".strip()
        )

    answer: Response = attempt(verb, lambda **again: _parts_form(key, **again))
    return answer
