"""The page of a measure's operating figures: promises, readings, why a target is missed, checks after closing."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from govapp.data import kpi_queries as queries
from govapp.data.snapshots import Loaded
from govapp.data.sustain_queries import checks_of
from govapp.domain.errors import Invalid
from govapp.domain.kpis import (
    DECIMALS,
    EXPLANATION_LEAST,
    mean_of_last,
    month_of,
    read_readings,
    read_table,
    value_of,
)
from govapp.domain.number_text import NumberRefused, read_number, write_number
from govapp.domain.permissions import Permission
from govapp.domain.rights import right_of
from govapp.domain.sustain import proposed_days
from govapp.present import kpi_words
from govapp.present.chart_kpi import LAST, kpi_chart
from govapp.services._confirming import may_confirm
from govapp.services.grid_files import table_of
from govapp.services.kpi_explanations import ExplainGap, SignExplanation, explain_gap, sign_explanation
from govapp.services.kpis import RemoveMeasureKpi, SetMeasureKpi, remove_measure_kpi, set_measure_kpi
from govapp.services.readings import SetReadings, set_readings
from govapp.services.sustain import (
    SetSustainDates,
    is_closed,
    lost_in,
    may_set_days,
    reopens,
    set_sustain_dates,
)
from govapp.web._context import actor, day_at, origin
from govapp.web._hx import see_other
from govapp.web._recent_password import password_wanted, require_recent_password
from govapp.web._routes import route
from govapp.web.measures._bp import bp
from govapp.web.measures._pages import show
from govapp.web.measures._typed import Typed, attempt

P = Permission
SHOWN_MONTHS = 12


def months_back(today: date, count: int) -> list[date]:
    """First days of so many months up to this one, oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(place // 12, place % 12 + 1, 1) for place in range(last - count + 1, last + 1)]


def shown(units: int | None) -> str:
    """A kept value as a form shows it."""
    return "" if units is None else write_number(value_of(units))


def _view(promise: queries.Promise, since: date | None, months: list[date]) -> dict[str, Any]:
    """A figure with its chart and the cells of its grid."""
    known = {each.month: each for each in promise.readings}
    series = [(each.month, each.value) for each in promise.readings]
    mean = mean_of_last([("", value) for _month, value in series], LAST)
    missed = mean is not None and promise.target is not None and not _reached(promise, mean)
    return {
        "own": promise,
        "chart": kpi_chart(
            promise.name, promise.unit, promise.better, series, promise.baseline, promise.target, since
        ),
        "mean": mean,
        "missed": missed,
        "cells": [
            (month, shown(known[month].value) if month in known else "", known.get(month)) for month in months
        ],
    }


def _reached(promise: queries.Promise, mean: Decimal) -> bool:
    target = promise.target or 0
    return mean >= target if promise.better == "higher" else mean <= target


def _page(key: str, *, which: str = "", number: int | None = None, **again: Any) -> Response:
    def read(session: Session, loaded: Loaded) -> dict[str, Any]:
        today, rules = day_at(loaded.timezone), loaded.rules
        measure, after = loaded.measure, rules.effects.sustain.after_months
        entered = (
            queries.entered_at(session, measure.id, rules.stages[-2].key) if len(rules.stages) > 1 else None
        )
        checks = checks_of(session, measure.id)
        days = [date.fromisoformat(day) for day in measure.sustain_dates] or proposed_days(today, after)
        open_days = [check.due for check in checks if check.state == "due"]
        closed = is_closed(loaded)
        promises = queries.promises_of(session, measure.id)
        ended = loaded.snapshot.state == "cancelled" or measure.archived
        return {
            "figures": [
                _view(each, entered.date() if entered else None, months_back(today, SHOWN_MONTHS))
                for each in promises
            ],
            "offered": queries.offered(session, measure.organization_id, measure.id),
            "may_edit": not ended and right_of(actor(), P.KPI_EDIT, loaded.place) is not None,
            "may_import": any(P.KPI_IMPORT in grant.permissions for grant in actor().grants),
            "may_sign": not ended and may_confirm(actor(), loaded),
            "may_days": not ended and may_set_days(actor(), loaded),
            "days": sorted(open_days) if closed else days,
            "days_set": bool(measure.sustain_dates),
            "after": after,
            "checks": checks,
            "lost": {check.id: lost_in(session, loaded, check.revision_id) for check in checks},
            "reopens": lambda lost: reopens(rules, lost),
            "kind": rules.effects.sustain.kind,
            "closed": closed,
            "which": which,
            "number": number,
            "least": EXPLANATION_LEAST,
            "shown": shown,
            "figure_words": kpi_words,
            "me": actor().id,
            "password_wanted": password_wanted(),
        }

    return show(key, "measures/kpi.html", "kpi", read, **again)


@route(bp, "/measures/<key>/kpi", permission=P.MEASURE_VIEW)
def show_kpi(key: str) -> Response:
    """Operating figures of a measure and its checks after closing."""
    return _page(key)


@route(bp, "/measures/<key>/kpi", permission=P.MEASURE_VIEW, methods=["POST"])
def add_kpi(key: str) -> Response:
    """Judge the measure by a figure that is there, or by a new one."""
    return _save(key, None)


@route(bp, "/measures/<key>/kpi/<int:number>", permission=P.MEASURE_VIEW, methods=["POST"])
def change_kpi(key: str, number: int) -> Response:
    """Change baseline and target."""
    return _save(key, number)


def _value(typed: Typed, name: str) -> Decimal | None:
    return typed.amount(name, "")


def _save(key: str, number: int | None) -> Response:
    typed = Typed()

    def verb() -> Response:
        command = SetMeasureKpi(
            key, origin(), _value(typed, "baseline"), _value(typed, "target"), typed.whole("kpi_id"),
            typed.text("name"), typed.text("unit"), typed.text("source"), typed.text("better"), number,
            typed.version() if number else None, typed.key(),
        )  # fmt: skip
        typed.checked()
        set_measure_kpi(command)
        return see_other(f"/measures/{key}/kpi", _("The operating figure is saved."))

    answer: Response = attempt(verb, lambda **again: _page(key, which="figure", number=number, **again))
    return answer


@route(bp, "/measures/<key>/kpi/<int:number>/removal", permission=P.MEASURE_VIEW, methods=["POST"])
def drop_kpi(key: str, number: int) -> Response:
    """Judge the measure by this figure no longer."""
    typed = Typed()
    remove_measure_kpi(RemoveMeasureKpi(key, number, origin(), typed.key()))
    return see_other(f"/measures/{key}/kpi", _("The figure is taken off. Its readings stay."))


def typed_readings(typed: Typed) -> tuple[dict[date, Decimal | None], dict[date, Decimal | None]]:
    """What was typed into the months of the grid where it differs from what was shown, and what was shown there."""
    given: dict[date, Decimal | None] = {}
    seen: dict[date, Decimal | None] = {}
    for name in request.form:
        month = month_of(name) if len(name) == len("2026-05") else None
        if month is None:
            continue
        value, before = typed.amount(name, ""), _before(request.form.get(f"seen-{name}", ""))
        if name not in typed.faults and value != before:
            given[month], seen[month] = value, before
    return given, seen


def _before(text: str) -> Decimal | None:
    try:
        return read_number(text, DECIMALS) if text.strip() else None
    except NumberRefused as error:
        raise Invalid("readings_invalid") from error


def pasted_readings() -> dict[date, Decimal | None]:
    """Months and values of the file that was sent, else of the text. Raises Invalid on `block`, with every bad row."""
    upload = request.files.get("file")
    if upload and upload.filename:
        found = read_table(table_of(upload.stream.read()))
    else:
        found = read_readings(request.form.get("block", "")[:100_000])
    if found.problems:
        raise Invalid("readings_unreadable", {"block": ["readings_rows"]}, rows=found.problems)
    if not found.months:
        raise Invalid("readings_unreadable", {"block": ["readings_none"]})
    return dict(found.months)


@route(bp, "/measures/<key>/kpi/<int:number>/readings", permission=P.MEASURE_VIEW, methods=["POST"])
def save_readings(key: str, number: int) -> Response:
    """Readings typed into the grid; `number` is the figure's."""
    typed = Typed()

    def verb() -> Response:
        given, seen = typed_readings(typed)
        typed.checked()
        command = SetReadings(
            number, given, origin(), typed.text("source"), seen, key=key, action_key=typed.key()
        )
        changed = set_readings(command) if given else 0
        return see_other(f"/measures/{key}/kpi#kpi-{number}", kpi_words.readings_saved(changed))

    answer: Response = attempt(verb, lambda **again: _page(key, which="readings", number=number, **again))
    return answer


@route(bp, "/measures/<key>/kpi/<int:number>/import", permission=P.MEASURE_VIEW, methods=["POST"])
def import_readings(key: str, number: int) -> Response:
    """Readings pasted from a spreadsheet or taken from a file; `number` is the figure's."""
    typed = Typed()

    def verb() -> Response:
        given = pasted_readings()
        from_file = bool(request.files.get("file") and request.files["file"].filename)
        command = SetReadings(
            number, given, origin(), typed.text("source"), imported=from_file, key=key, action_key=typed.key()
        )
        changed = set_readings(command)
        return see_other(f"/measures/{key}/kpi#kpi-{number}", kpi_words.readings_saved(changed))

    answer: Response = attempt(verb, lambda **again: _page(key, which="import", number=number, **again))
    return answer


@route(bp, "/measures/<key>/kpi/<int:number>/explanation", permission=P.MEASURE_VIEW, methods=["POST"])
def explain(key: str, number: int) -> Response:
    """Say why the target is missed."""
    typed = Typed()

    def verb() -> Response:
        explain_gap(
            ExplainGap(key, number, typed.text("explanation"), origin(), typed.version(), typed.key())
        )
        return see_other(f"/measures/{key}/kpi", _("The explanation is saved. The controller signs it."))

    answer: Response = attempt(verb, lambda **again: _page(key, which="explanation", number=number, **again))
    return answer


@route(bp, "/measures/<key>/kpi/<int:number>/signature", permission=P.MEASURE_VIEW, methods=["POST"])
def sign(key: str, number: int) -> Response:
    """The controller signs the explanation."""
    typed = Typed()

    def verb() -> Response:
        require_recent_password()
        sign_explanation(SignExplanation(key, number, origin(), typed.version(), True, typed.key()))
        return see_other(f"/measures/{key}/kpi", _("The explanation is signed."))

    answer: Response = attempt(verb, lambda **again: _page(key, which="signature", number=number, **again))
    return answer


@route(bp, "/measures/<key>/sustain", permission=P.MEASURE_VIEW, methods=["POST"])
def set_days(key: str) -> Response:
    """The days of the checks after closing."""
    typed = Typed()

    def verb() -> Response:
        given = [typed.day(name) for name in _day_names(request.form)]
        typed.checked()
        days = tuple(day for day in given if day is not None)
        set_sustain_dates(SetSustainDates(key, days, origin(), typed.version(), typed.key()))
        return see_other(f"/measures/{key}/kpi#sustain", _("The days are saved."))

    answer: Response = attempt(verb, lambda **again: _page(key, which="days", **again))
    return answer


def _day_names(form: Mapping[str, str]) -> list[str]:
    return [f"day-{place}" for place in range(12) if f"day-{place}" in form]
