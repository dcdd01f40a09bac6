"""Rates of exchange of an organization: plan rates with their days, actual ones by month, corrections, whole tables."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.rate_queries import RateShown, currencies_used, months_without_rate, rate_table, rates_shown
from govapp.domain.errors import Invalid, KeyReused, Stale
from govapp.domain.exchange import ACTUAL, PLAN
from govapp.domain.number_text import NumberRefused
from govapp.domain.permissions import Permission
from govapp.domain.rate_text import RateFault, read_day, read_rate, read_rates
from govapp.present.errors import sentence_of, sentences_of
from govapp.services.rates import SetRates, seen_name, set_rates
from govapp.web._context import day_at, origin
from govapp.web._fields import form_key, text
from govapp.web._hx import page, see_other
from govapp.web._numbers import whole
from govapp.web._routes import route
from govapp.web.finance._bp import bp
from govapp.web.finance._places import chosen

P = Permission
KINDS = (PLAN, ACTUAL)
LONGEST = 200_000
MARKS = (".", ",")
# what the page knows of a form that was refused
_FRESH: dict[str, Any] = {
    "errors": {}, "typed": {}, "problem": "", "places_of_faults": (), "pasted": "", "table_errors": {},
}  # fmt: skip


@route(bp, "/finance/rates", permission=P.FINANCE_VIEW)
def show_rates() -> Response:
    """The rates as they stand; `correct` names the one whose form is open (`plan:2026-01-01:USD`)."""
    return _show()


@route(bp, "/finance/rates", permission=P.FINANCE_CONFIRM, methods=["POST"])
def save_rate() -> Response:
    """Add or correct one rate."""
    try:
        command = _one()
        changed = set_rates(command)
    except (Invalid, Stale, KeyReused) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _show(errors=_by_field(error), typed=request.form, status=status)
    return _saved(command.organization, changed)


@route(bp, "/finance/rates/table", permission=P.FINANCE_CONFIRM, methods=["POST"])
def save_table() -> Response:
    """Take a pasted or uploaded table over, all of it or nothing."""
    organization, kind = text("organization", 100), text("kind", 10)
    upload = request.files.get("file")
    said = upload.read().decode("utf-8-sig", "replace") if upload and upload.filename else ""
    said = said or request.form.get("table", "")[:LONGEST]
    mark = request.form.get("mark", ".")
    found = read_rates(said, mark if mark in MARKS else ".")
    if found.faults:
        return _show(
            problem=sentence_of("rates_faults"), places_of_faults=_told(found.faults), pasted=said, status=422
        )
    try:
        command = SetRates(
            origin(),
            organization,
            _kind(kind),
            found.days,
            request.form.get("reason", ""),
            action_key=form_key(),
        )
        changed = set_rates(command)
    except (Invalid, KeyReused) as error:
        sentences = sentences_of(error, "table")
        listed = [f"{name}: {' '.join(each)}" for name, each in sentences.items() if ":" in name]
        return _show(
            problem=sentence_of(error.code) if listed else " ".join(s for each in sentences.values() for s in each),
            places_of_faults=listed, pasted=said, table_errors=sentences, typed=request.form, status=422,
        )  # fmt: skip
    return _saved(organization, changed)


def _one() -> SetRates:
    kind, currency = _kind(text("kind", 10)), text("currency", 3).upper()
    day = read_day(text("day", 10))
    faults: dict[str, list[str]] = {}
    if day is None:
        faults["day"] = ["month_form" if kind == ACTUAL else "day_form"]
    rate = Decimal(0)
    try:
        mark = text("mark", 1)
        rate = read_rate(text("rate", 40), mark if mark in MARKS else ".")
    except NumberRefused as refused:
        faults["rate"] = [refused.code]
    if faults or day is None:
        raise Invalid("not_saved", faults)
    seen = {seen_name(day, currency): text("seen", 40)} if "seen" in request.form else {}
    days = {day: {currency: rate}}
    reason = request.form.get("reason", "")
    return SetRates(origin(), text("organization", 100), kind, days, reason, seen, form_key())


def _kind(said: str) -> str:
    if said not in KINDS:
        raise Invalid("not_saved", {"kind": ["unknown_choice"]})
    return said


def _by_field(error: Invalid | Stale | KeyReused) -> dict[str, list[str]]:
    """Faults by field of the form of one rate: those named by day and currency belong to the currency or the rate."""
    found: dict[str, list[str]] = {}
    for name, sentences in sentences_of(error, "rate").items():
        field = name if ":" not in name else "currency"
        found.setdefault(field, []).extend(sentences)
    return found


def _told(faults: list[RateFault]) -> list[str]:
    return [
        _("Row %(row)s, column %(column)s (%(value)s): %(why)s", row=each.row, column=each.column,
          value=each.value or _("empty"), why=sentence_of(each.code))
        for each in faults[:100]
    ]  # fmt: skip


def _saved(organization: str, changed: int) -> Response:
    said = (
        ngettext("%(num)s rate saved.", "%(num)s rates saved.", changed)
        if changed
        else _("Nothing was changed.")
    )
    return see_other(f"/finance/rates?organization={organization}", said)


def _show(*, status: int = 200, **again: Any) -> Response:
    """The page; `again` says what a refused form held and why."""
    with reading() as session:
        place, places = chosen(session)
        if place is None:
            return page("finance/nothing.html")
        rates = rates_shown(session, place.id)
        used = [each for each in currencies_used(session, place.id) if each != place.currency]
        unrated = months_without_rate(session, place.id, place.currency)
        table = rate_table(session, place.id)
    today = day_at(place.timezone)
    year = whole(request.values.get("year")) or today.year
    actual = {(each.currency, each.from_day): each for each in rates if each.kind == ACTUAL}
    return page(
        "finance/rates.html", status=status, place=place, organizations=places,
        plan=[each for each in rates if each.kind == PLAN], actual=actual,
        currencies=sorted({*used, *(each.currency for each in rates)}),
        months=[date(year, month, 1) for month in range(1, 13)] if 1 <= year <= 9999 else [], year=year,
        unplanned=[each for each in used if not table.knows(each, today)], unrated=unrated,
        correcting=_correcting(rates), today=today, **_FRESH | again,
    )  # fmt: skip


def _correcting(rates: list[RateShown]) -> RateShown | None:
    """The rate that the address names for correction."""
    kind, _colon, name = request.args.get("correct", "").partition(":")
    return next(
        (each for each in rates if each.kind == kind and seen_name(each.from_day, each.currency) == name),
        None,
    )
